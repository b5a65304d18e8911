-- Apps with several change feeds, folders with names of their own, and what listings say beside that.

-- The change feeds of an app. position is where the next page begins; null before the first page, and after it was lost.
-- enumerating: the pages up to there are the first of a list of everything.
CREATE TABLE feed (
    id {id},
    app {integer} NOT NULL REFERENCES app (id),
    name {text} NOT NULL,
    position {text},
    stored_at {integer},
    enumerating {integer} NOT NULL DEFAULT 0,
    UNIQUE (app, name)
);

-- Whatever was listed before came from an app's only feed. A listing that was under way begins anew.
INSERT INTO feed (app, name, position, stored_at)
SELECT app.id, '', c.position, c.stored_at FROM app
LEFT JOIN change_cursor c ON c.app = app.id
    AND NOT EXISTS (SELECT 1 FROM scan_run r WHERE r.app = app.id AND r.finished IS NULL);

DROP TABLE change_cursor;

-- The feeds that a run is listing from the beginning: what it has not seen of one at its end is gone.
CREATE TABLE run_feed (
    run {integer} NOT NULL REFERENCES scan_run (id),
    feed {integer} NOT NULL REFERENCES feed (id),
    PRIMARY KEY (run, feed)
) {keyed};

ALTER TABLE run_unreadable_folder ADD COLUMN feed {integer};

-- barrier: see files/changes.rs; 1 is what denied was. exposure: the same; null where it is not known.
ALTER TABLE file RENAME COLUMN denied TO barrier;
ALTER TABLE file ADD COLUMN feed {integer} REFERENCES feed (id);
ALTER TABLE file ADD COLUMN exposure {integer};
UPDATE file SET feed = (SELECT feed.id FROM feed WHERE feed.app = file.app);
CREATE INDEX file_feed ON file (feed{then_id}) WHERE removed IS NULL;
CREATE INDEX file_exposure ON file (exposure{then_id}) WHERE removed IS NULL AND exposure IS NOT NULL;

-- A folder is known by ref where its app names folders, else by its path. Two of one path can be there for a moment,
-- while a feed has told of one move and not yet of the other. link: where its files are on the web.
{sqlite:
PRAGMA defer_foreign_keys = ON;
CREATE TEMPORARY TABLE known_folder AS SELECT id, app, path FROM folder;
DROP TABLE folder;
CREATE TABLE folder (
    id INTEGER PRIMARY KEY,
    app INTEGER NOT NULL REFERENCES app (id),
    path TEXT NOT NULL,
    ref TEXT,
    parent INTEGER REFERENCES folder (id),
    link TEXT
);
INSERT INTO folder (id, app, path) SELECT id, app, path FROM known_folder;
DROP TABLE known_folder;
}
{postgres:
ALTER TABLE folder DROP CONSTRAINT folder_path_app_key;
ALTER TABLE folder ADD COLUMN ref TEXT COLLATE "C";
ALTER TABLE folder ADD COLUMN parent BIGINT REFERENCES folder (id);
ALTER TABLE folder ADD COLUMN link TEXT COLLATE "C";
}
CREATE INDEX folder_path ON folder (path, app);
CREATE UNIQUE INDEX folder_plain ON folder (app, path) WHERE ref IS NULL;
CREATE UNIQUE INDEX folder_ref ON folder (app, ref) WHERE ref IS NOT NULL;
CREATE INDEX folder_parent ON folder (parent) WHERE parent IS NOT NULL;

-- What an app's directory says about owners; all null for one that it does not know. groups: a JSON list, null where
-- the app does not tell.
CREATE TABLE owner_detail (
    app {integer} NOT NULL REFERENCES app (id),
    owner {integer} NOT NULL REFERENCES owner (id),
    display_name {text},
    department {text},
    unit {text},
    groups {text},
    read_at {integer} NOT NULL,
    PRIMARY KEY (app, owner)
) {keyed};
