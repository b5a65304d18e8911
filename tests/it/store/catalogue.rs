//! The label catalogue.

use chrono::{DateTime, Utc};
use labeld::model::TenantName;
use labeld::model::catalogue::{
    CatalogueEntry, CatalogueEvent, CatalogueEventKind, LabelDefinition, LabelState, PendingLoss,
    SyncStatus,
};
use labeld::store::{Db, labels};
use uuid::Uuid;

use super::{CONTOSO, FABRIKAM, GENERAL, SECRET, at, on_both_stores};

on_both_stores!(
    entries_are_replaced_by_guid_and_site,
    events_say_what_a_label_meant,
    sync_status_comes_back,
    labels_of_others_are_kept_from_the_earliest_to_the_latest_time,
    labels_are_found_by_every_name_they_had,
);

fn definition(id: Uuid, name: &str) -> LabelDefinition {
    LabelDefinition {
        id,
        display_name: name.to_owned(),
        internal_name: Some("a5b".to_owned()),
        parent: Some(GENERAL),
        group: true,
        rank: Some(-3),
        enabled: true,
        applies_to_files: None,
        needs_protection: Some(true),
        published: Some(false),
        rights_readable: None,
        description: Some("für „alle“".to_owned()),
        color: None,
    }
}

fn entry(site_id: Option<Uuid>, id: Uuid, name: &str, state: LabelState) -> CatalogueEntry {
    CatalogueEntry {
        site_id,
        definition: definition(id, name),
        state,
        first_seen: at(1),
        last_seen: at(2),
        deleted_at: None,
    }
}

