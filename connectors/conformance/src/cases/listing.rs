//! Enumerations and polls.

use std::collections::BTreeSet;

use labeld_connector::{Cursor, ErrorKind, FeedRef, FileMeta, FileRef};

use super::{TREE, connect, put_tree};
use crate::Harness;
use crate::caller::{Caller, expect_error};
use crate::model::Model;
use crate::suite::{Violation, ensure};

type Outcome = Result<(), Violation>;

pub(crate) async fn empty_app(harness: &dyn Harness) -> Outcome {
    let caller = connect(harness).await;
    let mut model = Model::enumerate(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    harness.put("first.docx", b"one").await;
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)
}

pub(crate) async fn full_enumeration(harness: &dyn Harness) -> Outcome {
    put_tree(harness).await;
    let caller = connect(harness).await;
    let model = Model::enumerate(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    let has_version = |meta: &FileMeta| !meta.version.0.is_empty();
    ensure(model.files.values().all(has_version), || {
        "a file has an empty version".to_owned()
    })
}

pub(crate) async fn resume_at_every_page(harness: &dyn Harness) -> Outcome {
    put_tree(harness).await;
    let truth = harness.truth().await;
    for pages_before in 1.. {
        let mut model = Model::default();
        let reached_end = restart_after(&mut model, pages_before, harness).await?;
        model
            .expect_truth(&truth)
            .map_err(|violation| after_page(pages_before, &violation))?;
        if reached_end {
            return ensure(pages_before > 2, || {
                "the tree of the suite fits on two pages: make them smaller".to_owned()
            });
        }
    }
    Ok(())
}

pub(crate) async fn every_page_twice(harness: &dyn Harness) -> Outcome {
    put_tree(harness).await;
    let caller = connect(harness).await;
    let mut model = Model::default();
    loop {
        let mut lost = model.clone();
        lost.next_page(&caller).await?;
        if !model.next_page(&caller).await? {
            break;
        }
    }
    model.expect_truth(&harness.truth().await)?;

    // The same for the first page of a poll: its cursor is a finished one.
    harness.put("new.docx", b"new").await;
    harness.remove("zz.pdf").await;
    model.clone().poll(&caller).await?;
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)
}

pub(crate) async fn poll_new(harness: &dyn Harness) -> Outcome {
    let (caller, mut model) = listed_tree(harness).await?;
    harness.put("a/new.docx", b"new").await;
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    let new = model.at("a/new.docx")?.file.clone();
    expect_touched(&caller, &model, &[new])
}

pub(crate) async fn poll_modified(harness: &dyn Harness) -> Outcome {
    let (caller, mut model) = listed_tree(harness).await?;
    let before = model.at("a/b.docx")?.clone();
    harness.put("a/b.docx", b"another content").await;
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    let after = model.at("a/b.docx")?;
    ensure(after.file == before.file, || {
        format!(
            "an edit changed the name in the app from {} to {}",
            before.file, after.file
        )
    })?;
    ensure(after.version != before.version, || {
        format!("an edit kept the version {}", before.version)
    })?;
    expect_touched(&caller, &model, &[before.file])
}

pub(crate) async fn poll_renamed(harness: &dyn Harness) -> Outcome {
    let (caller, mut model) = listed_tree(harness).await?;
    let before = model.at("z/b.docx")?.file.clone();
    harness.rename("z/b.docx", "a/renamed.docx").await;
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    let after = model.at("a/renamed.docx")?.file.clone();
    if caller.capabilities().stable_refs {
        ensure(after == before, || {
            format!("a rename changed the stable name in the app from {before} to {after}")
        })?;
    }
    expect_touched(&caller, &model, &[before, after])
}

pub(crate) async fn poll_removed(harness: &dyn Harness) -> Outcome {
    let (caller, mut model) = listed_tree(harness).await?;
    let removed = model.at("a/b/c.docx")?.file.clone();
    harness.remove("a/b/c.docx").await;
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    expect_touched(&caller, &model, &[removed])
}

pub(crate) async fn poll_folder_renamed(harness: &dyn Harness) -> Outcome {
    poll_after(harness, async || {
        harness.rename("z", "renamed").await;
        // A second name, before anybody looked: a feed that tells states and not events skips the first.
        harness.rename("a/b", "a/first").await;
        harness.rename("a/first", "a/second").await;
    })
    .await
}

pub(crate) async fn poll_folder_moved(harness: &dyn Harness) -> Outcome {
    poll_after(harness, async || {
        harness.rename("a/b", "z/deep/b").await;
        harness.rename("z/deep", "top").await;
        harness
            .put("top/b/new.docx", b"made where it was moved to")
            .await;
    })
    .await
}

