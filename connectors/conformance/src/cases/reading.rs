//! `stat`, `read` and `exposure`.

use std::ops::Range;

use bytes::Bytes;
use labeld_connector::{Access, Answer, ErrorKind, FileMeta, Health, ReadOptions, Version};

use super::connect;
use crate::Harness;
use crate::caller::{Caller, expect_error};
use crate::model::Model;
use crate::suite::{Violation, ensure};

type Outcome = Result<(), Violation>;

const PATH: &str = "folder/file.docx";
const BODY: &[u8] = b"0123456789abcdef";

pub(crate) async fn stat_present(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    let stated = caller.stat(&listed.file).await?;
    ensure(stated == listed, || {
        format!("stat says {stated:?}, the listing {listed:?}")
    })
}

pub(crate) async fn stat_absent(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    harness.remove(PATH).await;
    let outcome = caller.stat(&listed.file).await;
    expect_error("stat of a removed file", outcome, ErrorKind::NotFound)
}

pub(crate) async fn ranges(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    let table: &[(Option<Range<u64>>, &[u8])] = &[
        (None, BODY),
        (Some(0..16), BODY),
        (Some(0..1), b"0"),
        (Some(5..9), b"5678"),
        (Some(15..16), b"f"),
        (Some(10..1_000), b"abcdef"),
        (Some(0..u64::MAX), BODY),
        (Some(16..20), b""),
        (Some(1_000..2_000), b""),
        (Some(u64::MAX - 1..u64::MAX), b""),
        (Some(4..4), b""),
    ];
    for if_match in [None, Some(listed.version.clone())] {
        for (range, expected) in table {
            let options = ReadOptions {
                range: range.clone(),
                if_match: if_match.clone(),
            };
            let what = format!("{options:?}");
            let bytes = caller
                .read(&listed.file, options)
                .await
                .map_err(|error| Violation(format!("{what}: {}", Violation::from(error))))?;
            ensure(bytes == *expected, || {
                format!("{what} gives {bytes:?}, expected {expected:?}")
            })?;
        }
    }
    Ok(())
}

pub(crate) async fn empty(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, b"").await?;
    for range in [None, Some(0..10), Some(5..10)] {
        let options = ReadOptions {
            range,
            if_match: Some(listed.version.clone()),
        };
        let bytes = caller.read(&listed.file, options).await?;
        ensure(bytes.is_empty(), || {
            format!("an empty file gives {bytes:?}")
        })?;
    }
    Ok(())
}

pub(crate) async fn absent(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    harness.remove(PATH).await;
    let outcome = caller.read(&listed.file, ReadOptions::default()).await;
    expect_error("read of a removed file", outcome, ErrorKind::NotFound)
}

pub(crate) async fn if_match(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    harness.put(PATH, b"0123456789abcdef and more").await;
    for range in [None, Some(0..4)] {
        for version in [listed.version.clone(), Version("no version".to_owned())] {
            let options = ReadOptions {
                range: range.clone(),
                if_match: Some(version),
            };
            let what = format!("read of a changed file with {options:?}");
            let is_known = options.if_match.as_ref() == Some(&listed.version);
            let old = options.range.clone().map_or(BODY, |_| &BODY[..4]);
            let outcome = caller.read(&listed.file, options).await;
            expect_changed_or(&what, outcome, is_known.then_some(old))?;
        }
    }
    let now = caller.stat(&listed.file).await?;
    let options = ReadOptions {
        range: None,
        if_match: Some(now.version),
    };
    let bytes = caller.read(&listed.file, options).await?;
    ensure(bytes == b"0123456789abcdef and more"[..], || {
        format!("the new version gives {bytes:?}")
    })
}

