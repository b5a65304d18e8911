//! The kinds of values that options have.

use std::path::PathBuf;

use toml::de::DeValue;
use uuid::Uuid;

use super::section::describe;
use super::source::Source;
use crate::model::policy::PolicyName;
use crate::model::{AppName, TenantName};

/// Why a value was refused, and what to write in its place.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) fix: String,
}

/// A type that a key can have.
pub(super) trait Value: Sized {
    /// What is expected, to be read after "expected".
    const EXPECTED: &'static str;
    /// A value as it would be written.
    const EXAMPLE: &'static str;

    fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal>;
}

pub(super) fn wrong_type<T: Value>(found: &DeValue<'_>) -> Refusal {
    Refusal {
        message: format!("expected {}, found {}", T::EXPECTED, describe(found)),
        fix: format!("for example {}", T::EXAMPLE),
    }
}

pub(super) fn refuse<T>(message: impl Into<String>, fix: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        message: message.into(),
        fix: fix.into(),
    })
}

fn text<'v, T: Value>(value: &'v DeValue<'_>) -> Result<&'v str, Refusal> {
    value.as_str().ok_or_else(|| wrong_type::<T>(value))
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";
    const EXAMPLE: &'static str = "true";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        value.as_bool().ok_or_else(|| wrong_type::<Self>(value))
    }
}

impl Value for String {
    const EXPECTED: &'static str = "text";
    const EXAMPLE: &'static str = "\"…\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        match text::<Self>(value)? {
            "" => refuse("the text is empty", "fill it in, or leave the key away"),
            text => Ok(text.to_owned()),
        }
    }
}

impl Value for PathBuf {
    const EXPECTED: &'static str = "a path as text";
    const EXAMPLE: &'static str = "\"path/to/it\"";

    fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal> {
        match text::<Self>(value)? {
            "" => refuse(
                "the path is empty",
                "for the folder of this file write \".\"",
            ),
            text if text.contains('\0') => refuse("a path cannot contain NUL", "take it out"),
            text => Ok(source.resolve(text)),
        }
    }
}

impl Value for Uuid {
    const EXPECTED: &'static str = "a GUID as text";
    const EXAMPLE: &'static str = "\"00000000-0000-0000-0000-000000000000\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        match Self::try_parse(text::<Self>(value)?) {
            Ok(id) if !id.is_nil() => Ok(id),
            Ok(_) => refuse("the GUID is all zeros", "write the real one"),
            Err(_) => refuse(
                "not a GUID",
                format!("32 hexadecimal digits: {}", Self::EXAMPLE),
            ),
        }
    }
}

impl Value for Vec<String> {
    const EXPECTED: &'static str = "a list of texts";
    const EXAMPLE: &'static str = "[\"…\", \"…\"]";

    fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal> {
        let items = value.as_array().ok_or_else(|| wrong_type::<Self>(value))?;
        items
            .iter()
            .map(|item| String::read(item.get_ref(), source))
            .collect()
    }
}

/// Longest name of a tenant or app, in characters.
const MAX_NAME: usize = 64;

/// Names stand in commands (`APP:FILE-ID`), metrics and file names, so their characters are few.
fn name<'v, T: Value>(value: &'v DeValue<'_>) -> Result<&'v str, Refusal> {
    let name = text::<T>(value)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins_well && name.chars().all(allowed) && name.len() <= MAX_NAME {
        return Ok(name);
    }
    refuse(
        "not a name",
        format!(
            "letters, digits, `-`, `_` and `.`, a letter or digit first, at most {MAX_NAME}: for example {}",
            T::EXAMPLE
        ),
    )
}

impl Value for TenantName {
    const EXPECTED: &'static str = "a name as text";
    const EXAMPLE: &'static str = "\"contoso\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        name::<Self>(value).map(Self::from)
    }
}

impl Value for AppName {
    const EXPECTED: &'static str = "a name as text";
    const EXAMPLE: &'static str = "\"finance\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        name::<Self>(value).map(Self::from)
    }
}

impl Value for PolicyName {
    const EXPECTED: &'static str = "a name as text";
    const EXAMPLE: &'static str = "\"finance-public\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        name::<Self>(value).map(Self::from)
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteSize(pub(super) u64);

/// A file to be written is held in memory, so the limit has one.
const MAX_SIZE: u64 = 1 << 30;

impl Value for ByteSize {
    const EXPECTED: &'static str = "a number of bytes, or text like \"30 MiB\"";
    const EXAMPLE: &'static str = "\"30 MiB\"";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let bytes = match value {
            DeValue::Integer(number) => {
                u64::from_str_radix(number.as_str().trim_start_matches('+'), number.radix()).ok()
            }
            DeValue::String(text) => parse_size(text),
            other => return Err(wrong_type::<Self>(other)),
        };
        match bytes {
            Some(bytes) if (1..=MAX_SIZE).contains(&bytes) => Ok(Self(bytes)),
            Some(_) => refuse("out of range", "from 1 byte to 1 GiB"),
            None => refuse(
                "not a size",
                "bytes as a whole number, or a number with KB, MB, GB, KiB, MiB or GiB: \"30 MiB\"",
            ),
        }
    }
}

/// A whole number from 1 to `MOST`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Whole<const MOST: u32>(pub(super) u32);

impl<const MOST: u32> Value for Whole<MOST> {
    const EXPECTED: &'static str = "a whole number";
    const EXAMPLE: &'static str = "4";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let DeValue::Integer(number) = value else {
            return Err(wrong_type::<Self>(value));
        };
        match u32::from_str_radix(number.as_str().trim_start_matches('+'), number.radix()) {
            Ok(number) if (1..=MOST).contains(&number) => Ok(Self(number)),
            _ => refuse("out of range", format!("from 1 to {MOST}")),
        }
    }
}

/// `30 MiB`, `512KB`, `1024`; `None` when it is no size or too large for 64 bits.
fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(factor)
}

/// A type with a few words as its values.
pub(super) trait Choice: Copy + 'static {
    /// The words and what they mean.
    const WORDS: &'static [(&'static str, Self)];
    /// One of the words in quotes.
    const EXAMPLE: &'static str;
}

/// The word for a choice.
pub(super) fn word_of<T: Choice + PartialEq>(choice: T) -> &'static str {
    let word = T::WORDS.iter().find(|(_, other)| *other == choice);
    word.map_or("", |(word, _)| word)
}

impl<T: Choice> Value for T {
    const EXPECTED: &'static str = "one of a few words as text";
    const EXAMPLE: &'static str = T::EXAMPLE;

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let words = Self::WORDS.iter().map(|(word, _)| *word);
        let quoted: Vec<String> = words.clone().map(|word| format!("\"{word}\"")).collect();
        let all = format!("one of {}", quoted.join(", "));
        let Some(text) = value.as_str() else {
            return refuse(
                format!("expected {}, found {}", Self::EXPECTED, describe(value)),
                all,
            );
        };
        if let Some((_, choice)) = Self::WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(*choice);
        }
        let fix = match nearest(text, words) {
            Some(near) => format!("did you mean \"{near}\"? {all}"),
            None => all,
        };
        refuse("not a known word", fix)
    }
}

/// The word that was probably meant.
pub(super) fn nearest<'w>(text: &str, words: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    if text.len() > MAX_NAME {
        return None;
    }
    let lower = text.to_lowercase();
    let (distance, word) = words
        .map(|word| (strsim::osa_distance(&lower, word), word))
        .min_by_key(|(distance, _)| *distance)?;
    (distance <= (word.len() / 3).max(1)).then_some(word)
}
