-- The service: processes with leases, the queue of files to scan, scheduled tasks, counted calls; and what deciding
-- and writing will need.

-- A process at work. It has lost what it held once ended is set; the row stays for a while, so that its number is not
-- given to another. place: what only one process at a time can have, so that its next one knows that this one is dead.
CREATE TABLE worker (
    id {id},
    name {text} NOT NULL,
    place {text},
    started {integer} NOT NULL,
    expires {integer} NOT NULL,
    ended {integer}
);

-- Files to scan, one row for each while it is unfinished. class: 0 changed, 1 backlog. due: not before then. worker:
-- who is at it. again: it changed meanwhile. attempt: failed ones before the next. listed: since when it is wanted.
-- reason: why it failed last.
-- The row is narrow and goes when it is done. file refers to no table on purpose: a check per row would cost more than
-- the row, and a job without its file is dropped by whoever claims it. No index has the worker, so that a claim is an
-- update in place on PostgreSQL.
CREATE TABLE scan_job (
    file {integer} PRIMARY KEY,
    app {integer} NOT NULL,
    class {integer} NOT NULL,
    due {integer} NOT NULL,
    worker {integer},
    again {integer} NOT NULL DEFAULT 0,
    attempt {integer} NOT NULL DEFAULT 0,
    crashes {integer} NOT NULL DEFAULT 0,
    listed {integer} NOT NULL,
    reason {integer}
);

CREATE INDEX scan_job_order ON scan_job (app, class, due, file);
{postgres:
ALTER TABLE scan_job SET (fillfactor = 60, autovacuum_vacuum_scale_factor = 0.02);
}

-- Scheduled tasks, one row for each name. due: null before its first time. nudged: wanted before it is due.
-- succeeded: when it last ended without an error; error: of the last end.
CREATE TABLE task (
    name {text} PRIMARY KEY,
    due {integer},
    worker {integer},
    nudged {integer} NOT NULL DEFAULT 0,
    started {integer},
    finished {integer},
    succeeded {integer},
    error {text}
);

-- Calls to an app's service in a month, reserved ahead in blocks. month: months since January of the year 0.
CREATE TABLE call_usage (
    app {integer} NOT NULL REFERENCES app (id),
    month {integer} NOT NULL,
    calls {integer} NOT NULL,
    PRIMARY KEY (app, month)
) {keyed};

-- Policies by name. active: it is switched on, by the configuration or by a person; files are decided only where a tenant
-- has one. removed: it is no longer in the configuration; its history stays.
CREATE TABLE policy (
    id {id},
    tenant {text} NOT NULL,
    name {text} NOT NULL,
    active {integer} NOT NULL DEFAULT 0,
    removed {integer},
    UNIQUE (tenant, name)
);

-- Every text that a policy has had. digest: SHA-256 of document, so that the same text is not stored twice in a row.
CREATE TABLE policy_revision (
    id {id},
    policy {integer} NOT NULL REFERENCES policy (id),
    number {integer} NOT NULL,
    digest {bytes} NOT NULL,
    document {text} NOT NULL,
    stored_at {integer} NOT NULL,
    UNIQUE (policy, number)
);

-- What a person has set beside the configuration: off, or the mode. A policy stopped by its own bound (max_matches) is
-- switched off with that as the reason. consented: the revision whose canary somebody has looked at and let go on.
CREATE TABLE policy_switch (
    policy {integer} PRIMARY KEY REFERENCES policy (id),
    enabled {integer} NOT NULL,
    mode {text},
    consented {integer} REFERENCES policy_revision (id),
    changed_at {integer} NOT NULL,
    changed_by {text} NOT NULL,
    reason {text}
);

-- Which files a policy matches now.
CREATE TABLE policy_match (
    policy {integer} NOT NULL REFERENCES policy (id),
    file {integer} NOT NULL REFERENCES file (id),
    revision {integer} NOT NULL REFERENCES policy_revision (id),
    since {integer} NOT NULL,
    PRIMARY KEY (policy, file)
) {keyed};

CREATE INDEX policy_match_file ON policy_match (file, policy);

-- Files to decide, one row for each while something about it is new. The row is made in the transaction that makes it so.
-- file refers to no table, as in scan_job. since: since when it waits.
CREATE TABLE decision_job (
    file {integer} PRIMARY KEY,
    app {integer} NOT NULL,
    since {integer} NOT NULL
);

CREATE INDEX decision_job_order ON decision_job (app, since, file);

-- What the policies said to a file last. stamp: a digest of all that was looked at; the same stamp has the same answer
-- (rules §3, gate 13). policy: the one that has won; null where none does anything to labels. outcome: why nothing is
-- done; null where something is, or where no policy speaks. would: what is, or would be done: 1 apply, 2 remove.
CREATE TABLE file_decision (
    file {integer} PRIMARY KEY,
    stamp {integer} NOT NULL,
    policy {integer} REFERENCES policy (id),
    outcome {integer} REFERENCES term (id),
    would {integer},
    decided {integer} NOT NULL
);

