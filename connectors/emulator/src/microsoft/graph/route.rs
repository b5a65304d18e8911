//! Which paths there are.

use http::Method;

/// The two versions of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiVersion {
    V1,
    Beta,
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Route {
    Labels {
        user: Option<String>,
    },
    Label {
        user: Option<String>,
        id: String,
    },
    Sublabels(String),
    LabelRights(String),
    /// The label list of old, which is dead.
    DeadLabels,
    Sites,
    AllSites,
    SitesDelta(Option<String>),
    Site(SiteRef),
    Subsites(SiteRef),
    SiteLists(SiteRef),
    SitePermissions(SiteRef),
    Drives(DriveHolder),
    Users,
    User(String),
    MemberOf {
        user: String,
        transitive: bool,
    },
    Group(String),
    GroupMembers(String),
    Drive(DriveRef),
    DriveList(DriveRef),
    Item(DriveRef, ItemRef, Part),
    Subscriptions,
    Subscription(String),
    Reauthorize(String),
    Batch,
}

/// How a site is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SiteRef {
    Root,
    Id(String),
    Path { host: String, path: String },
}

/// Whose drives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DriveHolder {
    Site(SiteRef),
    User(String),
    Group(String),
}

/// How a drive is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DriveRef {
    Id(String),
    /// The usual drive of somebody.
    Of(DriveHolder),
}

/// How an item is named: from the root or an id, on by names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ItemRef {
    /// The id; the root when `None`.
    pub(super) id: Option<String>,
    /// Names below it.
    pub(super) path: Vec<String>,
}

/// What of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Itself,
    Children,
    Delta(Option<String>),
    Content,
    ContentStream,
    Permissions,
    Versions,
    RetentionLabel,
    ListItem,
    Fields,
    CheckOut,
    CheckIn,
    DiscardCheckOut,
    CreateUploadSession,
    ExtractLabels,
    AssignLabel,
}

impl Route {
    /// The route of a path without its version; `None` when there is none.
    pub(super) fn of(version: ApiVersion, segments: &[&str]) -> Option<Self> {
        // Official clients encode a whole address by path as if it were an id: `root%3A%2Fplans%2Fa.docx%3A`.
        let segments: Vec<&str> = segments
            .iter()
            .flat_map(|segment| {
                let parts = if segment.contains(":/") {
                    usize::MAX
                } else {
                    1
                };
                segment.splitn(parts, '/')
            })
            .collect();
        let segments = match segments.as_slice() {
            [rest @ .., ""] => rest,
            all => all,
        };
        match *segments {
            ["$batch"] => Some(Self::Batch),
            ["security", ref rest @ ..] => labels(version, None, rest),
            ["informationProtection", "policy", "labels"] if version == ApiVersion::Beta => {
                Some(Self::DeadLabels)
            }
            ["subscriptions"] => Some(Self::Subscriptions),
            ["subscriptions", id] => Some(Self::Subscription(id.to_owned())),
            ["subscriptions", id, "reauthorize"] => Some(Self::Reauthorize(id.to_owned())),
            ["sites", ref rest @ ..] => sites(version, rest),
            ["users", ref rest @ ..] => users(version, rest),
            ["groups", ref rest @ ..] => groups(version, rest),
            ["drives", id, ref rest @ ..] => drive(version, DriveRef::Id(id.to_owned()), rest),
            _ => None,
        }
    }

    /// The methods that the path takes.
    pub(super) fn methods(&self) -> &'static [Method] {
        const GET: &[Method] = &[Method::GET];
        const POST: &[Method] = &[Method::POST];
        match self {
            Self::Batch | Self::Reauthorize(_) => POST,
            Self::SitePermissions(_) | Self::Subscriptions => &[Method::GET, Method::POST],
            Self::Subscription(_) => &[Method::GET, Method::PATCH, Method::DELETE],
            Self::Item(_, _, part) => match part {
                Part::Itself => &[Method::GET, Method::PATCH, Method::DELETE],
                Part::Content => &[Method::GET, Method::PUT],
                Part::CheckOut
                | Part::CheckIn
                | Part::DiscardCheckOut
                | Part::CreateUploadSession
                | Part::ExtractLabels
                | Part::AssignLabel => POST,
                _ => GET,
            },
            _ => GET,
        }
    }
}

