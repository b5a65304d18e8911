//! Writing: nobody's edit is lost, no label is written twice, and a refusal is told for what it is.

use labeld_connector::{Connector, ErrorKind, FileMeta, WriteOptions};
use labeld_connector_box::{BoxApp, BoxOptions};
use labeld_emulator::box_service::NewLock;
use labeld_emulator::frame::Effect;

use crate::support::{Enterprise, follow, listed, refusal, told};

const PATH: &str = "plans/a.docx";
const OLD: &[u8] = b"the old content";
const NEW: &[u8] = b"the new content, with a label";

struct Prepared {
    enterprise: Enterprise,
    app: BoxApp,
    file: FileMeta,
    id: String,
}

impl Prepared {
    async fn new() -> Self {
        let enterprise = Enterprise::new().await;
        let id = enterprise.service().put(&enterprise.mina(), PATH, OLD);
        let app = enterprise.connect();
        let file = listed(&app, PATH).await;
        Self {
            enterprise,
            app,
            file,
            id,
        }
    }

    async fn write(&self) -> labeld_connector::Result<FileMeta> {
        let options = WriteOptions {
            expect: self.file.version.clone(),
            keep_modified: true,
        };
        let body = bytes::Bytes::from_static(NEW);
        self.app.write(&self.file.file, body, options).await
    }

    fn content(&self) -> bytes::Bytes {
        self.enterprise.service().content(&self.id)
    }

    fn versions(&self) -> usize {
        self.enterprise.service().version_count(&self.id)
    }

    fn uploads(&self, after: u64) -> usize {
        self.enterprise.requests("upload", after).len()
    }
}

/// A person's save between our look and our write: it stays, and ours is refused.
#[tokio::test]
async fn an_edit_between_look_and_write_is_never_overwritten() {
    let prepared = Prepared::new().await;
    let service = prepared.enterprise.service();
    let theirs = b"what a person saved meanwhile";
    service.edit_before_upload(&prepared.id, theirs.to_vec(), &prepared.enterprise.mina());
    let error = prepared.write().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed, "{}", told(&error));
    assert_eq!(prepared.content(), &theirs[..]);
    assert_eq!(prepared.versions(), 2);
}

/// What moves the etag without touching the content is no reason to give up.
#[tokio::test]
async fn a_rename_or_a_link_between_look_and_write_does_not_matter() {
    type Edit = fn(&Enterprise, &str);
    let edits: &[(&str, Edit)] = &[
        ("description", |e, file| {
            e.service().set_description(file, "words");
        }),
        ("link", |e, file| e.service().share(file, Some("company"))),
        ("rename", |e, file| {
            e.service().rename(file, &e.mina(), "plans/renamed.docx");
        }),
        ("move", |e, file| {
            e.service().rename(file, &e.mina(), "elsewhere/a.docx");
        }),
    ];
    for (name, edit) in edits {
        let prepared = Prepared::new().await;
        edit(&prepared.enterprise, &prepared.id);
        let written = prepared.write().await.unwrap();
        assert_eq!(prepared.content(), NEW, "{name}");
        assert_eq!(
            prepared.app.stat(&written.file).await.unwrap(),
            written,
            "{name}"
        );
        assert_eq!(written.modified, prepared.file.modified, "{name}");
    }
}

/// The same, when the etag moves after the look: the upload is refused, and made again.
#[tokio::test]
async fn a_refused_etag_is_looked_at_again() {
    let prepared = Prepared::new().await;
    prepared
        .enterprise
        .fault(refusal(412, "precondition_failed"), |rule| {
            rule.host("upload").count(2)
        });
    prepared.write().await.unwrap();
    assert_eq!(prepared.content(), NEW);
    assert_eq!(prepared.versions(), 2);
    assert_eq!(prepared.uploads(0), 3);

    let prepared = Prepared::new().await;
    prepared
        .enterprise
        .fault(refusal(412, "precondition_failed"), |rule| {
            rule.host("upload")
        });
    let error = prepared.write().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(prepared.uploads(0), 4, "it gives up");
}

