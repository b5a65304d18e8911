//! Writes a label into copies of files, as labeld does it, without its gates, store and network: what
//! writing and checking cost.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use clap::{Parser, ValueEnum};
use labeld_formats::write::{
    LabelChange, Method, SignedFiles, WriteOptions, remove_label, set_label,
};
use labeld_formats::{Coauthoring, TenantKnowledge};
use uuid::Uuid;

/// Write a label into copies of files, one after the other.
#[derive(Parser)]
struct Arguments {
    /// File with one path per line.
    list: PathBuf,
    /// Folder to write into; the names are `NUMBER-NAME`.
    output: PathBuf,
    /// What is done with each file.
    #[arg(long, value_enum, default_value_t = Action::Set)]
    action: Action,
    /// The tenant's co-authoring setting.
    #[arg(long, value_enum, default_value_t = Setting::Unknown)]
    coauthoring: Setting,
    /// Write into signed files where no signature covers what is written.
    #[arg(long)]
    allow_signed: bool,
    /// Say which files were refused, and why.
    #[arg(long)]
    print: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Action {
    /// Set a label.
    Set,
    /// Set a label, and remove it.
    SetAndRemove,
    /// Nothing: read the file and write it.
    Copy,
}

#[derive(Clone, Copy, ValueEnum)]
enum Setting {
    Unknown,
    On,
    Off,
}

const TENANT: Uuid = Uuid::from_u128(0xaaaa_aaaa_bbbb_4ccc_8ddd_eeee_eeee_eeee);

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    fs::create_dir_all(&arguments.output)?;
    let mut known = TenantKnowledge::default();
    let setting = match arguments.coauthoring {
        Setting::Unknown => Coauthoring::Unknown,
        Setting::On => Coauthoring::On,
        Setting::Off => Coauthoring::Off,
    };
    known.coauthoring.insert(TENANT, setting);
    let list = fs::read_to_string(&arguments.list)?;
    for (number, path) in list.lines().enumerate() {
        let path = Path::new(path);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let original = fs::read(path)?;
        let mut options = WriteOptions::new(&known);
        if arguments.allow_signed {
            options.signed = SignedFiles::AllowUncovered;
        }
        match done(&original, arguments.action, &options) {
            Ok(bytes) => {
                let output = arguments.output.join(format!("{number}-{name}"));
                fs::write(output, bytes.as_deref().unwrap_or(&original))?;
            }
            Err(refusal) if arguments.print => {
                println!("{} {}: {refusal}", refusal.code(), path.display());
            }
            Err(_) => {}
        }
    }
    Ok(())
}

fn done(
    original: &[u8],
    action: Action,
    options: &WriteOptions<'_>,
) -> Result<Option<Vec<u8>>, labeld_formats::write::WriteRefusal> {
    if action == Action::Copy {
        return Ok(None);
    }
    let change = LabelChange {
        site_id: TENANT,
        label_id: Uuid::from_u128(0x1111_1111_2222_4333_8444_5555_5555_5555),
        name: "Confidential – Finance".to_owned(),
        method: Method::Standard,
        set_date: UNIX_EPOCH + std::time::Duration::from_secs(1_772_323_200),
        action_id: Uuid::from_u128(0x7777),
        content_bits: 0,
    };
    let written = set_label(original, &change, options)?;
    if action == Action::SetAndRemove {
        return Ok(Some(remove_label(&written.bytes, TENANT, options)?.bytes));
    }
    Ok(Some(written.bytes))
}
