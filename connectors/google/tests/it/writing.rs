//! Writing: never over what a person saved.

use bytes::Bytes;
use labeld_connector::{Connector as _, ErrorKind, FileMeta, WriteOptions};
use labeld_connector_google::{GoogleOptions, WriteApi};
use labeld_emulator::frame::Effect;
use labeld_emulator::google::Switches;

use crate::support::{MINA, World, refusal, sentence, walk, walk_from};

const OLD: &[u8] = b"the old content";
const NEW: &[u8] = b"the content with a label";
const EDIT: &[u8] = b"what a person saved meanwhile";

fn expecting(meta: &FileMeta) -> WriteOptions {
    WriteOptions {
        expect: meta.version.clone(),
        keep_modified: true,
    }
}

fn id_of(meta: &FileMeta) -> String {
    meta.file.0.rsplit('/').next().unwrap().to_owned()
}

async fn with_file(writes: WriteApi) -> (World, labeld_connector_google::GoogleDrive, FileMeta) {
    let world = World::new().await;
    let drive = world.connect(GoogleOptions {
        writes,
        ..world.mina_options()
    });
    let meta = world.one_file(&drive, "plan.docx", OLD).await;
    (world, drive, meta)
}

#[tokio::test]
async fn a_write_keeps_everything_but_the_content() {
    for writes in [WriteApi::V2, WriteApi::V3] {
        let (world, drive, meta) = with_file(writes).await;
        let before = world.google().file(&id_of(&meta)).unwrap();
        world.emulator.clock().advance(chrono::TimeDelta::hours(1));
        let written = drive
            .write(&meta.file, Bytes::from(NEW), expecting(&meta))
            .await
            .unwrap();
        let after = world.google().file(&id_of(&meta)).unwrap();
        assert_eq!(after.body.as_deref(), Some(NEW));
        assert_eq!(
            (&after.mime_type, after.modified, &after.path),
            (&before.mime_type, before.modified, &before.path)
        );
        assert_eq!(
            (written.own_write, written.modified),
            (Some(true), meta.modified),
            "{writes:?}"
        );
        let stamp = after.app_properties.get("labeld").unwrap();
        assert!(written.version.0.contains(stamp.as_str()), "{writes:?}");
    }
}

#[tokio::test]
async fn own_writes_come_back_as_such() {
    let (world, drive, meta) = with_file(WriteApi::V2).await;
    let walked = walk(&drive).await;
    let written = drive
        .write(&meta.file, Bytes::from(NEW), expecting(&meta))
        .await
        .unwrap();
    let polled = walk_from(&drive, &walked.cursors).await;
    assert_eq!(polled.files, [written]);
    world.google().put(MINA, "plan.docx", EDIT, MINA).unwrap();
    let again = walk_from(&drive, &polled.cursors).await;
    assert_eq!(again.files[0].own_write, Some(false));
}

/// A person saves between the last look and the write.
#[tokio::test]
async fn an_edit_in_between_is_never_lost() {
    for writes in [WriteApi::V2, WriteApi::V2ThenV3, WriteApi::V3] {
        let (world, drive, meta) = with_file(writes).await;
        world
            .google()
            .edit_before_upload(&id_of(&meta), EDIT, "admin@alder.example")
            .unwrap();
        let outcome = drive
            .write(&meta.file, Bytes::from(NEW), expecting(&meta))
            .await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed, "{writes:?}");
        let now = world.google().file(&id_of(&meta)).unwrap();
        assert_eq!(now.body.as_deref(), Some(EDIT), "{writes:?}");
        let bodies: Vec<&[u8]> = now.revisions.iter().map(|(_, body)| &body[..]).collect();
        match writes {
            // Nothing was written at all.
            WriteApi::V2 | WriteApi::V2ThenV3 => {
                assert_eq!(bodies, [OLD, EDIT]);
                assert_eq!(error.covered_edit(), None);
            }
            // It was covered for a moment, and put back.
            WriteApi::V3 => {
                assert_eq!(bodies, [OLD, EDIT, NEW, EDIT]);
                let edit = error.covered_edit().unwrap();
                assert_eq!(edit.by.as_deref(), Some("admin@alder.example"));
                assert!(edit.put_back && edit.version.is_some(), "{edit:?}");
                let told = sentence(&error);
                assert!(
                    told.contains("admin@alder.example") && told.contains("was put back"),
                    "{told}"
                );
            }
        }
        let present = drive.stat(&meta.file).await.unwrap();
        assert_eq!(present.own_write, Some(false), "{writes:?}");
    }
}