pub(crate) async fn changed_between_ranges(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    let half = |range| ReadOptions {
        range: Some(range),
        if_match: Some(listed.version.clone()),
    };
    let first = caller.read(&listed.file, half(0..8)).await?;
    ensure(first == BODY[..8], || {
        format!("the first half is {first:?}")
    })?;
    harness.put(PATH, b"fedcba9876543210 changed").await;
    let second = caller.read(&listed.file, half(8..16)).await;
    expect_changed_or(
        "the second half of a changed file",
        second,
        Some(&BODY[8..]),
    )
}

/// A file that has another version is refused, or its old version is read: never other bytes.
fn expect_changed_or(
    what: &str,
    outcome: labeld_connector::Result<Bytes>,
    old: Option<&[u8]>,
) -> Outcome {
    match (outcome, old) {
        (Ok(bytes), Some(old)) => ensure(bytes == *old, || format!("{what} gives {bytes:?}")),
        (outcome, _) => expect_error(what, outcome, ErrorKind::Changed),
    }
}

pub(crate) async fn exposure(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    caller.exposure(&listed.file).await?;
    Ok(())
}

/// Whom the suite shares a file with.
const PARTNER: &str = "Pat@Partner.example";

pub(crate) async fn access(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    let alone = caller.access(&listed.file).await?;
    well_formed(&listed, &alone)?;
    if !harness.share(PATH, PARTNER).await {
        return Ok(());
    }
    let shared = caller.access(&listed.file).await?;
    well_formed(&listed, &shared)?;
    for (meta, access) in [
        (&listed, &alone),
        (&caller.stat(&listed.file).await?, &shared),
    ] {
        let told = &meta.collaborators;
        ensure(told.is_none() || *told == access.collaborators, || {
            format!(
                "listed with {told:?}, asked with {:?}",
                access.collaborators
            )
        })?;
    }
    let of_level = caller.exposure(&listed.file).await?;
    ensure(shared.exposure == of_level, || {
        format!("access says {:?}, exposure {of_level:?}", shared.exposure)
    })?;
    let partner = PARTNER.to_lowercase();
    let names = |list: &Option<Vec<String>>| list.as_ref().map(|list| list.contains(&partner));
    let told = (names(&alone.collaborators), names(&shared.collaborators));
    ensure(told == (Some(false), Some(true)), || {
        format!("{partner} is told before and after the file was shared: {told:?}")
    })
}

fn well_formed(meta: &FileMeta, access: &Access) -> Outcome {
    let Some(list) = &access.collaborators else {
        return Ok(());
    };
    let owner = meta.owner.as_ref().map(|owner| owner.to_lowercase());
    let is_address = |it: &String| it.contains('@') && *it == it.to_lowercase();
    ensure(
        list.iter().all(is_address)
            && list.is_sorted_by(|one, next| one < next)
            && !list.iter().any(|it| Some(it) == owner.as_ref()),
        || format!("the addresses are {list:?}, of a file of {owner:?}"),
    )
}

pub(crate) async fn obstacles(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, BODY).await?;
    let obstacles = caller.obstacles(&listed.file).await?;
    let answers = [
        obstacles.retained,
        obstacles.checkout_required,
        obstacles.checked_out,
        obstacles.locked,
    ];
    ensure(!answers.contains(&Answer::Yes), || {
        format!("something stands against writing to a plain file: {obstacles:?}")
    })
}

pub(crate) async fn examine(harness: &dyn Harness) -> Outcome {
    let caller = connect(harness).await;
    let examined = caller.examine().await;
    ensure(!examined.is_empty(), || "nothing was examined".to_owned())?;
    let failed = examined.iter().find(|one| one.health == Health::Failed);
    ensure(failed.is_none(), || {
        format!("a healthy app fails its examination: {failed:?}")
    })
}

/// An app with one file, as it is listed.
pub(super) async fn one_file(
    harness: &dyn Harness,
    body: &[u8],
) -> Result<(Caller, FileMeta), Violation> {
    harness.put(PATH, body).await;
    let caller = connect(harness).await;
    let listed = Model::enumerate(&caller).await?.at(PATH)?.clone();
    Ok((caller, listed))
}
