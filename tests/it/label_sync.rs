//! Syncs of label lists (rules §8) over the store: what is confirmed by what, and syncs side by side.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use labeld::clock::{Clock, TestClock};
use labeld::model::TenantName;
use labeld::model::catalogue::{LabelState, SyncStatus};
use labeld::pipeline::label_sync::{self, ListSource, SyncEnd};
use labeld::store::{Db, labels};
use labeld_connector::{Error, ErrorKind, LabelSource, Result};
use serde_json::json;
use tokio::sync::Barrier;
use uuid::Uuid;

use crate::store::{CONTOSO, at, on_both_stores};

on_both_stores!(
    losses_wait_for_a_second_list,
    a_list_confirms_nothing_that_another_process_saw_at_the_same_time,
    syncs_side_by_side_create_each_label_once,
    a_failure_keeps_the_list_the_loss_and_the_age,
    an_id_that_becomes_known_leaves_one_entry_for_each_label,
);

fn id(number: u128) -> Uuid {
    Uuid::from_u128(0x2000 + number)
}

/// A list with labels of these numbers, or none to be had.
#[derive(Debug)]
struct Scripted {
    numbers: Option<Vec<u128>>,
    /// Where all who ask wait for each other.
    meeting: Option<Arc<Barrier>>,
}

impl std::fmt::Display for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the script")
    }
}

#[async_trait]
impl LabelSource for Scripted {
    async fn label_list(&self) -> Result<Bytes> {
        if let Some(meeting) = &self.meeting {
            meeting.wait().await;
        }
        let Some(numbers) = &self.numbers else {
            return Err(Error::new(
                ErrorKind::Transient,
                "read the label list of",
                "x",
            ));
        };
        let labels: Vec<_> = numbers
            .iter()
            .map(|number| json!({"id": id(*number), "name": format!("label {number}")}))
            .collect();
        Ok(Bytes::from(json!({ "value": labels }).to_string()))
    }
}

fn list(numbers: &[u128]) -> ListSource {
    ListSource::Service(Arc::new(Scripted {
        numbers: Some(numbers.to_vec()),
        meeting: None,
    }))
}

/// A list for so many who ask at once.
fn list_for(askers: usize, numbers: &[u128]) -> ListSource {
    ListSource::Service(Arc::new(Scripted {
        numbers: Some(numbers.to_vec()),
        meeting: Some(Arc::new(Barrier::new(askers))),
    }))
}

fn no_list() -> ListSource {
    ListSource::Service(Arc::new(Scripted {
        numbers: None,
        meeting: None,
    }))
}

fn tenant() -> TenantName {
    "contoso".into()
}

/// A clock that stands still: no sync may depend on its moving.
fn clock() -> TestClock {
    TestClock::at(at(100))
}

async fn sync(db: &Db, source: &ListSource, clock: &dyn Clock) -> SyncEnd {
    label_sync::run(db, &tenant(), Some(CONTOSO), source, clock)
        .await
        .unwrap()
}

/// The numbers of the labels that are not deleted.
async fn live(db: &Db) -> Vec<u128> {
    let entries = labels::entries(db, &tenant()).await.unwrap();
    entries
        .iter()
        .filter(|entry| entry.state != LabelState::Deleted)
        .map(|entry| entry.definition.id.as_u128() - 0x2000)
        .collect()
}

async fn status(db: &Db) -> SyncStatus {
    labels::sync_status(db, &tenant()).await.unwrap().unwrap()
}

