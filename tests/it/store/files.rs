//! The inventory: listing, reading, removing, coming back.

use labeld::model::inventory::FileRecord;
use labeld::store::Db;
use labeld::store::apps::AppId;
use labeld::store::files::{self, Page};
use labeld_connector::{Barrier, Change, Exposure, FileKind, FileMeta, FileRef, Version};

use super::{
    CONTOSO, FABRIKAM, GENERAL, SECRET, at, facts, finance, label, meta, on_both_stores, refused,
    upserted,
};

on_both_stores!(
    a_listed_file_comes_back_as_it_was,
    unchanged_files_are_not_written,
    facts_and_labels_come_back,
    a_new_version_keeps_the_old_facts,
    removed_files_keep_a_tombstone_and_can_come_back,
    the_last_change_of_a_file_wins,
    apps_do_not_share_files,
);

const ALL: Page = Page {
    after: None,
    limit: 100,
};

async fn apply(db: &Db, changes: &[Change], seconds: i64) -> (AppId, u64) {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    let changed = files::apply_changes(&tx, app, changes, at(seconds))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (app, changed)
}

async fn find(db: &Db, app: AppId, file: &str) -> FileRecord {
    let found = files::find(db, app, &FileRef(file.to_owned())).await;
    found.unwrap().expect("the file is in the inventory")
}

async fn a_listed_file_comes_back_as_it_was(db: Db) {
    let odd = FileMeta {
        file: FileRef("id:42".to_owned()),
        name: "Übersicht 100%_\\'\".xlsx".to_owned(),
        folder: "a/ü/日本".to_owned(),
        kind: FileKind::Shortcut,
        size: u64::from(u32::MAX) * 9,
        version: Version(String::new()),
        created: None,
        modified: None,
        owner: None,
        parent: None,
        collaborators: None,
        own_write: None,
        exposure: Exposure::External,
        barrier: Some(Barrier::Malware),
    };
    let (app, changed) = apply(
        &db,
        &[Change::Upserted(meta("a/b.docx")), Change::Upserted(odd)],
        5,
    )
    .await;
    assert_eq!(changed, 2);

    let plain = find(&db, app, "a/b.docx").await;
    assert_eq!(plain.tenant.0, "contoso");
    assert_eq!(plain.app.0, "finance");
    assert_eq!(
        (plain.folder.as_str(), plain.name.as_str()),
        ("a", "b.docx")
    );
    assert_eq!(plain.owner.as_deref(), Some("ada@contoso.example"));
    assert_eq!(plain.created, Some(at(-100)));
    assert_eq!(plain.modified, Some(at(-50)));
    assert_eq!((plain.first_seen, plain.last_seen), (at(5), at(5)));
    assert!(plain.removed.is_none() && plain.facts.is_none() && plain.barrier.is_none());

    let odd = find(&db, app, "id:42").await;
    assert_eq!(odd.name, "Übersicht 100%_\\'\".xlsx");
    assert_eq!(odd.folder, "a/ü/日本");
    assert_eq!(odd.kind, FileKind::Shortcut);
    assert_eq!(odd.size, u64::from(u32::MAX) * 9);
    assert_eq!(odd.version, Version(String::new()));
    assert_eq!((odd.created, odd.modified, &odd.owner), (None, None, &None));
    assert_eq!(odd.barrier, Some(Barrier::Malware));
    assert_eq!(odd.exposure, Exposure::External);
    assert_eq!(files::get(&db, odd.id).await.unwrap(), Some(odd));
}

async fn unchanged_files_are_not_written(db: Db) {
    let (app, _) = apply(&db, &upserted(&["a/b.docx", "c.pdf"]), 1).await;
    assert_eq!(apply(&db, &upserted(&["a/b.docx", "c.pdf"]), 2).await.1, 0);
    assert_eq!(find(&db, app, "c.pdf").await.last_seen, at(1));

    type Edit = fn(&mut FileMeta);
    let edits: [(&str, Edit); 10] = [
        ("version", |meta| meta.version.0 = "v2".to_owned()),
        ("name", |meta| meta.name = "d.pdf".to_owned()),
        ("folder", |meta| meta.folder = "z".to_owned()),
        ("owner", |meta| meta.owner = None),
        ("kind", |meta| meta.kind = FileKind::Native),
        ("size", |meta| meta.size += 1),
        ("created", |meta| meta.created = None),
        ("modified", |meta| meta.modified = Some(at(0))),
        ("barrier", |meta| meta.barrier = Some(Barrier::Denied)),
        ("exposure", |meta| meta.exposure = Exposure::Public),
    ];
    let mut now = meta("c.pdf");
    for (seconds, (what, edit)) in (3..).zip(edits) {
        edit(&mut now);
        let (_, changed) = apply(&db, &[Change::Upserted(now.clone())], seconds).await;
        assert_eq!(changed, 1, "{what}");
        let stored = find(&db, app, "c.pdf").await;
        assert_eq!(stored.last_seen, at(seconds), "{what}");
        assert_eq!(stored.first_seen, at(1), "{what}");
    }
}

