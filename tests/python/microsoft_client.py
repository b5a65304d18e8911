"""Microsoft's own Graph client against the emulator: lists, follows delta, downloads a range, uploads.

usage: microsoft_client.py DESCRIPTION    (the JSON line of `labeld-emulator serve`)
"""

import asyncio

import httpx
from kiota_abstractions.api_error import APIError
from kiota_abstractions.authentication import AuthenticationProvider
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from msgraph import GraphRequestAdapter, GraphServiceClient

from emulated import Checks, control, description, post_form


class FixedToken(AuthenticationProvider):
    """A token fetched beforehand: azure-identity insists on https for its token endpoint."""

    def __init__(self, token):
        self.token = token

    async def authenticate_request(self, request, additional_authentication_context=None):
        request.headers.try_add("Authorization", f"Bearer {self.token}")


def token(microsoft):
    """A token for Graph, by client secret."""
    answer = post_form(
        f"{microsoft['login_url']}{microsoft['tenant_id']}/oauth2/v2.0/token",
        {
            "client_id": microsoft["client_id"],
            "client_secret": microsoft["client_secret"],
            "grant_type": "client_credentials",
            "scope": f"{microsoft['graph_url']}.default",
        },
    )
    return answer["access_token"]


def client(microsoft):
    """A Graph client that talks to the emulator."""
    adapter = GraphRequestAdapter(FixedToken(token(microsoft)))
    adapter.base_url = f"{microsoft['graph_url']}v1.0"
    return GraphServiceClient(request_adapter=adapter)


async def delta(graph, drive, link=None):
    """All items of a delta walk, and the link for the next one."""
    builder = graph.drives.by_drive_id(drive).items.by_drive_item_id("root").delta
    items = []
    page = await (builder.with_url(link) if link else builder).get()
    while True:
        items.extend(page.value)
        if page.odata_next_link is None:
            return items, page.odata_delta_link
        page = await builder.with_url(page.odata_next_link).get()


async def run(checks):
    emulator = description()
    microsoft = emulator["microsoft"]
    graph = client(microsoft)

    sites = (await graph.sites.get_all_sites.get()).value
    site = next((it for it in sites if it.web_url.endswith("/sites/finance")), None)
    checks.check("sites are listed", site is not None, [it.web_url for it in sites])
    drives = (await graph.sites.by_site_id(site.id).drives.get()).value
    checks.check("drives are listed", len(drives) > 0, drives)
    drive = drives[0].id

    body = b"0123456789" * 100
    put = {"drive": drive, "path": "plans/from python.docx", "who": "mina@alder.example"}
    control(emulator, "microsoft/put", put | {"text": body.decode()})
    items, link = await delta(graph, drive)
    found = next((it for it in items if it.name == "from python.docx"), None)
    checks.check("delta lists a file", found is not None and found.size == 1000, found)
    checks.check("delta lists folders", any(it.folder and it.name == "plans" for it in items))
    checks.check("hashes are there", found.file.hashes.quick_xor_hash is not None)

    files = graph.drives.by_drive_id(drive).items
    item = files.by_drive_item_id(found.id)
    whole = await item.content.get()
    checks.check("content is downloaded", whole == body, whole)
    url = (await item.get()).additional_data["@microsoft.graph.downloadUrl"]
    async with httpx.AsyncClient() as plain:
        part = await plain.get(url, headers={"Range": "bytes=10-19"})
        checks.check(
            "a range is downloaded",
            part.status_code == 206 and part.content == b"0123456789",
            (part.status_code, part.content),
        )
        leaked = await plain.get(url, headers={"Authorization": "Bearer x"})
        checks.check("a leaked token is refused", leaked.status_code == 401, leaked.status_code)

    def if_match(etag):
        headers = HeadersCollection()
        headers.add("If-Match", etag)
        return RequestConfiguration(headers=headers)

    written = await item.content.put(b"new content", if_match(found.e_tag))
    checks.check("an upload makes a version", written.e_tag != found.e_tag, written.e_tag)
    try:
        await item.content.put(b"too late", if_match(found.e_tag))
        checks.check("an outdated upload is refused", False, "it was taken")
    except APIError as error:
        checks.check("an outdated upload is refused", error.response_status_code == 412, error)
    checks.check("the content is the first upload's", await item.content.get() == b"new content")

    changed, link = await delta(graph, drive, link)
    checks.check("delta tells the change", found.id in [it.id for it in changed], changed)
    application = next(it for it in changed if it.id == found.id).last_modified_by.application
    checks.check("the change is ours", application.id == microsoft["client_id"], application)
    await files.by_drive_item_id(found.id).delete()
    changed, link = await delta(graph, drive, link)
    gone = next((it for it in changed if it.id == found.id), None)
    checks.check("delta tells a removal", gone is not None and gone.deleted is not None, changed)

    labels = await graph.security.data_security_and_governance.sensitivity_labels.get()
    checks.check("labels are listed", len(labels.value) > 0, labels)


def main():
    checks = Checks()
    try:
        asyncio.run(run(checks))
    except Exception:  # noqa: BLE001 - whatever it is, it is a failure to report
        checks.crashed()
    checks.end()


if __name__ == "__main__":
    main()
