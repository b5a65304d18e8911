//! Actions and the ledger: one open action for a file, one effect for a decision, claims that race.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use futures_util::future::join_all;
use labeld::model::Reason;
use labeld::model::inventory::FileId;
use labeld::model::policy::{Override, PolicyName, Route};
use labeld::store::actions::{
    self, Action, ActionEnd, ActionState, AskedBy, Claim, NewAction, Proposed, RunKind, Verb,
};
use labeld::store::ledger::{self, AttemptState, Intended, Intent, Landed};
use labeld::store::policies::{self, ConfiguredPolicy, StoredPolicy};
use labeld::store::workers::{self, WorkerId};
use labeld::store::{Db, files};
use labeld_connector::{Change, Version};
use uuid::Uuid;

use super::{at, finance, meta, on_both_stores};

on_both_stores!(
    one_action_is_open_for_each_file,
    workers_race_for_actions,
    the_lowest_rank_is_claimed_first,
    what_a_dead_worker_had_is_free_and_what_it_sent_is_not,
    a_decision_has_one_effect_on_a_version,
    what_labeld_wrote_last,
);

const SITE: Uuid = Uuid::from_u128(1);
const LABEL: Uuid = Uuid::from_u128(2);

/// Files in an app, and a policy.
struct Rig {
    db: Db,
    app: labeld::store::apps::AppId,
    files: Vec<FileId>,
    policy: StoredPolicy,
}

impl Rig {
    async fn new(db: Db, files: usize) -> Self {
        let tx = db.begin().await.unwrap();
        let app = finance(&tx).await;
        let names: Vec<String> = (0..files).map(|number| format!("{number}.docx")).collect();
        let changes: Vec<Change> = names
            .iter()
            .map(|name| Change::Upserted(meta(name)))
            .collect();
        files::apply_changes(&tx, app, &changes, at(0))
            .await
            .unwrap();
        let configured = ConfiguredPolicy {
            name: PolicyName("p".to_owned()),
            document: "p".to_owned(),
            enabled: true,
        };
        policies::take_over(&tx, &"contoso".into(), &[configured], at(0))
            .await
            .unwrap();
        let policy = policies::of_tenant(&tx, &"contoso".into()).await.unwrap();
        let mut ids = Vec::new();
        for name in &names {
            let file = files::find(&tx, app, &labeld_connector::FileRef(name.clone())).await;
            ids.push(file.unwrap().unwrap().id);
        }
        tx.commit().await.unwrap();
        Self {
            db,
            app,
            files: ids,
            policy: policy.into_iter().next().unwrap(),
        }
    }

    fn by_policy(&self, file: usize, label: Uuid) -> NewAction {
        NewAction {
            tenant: "contoso".into(),
            app: self.app,
            file: self.files[file],
            verb: Verb::Apply,
            site: SITE,
            label: Some(label),
            asked_by: AskedBy::Policy {
                policy: self.policy.id,
                revision: self.policy.revision,
            },
            run: None,
            undoes: None,
            file_version: Version("v1".to_owned()),
            rank: 0,
        }
    }

    fn by_hand(&self, file: usize, label: Uuid) -> NewAction {
        NewAction {
            asked_by: AskedBy::Person {
                name: "ada".to_owned(),
                overrides: Override::UserDefined,
                allow_downgrade: true,
            },
            ..self.by_policy(file, label)
        }
    }

    async fn propose(&self, wanted: &NewAction) -> Proposed {
        let tx = self.db.begin().await.unwrap();
        let proposed = actions::propose(&tx, wanted, at(0)).await.unwrap();
        tx.commit().await.unwrap();
        proposed
    }

    async fn worker(&self, lease: i64) -> WorkerId {
        let lease = TimeDelta::seconds(lease);
        workers::register(&self.db, "w", lease, at(0))
            .await
            .unwrap()
    }

    async fn claim(&self, worker: WorkerId, limit: u32) -> Vec<Action> {
        let claim = Claim {
            applies: true,
            run: None,
            limit,
        };
        actions::claim(&self.db, self.app, worker, claim, at(1))
            .await
            .unwrap()
    }

    async fn finish(&self, action: &Action, worker: WorkerId, end: &ActionEnd) -> bool {
        let tx = self.db.begin().await.unwrap();
        let held = actions::finish(&tx, action.id, worker, end, None, at(2)).await;
        tx.commit().await.unwrap();
        held.unwrap()
    }

    /// Stores an intent for an action on a version.
    async fn intend(&self, action: &Action, worker: WorkerId, version: &str) -> (Uuid, Intended) {
        let id = Uuid::new_v4();
        let version = Version(version.to_owned());
        let intent = Intent {
            id,
            action,
            app_kind: "box",
            label: action.wanted.label,
            method: Some("Standard"),
            route: Route::File,
            overridden: false,
            run: None,
            version_before: &version,
            size_before: 10,
            digest_before: None,
            undo: None,
            sent_digest: None,
            part_digests: None,
            slot_day: None,
            worker,
        };
        let tx = self.db.begin().await.unwrap();
        let intended = ledger::intend(&tx, &intent, at(2)).await.unwrap();
        tx.commit().await.unwrap();
        (id, intended)
    }

