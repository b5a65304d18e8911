//! From what a path names to what is there.

use http::StatusCode;
use uuid::Uuid;

use super::access::{self, Access};
use super::route::{DriveHolder, DriveRef, ItemRef, SiteRef};
use crate::microsoft::ids::DriveKey;
use crate::microsoft::state::directory::{Group, NoOneDrive, OneDriveState, User};
use crate::microsoft::state::drive::DriveIndex;
use crate::microsoft::state::item::ItemIndex;
use crate::microsoft::state::site::{SharePointHost, SiteIndex, SiteState};
use crate::microsoft::state::transient::Place;
use crate::microsoft::wire::{Caller, Failure};
use crate::microsoft::world::World;

/// The site that is named, whatever its state.
pub(super) fn site(world: &World<'_>, named: &SiteRef) -> Result<SiteIndex, Failure> {
    let state = &world.state;
    let found = match named {
        SiteRef::Root => state.find_site(SharePointHost::Root, ""),
        SiteRef::Id(id) => return site_of_id(world, id),
        SiteRef::Path { host, path } => hosts(world, host, path)
            .into_iter()
            .find_map(|host| state.find_site(host, path)),
    };
    found
        .filter(|site| {
            state
                .site(*site)
                .is_some_and(|site| site.state != SiteState::Deleted)
        })
        .ok_or_else(Failure::item_not_found)
}

/// The hosts that a name may mean. Both are on one address here, and a client may leave the port out.
fn hosts(world: &World<'_>, name: &str, path: &str) -> Vec<SharePointHost> {
    let by_path = if path.starts_with("personal/") {
        SharePointHost::My
    } else {
        SharePointHost::Root
    };
    [SharePointHost::Root, SharePointHost::My]
        .into_iter()
        .filter(|host| {
            let base = world.bases.of(*host);
            let with_port = base
                .as_str()
                .split_once("://")
                .map_or("", |(_, rest)| rest.trim_end_matches('/'));
            name.eq_ignore_ascii_case(&world.state.host_name(*host))
                || name == with_port
                || (base.host_str() == Some(name) && *host == by_path)
        })
        .collect()
}

fn site_of_id(world: &World<'_>, id: &str) -> Result<SiteIndex, Failure> {
    let malformed = || Failure::invalid_request("Invalid hostname for this tenancy");
    let parts: Vec<&str> = id.split(',').collect();
    let collection = |text: &str| text.parse::<Uuid>().map_err(|_| malformed());
    let sites = world.state.sites.iter().enumerate();
    let live = |state: SiteState| state != SiteState::Deleted;
    let found = match *parts.as_slice() {
        [host, wanted, web] => {
            let (wanted, web) = (collection(wanted)?, collection(web)?);
            let known = [SharePointHost::Root, SharePointHost::My]
                .into_iter()
                .any(|known| world.state.host_name(known).eq_ignore_ascii_case(host));
            if !known {
                return Err(malformed());
            }
            sites
                .filter(|(_, site)| live(site.state))
                .find(|(_, site)| {
                    site.collection == wanted
                        && site.web == web
                        && world.state.host_name(site.host).eq_ignore_ascii_case(host)
                })
        }
        // A host name alone is its root site, a GUID alone the top site of the collection.
        [only] => match only.parse::<Uuid>() {
            Ok(wanted) => sites
                .filter(|(_, site)| live(site.state))
                .find(|(_, site)| site.collection == wanted && site.parent.is_none()),
            Err(_) => {
                let host = [SharePointHost::Root, SharePointHost::My]
                    .into_iter()
                    .find(|known| world.state.host_name(*known).eq_ignore_ascii_case(only))
                    .ok_or_else(malformed)?;
                sites
                    .filter(|(_, site)| live(site.state))
                    .find(|(_, site)| site.host == host && site.path.is_empty())
            }
        },
        _ => return Err(malformed()),
    };
    found
        .map(|(at, _)| SiteIndex(at))
        .ok_or_else(Failure::item_not_found)
}

/// The person that is named.
pub(super) fn user<'a>(world: &'a World<'_>, id: &str) -> Result<&'a User, Failure> {
    world
        .state
        .find_user(id)
        .filter(|user| !user.deleted)
        .ok_or_else(|| Failure::resource_not_found(id))
}

