//! A disk without room, and one that has room again: nothing that was stored is lost, reading goes on, writing comes back.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use labeld::store::{Access, Db, Location, StoreError, files};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::{at, finance, upserted};
use crate::workspace::{labeld, run};

/// Files of one transaction.
const PAGE: usize = 100;

/// The store whose disk is to become full; set where a test runs itself again.
const STORE: &str = "LABELD_TEST_FULL_STORE";

async fn store_page(db: &Db, number: usize) -> Result<(), StoreError> {
    let tx = db.begin().await?;
    let app = finance(&tx).await;
    let paths: Vec<String> = (0..PAGE)
        .map(|file| format!("{}/{number}/{file}.docx", "folder".repeat(10)))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    files::apply_changes(&tx, app, &upserted(&paths), at(1)).await?;
    tx.commit().await
}

/// Stores pages until one fails; how many were stored, and why no more.
async fn store_until_full(db: &Db) -> (usize, StoreError) {
    let mut number = 0;
    loop {
        match store_page(db, number).await {
            Ok(()) => number += 1,
            Err(error) => return (number, error),
        }
        assert!(number < 1000, "never full");
    }
}

async fn expect_files(db: &Db, pages: usize) {
    let count = files::count(db, &files::FileQuery::default()).await;
    assert_eq!(count.unwrap(), (pages * PAGE) as u64);
}

/// Runs this test again in a shell that has mounted a disk; says so where that cannot be done here.
fn again(test: &str, before: &str, store: &Path) {
    let script = format!("{before} || exit 99; exec \"$0\" --exact --nocapture {test}");
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command
        .args(["sh", "-c", &script])
        .arg(std::env::current_exe().unwrap())
        .env(STORE, store);
    let ended = run(command);
    if ended.code == Some(101) || ended.code == Some(0) {
        assert!(
            ended.code == Some(0) && ended.out.contains("1 passed"),
            "{ended:#?}"
        );
        return;
    }
    println!("skipped: no disk can be mounted here: {}", ended.err.trim());
}

/// A disk of 4 MiB of its own.
#[tokio::test]
async fn a_full_disk() {
    let Some(store) = std::env::var_os(STORE).map(PathBuf::from) else {
        let folder = tempfile::tempdir().unwrap();
        let mount = format!(
            "mount -t tmpfs -o size=4m tmpfs '{}'",
            folder.path().display()
        );
        again(
            "store::full::a_full_disk",
            &mount,
            &folder.path().join("labeld.db"),
        );
        return;
    };
    let db = Db::open(&Location::from(store.as_path()), Access::Write)
        .await
        .unwrap();
    store_page(&db, 999).await.unwrap();
    db.probe_write().await.unwrap();
    let ballast = store.with_file_name("ballast");
    let mut file = File::create(&ballast).unwrap();
    file.write_all(&vec![7; 1_500_000]).unwrap();
    let (stored, error) = store_until_full(&db).await;
    expect_full(&error);
    // The last bytes too.
    while file.write_all(&[7; 512]).is_ok() {}
    drop(file);
    expect_full(&db.probe_write().await.unwrap_err());
    expect_full(&store_page(&db, stored).await.unwrap_err());

    expect_files(&db, stored + 1).await;
    let mut check = labeld();
    check.args(["store", "check"]).arg(&store);
    run(check).expect(0).says(&["is sound"]);

    fs::remove_file(ballast).unwrap();
    db.probe_write().await.unwrap();
    store_page(&db, stored).await.unwrap();
    expect_files(&db, stored + 2).await;
    db.close().await.unwrap();
    let reader = Db::open(&Location::from(store.as_path()), Access::Read).await;
    expect_files(&reader.unwrap(), stored + 2).await;
}

fn expect_full(error: &StoreError) {
    assert!(matches!(error, StoreError::Full { .. }), "{error:?}");
    assert!(error.forbids_writing());
    let message = error.to_string();
    assert!(message.contains("no space left for the store at") && message.contains("labeld.db"));
}

/// A limit on the size of files, as a shell's `ulimit -f` and a quota set one, needs no rights of any kind.
#[tokio::test]
async fn a_limit_on_the_size_of_files() {
    let Some(store) = std::env::var_os(STORE).map(PathBuf::from) else {
        let folder = tempfile::tempdir().unwrap();
        let script = "trap '' XFSZ; ulimit -S -f 2048; exec \"$0\" --exact --nocapture store::full::a_limit_on_the_size_of_files";
        let mut command = Command::new("sh");
        command
            .args(["-c", script])
            .arg(std::env::current_exe().unwrap())
            .env(STORE, folder.path().join("labeld.db"));
        let ended = run(command).expect(0);
        assert!(ended.out.contains("1 passed"), "{ended:#?}");
        return;
    };
    let db = Db::open(&Location::from(store.as_path()), Access::Write)
        .await
        .unwrap();
    let (stored, error) = store_until_full(&db).await;
    assert!(stored > 0);
    for error in [error, db.probe_write().await.unwrap_err()] {
        assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
        assert!(error.forbids_writing());
        assert!(
            error.to_string().contains("limit on the size of files"),
            "{error}"
        );
    }
    expect_files(&db, stored).await;
    let limit = getrlimit(Resource::Fsize);
    let none = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    setrlimit(Resource::Fsize, none).unwrap();
    db.probe_write().await.unwrap();
    store_page(&db, stored).await.unwrap();
    expect_files(&db, stored + 1).await;
    db.close().await.unwrap();
}

/// Copies that find no room leave nothing behind.
#[test]
fn a_backup_without_room() {
    const SCRIPT: &str = r#"
mount -t tmpfs -o size=1m tmpfs small || exit 99
"$1" store backup small/copy.db; echo "backup: $?" >&2
ls small
"#;
    let workspace = crate::workspace::Workspace::new();
    for number in 0..600 {
        let folder = format!("{}{}", "f".repeat(60), number % 30);
        workspace.write(format!("{folder}/{number}.docx"), "not a document");
    }
    workspace.run(["rescan"]).expect(0);
    // Text of a few MiB, so that a copy is larger than the disk.
    let connection = rusqlite::Connection::open(workspace.database()).unwrap();
    let grown = "UPDATE file SET detail = hex(zeroblob(2000))";
    connection.execute_batch(grown).unwrap();
    drop(connection);
    fs::create_dir(workspace.path("small")).unwrap();
    let mut command = Command::new("unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    let plain = workspace.command();
    command
        .args(["sh", "-c", SCRIPT, "sh"])
        .arg(plain.get_program())
        .current_dir(workspace.path(""));
    let ended = run(command);
    if ended.code == Some(99) || !ended.err.contains("backup: ") {
        println!("skipped: no disk can be mounted here: {}", ended.err.trim());
        return;
    }
    let ended = ended
        .expect(0)
        .says(&["no space left for the store at small/copy.db", "backup: 1"]);
    assert_eq!(ended.out, "", "nothing is left of the copy");
}
