//! Shared drives (reference/google-drive.md §2.2).

use serde_json::{Value, json};

use super::route::Context;
use crate::frame::Reply;
use crate::google::state::permission::{Permission, Role};
use crate::google::state::shared_drive::SharedDrive;
use crate::google::state::written;
use crate::google::switches::DrivesForOthers;
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::query::{self, Condition, Term, TextTest};
use crate::google::wire::schema::{Api, Shape};

pub(super) fn list(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let call = context.call;
    let as_admin = call.flag("useDomainAdminAccess")?;
    let condition = match call.parameter("q") {
        Some(text) => Some(query::parse(text, &query::DRIVES)?),
        None => None,
    };
    let size = call.page_size("pageSize", 10, 100)?;
    let fields = call
        .parameter("fields")
        .unwrap_or("kind,nextPageToken,drives(kind,id,name)");
    let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "DriveList"))?;
    let empty = Reply::json(mask.apply(json!({"kind": "drive#driveList", "drives": []})));
    let user = &context.caller.user;
    if as_admin && !user.is_admin {
        return match context.world.switches.drives_for_others {
            DrivesForOthers::Forbidden => Err(not_an_administrator()),
            DrivesForOthers::Empty => Ok(empty),
        };
    }
    if user.suspended && !as_admin {
        return Ok(empty);
    }
    let from = match call.parameter("pageToken") {
        None => 0,
        Some(token) => token
            .strip_prefix("drives-")
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure::invalid("pageToken"))?,
    };
    let drives: Vec<&SharedDrive> = context
        .world
        .state
        .drives
        .values()
        .filter(|drive| as_admin || context.world.membership(user, &drive.id).is_some())
        .filter(|drive| {
            condition
                .as_ref()
                .is_none_or(|condition| holds(drive, condition))
        })
        .collect();
    let page: Vec<Value> = drives
        .iter()
        .skip(from)
        .take(size)
        .map(|drive| shown(drive, as_admin))
        .collect();
    let mut answer = json!({"kind": "drive#driveList", "drives": page});
    if drives.len() > from + size {
        answer["nextPageToken"] = json!(format!("drives-{}", from + size));
    }
    Ok(Reply::json(mask.apply(answer)))
}

pub(super) fn get(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let id = context.id(0);
    let as_admin = context.call.flag("useDomainAdminAccess")?;
    let user = &context.caller.user;
    if as_admin && !user.is_admin {
        return Err(not_an_administrator());
    }
    let is_seen = as_admin || context.world.membership(user, id).is_some();
    let drive = context.world.state.drives.get(id).filter(|_| is_seen);
    let drive = drive.ok_or_else(|| Failure::drive_not_found(id))?;
    let fields = context.call.parameter("fields").unwrap_or("kind,id,name");
    let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "Drive"))?;
    Ok(Reply::json(mask.apply(shown(drive, as_admin))))
}

/// 403 for somebody who asks as an administrator and is none.
pub(super) fn not_an_administrator() -> Failure {
    Failure::forbidden(
        "insufficientFilePermissions",
        "The user does not have sufficient permissions for this operation.",
    )
}

fn shown(drive: &SharedDrive, as_admin: bool) -> Value {
    let mut out = json!({
        "kind": "drive#drive",
        "id": drive.id,
        "name": drive.name,
        "createdTime": written(drive.created),
        "hidden": false,
        "restrictions": {
            "adminManagedRestrictions": false,
            "copyRequiresWriterPermission": false,
            "domainUsersOnly": false,
            "driveMembersOnly": false,
            "sharingFoldersRequiresOrganizerPermission": false,
        },
    });
    if let Some(unit) = drive.unit.as_ref().filter(|_| as_admin) {
        out["orgUnitId"] = json!(unit);
    }
    out
}

fn holds(drive: &SharedDrive, condition: &Condition) -> bool {
    match condition {
        Condition::And(one, other) => holds(drive, one) && holds(drive, other),
        Condition::Or(one, other) => holds(drive, one) || holds(drive, other),
        Condition::Not(inner) => !holds(drive, inner),
        Condition::Term(Term::Text { field, test, value }) => {
            let actual = match *field {
                "name" => drive.name.as_str(),
                "orgUnitId" => drive.unit.as_deref().unwrap_or_default(),
                _ => "",
            };
            match test {
                TextTest::Contains => actual.to_lowercase().contains(&value.to_lowercase()),
                TextTest::Equal => actual == value,
                TextTest::Unequal => actual != value,
            }
        }
        Condition::Term(Term::Number { field, test, value }) => {
            let counts =
                |member: &&Permission| *field == "memberCount" || member.role == Role::Organizer;
            let count =
                i64::try_from(drive.members.iter().filter(counts).count()).unwrap_or(i64::MAX);
            test.holds(&count, value)
        }
        Condition::Term(Term::Time { test, value, .. }) => test.holds(&drive.created, value),
        Condition::Term(Term::Flag { value, .. }) => !value,
        Condition::Term(_) => false,
    }
}