/// The window of the write without a precondition: nothing is asked between the look that compares the version and the
/// upload, so that it is as long as the upload takes to arrive.
#[tokio::test]
async fn without_a_precondition_the_look_is_the_last_call_before_the_upload() {
    let (world, drive, meta) = with_file(WriteApi::V3).await;
    let before = world.emulator.journal().last();
    drive
        .write(&meta.file, Bytes::from(NEW), expecting(&meta))
        .await
        .unwrap();
    let entries = world.emulator.journal().since(before);
    let id = id_of(&meta);
    let calls: Vec<String> = entries
        .iter()
        .map(|entry| format!("{} {}", entry.method, entry.path()).replace(&id, "ID"))
        .collect();
    assert_eq!(
        calls,
        [
            "GET /drive/v3/files/ID",
            "GET /drive/v3/files/ID",
            "PATCH /upload/drive/v3/files/ID",
            "GET /drive/v3/files/ID/revisions",
        ]
    );
}

/// Where it cannot be put back, the error names the revision.
#[tokio::test]
async fn an_edit_that_cannot_be_put_back_is_named() {
    let (world, drive, meta) = with_file(WriteApi::V3).await;
    world
        .google()
        .edit_before_upload(&id_of(&meta), EDIT, MINA)
        .unwrap();
    world.fault(refusal(403, "forbidden"), |rule| {
        rule.method("PATCH").path("/drive/v3/files/*/revisions/*")
    });
    let error = drive
        .write(&meta.file, Bytes::from(NEW), expecting(&meta))
        .await
        .unwrap_err();
    let now = world.google().file(&id_of(&meta)).unwrap();
    let (revision, _) = now.revisions.iter().find(|(_, body)| body == EDIT).unwrap();
    let told = sentence(&error);
    assert_eq!(error.kind(), ErrorKind::Changed);
    let edit = error.covered_edit().unwrap();
    assert_eq!(edit.version.as_ref(), Some(revision));
    assert!(!edit.put_back);
    assert!(
        told.contains(revision) && told.contains("by hand"),
        "{told}"
    );
}

#[tokio::test]
async fn an_etag_that_moved_by_itself_is_no_edit() {
    let (world, drive, meta) = with_file(WriteApi::V2).await;
    // The first two uploads meet another etag than the one that was just read.
    world.fault(refusal(412, "conditionNotMet"), |rule| {
        rule.method("PUT").count(2)
    });
    drive
        .write(&meta.file, Bytes::from(NEW), expecting(&meta))
        .await
        .unwrap();
    let now = world.google().file(&id_of(&meta)).unwrap();
    assert_eq!(now.revisions.len(), 2);
    for (has_body, edit) in [(true, "one edit"), (false, "another edit")] {
        world.switch(|switches| switches.precondition_body = has_body);
        let present = drive.stat(&meta.file).await.unwrap();
        world
            .google()
            .edit_before_upload(&id_of(&meta), edit, MINA)
            .unwrap();
        let error = drive
            .write(&meta.file, Bytes::from(OLD), expecting(&present))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Changed, "{has_body}");
    }
}

#[tokio::test]
async fn a_write_without_an_answer_is_settled() {
    let lost = [
        (Effect::AnswerLost, true),
        (Effect::RequestLost, false),
        (
            Effect::Status {
                code: 502,
                headers: [].into(),
                body: "<html>".into(),
            },
            false,
        ),
        (Effect::TruncatedJson, true),
    ];
    for writes in [WriteApi::V2, WriteApi::V3] {
        for (effect, took_effect) in &lost {
            let (world, drive, meta) = with_file(writes).await;
            world.fault(effect.clone(), |rule| rule.path("/upload/**").count(1));
            let outcome = drive
                .write(&meta.file, Bytes::from(NEW), expecting(&meta))
                .await;
            let now = world.google().file(&id_of(&meta)).unwrap();
            let uploads = world
                .emulator
                .journal()
                .count(|entry| entry.path().starts_with("/upload/"));
            assert_eq!(
                uploads, 1,
                "{effect:?}: what may have been done is not done again"
            );
            match took_effect {
                true => {
                    let written = outcome.unwrap();
                    assert_eq!(
                        drive.stat(&meta.file).await.unwrap(),
                        written,
                        "{writes:?} {effect:?}"
                    );
                    assert_eq!(now.body.as_deref(), Some(NEW));
                }
                false => {
                    assert_eq!(
                        outcome.unwrap_err().kind(),
                        ErrorKind::Transient,
                        "{writes:?} {effect:?}"
                    );
                    assert_eq!(now.body.as_deref(), Some(OLD));
                }
            }
        }
    }
}

