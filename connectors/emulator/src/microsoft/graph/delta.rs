//! What changed in a drive (reference/microsoft-graph.md §3.4).

mod select;
mod token;

use chrono::DateTime;
use http::StatusCode;
use http::header::LOCATION;
use serde_json::{Value, json};

use self::select::{Found, Selected};
use self::token::{Options, Position, Token};
use super::access::{self, Access};
use super::projection::Projection;
use super::render::{self, View};
use super::route::{DriveRef, ItemRef};
use super::schema::DRIVE_ITEM;
use super::{page, refer};
use crate::frame::ActiveFaults;
use crate::microsoft::state::drive::{Drive, DriveIndex};
use crate::microsoft::state::item::{Item, ItemIndex, Kind};
use crate::microsoft::state::transient::Place;
use crate::microsoft::switches::{Availability, BadTokenAnswer, DeletedForm, LinkForm};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// The three preferences that together bring changes of sharing.
const SHARING: [&str; 3] = [
    "deltashowremovedasdeleted",
    "deltatraversepermissiongaps",
    "deltashowsharingchanges",
];

/// Answers a page.
pub(super) fn answer(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    named: (&DriveRef, &ItemRef),
    token: Option<&str>,
) -> Result<Reply, Failure> {
    call.allow_options(&["$select", "$expand", "$top"])?;
    let drive = refer::drive(world, caller, named.0, Access::Read)?;
    let item = refer::item(world, drive, named.1)?;
    refuse_if_unavailable(world)?;
    if item.item != ItemIndex::ROOT {
        return Err(Failure::new(
            StatusCode::NOT_IMPLEMENTED,
            "notSupported",
            "view.delta can only be called on the root.",
        ));
    }
    let given = token
        .or_else(|| call.parameter("token"))
        .filter(|token| !token.is_empty());
    let request = Request {
        world,
        caller,
        call,
        drive,
        options: Options::of(call)?,
    };
    match given {
        None => request.page(
            Position::enumeration(&world.drive(drive)?.tree, request.visible()?),
            Options::default(),
        ),
        Some("latest") => request.latest(),
        Some(given) => request.since(given),
    }
}

fn refuse_if_unavailable(world: &World<'_>) -> Result<(), Failure> {
    match world.switches.delta {
        Availability::Available => Ok(()),
        Availability::Forbidden => Err(Failure::access_denied()),
        Availability::NotFound => Err(Failure::item_not_found()),
        Availability::Failing => Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "generalException",
            "General exception while processing",
        )
        .inner("cannotSnapshotTree")),
    }
}

struct Request<'a> {
    world: &'a World<'a>,
    caller: &'a Caller,
    call: &'a Call,
    drive: DriveIndex,
    options: Options,
}

