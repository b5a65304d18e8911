//! `labeld cap`: what the day has left, and when what waits will be done.

use chrono::{DateTime, TimeDelta, Utc};
use labeld::model::TenantName;
use labeld::model::cap::{CapDay, CapReset, CapRule};
use labeld::store::cap::{self, CapKey, Reserved};
use serde_json::{Value, json};

use crate::cli_actions::{ask_for_all, open};
use crate::workspace::{Store, Workspace, docx};

/// The only cap of the workspace.
fn row(workspace: &Workspace) -> Value {
    let mut rows = workspace.rows(["cap"]);
    assert_eq!(rows.len(), 1, "{rows:#?}");
    rows.remove(0)
}

fn time(value: &Value) -> DateTime<Utc> {
    value.as_str().unwrap().parse().unwrap()
}

/// Takes places until none is left, and tells how many there were.
async fn take(workspace: &Workspace, most: u32, now: DateTime<Utc>) -> u32 {
    let tenant = TenantName::from("acme");
    let key = CapKey {
        tenant: &tenant,
        app_kind: "local",
    };
    let db = open(workspace).await;
    let mut taken = 0;
    for _ in 0..most {
        let tx = db.begin().await.unwrap();
        let reserved = cap::reserve(&tx, key, CapRule::default(), now)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        taken += u32::from(matches!(reserved, Reserved::Place(_)));
    }
    db.close().await.unwrap();
    taken
}

#[test]
fn the_cap_is_told_with_the_end_of_what_waits() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for store in Store::each() {
        let workspace = Workspace::on(store);
        for name in ["a.docx", "b.docx", "c.docx"] {
            workspace.write(name, docx(None));
        }
        workspace.run(["rescan"]).expect(0);
        let untouched = row(&workspace);
        let expected = json!({
            "tenant": "acme", "app_kind": "local", "apps": ["share"], "limit": 100, "used": 0, "landed": 0, "left": 100,
            "paused": false, "waiting": 0, "clock_back": false,
        });
        for (key, expected) in expected.as_object().unwrap() {
            assert_eq!(&untouched[key], expected, "{key}");
        }

        // In the last hours of a date it could become another one meanwhile: the day after tomorrow is ahead of the clock,
        // and the largest time seen counts.
        let ahead = Utc::now() + TimeDelta::days(2);
        runtime.block_on(async {
            ask_for_all(&workspace).await;
            assert_eq!(take(&workspace, 40, ahead).await, 40);
        });
        let some = row(&workspace);
        assert_eq!((&some["used"], &some["left"]), (&json!(40), &json!(60)));
        assert_eq!(some["waiting"], 3);
        assert_eq!(some["paused"], false);
        assert_eq!(some["clock_back"], true);
        let midnight = CapRule {
            reset: CapReset::Midnight,
            ..CapRule::default()
        };
        assert_eq!(time(&some["reset"]), midnight.lets_on(CapDay::of(ahead)));
        workspace.run(["cap"]).expect(0).says(&["clock.back"]);

        runtime.block_on(async { assert_eq!(take(&workspace, 99, ahead).await, 60) });
        let paused = row(&workspace);
        let noon = CapRule::default().lets_on(CapDay::of(ahead));
        assert_eq!((&paused["used"], &paused["left"]), (&json!(100), &json!(0)));
        assert_eq!(paused["paused"], true);
        assert_eq!(time(&paused["reset"]), noon);
        assert!(time(&paused["finish"]) >= noon, "{paused}");
        let table = workspace.run(["cap"]).expect(0).out;
        assert!(table.contains("waiting"), "{table}");
    }
}
