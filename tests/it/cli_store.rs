//! `labeld store`: care of the store.

use std::fs;
use std::path::Path;

use labeld::store::{Access, Db, Location, apps};

use crate::workspace::{Store, Workspace, docx, labeld, run};

/// A label of the sample list.
const GENERAL: &str = "87867195-f2b8-4ac2-b0b6-6bb73cb33afc";

/// A store with three files, one of which is gone.
fn scanned(store: Store) -> Workspace {
    let workspace = Workspace::on(store);
    workspace.write("plans/a, b.docx", docx(Some(GENERAL)));
    workspace.write("c.docx", docx(None));
    workspace.write("gone.docx", docx(None));
    workspace.run(["rescan"]).expect(0);
    fs::remove_file(workspace.docs().join("gone.docx")).unwrap();
    workspace.run(["rescan"]).expect(0);
    workspace
}

async fn postgres() -> Option<Store> {
    crate::postgres::new_schema().await.map(Store::Postgres)
}

/// Names in the folder of the store, without the lock and what SQLite has beside its file.
fn beside_the_store(workspace: &Workspace) -> Vec<String> {
    let entries = fs::read_dir(workspace.path("data")).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("labeld.db"))
        .filter(|name| {
            ![".lock", "-wal", "-shm"]
                .iter()
                .any(|end| name.ends_with(end))
        })
        .collect();
    names.sort();
    names
}

#[test]
fn a_sound_store_passes_its_check() {
    let workspace = scanned(Store::Sqlite);
    for arguments in [&["store", "check"][..], &["store", "check", "--quick"]] {
        let ended = workspace.run(arguments).expect(0);
        assert_eq!(ended.out, "");
        ended.says(&["labeld.db is sound", "3 files", "KiB"]);
    }
    let rows = workspace.rows(["store", "check"]);
    assert!(rows.is_empty(), "{rows:?}");
}

#[tokio::test]
async fn a_sound_store_on_postgres_passes_its_check() {
    let Some(store) = postgres().await else {
        return;
    };
    let workspace = scanned(store);
    workspace
        .run(["store", "check"])
        .expect(0)
        .says(&["is sound", "3 files"]);
    workspace
        .run(["store", "vacuum"])
        .expect(0)
        .says(&["compacted"]);
    for (arguments, tool) in [
        (&["store", "backup"][..], "pg_dump"),
        (&["store", "restore", "x.backup"], "pg_restore"),
    ] {
        workspace
            .run(arguments)
            .expect(1)
            .says(&[tool, "PostgreSQL"]);
    }
}

#[test]
fn a_backup_is_put_back() {
    let workspace = scanned(Store::Sqlite);
    let before = workspace.rows(["store", "export", "--removed"]);
    let backup = workspace.run(["store", "backup"]).expect(0);
    let backup = backup.says(&["backed up", "checked"]).out;
    let backup = backup.trim_end();
    assert!(backup.ends_with(".backup"), "{backup}");
    workspace
        .run(["store", "check", backup])
        .expect(0)
        .says(&[backup, "is sound", "3 files"]);

    workspace.write("later.docx", docx(None));
    workspace.run(["rescan"]).expect(0);
    let later = fs::read(workspace.database()).unwrap();
    workspace
        .run(["store", "restore", backup])
        .expect(1)
        .says(&["there already", "--force"]);
    assert_eq!(fs::read(workspace.database()).unwrap(), later);

    workspace
        .run(["store", "restore", backup, "--force"])
        .expect(0)
        .says(&["restored", ".replaced"]);
    assert_eq!(workspace.rows(["store", "export", "--removed"]), before);
    let names = beside_the_store(&workspace);
    let kept = names.iter().find(|name| name.ends_with(".replaced"));
    let kept = workspace.path("data").join(kept.unwrap());
    let kept = kept.to_str().unwrap();
    workspace
        .run(["store", "check", kept])
        .expect(0)
        .says(&["4 files"]);
    // What came after the backup is found again.
    workspace.run(["rescan"]).expect(0);
    assert!(workspace.inventory().contains_key("later.docx"));
}

