//! The methods of the APIs: which path takes which scopes, costs what, and is answered by whom.

use http::Method;

use super::quota::Cost;
use super::route::{Handler, Route};
use super::{
    about, changes, channels, copies, directory, drives, file_lists, files, labels, permissions,
    revisions, uploads, writes,
};

/// Looking at files (§1.3).
const LOOK: &[&str] = &[
    "drive",
    "drive.readonly",
    "drive.metadata",
    "drive.metadata.readonly",
    "drive.file",
];
/// Shared drives.
const DRIVES: &[&str] = &["drive", "drive.readonly"];
/// Their bytes.
pub(super) const CONTENT: &[&str] = &["drive", "drive.readonly", "drive.file"];
/// Changing metadata.
const EDIT: &[&str] = &["drive", "drive.metadata", "drive.file"];
/// Changing content, and making files.
const WRITE: &[&str] = &["drive", "drive.file"];
const LABELS: &[&str] = &[
    "drive.labels",
    "drive.labels.readonly",
    "drive.admin.labels",
    "drive.admin.labels.readonly",
];
const USERS: &[&str] = &["admin.directory.user", "admin.directory.user.readonly"];
const UNITS: &[&str] = &[
    "admin.directory.orgunit",
    "admin.directory.orgunit.readonly",
];
const DOMAINS: &[&str] = &["admin.directory.domain", "admin.directory.domain.readonly"];
const GROUPS: &[&str] = &["admin.directory.group", "admin.directory.group.readonly"];
const MEMBERS: &[&str] = &[
    "admin.directory.group",
    "admin.directory.group.readonly",
    "admin.directory.group.member",
    "admin.directory.group.member.readonly",
];

const fn route(
    method: Method,
    path: &'static str,
    scopes: &'static [&'static str],
    cost: Cost,
    handler: Handler,
) -> Route {
    Route {
        method,
        path,
        scopes,
        cost,
        handler,
    }
}

