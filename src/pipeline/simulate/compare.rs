//! What other policies would change: file by file.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Decided, Rulebook, SurveyedFile, Tally, Within, walk};
use crate::model::inventory::FileId;
use crate::model::policy::{PolicyMode, PolicyName, Verdict};
use crate::model::{AppName, TenantName};
use crate::policy::Wanted;
use crate::store::{Db, StoreError};

/// What the policies say to a file; all `None` where none matches that does something to labels.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FileVerdict {
    /// The policy that decides.
    pub policy: Option<PolicyName>,
    /// Whether it acts.
    pub mode: Option<PolicyMode>,
    /// What it wants.
    pub wanted: Option<Wanted>,
    /// What may be done.
    pub verdict: Option<Verdict>,
}

impl FileVerdict {
    fn of(decided: Option<&Decided<'_>>) -> Self {
        let planned = decided.and_then(|decided| decided.decision.planned.as_ref());
        planned.map_or_else(Self::default, |planned| Self {
            policy: Some(planned.policy.clone()),
            mode: Some(planned.mode),
            wanted: planned.wanted,
            verdict: Some(planned.verdict),
        })
    }

    /// Whether something else is done to the file; which policy says so does not count.
    fn differs(&self, other: &Self) -> bool {
        (self.mode, self.wanted, self.verdict) != (other.mode, other.wanted, other.verdict)
    }
}

/// A file to which the policies say something else than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The file.
    pub file: FileId,
    /// Its tenant.
    pub tenant: TenantName,
    /// Its app.
    pub app: AppName,
    /// Folder and name.
    pub path: String,
    /// What the old policies say.
    pub before: FileVerdict,
    /// What the new ones say.
    pub after: FileVerdict,
}

/// What the new policies change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Files that were looked at.
    pub files: u64,
    /// Files whose verdict changes.
    pub changed: u64,
    /// Those of them with the smallest numbers.
    pub first: Vec<Changed>,
}

/// Evaluates old and new policies over the files; tells the first `limit` files whose verdict changes.
///
/// # Errors
///
/// Those of the store.
pub async fn compare(
    db: &Db,
    (old, new): (&Arc<Rulebook>, &Arc<Rulebook>),
    within: &Within,
    limit: usize,
) -> Result<Comparison, StoreError> {
    let tally = || Differences {
        old: Arc::clone(old),
        new: Arc::clone(new),
        limit,
        files: 0,
        changed: 0,
        first: BTreeMap::new(),
    };
    let mut all = tally();
    for part in walk(db, within, tally).await? {
        all.files += part.files;
        all.changed += part.changed;
        for changed in part.first.into_values() {
            all.keep(changed);
        }
    }
    Ok(Comparison {
        files: all.files,
        changed: all.changed,
        first: all.first.into_values().collect(),
    })
}

struct Differences {
    old: Arc<Rulebook>,
    new: Arc<Rulebook>,
    limit: usize,
    files: u64,
    changed: u64,
    first: BTreeMap<FileId, Changed>,
}

impl Tally for Differences {
    fn take(&mut self, file: &SurveyedFile) {
        let (old, new) = (self.old.decide(file), self.new.decide(file));
        if old.is_none() && new.is_none() {
            return;
        }
        self.files += 1;
        let before = FileVerdict::of(old.as_ref());
        let after = FileVerdict::of(new.as_ref());
        if !before.differs(&after) {
            return;
        }
        self.changed += 1;
        let record = &file.surveyed.record;
        let path = match record.folder.as_str() {
            "" => record.name.clone(),
            folder => format!("{folder}/{}", record.name),
        };
        self.keep(Changed {
            file: record.id,
            tenant: record.tenant.clone(),
            app: record.app.clone(),
            path,
            before,
            after,
        });
    }
}

impl Differences {
    fn keep(&mut self, changed: Changed) {
        self.first.insert(changed.file, changed);
        if self.first.len() > self.limit {
            self.first.pop_last();
        }
    }
}
