//! What a run costs when nothing happened since the last one (promises, "Reading from the clouds").

use std::time::Duration;

use labeld_connector_google::GoogleOptions;
use labeld_emulator::google::{GenerateOptions, NewUser};

use crate::support::{MINA, World, walk, walk_from};

/// Items for which one call may be made.
const ITEMS_PER_CALL: usize = 200;

#[tokio::test]
async fn an_unchanged_app_costs_a_call_for_each_feed_and_what_finds_the_feeds() {
    let world = World::new().await;
    let google = world.google();
    let bob = NewUser {
        email: "bob@alder.example".to_owned(),
        ..NewUser::default()
    };
    google.add_user(bob).unwrap();
    let finance = google.shared_drive("Finance").unwrap();
    for (place, files) in [(MINA, 2_000), (&*finance, 2_000)] {
        let made = GenerateOptions {
            place: place.to_owned(),
            files,
            ..GenerateOptions::default()
        };
        google.generate(&made).unwrap();
    }
    let options = || GoogleOptions {
        listing_lag: Duration::from_secs(120),
        ..world.options()
    };
    let first = walk(&world.connect(options())).await;
    assert_eq!((first.files.len(), first.failed.len()), (4_000, 0));

    // The second run looks once for what a lagging listing may have missed; from the third on there is nothing to look for.
    let mut cursors = first.cursors;
    for run in ["second", "third"] {
        let drive = world.connect(options());
        let (again, calls) = world.requests(walk_from(&drive, &cursors)).await;
        assert!(again.failed.is_empty() && again.files.is_empty(), "{run}");
        let most = 4_000 / ITEMS_PER_CALL;
        let made: Vec<String> = calls
            .iter()
            .map(|call| format!("{} {}", call.method, call.target))
            .collect();
        assert!(calls.len() <= most, "{run}: {made:#?}");
        let polls = calls
            .iter()
            .filter(|call| call.path() == "/drive/v3/changes");
        assert_eq!(polls.count(), again.feeds.len(), "{run}: {made:#?}");
        let downloads = calls
            .iter()
            .filter(|call| call.target.contains("alt=media"));
        assert_eq!(downloads.count(), 0, "{run}");
        cursors = again.cursors;
    }
}
