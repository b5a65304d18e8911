//! The suite with a service that is not well.

use labeld_conformance::{Case, check};
use labeld_connector::http::{PaceOptions, RetryOptions};
use labeld_connector::{Connector as _, ErrorKind};
use labeld_connector_google::GoogleOptions;
use labeld_emulator::frame::{Effect, FaultRule};
use labeld_emulator::google::{RateLimitForm, Switches};

use crate::support::{App, MINA, Place, Removal, World, file_of_mina, refusal, walk};

/// What may happen to any call that only reads without anybody noticing.
fn passing() -> Vec<(&'static str, Effect)> {
    let status = |code, body: &str| Effect::Status {
        code,
        headers: [].into(),
        body: body.into(),
    };
    vec![
        ("503", status(503, "<html>Service Unavailable</html>")),
        ("500", refusal(500, "internalError")),
        ("403 rate", refusal(403, "userRateLimitExceeded")),
        ("429", refusal(429, "rateLimitExceeded")),
        ("lost request", Effect::RequestLost),
        ("lost answer", Effect::AnswerLost),
        ("cut", Effect::CutAfter { bytes: 40 }),
        ("half an answer", Effect::TruncatedJson),
        ("another range", Effect::WrongContentRange),
        ("a page of a proxy", Effect::Html),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passing_faults_change_nothing() {
    let cases = [
        Case::FullEnumeration,
        Case::PollFolderMoved,
        Case::PollResumed,
        Case::ReadRanges,
        Case::ReadIfMatch,
        Case::Write,
        Case::WriteKeepsModified,
    ];
    for (what, effect) in passing() {
        for (seed, case) in (1..).zip(cases) {
            let app = App::new(Place::MyDrive, Removal::Trash).await;
            for method in ["GET", "POST"] {
                let rule = FaultRule::new(effect.clone())
                    .method(method)
                    .probability(0.2, seed);
                app.world.emulator.faults().add(rule).unwrap();
            }
            let outcome = check(case, &app).await;
            outcome.unwrap_or_else(|violation| panic!("{case:?} with {what}: {violation}"));
        }
    }
}

/// The service says in three forms that it is enough.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_slows_down_and_loses_nothing() {
    for form in [
        RateLimitForm::Plain,
        RateLimitForm::Detailed,
        RateLimitForm::TooManyRequests,
    ] {
        let world = World::new().await;
        for number in 0..8 {
            world
                .google()
                .put(MINA, &format!("{number}.docx"), "x", MINA)
                .unwrap();
        }
        world.fault(
            Effect::Throttle {
                retry_after: Some(0),
            },
            |rule| rule.probability(0.4, 5),
        );
        world.fault(Effect::Throttle { retry_after: None }, |rule| {
            rule.probability(0.2, 6)
        });
        world.google().set_switches(Switches {
            rate_limit_form: form,
            ..Switches::default()
        });
        let drive = world.connect(GoogleOptions {
            page_size: 3,
            ..world.mina_options()
        });
        let walked = walk(&drive).await;
        assert!(walked.failed.is_empty(), "{form:?}: {:?}", walked.failed);
        assert_eq!(walked.files.len(), 8, "{form:?}");
    }
}

/// With less than is used, the last call has to wait: for tomorrow, or for its user's next minute.
#[tokio::test]
async fn the_units_of_each_call_are_those_that_the_service_counts() {
    let unbounded = |world: &World| world.mina_options().pace;
    for (units_per_day, user_units_per_minute) in [(Some(1_000), 1_000_000_000), (None, 1_000)] {
        let world = World::new().await;
        world
            .google()
            .put(MINA, "plan.docx", "0123456789abcdef", MINA)
            .unwrap();
        let drive = world.connect(GoogleOptions {
            pace: PaceOptions {
                units_per_day,
                ..unbounded(&world)
            },
            user_units_per_minute,
            retry: RetryOptions {
                deadline: std::time::Duration::ZERO,
                ..world.mina_options().retry
            },
            ..world.mina_options()
        });
        let mut used = 0;
        let mut refused = None;
        while used < 2_000 && refused.is_none() {
            let outcome = drive.stat(&file_of_mina("1missing")).await;
            refused = outcome
                .err()
                .filter(|error| error.kind() == ErrorKind::Throttled);
            used = world
                .emulator
                .journal()
                .since(0)
                .iter()
                .filter_map(|entry| entry.units)
                .sum();
        }
        assert!(refused.is_some(), "{used}");
    }
}

#[tokio::test]
async fn an_incomplete_listing_says_so() {
    let world = World::new().await;
    world.google().put(MINA, "plan.docx", "x", MINA).unwrap();
    world.switch(|switches| switches.incomplete_search = true);
    let drive = world.connect(world.mina_options());
    let walked = walk(&drive).await;
    let (path, why) = walked.unreadable.first().unwrap();
    assert!(path == MINA && why.contains("incomplete"), "{path}: {why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_pages_and_batches_that_are_missing_change_nothing() {
    for (what, change) in [("short pages", true), ("no batches", false)] {
        let app = App::new(Place::MyDrive, Removal::Trash).await;
        if change {
            app.world.switch(|switches| switches.short_pages = true);
        } else {
            app.world
                .fault(refusal(404, "notFound"), |rule| rule.path("/batch/**"));
        }
        check(Case::ResumeAtEveryPage, &app)
            .await
            .unwrap_or_else(|violation| panic!("{what}: {violation}"));
    }
}

/// A few files with a fault each hold up nobody.
#[tokio::test]
async fn a_member_who_lost_sight_is_replaced() {
    let world = World::new().await;
    let google = world.google();
    let finance = google.shared_drive("Finance").unwrap();
    google.put(&finance, "plan.docx", "x", MINA).unwrap();
    let drive = world.connect(world.options());
    let feed = labeld_connector::FeedRef(format!("drive/{finance}"));
    drive.changes(&feed, None).await.unwrap();
    world.fault(refusal(403, "teamDriveMembershipRequired"), |rule| {
        rule.path("/drive/v3/changes/startPageToken").count(1)
    });
    assert_eq!(
        drive.changes(&feed, None).await.unwrap_err().kind(),
        ErrorKind::Denied
    );
    let (again, requests) = world.requests(drive.changes(&feed, None)).await;
    again.unwrap();
    assert!(
        requests
            .iter()
            .any(|entry| entry.path().ends_with("/permissions")),
        "a member is chosen anew"
    );
}
