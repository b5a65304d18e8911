//! Cuts documents up into seeds: `seeds CORPUS FOLDER…` writes `CORPUS/<target>/seed-<document>` for
//! every target that can use a document below the folders.

use std::error::Error;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::{env, fs};

use labeld_fuzz::targets::{SEPARATOR, compound};

/// Larger seeds make every execution slow and find nothing more.
const LARGEST: usize = 40 << 10;

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = env::args_os().skip(1).map(PathBuf::from);
    let corpus = arguments.next().ok_or("usage: seeds CORPUS FOLDER…")?;
    for folder in arguments {
        for path in files_below(&folder)? {
            let document = fs::read(&path)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            for (target, seed) in seeds_of(&document) {
                if seed.len() <= LARGEST {
                    fs::create_dir_all(corpus.join(target))?;
                    fs::write(corpus.join(target).join(format!("seed-{name}")), seed)?;
                }
            }
        }
    }
    Ok(())
}

fn files_below(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}

type Seed = (&'static str, Vec<u8>);

/// Damaged documents give what can be had of them.
fn seeds_of(document: &[u8]) -> Vec<Seed> {
    let mut seeds = vec![("whole", document.to_vec())];
    if document.starts_with(b"PK") || document.starts_with(b"%PDF-") {
        seeds.push(("write", document.to_vec()));
    }
    if document.starts_with(b"PK") {
        seeds.push(("zip_archive", document.to_vec()));
        seeds.extend(package_seeds(document).unwrap_or_default());
    } else if document.starts_with(b"\xD0\xCF\x11\xE0") {
        seeds.push(("compound_file", document.to_vec()));
        seeds.extend(compound_seeds(document).unwrap_or_default());
    } else if document.starts_with(b".pfile") {
        seeds.push(("pfile", document.to_vec()));
        seeds.extend(licence_seed(document));
    } else {
        seeds.push(("pdf", document.to_vec()));
        seeds.extend(pdf_seeds(document));
        seeds.extend(licence_seed(document));
    }
    seeds
}

fn package_seeds(document: &[u8]) -> Outcome<Vec<Seed>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(document))?;
    let mut part = |name: &str| {
        let mut bytes = Vec::new();
        let read = archive
            .by_name(name)
            .map(|entry| entry.take(LARGEST as u64).read_to_end(&mut bytes));
        read.ok().and_then(Result::ok).map(|_| bytes)
    };
    let mut seeds = Vec::new();
    for (target, names) in [
        (
            "ooxml_parts",
            &[
                "[Content_Types].xml",
                "_rels/.rels",
                "docProps/custom.xml",
                "docMetadata/LabelInfo.xml",
            ][..],
        ),
        (
            "odf_meta",
            &["meta.xml", "META-INF/manifest.xml", "mimetype"],
        ),
    ] {
        if let Some(first) = part(names[0]) {
            let others = names[1..].iter().map(|name| part(name).unwrap_or_default());
            let parts: Vec<Vec<u8>> = std::iter::once(first).chain(others).collect();
            let seed = parts.join(SEPARATOR);
            if target == "ooxml_parts" {
                seeds.push(("write", seed.clone()));
            }
            seeds.push((target, seed));
        }
    }
    Ok(seeds)
}

fn compound_seeds(document: &[u8]) -> Outcome<Vec<Seed>> {
    let mut file = cfb::CompoundFile::open(Cursor::new(document))?;
    let mut stream = |path: &str, most: usize| {
        let mut bytes = Vec::new();
        let stream = file.open_stream(path).ok()?;
        stream.take(most as u64).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    };
    let mut seeds = Vec::new();
    if let Some(summary) = stream("\x05DocumentSummaryInformation", LARGEST) {
        seeds.push(("property_set", summary));
    }
    for (choice, names) in compound::LAYOUTS.iter().enumerate() {
        if stream(names[0], 1).is_none() {
            continue;
        }
        let parts: Vec<Vec<u8>> = names
            .iter()
            .map(|name| stream(name, 2048).unwrap_or_default())
            .collect();
        let mut seed = vec![choice as u8];
        seed.extend(parts.join(SEPARATOR));
        seeds.push(("compound_streams", seed));
    }
    let transform = "\x06DataSpaces/TransformInfo/DRMEncryptedTransform/\x06Primary";
    if let Some(primary) = stream(transform, 4 * LARGEST) {
        seeds.extend(licence_seed(&primary));
    }
    Ok(seeds)
}

fn licence_seed(document: &[u8]) -> Option<Seed> {
    let start = find(document, b"<XrML")?;
    let licence = between(&document[start..], b"<XrML", b"</XrML>")?;
    Some(("licence", licence.to_vec()))
}

fn pdf_seeds(document: &[u8]) -> Vec<Seed> {
    let mut seeds = Vec::new();
    if let Some(packet) = between(document, b"<?xpacket begin", b"</x:xmpmeta>") {
        seeds.push(("pdf_xmp", packet.to_vec()));
        seeds.push(("write", packet.to_vec()));
    }
    if let Some(handler) = find(document, b"/Standard") {
        // The dictionary is the innermost one with `endobj` behind it: a cut that is sometimes wrong
        // is a seed too.
        let start = rfind(&document[..handler], b" obj").map_or(0, |at| at + 4);
        let dictionary = between(&document[start..], b"<<", b"endobj").unwrap_or_default();
        let end = rfind(dictionary, b">>").unwrap_or(dictionary.len());
        let id = between(document, b"/ID", b"]").unwrap_or_default();
        let id = between(id, b"<", b"]").map_or(id, |id| &id[..id.len() - 1]);
        let seed = [dictionary.get(2..end).unwrap_or_default(), b"", id].join(SEPARATOR);
        seeds.push(("pdf_encrypt", seed));
    }
    seeds
}

/// From the first `open` through the next `close`.
fn between<'a>(bytes: &'a [u8], open: &[u8], close: &[u8]) -> Option<&'a [u8]> {
    let start = find(bytes, open)?;
    let end = start + find(&bytes[start..], close)? + close.len();
    Some(&bytes[start..end])
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn rfind(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .rposition(|window| window == wanted)
}
