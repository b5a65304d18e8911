//! Makes the inventory of an organisation that does not exist: a store full of files that were listed and read.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Parser;
use labeld::model::inventory::{FileFacts, FileId, FileLabel};
use labeld::store::files::{self, FileQuery, Page};
use labeld::store::{Access, Db, Location, apps};
use labeld_connector::{Change, Exposure, FileKind, FileMeta, FileRef, Version};
use serde_json::json;
use uuid::Uuid;

/// Make a store with the inventory of tenant `acme`, app `share`.
#[derive(Parser)]
struct Arguments {
    /// The SQLite file, which must not be there.
    store: PathBuf,
    /// Files in the inventory.
    #[arg(long, default_value_t = 1_000_000)]
    files: u32,
}

/// Files in a transaction.
const BATCH: u32 = 5_000;

/// The tenant and the label `General` of testdata/labels.json.
const TENANT: Uuid = Uuid::from_u128(0x72f9_88bf_86f1_41af_91ab_2d7c_d011_db47);
const GENERAL: Uuid = Uuid::from_u128(0xf42a_a342_8706_4288_bd11_ebb8_5995_028c);

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    anyhow::ensure!(!arguments.store.exists(), "the store is there already");
    let location = Location::from(arguments.store.as_path());
    let db = Db::open(&location, Access::Write).await?;
    let tx = db.begin().await?;
    let app = apps::ensure(&tx, &"acme".into(), &"share".into()).await?;
    tx.commit().await?;
    let mut last = None;
    for start in (0..arguments.files).step_by(BATCH as usize) {
        let numbers = start..arguments.files.min(start + BATCH);
        let listed: Vec<Change> = numbers.map(listed).collect();
        let tx = db.begin().await?;
        files::apply_changes(&tx, app, &listed, at(0)).await?;
        let page = Page {
            after: last,
            limit: BATCH,
        };
        let stored = files::list(&tx, &FileQuery::default(), page).await?;
        last = stored.last().map(|file| file.id);
        let read: Vec<(FileId, FileFacts)> = stored
            .iter()
            .map(|file| (file.id, facts(file.id, &file.version)))
            .collect();
        files::store_facts(&tx, &read).await?;
        tx.commit().await?;
    }
    db.close().await?;
    Ok(())
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(seconds)
}

fn listed(number: u32) -> Change {
    const FOLDERS: [&str; 4] = ["finance", "legal", "sales", "engineering"];
    const EXTENSIONS: [&str; 6] = ["docx", "xlsx", "pptx", "pdf", "docx", "txt"];
    let folder = FOLDERS[number as usize / 7 % FOLDERS.len()];
    let extension = EXTENSIONS[number as usize % EXTENSIONS.len()];
    let folder = format!("{folder}/{}", number / 200);
    let name = format!("Quarterly report {number}.{extension}");
    Change::Upserted(FileMeta {
        file: FileRef(format!("{folder}/{name}")),
        name,
        folder,
        parent: None,
        kind: FileKind::File,
        size: 1_000 + u64::from(number % 1_000) * 500,
        version: Version(format!("{number:016x}")),
        created: Some(at(-i64::from(number))),
        modified: Some(at(-i64::from(number) / 2)),
        owner: Some(format!("person{}@acme.example", number % 500)),
        exposure: match number % 10 {
            0 => Exposure::Public,
            1 | 2 => Exposure::External,
            _ => Exposure::Internal,
        },
        collaborators: None,
        own_write: None,
        barrier: None,
    })
}

/// Every fourth file has a label, and each hundredth is encrypted.
fn facts(file: FileId, version: &Version) -> FileFacts {
    let label = || FileLabel {
        site_id: Some(TENANT),
        id: GENERAL,
        effective: true,
        document: json!({
            "site_id": TENANT, "id": GENERAL, "name": "General", "enabled": true, "removed": false, "effective": true,
            "method": "Standard", "set_date": "2026-03-02T10:11:12Z", "action_id": GENERAL, "content_bits": 0,
            "places": ["custom"], "extra": {},
        }),
    };
    let encrypted = file.0 % 100 == 0;
    FileFacts {
        version: version.clone(),
        reader: 1,
        read_at: at(10),
        format: (!encrypted).then(|| "docx".to_owned()),
        state: if encrypted { "password" } else { "ok" }.to_owned(),
        reason: encrypted.then(|| "file.password".to_owned()),
        detail: None,
        protection: if encrypted { "password" } else { "none" }.to_owned(),
        protection_detail: json!({}),
        signed: false,
        bytes_read: 8_192,
        reads: 2,
        labels: if file.0 % 4 == 0 {
            vec![label()]
        } else {
            Vec::new()
        },
    }
}
