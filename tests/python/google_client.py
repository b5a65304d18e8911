"""Google's own client against the emulator: authenticates, lists, follows changes, downloads a range, uploads conditionally.

usage: google_client.py DESCRIPTION    (the JSON line of `labeld-emulator serve`)

Written for google-api-python-client 2.202.0 and google-auth 2.62.2 (requirements.txt).
"""

import io
import json
import os
import pathlib

os.environ["GOOGLE_API_USE_CLIENT_CERTIFICATE"] = "false"
os.environ["GOOGLE_API_USE_MTLS_ENDPOINT"] = "never"

import google_auth_httplib2
from google.auth.exceptions import RefreshError
from google.oauth2 import service_account
from googleapiclient import discovery
from googleapiclient.errors import HttpError
from googleapiclient.http import MediaIoBaseDownload, MediaIoBaseUpload, build_http

from emulated import Checks, control, description

DOCUMENTS = pathlib.Path(__file__).resolve().parents[2] / "testdata" / "openapi"
SCOPES = "https://www.googleapis.com/auth/"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FIELDS = "id,name,mimeType,size,md5Checksum,headRevisionId,modifiedTime,trashed"


def credentials(google, user, *scopes):
    """The service account in the name of a user."""
    info = dict(google["service_account"], token_uri=google["token_url"])
    return service_account.Credentials.from_service_account_info(
        info, scopes=[SCOPES + scope for scope in scopes], subject=user
    )


def service(google, name, user, *scopes):
    """An API of Google's that talks to the emulator: uploads and batches follow the root of its description."""
    document = json.loads((DOCUMENTS / f"google-{name}.discovery.json").read_text())
    document["rootUrl"] = google["base_url"]
    document["baseUrl"] = document["rootUrl"] + document["servicePath"]
    document.pop("mtlsRootUrl", None)
    http = google_auth_httplib2.AuthorizedHttp(credentials(google, user, *scopes), http=build_http())
    return discovery.build_from_document(document, http=http)


def refused(call):
    """Status and reason with which a call is refused."""
    try:
        call()
    except HttpError as error:
        details = json.loads(error.content)["error"]["errors"][0]
        return error.resp.status, details["reason"]
    return None


def follow(drive, token):
    """All changes since a token, and the token for the next time."""
    changes = []
    while True:
        page = drive.changes().list(
            pageToken=token,
            pageSize=2,
            supportsAllDrives=True,
            fields=f"nextPageToken,newStartPageToken,changes(fileId,removed,file({FIELDS}))",
        ).execute()
        changes.extend(page["changes"])
        if "newStartPageToken" in page:
            return changes, page["newStartPageToken"]
        token = page["nextPageToken"]


def media(body):
    return MediaIoBaseUpload(io.BytesIO(body), mimetype=DOCX, resumable=False)


def check_tokens(checks, google, mina):
    admin = google["admin"]
    directory = service(google, "admin.directory_v1", admin, "admin.directory.user.readonly")
    users = directory.users().list(customer="my_customer", maxResults=500).execute()["users"]
    emails = [user["primaryEmail"] for user in users]
    checks.check("the directory lists the users", {admin, mina} <= set(emails), emails)
    for user, scope, code in [
        (mina, "gmail.readonly", "unauthorized_client"),
        ("nobody@alder.example", "drive", "invalid_grant"),
    ]:
        try:
            credentials(google, user, scope).refresh(google_auth_httplib2.Request(build_http()))
            found = None
        except RefreshError as error:
            found = str(error)
        checks.check(f"no token for {scope} as {user}", found and code in found, found)


def check_reading(checks, drive, body):
    made = drive.files().create(
        body={"name": "plan.docx", "mimeType": DOCX}, media_body=media(body), fields=FIELDS
    ).execute()
    checks.check("a file is made", made["size"] == str(len(body)), made)
    page = drive.files().list(
        q="'me' in owners and trashed = false and name = 'plan.docx'", fields=f"files({FIELDS})"
    ).execute()
    checks.check("it is listed", [it["id"] for it in page["files"]] == [made["id"]], page)
    request = drive.files().get_media(fileId=made["id"])
    request.headers["Range"] = "bytes=4-9"
    checks.check("a range is downloaded", request.execute() == body[4:10])
    whole = io.BytesIO()
    loader = MediaIoBaseDownload(whole, drive.files().get_media(fileId=made["id"]), chunksize=1000)
    done = False
    while not done:
        _, done = loader.next_chunk()
    checks.check("all of it is downloaded in pieces", whole.getvalue() == body)
    return made