    async fn land(&self, id: Uuid, worker: WorkerId) {
        let tx = self.db.begin().await.unwrap();
        assert!(ledger::mark_sent(&tx, id, worker, at(3)).await.unwrap());
        let left = Landed {
            version: None,
            next_slot_day: None,
            reason: None,
            detail: None,
        };
        assert!(ledger::landed(&tx, id, worker, left, at(4)).await.unwrap());
        tx.commit().await.unwrap();
    }
}

const DONE: ActionEnd = ActionEnd::Over {
    state: ActionState::Done,
    reason: None,
    detail: None,
};

async fn one_action_is_open_for_each_file(db: Db) {
    let rig = Rig::new(db, 1).await;
    let other = Uuid::from_u128(3);
    let Proposed::Made(first) = rig.propose(&rig.by_policy(0, LABEL)).await else {
        panic!();
    };
    assert_eq!(
        rig.propose(&rig.by_policy(0, LABEL)).await,
        Proposed::Kept(first)
    );
    // Another label takes its place; a person's request does so too, and stays.
    let Proposed::Replaced(second) = rig.propose(&rig.by_policy(0, other)).await else {
        panic!();
    };
    let Proposed::Replaced(third) = rig.propose(&rig.by_hand(0, LABEL)).await else {
        panic!();
    };
    assert_eq!(rig.propose(&rig.by_policy(0, other)).await, Proposed::Busy);
    for id in [first, second] {
        let action = actions::get(&rig.db, id).await.unwrap().unwrap();
        assert_eq!(action.state, ActionState::Cancelled);
        assert_eq!(action.reason, Some(Reason::PolicyCancelled));
    }
    let open = actions::open_of_file(&rig.db, rig.files[0])
        .await
        .unwrap()
        .unwrap();
    assert_eq!((open.id, open.wanted), (third, rig.by_hand(0, LABEL)));
    // Nothing takes it from a worker.
    let worker = rig.worker(60).await;
    let claimed = rig.claim(worker, 1).await;
    assert_eq!(rig.propose(&rig.by_hand(0, other)).await, Proposed::Busy);
    assert!(rig.finish(&claimed[0], worker, &DONE).await);
    assert!(matches!(
        rig.propose(&rig.by_policy(0, other)).await,
        Proposed::Made(_)
    ));
}

async fn workers_race_for_actions(db: Db) {
    let rig = Rig::new(db, 40).await;
    for file in 0..40 {
        rig.propose(&rig.by_policy(file, LABEL)).await;
    }
    let worker = rig.worker(60).await;
    let claims = join_all((0..8).map(|_| rig.claim(worker, 10))).await;
    let claimed: Vec<_> = claims
        .into_iter()
        .flatten()
        .map(|action| action.id)
        .collect();
    let distinct: BTreeSet<_> = claimed.iter().collect();
    assert_eq!((claimed.len(), distinct.len()), (40, 40));
}

async fn the_lowest_rank_is_claimed_first(db: Db) {
    let rig = Rig::new(db, 4).await;
    for (file, rank) in [(0, 5), (1, -3), (2, 0), (3, -3)] {
        let wanted = NewAction {
            rank,
            ..rig.by_policy(file, LABEL)
        };
        rig.propose(&wanted).await;
    }
    let worker = rig.worker(60).await;
    let ranks: Vec<i64> = rig
        .claim(worker, 3)
        .await
        .iter()
        .map(|action| action.wanted.rank)
        .collect();
    assert_eq!(ranks, [-3, -3, 0]);
}

