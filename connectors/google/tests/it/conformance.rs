//! The suite that every connector must pass.

use std::sync::Mutex;

use labeld_conformance::{Case, check, check_all};
use labeld_connector_google::{GoogleOptions, WriteApi};

use crate::support::{App, Place, Removal, Unlucky};

type Change = fn(GoogleOptions) -> GoogleOptions;

const PLACES: &[(Place, Removal)] = &[
    (Place::MyDrive, Removal::Trash),
    (Place::MyDrive, Removal::Delete),
    (Place::SharedDrive, Removal::Trash),
];

/// What other options can change.
const TOUCHED_BY_OPTIONS: &[Case] = &[
    Case::FullEnumeration,
    Case::PollModified,
    Case::StatPresent,
    Case::ReadRanges,
    Case::ReadIfMatch,
    Case::ReadChangedBetweenRanges,
    Case::Write,
    Case::WriteWrongVersion,
    Case::WriteRace,
    Case::WriteKeepsModified,
    Case::WriteAbsent,
    Case::Exposure,
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn plain() {
    for &(place, removal) in PLACES {
        let outcome = check_all(async || App::new(place, removal).await).await;
        outcome.unwrap_or_else(|failures| panic!("{place:?} {removal:?}: {failures}"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_other_options() {
    let changes: [(&str, Change); 4] = [
        ("read-only", |options| GoogleOptions {
            read_only: true,
            ..options
        }),
        ("v3 alone", |options| GoogleOptions {
            writes: WriteApi::V3,
            ..options
        }),
        ("no stamp", |options| GoogleOptions {
            stamp_writes: false,
            ..options
        }),
        ("no permissions in lists", |options| GoogleOptions {
            list_permissions: false,
            ..options
        }),
    ];
    for (what, change) in changes {
        for &case in TOUCHED_BY_OPTIONS {
            let app = App::new(Place::MyDrive, Removal::Trash).await.with(change);
            let outcome = check(case, &app).await;
            outcome.unwrap_or_else(|violation| panic!("{case:?} {what}: {violation}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_chaos() {
    let places = [
        (Place::MyDrive, Removal::Delete),
        (Place::SharedDrive, Removal::Trash),
    ];
    for (seed, (place, removal)) in (1..).zip(places) {
        for &case in Case::ALL {
            let harness = Unlucky {
                app: App::new(place, removal).await,
                seed: seed * 1000,
                made: Mutex::default(),
            };
            let outcome = check(case, &harness).await;
            outcome.unwrap_or_else(|violation| {
                panic!("{case:?} {place:?} {removal:?} {seed}: {violation}")
            });
        }
    }
}
