//! The streams of events (reference/box.md §3).

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Extension;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::Reply;
use super::caller::Caller;
use super::files::time;
use super::query::Query;
use super::refusal::Refusal;
use crate::box_service::BoxService;
use crate::box_service::state::Millis;
use crate::box_service::state::event::{CHRONOLOGICAL, Event, FIRST_POSITION, Source};
use crate::box_service::world::World;
use crate::frame::ActiveFaults;

/// Most events on a page.
const MOST_LIMIT: u64 = 500;

/// How many events before the position are repeated.
const EARLIER: usize = 2;

/// A day in milliseconds.
const DAY: i64 = 24 * 3600 * 1000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    /// Of one user.
    User,
    /// `admin_logs_streaming`.
    Enterprise,
    /// `admin_logs`.
    Chronological,
}

pub(crate) async fn events(
    State(service): State<Arc<BoxService>>,
    caller: Caller,
    query: Query,
    Extension(faults): Extension<ActiveFaults>,
) -> Reply {
    let stream = match query.get("stream_type").unwrap_or("all") {
        "all" | "changes" | "sync" => Stream::User,
        "admin_logs_streaming" => Stream::Enterprise,
        "admin_logs" => Stream::Chronological,
        _ => return Err(Refusal::bad_request("Invalid value for 'stream_type'")),
    };
    if stream != Stream::User {
        caller.needs("manage_enterprise_properties")?;
    }
    service.with(|world| {
        if stream != Stream::User && caller.user != world.state.app.service_account {
            return Err(Refusal::no_permission());
        }
        let asked = Asked::of(world, &caller, stream, &query, &faults)?;
        Ok(Json(asked.answer(world, &faults)))
    })
}

/// Long polling is for user streams; nobody here needs it (§3.4).
pub(crate) async fn servers(State(service): State<Arc<BoxService>>, _caller: Caller) -> Reply {
    let url =
        service.with(|world| format!("{}subscribe?channel=1&stream_type=all", world.bases.api));
    Ok(Json(json!({
        "chunk_size": 1,
        "entries": [{
            "type": "realtime_server", "url": url, "ttl": "10", "max_retries": "10",
            "retry_timeout": 610,
        }],
    })))
}

/// Always says to connect again.
pub(crate) async fn subscribe() -> Json<Value> {
    Json(json!({"version": 1, "message": "reconnect"}))
}

/// A page that was asked for.
struct Asked {
    stream: Stream,
    user: u64,
    /// The place in the log; `None` for `now`.
    from: Option<usize>,
    limit: usize,
    types: Option<BTreeSet<String>>,
    after: Option<Millis>,
    before: Option<Millis>,
}

impl Asked {
    fn of(
        world: &World<'_>,
        caller: &Caller,
        stream: Stream,
        query: &Query,
        faults: &ActiveFaults,
    ) -> Result<Self, Refusal> {
        let limit = query.number("limit", 100)?.clamp(1, MOST_LIMIT);
        let refused = || Refusal::bad_request("Invalid value for 'stream_position'");
        let from = match query.get("stream_position").unwrap_or("0") {
            // Not known to work there (§3.1).
            "now" if stream == Stream::Chronological => return Err(refused()),
            "now" => None,
            "0" | "" => Some(0),
            position => {
                let position: u64 = position.parse().map_err(|_| refused())?;
                if faults.expired_cursor() {
                    return Err(refused());
                }
                let from = position.checked_sub(stream.base()).ok_or_else(refused)?;
                Some(usize::try_from(from).map_err(|_| refused())?)
            }
        };
        let kept_from = stream.kept_from(world);
        if let Some(from) = from {
            let oldest = world
                .state
                .events
                .from(from)
                .first()
                .map(|event| event.time);
            let is_old = from > 0 && oldest.is_some_and(|oldest| oldest < kept_from);
            if is_old && world.switches.old_position_refused {
                return Err(refused());
            }
            if from > world.state.events.len() {
                return Err(refused());
            }
        }
        let is_enterprise = stream != Stream::User;
        let types = query
            .get("event_type")
            .filter(|_| is_enterprise)
            .map(|types| types.split(',').map(str::trim).map(str::to_owned).collect());
        let window = |name: &str| {
            query
                .get(name)
                .filter(|_| stream == Stream::Chronological)
                .map(|text| time(text).ok_or_else(|| Refusal::bad_request("Invalid date")))
                .transpose()
        };
        Ok(Self {
            stream,
            user: caller.user,
            from,
            limit: usize::try_from(limit)
                .unwrap_or(usize::MAX)
                .min(world.switches.most_events),
            types,
            after: window("created_after")?,
            before: window("created_before")?,
        })
    }