impl Request<'_> {
    fn drive(&self) -> Result<&Drive, Failure> {
        Ok(self.world.drive(self.drive)?)
    }

    /// The last change that is seen yet.
    fn visible(&self) -> Result<u64, Failure> {
        let tree = &self.drive()?.tree;
        let lag = i64::from(self.world.switches.delta_lag_milliseconds);
        let mut visible = match lag {
            0 => tree.sequence(),
            lag => tree.sequence_at(self.world.millis() - lag),
        };
        if self.fault(ActiveFaults::stale_read) {
            visible = visible.saturating_sub(1);
        }
        Ok(visible)
    }

    fn fault(&self, ask: impl FnOnce(&ActiveFaults) -> bool) -> bool {
        self.call.faults.as_ref().is_some_and(ask)
    }

    fn latest(&self) -> Result<Reply, Failure> {
        let position = Position::Link {
            after: self.visible()?,
        };
        let link = self.link(position, &self.options)?;
        Ok(self.reply(&[], None, Some(link)))
    }

    /// From a token of an earlier answer, or from a time on.
    fn since(&self, given: &str) -> Result<Reply, Failure> {
        if self.fault(ActiveFaults::expired_cursor) {
            return Err(self.gone()?);
        }
        if let Ok(time) = DateTime::parse_from_rfc3339(given) {
            let after = self.drive()?.tree.sequence_at(time.timestamp_millis());
            let until = self.visible()?;
            return self.page(Position::Changes { after, until }, Options::default());
        }
        let drive = self.drive()?;
        let Some(token) = Token::parse(given).filter(|token| token.list == drive.key.list) else {
            return Err(self.bad_token());
        };
        let life = i64::from(self.world.switches.delta_token_days) * 24 * 3_600_000;
        if token.epoch != drive.epoch || self.world.millis() >= token.issued.saturating_add(life) {
            return Err(self.gone()?);
        }
        let position = match token.position {
            Position::Link { after } => Position::Changes {
                after,
                until: self.visible()?,
            },
            position => position,
        };
        self.page(position, token.options)
    }

    fn bad_token(&self) -> Failure {
        match self.world.switches.delta_bad_token {
            BadTokenAnswer::BadRequest => {
                Failure::invalid_request("The provided token is not valid.")
            }
            BadTokenAnswer::Gone => Failure::new(
                StatusCode::GONE,
                "syncStateNotFound",
                "The sync state generation is not found.",
            ),
        }
    }

    fn gone(&self) -> Result<Failure, Failure> {
        let failure = Failure::new(
            StatusCode::GONE,
            &self.world.switches.resync_code,
            "Resync required. Replace any local items with the server's version (including deletes) if you're sure that the service was up to date with your local changes when you last sync'd.",
        );
        if !self.world.switches.resync_location {
            return Ok(failure);
        }
        let begin = Position::enumeration(&self.drive()?.tree, self.visible()?);
        Ok(failure.header(LOCATION, &self.link(begin, &self.options)?))
    }

    /// A page from a position on. What the call itself asks for goes before what its token remembers.
    fn page(&self, position: Position, remembered: Options) -> Result<Reply, Failure> {
        let options = self.options.clone().or(remembered);
        let projection = Projection::parse(
            options.select.as_deref(),
            options.expand.as_deref(),
            &DRIVE_ITEM,
        )?;
        if self.fault(ActiveFaults::empty_page) {
            let link = self.link(position, &options)?;
            return Ok(self.reply(&[], Some(link), None));
        }
        let switches = self.world.switches;
        let size = match options.top {
            Some(top) if !switches.delta_top_ignored => top.min(switches.delta_top_maximum),
            _ => switches.delta_page_size,
        };
        let excludes_parents = self.call.headers.contains_key("deltaexcludeparent");
        let selected = Selected::of(
            self.drive()?,
            position,
            &select::Wishes {
                size: size.max(1),
                sharing: SHARING
                    .iter()
                    .all(|preference| self.call.prefers(preference)),
                ancestors: switches.delta_repeats_ancestors && !excludes_parents,
                root: switches.delta_repeats_root && !excludes_parents,
            },
        );
        let view = View {
            projection: &projection,
            delta: true,
            hierarchical_sharing: self.call.prefers("hierarchicalsharing"),
            stale: false,
            client_id: &self.caller.client_id,
        };
        let mut entries: Vec<Value> = selected
            .found
            .iter()
            .map(|found| self.entry(found, &view))
            .collect::<Result<_, _>>()?;
        if let Some(faults) = &self.call.faults {
            disturb(&mut entries, faults);
        }
        let link = self.link(selected.next, &options)?;
        Ok(match selected.next {
            Position::Link { .. } => self.reply(&entries, None, Some(link)),
            _ => self.reply(&entries, Some(link), None),
        })
    }

    fn entry(&self, found: &Found, view: &View<'_>) -> Result<Value, Failure> {
        let drive = self.drive()?;
        let place = Place {
            drive: self.drive,
            item: found.item,
        };
        let mut entry = match drive.tree.get(found.item) {
            Some(item) if item.deleted => self.tombstone(drive, item, view.projection),
            _ => render::item(self.world, place, view),
        };
        if found.sharing {
            entry["@microsoft.graph.sharedChanged"] = json!("True");
        }
        Ok(entry)
    }

    fn tombstone(&self, drive: &Drive, item: &Item, projection: &Projection) -> Value {
        let form = self.world.switches.deleted_form;
        let mut entry = json!({ "id": drive.item_id(item) });
        if projection.wants("deleted") {
            entry["deleted"] = match form {
                DeletedForm::IdOnly => json!({}),
                DeletedForm::Nameless | DeletedForm::Full => json!({ "state": "deleted" }),
            };
        }
        if form == DeletedForm::IdOnly {
            return entry;
        }
        if projection.wants("parentReference") {
            let mut parent = json!({ "driveId": drive.id, "driveType": drive.kind.word() });
            if let Some(folder) = drive.tree.get(item.parent) {
                parent["id"] = json!(drive.item_id(folder));
            }
            entry["parentReference"] = parent;
        }
        if projection.wants("lastModifiedDateTime") {
            entry["lastModifiedDateTime"] = json!(timestamp(item.modified));
        }
        match item.kind {
            Kind::Folder if projection.wants("folder") => {
                entry["folder"] = json!({ "childCount": 0 });
            }
            Kind::File if projection.wants("file") => entry["file"] = json!({}),
            _ => {}
        }
        if form == DeletedForm::Full && projection.wants("name") {
            entry["name"] = json!(item.name);
        }
        entry
    }

    fn link(&self, position: Position, options: &Options) -> Result<String, Failure> {
        let drive = self.drive()?;
        let token = Token {
            list: drive.key.list,
            position,
            epoch: drive.epoch,
            issued: self.world.millis(),
            options: options.clone(),
        }
        .text();
        let root = format!("{}v1.0/drives/{}/root", self.world.bases.graph, drive.id);
        Ok(match self.world.switches.delta_link_form {
            LinkForm::Query => format!("{root}/delta?token={token}"),
            LinkForm::Function => format!("{root}/delta(token='{token}')"),
            LinkForm::QualifiedQuery => format!("{root}/microsoft.graph.delta?token={token}"),
        })
    }

    fn reply(&self, entries: &[Value], next: Option<String>, delta: Option<String>) -> Reply {
        let base = &self.world.bases.graph;
        let mut body = json!({
            "@odata.context": format!("{base}v1.0/$metadata#Collection(driveItem)"),
            "value": entries,
        });
        if let Some(next) = next {
            body["@odata.nextLink"] = json!(next);
        }
        if let Some(delta) = delta {
            body["@odata.deltaLink"] = json!(delta);
        }
        Reply::json(body)
    }
}