/// Uploads of which nobody knows what became of them: one version more each time, never two.
#[tokio::test]
async fn a_lost_answer_is_settled() {
    type Script = Box<dyn Fn(&Enterprise)>;
    let upload = |effect: Effect| -> Script {
        Box::new(move |e: &Enterprise| e.fault(effect.clone(), |rule| rule.host("upload").count(1)))
    };
    let after_commit = |e: &Enterprise| e.service().unavailable_after_upload(1);
    let table: Vec<(&str, Script, usize)> = vec![
        // Uploads that are made.
        ("503 after it was stored", Box::new(after_commit), 1),
        ("the answer is lost", upload(Effect::AnswerLost), 1),
        (
            "the answer is cut",
            upload(Effect::CutAfter { bytes: 20 }),
            1,
        ),
        ("the answer is half", upload(Effect::TruncatedJson), 1),
        ("the request is lost", upload(Effect::RequestLost), 2),
        (
            "500 before it was stored",
            upload(refusal(500, "internal_server_error")),
            2,
        ),
        (
            "503 before it was stored",
            upload(refusal(503, "unavailable")),
            2,
        ),
        ("a page of a proxy", upload(Effect::Html), 2),
        ("throttled", upload(refusal(429, "rate_limit_exceeded")), 2),
        ("damaged on the way", upload(refusal(400, "bad_digest")), 2),
        (
            "blocked for a moment",
            upload(refusal(409, "operation_blocked_temporary")),
            2,
        ),
    ];
    for (name, script, uploads) in table {
        let prepared = Prepared::new().await;
        script(&prepared.enterprise);
        let written = prepared
            .write()
            .await
            .unwrap_or_else(|error| panic!("{name}: {}", told(&error)));
        assert_eq!(prepared.content(), NEW, "{name}");
        assert_eq!(prepared.versions(), 2, "{name}");
        assert_eq!(prepared.uploads(0), uploads, "{name}");
        assert_eq!(
            prepared.app.stat(&written.file).await.unwrap(),
            written,
            "{name}"
        );
    }
}

/// An answer that is lost while a person saves: theirs stays, whichever was first.
#[tokio::test]
async fn a_lost_answer_and_an_edit_lose_nothing() {
    let prepared = Prepared::new().await;
    let service = prepared.enterprise.service();
    service.edit_before_upload(
        &prepared.id,
        b"theirs".to_vec(),
        &prepared.enterprise.mina(),
    );
    prepared
        .enterprise
        .fault(Effect::AnswerLost, |rule| rule.host("upload").count(1));
    let error = prepared.write().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    assert_eq!(prepared.content(), "theirs");
    assert_eq!(prepared.versions(), 2);
}

#[tokio::test]
async fn what_stands_against_writing_is_told_and_nothing_is_uploaded() {
    type Setting = fn(&Enterprise, &str);
    let table: &[(&str, Setting, ErrorKind, usize)] = &[
        (
            "locked by somebody",
            |e, file| {
                e.service().set_lock(
                    file,
                    Some(&NewLock {
                        by: e.service().admin(),
                        ..NewLock::default()
                    }),
                );
            },
            ErrorKind::CheckedOut,
            0,
        ),
        (
            "locked by the owner",
            |e, file| {
                e.service().set_lock(
                    file,
                    Some(&NewLock {
                        by: e.mina(),
                        ..NewLock::default()
                    }),
                );
            },
            ErrorKind::CheckedOut,
            0,
        ),
        (
            "open in Office",
            |e, file| {
                e.service().set_lock(
                    file,
                    Some(&NewLock {
                        by: e.mina(),
                        app_type: Some("office_wopi".to_owned()),
                        ..NewLock::default()
                    }),
                );
            },
            ErrorKind::Locked,
            0,
        ),
        (
            "policy",
            |e, file| e.service().forbid(file, true),
            ErrorKind::Denied,
            1,
        ),
        (
            "trash",
            |e, file| e.service().trash(file),
            ErrorKind::NotFound,
            0,
        ),
        (
            "watermark",
            |e, file| {
                e.switch(|switches| switches.watermark_for_owner = true);
                e.service().watermark(file);
            },
            ErrorKind::Watermarked,
            0,
        ),
        (
            "quota",
            |e, _| {
                e.fault(refusal(403, "storage_limit_exceeded"), |rule| {
                    rule.host("upload")
                });
            },
            ErrorKind::QuotaExceeded,
            1,
        ),
        (
            "size",
            |e, _| e.switch(|switches| switches.most_upload_bytes = 10),
            ErrorKind::TooLarge,
            1,
        ),
        (
            "locked at the last moment",
            |e, _| {
                e.fault(refusal(403, "access_denied_item_locked"), |rule| {
                    rule.host("upload")
                });
            },
            ErrorKind::Locked,
            1,
        ),
        (
            "retention that forbids versions",
            |e, file| {
                e.service().retain(file, Some(1_000));
                e.switch(|switches| switches.retention_forbids_versions = true);
            },
            ErrorKind::Denied,
            1,
        ),
    ];
    for (name, set, kind, uploads) in table {
        let prepared = Prepared::new().await;
        set(&prepared.enterprise, &prepared.id);
        let error = prepared.write().await.unwrap_err();
        assert_eq!(error.kind(), *kind, "{name}: {}", told(&error));
        assert_eq!(prepared.uploads(0), *uploads, "{name}");
        if *name != "trash" {
            assert_eq!(prepared.content(), OLD, "{name}");
        }
    }
}

