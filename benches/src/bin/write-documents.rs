//! Writes a label into copies of files, as labeld does it, without its gates, store and network: what
//! writing and checking cost.

use std::borrow::Cow;
use std::fs;
use std::io::{self, IoSlice, Write as _};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use clap::{Parser, ValueEnum};
use labeld_formats::write::{
    Content, LabelChange, Method, SignedFiles, WriteOptions, WriteRefusal, remove_label, set_label,
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
            Ok(content) => {
                let output = arguments.output.join(format!("{number}-{name}"));
                match content {
                    Some((original, content)) => write_pieces(&output, &original, &content)?,
                    None => fs::write(output, &original)?,
                }
            }
            Err(refusal) if arguments.print => {
                println!("{} {}: {refusal}", refusal.code(), path.display());
            }
            Err(_) => {}
        }
    }
    Ok(())
}

/// Writes what stays from where it is.
fn write_pieces(path: &Path, original: &[u8], content: &Content) -> io::Result<()> {
    let mut file = fs::File::create(path)?;
    let mut slices: Vec<IoSlice<'_>> = content.slices(original).map(IoSlice::new).collect();
    let mut slices = slices.as_mut_slice();
    while !slices.is_empty() {
        let written = file.write_vectored(slices)?;
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        IoSlice::advance_slices(&mut slices, written);
    }
    Ok(())
}

/// The content with the label, and what it is made of.
type Labelled<'o> = (Cow<'o, [u8]>, Content);

/// The content, and what it is made of; `None` for a copy.
fn done<'o>(
    original: &'o [u8],
    action: Action,
    options: &WriteOptions<'_>,
) -> Result<Option<Labelled<'o>>, WriteRefusal> {
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
        let labelled = written.content.to_vec(original);
        let removed = remove_label(&labelled, TENANT, options)?;
        return Ok(Some((Cow::Owned(labelled), removed.content)));
    }
    Ok(Some((Cow::Borrowed(original), written.content)))
}