/// Fixed paths stand before those with places that they fit.
pub(super) static ROUTES: &[Route] = &[
    route(Method::GET, "drive/v3/about", LOOK, Cost::Get, about::get),
    route(
        Method::GET,
        "drive/v2/about",
        LOOK,
        Cost::Get,
        about::get_v2,
    ),
    route(
        Method::GET,
        "drive/v2/files/generateIds",
        WRITE,
        Cost::Other,
        files::generate_ids,
    ),
    route(
        Method::POST,
        "drive/v2/files/{}/touch",
        EDIT,
        Cost::Write,
        writes::touch,
    ),
    route(
        Method::GET,
        "drive/v3/files/generateIds",
        WRITE,
        Cost::Other,
        files::generate_ids,
    ),
    route(
        Method::GET,
        "drive/v3/files",
        LOOK,
        Cost::List,
        file_lists::list,
    ),
    route(
        Method::GET,
        "drive/v2/files",
        LOOK,
        Cost::List,
        file_lists::list_v2,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}",
        LOOK,
        Cost::Get,
        files::get,
    ),
    route(
        Method::GET,
        "drive/v2/files/{}",
        LOOK,
        Cost::Get,
        files::get_v2,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/export",
        CONTENT,
        Cost::Download,
        files::export,
    ),
    route(
        Method::POST,
        "drive/v3/files",
        WRITE,
        Cost::Write,
        writes::create,
    ),
    route(
        Method::POST,
        "drive/v2/files",
        WRITE,
        Cost::Write,
        writes::create,
    ),
    route(
        Method::PATCH,
        "drive/v3/files/{}",
        EDIT,
        Cost::Write,
        writes::update,
    ),
    route(
        Method::PATCH,
        "drive/v2/files/{}",
        EDIT,
        Cost::Write,
        writes::update,
    ),
    route(
        Method::PUT,
        "drive/v2/files/{}",
        EDIT,
        Cost::Write,
        writes::update,
    ),
    route(
        Method::DELETE,
        "drive/v3/files/{}",
        WRITE,
        Cost::Write,
        writes::delete,
    ),
    route(
        Method::DELETE,
        "drive/v2/files/{}",
        WRITE,
        Cost::Write,
        writes::delete,
    ),
    route(
        Method::POST,
        "drive/v3/files/{}/copy",
        WRITE,
        Cost::Write,
        copies::copy,
    ),
    route(
        Method::POST,
        "upload/drive/v3/files",
        WRITE,
        Cost::Write,
        uploads::create,
    ),
    route(
        Method::POST,
        "upload/drive/v2/files",
        WRITE,
        Cost::Write,
        uploads::create,
    ),
    route(
        Method::PATCH,
        "upload/drive/v3/files/{}",
        WRITE,
        Cost::Write,
        uploads::update,
    ),
    route(
        Method::PUT,
        "upload/drive/v2/files/{}",
        WRITE,
        Cost::Write,
        uploads::update,
    ),
    // The addresses of sessions.
    route(
        Method::PUT,
        "upload/drive/v3/files",
        WRITE,
        Cost::Write,
        uploads::resume,
    ),
    route(
        Method::PUT,
        "upload/drive/v2/files",
        WRITE,
        Cost::Write,
        uploads::resume,
    ),
    route(
        Method::PUT,
        "upload/drive/v3/files/{}",
        WRITE,
        Cost::Write,
        uploads::resume,
    ),
    route(
        Method::GET,
        "drive/v3/changes/startPageToken",
        LOOK,
        Cost::Get,
        changes::start_page_token,
    ),
    route(
        Method::GET,
        "drive/v3/changes",
        LOOK,
        Cost::List,
        changes::list,
    ),
    route(
        Method::POST,
        "drive/v3/changes/watch",
        LOOK,
        Cost::Other,
        channels::watch,
    ),
    route(
        Method::POST,
        "drive/v3/channels/stop",
        LOOK,
        Cost::Other,
        channels::stop,
    ),
    route(
        Method::GET,
        "drive/v3/drives",
        DRIVES,
        Cost::List,
        drives::list,
    ),
    route(
        Method::GET,
        "drive/v3/drives/{}",
        DRIVES,
        Cost::Get,
        drives::get,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/permissions",
        LOOK,
        Cost::List,
        permissions::list,
    ),
    route(
        Method::POST,
        "drive/v3/files/{}/permissions",
        WRITE,
        Cost::Write,
        permissions::create,
    ),
    route(
        Method::DELETE,
        "drive/v3/files/{}/permissions/{}",
        WRITE,
        Cost::Write,
        permissions::delete,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/revisions",
        LOOK,
        Cost::List,
        revisions::list,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/revisions/{}",
        LOOK,
        Cost::Get,
        revisions::get,
    ),
    route(
        Method::PATCH,
        "drive/v3/files/{}/revisions/{}",
        WRITE,
        Cost::Write,
        revisions::update,
    ),
    route(
        Method::GET,
        "drive/v3/files/{}/listLabels",
        LOOK,
        Cost::List,
        labels::list_of_file,
    ),
    route(
        Method::POST,
        "drive/v3/files/{}/modifyLabels",
        EDIT,
        Cost::Write,
        labels::modify,
    ),
    route(Method::GET, "v2/labels", LABELS, Cost::Get, labels::list),
    route(Method::GET, "v2/labels/{}", LABELS, Cost::Get, labels::get),
    route(
        Method::GET,
        "admin/directory/v1/users",
        USERS,
        Cost::Directory,
        directory::users,
    ),
    route(
        Method::GET,
        "admin/directory/v1/users/{}",
        USERS,
        Cost::Directory,
        directory::user,
    ),
    route(
        Method::GET,
        "admin/directory/v1/customer/{}/orgunits",
        UNITS,
        Cost::Directory,
        directory::units,
    ),
    route(
        Method::GET,
        "admin/directory/v1/customer/{}/domains",
        DOMAINS,
        Cost::Directory,
        directory::domains,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups",
        GROUPS,
        Cost::Directory,
        directory::groups,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups/{}",
        GROUPS,
        Cost::Directory,
        directory::group,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups/{}/members",
        MEMBERS,
        Cost::Directory,
        directory::members,
    ),
    route(
        Method::GET,
        "admin/directory/v1/groups/{}/hasMember/{}",
        MEMBERS,
        Cost::Directory,
        directory::has_member,
    ),
];
