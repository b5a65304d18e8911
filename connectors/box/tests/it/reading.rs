//! Reading: what it costs, what is noticed, what is refused.

use labeld_connector::{Connector, ErrorKind, FileRef, ReadOptions, Version};
use labeld_connector_box::BoxApp;
use labeld_emulator::box_service::{NewLock, Switches};
use labeld_emulator::frame::Effect;

use crate::support::{Enterprise, listed, refusal, refusal_with, told};

const PATH: &str = "plans/a.docx";
const BODY: &[u8] = b"0123456789abcdef";

async fn one_file() -> (Enterprise, BoxApp, labeld_connector::FileMeta) {
    let enterprise = Enterprise::new().await;
    enterprise.service().put(&enterprise.mina(), PATH, BODY);
    let app = enterprise.connect();
    let file = listed(&app, PATH).await;
    (enterprise, app, file)
}

fn part(range: std::ops::Range<u64>, version: &Version) -> ReadOptions {
    ReadOptions {
        range: Some(range),
        if_match: Some(version.clone()),
    }
}

/// Requests for each way to read, by host: to the API and to where the bytes are.
#[tokio::test]
async fn a_read_costs_no_more_than_it_must() {
    type Read = (
        &'static str,
        Vec<Option<std::ops::Range<u64>>>,
        &'static [&'static str],
        usize,
    );
    const CONTENT: &str = "GET content";
    let table: Vec<Read> = vec![
        // A whole file is proved by its SHA-1.
        ("whole", vec![None], &[CONTENT], 1),
        ("whole by range", vec![Some(0..16)], &[CONTENT], 1),
        // A part is asked for by the number of the version.
        ("a part", vec![Some(10..16)], &[CONTENT], 1),
        // The address is used again.
        (
            "three parts",
            vec![Some(10..16), Some(0..4), Some(4..8)],
            &[CONTENT],
            3,
        ),
        ("nothing", vec![Some(4..4)], &[], 0),
    ];
    for (name, ranges, api, downloads) in table {
        let enterprise = Enterprise::new().await;
        let id = enterprise.service().put(&enterprise.mina(), PATH, BODY);
        let app = enterprise.connect();
        assert!(app.capabilities().free_ranges);
        let file = listed(&app, PATH).await;
        let before = enterprise.emulator.journal().last();
        for range in ranges {
            let expected = range.clone().map_or(BODY, |range| {
                &BODY[range.start as usize..range.end as usize]
            });
            let options = ReadOptions {
                range,
                if_match: Some(file.version.clone()),
            };
            assert_eq!(
                app.read(&file.file, options).await.unwrap(),
                expected,
                "{name}"
            );
        }
        let asked: Vec<String> = enterprise
            .requests("api", before)
            .into_iter()
            .map(|request| {
                request
                    .replace(&format!("/2.0/files/{id}/content"), "content")
                    .replace(&format!("/2.0/files/{id}"), "file")
            })
            .collect();
        assert_eq!(asked, api, "{name}");
        assert_eq!(
            enterprise.requests("download", before).len(),
            downloads,
            "{name}"
        );
    }
}

/// Parts are of the version that was listed, whatever the file has become; a version that is gone is looked for.
#[tokio::test]
async fn a_part_of_a_listed_version_is_of_that_version() {
    let (enterprise, app, file) = one_file().await;
    let read = |range| app.read(&file.file, part(range, &file.version));
    enterprise
        .service()
        .put(&enterprise.mina(), PATH, b"fedcba9876543210".to_vec());
    assert_eq!(read(0..4).await.unwrap(), "0123");
    let whole = ReadOptions {
        range: None,
        if_match: Some(file.version.clone()),
    };
    let error = app.read(&file.file, whole).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
    // Without the address that is known already.
    let other = enterprise.connect();
    enterprise.fault(refusal(404, "not_found"), |rule| {
        rule.path("/2.0/files/*/content")
    });
    let error = other
        .read(&file.file, part(0..4, &file.version))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
}

/// The same, where the file has not changed: trying again may help, and it is not taken for gone.
#[tokio::test]
async fn a_version_that_is_not_found_though_the_file_is_there() {
    let (enterprise, app, file) = one_file().await;
    enterprise.fault(refusal(404, "not_found"), |rule| {
        rule.path("/2.0/files/*/content")
    });
    let error = app
        .read(&file.file, part(0..4, &file.version))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
}

/// A service that ignores which version is asked for is noticed by the size of the file.
#[tokio::test]
async fn a_part_of_a_file_with_another_size_is_refused() {
    let (_enterprise, app, file) = one_file().await;
    let (content, number) = file.version.0.rsplit_once(':').unwrap();
    let sha1 = content.rsplit_once(':').unwrap().0;
    let version = Version(format!("{sha1}:17:{number}"));
    let error = app
        .read(&file.file, part(0..4, &version))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Changed);
}

