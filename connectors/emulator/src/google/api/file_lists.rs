//! Lists of files, which read a search index (reference/google-drive.md §2.3).

use std::cmp::Ordering;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::disturb;
use super::route::Context;
use super::{condition, render, render_v2};
use crate::frame::Reply;
use crate::google::state::file::{File, FileNumber};
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::query::{self, Condition};
use crate::google::wire::schema::{Api, Shape};

const V3_DEFAULT: &str =
    "kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType,resourceKey)";

pub(super) fn list(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let shape = Shape::named(Api::DriveV3, "FileList");
    let mask = Mask::parse(
        context.call.parameter("fields").unwrap_or(V3_DEFAULT),
        shape,
    )?;
    let page = Search::of(context, "pageSize", &mask)?.page(context)?;
    let of_file = mask.within("files");
    let labels = context.labels();
    let shown = page
        .files
        .iter()
        .filter_map(|number| context.world.state.file(*number));
    let user = &context.caller.user;
    let mut files: Vec<Value> = shown
        .map(|file| render::file(context.world, user, file, of_file, &labels))
        .collect();
    disturb::list(context.call, &mut files, &["id"]);
    let mut answer = json!({
        "kind": "drive#fileList",
        "incompleteSearch": context.world.switches.incomplete_search,
        "files": files,
    });
    if let Some(token) = page.next {
        answer["nextPageToken"] = json!(token);
    }
    // What is within the files is selected already; nothing is left where it was not asked for.
    let whole = match &mask {
        Mask::All => Mask::All,
        Mask::Some(fields) => Mask::Some(
            fields
                .keys()
                .map(|name| (name.clone(), Mask::All))
                .collect(),
        ),
    };
    Ok(Reply::json(whole.apply(answer)))
}

pub(super) fn list_v2(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let shape = Shape::named(Api::DriveV2, "FileList");
    let mask = match context.call.parameter("fields") {
        Some(fields) => Mask::parse(fields, shape)?,
        None => Mask::All,
    };
    let page = Search::of(context, "maxResults", &mask)?.page(context)?;
    let shown = page
        .files
        .iter()
        .filter_map(|number| context.world.state.file(*number));
    let user = &context.caller.user;
    let items: Vec<Value> = shown
        .map(|file| render_v2::file(context.world, user, file, &Mask::All))
        .collect();
    let mut answer = json!({"kind": "drive#fileList", "incompleteSearch": false, "items": items});
    if let Some(token) = page.next {
        answer["nextPageToken"] = json!(token);
    }
    Ok(Reply::json(mask.apply(answer)))
}

/// Where to look.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Corpus {
    /// What the user owns, or what is shared with them; shared drives too where the flag says so.
    User {
        with_drives: bool,
    },
    Drive(String),
}

/// What is looked for.
struct Search {
    corpus: Corpus,
    condition: Option<Condition>,
    order: Vec<(String, bool)>,
    size: usize,
    /// All that must be the same on the next page.
    fingerprint: u64,
    from: Place,
}

/// Where a page begins.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Place {
    /// Behind this file, in the order in which files were made.
    after: FileNumber,
    /// Behind so many, in any other order.
    skip: usize,
    page: usize,
}

struct Page {
    files: Vec<FileNumber>,
    next: Option<String>,
}

impl Search {
    fn of(context: &Context<'_, '_>, size: &str, mask: &Mask) -> Result<Self, Failure> {
        let call = context.call;
        let switches = context.world.switches;
        let corpus = corpus(context)?;
        let condition = match call.parameter("q") {
            Some(text) if !text.trim().is_empty() => Some(query::parse(text, &query::FILES)?),
            _ => None,
        };
        let mut most = switches.list_page_maximum;
        if mask.within("files").wants("permissions") {
            most = most.min(switches.permissions_page_maximum.unwrap_or(usize::MAX));
        }
        let fingerprint = fingerprint(call, &context.caller.user.id);
        let from = match call.parameter("pageToken") {
            None => Place::default(),
            Some(token) => place(token, fingerprint)
                .filter(|_| !disturb::cursor_is_expired(call))
                .ok_or_else(|| Failure::invalid("pageToken"))?,
        };
        Ok(Self {
            corpus,
            condition,
            order: order(call.parameter("orderBy"), call.parameter("q"))?,
            size: call.page_size(size, 100, most.max(1))?,
            fingerprint,
            from,
        })
    }

