//! `write`.

use labeld_connector::{ErrorKind, FileMeta, MirroredLabel, ReadOptions, Version, WriteOptions};

use super::connect;
use super::reading::one_file;
use crate::Harness;
use crate::caller::{Caller, expect_error};
use crate::model::{Model, path_of};
use crate::suite::{Violation, ensure};

type Outcome = Result<(), Violation>;

const OLD: &[u8] = b"the old content";
const NEW: &[u8] = b"the new content, which is longer";

pub(crate) async fn write(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = one_file(harness, OLD).await?;
    let outcome = caller
        .write(&listed.file, NEW, expecting(&listed.version))
        .await;
    if !caller.capabilities().write {
        expect_error("write to a read-only app", outcome, ErrorKind::Unsupported)?;
        return expect_content(harness, &listed, OLD).await;
    }
    let written = outcome?;
    ensure(written.version != listed.version, || {
        format!("a write kept the version {}", listed.version)
    })?;
    expect_content(harness, &listed, NEW).await?;
    let options = ReadOptions {
        range: None,
        if_match: Some(written.version.clone()),
    };
    let bytes = caller.read(&written.file, options).await?;
    ensure(bytes == NEW, || {
        format!("after the write it reads {bytes:?}")
    })?;
    let stated = caller.stat(&written.file).await?;
    ensure(stated == written, || {
        format!("the write says {written:?}, stat says {stated:?}")
    })?;
    drop(caller);
    let model = Model::enumerate(&connect(harness).await).await?;
    let listed = model.at(&path_of(&written))?;
    ensure(*listed == written, || {
        format!("the write says {written:?}, the listing {listed:?}")
    })
}

pub(crate) async fn wrong_version(harness: &dyn Harness) -> Outcome {
    let Some((caller, listed)) = one_writable_file(harness).await? else {
        return Ok(());
    };
    let newer = b"the content that somebody else wrote meanwhile";
    let never = Version("never was".to_owned());
    let outcome = caller.write(&listed.file, NEW, expecting(&never)).await;
    expect_error(
        "write over an unheard-of version",
        outcome,
        ErrorKind::Changed,
    )?;
    expect_content(harness, &listed, OLD).await?;

    harness.put(&path_of(&listed), newer).await;
    let outcome = caller
        .write(&listed.file, NEW, expecting(&listed.version))
        .await;
    expect_error("write over a newer version", outcome, ErrorKind::Changed)?;
    expect_content(harness, &listed, newer).await
}

/// The service keeps the precondition, or the connector finds out what it covered: a save is never lost in silence.
pub(crate) async fn race(harness: &dyn Harness) -> Outcome {
    let edit = b"what somebody saved in the moment before the write";
    let Some((caller, listed)) = one_writable_file(harness).await? else {
        return Ok(());
    };
    if !harness.edit_before_write(&path_of(&listed), edit).await {
        return Ok(());
    }
    let outcome = caller
        .write(&listed.file, NEW, expecting(&listed.version))
        .await;
    let covered = match &outcome {
        Ok(_) => None,
        Err(error) => error.covered_edit().cloned(),
    };
    expect_error(
        "write over a save of that moment",
        outcome,
        ErrorKind::Changed,
    )?;
    let content: &[u8] = match covered {
        Some(covered) if !covered.put_back => NEW,
        _ => edit,
    };
    expect_content(harness, &listed, content).await
}

pub(crate) async fn keeps_modified(harness: &dyn Harness) -> Outcome {
    let Some((caller, listed)) = one_writable_file(harness).await? else {
        return Ok(());
    };
    if !caller.capabilities().keeps_modified {
        return Ok(());
    }
    let options = WriteOptions {
        expect: listed.version.clone(),
        keep_modified: true,
    };
    let written = caller.write(&listed.file, NEW, options).await?;
    ensure(written.modified == listed.modified, || {
        format!(
            "modified went from {:?} to {:?}",
            listed.modified, written.modified
        )
    })?;
    ensure(written.version != listed.version, || {
        "the version stayed with the time of modification".to_owned()
    })?;
    expect_content(harness, &listed, NEW).await
}

pub(crate) async fn mirror(harness: &dyn Harness) -> Outcome {
    let Some((caller, listed)) = one_writable_file(harness).await? else {
        return Ok(());
    };
    let labels: Vec<MirroredLabel<'_>> = harness
        .mirrored_labels()
        .iter()
        .map(|&(id, name)| MirroredLabel { id, name })
        .collect();
    let Some(mirror) = caller.label_mirror() else {
        return ensure(labels.is_empty(), || "labels are not mirrored".to_owned());
    };
    let [first, second, ..] = labels[..] else {
        return Ok(());
    };
    let mut shown = None;
    for label in [Some(first), Some(second), Some(second), None, None] {
        let before = mirror.is_shown(&listed.file, shown).await?;
        ensure(before, || format!("{shown:?} is not shown"))?;
        mirror.show(&listed.file, label).await?;
        for other in [Some(first), Some(second), None] {
            let is_shown = mirror.is_shown(&listed.file, other).await?;
            ensure(is_shown == (other == label), || {
                format!("shown {label:?}: asked for {other:?} it says {is_shown}")
            })?;
        }
        shown = label;
    }
    let unknown = MirroredLabel {
        id: "00000000-0000-0000-0000-000000000000",
        name: "no such label",
    };
    let outcome = mirror.show(&listed.file, Some(unknown)).await;
    expect_error(
        "mirror a label that nothing stands for",
        outcome,
        ErrorKind::Unsupported,
    )?;
    let now = caller.stat(&listed.file).await?;
    ensure(now.version == listed.version, || {
        "a mirrored label changed the file's version".to_owned()
    })?;
    expect_content(harness, &listed, OLD).await
}

pub(crate) async fn absent(harness: &dyn Harness) -> Outcome {
    let Some((caller, listed)) = one_writable_file(harness).await? else {
        return Ok(());
    };
    harness.remove(&path_of(&listed)).await;
    let outcome = caller
        .write(&listed.file, NEW, expecting(&listed.version))
        .await;
    expect_error("write to a removed file", outcome, ErrorKind::NotFound)?;
    let truth = harness.truth().await;
    ensure(truth.is_empty(), || {
        format!("the write left {:?} behind", truth.keys())
    })
}

fn expecting(version: &Version) -> WriteOptions {
    WriteOptions {
        expect: version.clone(),
        keep_modified: false,
    }
}

async fn one_writable_file(harness: &dyn Harness) -> Result<Option<(Caller, FileMeta)>, Violation> {
    let (caller, listed) = one_file(harness, OLD).await?;
    Ok(caller.capabilities().write.then_some((caller, listed)))
}

/// Says whether the app holds exactly that file with that content.
async fn expect_content(harness: &dyn Harness, file: &FileMeta, body: &[u8]) -> Outcome {
    let truth = harness.truth().await;
    let is_right = truth.len() == 1 && truth.get(&path_of(file)).is_some_and(|held| held == body);
    ensure(is_right, || {
        format!(
            "the app holds {truth:?}, expected {body:?} in {}",
            path_of(file)
        )
    })
}
