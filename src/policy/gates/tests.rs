use labeld_connector::Obstacles;

use super::*;
use crate::policy::facts::tests::sample;

const LIMIT: u64 = 1_000;

const TERMS: WriteTerms = WriteTerms {
    size_limit: LIMIT,
    signed: SignedFiles::Refuse,
};

type Change = fn(&mut Facts);

/// A change of a healthy file, and what stops it then for reading and for writing.
type Row<'a> = (Box<dyn FnOnce(&mut Facts)>, &'a str, &'a str);

fn with_reading(change: impl FnOnce(&mut ReadingFacts)) -> impl FnOnce(&mut Facts) {
    move |facts| change(facts.reading.as_mut().unwrap())
}

/// Number and reason for reading, then for writing.
#[test]
fn each_gate_stops_what_it_is_for() {
    let obstacles = |change: fn(&mut Obstacles)| {
        move |facts: &mut Facts| {
            let mut obstacles = Obstacles::default();
            change(&mut obstacles);
            facts.obstacles = Some(obstacles);
        }
    };
    let table: Vec<Row<'_>> = vec![
        (Box::new(|_| {}), "", ""),
        (
            Box::new(|f| f.removed = true),
            "1 file.deleted",
            "1 file.deleted",
        ),
        (
            Box::new(|f| f.barrier = Some(Barrier::Denied)),
            "2 access.denied",
            "2 access.denied",
        ),
        (
            Box::new(|f| f.barrier = Some(Barrier::ExternalOwner)),
            "2 access.external_owner",
            "2 access.external_owner",
        ),
        (
            Box::new(|f| f.barrier = Some(Barrier::NotCovered)),
            "2 access.not_covered",
            "2 access.not_covered",
        ),
        (
            Box::new(|f| f.kind = FileKind::Native),
            "3 type.native_google",
            "3 type.native_google",
        ),
        (
            Box::new(|f| f.kind = FileKind::Shortcut),
            "3 type.shortcut",
            "3 type.shortcut",
        ),
        (
            Box::new(|f| f.kind = FileKind::Package),
            "3 type.package",
            "3 type.package",
        ),
        (
            Box::new(|f| f.kind = FileKind::Special),
            "3 type.special",
            "3 type.special",
        ),
        (
            Box::new(|f| f.name = "a.doc".to_owned()),
            "",
            "4 file.type_unsupported",
        ),
        (Box::new(|f| f.name = "a.DOCX".to_owned()), "", ""),
        (
            Box::new(|f| f.readable_type = false),
            "4 file.type_unsupported",
            "",
        ),
        (Box::new(|f| f.size = LIMIT), "", ""),
        (Box::new(|f| f.size = LIMIT + 1), "", "5 file.too_large"),
        (Box::new(|f| f.size = 0), "6 file.empty", "6 file.empty"),
        (
            Box::new(|f| f.barrier = Some(Barrier::Trashed)),
            "7 file.trashed",
            "7 file.trashed",
        ),
        (
            Box::new(|f| f.barrier = Some(Barrier::Malware)),
            "7 file.malware",
            "7 file.malware",
        ),
        (
            Box::new(|f| f.quarantined = true),
            "7 file.quarantined",
            "7 file.quarantined",
        ),
        (
            Box::new(obstacles(|o| o.retained = Answer::Yes)),
            "",
            "8 file.retained",
        ),
        (
            Box::new(obstacles(|o| o.checkout_required = Answer::Yes)),
            "",
            "9 library.checkout_required",
        ),
        (
            Box::new(obstacles(|o| o.checked_out = Answer::Yes)),
            "",
            "10 file.checked_out",
        ),
        (
            Box::new(obstacles(|o| o.locked = Answer::Yes)),
            "",
            "11 file.locked",
        ),
        (Box::new(obstacles(|o| o.locked = Answer::Unknown)), "", ""),
        (
            Box::new(with_reading(|r| r.reason = Some(Reason::FileTypeMismatch))),
            "14 file.type_mismatch",
            "14 file.type_mismatch",
        ),
        (
            Box::new(|f| f.barrier = Some(Barrier::ClientEncrypted)),
            "15 file.client_encrypted",
            "15 file.client_encrypted",
        ),
        (
            Box::new(with_reading(|r| r.protection = "password".to_owned())),
            "15 file.password",
            "15 file.password",
        ),
        (
            Box::new(with_reading(|r| r.protection = "owner_password".to_owned())),
            "",
            "15 file.owner_password",
        ),
        // Gate 16 lets the table decide.
        (
            Box::new(with_reading(|r| {
                r.protection = "rms".to_owned();
                r.reason = Some(Reason::FileRms);
            })),
            "",
            "",
        ),
        (
            Box::new(with_reading(|r| r.reason = Some(Reason::FileCorrupt))),
            "17 file.corrupt",
            "17 file.corrupt",
        ),
        (
            Box::new(with_reading(|r| r.reason = Some(Reason::FileLimit))),
            "17 file.limit",
            "17 file.limit",
        ),
        (
            Box::new(with_reading(|r| r.reason = Some(Reason::FilePoison))),
            "17 file.poison",
            "17 file.poison",
        ),
        (
            Box::new(with_reading(|r| r.signed = true)),
            "",
            "18 file.signed",
        ),
    ];
    for (index, (change, read, write)) in table.into_iter().enumerate() {
        let mut facts = sample();
        change(&mut facts);
        for (purpose, expected) in [(Purpose::Read, read), (Purpose::Write, write)] {
            let stopped = pass(&facts, purpose, TERMS).stopped;
            let found = stopped.map_or(String::new(), |(gate, reason)| {
                format!("{} {reason}", gate.number)
            });
            assert_eq!(found, expected, "row {index}, {purpose:?}");
        }
    }
}