-- What an app's files were last decided with as a whole. stamp: policies, switches, catalogue, and what the configuration
-- says of the app; another one makes all its files wait for a decision.
CREATE TABLE governed_app (
    app {integer} PRIMARY KEY REFERENCES app (id),
    stamp {text} NOT NULL,
    since {integer} NOT NULL
);

-- What label writes belong to where they are undone as a whole. kind: rescan, hand, service, undo. day: the UTC date (days
-- since 1970) of a service's, which begins one each date; null for the others. undoes: the run that is taken back.
CREATE TABLE action_run (
    id {id},
    kind {text} NOT NULL,
    started {integer} NOT NULL,
    asked_by {text},
    day {integer} UNIQUE,
    undoes {integer} REFERENCES action_run (id)
);

-- Label writes that are wanted, and what became of them. verb: 0 apply, 1 remove, 2 put back. revision: null for one that
-- a person asked for; asked_by, overrides and allow_downgrade are that person's. undoes: the ledger's row that is taken
-- back. file_version: decided for this version; another one is decided anew. rank: the lower is done sooner, more exposed
-- files first, then by severity (issue: the first hundred are the right hundred). state: 0 waiting, 1 suspended, 2 done,
-- 3 cancelled, 4 refused. run: what it belongs to where it is undone as a whole. again: when a refused one is opened again, to
-- find out whether what stood in its way is gone; looks: how often that was done.
CREATE TABLE action (
    id {id},
    tenant {text} NOT NULL,
    app {integer} NOT NULL REFERENCES app (id),
    file {integer} NOT NULL REFERENCES file (id),
    verb {integer} NOT NULL,
    site {bytes} NOT NULL,
    label {bytes},
    policy {integer} REFERENCES policy (id),
    revision {integer} REFERENCES policy_revision (id),
    asked_by {text},
    overrides {text},
    allow_downgrade {integer} NOT NULL DEFAULT 0,
    run {integer} REFERENCES action_run (id),
    undoes {bytes},
    file_version {text} NOT NULL,
    rank {integer} NOT NULL,
    state {integer} NOT NULL,
    due {integer} NOT NULL,
    worker {integer},
    attempt {integer} NOT NULL DEFAULT 0,
    crashes {integer} NOT NULL DEFAULT 0,
    reason {integer} REFERENCES term (id),
    detail {text},
    made {integer} NOT NULL,
    ended {integer},
    looks {integer} NOT NULL DEFAULT 0,
    again {integer}
);

-- At most one write is on its way to a file.
CREATE UNIQUE INDEX action_open ON action (file) WHERE ended IS NULL;
CREATE INDEX action_order ON action (app, verb, rank, due{then_id}) WHERE state = 0;
CREATE INDEX action_worker ON action (worker) WHERE worker IS NOT NULL;
CREATE INDEX action_policy ON action (policy{then_id}) WHERE ended IS NULL AND policy IS NOT NULL;
CREATE INDEX action_run_actions ON action (run{then_id}) WHERE run IS NOT NULL;
CREATE INDEX action_again ON action (app, again) WHERE again IS NOT NULL;
CREATE INDEX action_file ON action (file{then_id});
CREATE INDEX action_revision ON action (revision) WHERE revision IS NOT NULL;

-- Every attempt to write, from before it is sent. id is the ActionId in the label. decision: whose one effect it is: the
-- policy's revision, or the negated action for one that a person asked for. overridden: a person's choice is replaced
-- (rules §4, A7). state: 0 intent, 1 applied, 2 refused by the service, 3 failed: it did not land, 4 unknown, to be
-- settled, 5 unknown for good. sent_digest: SHA-256 of the bytes to be sent; part_digests: JSON, of each label part. undo:
-- JSON, what it takes to put the label state before it back. covered: JSON, a person's save that the write covered.
-- slot_day: the UTC date (days since 1970) whose cap has a place for it, and next_slot_day the one after it where the
-- write was in flight at midnight; null where the cap does not count it. undoes: the attempt that it takes back.
CREATE TABLE ledger (
    id {bytes} PRIMARY KEY,
    action {integer} NOT NULL REFERENCES action (id),
    tenant {text} NOT NULL,
    app_kind {text} NOT NULL,
    app {integer} NOT NULL REFERENCES app (id),
    file {integer} NOT NULL REFERENCES file (id),
    verb {integer} NOT NULL,
    site {bytes} NOT NULL,
    label {bytes},
    method {text},
    route {text} NOT NULL,
    decision {integer} NOT NULL,
    overridden {integer} NOT NULL DEFAULT 0,
    run {integer} REFERENCES action_run (id),
    undoes {bytes} REFERENCES ledger (id),
    state {integer} NOT NULL,
    reason {integer} REFERENCES term (id),
    detail {text},
    version_before {text} NOT NULL,
    size_before {integer} NOT NULL,
    digest_before {bytes},
    undo {text},
    sent_digest {bytes},
    part_digests {text},
    version_after {text},
    covered {text},
    slot_day {integer},
    next_slot_day {integer},
    worker {integer},
    intended_at {integer} NOT NULL,
    sent_at {integer},
    ended_at {integer}
);