    fn page(&self, context: &Context<'_, '_>) -> Result<Page, Failure> {
        let next = |place: Place| Some(token(place, self.fingerprint));
        if disturb::page_is_empty(context.call) {
            return Ok(Page {
                files: Vec::new(),
                next: next(self.from),
            });
        }
        let is_short = context.world.switches.short_pages && self.from.page % 2 == 1;
        let size = if is_short {
            self.size.div_ceil(2)
        } else {
            self.size
        };
        let page = self.from.page + 1;
        if self.order.is_empty() {
            let numbers = context
                .world
                .state
                .files
                .range(self.from.after + 1..)
                .map(|(_, file)| file);
            let mut found: Vec<FileNumber> = numbers
                .filter(|file| self.finds(context, file))
                .take(size + 1)
                .map(|file| file.number)
                .collect();
            let more = found.len() > size;
            found.truncate(size);
            let after = found.last().copied().unwrap_or(self.from.after);
            return Ok(Page {
                next: if more {
                    next(Place {
                        after,
                        skip: 0,
                        page,
                    })
                } else {
                    None
                },
                files: found,
            });
        }
        let all = context.world.state.files.values();
        let mut found: Vec<&File> = all.filter(|file| self.finds(context, file)).collect();
        found.sort_by(|one, other| self.compare(one, other));
        let skip = self.from.skip + size;
        let files = found
            .iter()
            .skip(self.from.skip)
            .take(size)
            .map(|file| file.number)
            .collect();
        Ok(Page {
            next: if found.len() > skip {
                next(Place {
                    after: 0,
                    skip,
                    page,
                })
            } else {
                None
            },
            files,
        })
    }

    fn finds(&self, context: &Context<'_, '_>, file: &File) -> bool {
        let world = &context.world;
        let user = &context.caller.user;
        let is_in_corpus = match &self.corpus {
            Corpus::Drive(drive) => file.drive.as_ref() == Some(drive),
            Corpus::User { with_drives } => file.drive.is_none() || *with_drives,
        };
        let delay = TimeDelta::milliseconds(world.switches.index_delay_milliseconds);
        if file.parent.is_none() && is_top(context, file)
            || !is_in_corpus
            || file.indexed + delay > world.now
        {
            return false;
        }
        let is_seen = matches!(self.corpus, Corpus::Drive(_))
            || file.owner.as_ref() == Some(&user.id)
            || world
                .access(user, file.number)
                .is_some_and(|access| access.is_own);
        let condition = self.condition.as_ref();
        is_seen && condition.is_none_or(|condition| condition::holds(world, user, file, condition))
    }

    fn compare(&self, one: &File, other: &File) -> Ordering {
        for (key, descending) in &self.order {
            let order = match key.as_str() {
                "name" | "title" => one.name.to_lowercase().cmp(&other.name.to_lowercase()),
                "name_natural" | "title_natural" => natural(&one.name).cmp(&natural(&other.name)),
                "createdTime" | "createdDate" => one.created.cmp(&other.created),
                "folder" => other.is_folder().cmp(&one.is_folder()),
                "starred" => other.rare.starred.cmp(&one.rare.starred),
                _ => one.modified.cmp(&other.modified),
            };
            let order = if *descending { order.reverse() } else { order };
            if order != Ordering::Equal {
                return order;
            }
        }
        one.number.cmp(&other.number)
    }
}

/// Whether it is the top folder of somebody or of a drive, which no list shows.
fn is_top(context: &Context<'_, '_>, file: &File) -> bool {
    match &file.drive {
        Some(drive) => *drive == file.id,
        None => context
            .world
            .state
            .owner(file)
            .is_some_and(|owner| owner.root == file.number),
    }
}