#[tokio::test]
async fn refusals_have_their_meaning() {
    for (code, reason, kind) in [
        (403, "storageQuotaExceeded", ErrorKind::QuotaExceeded),
        (403, "teamDriveFileLimitExceeded", ErrorKind::QuotaExceeded),
        (403, "insufficientFilePermissions", ErrorKind::Denied),
        (403, "fileNeverWritable", ErrorKind::Denied),
        (403, "whoKnows", ErrorKind::Denied),
        (413, "uploadTooLarge", ErrorKind::TooLarge),
        (403, "dailyLimitExceeded", ErrorKind::Throttled),
        (404, "notFound", ErrorKind::NotFound),
    ] {
        let (world, drive, meta) = with_file(WriteApi::V2).await;
        world.fault(refusal(code, reason), |rule| rule.path("/upload/**"));
        let outcome = drive
            .write(&meta.file, Bytes::from(NEW), expecting(&meta))
            .await;
        assert_eq!(outcome.unwrap_err().kind(), kind, "{code} {reason}");
    }
}

#[tokio::test]
async fn what_is_locked_is_left_alone() {
    type Change = fn(&World, &str);
    let table: [(&str, Change); 3] = [
        ("a content restriction", |world, id| {
            world.google().set_restricted(id, true, MINA).unwrap();
        }),
        ("no capability", |world, id| {
            world
                .google()
                .set_capability(id, "canModifyContent", Some(false))
                .unwrap();
        }),
        ("a suspended owner", |world, _| {
            world.google().set_suspended(MINA, true).unwrap();
        }),
    ];
    for writes in [WriteApi::V2, WriteApi::V3] {
        for (what, change) in table {
            let (world, drive, meta) = with_file(writes).await;
            change(&world, &id_of(&meta));
            let outcome = drive
                .write(&meta.file, Bytes::from(NEW), expecting(&meta))
                .await;
            assert_eq!(
                outcome.unwrap_err().kind(),
                ErrorKind::Denied,
                "{writes:?} {what}"
            );
            let now = world.google().file(&id_of(&meta)).unwrap();
            assert_eq!(now.revisions.len(), 1, "{writes:?} {what}");
        }
    }
}

#[tokio::test]
async fn without_v2_nothing_is_written_unless_it_is_allowed() {
    let gone: [fn(&mut Switches); 2] = [
        |switches| switches.v2 = false,
        |switches| {
            switches.v2 = false;
            switches.v2_gone_status = 403;
        },
    ];
    for change in gone {
        let (world, drive, meta) = with_file(WriteApi::V2).await;
        world.switch(change);
        let outcome = drive
            .write(&meta.file, Bytes::from(NEW), expecting(&meta))
            .await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unsupported);
        assert_eq!(
            world.google().file(&id_of(&meta)).unwrap().revisions.len(),
            1
        );

        let (world, drive, meta) = with_file(WriteApi::V2ThenV3).await;
        world.switch(change);
        drive
            .write(&meta.file, Bytes::from(NEW), expecting(&meta))
            .await
            .unwrap();
        assert_eq!(
            world.google().file(&id_of(&meta)).unwrap().body.as_deref(),
            Some(NEW)
        );
    }
}

#[tokio::test]
async fn the_emulator_holds_no_precondition_through_v3() {
    // What the tests above rest on: had v3 kept it, they would bless code that loses data.
    let (world, drive, meta) = with_file(WriteApi::V3).await;
    world
        .google()
        .edit_before_upload(&id_of(&meta), EDIT, MINA)
        .unwrap();
    world.switch(|switches| switches.v3_media_if_match = true);
    let outcome = drive
        .write(&meta.file, Bytes::from(NEW), expecting(&meta))
        .await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Changed);
    let bodies = world.google().file(&id_of(&meta)).unwrap().revisions.len();
    assert_eq!(bodies, 4, "no If-Match is sent to v3");
}
