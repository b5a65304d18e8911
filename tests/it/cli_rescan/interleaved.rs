//! Rescans of one app with different scopes, of which one is stopped and goes on after the other.

use std::fs;
use std::sync::Arc;

use labeld::apps;
use labeld::clock::SystemClock;
use labeld::config::Config;
use labeld::pipeline::rescan::{Progress, Scope, rescan};
use labeld::pipeline::{
    CrashMarkers, Membership, MemoryBudget, ScanSettings, StageError, StopSignal, Work,
};
use labeld::store::{Access, Db, Location};

use super::rescan as run_rescan;
use crate::workspace::{Store, Workspace, docx};

/// More than the app lists at once.
const FILES: usize = 2_500;

/// Whether to stop now.
type Moment = fn(Progress) -> bool;

/// A rescan of everything that is asked to stop at the first progress for which `when` holds.
fn stopped_rescan(workspace: &Workspace, when: Moment) {
    let config = Config::load(&workspace.path("labeld.toml"));
    let Ok(config) = config else {
        panic!("{config:?}")
    };
    let location = match workspace.store() {
        Store::Sqlite => Location::Sqlite(workspace.database()),
        Store::Postgres(url) => Location::parse(url),
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&location, Access::Write).await.unwrap();
        let tenant = &config.tenants[0];
        let app = tenant.apps().next().unwrap();
        let app = apps::Organisation::new(&config, tenant).app(app).unwrap();
        let stop = StopSignal::default();
        let clock = Arc::new(SystemClock);
        let markers = Arc::new(CrashMarkers::nowhere());
        let member = Membership::join(db.clone(), clock.clone(), &markers, stop.clone())
            .await
            .unwrap();
        let budget = Arc::new(MemoryBudget::new(64 << 20));
        let worker = member.worker();
        let work = Work::new(db.clone(), worker, clock, stop.clone(), budget, markers);
        let mut watch = |progress| {
            if when(progress) {
                stop.stop();
            }
        };
        let settings = ScanSettings {
            coauthoring: apps::coauthoring(tenant),
            side_by_side: ScanSettings::SIDE_BY_SIDE,
        };
        let scope = Scope::default();
        let ended = rescan(&work, &app, &scope, settings, &mut watch).await;
        assert!(matches!(ended, Err(StageError::Stopped)), "{ended:?}");
        member.leave().await.unwrap();
        drop(work);
        db.close().await.unwrap();
    });
}

/// Files were taken for gone that another run had been told of: a run that goes on has not seen them, and
/// compared the inventory with what it had seen.
#[test]
fn a_run_that_goes_on_removes_no_file_that_another_run_was_told_of() {
    let moments: [(&str, Moment); 2] = [
        ("while listing", |progress| {
            matches!(progress, Progress::Listed(_))
        }),
        ("while reading", |progress| {
            matches!(progress, Progress::ToRead(_))
        }),
    ];
    for (moment, when) in moments {
        for store in Store::each() {
            let workspace = Workspace::on(store);
            for number in 0..FILES {
                workspace.write(format!("{number}.txt"), "text");
            }
            stopped_rescan(&workspace, when);
            workspace.write("new.docx", docx(None));
            run_rescan(&workspace, &["--path", "none/*"]);
            fs::remove_file(workspace.docs().join("7.txt")).unwrap();
            let account = run_rescan(&workspace, &[]);
            assert_eq!(account.in_scope, FILES as u64, "{moment}: {account:?}");
            account.balances(&workspace);
            assert!(workspace.inventory().contains_key("new.docx"), "{moment}");
        }
    }
}

/// Outcomes were kept of versions that another run had found to be old: a run that goes on has not been told.
#[test]
fn a_run_that_goes_on_reads_what_another_run_found_changed() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for number in 0..300 {
            workspace.write(format!("{number:03}.docx"), docx(None));
        }
        stopped_rescan(&workspace, |progress| matches!(progress, Progress::Read(_)));
        workspace.write("000.docx", "not a document");
        workspace.write("001.docx", "");
        fs::remove_file(workspace.docs().join("002.docx")).unwrap();
        run_rescan(&workspace, &["--path", "001.*"]);
        let account = run_rescan(&workspace, &[]);
        account.balances(&workspace);
        for (outcome, files) in [("file.type_unsupported", 1), ("file.empty", 1), ("ok", 297)] {
            assert_eq!(account.outcomes[outcome], files, "{account:?}");
        }
        assert_eq!(run_rescan(&workspace, &[]).read, 0);
    }
}

/// Files stayed for ever that went while the change feed was lost: the run had seen them before.
#[test]
fn a_run_whose_feed_is_lost_forgets_what_it_has_seen() {
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for number in 0..20 {
            workspace.write(format!("{number}.docx"), docx(None));
        }
        run_rescan(&workspace, &[]);
        workspace.write("20.docx", docx(None));
        stopped_rescan(&workspace, |progress| {
            matches!(progress, Progress::ToRead(_))
        });
        fs::remove_file(workspace.docs().join("7.docx")).unwrap();
        for feeds in ["data/feeds", "labeld-data/feeds"] {
            let _ = fs::remove_dir_all(workspace.path(feeds));
        }
        let account = run_rescan(&workspace, &[]);
        account.balances(&workspace);
    }
}
