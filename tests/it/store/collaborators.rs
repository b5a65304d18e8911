//! Whom files are shared with: from listings and from asking, stored once, kept up to date, and forgotten.

use labeld::model::content_scan::AccessNeed::{self, Level, Names};
use labeld::model::inventory::{FileId, FileRecord};
use labeld::model::policy::PolicyName;
use labeld::store::apps::AppId;
use labeld::store::files::{self, FileQuery, Page};
use labeld::store::policies::{self, ConfiguredPolicy};
use labeld::store::{Db, decisions};
use labeld_connector::{Access, Change, Exposure, FileMeta, FileRef};

use super::{at, finance, meta, on_both_stores};

on_both_stores!(
    lists_come_back_as_they_were_told,
    files_are_asked_about_as_far_as_there_is_need,
    what_the_listing_tells_no_more_is_asked_for,
    files_are_found_by_whom_they_are_shared_with,
    a_change_of_them_is_decided,
);

fn told(name: &str, exposure: Exposure, collaborators: Option<&[&str]>) -> Change {
    Change::Upserted(FileMeta {
        exposure,
        collaborators: collaborators.map(owned),
        ..meta(name)
    })
}

fn owned(list: &[&str]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

async fn list(db: &Db, changes: &[Change], second: i64) -> AppId {
    let tx = db.begin().await.unwrap();
    let app = finance(&tx).await;
    files::apply_changes(&tx, app, changes, at(second))
        .await
        .unwrap();
    files::forget_asked_exposure(&tx, app, changes)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    app
}

async fn answer(
    db: &Db,
    file: FileId,
    need: AccessNeed,
    collaborators: Option<&[&str]>,
    second: i64,
) {
    let access = Access {
        exposure: Exposure::External,
        collaborators: collaborators.map(owned),
    };
    let tx = db.begin().await.unwrap();
    files::store_access(&tx, &[(file, access)], need, at(second))
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

async fn find(db: &Db, app: AppId, name: &str) -> FileRecord {
    let found = files::find(db, app, &FileRef(name.to_owned())).await;
    found.unwrap().unwrap()
}

/// Names of the files to ask about, as of a second.
async fn unknown(db: &Db, app: AppId, need: AccessNeed, since: i64) -> Vec<String> {
    let found = files::unknown_exposure(db, app, need, at(since), 10).await;
    found.unwrap().into_iter().map(|file| file.name).collect()
}

async fn lists_come_back_as_they_were_told(db: Db) {
    let pat = Some(&["pat@partner.example"][..]);
    let both = Some(&["bo@x.example", "pat@partner.example"][..]);
    let rows = [
        ("none.docx", None),
        ("nobody.docx", Some(&[][..])),
        ("pat.docx", pat),
        ("pat too.docx", pat),
        ("both.docx", both),
    ];
    let changes: Vec<Change> = rows
        .iter()
        .map(|(name, list)| told(name, Exposure::External, *list))
        .collect();
    let app = list(&db, &changes, 1).await;
    for (name, list) in rows {
        let known = find(&db, app, name).await.collaborators;
        assert_eq!(known.as_deref(), list.map(owned).as_deref(), "{name}");
    }
    // The same again is no change; another list is one.
    let tx = db.begin().await.unwrap();
    let again = files::apply_changes(&tx, app, &changes, at(2)).await;
    assert_eq!(again.unwrap(), 0);
    let moved = [told("pat.docx", Exposure::External, both)];
    assert_eq!(
        files::apply_changes(&tx, app, &moved, at(3)).await.unwrap(),
        1
    );
    tx.commit().await.unwrap();
    let known = find(&db, app, "pat.docx").await.collaborators;
    assert_eq!(known.as_deref(), both.map(owned).as_deref());
}

async fn files_are_asked_about_as_far_as_there_is_need(db: Db) {
    let changes = [
        told("private.docx", Exposure::Private, None),
        told("listed.docx", Exposure::External, Some(&[])),
        told("level.docx", Exposure::Public, None),
        told("unknown.docx", Exposure::Unknown, None),
    ];
    let app = list(&db, &changes, 1).await;
    assert_eq!(unknown(&db, app, Level, 0).await, ["unknown.docx"]);
    assert_eq!(
        unknown(&db, app, Names, 0).await,
        ["level.docx", "unknown.docx"]
    );
    let level = find(&db, app, "level.docx").await.id;
    let file = find(&db, app, "unknown.docx").await.id;
    answer(&db, level, Names, None, 10).await;
    answer(&db, file, Level, None, 10).await;
    // One was asked for names in vain, the other was not asked for them.
    assert_eq!(unknown(&db, app, Level, 5).await, [""; 0]);
    assert_eq!(unknown(&db, app, Names, 5).await, ["unknown.docx"]);
    answer(&db, file, Names, Some(&["pat@partner.example"]), 11).await;
    assert_eq!(unknown(&db, app, Names, 5).await, [""; 0]);
    assert_eq!(unknown(&db, app, Names, 11).await, ["level.docx"]);
    // Nobody needs the names any more.
    answer(&db, file, Level, None, 20).await;
    assert_eq!(find(&db, app, "unknown.docx").await.collaborators, None);
}

async fn what_the_listing_tells_no_more_is_asked_for(db: Db) {
    let pat = Some(&["pat@partner.example"][..]);
    let table = [
        // What was told of level and names, what is told now, and whether it is asked for.
        (
            (Exposure::Private, Some(&[][..])),
            (Exposure::Unknown, None),
            true,
        ),
        ((Exposure::Internal, None), (Exposure::Unknown, None), true),
        ((Exposure::External, pat), (Exposure::External, None), true),
        (
            (Exposure::External, pat),
            (Exposure::Private, Some(&[][..])),
            false,
        ),
        ((Exposure::External, None), (Exposure::Public, None), false),
    ];
    let name = |number: usize| format!("{number}.docx");
    let rows = || table.iter().enumerate();
    let before: Vec<Change> = rows()
        .map(|(number, ((exposure, names), ..))| told(&name(number), *exposure, *names))
        .collect();
    let now: Vec<Change> = rows()
        .map(|(number, (_, (exposure, names), _))| told(&name(number), *exposure, *names))
        .collect();
    let app = list(&db, &before, 1).await;
    assert_eq!(unknown(&db, app, Level, 0).await, [""; 0]);
    list(&db, &now, 2).await;
    let expected: Vec<String> = rows()
        .filter(|(_, (.., is_asked))| *is_asked)
        .map(|(number, _)| name(number))
        .collect();
    assert_eq!(unknown(&db, app, Level, 1).await, expected);
    // A feed that names a file which was asked about has it asked again.
    for number in 0..3 {
        let file = find(&db, app, &name(number)).await.id;
        answer(&db, file, Names, pat, 10).await;
    }
    assert_eq!(unknown(&db, app, Names, 5).await, [name(4)]);
    list(&db, &now, 11).await;
    let again = unknown(&db, app, Level, 5).await;
    assert_eq!(again, [name(0), name(1), name(2)]);
    let known = find(&db, app, &name(0)).await.collaborators;
    assert_eq!(
        known.as_deref(),
        pat.map(owned).as_deref(),
        "until the answer"
    );
}

async fn files_are_found_by_whom_they_are_shared_with(db: Db) {
    let changes = [
        told("a.docx", Exposure::External, Some(&["pat@partner.example"])),
        told(
            "b.docx",
            Exposure::External,
            Some(&["bo@other.example", "pat@sub.partner.example"]),
        ),
        told(
            "c.docx",
            Exposure::External,
            Some(&["notpat@partner.example", "x_y@z.example"]),
        ),
        told("d.docx", Exposure::External, None),
    ];
    list(&db, &changes, 1).await;
    for (name, expected) in [
        ("pat@partner.example", &["a.docx"][..]),
        ("Partner.example", &["a.docx", "c.docx"]),
        ("@other.example", &["b.docx"]),
        ("x_y@z.example", &["c.docx"]),
        ("xay@z.example", &[]),
        ("example", &[]),
        ("%", &[]),
    ] {
        let query = FileQuery {
            collaborator: Some(name.to_owned()),
            ..FileQuery::default()
        };
        let page = Page {
            after: None,
            limit: 10,
        };
        let found = files::list(&db, &query, page).await.unwrap();
        let found: Vec<&str> = found.iter().map(|file| file.name.as_str()).collect();
        assert_eq!(found, expected, "{name}");
    }
}

async fn a_change_of_them_is_decided(db: Db) {
    let app = list(&db, &[told("a.docx", Exposure::Unknown, None)], 1).await;
    let tx = db.begin().await.unwrap();
    let policy = ConfiguredPolicy {
        name: PolicyName("partners".to_owned()),
        document: "{}".to_owned(),
        enabled: true,
    };
    policies::take_over(&tx, &"contoso".into(), &[policy], at(1))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let on = policies::switched_on(&db, &"contoso".into()).await.unwrap();
    assert_eq!(on.len(), 1);
    let file = find(&db, app, "a.docx").await.id;
    assert!(!decisions::is_waiting(&db, file).await.unwrap());
    answer(&db, file, Names, Some(&["pat@partner.example"]), 2).await;
    assert!(decisions::is_waiting(&db, file).await.unwrap());
}
