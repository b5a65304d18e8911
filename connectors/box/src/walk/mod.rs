//! The feed: a walk through the users' trees, then the enterprise's events (reference/box.md §2.2, §3.4).

mod cursor;
mod enter;
mod held;
mod page;

use labeld_connector::{ChangePage, Cursor, Error, ErrorKind, FeedRef, Result};

use crate::app::BoxApp;
use crate::call::Purpose;

pub(crate) use cursor::{Backlog, Position, Task, Walk};
pub(crate) use held::{Foreign, Held};

pub(crate) const LIST_CHANGES: &str = "list changes of";

impl BoxApp {
    /// One page of changes.
    pub(crate) async fn change_page(
        &self,
        feed: &FeedRef,
        since: Option<&Cursor>,
    ) -> Result<ChangePage> {
        if *feed != FeedRef::whole() {
            return Err(Error::new(ErrorKind::NotFound, LIST_CHANGES, &feed.0));
        }
        let mut position = match since {
            Some(cursor) => Position::parse(cursor)?,
            None => self.begin_enumeration().await?,
        };
        if position.walk.is_none()
            && let Some(task) = position.next_task()
        {
            position.walk = Some(Walk::of(task));
        }
        let from = held::key_of(since);
        match position.walk.take() {
            Some(walk) => self.walk_page(from, position, walk).await,
            None => self.poll_page(from, position).await,
        }
    }

    /// The position in the stream of events comes first: what changes during the walk is told after it.
    async fn begin_enumeration(&self) -> Result<Position> {
        let people = self.people_now().await?;
        let at = self.present_position().await?;
        self.seen.clear_events();
        self.foreign().clear();
        let first = people.next_covered(None).map(|member| member.id);
        let mut position = Position::new(at, self.service.clock().now());
        position.walk = first.map(Walk::through_all);
        Ok(position)
    }

    pub(crate) fn feed_purpose(&self) -> Purpose<'_> {
        Purpose {
            operation: LIST_CHANGES,
            context: &self.name,
        }
    }
}