fn labels(version: ApiVersion, user: Option<String>, rest: &[&str]) -> Option<Route> {
    let rest = match (version, user.is_some(), rest) {
        (ApiVersion::V1, false, ["dataSecurityAndGovernance", "sensitivityLabels", rest @ ..]) => {
            rest
        }
        (ApiVersion::Beta, false, ["informationProtection", "sensitivityLabels", rest @ ..]) => {
            rest
        }
        (ApiVersion::V1, true, ["dataSecurityAndGovernance", "sensitivityLabels", rest @ ..]) => {
            rest
        }
        (
            ApiVersion::Beta,
            true,
            [
                "security",
                "informationProtection",
                "sensitivityLabels",
                rest @ ..,
            ],
        ) => rest,
        _ => return None,
    };
    match *rest {
        [] => Some(Route::Labels { user }),
        [id] => Some(Route::Label {
            user,
            id: id.to_owned(),
        }),
        [id, "sublabels"] if version == ApiVersion::V1 => Some(Route::Sublabels(id.to_owned())),
        [id, "rights"] if version == ApiVersion::V1 => Some(Route::LabelRights(id.to_owned())),
        _ => None,
    }
}

fn sites(version: ApiVersion, rest: &[&str]) -> Option<Route> {
    match *rest {
        [] => return Some(Route::Sites),
        [
            "getAllSites"
            | "getAllSites()"
            | "oneDrive.getAllSites"
            | "microsoft.graph.getAllSites()",
        ] => {
            return Some(Route::AllSites);
        }
        [last] => {
            if let Some(token) = delta(last) {
                return Some(Route::SitesDelta(token));
            }
        }
        _ => {}
    }
    let (site, rest) = site_ref(rest)?;
    match *rest {
        [] => Some(Route::Site(site)),
        ["sites"] => Some(Route::Subsites(site)),
        ["lists"] => Some(Route::SiteLists(site)),
        ["permissions"] => Some(Route::SitePermissions(site)),
        ["drives"] => Some(Route::Drives(DriveHolder::Site(site))),
        ["drives", id, ref rest @ ..] => drive(version, DriveRef::Id(id.to_owned()), rest),
        ["drive", ref rest @ ..] => drive(version, DriveRef::Of(DriveHolder::Site(site)), rest),
        _ => None,
    }
}