def check_changes(checks, drive, made):
    token = drive.changes().getStartPageToken(supportsAllDrives=True).execute()["startPageToken"]
    for name in ("renamed.docx", "plan.docx"):
        drive.files().update(fileId=made["id"], body={"name": name}).execute()
    other = drive.files().create(body={"name": "other", "mimeType": "application/vnd.google-apps.folder"}).execute()
    changes, token = follow(drive, token)
    found = [(it["fileId"], it["removed"]) for it in changes]
    checks.check("a file changed twice is told once", found == [(made["id"], False), (other["id"], False)], found)
    drive.files().delete(fileId=other["id"]).execute()
    changes, token = follow(drive, token)
    found = [(it["fileId"], it["removed"]) for it in changes]
    checks.check("what is deleted is told", found == [(other["id"], True)], found)
    found = refused(lambda: drive.changes().list(pageToken="no token").execute())
    checks.check("a false token is refused", found == (400, "invalid"), found)


def check_writing(checks, drive, old, emulator, made, body):
    before = old.files().get(fileId=made["id"], fields="id,etag,modifiedDate,headRevisionId").execute()

    def write(etag, content):
        request = old.files().update(
            fileId=made["id"],
            media_body=media(content),
            modifiedDateBehavior="noChange",
            fields="etag,modifiedDate,md5Checksum,headRevisionId",
        )
        request.headers["If-Match"] = etag
        return request.execute()

    control(emulator, "google/edit_metadata", {"file": made["id"]})
    found = refused(lambda: write(before["etag"], body + b"lost"))
    checks.check("v2 keeps the precondition", found == (412, "conditionNotMet"), found)
    present = old.files().get(fileId=made["id"], fields="etag").execute()
    after = write(present["etag"], body + b"labelled")
    checks.check(
        "v2 writes under the right etag",
        after["headRevisionId"] != before["headRevisionId"] and after["modifiedDate"] == before["modifiedDate"],
        after,
    )
    request = drive.files().update(fileId=made["id"], media_body=media(body), body={"description": "x"}, fields=FIELDS)
    request.headers["If-Match"] = '"wrong"'
    checks.check("v3 ignores it", request.execute()["size"] == str(len(body)))
    large = MediaIoBaseUpload(io.BytesIO(body * 400), mimetype=DOCX, chunksize=262144, resumable=True)
    whole = drive.files().update(fileId=made["id"], media_body=large, fields=FIELDS).execute()
    checks.check("a resumable upload arrives", whole["size"] == str(len(body) * 400), whole)
    found = refused(lambda: drive.files().get(fileId=made["id"], fields="etag").execute())
    checks.check("v3 knows no etag", found == (400, "invalidParameter"), found)


def check_shared_drive(checks, google, drive, mina):
    admin = service(google, "drive.v3", google["admin"], "drive")
    drives = admin.drives().list(useDomainAdminAccess=True, fields="drives(id,name,orgUnitId)").execute()["drives"]
    checks.check("an administrator lists shared drives", [it["name"] for it in drives] == ["Finance"], drives)
    shared = drives[0]["id"]
    members = admin.permissions().list(
        fileId=shared, useDomainAdminAccess=True, supportsAllDrives=True, fields="permissions(emailAddress,role)"
    ).execute()["permissions"]
    checks.check("and their members", members == [{"emailAddress": mina, "role": "organizer"}], members)
    made = drive.files().create(
        body={"name": "budget.docx", "parents": [shared]}, media_body=media(b"budget"), supportsAllDrives=True
    ).execute()
    found = refused(lambda: drive.files().get(fileId=made["id"]).execute())
    checks.check("without supportsAllDrives it is not there", found == (404, "notFound"), found)
    found = refused(lambda: admin.files().get(fileId=made["id"], supportsAllDrives=True).execute())
    checks.check("an administrator reads no files", found == (404, "notFound"), found)


def check_batch(checks, drive, made):
    answers = {}

    def take(name, answer, error):
        answers[name] = answer if error is None else error.resp.status

    batch = drive.new_batch_http_request(callback=take)
    batch.add(drive.files().get(fileId=made["id"], fields="id"), request_id="one")
    batch.add(drive.files().get(fileId="1missing", fields="id"), request_id="two")
    batch.execute()
    checks.check("a batch has an answer for each call", answers == {"one": {"id": made["id"]}, "two": 404}, answers)


def run(checks):
    emulator = description()
    google = emulator["google"]
    mina = next(user["email"] for user in google["users"] if user["email"] != google["admin"])
    drive = service(google, "drive.v3", mina, "drive")
    old = service(google, "drive.v2", mina, "drive")
    body = bytes(range(256)) * 10 + b"\r\n--boundary\r\n--"
    check_tokens(checks, google, mina)
    made = check_reading(checks, drive, body)
    check_changes(checks, drive, made)
    check_writing(checks, drive, old, emulator, made, body)
    check_shared_drive(checks, google, drive, mina)
    check_batch(checks, drive, made)


if __name__ == "__main__":
    checks = Checks()
    try:
        run(checks)
    except Exception:
        checks.crashed()
    checks.end()
