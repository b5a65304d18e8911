//! The suite passes a connector that does what it must, and names what a broken one gets wrong.

#![allow(
    clippy::unwrap_used,
    reason = "a panic in a harness is the failure report"
)]

mod memory;

use std::sync::Arc;

use async_trait::async_trait;
use labeld_conformance::{Case, Chaos, ChaosOptions, Harness, Injected, check, check_all};
use labeld_connector::Connector;

use memory::{Fault, MemoryHarness};

/// The faults, and a case that must notice each.
const FAULTS: &[(Fault, Case)] = &[
    (Fault::FirstFileUnlisted, Case::FullEnumeration),
    (Fault::LastPageLostAfterRestart, Case::ResumeAtEveryPage),
    (Fault::PageAnsweredOnce, Case::EveryPageTwice),
    (Fault::NewFileUnreported, Case::PollNew),
    (Fault::VersionKept, Case::PollModified),
    (Fault::RefChangesWithPath, Case::PollRenamed),
    (Fault::RemovalUnreported, Case::PollRemoved),
    (Fault::AllReported, Case::PollUnchanged),
    (Fault::LastPageLostAfterRestart, Case::PollResumed),
    (Fault::BadCursorMeansAll, Case::BadCursor),
    (Fault::StatOfListing, Case::StatAbsent),
    (Fault::SizeWrongInStat, Case::StatPresent),
    (Fault::RangeEndIncluded, Case::ReadRanges),
    (Fault::EmptyFileUnreadable, Case::ReadEmpty),
    (Fault::AbsentReadsEmpty, Case::ReadAbsent),
    (Fault::IfMatchIgnored, Case::ReadIfMatch),
    (Fault::IfMatchIgnored, Case::ReadChangedBetweenRanges),
    (Fault::WriteCutShort, Case::Write),
    (Fault::ExpectIgnored, Case::WriteWrongVersion),
    (Fault::ModifiedMoves, Case::WriteKeepsModified),
    (Fault::WriteMakesFile, Case::WriteAbsent),
    (Fault::EditCovered, Case::WriteRace),
    (Fault::MirrorStays, Case::Mirror),
    (Fault::ExposureFails, Case::Exposure),
    (Fault::AddressesAsWritten, Case::Access),
    (Fault::FolderRenameUnreported, Case::PollFolderRenamed),
    (Fault::FolderRenameUnreported, Case::PollFolderMoved),
    (Fault::FolderRemovalUnreported, Case::PollFolderRemoved),
    (Fault::LocksEverything, Case::Obstacles),
    (Fault::ExaminesNothing, Case::Examine),
    (Fault::GhostFile, Case::EmptyApp),
];

#[tokio::test]
async fn a_right_connector_passes() {
    for (change_feed, write) in [(true, true), (false, true), (true, false)] {
        let outcome = check_all(async || MemoryHarness::new(None, change_feed, write)).await;
        outcome.unwrap_or_else(|failures| panic!("{change_feed} {write}: {failures}"));
    }
}

#[tokio::test]
async fn each_fault_is_noticed() {
    for &(fault, case) in FAULTS {
        let harness = MemoryHarness::new(Some(fault), true, true);
        assert!(
            check(case, &harness).await.is_err(),
            "{case:?} does not notice {fault:?}"
        );
    }
}

#[test]
fn each_case_can_fail() {
    for case in Case::ALL {
        assert!(
            FAULTS.iter().any(|(_, noticed_by)| noticed_by == case),
            "{case:?}"
        );
    }
}

/// Wraps every connector of the harness below.
struct Unlucky {
    harness: MemoryHarness,
    seed: u64,
    made: std::sync::Mutex<Vec<Arc<Chaos>>>,
}

#[async_trait]
impl Harness for Unlucky {
    async fn connect(&self) -> Arc<dyn Connector> {
        let mut made = self.made.lock().unwrap();
        let options = ChaosOptions::with_seed(self.seed + made.len() as u64);
        let inner = Arc::new(self.harness.connector());
        let chaos = Arc::new(Chaos::new(inner, options));
        made.push(Arc::clone(&chaos));
        chaos
    }

    async fn put(&self, path: &str, body: &[u8]) {
        self.harness.put(path, body).await;
    }

    async fn rename(&self, from: &str, to: &str) {
        self.harness.rename(from, to).await;
    }

    async fn remove(&self, path: &str) {
        self.harness.remove(path).await;
    }

    async fn share(&self, path: &str, address: &str) -> bool {
        self.harness.share(path, address).await
    }

    async fn edit_before_write(&self, path: &str, body: &[u8]) -> bool {
        self.harness.edit_before_write(path, body).await
    }

    fn mirrored_labels(&self) -> &'static [(&'static str, &'static str)] {
        self.harness.mirrored_labels()
    }

    async fn truth(&self) -> std::collections::BTreeMap<String, Vec<u8>> {
        self.harness.truth().await
    }
}

#[tokio::test]
async fn chaos_injects_everything_and_breaks_nothing() {
    let mut total = Injected::default();
    for seed in 0..20 {
        for &case in Case::ALL {
            let harness = Unlucky {
                harness: MemoryHarness::new(None, true, true),
                seed: seed * 1_000,
                made: std::sync::Mutex::default(),
            };
            let outcome = check(case, &harness).await;
            outcome.unwrap_or_else(|violation| panic!("{case:?} with seed {seed}: {violation}"));
            for chaos in harness.made.lock().unwrap().iter() {
                let injected = chaos.injected();
                total.errors += injected.errors;
                total.lost_answers += injected.lost_answers;
                total.duplicates += injected.duplicates;
                total.swaps += injected.swaps;
                total.short_pages += injected.short_pages;
            }
        }
    }
    let counts = [
        total.errors,
        total.lost_answers,
        total.duplicates,
        total.swaps,
        total.short_pages,
    ];
    assert!(counts.iter().all(|&count| count > 50), "{total:?}");
}