async fn facts_and_labels_come_back(db: Db) {
    let (app, _) = apply(&db, &upserted(&["a.docx", "b.docx", "c.docx"]), 1).await;
    let a = find(&db, app, "a.docx").await.id;
    let b = find(&db, app, "b.docx").await.id;
    let labelled = facts(vec![
        label(None, SECRET, false),
        label(Some(CONTOSO), SECRET, true),
        label(Some(FABRIKAM), GENERAL, true),
    ]);
    let tx = db.begin().await.unwrap();
    let both = [
        (a, labelled.clone()),
        (b, refused("password", "file.password")),
    ];
    files::store_facts(&tx, &both).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(find(&db, app, "a.docx").await.facts, Some(labelled));
    let stored = find(&db, app, "b.docx").await;
    assert_eq!(stored.facts, Some(refused("password", "file.password")));
    assert_eq!(find(&db, app, "c.docx").await.facts, None);

    let tx = db.begin().await.unwrap();
    let fewer = facts(vec![label(Some(FABRIKAM), GENERAL, false)]);
    files::store_facts(&tx, &[(a, fewer.clone())])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(find(&db, app, "a.docx").await.facts, Some(fewer));
}

async fn a_new_version_keeps_the_old_facts(db: Db) {
    let (app, _) = apply(&db, &upserted(&["a.docx", "b.docx"]), 1).await;
    let unread = async |reader| {
        let found = files::needing_read(&db, app, reader, ALL).await.unwrap();
        let names: Vec<String> = found.into_iter().map(|file| file.name).collect();
        names.join(" ")
    };
    assert_eq!(unread(1).await, "a.docx b.docx");

    let a = find(&db, app, "a.docx").await.id;
    let tx = db.begin().await.unwrap();
    files::store_facts(&tx, &[(a, facts(Vec::new()))])
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(unread(1).await, "b.docx");
    assert_eq!(unread(2).await, "a.docx b.docx");

    let mut changed = meta("a.docx");
    changed.version.0 = "v2".to_owned();
    apply(&db, &[Change::Upserted(changed)], 2).await;
    let stored = find(&db, app, "a.docx").await;
    assert_eq!(stored.version.0, "v2");
    assert_eq!(stored.facts, Some(facts(Vec::new())));
    assert_eq!(unread(1).await, "a.docx b.docx");
}

async fn removed_files_keep_a_tombstone_and_can_come_back(db: Db) {
    let (app, _) = apply(&db, &upserted(&["a.docx"]), 1).await;
    let id = find(&db, app, "a.docx").await.id;
    let removal = [Change::Removed(FileRef("a.docx".to_owned()))];
    assert_eq!(apply(&db, &removal, 2).await.1, 1);
    assert_eq!(apply(&db, &removal, 3).await.1, 0);
    assert_eq!(find(&db, app, "a.docx").await.removed, Some(at(2)));
    assert_eq!(files::needing_read(&db, app, 1, ALL).await.unwrap(), []);

    assert_eq!(apply(&db, &upserted(&["a.docx"]), 4).await.1, 1);
    let back = find(&db, app, "a.docx").await;
    assert_eq!((back.id, back.removed), (id, None));

    let unknown = [Change::Removed(FileRef("never seen".to_owned()))];
    assert_eq!(apply(&db, &unknown, 5).await.1, 0);
}

async fn the_last_change_of_a_file_wins(db: Db) {
    let gone = |file: &str| Change::Removed(FileRef(file.to_owned()));
    let mut renamed = meta("b");
    renamed.name = "b2".to_owned();
    let changes = [
        Change::Upserted(meta("a")),
        Change::Upserted(meta("b")),
        gone("c"),
        gone("a"),
        Change::Upserted(renamed),
        Change::Upserted(meta("c")),
    ];
    let (app, _) = apply(&db, &changes, 1).await;
    let a = files::find(&db, app, &FileRef("a".to_owned())).await;
    assert_eq!(a.unwrap(), None);
    assert_eq!(find(&db, app, "b").await.name, "b2");
    assert_eq!(find(&db, app, "c").await.removed, None);
}

async fn apps_do_not_share_files(db: Db) {
    apply(&db, &upserted(&["a.docx"]), 1).await;
    let tx = db.begin().await.unwrap();
    let other = labeld::store::apps::ensure(&tx, &"fabrikam".into(), &"finance".into())
        .await
        .unwrap();
    let changed = files::apply_changes(&tx, other, &upserted(&["a.docx"]), at(2)).await;
    assert_eq!(changed.unwrap(), 1);
    tx.commit().await.unwrap();
    let theirs = find(&db, other, "a.docx").await;
    assert_eq!(
        (theirs.tenant.0.as_str(), theirs.first_seen),
        ("fabrikam", at(2))
    );
}
