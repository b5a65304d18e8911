//! The audit log: a chain without forks, in which whatever was done to it afterwards shows.

use futures_util::future::join_all;
use labeld::model::TenantName;
use labeld::store::audit::{self, Entry, EntryHash, Finding, Head};
use labeld::store::{Access, Db};
use serde_json::json;

use super::upgrade::Raw;
use super::{at, on_both_stores};

on_both_stores!(
    writers_that_race_make_one_chain,
    an_entry_comes_with_what_it_tells_of_or_not_at_all,
    entries_are_read_page_by_page,
);

/// Entries of the log that is tampered with.
const ENTRIES: u64 = 9;

async fn add(db: &Db, numbers: std::ops::RangeInclusive<u64>, word: &str) {
    let tenant = TenantName::from("contoso");
    for number in numbers {
        let tx = db.begin().await.unwrap();
        let entry = Entry {
            kind: audit::CONFIG_USED,
            tenant: (number % 2 == 0).then_some(&tenant),
            document: json!({"number": number, "word": word}),
        };
        let now = at(number.try_into().unwrap());
        audit::append(&tx, &entry, now).await.unwrap();
        tx.commit().await.unwrap();
    }
}

async fn expect_sound(db: &Db, count: u64) -> Head {
    let verified = audit::verify(db, None).await.unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!(verified.head.count, count);
    assert_eq!(audit::head(db).await.unwrap(), verified.head);
    verified.head
}

async fn writers_that_race_make_one_chain(db: Db) {
    expect_sound(&db, 0).await;
    let writer = async |writer: u64| {
        for round in 0..5_u64 {
            let tx = db.begin().await.unwrap();
            let entries = [0, 1, 2].map(|part| Entry {
                kind: audit::CONFIG_USED,
                tenant: None,
                document: json!({"writer": writer, "round": round, "part": part}),
            });
            audit::append_all(&tx, &entries, at(0)).await.unwrap();
            if round == 3 {
                tx.rollback();
            } else {
                tx.commit().await.unwrap();
            }
        }
    };
    join_all((0..8).map(writer)).await;
    expect_sound(&db, 8 * 4 * 3).await;
}

