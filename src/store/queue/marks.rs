//! Where claims begin in the queue.
//!
//! On PostgreSQL a finished row stays in the index until it is cleaned up, and a claim that began at the front would walk
//! over all of them. A claim that was filled leaves a mark at its last row, and the next one begins behind it. Rows
//! before the mark (given back, or stored by a clock that is behind) are found by the claims that begin at the front:
//! those that the rest of the queue did not fill, and one in [`FULL_WALK`].

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::JobClass;
use crate::store::apps::AppId;

/// So many claims in a row trust the mark.
const FULL_WALK: u32 = 32;

/// A place in the order of one class of an app's jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Place {
    pub(super) due: i64,
    pub(super) file: i64,
}

impl Place {
    /// Before all rows.
    pub(super) const FRONT: Self = Self {
        due: i64::MIN,
        file: i64::MIN,
    };
}

/// The marks of this process.
#[derive(Debug, Default)]
pub(in crate::store) struct LowWaterMarks {
    marks: Mutex<HashMap<(AppId, JobClass), Mark>>,
}

#[derive(Debug)]
struct Mark {
    place: Place,
    trusted: u32,
}

impl LowWaterMarks {
    /// Where a claim is to begin.
    pub(super) fn begin(&self, app: AppId, class: JobClass) -> Place {
        let mut marks = self.lock();
        let Some(mark) = marks.get_mut(&(app, class)) else {
            return Place::FRONT;
        };
        if mark.trusted >= FULL_WALK {
            marks.remove(&(app, class));
            return Place::FRONT;
        }
        mark.trusted += 1;
        mark.place
    }

    /// A claim was filled, and this was its last row.
    pub(super) fn filled(&self, app: AppId, class: JobClass, last: Place) {
        let mut marks = self.lock();
        let mark = marks.entry((app, class)).or_insert(Mark {
            place: last,
            trusted: 0,
        });
        mark.place = last;
    }

    /// A claim came to the end of the queue.
    pub(super) fn emptied(&self, app: AppId, class: JobClass) {
        self.lock().remove(&(app, class));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(AppId, JobClass), Mark>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filled_claim_leaves_a_mark_that_is_not_trusted_for_ever() {
        let (app, class) = (AppId(1), JobClass::Backlog);
        let marks = LowWaterMarks::default();
        let last = Place { due: 7, file: 3 };
        assert_eq!(marks.begin(app, class), Place::FRONT);
        marks.filled(app, class, last);
        assert_eq!(marks.begin(app, JobClass::Changed), Place::FRONT);
        assert_eq!(marks.begin(AppId(2), class), Place::FRONT);
        for _ in 0..FULL_WALK {
            assert_eq!(marks.begin(app, class), last);
            marks.filled(app, class, last);
        }
        assert_eq!(marks.begin(app, class), Place::FRONT);
        marks.filled(app, class, last);
        marks.emptied(app, class);
        assert_eq!(marks.begin(app, class), Place::FRONT);
    }
}