#[tokio::test]
async fn what_stands_against_reading_is_told() {
    type Setting = fn(&Enterprise, &str);
    let table: &[(&str, Setting, ErrorKind, &str)] = &[
        (
            "policy",
            |e, file| e.service().forbid(file, true),
            ErrorKind::Denied,
            "forbidden_by_policy",
        ),
        (
            "lock",
            |e, file| {
                e.service().set_lock(
                    file,
                    Some(&NewLock {
                        by: e.service().admin(),
                        download_prevented: true,
                        ..NewLock::default()
                    }),
                );
            },
            ErrorKind::Locked,
            "access_denied_item_locked",
        ),
        (
            "trash",
            |e, file| e.service().trash(file),
            ErrorKind::NotFound,
            "trashed",
        ),
        (
            "watermark",
            |e, file| {
                e.switch(|switches| switches.watermark_for_owner = true);
                e.service().watermark(file);
            },
            ErrorKind::Watermarked,
            "watermark",
        ),
        (
            "blocked",
            |e, _| {
                e.service()
                    .refuse_user(&e.mina(), 400, "terms_of_service_required");
            },
            ErrorKind::Denied,
            "terms_of_service_required",
        ),
        (
            "another host",
            |e, _| {
                let location = [("location", "https://evil.example/d/1/x/download")];
                e.fault(refusal_with(302, "", &location), |rule| {
                    rule.path("**/content")
                });
            },
            ErrorKind::Malformed,
            "a host that is not known",
        ),
        (
            "no content",
            |e, _| e.fault(refusal(404, "not_found"), |rule| rule.host("download")),
            ErrorKind::Transient,
            "not_found",
        ),
    ];
    for (name, set, kind, words) in table {
        let (enterprise, app, file) = one_file().await;
        let id = enterprise.service().find(&enterprise.mina(), PATH).unwrap();
        set(&enterprise, &id);
        let options = ReadOptions {
            range: None,
            if_match: Some(file.version.clone()),
        };
        let error = app.read(&file.file, options).await.unwrap_err();
        assert_eq!(error.kind(), *kind, "{name}: {}", told(&error));
        let text = told(&error);
        assert!(text.contains(words), "{name}: {text}");
        assert!(!text.contains("/d/1/"), "{name} shows an address: {text}");
    }
}

/// A part of a file with a watermark is read as the owner, who gets the original.
#[tokio::test]
async fn the_owner_reads_the_original_of_a_file_with_a_watermark() {
    let (enterprise, app, file) = one_file().await;
    let id = enterprise.service().find(&enterprise.mina(), PATH).unwrap();
    enterprise.service().watermark(&id);
    let options = ReadOptions {
        range: None,
        if_match: Some(file.version.clone()),
    };
    assert_eq!(app.read(&file.file, options).await.unwrap(), BODY);
}

#[tokio::test]
async fn a_file_that_is_not_ready_is_waited_for() {
    let (enterprise, app, file) = one_file().await;
    let id = enterprise.service().find(&enterprise.mina(), PATH).unwrap();
    enterprise.service().not_ready(&id, 1);
    let bytes = app
        .read(&file.file, part(2..4, &file.version))
        .await
        .unwrap();
    assert_eq!(bytes, "23");
}

#[tokio::test]
async fn an_address_that_has_expired_is_asked_for_anew() {
    let enterprise = Enterprise::with(Switches {
        download_seconds: 60,
        ..Switches::default()
    })
    .await;
    enterprise.service().put(&enterprise.mina(), PATH, BODY);
    let app = enterprise.connect();
    let file = listed(&app, PATH).await;
    for _ in 0..2 {
        let bytes = app
            .read(&file.file, part(2..4, &file.version))
            .await
            .unwrap();
        assert_eq!(bytes, "23");
        enterprise
            .emulator
            .clock()
            .advance(chrono::TimeDelta::minutes(2));
    }
}

#[tokio::test]
async fn damaged_downloads_are_fetched_again() {
    let (enterprise, app, file) = one_file().await;
    enterprise.fault(Effect::CutAfter { bytes: 3 }, |rule| {
        rule.host("download").count(2)
    });
    let options = ReadOptions {
        range: None,
        if_match: Some(file.version.clone()),
    };
    assert_eq!(app.read(&file.file, options).await.unwrap(), BODY);
}

#[tokio::test]
async fn a_name_of_no_file_is_not_found() {
    let (_enterprise, app, _) = one_file().await;
    for name in ["", "8001", "7001/../../users", "7001/x"] {
        let error = app
            .read(&FileRef(name.to_owned()), ReadOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
    }
}
