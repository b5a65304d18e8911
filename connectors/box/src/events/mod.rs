//! The enterprise's events, from where the walk began (reference/box.md §3).

mod ledger;
mod meaning;
mod resolve;
mod tell;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use labeld_connector::{ChangePage, Error, ErrorKind, Result};

use crate::app::BoxApp;
use crate::call::Acting;
use crate::model::EventPage;
use crate::walk::{Backlog, Position};
use crate::words::status_of;

pub(crate) use ledger::Seen;
use meaning::{SUBSCRIBED, Touched};

/// How long a position is used. The stream goes back 14 days, and answers an older position with what it still has
/// (§3.1): nothing would say that something is missing.
const POSITION_LIFETIME: TimeDelta = TimeDelta::days(13);

/// How far the chronological stream is asked back: it keeps a year.
const BACKLOG_LIFETIME: TimeDelta = TimeDelta::days(360);

/// How late an event may appear in the stream of the last position, and then in the chronological one.
const OVERLAP: TimeDelta = TimeDelta::minutes(10);

/// How long events take to appear in the chronological stream (§3.1). What is younger comes by the other stream.
const BUFFER: TimeDelta = TimeDelta::seconds(60);

/// Most events that one page takes.
const MOST_EVENTS: usize = 500;

impl BoxApp {
    /// The position after everything that has happened.
    pub(crate) async fn present_position(&self) -> Result<String> {
        let purpose = self.feed_purpose();
        let url = self.api(
            &["events"],
            &[
                ("stream_type", "admin_logs_streaming"),
                ("stream_position", "now"),
                ("limit", "1"),
            ],
        )?;
        let page: EventPage = self.get(url, Acting::App, &purpose).await?;
        page.next_stream_position
            .filter(|position| crate::model::is_position(position))
            .ok_or_else(|| {
                purpose.malformed("the service names no position in its stream of events")
            })
    }

    /// The changes of one page of events.
    pub(crate) async fn poll_page(&self, from: u64, mut position: Position) -> Result<ChangePage> {
        // They are needed anyway; after a restart their answer is the first to tell the service's time.
        self.people().await?;
        let now = self.service.clock().now();
        if position.back.is_none() && age(&position, now) > POSITION_LIFETIME {
            self.begin_backlog(&mut position, now).await?;
        }
        let page = match self.fetch_events(&position).await {
            Err(error) if position.back.is_none() && is_refused_position(&error) => {
                self.begin_backlog(&mut position, now).await?;
                self.fetch_events(&position).await?
            }
            outcome => outcome?,
        };
        let events = page.entries.iter();
        let new: Vec<_> = events
            .filter(|event| !self.seen.knows_event(event, from))
            .collect();
        let is_end = new.is_empty();
        let told = self.tell(from, Touched::by(&new)).await?;
        for event in new {
            self.seen.note_event(event, from);
        }
        go_on(&mut position, &page, is_end, now);
        position.todo.extend(told.tasks);
        Ok(ChangePage {
            changes: told.changes,
            unreadable: told.unreadable,
            // Fewer events than were asked for do not mean the end; only that none is new does.
            more: !is_end || position.back.is_some() || !position.todo.is_empty(),
            next: position.to_cursor()?,
        })
    }

    async fn fetch_events(&self, position: &Position) -> Result<EventPage> {
        let limit = self.page_size.min(MOST_EVENTS).to_string();
        let types = SUBSCRIBED.join(",");
        let mut query = vec![("limit", limit.as_str()), ("event_type", types.as_str())];
        let (after, before);
        match &position.back {
            None => query.extend([
                ("stream_type", "admin_logs_streaming"),
                ("stream_position", position.at.as_str()),
            ]),
            Some(back) => {
                after = timestamp(back.after);
                before = timestamp(back.before);
                query.extend([
                    ("stream_type", "admin_logs"),
                    ("created_after", after.as_str()),
                    ("created_before", before.as_str()),
                ]);
                if let Some(at) = &back.at {
                    query.push(("stream_position", at));
                }
            }
        }
        let purpose = self.feed_purpose();
        let url = self.api(&["events"], &query)?;
        match self.get(url, Acting::App, &purpose).await {
            Err(error) if position.back.is_some() && !may_pass(&error) => {
                Err(purpose.error(ErrorKind::CursorExpired).with_source(error))
            }
            outcome => outcome,
        }
    }