/// The group that is named.
pub(super) fn group<'a>(world: &'a World<'_>, id: &str) -> Result<&'a Group, Failure> {
    let wanted = id
        .parse::<Uuid>()
        .map_err(|_| Failure::bad_request(&format!("Invalid object identifier '{id}'.")))?;
    world
        .state
        .groups
        .iter()
        .find(|group| group.id == wanted)
        .ok_or_else(|| Failure::resource_not_found(id))
}

/// The usual drive of a person, or the refusal that is told in its place.
pub(super) fn one_drive(user: &User) -> Result<DriveIndex, Failure> {
    let missing = |status, code, message| Err(Failure::new(status, code, message));
    match user.one_drive {
        OneDriveState::Drive(drive) => Ok(drive),
        OneDriveState::None(form) => match form {
            NoOneDrive::MysiteNotFound => missing(
                StatusCode::NOT_FOUND,
                "ResourceNotFound",
                "User's mysite not found.",
            ),
            NoOneDrive::MysiteUrl => missing(
                StatusCode::NOT_FOUND,
                "UnknownError",
                "Unable to retrieve user's mysite URL.",
            ),
            NoOneDrive::MysiteUrlBadRequest => missing(
                StatusCode::BAD_REQUEST,
                "BadRequest",
                "Unable to retrieve user's mysite URL.",
            ),
            NoOneDrive::ItemNotFound => missing(StatusCode::NOT_FOUND, "itemNotFound", ""),
            NoOneDrive::NoLicence => missing(
                StatusCode::BAD_REQUEST,
                "BadRequest",
                "Tenant does not have a SPO license.",
            ),
            NoOneDrive::Forbidden => Err(Failure::access_denied()),
            NoOneDrive::Locked => Err(Failure::locked()),
        },
    }
}

/// The drives of somebody, all but those that are hidden.
pub(super) fn drives(
    world: &World<'_>,
    caller: &Caller,
    holder: &DriveHolder,
) -> Result<Vec<DriveIndex>, Failure> {
    access::require_some_files(caller, Access::Read)?;
    match holder {
        DriveHolder::Site(named) => {
            let site = site(world, named)?;
            access::check_files(world, caller, site, Access::Read)?;
            Ok(drives_of_site(world, site))
        }
        DriveHolder::User(id) => {
            let usual = one_drive(user(world, id)?)?;
            let site = world.drive(usual)?.site;
            access::check_files(world, caller, site, Access::Read)?;
            let mut drives = drives_of_site(world, site);
            drives.sort_by_key(|drive| *drive != usual);
            Ok(drives)
        }
        DriveHolder::Group(id) => {
            let drives = group(world, id)?.drives.clone();
            for drive in &drives {
                access::check_files(world, caller, world.drive(*drive)?.site, Access::Read)?;
            }
            Ok(drives)
        }
    }
}

fn drives_of_site(world: &World<'_>, site: SiteIndex) -> Vec<DriveIndex> {
    let drives = world.state.drives.iter().enumerate();
    drives
        .filter(|(_, drive)| drive.site == site)
        .map(|(at, _)| DriveIndex(at))
        .collect()
}

/// The drive that is named, when the caller has the access.
pub(super) fn drive(
    world: &World<'_>,
    caller: &Caller,
    named: &DriveRef,
    access: Access,
) -> Result<DriveIndex, Failure> {
    access::require_some_files(caller, access)?;
    let drive = match named {
        DriveRef::Id(id) => {
            DriveKey::parse(id).ok_or_else(|| {
                Failure::invalid_request(
                    "The provided drive id appears to be malformed, or does not represent a valid drive.",
                )
            })?;
            world
                .state
                .find_drive(id)
                .ok_or_else(Failure::item_not_found)?
        }
        DriveRef::Of(DriveHolder::User(id)) => one_drive(user(world, id)?)?,
        DriveRef::Of(holder) => drives(world, caller, holder)?
            .first()
            .copied()
            .ok_or_else(Failure::item_not_found)?,
    };
    access::check_files(world, caller, world.drive(drive)?.site, access)?;
    Ok(drive)
}

/// The item that is named.
pub(super) fn item(
    world: &World<'_>,
    drive: DriveIndex,
    named: &ItemRef,
) -> Result<Place, Failure> {
    let found = world.drive(drive)?;
    let begin = match &named.id {
        None => Some(ItemIndex::ROOT),
        Some(id) => found.find(id),
    };
    let item = begin
        .and_then(|begin| {
            found
                .tree
                .resolve(begin, named.path.iter().map(String::as_str))
        })
        .ok_or_else(Failure::item_not_found)?;
    Ok(Place { drive, item })
}