fn corpus(context: &Context<'_, '_>) -> Result<Corpus, Failure> {
    let call = context.call;
    let supports = context.supports_all_drives()?;
    let with_drives =
        call.flag("includeItemsFromAllDrives")? || call.flag("includeTeamDriveItems")?;
    if with_drives && !supports {
        let reason = &context.world.switches.all_drives_reason;
        return Err(Failure::bad_request(
            reason,
            "The includeItemsFromAllDrives parameter requires supportsAllDrives.",
        ));
    }
    let drive = call
        .parameter("driveId")
        .or_else(|| call.parameter("teamDriveId"));
    match (call.parameter("corpora").unwrap_or("user"), drive) {
        ("drive", Some(drive)) if with_drives => {
            let user = &context.caller.user;
            match context.world.membership(user, drive) {
                Some(_) => Ok(Corpus::Drive(drive.to_owned())),
                None => Err(Failure::drive_not_found(drive)),
            }
        }
        ("drive", None) => Err(Failure::required("driveId")),
        ("drive", Some(_)) => Err(Failure::bad_request(
            "invalid",
            "The drive corpora requires includeItemsFromAllDrives.",
        )),
        (_, Some(_)) => Err(Failure::bad_request(
            "invalid",
            "The driveId parameter must be specified if and only if corpora is set to drive.",
        )
        .at("driveId", "parameter")),
        ("user" | "default" | "domain", None) => Ok(Corpus::User { with_drives }),
        ("allDrives", None) => Ok(Corpus::User { with_drives: true }),
        _ => Err(Failure::invalid("corpora")),
    }
}

const ORDERS: &[&str] = &[
    "createdTime",
    "createdDate",
    "folder",
    "modifiedByMeTime",
    "modifiedByMeDate",
    "modifiedTime",
    "modifiedDate",
    "name",
    "name_natural",
    "title",
    "title_natural",
    "quotaBytesUsed",
    "recency",
    "sharedWithMeTime",
    "sharedWithMeDate",
    "starred",
    "viewedByMeTime",
    "lastViewedByMeDate",
];

fn order(text: Option<&str>, q: Option<&str>) -> Result<Vec<(String, bool)>, Failure> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(Vec::new());
    };
    if q.is_some_and(|q| q.contains("fullText")) {
        return Err(Failure::bad_request(
            "badRequest",
            "Sorting is not supported for queries with fullText terms.",
        ));
    }
    let keys = text.split(',').map(|key| {
        let (name, direction) = key.trim().split_once(' ').unwrap_or((key.trim(), ""));
        let is_known = ORDERS.contains(&name) && matches!(direction, "" | "asc" | "desc");
        let key = is_known.then(|| (name.to_owned(), direction == "desc"));
        key.ok_or_else(|| Failure::invalid("orderBy"))
    });
    keys.collect()
}

/// Digits count as numbers.
fn natural(name: &str) -> Vec<(String, u64)> {
    let mut parts = Vec::new();
    let mut rest = name.to_lowercase();
    while !rest.is_empty() {
        let text_end = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let digits = rest.split_off(text_end);
        let number_end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        let (number, behind) = digits.split_at(number_end);
        parts.push((rest, number.parse().unwrap_or(0)));
        rest = behind.to_owned();
    }
    parts
}

/// Of all parameters but those that say where the page begins and how large it is.
fn fingerprint(call: &crate::google::wire::call::Call, user: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};

    let mut hasher = DefaultHasher::new();
    let mut parameters: Vec<_> = call
        .query
        .iter()
        .filter(|(name, _)| {
            !matches!(
                name.as_str(),
                "pageToken" | "pageSize" | "maxResults" | "fields" | "access_token"
            )
        })
        .collect();
    parameters.sort();
    parameters.hash(&mut hasher);
    user.hash(&mut hasher);
    hasher.finish()
}

fn token(place: Place, fingerprint: u64) -> String {
    let text = serde_json::to_string(&(place, fingerprint)).unwrap_or_default();
    format!("~!!~{}", URL_SAFE_NO_PAD.encode(text))
}

fn place(token: &str, fingerprint: u64) -> Option<Place> {
    let text = URL_SAFE_NO_PAD.decode(token.strip_prefix("~!!~")?).ok()?;
    let (place, known): (Place, u64) = serde_json::from_slice(&text).ok()?;
    (known == fingerprint).then_some(place)
}