    /// Goes over to the chronological stream for what is missing, and to a new position after it.
    async fn begin_backlog(&self, position: &mut Position, now: DateTime<Utc>) -> Result<()> {
        if age(position, now) > BACKLOG_LIFETIME {
            return Err(self
                .feed_purpose()
                .error(ErrorKind::CursorExpired)
                .with_source("the cursor is older than the service's events"));
        }
        // Before the window is looked at, so that nothing falls between the two.
        position.at = self.present_position().await?;
        position.back = Some(Backlog {
            after: position.on - OVERLAP.num_seconds(),
            before: (now - BUFFER).timestamp(),
            at: None,
        });
        position.on = now.timestamp();
        Ok(())
    }
}

/// Moves on behind a page of events.
fn go_on(position: &mut Position, page: &EventPage, is_end: bool, now: DateTime<Utc>) {
    let next = page.next().map(str::to_owned);
    match &mut position.back {
        Some(_) if is_end || next.is_none() => position.back = None,
        Some(back) => back.at = next,
        None => {
            if let Some(next) = next {
                position.at = next;
            }
            if is_end {
                position.on = now.timestamp();
            }
        }
    }
}

fn age(position: &Position, now: DateTime<Utc>) -> TimeDelta {
    let seconds = now.timestamp().saturating_sub(position.on);
    TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX)
}

fn timestamp(seconds: i64) -> String {
    let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Whether the service does not take the position, which it documents nowhere.
fn is_refused_position(error: &Error) -> bool {
    matches!(status_of(error), Some(400 | 410 | 416))
}

fn may_pass(error: &Error) -> bool {
    error.kind().is_retryable()
        || matches!(
            error.kind(),
            ErrorKind::Unauthenticated | ErrorKind::Malformed
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_moves_only_with_events() {
        let now = DateTime::from_timestamp(2_000, 0).unwrap();
        let at = |text: &str, on: i64| {
            let mut position = Position::new(text.to_owned(), now);
            position.on = on;
            position
        };
        for (page, is_end, expected) in [
            (
                r#"{"entries":[{}],"next_stream_position":"8"}"#,
                false,
                at("8", 1_000),
            ),
            // All known already: the end.
            (
                r#"{"entries":[{}],"next_stream_position":"8"}"#,
                true,
                at("8", 2_000),
            ),
            (
                r#"{"entries":[],"next_stream_position":"9"}"#,
                true,
                at("7", 2_000),
            ),
            (
                r#"{"entries":[],"next_stream_position":0}"#,
                true,
                at("7", 2_000),
            ),
            (
                r#"{"entries":[{}],"next_stream_position":0}"#,
                false,
                at("7", 1_000),
            ),
        ] {
            let mut position = at("7", 1_000);
            go_on(
                &mut position,
                &serde_json::from_str(page).unwrap(),
                is_end,
                now,
            );
            assert_eq!(position, expected, "{page}");
        }
    }

    #[test]
    fn the_backlog_ends_where_nothing_is_new() {
        let now = DateTime::from_timestamp(2_000, 0).unwrap();
        let events = r#"{"entries":[{}],"next_stream_position":"8"}"#;
        let back = |at: Option<&str>| Backlog {
            after: 1,
            before: 2,
            at: at.map(str::to_owned),
        };
        for (page, is_end, expected) in [
            (events, false, Some(back(Some("8")))),
            (events, true, None),
            (r#"{"entries":[],"next_stream_position":0}"#, true, None),
            (r#"{"entries":[{}],"next_stream_position":0}"#, false, None),
        ] {
            let mut position = Position::new("7".to_owned(), now);
            position.back = Some(back(None));
            go_on(
                &mut position,
                &serde_json::from_str(page).unwrap(),
                is_end,
                now,
            );
            assert_eq!(position.back, expected, "{page}");
            assert_eq!(position.at, "7");
        }
    }
}