#[tokio::test]
async fn a_lock_that_has_ended_is_none() {
    let prepared = Prepared::new().await;
    let lock = NewLock {
        by: prepared.enterprise.service().admin(),
        seconds: Some(60),
        ..NewLock::default()
    };
    prepared
        .enterprise
        .service()
        .set_lock(&prepared.id, Some(&lock));
    prepared
        .enterprise
        .emulator
        .clock()
        .advance(chrono::TimeDelta::seconds(61));
    prepared.write().await.unwrap();
}

/// The original of a file with a watermark is read before it is written.
#[tokio::test]
async fn a_file_with_a_watermark_is_written_when_its_original_is_read() {
    let prepared = Prepared::new().await;
    prepared.enterprise.service().watermark(&prepared.id);
    let before = prepared.enterprise.emulator.journal().last();
    prepared.write().await.unwrap();
    assert_eq!(prepared.content(), NEW);
    assert_eq!(prepared.enterprise.requests("download", before).len(), 1);
}

#[tokio::test]
async fn the_same_bytes_are_not_uploaded() {
    let prepared = Prepared::new().await;
    let options = WriteOptions {
        expect: prepared.file.version.clone(),
        keep_modified: false,
    };
    let body = bytes::Bytes::from_static(OLD);
    let written = prepared
        .app
        .write(&prepared.file.file, body, options)
        .await
        .unwrap();
    assert_eq!(written, prepared.file);
    assert_eq!(prepared.versions(), 1);
}

/// The events of our own write tell the version that the write told.
#[tokio::test]
async fn an_own_write_comes_back_as_what_it_was() {
    let prepared = Prepared::new().await;
    let walked = follow(&prepared.app, None).await;
    let written = prepared.write().await.unwrap();
    let polled = follow(&prepared.app, walked.cursor.as_ref()).await;
    let files: Vec<FileMeta> = polled.files().into_values().collect();
    assert_eq!(files, [written]);
}

#[tokio::test]
async fn a_write_keeps_the_documents_time_where_it_is_asked_to() {
    for (keep, honoured, stays) in [
        (true, true, true),
        (false, true, false),
        (true, false, false),
    ] {
        let prepared = Prepared::new().await;
        prepared
            .enterprise
            .switch(|switches| switches.content_modified_honoured = honoured);
        prepared
            .enterprise
            .emulator
            .clock()
            .advance(chrono::TimeDelta::days(3));
        let options = WriteOptions {
            expect: prepared.file.version.clone(),
            keep_modified: keep,
        };
        let body = bytes::Bytes::from_static(NEW);
        let written = prepared
            .app
            .write(&prepared.file.file, body, options)
            .await
            .unwrap();
        assert_eq!(
            written.modified == prepared.file.modified,
            stays,
            "{keep} {honoured}"
        );
    }
}

#[tokio::test]
async fn a_read_only_app_writes_nothing() {
    let enterprise = Enterprise::new().await;
    enterprise.service().put(&enterprise.mina(), PATH, OLD);
    let app = BoxApp::new(BoxOptions {
        read_only: true,
        ..enterprise.options()
    })
    .unwrap();
    let file = listed(&app, PATH).await;
    let options = WriteOptions {
        expect: file.version.clone(),
        keep_modified: true,
    };
    let before = enterprise.emulator.journal().last();
    let error = app
        .write(&file.file, bytes::Bytes::from_static(NEW), options)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(enterprise.emulator.journal().last(), before);
    assert!(!app.capabilities().write);
}
