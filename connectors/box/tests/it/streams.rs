//! The streams of events: order, repetition, age, and what a poll costs.

use chrono::TimeDelta;
use labeld_connector::{Connector, ErrorKind, FeedRef};
use labeld_connector_box::{BoxApp, BoxOptions};
use labeld_emulator::frame::Effect;

use crate::events::{find, tree};
use crate::support::{follow, refusal};

#[tokio::test]
async fn events_in_disorder_repeated_late_and_in_short_pages_are_all_told() {
    let (enterprise, mina, _) = tree().await;
    enterprise.switch(|switches| {
        switches.duplicate_events = true;
        switches.repeat_earlier_events = true;
        switches.reorder_events = true;
        switches.most_events = 2;
        switches.event_delay_milliseconds = 12_000;
    });
    let service = enterprise.service();
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    for number in 0..5 {
        service.put(
            &mina,
            &format!("new {number}.docx"),
            format!("{number}").into_bytes(),
        );
    }
    service.put(&mina, "a.docx", b"another".to_vec());
    service.trash(&find(service, &mina, "plans/b.docx"));
    // Nothing of it is seen at once.
    let polled = follow(&app, walked.cursor.as_ref()).await;
    assert!(!polled.files().contains_key("mina@alder.example/new 0.docx"));
    enterprise.emulator.clock().advance(TimeDelta::seconds(13));
    let polled = follow(&app, polled.cursor.as_ref()).await;
    let files = polled.files();
    for path in ["new 0.docx", "new 4.docx", "a.docx"] {
        assert!(
            files.contains_key(&format!("mina@alder.example/{path}")),
            "{path}"
        );
    }
    // Told again with each event about it.
    let mut removed = polled.removed();
    removed.dedup();
    assert_eq!(removed.len(), 1, "{removed:?}");
}

/// Which stream is asked after how many days, and how often everything is told.
#[tokio::test]
async fn an_old_position_is_left_for_the_chronological_stream() {
    for (days, refused, chronological, expired) in [
        (1, false, false, false),
        (1, true, true, false),
        (12, false, false, false),
        (14, false, true, false),
        (300, false, true, false),
        (400, false, false, true),
    ] {
        let (enterprise, mina, _) = tree().await;
        let service = enterprise.service();
        let walked = follow(&enterprise.connect(), None).await;
        service.put(&mina, "new.docx", b"new".to_vec());
        enterprise.emulator.clock().advance(TimeDelta::days(days));
        if refused {
            enterprise.fault(Effect::ExpiredCursor, |rule| rule.count(1));
        }
        let before = enterprise.emulator.journal().last();
        let app = enterprise.connect();
        let page = app.changes(&FeedRef::whole(), walked.cursor.as_ref()).await;
        if expired {
            assert_eq!(page.unwrap_err().kind(), ErrorKind::CursorExpired, "{days}");
            continue;
        }
        page.unwrap();
        let polled = follow(&app, walked.cursor.as_ref()).await;
        assert!(
            polled.files().contains_key("mina@alder.example/new.docx"),
            "{days}"
        );
        let entries = enterprise.emulator.journal().since(before);
        let asked = entries
            .iter()
            .any(|entry| entry.target.contains("stream_type=admin_logs&"));
        assert_eq!(asked, chronological, "{days} days, refused: {refused}");
        // After it the stream goes on by itself.
        service.put(&mina, "newer.docx", b"newer".to_vec());
        let polled = follow(&app, polled.cursor.as_ref()).await;
        assert!(
            polled.files().contains_key("mina@alder.example/newer.docx"),
            "{days}"
        );
    }
}

#[tokio::test]
async fn without_the_chronological_stream_the_cursor_is_expired() {
    let (enterprise, ..) = tree().await;
    let walked = follow(&enterprise.connect(), None).await;
    enterprise.emulator.clock().advance(TimeDelta::days(20));
    enterprise.fault(refusal(403, "forbidden"), |rule| {
        rule.path("/2.0/events").skip(1)
    });
    let app = enterprise.connect();
    let error = app
        .changes(&FeedRef::whole(), walked.cursor.as_ref())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CursorExpired);
}

/// An empty page of events tells no position, and a quiet enterprise costs one call a poll.
#[tokio::test]
async fn a_poll_without_events_is_one_call() {
    let (enterprise, ..) = tree().await;
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    let before = enterprise.emulator.journal().last();
    let polled = follow(&app, walked.cursor.as_ref()).await;
    assert_eq!(enterprise.requests("api", before), ["GET /2.0/events"]);
    assert!(polled.changes.is_empty());
}

/// Many events about one file cost one look at it.
#[tokio::test]
async fn a_file_is_looked_at_once_a_page() {
    let (enterprise, mina, _) = tree().await;
    let app = enterprise.connect();
    let walked = follow(&app, None).await;
    let service = enterprise.service();
    let file = find(service, &mina, "a.docx");
    for number in 0..20 {
        service.put(&mina, "a.docx", format!("{number}").into_bytes());
    }
    let before = enterprise.emulator.journal().last();
    follow(&app, walked.cursor.as_ref()).await;
    let look = format!("GET /2.0/files/{file}");
    let looks = enterprise.requests("api", before);
    assert_eq!(
        looks.iter().filter(|request| **request == look).count(),
        1,
        "{looks:?}"
    );
}

#[tokio::test]
async fn a_tree_that_is_listed_anew_may_go_on_after_a_restart() {
    let (enterprise, mina, _) = tree().await;
    let service = enterprise.service();
    for number in 0..9 {
        service.put(
            &mina,
            &format!("plans/many {number}.docx"),
            format!("{number}").into_bytes(),
        );
    }
    let connect = || {
        BoxApp::new(BoxOptions {
            page_size: 2,
            ..enterprise.options()
        })
        .unwrap()
    };
    let walked = follow(&connect(), None).await;
    let plans = find(service, &mina, "plans");
    service.trash(&plans);
    service.restore_from_trash(&plans);
    let mut cursor = walked.cursor;
    let mut files = std::collections::BTreeSet::new();
    for _ in 0..100 {
        let page = connect()
            .changes(&FeedRef::whole(), cursor.as_ref())
            .await
            .unwrap();
        for change in &page.changes {
            if let labeld_connector::Change::Upserted(meta) = change {
                files.insert(meta.name.clone());
            }
        }
        cursor = Some(page.next);
        if !page.more {
            assert_eq!(files.len(), 11, "{files:?}");
            return;
        }
    }
    panic!("the listing does not end");
}