/// Repeats, strips or shuffles the entries as scripted faults say.
pub(super) fn disturb(entries: &mut Vec<Value>, faults: &ActiveFaults) {
    const SHARE: f64 = 0.3;
    if let Some(seed) = faults.duplicate() {
        let mut dice = fastrand::Rng::with_seed(seed);
        let again: Vec<Value> = entries
            .iter()
            .enumerate()
            .filter(|(at, _)| *at == 0 || dice.f64() < SHARE)
            .map(|(_, entry)| entry.clone())
            .collect();
        entries.extend(again);
    }
    if let Some(seed) = faults.id_only() {
        let mut dice = fastrand::Rng::with_seed(seed);
        for (at, entry) in entries.iter_mut().enumerate() {
            if at == 0 || dice.f64() < SHARE {
                strip(entry);
            }
        }
    }
    if let Some(seed) = faults.reorder() {
        fastrand::Rng::with_seed(seed).shuffle(entries);
    }
}

/// Leaves the id, and that the item was deleted.
fn strip(entry: &mut Value) {
    if let Some(entry) = entry.as_object_mut() {
        entry.retain(|name, _| name == "id" || name == "deleted");
    }
}

/// Answers a page of the changes of sites.
pub(super) fn of_sites(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    token: Option<&str>,
) -> Result<Reply, Failure> {
    access::require_all_sites(caller)?;
    call.allow_options(&["$select", "$expand", "$top"])?;
    let projection = Projection::of(call, &super::schema::SITE)?;
    let given = token
        .or_else(|| call.parameter("token"))
        .filter(|token| !token.is_empty());
    let state = &world.state;
    let after = match given {
        None => 0,
        Some("latest") => state.site_sequence,
        Some(given) => {
            let expired = call
                .faults
                .as_ref()
                .is_some_and(ActiveFaults::expired_cursor);
            let (epoch, after) = token::parse_sites(given)
                .ok_or_else(|| Failure::invalid_request("The provided token is not valid."))?;
            if expired || epoch != state.site_epoch {
                return Err(Failure::new(
                    StatusCode::GONE,
                    &world.switches.resync_code,
                    "Resync required.",
                ));
            }
            after
        }
    };
    let mut changed: Vec<_> = state
        .sites
        .iter()
        .filter(|site| site.sequence > after)
        .collect();
    changed.sort_by_key(|site| site.sequence);
    let deleted = |site: &crate::microsoft::state::site::Site| {
        site.state == crate::microsoft::state::site::SiteState::Deleted
    };
    let entries: Vec<Value> = changed
        .into_iter()
        // A full enumeration lists what is there.
        .filter(|site| after > 0 || !deleted(site))
        .map(|site| {
            if deleted(site) {
                json!({ "id": state.site_id(site), "deleted": { "state": "deleted" } })
            } else {
                projection.apply(render::site(world, site))
            }
        })
        .collect();
    let mut body = page::of(world, call, &entries, world.switches.site_page_size)?;
    body["@odata.context"] = json!(format!(
        "{}v1.0/$metadata#Collection(site)",
        world.bases.graph
    ));
    if body.get("@odata.nextLink").is_none() {
        let token = token::sites(state.site_epoch, state.site_sequence);
        body["@odata.deltaLink"] = json!(format!(
            "{}v1.0/sites/delta?token={token}",
            world.bases.graph
        ));
    }
    Ok(Reply::json(body))
}