#[test]
fn a_store_that_is_gone_comes_back_without_force() {
    let workspace = scanned(Store::Sqlite);
    let before = workspace.rows(["store", "export"]);
    workspace.run(["store", "backup", "kept.backup"]).expect(0);
    fs::remove_dir_all(workspace.path("data")).unwrap();
    workspace.run(["files"]).expect(10);
    workspace.run(["store", "restore", "kept.backup"]).expect(0);
    assert_eq!(workspace.rows(["store", "export"]), before);
    assert_eq!(beside_the_store(&workspace), ["labeld.db"]);
}

#[test]
fn a_damaged_store_is_replaced_and_kept() {
    let workspace = scanned(Store::Sqlite);
    let before = workspace.rows(["store", "export"]);
    workspace.run(["store", "backup", "kept.backup"]).expect(0);
    let mut bytes = fs::read(workspace.database()).unwrap();
    bytes[100..5000].fill(0xa5);
    fs::write(workspace.database(), &bytes).unwrap();
    for command in ["files", "rescan", "skips"] {
        workspace
            .run([command])
            .expect(10)
            .says(&["data/labeld.db is damaged", "labeld store restore"]);
    }
    workspace
        .run(["store", "backup", "damaged.backup"])
        .expect(10);
    assert!(!workspace.path("damaged.backup").exists());
    workspace
        .run(["store", "restore", "kept.backup", "--force"])
        .expect(0);
    assert_eq!(workspace.rows(["store", "export"]), before);
    let names = beside_the_store(&workspace);
    let kept = names.iter().find(|name| name.ends_with(".replaced"));
    let kept = fs::read(workspace.path("data").join(kept.unwrap())).unwrap();
    assert_eq!(kept, bytes);
}

#[test]
fn backups_that_cannot_be_made_or_used() {
    let workspace = scanned(Store::Sqlite);
    workspace.run(["store", "backup", "one.backup"]).expect(0);
    let good = fs::read(workspace.path("one.backup")).unwrap();
    fs::write(workspace.path("cut.backup"), &good[..good.len() / 2]).unwrap();
    fs::write(workspace.path("text.backup"), "tenant,app\n".repeat(50)).unwrap();
    fs::write(workspace.path("empty.backup"), "").unwrap();
    let newer = workspace.path("newer.backup");
    fs::write(&newer, &good).unwrap();
    execute(&newer, "INSERT INTO schema_version VALUES (99)");
    let store = fs::read(workspace.database()).unwrap();
    let table: [(&[&str], i32, &[&str]); 8] = [
        (
            &["backup", "one.backup"],
            1,
            &["one.backup is there already"],
        ),
        (&["backup", "no/such/folder/x"], 1, &["no/such/folder/x"]),
        (
            &["restore", "cut.backup", "--force"],
            10,
            &["cut.backup is damaged", "cut off"],
        ),
        (
            &["restore", "text.backup", "--force"],
            10,
            &["no SQLite database"],
        ),
        (
            &["restore", "empty.backup", "--force"],
            10,
            &["no store at empty.backup"],
        ),
        (
            &["restore", "none.backup", "--force"],
            10,
            &["no store at none.backup"],
        ),
        (
            &["restore", "newer.backup", "--force"],
            10,
            &["99", "newer labeld"],
        ),
        (&["check", "cut.backup"], 10, &["cut.backup is damaged"]),
    ];
    for (arguments, code, words) in table {
        let ended = workspace.run(["store"].iter().chain(arguments));
        ended.expect(code).says(words);
    }
    assert_eq!(fs::read(workspace.database()).unwrap(), store);
    assert_eq!(beside_the_store(&workspace), ["labeld.db"]);
}

fn execute(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch(sql).unwrap();
}

