//! What `labeld explain` says is what was done: over files and policies by chance, which a number repeats.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fastrand::Rng;
use labeld::model::inventory::{FileFacts, FileRecord};
use labeld::model::policy::{Override, PolicyMode, Route, Verdict};
use labeld::pipeline::govern::{Explanation, explain};
use labeld::policy::{DecidedBy, Decision, Wanted};
use labeld::store::actions::{self, ActionEnd, ActionState, AskedBy, Claim, NewAction, Verb};
use labeld::store::decisions::{self, Would};
use labeld::store::ledger::{self, Intent, Landed};
use labeld::store::{Db, policies};
use labeld_connector::{Barrier, Exposure, FileMeta, Version};
use serde_json::json;
use uuid::Uuid;

use super::{World, policy};
use crate::store::{CONTOSO, FABRIKAM, GENERAL, SECRET, facts, label, meta, on_both_stores};

on_both_stores!(explain_agrees_with_what_was_decided);

/// Files of a world.
const FILES: u32 = 45;

/// Worlds.
const WORLDS: u64 = 11;

/// The first number: from here on, each kind of decision comes up.
const FIRST: u64 = 300;

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
    // Twice, because people's labels are rare.
    "override = \"user_defined\"\nallow_downgrade = true",
    "override = \"none\"",
    "override = \"automatic\"",
    "override = \"user_defined\"",
    "override = \"user_defined\"\nallow_downgrade = true",
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
    let extension = chosen(chance, &["docx", "docx", "pdf", "pptx", "txt"]);
    let folder = chosen(chance, &["a", "a/deep", "b"]);
    let listed = FileMeta {
        size: chosen(chance, &[0, 300, 400, 450, 5_000, 6_000, 50_000_000]),
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
            &[
                None,
                None,
                None,
                None,
                None,
                None,
                Some("file.corrupt"),
                Some("fetch.failed"),
            ],
        )
        .map(str::to_owned),
        format: chosen(chance, &[Some("docx"), Some("docx"), Some("docx"), None])
            .map(str::to_owned),
        bytes_read: chosen(chance, &[0, 4096]),
        ..facts(labels)
    };
    (listed, read)
}

/// What a decision came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    NoPolicy,
    Apply,
    ApplyWithOverride,
    Remove,
    NoOp,
    BlockedByGate,
    BlockedByRow,
    LabelUnknown,
    NotRead,
    /// It is only said.
    Observed,
    /// It is done.
    Enforced,
    LostTo,
}

impl Kind {
    const ALL: [Self; 12] = [
        Self::NoPolicy,
        Self::Apply,
        Self::ApplyWithOverride,
        Self::Remove,
        Self::NoOp,
        Self::BlockedByGate,
        Self::BlockedByRow,
        Self::LabelUnknown,
        Self::NotRead,
        Self::Observed,
        Self::Enforced,
        Self::LostTo,
    ];

    /// Those of a decision.
    fn of(decision: &Decision) -> BTreeSet<Self> {
        let mut kinds = BTreeSet::new();
        if !decision.lost.is_empty() {
            kinds.insert(Self::LostTo);
        }
        let Some(planned) = &decision.planned else {
            kinds.insert(Self::NoPolicy);
            return kinds;
        };
        kinds.insert(match (planned.verdict, planned.decided_by) {
            (Verdict::Apply { override_used, .. }, _) if override_used => Self::ApplyWithOverride,
            (Verdict::Apply { .. }, _) => Self::Apply,
            (Verdict::Remove, _) => Self::Remove,
            (Verdict::NoOp(_), _) => Self::NoOp,
            (_, DecidedBy::Gate(_)) => Self::BlockedByGate,
            (_, DecidedBy::Row(_)) => Self::BlockedByRow,
            (_, DecidedBy::LabelName) => Self::LabelUnknown,
            (_, DecidedBy::NotRead) => Self::NotRead,
        });
        kinds.insert(match planned.mode {
            PolicyMode::Observe => Self::Observed,
            PolicyMode::Enforce => Self::Enforced,
        });
        kinds
    }
}

/// Says that labeld has put the label there that is on a file.
async fn written_by_labeld(world: &World, file: &FileRecord, chance: &mut Rng) {
    let Some(facts) = &file.facts else { return };
    let own = facts
        .labels
        .iter()
        .find(|label| label.site_id == Some(CONTOSO));
    let Some(label) = own else { return };
    let (db, worker, now) = (&world.rig.db, world.rig.work.worker, world.now());
    let wanted = NewAction {
        tenant: world.rig.app.tenant.clone(),
        app: world.rig.app_id,
        file: file.id,
        verb: Verb::Apply,
        site: CONTOSO,
        label: Some(label.id),
        asked_by: AskedBy::Person {
            name: "ada".to_owned(),
            overrides: Override::Automatic,
            allow_downgrade: false,
        },
        run: None,
        undoes: None,
        file_version: file.version.clone(),
        rank: 0,
    };
    let tx = db.begin().await.unwrap();
    actions::propose(&tx, &wanted, now).await.unwrap();
    tx.commit().await.unwrap();
    let claim = Claim {
        applies: true,
        run: None,
        limit: 1,
    };
    let claimed = actions::claim(db, world.rig.app_id, worker, claim, now).await;
    let action = claimed.unwrap().remove(0);
    let id = Uuid::from_u128(chance.u128(..));
    let intent = Intent {
        id,
        action: &action,
        app_kind: "scripted",
        label: Some(label.id),
        method: label.document["method"].as_str(),
        route: Route::File,
        overridden: chance.bool(),
        run: None,
        version_before: &Version("v0".to_owned()),
        size_before: 10,
        digest_before: None,
        undo: None,
        sent_digest: None,
        part_digests: None,
        slot_day: None,
        worker,
    };
    let tx = db.begin().await.unwrap();
    ledger::intend(&tx, &intent, now).await.unwrap();
    ledger::mark_sent(&tx, id, worker, now).await.unwrap();
    let left = Landed {
        version: None,
        next_slot_day: None,
        reason: None,
        detail: None,
    };
    assert!(ledger::landed(&tx, id, worker, left, now).await.unwrap());
    let done = ActionEnd::Over {
        state: ActionState::Done,
        reason: None,
        detail: None,
    };
    let held = actions::finish(&tx, action.id, worker, &done, None, now).await;
    assert!(held.unwrap());
    tx.commit().await.unwrap();
}

async fn explain_agrees_with_what_was_decided(db: Db) {
    let mut kinds = BTreeSet::new();
    for seed in FIRST..FIRST + WORLDS {
        let mut chance = Rng::with_seed(seed);
        let policies = some_policies(&mut chance);
        let mut world = World::new(db.clone(), &policies).await;
        let mut files = Vec::new();
        for number in 0..FILES {
            let (listed, read) = some_file(&mut chance, number);
            let put = world.put(listed, read).await.id;
            files.push(put);
            if chance.u32(..3) == 0 {
                let record = labeld::store::files::get(&world.rig.db, put).await;
                written_by_labeld(&world, &record.unwrap().unwrap(), &mut chance).await;
            }
        }
        world.decide().await;
        for id in files {
            let record = labeld::store::files::get(&world.rig.db, id).await;
            let record = record.unwrap().unwrap();
            let explained = explain(&world.rig.db, &world.rules, &record, world.now());
            let explained = explained.await.unwrap();
            agrees(&world, &record, &explained, &format!("{seed}: {policies}")).await;
            kinds.extend(Kind::of(&explained.decision));
        }
    }
    // What never occurs agrees with nothing.
    assert_eq!(kinds, BTreeSet::from(Kind::ALL));
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
