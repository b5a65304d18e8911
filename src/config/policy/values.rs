//! Kinds of values that only policies have.

use chrono::{DateTime, NaiveDate, Utc};
use toml::de::DeValue;

use crate::config::section::describe;
use crate::config::source::Source;
use crate::config::value::{Refusal, Value, nearest, refuse, wrong_type};
use crate::model::policy::{FolderPattern, LabelName, TextOperator, TextPattern, Worded};

/// Most entries of a list.
const MAX_ENTRIES: usize = 1_000;

/// A list with at least one entry; one entry may stand without the brackets.
#[derive(Debug)]
pub(super) struct OneOrMore<T>(pub(super) Vec<T>);

impl<T: Value> Value for OneOrMore<T> {
    const EXPECTED: &'static str = T::EXPECTED;
    const EXAMPLE: &'static str = T::EXAMPLE;

    fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal> {
        let Some(items) = value.as_array() else {
            return Ok(Self(vec![T::read(value, source)?]));
        };
        if items.is_empty() {
            return refuse(
                "the list is empty, which nothing is in",
                "fill it in, or leave the key away",
            );
        }
        if items.len() > MAX_ENTRIES {
            return refuse(
                format!("more than {MAX_ENTRIES} entries"),
                "use a pattern, or several policies",
            );
        }
        let items = items.iter().map(|item| T::read(item.get_ref(), source));
        items.collect::<Result<_, _>>().map(Self)
    }
}

/// One of a few words.
#[derive(Debug)]
pub(super) struct Word<T>(pub(super) T);

impl<T: Worded> Value for Word<T> {
    const EXPECTED: &'static str = "one of a few words as text";
    const EXAMPLE: &'static str = "a word in quotes";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let words = T::WORDS.iter().map(|(word, _)| *word);
        let quoted: Vec<String> = words.clone().map(|word| format!("\"{word}\"")).collect();
        let all = format!("one of {}", quoted.join(", "));
        let Some(text) = value.as_str() else {
            let found = describe(value);
            return refuse(format!("expected {}, found {found}", Self::EXPECTED), all);
        };
        if let Some((_, meant)) = T::WORDS.iter().find(|(word, _)| *word == text) {
            return Ok(Self(*meant));
        }
        let fix = match nearest(text, words) {
            Some(near) => format!("did you mean \"{near}\"? {all}"),
            None => all,
        };
        refuse(
            format!("\"{}\" is not a known word", text.escape_debug()),
            fix,
        )
    }
}

macro_rules! text_value {
    ($name:ident($inner:ty), $expected:literal, $example:literal, |$text:ident| $read:expr) => {
        #[derive(Debug)]
        pub(super) struct $name(pub(super) $inner);

        impl Value for $name {
            const EXPECTED: &'static str = $expected;
            const EXAMPLE: &'static str = $example;

            fn read(value: &DeValue<'_>, source: &Source) -> Result<Self, Refusal> {
                if !value.is_str() {
                    return Err(wrong_type::<Self>(value));
                }
                let $text = String::read(value, source)?;
                $read.map(Self)
            }
        }
    };
}

text_value!(
    Label(LabelName),
    "a label's name or GUID as text",
    "\"Confidential\"",
    |text| { Ok(LabelName::new(&text)) }
);

text_value!(
    Folder(FolderPattern),
    "a folder as text",
    "\"finance/**\"",
    |text| {
        match text
            .strip_suffix("/**")
            .unwrap_or(if text == "**" { "" } else { &text })
        {
            path if path.contains(['*', '?']) => refuse(
                "a folder takes `/**` at its end and no other pattern",
                "for patterns use the condition `path = { like = [\"…\"] }`",
            ),
            path if path.contains('\\') => {
                refuse("folders are separated by `/`", "write it with `/`")
            }
            _ => Ok(FolderPattern::new(&text)),
        }
    }
);

text_value!(
    Extension(String),
    "an extension as text",
    "\"docx\"",
    |text| {
        match text.trim_start_matches('.') {
            bare if bare.len() < text.len() => refuse(
                "an extension stands without its dot",
                format!("write \"{bare}\""),
            ),
            bare if bare.contains(['.', '*', '/']) => refuse(
                "not an extension",
                "what stands behind the last dot of a name: \"docx\"; for patterns use `name = { like = [\"…\"] }`",
            ),
            bare => Ok(bare.to_lowercase()),
        }
    }
);

text_value!(
    Domain(String),
    "a domain as text",
    "\"partner.example\"",
    |text| {
        match text.rsplit_once('@') {
            Some((_, domain)) => refuse(
                "a domain stands without `@`",
                format!("write \"{}\"", domain.escape_debug()),
            ),
            None if text.contains('*') => refuse(
                "a domain takes no pattern; domains below it do not belong to it",
                "list each domain",
            ),
            None => Ok(text.to_lowercase()),
        }
    }
);

text_value!(
    Address(TextPattern),
    "an address as text, `*` for any part of it",
    "\"*@partner.example\"",
    |text| { pattern(TextOperator::Like, &text) }
);

text_value!(
    MediaType(String),
    "a media type as text",
    "\"application/pdf\"",
    |text| {
        match text.split_once('/') {
            Some((kind, form)) if !kind.is_empty() && !form.is_empty() && !kind.contains('*') => {
                Ok(text.to_lowercase())
            }
            _ => refuse(
                "not a media type",
                "for example \"application/pdf\" or \"image/*\"",
            ),
        }
    }
);

/// A pattern for an operator, or why it is none.
pub(super) fn pattern(operator: TextOperator, text: &str) -> Result<TextPattern, Refusal> {
    TextPattern::new(operator, text).or_else(|error| {
        refuse(
            error.to_string(),
            "`like` takes `*`, `**` and `?`; `regex` a regular expression without look-around",
        )
    })
}

/// A point in time; a date alone is its first moment in UTC.
#[derive(Debug)]
pub(super) struct Moment(pub(super) DateTime<Utc>);

impl Value for Moment {
    const EXPECTED: &'static str = "a date or a time";
    const EXAMPLE: &'static str = "2026-03-01";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let text = match value {
            DeValue::Datetime(time) => time.to_string(),
            DeValue::String(text) => text.to_string(),
            other => return Err(wrong_type::<Self>(other)),
        };
        if let Ok(time) = DateTime::parse_from_rfc3339(&text) {
            return Ok(Self(time.to_utc()));
        }
        let date = text.parse::<NaiveDate>().ok();
        match date.and_then(|date| date.and_hms_opt(0, 0, 0)) {
            Some(time) => Ok(Self(time.and_utc())),
            None => refuse(
                "neither a date nor a time with its offset",
                "for example 2026-03-01 or 2026-03-01T10:00:00Z",
            ),
        }
    }
}