    fn answer(&self, world: &World<'_>, faults: &ActiveFaults) -> Value {
        let visible_until = self.stream.visible_until(world);
        let is_hidden = |event: &&Event| event.time > visible_until;
        let all = world.state.events.from(0);
        let visible = all.len() - all.iter().rev().take_while(is_hidden).count();
        let Some(from) = self.from else {
            return page(&[], &self.position(world, visible));
        };
        if faults.empty_page() {
            return page(&[], &self.position(world, from));
        }
        let (shown, next) = self.collected(world, from, visible);
        if shown.is_empty()
            && self.stream == Stream::Chronological
            && world.switches.empty_page_position_zero
        {
            return page(&[], &json!(0));
        }
        let entries = self.disturbed(world, faults, from, shown);
        page(&entries, &self.position(world, next))
    }

    /// The events of the page, and where the next one begins.
    fn collected<'a>(
        &self,
        world: &'a World<'_>,
        from: usize,
        visible: usize,
    ) -> (Vec<&'a Event>, usize) {
        let kept_from = self.stream.kept_from(world);
        let mut shown = Vec::new();
        let mut next = from;
        for event in world
            .state
            .events
            .from(from)
            .iter()
            .take(visible.saturating_sub(from))
        {
            if shown.len() >= self.limit {
                break;
            }
            next += 1;
            if event.time >= kept_from && self.wants(world, event) {
                shown.push(event);
            }
        }
        (shown, next)
    }

    fn wants(&self, world: &World<'_>, event: &Event) -> bool {
        let in_window = self.after.is_none_or(|after| event.time >= after)
            && self.before.is_none_or(|before| event.time <= before);
        let kind = match self.stream {
            Stream::User => event.user_type.as_ref(),
            Stream::Enterprise | Stream::Chronological => event.enterprise_type.as_ref(),
        };
        let is_wanted =
            kind.is_some_and(|kind| self.types.as_ref().is_none_or(|types| types.contains(kind)));
        let is_seen = self.stream != Stream::User
            || match &event.source {
                Source::Item { id, .. } => world.access(self.user, *id).is_some(),
                _ => false,
            };
        in_window && is_wanted && is_seen
    }

    /// The page as clients get it: with repetitions and in another order, by switch or fault.
    fn disturbed(
        &self,
        world: &World<'_>,
        faults: &ActiveFaults,
        from: usize,
        shown: Vec<&Event>,
    ) -> Vec<Value> {
        let chronological = self.stream == Stream::Chronological;
        let mut events = shown;
        if world.switches.repeat_earlier_events && !chronological && !events.is_empty() {
            let earlier = world.state.events.from(from.saturating_sub(EARLIER)).iter();
            let mut again: Vec<&Event> = earlier
                .take(from.min(EARLIER))
                .filter(|event| self.wants(world, event))
                .collect();
            again.append(&mut events);
            events = again;
        }
        let repeats = faults.duplicate().is_some() || world.switches.duplicate_events;
        if repeats && !chronological {
            events = events
                .into_iter()
                .flat_map(|event| [event, event])
                .collect();
        }
        let seed = match faults.reorder() {
            Some(seed) => Some(seed),
            None => world.switches.reorder_events.then_some(from as u64),
        };
        if let Some(seed) = seed.filter(|_| !chronological) {
            fastrand::Rng::with_seed(seed).shuffle(&mut events);
        }
        let shown = events.into_iter();
        match self.stream {
            Stream::User => shown
                .map(|event| world.user_event(event, self.user))
                .collect(),
            _ => shown.map(|event| world.enterprise_event(event)).collect(),
        }
    }

    fn position(&self, world: &World<'_>, at: usize) -> Value {
        let position = self.stream.base() + at as u64;
        let is_number = self.stream == Stream::User || world.switches.numeric_positions;
        if is_number {
            json!(position)
        } else {
            json!(position.to_string())
        }
    }
}

impl Stream {
    fn base(self) -> u64 {
        match self {
            Self::User | Self::Enterprise => FIRST_POSITION,
            Self::Chronological => FIRST_POSITION + CHRONOLOGICAL,
        }
    }

    fn kept_from(self, world: &World<'_>) -> Millis {
        let days = match self {
            Self::User => 21,
            Self::Enterprise => world.switches.stream_days,
            Self::Chronological => world.switches.chronological_days,
        };
        world.millis() - i64::from(days) * DAY
    }

    fn visible_until(self, world: &World<'_>) -> Millis {
        let delay = match self {
            Self::User => 0,
            Self::Enterprise => world.switches.event_delay_milliseconds,
            Self::Chronological => world.switches.chronological_delay_milliseconds,
        };
        world.millis() - i64::from(delay)
    }
}

fn page(entries: &[Value], next: &Value) -> Value {
    json!({"chunk_size": entries.len(), "next_stream_position": next, "entries": entries})
}