async fn an_entry_comes_with_what_it_tells_of_or_not_at_all(db: Db) {
    add(&db, 1..=2, "kept").await;
    let before = expect_sound(&db, 2).await;
    let tx = db.begin().await.unwrap();
    let entry = Entry {
        kind: audit::CONFIG_USED,
        tenant: None,
        document: json!({}),
    };
    audit::append(&tx, &entry, at(3)).await.unwrap();
    assert_eq!(audit::head(&tx).await.unwrap().count, 3);
    tx.rollback();
    assert_eq!(expect_sound(&db, 2).await, before);
    let tx = db.begin().await.unwrap();
    audit::append_all(&tx, &[], at(3)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(expect_sound(&db, 2).await, before);
}

async fn entries_are_read_page_by_page(db: Db) {
    add(&db, 1..=ENTRIES, "\u{e4} \0 \"").await;
    let mut read = Vec::new();
    loop {
        let after = read.len().try_into().unwrap();
        let page = audit::page(&db, after, 4).await.unwrap();
        if page.is_empty() {
            break;
        }
        read.extend(page);
    }
    let mut before = EntryHash::NONE;
    for (number, entry) in (1..).zip(&read) {
        assert_eq!((entry.sequence, entry.at), (number, at(number as i64)));
        assert_eq!(entry.tenant.is_some(), number % 2 == 0);
        let document: serde_json::Value = serde_json::from_str(&entry.document).unwrap();
        assert_eq!(document, json!({"number": number, "word": "\u{e4} \0 \""}));
        assert_eq!(entry.hash, entry.hash_after(before));
        before = entry.hash;
    }
    assert_eq!(read.len() as u64, ENTRIES);
    let tx = db.begin().await.unwrap();
    let other = Entry {
        kind: "other",
        tenant: None,
        document: json!({}),
    };
    audit::append(&tx, &other, at(0)).await.unwrap();
    let newest = audit::newest_config(&tx).await.unwrap();
    assert_eq!(newest.as_ref(), read.last());
}

/// What is done to the log, what is found without knowing its head, and what else where its head is known.
type Tampering = (&'static str, &'static [Finding], &'static [Finding]);

const TAMPERINGS: &[Tampering] = &[
    ("SELECT 1", &[], &[]),
    (
        "UPDATE audit_entry SET document = '{}' WHERE sequence = 3",
        &[Finding::Changed { sequence: 3 }],
        &[],
    ),
    (
        "UPDATE audit_entry SET document = document || ' ' WHERE sequence = 9",
        &[Finding::Changed { sequence: 9 }],
        &[],
    ),
    (
        "UPDATE audit_entry SET at = at + 1 WHERE sequence = 1",
        &[Finding::Changed { sequence: 1 }],
        &[],
    ),
    (
        "UPDATE audit_entry SET kind = 'other' WHERE sequence = 2",
        &[Finding::Changed { sequence: 2 }],
        &[],
    ),
    (
        "UPDATE audit_entry SET tenant = '' WHERE sequence IN (3, 4)",
        &[
            Finding::Changed { sequence: 3 },
            Finding::Changed { sequence: 4 },
        ],
        &[],
    ),
    (
        "UPDATE audit_entry SET tenant = NULL WHERE sequence = 4",
        &[Finding::Changed { sequence: 4 }],
        &[],
    ),
    (
        "UPDATE audit_entry SET hash = (SELECT hash FROM audit_entry WHERE sequence = 1) WHERE sequence = 5",
        &[
            Finding::Changed { sequence: 5 },
            Finding::Changed { sequence: 6 },
        ],
        &[],
    ),
    (
        "DELETE FROM audit_entry WHERE sequence IN (4, 5)",
        &[Finding::Missing { first: 4, last: 5 }],
        &[],
    ),
    (
        "DELETE FROM audit_entry WHERE sequence = 1",
        &[Finding::Missing { first: 1, last: 1 }],
        &[],
    ),
    (
        "DELETE FROM audit_entry WHERE sequence = 4;
         UPDATE audit_entry SET sequence = 4 WHERE sequence = 9",
        &[
            Finding::Changed { sequence: 4 },
            Finding::Changed { sequence: 5 },
            Finding::CutOff {
                last: 8,
                expected: 9,
            },
        ],
        &[],
    ),
    (
        "DELETE FROM audit_entry WHERE sequence > 7",
        &[Finding::CutOff {
            last: 7,
            expected: 9,
        }],
        &[],
    ),
    (
        "DELETE FROM audit_entry WHERE sequence > 7;
         UPDATE audit_head SET sequence = 7, hash = (SELECT hash FROM audit_entry WHERE sequence = 7)",
        &[],
        &[Finding::CutOff {
            last: 7,
            expected: 9,
        }],
    ),
    (
        "DELETE FROM audit_entry; DELETE FROM audit_head",
        &[],
        &[Finding::CutOff {
            last: 0,
            expected: 9,
        }],
    ),
    (
        "INSERT INTO audit_entry SELECT 10, at, kind, tenant, document, hash FROM audit_entry WHERE sequence = 9",
        &[
            Finding::Changed { sequence: 10 },
            Finding::BehindTheHead { first: 10 },
        ],
        &[],
    ),
    (
        "UPDATE audit_head SET hash = (SELECT hash FROM audit_entry WHERE sequence = 1)",
        &[Finding::HeadDiffers { sequence: 9 }],
        &[],
    ),
    (
        "DELETE FROM audit_head",
        &[Finding::BehindTheHead { first: 1 }],
        &[],
    ),
];

#[tokio::test]
async fn what_was_done_to_the_log_is_found() {
    for raw in Raw::all().await {
        let db = Db::open(&raw.location(), Access::Write).await.unwrap();
        for (sql, without, more) in TAMPERINGS {
            let head = make_anew(&raw, &db, "true").await;
            raw.execute(sql).await.unwrap();
            let found = audit::verify(&db, None).await.unwrap().findings;
            assert_eq!(found, *without, "{sql}");
            let found = audit::verify(&db, Some(head)).await.unwrap().findings;
            assert_eq!(found, [*without, *more].concat(), "{sql}");
        }
        let head = make_anew(&raw, &db, "true").await;
        make_anew(&raw, &db, "false").await;
        expect_sound(&db, ENTRIES).await;
        let rebuilt = [Finding::Rebuilt { sequence: ENTRIES }];
        let found = audit::verify(&db, Some(head)).await.unwrap().findings;
        assert_eq!(found, rebuilt);
        // A head of long ago serves as well, and the log may have grown since.
        add(&db, 1..=5, "more").await;
        let found = audit::verify(&db, Some(head)).await.unwrap().findings;
        assert_eq!(found, rebuilt);
    }
}

/// The log, made anew as who can write to the store can do it.
async fn make_anew(raw: &Raw, db: &Db, word: &str) -> Head {
    raw.execute("DELETE FROM audit_entry; DELETE FROM audit_head")
        .await
        .unwrap();
    add(db, 1..=ENTRIES, word).await;
    expect_sound(db, ENTRIES).await
}

#[test]
fn a_head_is_a_count_and_a_hash() {
    let head = Head {
        count: 12,
        hash: EntryHash([0xa7; 32]),
    };
    assert_eq!(head.to_string(), format!("12:{}", "a7".repeat(32)));
    assert_eq!(head.to_string().parse(), Ok(head));
    assert_eq!(format!(" {head}\n").parse(), Ok(head));
    for text in ["", "12", "12:", "12:a7", ":{}", "-1:{}", "x:{}", "12:{}0"] {
        let text = text.replace("{}", &"a7".repeat(32));
        assert!(text.parse::<Head>().is_err(), "{text}");
    }
    for odd in ["+1", "g0", "\u{e4}"] {
        let text = format!("12:{odd}{}", "a7".repeat(31));
        assert!(text.parse::<Head>().is_err(), "{text}");
    }
}
