//! Whatever is done, in whatever order, both databases give the same answers.

use std::cell::Cell;
use std::fmt::Write as _;

use labeld::model::inventory::FileId;
use labeld::store::Db;
use labeld::store::apps::{self, AppId};
use labeld::store::feeds::{self, FeedId};
use labeld::store::files::{
    self, FileQuery, FolderFilter, LabelFilter, Origin, Page, Removed, Span,
};
use labeld::store::runs::{self, Reuse, RunId};
use labeld_connector::{Change, Exposure, FileMeta, FileRef, FolderMeta, FolderRef, Version};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, TestRunner};

use super::{
    CONTOSO, FABRIKAM, GENERAL, SECRET, at, facts, go_to, label, meta, position, refused,
    whole_feed,
};

const PATHS: [&str; 8] = [
    "a.docx",
    "A.DOCX",
    "a/b%.pdf",
    "a/b_.pdf",
    "a/Ü\\x.xlsx",
    "a/c/d\0e.txt",
    "a0/'f\".docx",
    "ab/.hidden",
];

#[derive(Debug, Clone)]
enum Step {
    /// Changes of files (their path and what happens), stored or rolled back.
    List(Vec<(usize, Happening)>, bool),
    /// A folder with a name of its own, where it lies and what it is called there; nowhere where it is removed.
    Folder(usize, Option<(usize, u8)>),
    /// A file that lies in such a folder.
    Inside(usize, usize),
    /// Facts for some of the pending files.
    Read(usize, Finding),
    Finish,
    Query(Box<FileQuery>),
    RemoveUnseen,
    Cursor(Option<String>),
}

#[derive(Debug, Clone, Copy)]
enum Happening {
    Version(u8),
    Size(u64),
    NoOwner,
    Public,
    Removed,
}

#[derive(Debug, Clone, Copy)]
enum Finding {
    Nothing,
    OneLabel,
    ManyLabels,
    Password,
}

fn step() -> impl Strategy<Value = Step> {
    let happening = prop_oneof![
        (0..3_u8).prop_map(Happening::Version),
        (0..3_u64).prop_map(Happening::Size),
        Just(Happening::NoOwner),
        Just(Happening::Public),
        Just(Happening::Removed),
    ];
    let finding = select(vec![
        Finding::Nothing,
        Finding::OneLabel,
        Finding::ManyLabels,
        Finding::Password,
    ]);
    let changes = prop::collection::vec((0..PATHS.len(), happening), 0..6);
    prop_oneof![
        4 => (changes, prop::bool::weighted(0.8)).prop_map(|(changes, keep)| Step::List(changes, keep)),
        3 => (0..4_usize, prop::option::weighted(0.8, (0..4_usize, 0..3_u8)))
            .prop_map(|(folder, place)| Step::Folder(folder, place)),
        2 => (0..4_usize, 0..PATHS.len()).prop_map(|(folder, path)| Step::Inside(folder, path)),
        3 => (0..4_usize, finding).prop_map(|(count, finding)| Step::Read(count, finding)),
        4 => query().prop_map(|query| Step::Query(Box::new(query))),
        1 => Just(Step::Finish),
        1 => Just(Step::RemoveUnseen),
        1 => prop::option::of("[a-z]{0,3}").prop_map(Step::Cursor),
    ]
}

fn query() -> impl Strategy<Value = FileQuery> {
    let word = |words: &[&str]| {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        prop::option::weighted(0.2, select(words))
    };
    let label = (
        any::<bool>(),
        select(vec![None, Some(CONTOSO), Some(FABRIKAM)]),
    );
    let label = label.prop_map(|(effective, site)| LabelFilter {
        site,
        labels: vec![SECRET, GENERAL],
        effective,
    });
    let folder = (select(vec!["", "a", "a/c", "A"]), any::<bool>());
    let folder = folder.prop_map(|(path, subfolders)| FolderFilter {
        path: path.to_owned(),
        subfolders,
    });
    let bound = || prop::option::weighted(0.2, 0..4_u64);
    (
        (
            word(&["*.docx", "?%*", "*_*", "A*", "*ü*"]),
            word(&["a/*", "*x.xlsx", "a?docx"]),
            word(&["docx", "PDF"]),
            word(&["ok", "password"]),
            word(&["ada@contoso.example"]),
        ),
        prop::option::weighted(0.2, label),
        prop::option::weighted(0.3, folder),
        prop::option::weighted(0.2, any::<bool>()),
        (bound(), bound()),
        select(vec![Removed::No, Removed::Only, Removed::Any]),
    )
        .prop_map(|(words, label, folder, labelled, (from, to), removed)| {
            let (name, path, extension, state, owner) = words;
            FileQuery {
                name,
                path,
                extension,
                state,
                owner,
                label,
                folder,
                labelled,
                removed,
                size: Span { from, to },
                ..FileQuery::default()
            }
        })
}

