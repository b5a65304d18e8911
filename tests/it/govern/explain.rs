//! What `labeld explain` says is what was done: over files and policies by chance, which a number repeats.

use std::fmt::Write as _;

use fastrand::Rng;
use labeld::model::inventory::{FileFacts, FileRecord};
use labeld::model::policy::PolicyMode;
use labeld::pipeline::govern::{Explanation, explain};
use labeld::policy::Wanted;
use labeld::store::actions::{self, Verb};
use labeld::store::decisions::{self, Would};
use labeld::store::{Db, policies};
use labeld_connector::{Barrier, Exposure, FileMeta};
use serde_json::json;

use super::{World, policy};
use crate::store::{CONTOSO, FABRIKAM, GENERAL, SECRET, facts, label, meta, on_both_stores};

on_both_stores!(explain_agrees_with_what_was_decided);

/// Files of a world.
const FILES: u32 = 60;

/// Worlds.
const WORLDS: u64 = 8;

const CONDITIONS: &[&str] = &[
    "filter = { labelled = false }",
    "filter = { label = \"General\" }",
    "filter = { not = { label = \"Secret\" } }",
    "filter = { access_at_least = \"internal\" }",
    "filter = { any = [{ folder = \"a/**\" }, { extension = \"pdf\" }] }",
    "filter = { external_label = true }",
    "filter = { size = { at_most = 500 } }",
    "folders = { in = [\"b\"] }",
    "owners = { out = [\"eve@*\"] }",
    "",
];

const OPTIONS: &[&str] = &[
    "override = \"none\"",
    "override = \"automatic\"",
    "override = \"user_defined\"",
    "allow_downgrade = true",
    "allow = [{ filter = { trashed = true }, reason = \"r\", author = \"a\" }]",
    "",
];

fn chosen<T: Copy>(chance: &mut Rng, list: &[T]) -> T {
    list[chance.usize(..list.len())]
}

fn some_policies(chance: &mut Rng) -> String {
    let mut text = String::new();
    for number in 0..chance.u32(1..5) {
        let wanted = chosen(chance, &["General", "Secret", "Nowhere"]);
        let mut one = policy(&format!("p{number}"), wanted, "");
        if chance.u32(..4) == 0 {
            one = one.replace(
                &format!("apply_label = \"{wanted}\""),
                "remove_label = true",
            );
        }
        if chance.u32(..3) == 0 {
            one = one.replace("enforce", "observe");
        }
        let (condition, option) = (chosen(chance, CONDITIONS), chosen(chance, OPTIONS));
        let priority = chance.u32(1..4);
        write!(text, "{one}{condition}\n{option}\npriority = {priority}\n").unwrap();
    }
    text
}

fn some_file(chance: &mut Rng, number: u32) -> (FileMeta, FileFacts) {
    let extension = chosen(chance, &["docx", "pdf", "txt", "odt"]);
    let folder = chosen(chance, &["a", "a/deep", "b"]);
    let listed = FileMeta {
        size: chosen(chance, &[0, 400, 5_000, 50_000_000]),
        exposure: chosen(
            chance,
            &[
                Exposure::Unknown,
                Exposure::Private,
                Exposure::Internal,
                Exposure::Public,
            ],
        ),
        owner: chosen(
            chance,
            &[None, Some("eve@x.example"), Some("ada@x.example")],
        )
        .map(str::to_owned),
        barrier: chosen(
            chance,
            &[
                None,
                None,
                None,
                Some(Barrier::Trashed),
                Some(Barrier::Denied),
            ],
        ),
        ..meta(&format!("{folder}/{number}.{extension}"))
    };
    let mut labels = Vec::new();
    if chance.bool() {
        let mut own = label(Some(CONTOSO), chosen(chance, &[GENERAL, SECRET]), true);
        let method = chosen(chance, &["Standard", "Privileged", "Auto"]);
        own.document = json!({ "enabled": true, "method": method });
        labels.push(own);
    }
    if chance.u32(..4) == 0 {
        labels.push(label(Some(FABRIKAM), GENERAL, true));
    }
    let read = FileFacts {
        signed: chance.u32(..6) == 0,
        protection: chosen(
            chance,
            &["none", "none", "none", "rms", "password", "owner_password"],
        )
        .to_owned(),
        reason: chosen(
            chance,
            &[None, None, None, Some("file.corrupt"), Some("fetch.failed")],
        )
        .map(str::to_owned),
        format: chosen(chance, &[Some("docx"), Some("docx"), None]).map(str::to_owned),
        bytes_read: chosen(chance, &[0, 4096]),
        ..facts(labels)
    };
    (listed, read)
}

