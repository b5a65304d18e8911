//! Walking through the whole inventory shows every file as it is, but for what no policy asks.

use labeld::model::inventory::{FileFacts, FileLabel, FileRecord};
use labeld::store::files::{self, FileQuery, Page, Survey, Surveyed};
use labeld::store::{Db, owners};
use labeld_connector::{Barrier, Change, Exposure, FileMeta, FileRef, OwnerDetails};
use serde_json::json;

use super::{
    CONTOSO, FABRIKAM, GENERAL, SECRET, at, facts, finance, label, meta, on_both_stores, refused,
    upserted,
};

on_both_stores!(
    every_file_is_shown_as_it_is,
    what_comes_meanwhile_is_understood,
    an_empty_inventory_has_no_page,
);

/// More than a page.
const FILES: usize = 5_200;

async fn fill(db: &Db) {
    let paths: Vec<String> = (0..FILES)
        .map(|number| format!("folder {}/{number}.docx", number % 7))
        .collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let mut listed = upserted(&paths);
    listed[3] = Change::Upserted(FileMeta {
        owner: None,
        created: None,
        modified: None,
        exposure: Exposure::Public,
        collaborators: Some(vec!["pat@partner.example".to_owned()]),
        barrier: Some(Barrier::Trashed),
        ..meta("odd.docx")
    });
    listed.push(Change::Removed(FileRef(paths[9].to_owned())));
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    files::apply_changes(&tx, app, &listed[..FILES], at(1))
        .await
        .unwrap();
    files::apply_changes(&tx, app, &listed[FILES..], at(2))
        .await
        .unwrap();
    let owner = "ada@contoso.example".to_owned();
    let details = OwnerDetails {
        owner: owner.clone(),
        department: Some("Finance".to_owned()),
        groups: Some(vec!["Staff".to_owned()]),
        ..OwnerDetails::default()
    };
    owners::store(&tx, app, &[owner], &[details], at(3))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let files = list(db).await;
    let labels = || {
        vec![
            label(Some(FABRIKAM), SECRET, true),
            label(Some(CONTOSO), GENERAL, false),
            label(None, GENERAL, true),
        ]
    };
    let read: Vec<(_, FileFacts)> = [
        (0, facts(labels())),
        (1, refused("password", "file.password")),
        (5_100, facts(labels()[..1].to_vec())),
    ]
    .into_iter()
    .map(|(position, facts)| (files[position].id, facts))
    .collect();
    let tx = db.begin().await.unwrap();
    files::store_facts(&tx, &read).await.unwrap();
    tx.commit().await.unwrap();
}

async fn list(db: &Db) -> Vec<FileRecord> {
    let all = Page {
        after: None,
        limit: 10_000,
    };
    files::list(db, &FileQuery::default(), all).await.unwrap()
}

/// Without what a survey leaves out.
fn plain(mut record: FileRecord) -> FileRecord {
    record.link = None;
    if let Some(facts) = &mut record.facts {
        facts.detail = None;
        facts.protection_detail = json!({});
    }
    record
}

async fn survey(db: &Db, survey: &Survey) -> Vec<Surveyed> {
    let mut found = Vec::new();
    for page in 0..survey.pages() {
        found.extend(survey.page(db, page).await.unwrap());
    }
    found
}

async fn every_file_is_shown_as_it_is(db: Db) {
    fill(&db).await;
    let begun = Survey::begin(&db).await.unwrap();
    assert_eq!(begun.pages(), 2);
    let found = survey(&db, &begun).await;
    let expected: Vec<FileRecord> = list(&db).await.into_iter().map(plain).collect();
    assert_eq!(expected.len(), FILES - 1);
    let records: Vec<FileRecord> = found.iter().map(|file| file.record.clone()).collect();
    assert_eq!(records, expected);
    assert_eq!(begun.page(&db, 2).await.unwrap(), []);
    for file in found {
        let department = file.owner_details.and_then(|details| details.department);
        let expected = file.record.owner.map(|_| "Finance".to_owned());
        assert_eq!(department, expected);
    }
}

async fn what_comes_meanwhile_is_understood(db: Db) {
    fill(&db).await;
    let begun = Survey::begin(&db).await.unwrap();
    let before = list(&db).await;
    // A file in a new folder, of a new owner, with a new label and a new word; and one that the survey need not know.
    let moved = FileMeta {
        file: before[20].file.clone(),
        folder: "new".to_owned(),
        owner: Some("bob@contoso.example".to_owned()),
        ..meta("x.docx")
    };
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    let changes = [
        Change::Upserted(moved),
        Change::Upserted(meta("later.docx")),
    ];
    files::apply_changes(&tx, app, &changes, at(5))
        .await
        .unwrap();
    let new: FileLabel = label(Some(FABRIKAM), GENERAL, true);
    let read = [
        (
            before[21].id,
            facts(vec![new.clone(), label(None, GENERAL, true)]),
        ),
        (before[22].id, refused("corrupt", "file.corrupt")),
    ];
    files::store_facts(&tx, &read).await.unwrap();
    tx.commit().await.unwrap();

    let found = survey(&db, &begun).await;
    let records: Vec<FileRecord> = found.into_iter().map(|file| plain(file.record)).collect();
    let mut expected: Vec<FileRecord> = list(&db).await.into_iter().map(plain).collect();
    assert_eq!(expected.pop().unwrap().name, "later.docx");
    assert_eq!(records, expected);
}

async fn an_empty_inventory_has_no_page(db: Db) {
    let begun = Survey::begin(&db).await.unwrap();
    assert_eq!(begun.pages(), 0);
    assert_eq!(begun.page(&db, 0).await.unwrap(), []);
}