/// Each step is a sync of its own with what only the store kept from the one before, as over a restart.
async fn losses_wait_for_a_second_list(db: Db) {
    type Step = (&'static [u128], &'static [u128], bool);
    let steps: [Step; 11] = [
        (&[1, 2, 3, 4], &[1, 2, 3, 4], false),
        (&[], &[1, 2, 3, 4], true),
        // Back again: nothing is left to confirm.
        (&[1, 2, 3, 4], &[1, 2, 3, 4], false),
        (&[1, 2], &[1, 2, 3, 4], true),
        // Others are missing now: another loss.
        (&[3, 4], &[1, 2, 3, 4], true),
        (&[3], &[1, 2, 3, 4], true),
        // Of those two are back, and what is missing was missing before.
        (&[1, 3], &[1, 3], false),
        (&[1, 3, 5, 6], &[1, 3, 5, 6], false),
        (&[1, 3, 5], &[1, 3, 5], false),
        (&[], &[1, 3, 5], true),
        (&[], &[], false),
    ];
    let clock = clock();
    for (number, (listed, expected, waits)) in steps.into_iter().enumerate() {
        let end = sync(&db, &list(listed), &clock).await;
        assert!(matches!(end, SyncEnd::Done(_)), "{number}: {end:?}");
        assert_eq!(live(&db).await, expected, "{number}");
        assert_eq!(status(&db).await.pending.is_some(), waits, "{number}");
    }
}

async fn a_list_confirms_nothing_that_another_process_saw_at_the_same_time(db: Db) {
    let clock = clock();
    sync(&db, &list(&[1, 2]), &clock).await;
    let empty = list_for(2, &[]);
    let ends = tokio::join!(sync(&db, &empty, &clock), sync(&db, &empty, &clock));
    let ends = [ends.0, ends.1];
    let overtaken = ends.iter().filter(|end| matches!(end, SyncEnd::Overtaken));
    assert_eq!(overtaken.count(), 1, "{ends:?}");
    assert_eq!(live(&db).await, [1, 2]);
    assert!(status(&db).await.pending.is_some());
    // Asked for again, it is a second list.
    sync(&db, &list(&[]), &clock).await;
    assert_eq!(live(&db).await, []);
}

async fn syncs_side_by_side_create_each_label_once(db: Db) {
    let first = list_for(3, &[1, 2]);
    let clock = clock();
    let ends = tokio::join!(
        sync(&db, &first, &clock),
        sync(&db, &first, &clock),
        sync(&db, &first, &clock)
    );
    let ends = [ends.0, ends.1, ends.2];
    let done = ends.iter().filter(|end| matches!(end, SyncEnd::Done(_)));
    assert_eq!(done.count(), 1, "{ends:?}");
    for number in [1, 2] {
        let events = labels::events(&db, &tenant(), id(number)).await.unwrap();
        assert_eq!(events.len(), 1, "{events:?}");
    }
}

async fn a_failure_keeps_the_list_the_loss_and_the_age(db: Db) {
    let clock = clock();
    sync(&db, &list(&[1, 2]), &clock).await;
    let read: DateTime<Utc> = clock.now();
    sync(&db, &list(&[1]), &clock).await;
    let good = status(&db).await;
    clock.advance(TimeDelta::hours(1));
    let end = sync(&db, &no_list(), &clock).await;
    assert!(matches!(end, SyncEnd::Failed(_)), "{end:?}");
    let failed = status(&db).await;
    assert_eq!(failed.last_attempt, clock.now());
    assert_eq!(failed.last_success, Some(read));
    assert_eq!(failed.pending, good.pending);
    assert!(
        failed
            .last_error
            .is_some_and(|error| error.contains("cannot read the label list"))
    );
    assert_eq!(live(&db).await, [1, 2]);
    // The second list that misses it, with a failure in between.
    sync(&db, &list(&[1]), &clock).await;
    assert_eq!(live(&db).await, [1]);
    assert_eq!(status(&db).await.last_error, None);
}

async fn an_id_that_becomes_known_leaves_one_entry_for_each_label(db: Db) {
    let clock = clock();
    for site_id in [None, Some(CONTOSO), None] {
        let end = label_sync::run(&db, &tenant(), site_id, &list(&[1, 2]), &clock).await;
        assert!(matches!(end, Ok(SyncEnd::Done(_))), "{end:?}");
        assert_eq!(live(&db).await, [1, 2], "{site_id:?}");
    }
    let events = labels::events(&db, &tenant(), id(1)).await.unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
}