/// What a program or a disk may leave, and the rule that notices it.
const WRONG: &[(&str, &str)] = &[
    ("UPDATE file SET labelled = 1 - labelled", "file.labelled"),
    (
        "UPDATE file SET read_at = NULL WHERE facts_version IS NOT NULL",
        "file.facts",
    ),
    ("UPDATE file SET kind = 77", "content"),
    ("UPDATE file_label SET document = '{half'", "content"),
    (
        "UPDATE folder SET parent = id WHERE path = 'plans'",
        "folder.parent",
    ),
    ("UPDATE feed SET stored_at = NULL", "feed.position"),
    (
        "INSERT INTO run_file (run, file) SELECT MIN(id), 4711 FROM scan_run",
        "run.file",
    ),
    (
        "INSERT INTO run_file (run, file) SELECT MIN(id), 1 FROM scan_run",
        "run.finished",
    ),
    (
        "INSERT INTO scan_job (file, app, class, due, listed) VALUES (4711, 1, 0, 0, 0)",
        "job.file",
    ),
    (
        "INSERT INTO scan_job (file, app, class, due, listed, worker) SELECT id, app, 0, 0, 0, 99 FROM file WHERE removed IS NULL",
        "job.worker",
    ),
    (
        "INSERT INTO task (name, worker) VALUES ('poll:acme/other', 99)",
        "task.worker",
    ),
];