async fn entries_are_replaced_by_guid_and_site(db: Db) {
    let tenant = TenantName::from("contoso");
    let first = [
        entry(None, SECRET, "Secret", LabelState::Active),
        entry(Some(CONTOSO), SECRET, "Secret", LabelState::Active),
        entry(Some(CONTOSO), GENERAL, "General", LabelState::Parent),
    ];
    let mut deleted = entry(Some(CONTOSO), SECRET, "Top secret", LabelState::Deleted);
    deleted.deleted_at = Some(at(9));
    let states = [LabelState::Disabled, LabelState::External];
    let tx = db.begin().await.unwrap();
    labels::put_entries(&tx, &tenant, &first).await.unwrap();
    labels::put_entries(&tx, &tenant, &[deleted.clone()])
        .await
        .unwrap();
    labels::put_entries(&tx, &"other".into(), &first[..1])
        .await
        .unwrap();
    for (number, state) in states.into_iter().enumerate() {
        let more = entry(
            Some(FABRIKAM),
            Uuid::from_u128(0x100 + number as u128),
            "x",
            state,
        );
        labels::put_entries(&tx, &tenant, &[more]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let stored = labels::entries(&db, &tenant).await.unwrap();
    assert_eq!(stored[..3], [first[0].clone(), deleted, first[2].clone()]);
    let rest: Vec<LabelState> = stored[3..].iter().map(|entry| entry.state).collect();
    assert_eq!(rest, states);
    assert_eq!(
        labels::entries(&db, &"other".into()).await.unwrap(),
        first[..1]
    );
}

async fn events_say_what_a_label_meant(db: Db) {
    let tenant = TenantName::from("contoso");
    let event = |at: DateTime<Utc>, kind, name| CatalogueEvent {
        at,
        label: SECRET,
        kind,
        definition: definition(SECRET, name),
    };
    let history = [
        event(at(10), CatalogueEventKind::Created, "Secret"),
        event(at(20), CatalogueEventKind::Renamed, "Top secret"),
        event(at(20), CatalogueEventKind::Disabled, "Top secret"),
        event(at(30), CatalogueEventKind::Deleted, "Top secret"),
    ];
    let tx = db.begin().await.unwrap();
    labels::add_events(&tx, &tenant, &history).await.unwrap();
    labels::add_events(&tx, &"other".into(), &history[..1])
        .await
        .unwrap();
    tx.commit().await.unwrap();

    assert_eq!(labels::events(&db, &tenant, SECRET).await.unwrap(), history);
    assert_eq!(labels::events(&db, &tenant, GENERAL).await.unwrap(), []);
    for (seconds, expected) in [
        (9, None),
        (10, Some(0)),
        (19, Some(0)),
        (20, Some(2)),
        (99, Some(3)),
    ] {
        let meant = labels::meaning_at(&db, &tenant, SECRET, at(seconds))
            .await
            .unwrap();
        let expected: Option<&CatalogueEvent> = expected.map(|index: usize| &history[index]);
        assert_eq!(meant.as_ref(), expected, "{seconds}");
    }
}

async fn sync_status_comes_back(db: Db) {
    let tenant = TenantName::from("contoso");
    assert_eq!(labels::sync_status(&db, &tenant).await.unwrap(), None);
    let failed = SyncStatus {
        last_attempt: at(1),
        last_success: None,
        last_error: Some("the list is empty".to_owned()),
        pending: Some(PendingLoss {
            seen_at: at(1),
            missing: [GENERAL].into(),
        }),
    };
    let succeeded = SyncStatus {
        last_attempt: at(2),
        last_success: Some(at(2)),
        last_error: None,
        pending: None,
    };
    let mut seen = None;
    for status in [failed, succeeded] {
        assert!(end_attempt(&db, seen.as_ref(), &status).await);
        // Whoever knows no more than that is too late.
        assert!(!end_attempt(&db, seen.as_ref(), &status).await);
        seen = labels::sync_status(&db, &tenant).await.unwrap();
        assert_eq!(seen, Some(status));
    }
}

async fn end_attempt(db: &Db, seen: Option<&SyncStatus>, status: &SyncStatus) -> bool {
    let tx = db.begin().await.unwrap();
    let is_first = labels::end_attempt(&tx, &"contoso".into(), seen, status)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    is_first
}

async fn labels_of_others_are_kept_from_the_earliest_to_the_latest_time(db: Db) {
    let tenant = TenantName::from("contoso");
    let seen = |first, last, name| CatalogueEntry {
        first_seen: at(first),
        last_seen: at(last),
        ..entry(Some(FABRIKAM), SECRET, name, LabelState::External)
    };
    let own = entry(Some(CONTOSO), GENERAL, "General", LabelState::Active);
    let mistaken = CatalogueEntry {
        state: LabelState::External,
        ..own.clone()
    };
    let tx = db.begin().await.unwrap();
    labels::put_entries(&tx, &tenant, std::slice::from_ref(&own))
        .await
        .unwrap();
    for entry in [seen(5, 6, "a"), seen(3, 4, "b"), seen(7, 9, "c"), mistaken] {
        labels::put_external(&tx, &tenant, &[entry]).await.unwrap();
    }
    tx.commit().await.unwrap();
    let stored = labels::entries(&db, &tenant).await.unwrap();
    let expected = [seen(3, 9, "c"), own];
    assert!(
        stored.len() == 2 && expected.iter().all(|it| stored.contains(it)),
        "{stored:?}"
    );
}

async fn labels_are_found_by_every_name_they_had(db: Db) {
    let tenant = TenantName::from("contoso");
    let event = |id, name| CatalogueEvent {
        at: at(1),
        label: id,
        kind: CatalogueEventKind::Renamed,
        definition: definition(id, name),
    };
    let history = [
        event(SECRET, "Geheim"),
        event(SECRET, "Secret"),
        event(GENERAL, "Für alle"),
    ];
    let learned = entry(Some(FABRIKAM), FABRIKAM, "secret", LabelState::External);
    let tx = db.begin().await.unwrap();
    labels::add_events(&tx, &tenant, &history).await.unwrap();
    labels::put_entries(&tx, &tenant, &[learned]).await.unwrap();
    tx.commit().await.unwrap();
    let mut two = vec![SECRET, FABRIKAM];
    two.sort();
    for (name, expected) in [
        ("GEHEIM", vec![SECRET]),
        ("secret", two),
        ("FÜR ALLE", vec![GENERAL]),
        ("sec", vec![]),
    ] {
        let found = labels::once_named(&db, &tenant, name).await.unwrap();
        assert_eq!(found, expected, "{name}");
    }
}
