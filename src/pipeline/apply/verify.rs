//! What a write has left behind, read back through the same ranged reader that every scan uses.

use labeld_connector::FileMeta;
use labeld_formats::Reading;
use uuid::Uuid;

use super::acting::Acting;
use super::decide::Wish;
use crate::model::inventory::{FileFacts, FileId, ScanTarget};
use crate::pipeline::file_facts::file_facts;
use crate::pipeline::read_file::{Attempt, read_file};
use crate::pipeline::verdict;

/// What was found.
pub(super) enum Verified {
    /// The label is as it should be.
    AsWanted(Box<FileFacts>),
    /// It is not.
    Otherwise(Box<FileFacts>),
    /// It could not be read back just now, or somebody has saved since; a scan will.
    NotRead,
}

/// Looks at a file that a service rewrites on its own after a write.
const MOST_LOOKS: u32 = 4;

/// Reads the labels of the new version. Some services rewrite what was written to them: as long as labeld's identity is the
/// last to have written, `meta` becomes what the file is by then.
pub(super) async fn verify(
    acting: &Acting<'_>,
    file: FileId,
    meta: &mut FileMeta,
    wish: &Expected,
) -> Verified {
    let mut cost = (0, 0);
    for _ in 0..MOST_LOOKS {
        let target = ScanTarget::listed(file, meta);
        let attempted = read_file(acting.work, acting.app, &target, &acting.known).await;
        cost.0 += attempted.bytes_read;
        cost.1 += attempted.reads;
        match attempted.attempt {
            Attempt::Read(reading) => return found(acting, meta, *reading, wish, cost),
            Attempt::Changed => match acting.app.connector.stat(&meta.file).await {
                Ok(present) if present.own_write == Some(true) => *meta = present,
                Ok(_) | Err(_) => return Verified::NotRead,
            },
            Attempt::Gone | Attempt::Failed(..) | Attempt::Crashed => return Verified::NotRead,
        }
    }
    Verified::NotRead
}

fn found(
    acting: &Acting<'_>,
    meta: &FileMeta,
    reading: Reading,
    wish: &Expected,
    cost: (u64, u32),
) -> Verified {
    let is_as_wanted = is_as_expected(acting, &reading, wish);
    let verdict = verdict::of_reading(&meta.name, &reading, acting.app.size_limit);
    let version = meta.version.clone();
    let facts = Box::new(file_facts(
        version,
        verdict,
        Some(reading),
        cost,
        acting.now(),
    ));
    if is_as_wanted {
        Verified::AsWanted(facts)
    } else {
        Verified::Otherwise(facts)
    }
}

/// What should be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expected {
    /// This label is the tenant's.
    Label(Uuid),
    /// The tenant has none.
    NoLabel,
    /// Whatever was there before.
    Anything,
}

impl Expected {
    pub(super) fn of(wish: &Wish) -> Self {
        match wish {
            Wish::Apply { label, .. } => Self::Label(*label),
            Wish::Remove { .. } => Self::NoLabel,
            Wish::Restore { .. } => Self::Anything,
        }
    }
}

fn is_as_expected(acting: &Acting<'_>, reading: &Reading, expected: &Expected) -> bool {
    let mut own = reading
        .labels
        .iter()
        .filter(|label| label.effective && acting.owns(label.site_id, label.id));
    match expected {
        Expected::Label(wanted) => own.any(|label| label.id == *wanted),
        Expected::NoLabel => own.next().is_none(),
        Expected::Anything => true,
    }
}
