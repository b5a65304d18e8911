//! Opening a store that is not as it should be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use labeld::store::{Access, Db, Location, StoreError, apps};
use tempfile::TempDir;

use super::{finance, sqlite};

async fn fails(path: &Path, access: Access) -> StoreError {
    match Db::open(&Location::from(path), access).await {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

/// A closed store with one app in it.
async fn closed_store() -> (std::path::PathBuf, TempDir) {
    let (db, folder) = sqlite().await;
    let tx = db.begin().await.unwrap();
    finance(&tx).await;
    tx.commit().await.unwrap();
    db.close().await.unwrap();
    (folder.path().join("labeld.db"), folder)
}

#[tokio::test]
async fn damaged_files_are_told_from_stores() {
    let (path, folder) = closed_store().await;
    let sound = fs::read(&path).unwrap();
    let mut overwritten = sound.clone();
    overwritten[100..4096].fill(0xa5);
    let foreign = folder.path().join("foreign.db");
    let other = rusqlite::Connection::open(&foreign).unwrap();
    other.execute_batch("CREATE TABLE notes (text)").unwrap();
    drop(other);
    let table: [(&str, Vec<u8>, &str); 6] = [
        ("text", b"tenant,app\n".repeat(1000), "no SQLite database"),
        (
            "a few bytes",
            b"SQLite format 3\0".to_vec(),
            "no SQLite database",
        ),
        ("cut off", sound[..sound.len() - 4096].to_vec(), "cut off"),
        ("header only", sound[..100].to_vec(), "cut off"),
        ("overwritten", overwritten, "malformed"),
        ("foreign", fs::read(&foreign).unwrap(), "another program"),
    ];
    for (name, bytes, words) in table {
        let path = folder.path().join("damaged.db");
        fs::write(&path, &bytes).unwrap();
        for access in [Access::Read, Access::Write] {
            let error = fails(&path, access).await;
            assert!(
                matches!(error, StoreError::Damaged { .. }),
                "{name}: {error:?}"
            );
            assert_eq!(error.exit_code(), 10);
            let message = error.to_string();
            for part in [words, "damaged.db", "restore a backup"] {
                assert!(message.contains(part), "{name}: {message}");
            }
        }
        assert_eq!(fs::read(&path).unwrap(), bytes, "{name}: left as it was");
    }
}

#[tokio::test]
async fn a_store_that_is_not_there_is_missing() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("a/b/labeld.db");
    for access in [Access::Read, Access::Write] {
        let error = fails(&path, access).await;
        assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");
        assert_eq!(error.exit_code(), 10);
    }
    assert!(!folder.path().join("a").exists());
    let error = fails(folder.path(), Access::Write).await;
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");

    fs::write(folder.path().join("empty.db"), "").unwrap();
    let error = fails(&folder.path().join("empty.db"), Access::Read).await;
    assert!(error.to_string().contains("labeld rescan"), "{error}");
}

#[tokio::test]
async fn a_writer_makes_the_folder_of_the_store() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("labeld-data/labeld.db");
    let db = Db::open(&Location::from(path.as_path()), Access::Write).await;
    db.unwrap().close().await.unwrap();
    assert!(path.exists());
}

#[tokio::test]
async fn a_store_from_the_future_names_both_versions() {
    let (path, _folder) = closed_store().await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute("INSERT INTO schema_version VALUES (99)", [])
        .unwrap();
    drop(connection);
    for access in [Access::Read, Access::Write] {
        from_the_future(&fails(&path, access).await);
    }
    let Some(url) = crate::postgres::new_schema().await else {
        return;
    };
    let location = Location::parse(&url);
    let db = Db::open(&location, Access::Write).await.unwrap();
    db.close().await.unwrap();
    crate::postgres::execute(&url, "INSERT INTO schema_version VALUES (99)").await;
    for access in [Access::Read, Access::Write] {
        from_the_future(&Db::open(&location, access).await.unwrap_err());
    }
}

