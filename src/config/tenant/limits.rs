//! How large a file may be that is written, and how many labels may be applied in a day.

use toml::de::DeValue;

use super::super::source::Source;
use super::{AppConfig, DEFAULT_SIZE_LIMIT};
use crate::config::section::Section;
use crate::config::value::{ByteSize, Choice, Refusal, Value, refuse, wrong_type};
use crate::model::cap::{CapReset, CapRule};

/// What bounds the writing to an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// Largest file, in bytes, inclusive.
    pub(super) size: u64,
    /// Labels in a day (rules §6).
    pub(super) cap: CapRule,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            size: DEFAULT_SIZE_LIMIT,
            cap: CapRule::default(),
        }
    }
}

impl Limits {
    /// Reads them; what is not said is as in `above`.
    pub(super) fn read(section: &mut Section<'_>, above: Self) -> Self {
        let size = section.optional("size_limit").map(|ByteSize(bytes)| bytes);
        let limit = section.optional("cap").map(|Cap(limit)| limit);
        let reset = section.optional("cap_reset");
        Self {
            size: size.unwrap_or(above.size),
            cap: CapRule {
                limit: limit.unwrap_or(above.cap.limit),
                reset: reset.unwrap_or(above.cap.reset),
            },
        }
    }
}

/// Largest cap.
const MOST: u32 = 1_000_000_000;

/// Labels that may be applied in a day.
struct Cap(u32);

impl Value for Cap {
    const EXPECTED: &'static str = "a whole number";
    const EXAMPLE: &'static str = "100";

    fn read(value: &DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let DeValue::Integer(number) = value else {
            return Err(wrong_type::<Self>(value));
        };
        match u32::from_str_radix(number.as_str().trim_start_matches('+'), number.radix()) {
            Ok(number) if number <= MOST => Ok(Self(number)),
            _ => refuse(
                "out of range",
                format!("from 0, which allows none, to {MOST}"),
            ),
        }
    }
}

impl Choice for CapReset {
    const WORDS: &'static [(&'static str, Self)] =
        &[("noon", Self::Noon), ("midnight", Self::Midnight)];
    const EXAMPLE: &'static str = "\"noon\"";
}

/// Apps of one kind share one cap, so that they cannot have several.
pub(super) fn refuse_several_caps<'a>(
    section: &mut Section<'_>,
    apps: impl Iterator<Item = AppConfig<'a>>,
) {
    let mut first: Vec<AppConfig<'_>> = Vec::new();
    for app in apps {
        let Some(other) = first.iter().find(|other| other.kind() == app.kind()) else {
            first.push(app);
            continue;
        };
        if other.cap() != app.cap() {
            let message = format!(
                "{} and {} share the cap of their kind of app, and have different ones",
                other.name(),
                app.name()
            );
            let fix = "give both the same `cap` and `cap_reset`, or take them out of both and write them in [[tenant]]";
            section.report_key(app.kind(), message, fix);
            return;
        }
    }
}
