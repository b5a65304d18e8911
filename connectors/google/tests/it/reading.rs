//! Reading: of the right version, and with few calls.

use bytes::Bytes;
use labeld_connector::{Barrier, Connector as _, ErrorKind, FileMeta, ReadOptions};
use labeld_connector_google::{GoogleDrive, GoogleOptions, WriteApi};
use labeld_emulator::frame::{Effect, Entry};
use labeld_emulator::google::{MediaHash, Switches};

use crate::support::{MINA, World, file_of_mina, walk};

const OLD: &[u8] = b"0123456789abcdef";
const NEW: &[u8] = b"fedcba9876543210";

fn part(meta: &FileMeta, range: std::ops::Range<u64>) -> ReadOptions {
    ReadOptions {
        range: Some(range),
        if_match: Some(meta.version.clone()),
    }
}

fn looks(requests: &[Entry]) -> usize {
    requests
        .iter()
        .filter(|entry| !entry.query().contains("alt=media"))
        .count()
}

fn gets(requests: &[Entry]) -> usize {
    requests
        .iter()
        .filter(|entry| entry.query().contains("alt=media"))
        .count()
}

type Form = (&'static str, fn(&mut Switches));

/// What the service may send beside the bytes.
const FORMS: &[Form] = &[
    ("an etag", |_| {}),
    ("no etag with a range", |switches| {
        switches.range_etag = false;
    }),
    ("no etag at all", |switches| switches.media_etag = false),
    ("a digest", |switches| switches.media_hash = MediaHash::Md5),
    ("a cyclic sum", |switches| {
        switches.media_hash = MediaHash::Crc32c;
    }),
    ("no v2", |switches| switches.v2 = false),
    ("v2 gone for good", |switches| {
        switches.v2 = false;
        switches.v2_gone_status = 410;
    }),
    ("v2 switched off", |switches| {
        switches.v2 = false;
        switches.v2_gone_status = 403;
    }),
];

#[tokio::test]
async fn another_content_of_the_same_size_is_noticed() {
    for (form, change) in FORMS {
        for prepared in [false, true] {
            let world = World::new().await;
            world.switch(*change);
            let drive = world.connect(world.mina_options());
            world.google().put(MINA, "other.docx", "x", MINA).unwrap();
            let meta = world.one_file(&drive, "plan.docx", OLD).await;
            let other = walk(&drive).await.at(&format!("{MINA}/other.docx")).clone();
            if prepared {
                let files = [&meta, &other].map(|meta| (meta.file.clone(), meta.version.clone()));
                drive.prepare(&files).await;
            }
            let first = drive.read(&meta.file, part(&meta, 0..8)).await.unwrap();
            assert_eq!(first, OLD[..8], "{form}");
            world.google().put(MINA, "plan.docx", NEW, MINA).unwrap();
            for range in [8..16, 0..16, 3..4] {
                let outcome = drive.read(&meta.file, part(&meta, range.clone())).await;
                assert_eq!(
                    outcome.unwrap_err().kind(),
                    ErrorKind::Changed,
                    "{form} {range:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn parts_need_no_look_of_their_own() {
    let world = World::new().await;
    let drive = world.connect(world.mina_options());
    for number in 0..150 {
        world
            .google()
            .put(
                MINA,
                &format!("{number}.docx"),
                Bytes::from(format!("{number:016}")),
                MINA,
            )
            .unwrap();
    }
    let walked = walk(&drive).await;
    let files: Vec<_> = walked
        .files
        .iter()
        .map(|meta| (meta.file.clone(), meta.version.clone()))
        .collect();
    let ((), requests) = world
        .requests(async {
            drive.prepare(&files).await;
            for meta in &walked.files {
                drive.read(&meta.file, part(meta, 8..16)).await.unwrap();
                drive.read(&meta.file, part(meta, 0..4)).await.unwrap();
                drive.read(&meta.file, part(meta, 0..16)).await.unwrap();
            }
        })
        .await;
    assert_eq!(gets(&requests), 450);
    assert_eq!(looks(&requests), 2, "two batches");

    // Learnt already.
    let ((), again) = world.requests(drive.prepare(&files)).await;
    assert_eq!(again.len(), 0);
}

#[tokio::test]
async fn without_preparation_the_first_part_costs_a_look() {
    for (api, writes, expected) in [("v2", WriteApi::V2, 1), ("v3", WriteApi::V3, 3)] {
        let world = World::new().await;
        let drive = world.connect(GoogleOptions {
            writes,
            ..world.mina_options()
        });
        let meta = world.one_file(&drive, "plan.docx", OLD).await;
        let ((), requests) = world
            .requests(async {
                for range in [0..4, 4..8, 8..12] {
                    drive.read(&meta.file, part(&meta, range)).await.unwrap();
                }
            })
            .await;
        assert_eq!((gets(&requests), looks(&requests)), (3, expected), "{api}");
        let all = requests
            .iter()
            .filter(|entry| entry.query().contains("alt=media"));
        assert!(all.clone().all(|entry| entry.path().contains(api)), "{api}");
    }
}

#[tokio::test]
async fn an_etag_that_moved_by_itself_costs_a_look_and_no_more() {
    let world = World::new().await;
    let drive = world.connect(world.mina_options());
    let meta = world.one_file(&drive, "plan.docx", OLD).await;
    drive.read(&meta.file, part(&meta, 0..4)).await.unwrap();
    world
        .google()
        .edit_metadata(meta.file.0.rsplit('/').next().unwrap())
        .unwrap();
    let (read, requests) = world
        .requests(drive.read(&meta.file, part(&meta, 4..8)))
        .await;
    assert_eq!(read.unwrap(), OLD[4..8]);
    assert_eq!((gets(&requests), looks(&requests)), (1, 1));
}

#[tokio::test]
async fn old_bytes_are_read_again() {
    let world = World::new().await;
    let drive = world.connect(world.mina_options());
    world.google().put(MINA, "plan.docx", NEW, MINA).unwrap();
    let meta = world.one_file(&drive, "plan.docx", OLD).await;
    world.fault(Effect::StaleRead, |rule| rule.count(1));
    let options = ReadOptions {
        range: None,
        if_match: Some(meta.version.clone()),
    };
    assert_eq!(drive.read(&meta.file, options).await.unwrap(), OLD);
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    type Change = fn(&World, &str);
    type Refused = Option<(ErrorKind, &'static str)>;
    let table: [(&str, Change, Option<Barrier>, Refused); 6] = [
        (
            "encrypted",
            |world, id| world.google().set_client_encrypted(id, true).unwrap(),
            Some(Barrier::ClientEncrypted),
            None,
        ),
        (
            "no download",
            |world, id| {
                world
                    .google()
                    .set_capability(id, "canDownload", Some(false))
                    .unwrap();
            },
            Some(Barrier::Denied),
            Some((ErrorKind::Denied, "cannotDownloadFile")),
        ),
        (
            "malware",
            |world, id| world.google().set_abusive(id, true).unwrap(),
            None,
            Some((ErrorKind::Denied, "abuse")),
        ),
        (
            "read too often",
            |world, id| world.google().set_downloads_left(id, Some(0)).unwrap(),
            None,
            Some((ErrorKind::Throttled, "downloadQuotaExceeded")),
        ),
        (
            "locked",
            |world, id| world.google().set_restricted(id, true, MINA).unwrap(),
            None,
            None,
        ),
        ("nothing", |_, _| {}, None, None),
    ];
    for (what, change, barrier, refused) in table {
        let world = World::new().await;
        let drive = world.connect(world.mina_options());
        let id = world.google().put(MINA, "plan.docx", OLD, MINA).unwrap();
        change(&world, &id);
        let meta = walk(&drive).await.at(&format!("{MINA}/plan.docx")).clone();
        assert_eq!(meta.barrier, barrier, "{what}");
        let outcome = drive.read(&meta.file, part(&meta, 0..4)).await;
        match (refused, outcome) {
            (None, Ok(bytes)) => assert_eq!(bytes, OLD[..4], "{what}"),
            (Some((kind, reason)), Err(error)) => {
                assert_eq!(error.kind(), kind, "{what}");
                assert!(crate::support::sentence(&error).contains(reason), "{what}");
            }
            (_, outcome) => panic!("{what}: {outcome:?}"),
        }
        let asked = world.emulator.journal().since(0);
        assert!(
            asked
                .iter()
                .all(|entry| !entry.query().contains("acknowledgeAbuse")),
            "{what}"
        );
    }
}

#[tokio::test]
async fn names_that_are_none_are_not_found() {
    let world = World::new().await;
    let drive = world.connect(world.mina_options());
    for name in [
        "",
        "1AbC",
        "user/x",
        "drive/0A/1/2",
        "user/mina@alder.example/../1",
    ] {
        let file = labeld_connector::FileRef(name.to_owned());
        let outcome = drive.read(&file, ReadOptions::default()).await;
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound, "{name}");
    }
    let outcome = drive.stat(&file_of_mina("1AbCdef")).await;
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::NotFound);
}

/// A part of a file, many times at once.
#[tokio::test]
async fn parts_can_be_read_side_by_side() {
    let world = World::new().await;
    let drive: &'static GoogleDrive = Box::leak(Box::new(world.connect(world.mina_options())));
    let meta = world.one_file(drive, "plan.docx", OLD).await;
    let mut running = tokio::task::JoinSet::new();
    for start in 0..16_u64 {
        let meta = meta.clone();
        running.spawn(async move {
            (
                start,
                drive.read(&meta.file, part(&meta, start..start + 1)).await,
            )
        });
    }
    while let Some(read) = running.join_next().await {
        let (start, bytes) = read.unwrap();
        assert_eq!(bytes.unwrap()[0], OLD[usize::try_from(start).unwrap()]);
    }
}