fn change((path, happening): (usize, Happening)) -> Change {
    let plain = meta(PATHS[path]);
    Change::Upserted(match happening {
        Happening::Version(number) => FileMeta {
            version: Version(format!("v{number}")),
            ..plain
        },
        Happening::Size(size) => FileMeta { size, ..plain },
        Happening::NoOwner => FileMeta {
            owner: None,
            ..plain
        },
        Happening::Public => FileMeta {
            exposure: Exposure::Public,
            ..plain
        },
        Happening::Removed => return Change::Removed(plain.file),
    })
}

fn folder_ref(folder: usize) -> FolderRef {
    FolderRef(format!("folder {folder}"))
}

/// A folder lies in one of a lower number, or at the top.
fn folder_change(folder: usize, place: Option<(usize, u8)>) -> Change {
    let Some((parent, name)) = place else {
        return Change::FolderRemoved(folder_ref(folder));
    };
    let parent = (parent < folder).then_some(parent);
    Change::FolderAt(FolderMeta {
        folder: folder_ref(folder),
        parent: parent.map(folder_ref),
        path: match parent {
            Some(parent) => format!("{parent}/{folder}-{name}"),
            None => format!("{folder}-{name}"),
        },
        link: None,
    })
}

fn finding(finding: Finding) -> labeld::model::inventory::FileFacts {
    match finding {
        Finding::Nothing => facts(vec![]),
        Finding::OneLabel => facts(vec![label(Some(CONTOSO), SECRET, true)]),
        Finding::ManyLabels => facts(vec![
            label(None, SECRET, true),
            label(Some(FABRIKAM), GENERAL, false),
        ]),
        Finding::Password => refused("password", "file.password"),
    }
}

/// One database with one app of its own, and what it has answered so far.
struct Subject {
    db: Db,
    app: AppId,
    feed: FeedId,
    names: (String, String),
    run: RunId,
    answers: String,
}

impl Subject {
    async fn new(db: &Db, case: u32) -> Self {
        let names = (format!("tenant {case}"), "app".to_owned());
        let tx = db.begin().await.unwrap();
        let app = apps::ensure(&tx, &names.0.as_str().into(), &names.1.as_str().into())
            .await
            .unwrap();
        let feed = whole_feed(&tx, app).await;
        let run = runs::begin(&tx, app, "{}", at(0)).await.unwrap();
        tx.commit().await.unwrap();
        Self {
            db: db.clone(),
            app,
            feed,
            names,
            run,
            answers: String::new(),
        }
    }

    async fn take(&mut self, number: i64, step: &Step) {
        match step {
            Step::List(changes, keep) => self.list(number, changes, *keep).await,
            Step::Read(count, found) => self.read(*count, *found).await,
            Step::Folder(folder, place) => {
                let change = folder_change(*folder, *place);
                self.apply(number, &[change], true).await;
            }
            Step::Inside(folder, path) => {
                let inside = FileMeta {
                    parent: Some(folder_ref(*folder)),
                    folder: format!("first/{folder}"),
                    ..meta(PATHS[*path])
                };
                self.apply(number, &[Change::Upserted(inside)], true).await;
            }
            Step::Query(query) => self.query(query).await,
            Step::Finish => self.finish(number).await,
            Step::RemoveUnseen => {
                let tx = self.db.begin().await.unwrap();
                let gone = runs::end_enumeration(&tx, self.run, self.feed, at(number))
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                self.answer(gone);
            }
            Step::Cursor(text) => {
                let tx = self.db.begin().await.unwrap();
                match text {
                    Some(text) => go_to(&tx, self.app, self.feed, &position(text)).await,
                    None => feeds::clear(&tx, self.feed).await.unwrap(),
                }
                tx.commit().await.unwrap();
                let feeds = feeds::of_app(&self.db, self.app).await.unwrap();
                self.answer(feeds.into_iter().map(|feed| feed.position).next());
            }
        }
        self.answer(runs::outcomes(&self.db, self.run).await.unwrap());
    }

