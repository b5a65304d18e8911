//! `labeld actions`: listed by every filter, shown, retried, cancelled.

use labeld::model::policy::Override;
use labeld::store::actions::{self, ActionId, AskedBy, NewAction, Proposed, RunKind, Verb};
use labeld::store::files::{self, FileQuery, Page};
use labeld::store::{Access, Db, Location, apps};
use serde_json::Value;

use crate::workspace::{GENERAL, Store, TENANT, Workspace, docx};

/// The store of a workspace, to do what a command would.
pub(crate) async fn open(workspace: &Workspace) -> Db {
    let location = match workspace.store() {
        Store::Sqlite => Location::from(workspace.database().as_path()),
        Store::Postgres(url) => Location::parse(url),
    };
    Db::open(&location, Access::Write).await.unwrap()
}

/// A label on every file of the inventory, as a person asks for it; nothing is carried out.
pub(crate) async fn ask_for_all(workspace: &Workspace) -> Vec<ActionId> {
    let db = open(workspace).await;
    let all = Page {
        after: None,
        limit: 100,
    };
    let listed = files::list(&db, &FileQuery::default(), all).await.unwrap();
    let now = chrono::Utc::now();
    let tx = db.begin().await.unwrap();
    let app = apps::ensure(&tx, &"acme".into(), &"share".into())
        .await
        .unwrap();
    let run = actions::begin_run(&tx, RunKind::Hand, Some("ada"), None, now).await;
    let run = run.unwrap();
    let mut asked = Vec::new();
    for file in listed {
        let wanted = NewAction {
            tenant: "acme".into(),
            app,
            file: file.id,
            verb: Verb::Apply,
            site: TENANT.parse().unwrap(),
            label: Some(GENERAL.parse().unwrap()),
            asked_by: AskedBy::Person {
                name: "ada".to_owned(),
                overrides: Override::Automatic,
                allow_downgrade: false,
            },
            run: Some(run),
            undoes: None,
            file_version: file.version,
            rank: 0,
        };
        match actions::propose(&tx, &wanted, now).await.unwrap() {
            Proposed::Made(id) => asked.push(id),
            other => panic!("{other:?}"),
        }
    }
    tx.commit().await.unwrap();
    db.close().await.unwrap();
    asked
}

fn numbers(workspace: &Workspace, arguments: &[&str]) -> Vec<i64> {
    let rows = workspace.rows([&["actions", "list"], arguments].concat());
    rows.iter().map(|row| row["id"].as_i64().unwrap()).collect()
}

fn changed(workspace: &Workspace, command: &str, ids: &[String], code: i32) -> Vec<(Value, Value)> {
    let mut arguments = vec!["actions", command, "--format", "jsonl"];
    arguments.extend(ids.iter().map(String::as_str));
    let rows = workspace.run(arguments).expect(code).json_lines();
    rows.iter()
        .map(|row| (row["outcome"].clone(), row["detail"].clone()))
        .collect()
}

#[test]
fn actions_are_listed_shown_cancelled_and_retried() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for name in ["a.docx", "plans/b.docx", "c.docx"] {
            workspace.write(name, docx(None));
        }
        workspace.run(["rescan"]).expect(0);
        assert_eq!(numbers(&workspace, &[]), [0_i64; 0]);
        let asked = runtime.block_on(ask_for_all(&workspace));
        let ids: Vec<i64> = asked.iter().map(|id| id.0).collect();
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();

        let all = workspace.rows(["actions"]);
        assert_eq!(all.len(), 3);
        for row in &all {
            for (key, expected) in [
                ("state", "waiting"),
                ("verb", "apply"),
                ("label", "General"),
                ("tenant", "acme"),
                ("app", "share"),
                ("asked_by", "person ada"),
            ] {
                assert_eq!(row[key], expected, "{key}: {row}");
            }
        }
        let run = all[0]["run"].to_string();
        for (arguments, expected) in [
            (&["--state", "waiting"][..], &ids[..]),
            (&["--state", "done"], &[]),
            (&["--app", "share", "--tenant", "acme"], &ids),
            (&["--reason", "file.locked"], &[]),
            (&["--run", &run], &ids),
            (&["--limit", "2"], &ids[..2]),
            (&["--limit", "0"], &ids),
            (
                &["--file", "share:plans/b.docx"],
                &ids[all
                    .iter()
                    .position(|row| row["path"] == "plans/b.docx")
                    .unwrap()..][..1],
            ),
        ] {
            assert_eq!(numbers(&workspace, arguments), expected, "{arguments:?}");
        }
        for (arguments, words) in [
            (
                &["--policy", "none"][..],
                "no policy is, or was, called `none`",
            ),
            (&["--app", "none"], "no such tenant or app is configured"),
            (&["--reason", "none"], "no reason code is called `none`"),
            (
                &["--file", "share:none"],
                "the inventory has no file \"share:none\"",
            ),
        ] {
            let ended = workspace.run([&["actions", "list"], arguments].concat());
            ended.expect(2).says(&[words]);
        }
        let shown = workspace.run(["actions", "show", &texts[0]]).expect(0).out;
        for words in ["(waiting)", "apply General", "person ada", "labeld undo"] {
            assert!(shown.contains(words), "no {words}: {shown}");
        }
        workspace
            .run(["actions", "show", "999"])
            .expect(2)
            .says(&["there is no action 999"]);

        let ok = |word: &str| (Value::from(word), Value::Null);
        assert_eq!(
            changed(&workspace, "cancel", &texts[..2], 0),
            [ok("cancelled"), ok("cancelled")]
        );
        assert_eq!(numbers(&workspace, &["--state", "cancelled"]), ids[..2]);
        assert_eq!(
            numbers(&workspace, &["--reason", "policy.cancelled"]),
            ids[..2]
        );
        let again = changed(
            &workspace,
            "cancel",
            &[texts[0].clone(), "999".to_owned()],
            1,
        );
        assert_eq!(again[0].0, "unchanged");
        assert_eq!(again[1].1, "there is no such action");
        assert_eq!(
            changed(&workspace, "retry", &texts[..1], 0),
            [ok("retried")]
        );
        assert_eq!(numbers(&workspace, &["--state", "cancelled"]), ids[1..2]);

        let entries = workspace.run(["audit", "export"]).expect(0).json_lines();
        let kinds: Vec<&str> = entries
            .iter()
            .filter_map(|entry| entry["kind"].as_str())
            .filter(|kind| kind.starts_with("action."))
            .collect();
        assert_eq!(
            kinds,
            ["action.cancelled", "action.cancelled", "action.retried"]
        );
        workspace.run(["audit", "verify"]).expect(0);
    }
}
