//! Finding and reading the files that `policies` names.

use std::fs;
use std::path::{Path, PathBuf};

use globset::Glob;
use toml::de::{DeTable, DeValue};

use crate::config::problem::Problems;
use crate::config::read_text;
use crate::config::source::Source;

/// Most files with policies.
const MAX_FILES: usize = 200;

/// The files that the configuration's `policies` names, with their texts, in the order of the list and then of names.
///
/// # Errors
///
/// [`Problems`] of the first file or folder that cannot be read.
pub(in crate::config) fn read_sources(main: &Source) -> Result<Vec<Source>, Problems> {
    let mut sources: Vec<Source> = Vec::new();
    for pattern in patterns(main) {
        for file in find(main, &pattern)? {
            if sources.iter().any(|source| source.file == file) {
                continue;
            }
            if sources.len() == MAX_FILES {
                return Err(Problems::whole_file(
                    main.file.clone(),
                    format!("`policies` names more than {MAX_FILES} files"),
                    "put several policies into one file",
                ));
            }
            sources.push(Source::new(file.clone(), read_text(&file)?));
        }
    }
    Ok(sources)
}

/// The texts of `policies`. What is wrong with the key itself is reported when the whole file is read.
fn patterns(main: &Source) -> Vec<String> {
    let (tree, _) = DeTable::parse_recoverable(&main.text);
    let value = tree.get_ref().get("policies").map(toml::Spanned::get_ref);
    let texts = value.and_then(DeValue::as_array).into_iter().flatten();
    let texts = texts.filter_map(|item| item.get_ref().as_str());
    texts
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
        .collect()
}

/// A file, or those files of a folder whose names are as the last part of the pattern says.
fn find(main: &Source, pattern: &str) -> Result<Vec<PathBuf>, Problems> {
    let path = main.resolve(pattern);
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.unwrap_or_default();
    if !name.contains(['*', '?', '[', '{']) {
        return Ok(vec![path]);
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    let refuse = |message: String, fix: &str| {
        Problems::whole_file(main.file.clone(), format!("`policies`: {message}"), fix)
    };
    let matcher = Glob::new(name)
        .map_err(|error| {
            refuse(
                format!("`{pattern}` is no pattern: {}", error.kind()),
                "for example \"policies/*.toml\"",
            )
        })?
        .compile_matcher();
    let entries = fs::read_dir(folder).map_err(|error| {
        refuse(
            format!("the folder {} cannot be read: {error}", folder.display()),
            "check the path; only the last part of it may be a pattern",
        )
    })?;
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| matcher.is_match(name)))
        .take(MAX_FILES + 1)
        .collect();
    found.sort();
    Ok(found)
}
