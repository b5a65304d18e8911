-- Types in braces differ between the databases; see migrations.rs.
-- Times are milliseconds since 1970 in UTC. Truth values are 0 and 1.

CREATE TABLE app (
    id {id},
    tenant {text} NOT NULL,
    name {text} NOT NULL,
    UNIQUE (tenant, name)
);

-- Strings that repeat in many rows: states, reasons, formats, kinds of protection, extensions.
CREATE TABLE term (
    id {id},
    text {text} NOT NULL UNIQUE
);

CREATE TABLE folder (
    id {id},
    app {integer} NOT NULL REFERENCES app (id),
    path {text} NOT NULL,
    UNIQUE (path, app)
);

CREATE TABLE owner (
    id {id},
    name {text} NOT NULL UNIQUE
);

-- facts_version is the version that the facts were read from; null while nothing was read.
-- protection_detail is null for an empty object. kind: see files.rs.
CREATE TABLE file (
    id {id},
    app {integer} NOT NULL REFERENCES app (id),
    kind {integer} NOT NULL,
    denied {integer} NOT NULL,
    folder {integer} NOT NULL REFERENCES folder (id),
    owner {integer} REFERENCES owner (id),
    extension {integer} REFERENCES term (id),
    size {integer} NOT NULL,
    created {integer},
    modified {integer},
    first_seen {integer} NOT NULL,
    last_seen {integer} NOT NULL,
    removed {integer},
    reader {integer},
    read_at {integer},
    format {integer} REFERENCES term (id),
    state {integer} REFERENCES term (id),
    reason {integer} REFERENCES term (id),
    protection {integer} REFERENCES term (id),
    signed {integer},
    labelled {integer},
    bytes_read {integer},
    reads {integer},
    ref {text} NOT NULL,
    name {text} NOT NULL,
    version {text} NOT NULL,
    facts_version {text},
    detail {text},
    protection_detail {text},
    UNIQUE (app, ref)
);

-- Every list is ordered by id. In SQLite an index ends with the row's id, so one on a single column serves
-- "equals, in the order of ids"; PostgreSQL needs the id named. Conditions that give no order walk through an index
-- instead, which holds `removed` and `app` too, so that no row needs to be looked at.
CREATE INDEX file_app ON file (app{then_id}) WHERE removed IS NULL;
CREATE INDEX file_folder ON file (folder{then_id});
CREATE INDEX file_owner ON file (owner{then_id}) WHERE removed IS NULL AND owner IS NOT NULL;
CREATE INDEX file_extension ON file (extension{then_id}) WHERE removed IS NULL;
CREATE INDEX file_format ON file (format{then_id}) WHERE removed IS NULL;
CREATE INDEX file_state ON file (state{then_id}) WHERE removed IS NULL;
CREATE INDEX file_reason ON file (reason{then_id}) WHERE removed IS NULL AND reason IS NOT NULL;
CREATE INDEX file_labelled ON file (labelled{then_id}) WHERE removed IS NULL;
CREATE INDEX file_size ON file (size, removed, app{then_id});
CREATE INDEX file_created ON file (created, removed, app{then_id});
CREATE INDEX file_modified ON file (modified, removed, app{then_id});
CREATE INDEX file_read_at ON file (read_at, removed, app{then_id});
CREATE INDEX file_name ON file (name, removed, app{then_id});
CREATE INDEX file_removed ON file (removed{then_id}) WHERE removed IS NOT NULL;

-- A label as files name it. site is the Entra tenant id, or empty where the file does not say.
CREATE TABLE label (
    id {id},
    site {bytes} NOT NULL,
    guid {bytes} NOT NULL,
    UNIQUE (guid, site)
);

CREATE TABLE file_label (
    file {integer} NOT NULL REFERENCES file (id),
    label {integer} NOT NULL REFERENCES label (id),
    effective {integer} NOT NULL,
    document {text} NOT NULL,
    PRIMARY KEY (file, label)
) {keyed};

CREATE INDEX file_label_label ON file_label (label, file, effective);

-- The app's change feed up to which the inventory is complete.
CREATE TABLE change_cursor (
    app {integer} PRIMARY KEY REFERENCES app (id),
    position {text} NOT NULL,
    stored_at {integer} NOT NULL
);

CREATE TABLE scan_run (
    id {id},
    app {integer} NOT NULL REFERENCES app (id),
    scope {text} NOT NULL,
    phase {text} NOT NULL,
    started {integer} NOT NULL,
    finished {integer},
    interrupted {integer} NOT NULL,
    counters {text} NOT NULL,
    outcomes {text}
);

CREATE INDEX scan_run_app ON scan_run (app, id);

-- The files of the runs that are not finished. outcome: a term; null while there is none; 0 for a file
-- that was listed but is not in the scope of the run.
CREATE TABLE run_file (
    run {integer} NOT NULL REFERENCES scan_run (id),
    file {integer} NOT NULL,
    outcome {integer},
    PRIMARY KEY (run, file)
) {keyed};

CREATE INDEX run_file_pending ON run_file (run, file) WHERE outcome IS NULL;

CREATE TABLE run_unreadable_folder (
    run {integer} NOT NULL REFERENCES scan_run (id),
    path {text} NOT NULL,
    reason {text} NOT NULL,
    PRIMARY KEY (run, path)
) {keyed};

-- What each label means now; site as in label.
CREATE TABLE catalogue_label (
    tenant {text} NOT NULL,
    guid {bytes} NOT NULL,
    site {bytes} NOT NULL,
    state {text} NOT NULL,
    definition {text} NOT NULL,
    first_seen {integer} NOT NULL,
    last_seen {integer} NOT NULL,
    deleted_at {integer},
    PRIMARY KEY (tenant, guid, site)
) {keyed};

CREATE TABLE catalogue_event (
    id {id},
    tenant {text} NOT NULL,
    guid {bytes} NOT NULL,
    at {integer} NOT NULL,
    kind {text} NOT NULL,
    definition {text} NOT NULL
);

CREATE INDEX catalogue_event_label ON catalogue_event (tenant, guid, at, id);

CREATE TABLE catalogue_sync (
    tenant {text} PRIMARY KEY,
    last_attempt {integer} NOT NULL,
    last_success {integer},
    last_error {text},
    pending {text}
);