fn findings(workspace: &Workspace) -> Vec<String> {
    let mut command = workspace.command();
    command.args(["store", "check", "--format", "jsonl"]);
    let rows = run(command).expect(10).json_lines();
    rows.iter()
        .map(|row| {
            assert!(row["count"].as_u64().unwrap() > 0, "{row}");
            assert!(!row["fix"].as_str().unwrap().is_empty(), "{row}");
            row["code"].as_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn what_is_wrong_is_found_on_sqlite() {
    let workspace = scanned(Store::Sqlite);
    let sound = fs::read(workspace.database()).unwrap();
    let only_sqlite = [
        ("UPDATE file SET folder = 4711", "reference"),
        ("DELETE FROM file WHERE name = 'a, b.docx'", "reference"),
        ("DROP INDEX file_state", "schema"),
        ("DROP TABLE owner_detail", "schema"),
        ("UPDATE file SET size = 0.5", "content"),
        ("UPDATE file SET name = CAST(x'ff' AS TEXT)", "content"),
    ];
    for (sql, code) in WRONG.iter().chain(&only_sqlite) {
        execute(
            &workspace.database(),
            &format!("PRAGMA foreign_keys = OFF; {sql}"),
        );
        let found = findings(&workspace);
        assert!(found.iter().any(|found| found == code), "{sql}: {found:?}");
        fs::write(workspace.database(), &sound).unwrap();
    }
    workspace.run(["store", "check"]).expect(0);
}

#[tokio::test]
async fn what_is_wrong_is_found_on_postgres() {
    let Some(store) = postgres().await else {
        return;
    };
    let Store::Postgres(url) = &store else {
        unreachable!("asked for PostgreSQL");
    };
    let url = url.clone();
    let workspace = scanned(store);
    let (tables, keys) = (
        "ALTER TABLE file DROP CONSTRAINT file_folder_fkey; UPDATE file SET folder = 4711",
        "ALTER TABLE owner DROP COLUMN name CASCADE",
    );
    let only_postgres = [(tables, "reference"), (keys, "schema")];
    for (sql, code) in WRONG.iter().chain(&only_postgres) {
        crate::postgres::execute(&url, sql).await;
        let found = findings(&workspace);
        assert!(found.iter().any(|found| found == code), "{sql}: {found:?}");
    }
}

#[tokio::test]
async fn the_export_has_one_shape_on_both_stores() {
    let mut exports = Vec::new();
    for store in [Some(Store::Sqlite), postgres().await] {
        let Some(store) = store else { continue };
        let workspace = scanned(store);
        let all = workspace.rows(["store", "export", "--removed"]);
        assert_eq!(all.len(), 3);
        let mut kept = all.clone();
        kept.retain(|row| row["removed"].is_null());
        assert_eq!(workspace.rows(["store", "export"]), kept);
        let labelled = all.iter().find(|row| row["name"] == "a, b.docx").unwrap();
        assert_eq!(labelled["facts"]["labels"][0]["id"], GENERAL);
        assert_eq!(labelled["folder"], "plans");

        let mut csv = workspace.command();
        csv.args(["store", "export", "--format", "csv"]);
        let csv = run(csv).expect(0).csv();
        assert_eq!(csv.len(), 2);
        for (row, record) in kept.iter().zip(&csv) {
            for field in [
                "id", "ref", "folder", "name", "kind", "size", "version", "created", "exposure",
            ] {
                let expected = row[field].to_string().trim_matches('"').to_owned();
                assert_eq!(record[field], expected, "{field}");
            }
        }
        let labelled = csv.iter().find(|record| record["name"] == "a, b.docx");
        assert!(labelled.unwrap()["labels"].ends_with(&format!("/{GENERAL}")));
        exports.push(columns(&csv[0]));
    }
    assert!(exports.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(exports[0].len(), 26, "a column may be added, none removed");
}

fn columns(record: &std::collections::BTreeMap<String, String>) -> Vec<String> {
    record.keys().cloned().collect()
}

#[test]
fn compacting_gives_room_back() {
    let workspace = scanned(Store::Sqlite);
    execute(
        &workspace.database(),
        "CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (zeroblob(3000000)); DROP TABLE ballast",
    );
    let before = fs::metadata(workspace.database()).unwrap().len();
    let inventory = workspace.inventory();
    workspace
        .run(["store", "vacuum"])
        .expect(0)
        .says(&["MiB before", "KiB now"]);
    assert!(fs::metadata(workspace.database()).unwrap().len() + 2_900_000 < before);
    assert_eq!(workspace.inventory(), inventory);
}

/// A store that somebody writes to is copied, checked and exported, and neither replaced nor compacted.
#[tokio::test]
async fn beside_a_writer() {
    let workspace = scanned(Store::Sqlite);
    workspace.run(["store", "backup", "first.backup"]).expect(0);
    let location = Location::from(workspace.database().as_path());
    let db = Db::open(&location, Access::Write).await.unwrap();
    let tx = db.begin().await.unwrap();
    apps::ensure(&tx, &"acme".into(), &"half done".into())
        .await
        .unwrap();
    workspace.run(["store", "check"]).expect(0);
    workspace
        .run(["store", "backup", "beside.backup"])
        .expect(0);
    workspace.run(["store", "export"]).expect(0);
    for arguments in [&["restore", "first.backup", "--force"][..], &["vacuum"]] {
        let ended = workspace.run(["store"].iter().chain(arguments));
        ended.expect(11).says(&["in use"]);
    }
    tx.commit().await.unwrap();
    let copy = rusqlite::Connection::open(workspace.path("beside.backup")).unwrap();
    let apps: i64 = copy
        .query_row("SELECT COUNT(*) FROM app", [], |row| row.get(0))
        .unwrap();
    assert_eq!(apps, 1, "what was not committed is in no copy");
}

#[tokio::test]
async fn a_database_that_is_not_there() {
    let workspace = Workspace::on(Store::Postgres(
        "postgresql://me:geheim@127.0.0.1:1/labeld".to_owned(),
    ));
    for arguments in [
        &["rescan"][..],
        &["files"],
        &["store", "check"],
        &["store", "vacuum"],
        &["store", "export"],
    ] {
        let ended = workspace.run(arguments).expect(1);
        let ended = ended.says(&["cannot reach the store at PostgreSQL 127.0.0.1"]);
        assert!(!ended.err.contains("geheim"), "{ended:?}");
    }
}

/// A check of a file needs no configuration.
#[test]
fn a_backup_is_checked_anywhere() {
    let workspace = scanned(Store::Sqlite);
    let mut command = labeld();
    command
        .current_dir(workspace.path("data"))
        .args(["store", "check", "labeld.db"]);
    run(command).expect(0).says(&["labeld.db is sound"]);
}