pub(crate) async fn poll_folder_removed(harness: &dyn Harness) -> Outcome {
    poll_after(harness, async || {
        // What is moved out first stays.
        harness.rename("z/deep/er", "saved").await;
        harness.remove("z").await;
    })
    .await
}

/// A poll after `what` was done to the tree, and another one that has nothing to say.
async fn poll_after(harness: &dyn Harness, what: impl AsyncFnOnce()) -> Outcome {
    let (caller, mut model) = listed_tree(harness).await?;
    what().await;
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    model.poll(&caller).await?;
    expect_touched(&caller, &model, &[])
}

pub(crate) async fn poll_unchanged(harness: &dyn Harness) -> Outcome {
    let (caller, mut model) = listed_tree(harness).await?;
    let before = model.files.clone();
    for _ in 0..3 {
        model.poll(&caller).await?;
        expect_touched(&caller, &model, &[])?;
        ensure(model.files == before, || {
            "a poll without changes changed something".to_owned()
        })?;
    }
    Ok(())
}

pub(crate) async fn poll_resumed(harness: &dyn Harness) -> Outcome {
    let (caller, listed) = listed_tree(harness).await?;
    for (index, (path, _)) in TREE.iter().enumerate() {
        match index % 3 {
            0 => harness.put(path, b"modified for a poll").await,
            1 => harness.rename(path, &format!("moved/{index}.docx")).await,
            _ => harness.remove(path).await,
        }
    }
    let truth = harness.truth().await;
    let mut polled = listed.clone();
    polled.begin_poll(&caller);
    drop(caller);
    let mut pages_before = 0;
    // One poll after the other: when the feed has moved on, an older cursor may be expired.
    loop {
        let caller = connect(harness).await;
        let more = polled.next_page(&caller).await?;
        pages_before += 1;
        if !more {
            break;
        }
    }
    polled
        .expect_truth(&truth)
        .map_err(|violation| after_page(pages_before, &violation))
}

pub(crate) async fn bad_cursor(harness: &dyn Harness) -> Outcome {
    let (caller, mut model) = listed_tree(harness).await?;
    let feed = first_feed(&caller).await?;
    for text in [
        "",
        "no cursor",
        "{}",
        "{\"format\":1}",
        "\u{0}",
        "9999999999999999999999",
    ] {
        let cursor = Cursor(text.to_owned());
        let what = format!("changes since the cursor {text:?}");
        let outcome = caller.changes(&feed, Some(&cursor)).await;
        expect_error(&what, outcome, ErrorKind::CursorExpired)?;
    }
    // Neither the true cursor nor a full enumeration is harmed.
    model.poll(&caller).await?;
    model.expect_truth(&harness.truth().await)?;
    let anew = Model::enumerate(&caller).await?;
    anew.expect_truth(&harness.truth().await)
}

async fn first_feed(caller: &Caller) -> Result<FeedRef, Violation> {
    let list = caller.feeds().await?;
    let first = list.feeds.into_iter().next();
    first
        .map(|feed| feed.feed)
        .ok_or_else(|| Violation("the app has no feed".to_owned()))
}

/// An app with the tree of the suite, listed and connected to anew.
async fn listed_tree(harness: &dyn Harness) -> Result<(Caller, Model), Violation> {
    put_tree(harness).await;
    let model = Model::enumerate(&connect(harness).await).await?;
    model.expect_truth(&harness.truth().await)?;
    Ok((connect(harness).await, model))
}

/// Takes in `pages` pages, restarts, and takes in the rest; whether there was no rest.
async fn restart_after(
    model: &mut Model,
    pages: usize,
    harness: &dyn Harness,
) -> Result<bool, Violation> {
    let caller = connect(harness).await;
    for _ in 0..pages {
        if !model.next_page(&caller).await? {
            return Ok(true);
        }
    }
    drop(caller);
    model.drain(&connect(harness).await).await?;
    Ok(false)
}

/// Says whether the last poll spoke of exactly these files.
fn expect_touched(caller: &Caller, model: &Model, files: &[FileRef]) -> Outcome {
    if !caller.capabilities().change_feed {
        return Ok(());
    }
    let expected: BTreeSet<FileRef> = files.iter().cloned().collect();
    ensure(model.touched == expected, || {
        format!(
            "the poll spoke of {:?}, expected {expected:?}",
            model.touched
        )
    })
}

fn after_page(pages: usize, violation: &Violation) -> Violation {
    Violation(format!("with a restart after page {pages}: {violation}"))
}
