//! The summary at the end of `labeld inspect`.

use std::collections::BTreeMap;
use std::fmt;

use uuid::Uuid;

use super::job::Inspected;
use crate::cli::output::{byte_size, grouped, printable};
use crate::model::Reason;

/// Labels counted one by one; a tenant has fewer than 500.
const MOST_LABELS: usize = 10_000;

/// Counts over all files.
#[derive(Debug, Default)]
pub(super) struct Summary {
    files: u64,
    states: BTreeMap<&'static str, u64>,
    labels: BTreeMap<(Option<Uuid>, Uuid), LabelCount>,
    unlabelled: u64,
    bytes_on_disk: u64,
    bytes_read: u64,
    reads: u64,
    errors: u64,
}

#[derive(Debug, Default)]
struct LabelCount {
    name: Option<String>,
    files: u64,
}

impl Summary {
    /// Adds a file; whether it ended in an error, as opposed to a skip.
    pub(super) fn add(&mut self, inspected: &Inspected) -> bool {
        self.files += 1;
        *self.states.entry(inspected.state).or_default() += 1;
        self.bytes_on_disk += inspected.size;
        self.bytes_read += inspected.bytes_read;
        self.reads += u64::from(inspected.reads);
        let reason = inspected.reason.and_then(Reason::from_code);
        let failed = reason.is_some_and(Reason::is_error);
        self.errors += u64::from(failed);
        let mut labelled = false;
        for label in inspected.labels.iter().filter(|label| label.effective) {
            labelled = true;
            let key = (label.site_id, label.id);
            if self.labels.len() >= MOST_LABELS && !self.labels.contains_key(&key) {
                continue;
            }
            let count = self.labels.entry(key).or_default();
            count.files += 1;
            if count.name.is_none() {
                count.name.clone_from(&label.name);
            }
        }
        self.unlabelled +=
            u64::from(!labelled && inspected.state == "ok" && inspected.reason.is_none());
        failed
    }

    /// Whether any file ended in an error, as opposed to a skip.
    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states: Vec<String> = self
            .states
            .iter()
            .map(|(state, count)| format!("{} {state}", grouped(*count)))
            .collect();
        let plural = if self.files == 1 { "file" } else { "files" };
        writeln!(f, "{} {plural}: {}", grouped(self.files), states.join(", "))?;
        for ((site_id, id), count) in &self.labels {
            let name = count.name.as_deref().unwrap_or("(no name in the file)");
            let tenant =
                site_id.map_or_else(|| "unknown tenant".to_owned(), |id| format!("tenant {id}"));
            writeln!(
                f,
                "  {:>7}  {id}  {}  {tenant}",
                grouped(count.files),
                printable(name)
            )?;
        }
        writeln!(
            f,
            "  {:>7}  read and without a label",
            grouped(self.unlabelled)
        )?;
        writeln!(
            f,
            "read {} of {} on disk in {} reads",
            byte_size(self.bytes_read),
            byte_size(self.bytes_on_disk),
            grouped(self.reads)
        )
    }
}