async fn what_a_dead_worker_had_is_free_and_what_it_sent_is_not(db: Db) {
    let rig = Rig::new(db, 2).await;
    rig.propose(&rig.by_policy(0, LABEL)).await;
    rig.propose(&rig.by_policy(1, LABEL)).await;
    let dead = rig.worker(60).await;
    let claimed = rig.claim(dead, 2).await;
    let (sent, intended) = rig.intend(&claimed[0], dead, "v1").await;
    assert_eq!(intended, Intended::Stored);
    let tx = rig.db.begin().await.unwrap();
    assert!(ledger::mark_sent(&tx, sent, dead, at(3)).await.unwrap());
    tx.commit().await.unwrap();
    workers::rescue(&rig.db, at(100)).await.unwrap();
    let alive = workers::register(&rig.db, "w", TimeDelta::seconds(600), at(100))
        .await
        .unwrap();
    let claim = Claim {
        applies: true,
        run: None,
        limit: 9,
    };
    let taken = actions::claim(&rig.db, rig.app, alive, claim, at(100))
        .await
        .unwrap();
    assert_eq!(
        taken.iter().map(|action| action.id).collect::<Vec<_>>(),
        [claimed[1].id]
    );
    // The dead one cannot go on.
    let tx = rig.db.begin().await.unwrap();
    assert!(!ledger::mark_sent(&tx, sent, dead, at(101)).await.unwrap());
    tx.rollback();
    let open = ledger::unsettled(&rig.db, rig.app).await.unwrap();
    assert_eq!(open.len(), 1);
    assert!(!open[0].worker_lives);
    let tx = rig.db.begin().await.unwrap();
    assert!(ledger::take_over(&tx, &open[0].row, alive).await.unwrap());
    assert!(
        !ledger::take_over(&tx, &open[0].row, alive).await.unwrap()
            || open[0].row.worker == Some(alive)
    );
    let why = (Reason::WriteUnknown, None);
    let failed = ledger::fail(
        &tx,
        (sent, alive),
        AttemptState::Failed,
        why,
        false,
        at(102),
    )
    .await;
    assert!(failed.unwrap());
    tx.commit().await.unwrap();
    let taken = actions::claim(&rig.db, rig.app, alive, claim, at(103))
        .await
        .unwrap();
    assert_eq!(
        taken.iter().map(|action| action.id).collect::<Vec<_>>(),
        [claimed[0].id]
    );
}

async fn a_decision_has_one_effect_on_a_version(db: Db) {
    let rig = Rig::new(db, 1).await;
    let worker = rig.worker(60).await;
    let mut answers = Vec::new();
    // The same decision, the same by hand, once more by hand: each of a person's requests is a decision of its own.
    for (wanted, version) in [
        (rig.by_policy(0, LABEL), "v1"),
        (rig.by_policy(0, LABEL), "v1"),
        (rig.by_policy(0, LABEL), "v2"),
        (rig.by_hand(0, LABEL), "v1"),
        (rig.by_hand(0, LABEL), "v1"),
    ] {
        rig.propose(&wanted).await;
        let claimed = rig.claim(worker, 1).await;
        let (id, intended) = rig.intend(&claimed[0], worker, version).await;
        if intended == Intended::Stored {
            let (_, while_open) = rig.intend(&claimed[0], worker, "v9").await;
            assert_eq!(while_open, Intended::Unsettled);
            rig.land(id, worker).await;
        }
        answers.push(intended);
        rig.finish(&claimed[0], worker, &DONE).await;
    }
    let (stored, before) = (Intended::Stored, Intended::HadBefore);
    assert_eq!(answers, [stored, before, stored, stored, stored]);
    let rounds = ledger::applied_since(&rig.db, rig.files[0], at(0))
        .await
        .unwrap();
    assert_eq!(rounds, 2, "a person's do not count");
}

async fn what_labeld_wrote_last(db: Db) {
    let rig = Rig::new(db, 1).await;
    let worker = rig.worker(60).await;
    let file = rig.files[0];
    let newest = async || {
        let newest = ledger::newest_applied(&rig.db, &[file]).await.unwrap();
        newest.get(&file).map(|fact| fact.action_id)
    };
    let write = async |wanted: &NewAction, version: &str| {
        rig.propose(wanted).await;
        let claimed = rig.claim(worker, 1).await;
        let (id, intended) = rig.intend(&claimed[0], worker, version).await;
        assert_eq!(intended, Intended::Stored);
        rig.land(id, worker).await;
        rig.finish(&claimed[0], worker, &DONE).await;
        id
    };
    assert_eq!(newest().await, None);
    let applied = write(&rig.by_policy(0, LABEL), "v1").await;
    assert_eq!(newest().await, Some(applied));
    let undo = NewAction {
        verb: Verb::Restore,
        label: None,
        undoes: Some(applied),
        ..rig.by_hand(0, LABEL)
    };
    write(&undo, "v2").await;
    assert_eq!(newest().await, None, "it was taken back");
    assert!(ledger::undone_by(&rig.db, applied).await.unwrap().is_some());
    let again = write(&rig.by_hand(0, LABEL), "v3").await;
    assert_eq!(newest().await, Some(again));
    let removal = NewAction {
        verb: Verb::Remove,
        label: None,
        ..rig.by_hand(0, LABEL)
    };
    write(&removal, "v4").await;
    assert_eq!(newest().await, None, "it was removed");
    let tx = rig.db.begin().await.unwrap();
    let first = actions::service_run(&tx, at(0)).await.unwrap();
    assert_eq!(actions::service_run(&tx, at(60)).await.unwrap(), first);
    let tomorrow = actions::service_run(&tx, at(86_400)).await.unwrap();
    assert_ne!(tomorrow, first);
    let by_hand = actions::begin_run(&tx, RunKind::Hand, Some("ada"), None, at(0))
        .await
        .unwrap();
    let found = actions::find_run(&tx, by_hand).await.unwrap().unwrap();
    assert_eq!(
        (found.kind, found.asked_by.as_deref()),
        (RunKind::Hand, Some("ada"))
    );
    tx.commit().await.unwrap();
}
