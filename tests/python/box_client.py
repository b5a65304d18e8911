"""Box's own SDK against the emulator: authenticates, lists, follows events, downloads a range, uploads conditionally.

usage: box_client.py DESCRIPTION    (the JSON line of `labeld-emulator serve`)

Written for boxsdk 10.18.0 with its extra `jwt` (requirements.txt).
"""

import hashlib
import io
import json

from box_sdk_gen import (
    AddShareLinkToFileSharedLink,
    BoxAPIError,
    BoxCCGAuth,
    BoxClient,
    BoxJWTAuth,
    BoxSDKError,
    CCGConfig,
    CreateFolderParent,
    GetEventsEventType,
    GetEventsStreamType,
    JWTConfig,
    UpdateFileByIdLock,
    UploadFileAttributes,
    UploadFileAttributesParentField,
    UploadFileVersionAttributes,
)
from box_sdk_gen.networking.base_urls import BaseUrls
from box_sdk_gen.networking.network import NetworkSession
from box_sdk_gen.networking.retries import BoxRetryStrategy

from emulated import Checks, control, description

BODY = bytes(range(256)) * 10 + b"\r\n--boundary\r\n--"


def client(box, auth):
    """A client that talks to the emulator. Nothing is retried: a refusal is what is looked at."""
    urls = BaseUrls(
        base_url=box["api"].rstrip("/"),
        upload_url=box["upload"].rstrip("/") + "/api",
        oauth_2_url=box["api"].rstrip("/") + "/oauth2",
    )
    session = NetworkSession(base_urls=urls, retry_strategy=BoxRetryStrategy(max_attempts=1))
    return BoxClient(auth=auth, network_session=session)


def jwt(box):
    return BoxJWTAuth(JWTConfig.from_config_json_string(json.dumps(box["config"])))


def refused(call):
    """Status and code with which a call is refused."""
    try:
        call()
    except BoxAPIError as error:
        code = error.response_info.code
        return error.response_info.status_code, code
    except BoxSDKError as error:
        return str(error)
    return None


def follow(app, position, limit=2):
    """All events since a position, each once, and the position for the next time."""
    events = {}
    while True:
        page = app.events.get_events(
            stream_type=GetEventsStreamType.ADMIN_LOGS_STREAMING,
            stream_position=position,
            limit=limit,
            event_type=[GetEventsEventType.UPLOAD, GetEventsEventType.EDIT, GetEventsEventType.DELETE],
        )
        new = {event.event_id: event for event in page.entries if event.event_id not in events}
        if not new:
            return list(events.values()), position
        events.update(new)
        position = str(page.next_stream_position)


def check_signing_in(checks, box):
    app = client(box, jwt(box))
    me = app.users.get_user_me(fields=["enterprise", "login"])
    checks.check("a signed assertion is taken", me.enterprise.id == box["enterprise_id"], me)
    config = CCGConfig(box["client_id"], box["client_secret"], enterprise_id=box["enterprise_id"])
    credentials = client(box, BoxCCGAuth(config))
    checks.check("client credentials are taken", credentials.users.get_user_me().id == me.id)
    wrong = client(box, BoxCCGAuth(CCGConfig(box["client_id"], "wrong", enterprise_id=box["enterprise_id"])))
    found = refused(wrong.users.get_user_me)
    checks.check("a wrong secret is refused", found is not None and "400" in str(found), found)
    return app


def check_people(checks, box, app):
    users, marker = [], None
    while True:
        page = app.users.get_users(user_type="managed", usemarker=True, limit=1, marker=marker)
        users.extend(page.entries)
        marker = page.next_marker
        if not marker:
            break
    logins = {user.login for user in users}
    checks.check("users are listed by marker", {"admin@alder.example", "mina@alder.example"} <= logins, logins)
    admin = next(user.id for user in users if user.login == "admin@alder.example")
    found = refused(app.with_as_user_header(admin).users.get_user_me)
    checks.check("nobody acts as the administrator", found is not None and found[0] == 403, found)
    root = app.folders.get_folder_items("0")
    checks.check("the service account's root is empty", root.entries == [], root.entries)
    return app.with_as_user_header(box["user_id"])