async fn explain_agrees_with_what_was_decided(db: Db) {
    for seed in 0..WORLDS {
        let mut chance = Rng::with_seed(seed);
        let policies = some_policies(&mut chance);
        let mut world = World::new(db.clone(), &policies).await;
        let mut files = Vec::new();
        for number in 0..FILES {
            let (listed, read) = some_file(&mut chance, number);
            files.push(world.put(listed, read).await.id);
        }
        world.decide().await;
        for id in files {
            let record = labeld::store::files::get(&world.rig.db, id).await;
            let record = record.unwrap().unwrap();
            let explained = explain(&world.rig.db, &world.rules, &record, world.now());
            let explained = explained.await.unwrap();
            agrees(&world, &record, &explained, &format!("{seed}: {policies}")).await;
        }
    }
}

async fn agrees(world: &World, record: &FileRecord, explained: &Explanation, what: &str) {
    let what = format!("{}/{} in {what}", record.folder, record.name);
    let decision = &explained.decision;
    assert!(!explained.waits, "{what}");
    assert_eq!(
        decision.trace.policies.len(),
        world.rules.definitions.len(),
        "{what}"
    );
    let db = &world.rig.db;
    let tx = db.begin().await.unwrap();
    let stored = decisions::decided(&tx, &[record.id]).await.unwrap();
    let stored = stored[&record.id];
    let matched = decisions::matches(&tx, &[record.id]).await.unwrap();
    tx.rollback();
    let mut matched = matched.get(&record.id).cloned().unwrap_or_default();
    matched.sort_unstable();
    let mut expected = Vec::new();
    for name in &decision.matched {
        let found = policies::find(db, &world.rig.app.tenant, name)
            .await
            .unwrap();
        expected.push(found.unwrap().id);
    }
    expected.sort_unstable();
    assert_eq!(matched, expected, "{what}");
    let open = actions::open_of_file(db, record.id).await.unwrap();
    let Some(planned) = &decision.planned else {
        assert_eq!(
            (stored.outcome, stored.would, open),
            (None, None, None),
            "{what}"
        );
        return;
    };
    let winner = policies::find(db, &world.rig.app.tenant, &planned.policy).await;
    assert_eq!(stored.policy, Some(winner.unwrap().unwrap().id), "{what}");
    if planned.verdict.writes() {
        let (verb, would, label) = match planned.wanted.unwrap() {
            Wanted::Apply(label) => (Verb::Apply, Would::Apply, Some(label)),
            Wanted::Remove => (Verb::Remove, Would::Remove, None),
        };
        assert_eq!(
            (stored.outcome, stored.would),
            (None, Some(would)),
            "{what}"
        );
        let wanted = open.map(|action| (action.wanted.verb, action.wanted.label));
        let acts = planned.mode == PolicyMode::Enforce;
        assert_eq!(wanted, acts.then_some((verb, label)), "{what}");
    } else {
        let expected = planned.verdict.reason();
        let is_read = expected != Some(labeld::model::Reason::Pending);
        assert_eq!(stored.outcome, expected.filter(|_| is_read), "{what}");
        assert_eq!((stored.would, open), (None, None), "{what}");
    }
}
