//! How long a save of somebody else can fall under a write through v3: from the arrival of the last look at the file to the
//! moment at which the service stores the upload, on loopback.
//!
//! `cargo run -p labeld-connector-google --example write_window -- [WRITES] [KIB]`

#![allow(clippy::unwrap_used, reason = "a measurement that fails has no figure")]

use bytes::Bytes;
use labeld_connector::http::{PaceOptions, Secret};
use labeld_connector::{Change, Connector as _, FileMeta, WriteOptions};
use labeld_connector_google::{GoogleDrive, GoogleEndpoints, GoogleOptions, Users, WriteApi};
use labeld_emulator::{Emulator, EmulatorOptions};

const MINA: &str = "mina@alder.example";

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse().unwrap());
    let writes: u32 = arguments.next().unwrap_or(100);
    let kib = arguments.next().unwrap_or(1024);
    rustls::crypto::ring::default_provider()
        .install_default()
        .unwrap();
    let emulator = Emulator::start(EmulatorOptions::default()).await.unwrap();
    let drive = connect(&emulator);
    let mut file = one_file(&emulator, &drive).await;
    let mut windows = Vec::new();
    for number in 0..writes {
        let journal = emulator.journal();
        let before = journal.last();
        let body = vec![number.to_le_bytes()[0]; kib as usize * 1024];
        let options = WriteOptions {
            expect: file.version.clone(),
            keep_modified: true,
        };
        let written = drive.write(&file.file, Bytes::from(body), options).await;
        file = written.unwrap();
        let calls = journal.since(before);
        let upload = calls.iter().rposition(|call| call.method == "PATCH");
        let look = &calls[upload.unwrap() - 1];
        assert_eq!(look.method, "GET");
        let stored = journal.versions().last().unwrap().time;
        windows.push((stored - look.time).num_microseconds().unwrap());
    }
    windows.sort_unstable();
    let milliseconds = |at: usize| windows[at.min(windows.len() - 1)] as f64 / 1000.0;
    println!(
        "{writes} writes of {kib} KiB: median {:.1} ms, 99 % within {:.1} ms",
        milliseconds(windows.len() / 2),
        milliseconds(windows.len() * 99 / 100),
    );
}

fn connect(emulator: &Emulator) -> GoogleDrive {
    let google = emulator.google();
    let key = Secret::new(google.service_account_json());
    let options = GoogleOptions::new("drive", key, google.admin()).unwrap();
    GoogleDrive::new(GoogleOptions {
        endpoints: GoogleEndpoints::at(&google.base()).unwrap(),
        pace: PaceOptions {
            units_per_minute: 1_000_000_000,
            units_per_day: None,
            side_by_side: 8,
        },
        user_units_per_minute: 1_000_000_000,
        users: Users::Listed(vec![MINA.to_owned()]),
        shared_drives: false,
        read_only: false,
        writes: WriteApi::V3,
        ..options
    })
    .unwrap()
}

async fn one_file(emulator: &Emulator, drive: &GoogleDrive) -> FileMeta {
    let google = emulator.google();
    google.put(MINA, "plan.docx", "x", MINA).unwrap();
    let feed = drive.feeds().await.unwrap().feeds.remove(0).feed;
    let mut cursor = None;
    loop {
        let page = drive.changes(&feed, cursor.as_ref()).await.unwrap();
        let found = page.changes.into_iter().find_map(|change| match change {
            Change::Upserted(file) => Some(file),
            _ => None,
        });
        if let Some(file) = found {
            return file;
        }
        cursor = Some(page.next);
    }
}