fn from_the_future(error: &StoreError) {
    assert!(matches!(error, StoreError::NewerSchema { .. }), "{error:?}");
    assert_eq!(error.exit_code(), 10);
    let message = error.to_string();
    for part in ["99", "versions up to", "newer labeld"] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn a_second_writer_is_refused_and_readers_are_not() {
    let (db, folder) = sqlite().await;
    let path = folder.path().join("labeld.db");
    let error = fails(&path, Access::Write).await;
    assert!(matches!(error, StoreError::InUse { .. }), "{error:?}");
    assert_eq!(error.exit_code(), 11);

    let reader = Db::open(&Location::from(path.as_path()), Access::Read)
        .await
        .unwrap();
    let error = reader.begin().await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    let app = async || {
        apps::find(&reader, &"contoso".into(), &"finance".into())
            .await
            .unwrap()
    };
    let tx = db.begin().await.unwrap();
    finance(&tx).await;
    assert_eq!(app().await, None, "not committed yet");
    tx.commit().await.unwrap();
    assert!(app().await.is_some());

    db.close().await.unwrap();
    let next = Db::open(&Location::from(path.as_path()), Access::Write).await;
    next.unwrap();
}

#[tokio::test]
async fn what_a_killed_writer_left_is_there() {
    let (db, folder) = sqlite().await;
    let tx = db.begin().await.unwrap();
    finance(&tx).await;
    tx.commit().await.unwrap();
    let tx = db.begin().await.unwrap();
    apps::ensure(&tx, &"contoso".into(), &"half done".into())
        .await
        .unwrap();
    let copy = TempDir::new().unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), copy.path().join(entry.file_name())).unwrap();
    }
    let location = Location::from(copy.path().join("labeld.db").as_path());
    for access in [Access::Read, Access::Write] {
        let db = Db::open(&location, access).await.unwrap();
        let find = async |app: &str| {
            apps::find(&db, &"contoso".into(), &app.into())
                .await
                .unwrap()
        };
        assert!(find("finance").await.is_some());
        assert!(find("half done").await.is_none());
    }
}

/// Root may write everywhere, so this test runs itself again as somebody else.
#[tokio::test]
async fn a_folder_that_cannot_be_written() {
    if rustix::process::geteuid().is_root() {
        return run_as_nobody("store::opening::a_folder_that_cannot_be_written");
    }
    let (path, folder) = closed_store().await;
    let permit =
        |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
    fs::remove_file(folder.path().join("labeld.db.lock")).unwrap();
    permit(0o555);
    let error = fails(&path, Access::Write).await;
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    assert_eq!(error.exit_code(), 1);
    let new = fails(&folder.path().join("new/labeld.db"), Access::Write).await;
    assert!(matches!(new, StoreError::ReadOnly { .. }), "{new:?}");

    let reader = Db::open(&Location::from(path.as_path()), Access::Read)
        .await
        .unwrap();
    let app = apps::find(&reader, &"contoso".into(), &"finance".into()).await;
    assert!(app.unwrap().is_some());
    drop(reader);

    permit(0o755);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    let error = fails(&path, Access::Write).await;
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    let error = fails(&path, Access::Read).await;
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
}

fn run_as_nobody(test: &str) {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = folder.path().join("it");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let output = Command::new("runuser")
        .args(["-u", "nobody", "--"])
        .arg(&program)
        .args(["--exact", test])
        .current_dir("/")
        .env_remove("TMPDIR")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{said}"
    );
}

#[tokio::test]
async fn postgres_that_cannot_be_used() {
    let Some(url) = crate::postgres::new_schema().await else {
        return;
    };
    let empty = Db::open(&Location::parse(&url), Access::Read)
        .await
        .unwrap_err();
    assert!(matches!(empty, StoreError::Missing { .. }), "{empty:?}");
    assert!(empty.to_string().contains("labeld rescan"), "{empty}");

    let no_database = url.replace("/postgres?", "/nosuch?");
    let error = Db::open(&Location::parse(&no_database), Access::Write)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Missing { .. }), "{error:?}");

    let no_user = url.replace("postgres@", "nobody:geheim@");
    let error = Db::open(&Location::parse(&no_user), Access::Write)
        .await
        .unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("geheim"), "{error:?}");

    let nowhere = Location::parse("postgresql://me:geheim@127.0.0.1:1/labeld");
    let error = Db::open(&nowhere, Access::Write).await.unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error:?}");
    assert_eq!(error.exit_code(), 1);
    assert!(
        !format!("{error:?} {nowhere:?}").contains("geheim"),
        "{error:?}"
    );
}

#[tokio::test]
async fn postgres_opened_for_reading_is_not_written() {
    let Some(url) = crate::postgres::new_schema().await else {
        return;
    };
    let location = Location::parse(&url);
    let writer = Db::open(&location, Access::Write).await.unwrap();
    let second = Db::open(&location, Access::Write).await.unwrap();
    let reader = Db::open(&location, Access::Read).await.unwrap();
    let error = reader.begin().await.unwrap_err();
    assert!(matches!(error, StoreError::ReadOnly { .. }), "{error:?}");
    let tx = second.begin().await.unwrap();
    finance(&tx).await;
    tx.commit().await.unwrap();
    for db in [writer, reader] {
        let app = apps::find(&db, &"contoso".into(), &"finance".into()).await;
        assert!(app.unwrap().is_some());
    }
}