/// With everything wrong, each gate is the first in turn as the ones before it are mended.
#[test]
fn the_first_gate_in_the_order_of_the_rules_decides() {
    let mut facts = sample();
    facts.removed = true;
    facts.barrier = Some(Barrier::Denied);
    facts.kind = FileKind::Package;
    facts.name = "a.txt".to_owned();
    facts.readable_type = false;
    facts.size = LIMIT + 1;
    facts.obstacles = Some(Obstacles {
        retained: Answer::Yes,
        checkout_required: Answer::Yes,
        checked_out: Answer::Yes,
        locked: Answer::Yes,
        ..Obstacles::default()
    });
    let reading = facts.reading.as_mut().unwrap();
    reading.reason = Some(Reason::FileTypeMismatch);
    reading.protection = "password".to_owned();
    reading.signed = true;
    let mend: &[(u8, Change)] = &[
        (1, |f| f.removed = false),
        (2, |f| f.barrier = Some(Barrier::Trashed)),
        (3, |f| f.kind = FileKind::File),
        (4, |f| {
            f.name = "a.docx".to_owned();
            f.readable_type = true;
        }),
        (5, |f| f.size = 0),
        (6, |f| f.size = 10),
        (7, |f| f.barrier = None),
        (8, |f| f.obstacles.as_mut().unwrap().retained = Answer::No),
        (9, |f| {
            f.obstacles.as_mut().unwrap().checkout_required = Answer::No;
        }),
        (10, |f| {
            f.obstacles.as_mut().unwrap().checked_out = Answer::No;
        }),
        (11, |f| f.obstacles.as_mut().unwrap().locked = Answer::No),
        (14, |f| {
            f.reading.as_mut().unwrap().reason = Some(Reason::FileCorrupt);
        }),
        (15, |f| {
            f.reading.as_mut().unwrap().protection = "none".to_owned();
        }),
        (17, |f| f.reading.as_mut().unwrap().reason = None),
        (18, |f| f.reading.as_mut().unwrap().signed = false),
    ];
    for (number, change) in mend {
        let outcome = pass(&facts, Purpose::Write, TERMS);
        assert_eq!(outcome.stopped.unwrap().0.number, *number);
        assert!(outcome.passed.iter().all(|gate| gate.number < *number));
        change(&mut facts);
    }
    assert_eq!(pass(&facts, Purpose::Write, TERMS).stopped, None);
}

/// Gates 5, 8 to 12 and 18 never stop a reading (rules §3).
#[test]
fn which_gates_stop_readings() {
    let reading: Vec<u8> = all()
        .filter(|(_, reads)| *reads)
        .map(|(gate, _)| gate.number)
        .collect();
    assert_eq!(reading, [1, 2, 3, 4, 6, 7, 14, 15, 17]);
}

/// A policy may open gate 18, and no other; the outcome tells of it.
#[test]
fn an_option_opens_the_gate_of_signatures() {
    let allowing = WriteTerms {
        signed: SignedFiles::AllowUncovered,
        ..TERMS
    };
    let check = |change: Change, terms: WriteTerms, expected: (Option<u8>, Option<u8>)| {
        let mut facts = sample();
        change(&mut facts);
        let outcome = pass(&facts, Purpose::Write, terms);
        let number = |one: Option<(Gate, Reason)>| one.map(|(gate, _)| gate.number);
        let found = (number(outcome.stopped), number(outcome.opened));
        assert_eq!(found, expected, "{terms:?}");
        let opened = outcome.opened.map(|(gate, _)| gate);
        assert!(opened.is_none_or(|gate| outcome.passed.contains(&gate)));
    };
    let signed: Change = |f| f.reading.as_mut().unwrap().signed = true;
    check(signed, TERMS, (Some(18), None));
    check(signed, allowing, (None, Some(18)));
    check(|_| {}, allowing, (None, None));
    let and_locked: Change = |f| {
        f.reading.as_mut().unwrap().signed = true;
        f.reading.as_mut().unwrap().protection = "owner_password".to_owned();
    };
    check(and_locked, allowing, (Some(15), None));
}