-- One effect for one version, decision and label, across crashes, repetitions and duplicate events (product §3).
CREATE UNIQUE INDEX ledger_once ON ledger (file, version_before, verb, label, decision) WHERE state IN (0, 1, 4, 5) AND label IS NOT NULL;
CREATE UNIQUE INDEX ledger_once_without_label ON ledger (file, version_before, verb, decision) WHERE state IN (0, 1, 4, 5) AND label IS NULL;
-- One write at a time is on its way to a file, or may be.
CREATE UNIQUE INDEX ledger_open ON ledger (file) WHERE state IN (0, 4);
CREATE INDEX ledger_unsettled ON ledger (app, intended_at) WHERE state IN (0, 4);
CREATE INDEX ledger_file ON ledger (file, intended_at);
CREATE INDEX ledger_not_landed ON ledger (file) WHERE state IN (2, 3, 5);
CREATE INDEX ledger_action ON ledger (action);
CREATE INDEX ledger_undoes ON ledger (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX ledger_run ON ledger (run, intended_at) WHERE run IS NOT NULL;
CREATE INDEX ledger_cap ON ledger (tenant, app_kind, slot_day) WHERE slot_day IS NOT NULL;

-- The cap of a tenant and kind of app (rules §6). newest: the largest time seen, of the clock or of a service's Date
-- header. paused_until: null where it is not paused; paused_on: the date whose limit was reached.
CREATE TABLE cap (
    tenant {text} NOT NULL,
    app_kind {text} NOT NULL,
    newest {integer} NOT NULL,
    paused_until {integer},
    paused_on {integer},
    PRIMARY KEY (tenant, app_kind)
) {keyed};

-- Places of one UTC date (days since 1970): taken, and how many of those are of writes that have landed.
CREATE TABLE cap_day (
    tenant {text} NOT NULL,
    app_kind {text} NOT NULL,
    day {integer} NOT NULL,
    taken {integer} NOT NULL,
    landed {integer} NOT NULL,
    PRIMARY KEY (tenant, app_kind, day),
    CHECK (landed >= 0 AND taken >= landed)
) {keyed};

-- Append only; hash covers the entry and the hash before it.
CREATE TABLE audit_entry (
    sequence {integer} PRIMARY KEY,
    at {integer} NOT NULL,
    kind {text} NOT NULL,
    tenant {text},
    document {text} NOT NULL,
    hash {bytes} NOT NULL
);

CREATE INDEX audit_config ON audit_entry (sequence) WHERE kind = 'config.used';

-- The last entry; one row, which writers lock, so that the chain has no forks.
CREATE TABLE audit_head (
    id {integer} PRIMARY KEY CHECK (id = 1),
    sequence {integer} NOT NULL,
    hash {bytes} NOT NULL
);

CREATE TABLE alert (
    id {id},
    tenant {text} NOT NULL,
    policy {integer} REFERENCES policy (id),
    file {integer} REFERENCES file (id),
    kind {text} NOT NULL,
    severity {integer} NOT NULL,
    at {integer} NOT NULL,
    document {text} NOT NULL
);

CREATE INDEX alert_tenant ON alert (tenant{then_id});
CREATE INDEX alert_policy ON alert (policy, file) WHERE policy IS NOT NULL;

-- The outbox: an alert on its way to one of the tenant's channels.
CREATE TABLE alert_delivery (
    alert {integer} NOT NULL REFERENCES alert (id),
    channel {text} NOT NULL,
    due {integer} NOT NULL,
    worker {integer},
    attempt {integer} NOT NULL DEFAULT 0,
    delivered {integer},
    error {text},
    PRIMARY KEY (alert, channel)
) {keyed};

CREATE INDEX alert_delivery_due ON alert_delivery (due) WHERE delivered IS NULL;

-- Subscriptions to change notifications. secret: made for the subscription, and sent back by the service with each
-- notification; it proves that a hint to look is genuine, and opens nothing.
CREATE TABLE subscription (
    app {integer} NOT NULL REFERENCES app (id),
    feed {text} NOT NULL,
    id {text} NOT NULL,
    secret {text} NOT NULL,
    expires {integer} NOT NULL,
    PRIMARY KEY (app, feed, id)
) {keyed};

-- Lists of addresses that files are shared with by name; many files have the same. digest: SHA-256 of addresses. addresses:
-- a JSON list, or null where the app was asked and cannot tell all of them.
CREATE TABLE collaborator_list (
    id {id},
    digest {bytes} NOT NULL UNIQUE,
    addresses {text} NOT NULL
);

-- Null where nobody has asked.
ALTER TABLE file ADD COLUMN collaborators {integer} REFERENCES collaborator_list (id);