    async fn list(&mut self, number: i64, changes: &[(usize, Happening)], keep: bool) {
        let changes: Vec<Change> = changes.iter().copied().map(change).collect();
        self.apply(number, &changes, keep).await;
    }

    async fn apply(&mut self, number: i64, changes: &[Change], keep: bool) {
        let tx = self.db.begin().await.unwrap();
        let origin = Origin {
            app: self.app,
            feed: Some(self.feed),
        };
        let changed = files::apply_changes(&tx, origin, changes, at(number))
            .await
            .unwrap();
        runs::record_listed(&tx, self.run, self.app, Reuse::Reader(1), changes)
            .await
            .unwrap();
        if keep {
            tx.commit().await.unwrap();
        } else {
            tx.rollback();
        }
        self.answer(changed);
        let first = FileRef(PATHS[0].to_owned());
        let found = files::find(&self.db, self.app, &first).await.unwrap();
        self.answer(found.map(|file| (file.version, file.facts, file.last_seen)));
    }

    async fn read(&mut self, count: usize, found: Finding) {
        let page = Page {
            after: None,
            limit: u32::try_from(count).unwrap(),
        };
        let pending = runs::pending(&self.db, self.run, page).await.unwrap();
        let found: Vec<_> = pending
            .into_iter()
            .map(|file| {
                let mut facts = finding(found);
                facts.version = file.version;
                (file.id, facts)
            })
            .collect();
        let outcomes: Vec<(FileId, &str)> = found
            .iter()
            .map(|(id, facts)| (*id, facts.reason.as_deref().unwrap_or("ok")))
            .collect();
        let tx = self.db.begin().await.unwrap();
        files::store_facts(&tx, &found).await.unwrap();
        runs::record_everywhere(&tx, self.app, &outcomes)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    async fn query(&mut self, query: &FileQuery) {
        let query = FileQuery {
            tenant: Some(self.names.0.as_str().into()),
            app: Some(self.names.1.as_str().into()),
            ..query.clone()
        };
        let page = Page {
            after: None,
            limit: 5,
        };
        for mut file in files::list(&self.db, &query, page).await.unwrap() {
            file.id = FileId(0);
            self.answer(file);
        }
    }

    async fn finish(&mut self, number: i64) {
        let tx = self.db.begin().await.unwrap();
        let sums = runs::finish(&tx, self.run, at(number)).await.unwrap();
        self.run = runs::begin(&tx, self.app, "{}", at(number)).await.unwrap();
        tx.commit().await.unwrap();
        self.answer(sums);
    }

    fn answer(&mut self, answer: impl std::fmt::Debug) {
        writeln!(self.answers, "{answer:?}").unwrap();
    }
}

#[test]
fn both_databases_give_the_same_answers() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let Some(postgres) = runtime.block_on(super::postgres()) else {
        return;
    };
    let (sqlite, _folder) = runtime.block_on(super::sqlite());
    let cases = Cell::new(0);
    let mut runner = TestRunner::new(Config {
        cases: 24,
        failure_persistence: None,
        ..Config::default()
    });
    let steps = prop::collection::vec(step(), 1..25);
    let result = runner.run(&steps, |steps| {
        cases.set(cases.get() + 1);
        runtime.block_on(async {
            let mut one = Subject::new(&sqlite, cases.get()).await;
            let mut other = Subject::new(&postgres, cases.get()).await;
            for (number, step) in (0..).zip(&steps) {
                one.take(number, step).await;
                other.take(number, step).await;
                prop_assert_eq!(&one.answers, &other.answers);
            }
            Ok(())
        })
    });
    result.unwrap();
}