fn site_ref<'a>(segments: &'a [&'a str]) -> Option<(SiteRef, &'a [&'a str])> {
    let (first, rest) = segments.split_first()?;
    if *first == "root" {
        return Some((SiteRef::Root, rest));
    }
    match first.strip_suffix(':') {
        None => Some((SiteRef::Id((*first).to_owned()), rest)),
        Some(host) => {
            let (path, rest) = addressed(rest);
            let path = path.join("/");
            let host = host.to_owned();
            Some((SiteRef::Path { host, path }, rest))
        }
    }
}

fn users(version: ApiVersion, rest: &[&str]) -> Option<Route> {
    let holder = |user: &str| DriveHolder::User(user.to_owned());
    match *rest {
        [] => Some(Route::Users),
        [user] => Some(Route::User(user.to_owned())),
        [user, list @ ("memberOf" | "transitiveMemberOf")] => Some(Route::MemberOf {
            user: user.to_owned(),
            transitive: list == "transitiveMemberOf",
        }),
        [user, "drives"] => Some(Route::Drives(holder(user))),
        [_, "drives", id, ref rest @ ..] => drive(version, DriveRef::Id(id.to_owned()), rest),
        [user, "drive", ref rest @ ..] => drive(version, DriveRef::Of(holder(user)), rest),
        [user, ref rest @ ..] => labels(version, Some(user.to_owned()), rest),
    }
}

fn groups(version: ApiVersion, rest: &[&str]) -> Option<Route> {
    let holder = |group: &str| DriveHolder::Group(group.to_owned());
    match *rest {
        [group] => Some(Route::Group(group.to_owned())),
        [group, "members"] => Some(Route::GroupMembers(group.to_owned())),
        [group, "drives"] => Some(Route::Drives(holder(group))),
        [group, "drive", ref rest @ ..] => drive(version, DriveRef::Of(holder(group)), rest),
        _ => None,
    }
}

fn drive(version: ApiVersion, drive: DriveRef, rest: &[&str]) -> Option<Route> {
    let (item, rest) = match *rest {
        [] => return Some(Route::Drive(drive)),
        ["list"] => return Some(Route::DriveList(drive)),
        ["root", ref rest @ ..] => (
            ItemRef {
                id: None,
                path: Vec::new(),
            },
            rest,
        ),
        ["root:", ref rest @ ..] => {
            let (path, rest) = addressed(rest);
            (ItemRef { id: None, path }, rest)
        }
        ["items", id, ref rest @ ..] => match id.strip_suffix(':') {
            None => {
                let id = (id != "root").then(|| id.to_owned());
                (
                    ItemRef {
                        id,
                        path: Vec::new(),
                    },
                    rest,
                )
            }
            Some(id) => {
                let (path, rest) = addressed(rest);
                let id = (id != "root").then(|| id.to_owned());
                (ItemRef { id, path }, rest)
            }
        },
        _ => return None,
    };
    Some(Route::Item(drive, item, part(version, rest)?))
}

fn part(version: ApiVersion, rest: &[&str]) -> Option<Part> {
    let [first, rest @ ..] = rest else {
        return Some(Part::Itself);
    };
    if rest.is_empty()
        && let Some(token) = delta(first)
    {
        return Some(Part::Delta(token));
    }
    let first = first.strip_prefix("microsoft.graph.").unwrap_or(first);
    Some(match (first, rest) {
        ("children", []) => Part::Children,
        ("content", []) => Part::Content,
        ("contentStream", []) if version == ApiVersion::Beta => Part::ContentStream,
        ("permissions", []) => Part::Permissions,
        ("versions", []) => Part::Versions,
        ("retentionLabel", []) => Part::RetentionLabel,
        ("listItem", []) => Part::ListItem,
        ("listItem", ["fields"]) => Part::Fields,
        ("checkout", []) => Part::CheckOut,
        ("checkin", []) => Part::CheckIn,
        ("discardCheckout", []) => Part::DiscardCheckOut,
        ("createUploadSession", []) => Part::CreateUploadSession,
        ("extractSensitivityLabels", []) => Part::ExtractLabels,
        ("assignSensitivityLabel", []) => Part::AssignLabel,
        _ => return None,
    })
}

/// Names up to one that ends with a colon, and what comes after it.
fn addressed<'a>(segments: &'a [&'a str]) -> (Vec<String>, &'a [&'a str]) {
    let mut path = Vec::new();
    for (at, segment) in segments.iter().enumerate() {
        if let Some(last) = segment.strip_suffix(':') {
            path.push(last.to_owned());
            path.retain(|name| !name.is_empty());
            return (path, &segments[at + 1..]);
        }
        path.push((*segment).to_owned());
    }
    path.retain(|name| !name.is_empty());
    (path, &[])
}

/// The token in a segment that calls delta: `delta`, `delta()`, `delta(token='…')`, each also qualified.
fn delta(segment: &str) -> Option<Option<String>> {
    let call = segment.strip_prefix("microsoft.graph.").unwrap_or(segment);
    match call.strip_prefix("delta")? {
        "" | "()" => Some(None),
        argument => argument
            .strip_prefix("(token='")?
            .strip_suffix("')")
            .map(|token| Some(token.to_owned())),
    }
}

#[cfg(test)]
mod tests;
