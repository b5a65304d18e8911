//! What must be true of the rows beyond what the schema says, as statements that count the rows that break it.

/// One such rule.
#[derive(Debug, Clone, Copy)]
pub(super) struct Invariant {
    /// Its name in the list of findings.
    pub(super) code: &'static str,
    /// Counts the rows that break it.
    pub(super) sql: &'static str,
    /// What is wrong with them.
    pub(super) what: &'static str,
    /// What to do about it.
    pub(super) fix: &'static str,
}

/// What brings back whatever is derived from the files themselves.
const READ_AGAIN: &str =
    "run `labeld rescan --reread`: it reads the files again and stores what it finds";

/// What is taken up by itself.
const RUN: &str = "run `labeld run` or `labeld rescan`: it takes up what is left";

/// What is left where a listing cannot mend it.
const RESTORE: &str = "restore a backup with `labeld store restore`, or move the store away and run `labeld rescan` to build it anew";

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        code: "file.folder",
        sql: "SELECT COUNT(*) FROM file f JOIN folder d ON d.id = f.folder WHERE d.app <> f.app",
        what: "files lie in a folder of another app",
        fix: RESTORE,
    },
    Invariant {
        code: "file.feed",
        sql: "SELECT COUNT(*) FROM file f JOIN feed d ON d.id = f.feed WHERE d.app <> f.app",
        what: "files come from a feed of another app",
        fix: RESTORE,
    },
    Invariant {
        code: "folder.parent",
        sql: "SELECT COUNT(*) FROM folder f JOIN folder p ON p.id = f.parent WHERE p.app <> f.app OR p.id = f.id",
        what: "folders lie in themselves or in a folder of another app",
        fix: RESTORE,
    },
    Invariant {
        code: "file.facts",
        sql: "SELECT COUNT(*) FROM file WHERE (facts_version IS NULL) <> (state IS NULL)
              OR (facts_version IS NULL) <> (read_at IS NULL) OR (facts_version IS NULL) <> (protection IS NULL)",
        what: "what was read of files is there in part only",
        fix: READ_AGAIN,
    },
    Invariant {
        code: "file.labelled",
        sql: "SELECT COUNT(*) FROM file f WHERE facts_version IS NOT NULL
              AND labelled <> (CASE WHEN EXISTS (SELECT 1 FROM file_label l WHERE l.file = f.id AND l.effective = 1) THEN 1 ELSE 0 END)",
        what: "files count as labelled without an effective label, or the other way round",
        fix: READ_AGAIN,
    },
    Invariant {
        code: "label.unread_file",
        sql: "SELECT COUNT(*) FROM file_label l JOIN file f ON f.id = l.file WHERE f.facts_version IS NULL",
        what: "labels belong to files that were never read",
        fix: READ_AGAIN,
    },
    Invariant {
        code: "run.file",
        sql: "SELECT COUNT(*) FROM run_file r LEFT JOIN file f ON f.id = r.file WHERE f.id IS NULL",
        what: "runs have files that are not in the inventory",
        fix: RESTORE,
    },
    Invariant {
        code: "run.finished",
        sql: "SELECT COUNT(*) FROM scan_run r WHERE r.finished IS NOT NULL
              AND (EXISTS (SELECT 1 FROM run_file f WHERE f.run = r.id) OR EXISTS (SELECT 1 FROM run_feed f WHERE f.run = r.id))",
        what: "runs that are over still have files or feeds to work on",
        fix: RESTORE,
    },
    Invariant {
        code: "feed.position",
        sql: "SELECT COUNT(*) FROM feed WHERE (position IS NULL) <> (stored_at IS NULL)",
        what: "feeds have a position without its time, or the other way round",
        fix: RESTORE,
    },
    Invariant {
        code: "job.file",
        sql: "SELECT COUNT(*) FROM scan_job j LEFT JOIN file f ON f.id = j.file
              WHERE f.id IS NULL OR f.app <> j.app",
        what: "scans are waiting for files that are not in the inventory, or are another app's",
        fix: RUN,
    },
    Invariant {
        code: "decision.file",
        sql: "SELECT COUNT(*) FROM decision_job j JOIN file f ON f.id = j.file WHERE f.app <> j.app",
        what: "decisions are waiting for files as if they were another app's",
        fix: RESTORE,
    },
    Invariant {
        code: "policy.match",
        sql: "SELECT COUNT(*) FROM policy_match m JOIN policy p ON p.id = m.policy WHERE p.removed IS NOT NULL",
        what: "policies that are gone still match files",
        fix: RUN,
    },
    Invariant {
        code: "job.worker",
        sql: "SELECT COUNT(*) FROM scan_job j LEFT JOIN worker w ON w.id = j.worker
              WHERE j.worker IS NOT NULL AND (w.id IS NULL OR w.ended IS NOT NULL)",
        what: "files are held by processes that have ended, so that nobody scans them",
        fix: RESTORE,
    },
    Invariant {
        code: "task.worker",
        sql: "SELECT COUNT(*) FROM task t LEFT JOIN worker w ON w.id = t.worker
              WHERE t.worker IS NOT NULL AND (w.id IS NULL OR w.ended IS NOT NULL)",
        what: "scheduled tasks are held by processes that have ended, so that nobody does them",
        fix: RESTORE,
    },
];