def check_listing(checks, mina):
    folder = mina.folders.create_folder("papers", CreateFolderParent(id="0"))
    made = {}
    for number in range(5):
        name = f"paper {number}.docx"
        attributes = UploadFileAttributes(name=name, parent=UploadFileAttributesParentField(id=folder.id))
        made[name] = mina.uploads.upload_file(attributes, io.BytesIO(BODY)).entries[0]
    names, marker = [], None
    while True:
        page = mina.folders.get_folder_items(
            folder.id, usemarker=True, limit=2, marker=marker, fields=["name", "sha1", "size", "owned_by"]
        )
        names.extend(entry.name for entry in page.entries)
        marker = page.next_marker
        if not marker:
            break
    checks.check("a folder is listed by marker", names == list(made), names)
    return folder, made["paper 0.docx"]


def check_reading(checks, mina, file):
    sha1 = hashlib.sha1(BODY).hexdigest()
    checks.check("a file says its SHA-1", mina.files.get_file_by_id(file.id).sha_1 == sha1)
    whole = mina.downloads.download_file(file.id).read()
    checks.check("all of it is downloaded", hashlib.sha1(whole).hexdigest() == sha1)
    part = mina.downloads.download_file(file.id, range="bytes=4-9").read()
    checks.check("a range is downloaded", part == BODY[4:10], part)
    url = mina.downloads.get_download_file_url(file.id)
    checks.check("the bytes are at another origin", not url.startswith(mina.network_session.base_urls.base_url), url)


def check_writing(checks, mina, file):
    def upload(body, if_match, digest=None):
        return mina.uploads.upload_file_version(
            file.id,
            UploadFileVersionAttributes(name=file.name),
            io.BytesIO(body),
            if_match=if_match,
            content_md_5=digest or hashlib.sha1(body).hexdigest(),
        ).entries[0]

    before = mina.files.get_file_by_id(file.id)
    after = upload(BODY + b"labelled", before.etag)
    checks.check("a new version is written", after.file_version.id != before.file_version.id)
    checks.check("its etag moves", after.etag != before.etag, after.etag)
    found = refused(lambda: upload(BODY + b"lost", before.etag))
    checks.check("a stale etag is refused", found == (412, "precondition_failed"), found)
    found = refused(lambda: upload(BODY, after.etag, "0" * 40))
    checks.check("a wrong digest is refused", found == (400, "bad_digest"), found)
    content = mina.downloads.download_file(file.id).read()
    checks.check("nothing of them is stored", content == BODY + b"labelled")
    mina.files.update_file_by_id(file.id, lock=UpdateFileByIdLock(is_download_prevented=False))
    locked = mina.files.get_file_by_id(file.id, fields=["lock"])
    checks.check("a lock is shown", locked.lock is not None and locked.lock.created_by.login == "mina@alder.example")
    link = mina.shared_links_files.add_share_link_to_file(
        file.id, "shared_link", shared_link=AddShareLinkToFileSharedLink(access="open")
    )
    checks.check("a link is made", link.shared_link.effective_access == "open", link.shared_link)


def check_events(checks, app, mina, emulator, folder):
    now = app.events.get_events(stream_type=GetEventsStreamType.ADMIN_LOGS_STREAMING, stream_position="now")
    position = str(now.next_stream_position)
    checks.check("the present has no events", now.entries == [] and int(position) > 2**53, position)
    place = {"user": "mina@alder.example", "path": "papers/by hand.docx"}
    for text in ("one", "two"):
        control(emulator, "box/put", dict(place, text=text))
    control(emulator, "box/remove", place)
    events, position = follow(app, position)
    found = [(event.event_type.value, event.source.item_name) for event in events]
    names = ["UPLOAD", "EDIT", "DELETE"]
    checks.check("changes are events", found == [(name, "by hand.docx") for name in names], found)
    owners = {event.source.owned_by.login for event in events}
    checks.check("they name the owner", owners == {"mina@alder.example"}, owners)
    events, _ = follow(app, position)
    checks.check("no event comes twice", events == [], events)
    own = mina.events.get_events(limit=500)
    checks.check("a user has a stream of their own", any(e.event_type for e in own.entries))
    collaborations = mina.list_collaborations.get_folder_collaborations(folder.id)
    checks.check("a folder has no collaborators", collaborations.entries == [], collaborations.entries)


def run(checks):
    emulator = description()
    box = emulator["box"]
    app = check_signing_in(checks, box)
    mina = check_people(checks, box, app)
    folder, file = check_listing(checks, mina)
    check_reading(checks, mina, file)
    check_events(checks, app, mina, emulator, folder)
    check_writing(checks, mina, file)


if __name__ == "__main__":
    checks = Checks()
    try:
        run(checks)
    except Exception:
        checks.crashed()
    checks.end()
