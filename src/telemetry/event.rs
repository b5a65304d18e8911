//! What an event is.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tracing::{Level, Value};

use super::labels::{FetchPurpose, LabelAction, ResponseCode, ScanResult};
use super::metrics::Metrics;
use crate::model::inventory::FileId;
use crate::model::policy::PolicyName;
use crate::model::{AppName, Reason, TenantName};

/// What the documentation says of an event.
#[derive(Debug, Clone, Copy)]
pub struct EventDescription {
    /// The value of the field `event`.
    pub name: &'static str,
    /// The level of the log line.
    pub level: Level,
    /// The text of the log line.
    pub message: &'static str,
    /// What happened.
    pub meaning: &'static str,
    /// The further fields of the log line, in their order: name and meaning.
    pub fields: &'static [(&'static str, &'static str)],
}

/// What an event does to the metrics.
pub(super) trait Count {
    /// Counts it; most events have no metric.
    fn count(&self, _metrics: &Metrics) {}
}

/// How the value of a field stands in a log line.
pub(super) trait Field {
    type Logged<'a>: Value
    where
        Self: 'a;

    fn logged(&self) -> Self::Logged<'_>;
}

macro_rules! field {
    ($type:ty as $logged:ty, $value:ident => $expression:expr) => {
        impl Field for $type {
            type Logged<'a>
                = $logged
            where
                Self: 'a;

            fn logged(&self) -> Self::Logged<'_> {
                let $value = self;
                $expression
            }
        }
    };
}

field!(&str as &'a str, text => text);
field!(&TenantName as &'a str, name => &name.0);
field!(&AppName as &'a str, name => &name.0);
field!(&PolicyName as &'a str, name => &name.0);
field!(FileId as i64, file => file.0);
field!(Reason as &'static str, reason => reason.code());
field!(ScanResult as &'static str, result => result.as_str());
field!(FetchPurpose as &'static str, purpose => purpose.as_str());
field!(LabelAction as &'static str, action => action.as_str());
field!(ResponseCode as &'static str, code => code.as_str());
field!(u64 as u64, number => *number);
field!(u32 as u32, number => *number);
field!(Duration as f64, time => time.as_secs_f64());
field!(DateTime<Utc> as String, time => time.to_rfc3339_opts(SecondsFormat::Secs, true));

impl<T: Field> Field for Option<T> {
    type Logged<'a>
        = Option<T::Logged<'a>>
    where
        Self: 'a;

    fn logged(&self) -> Self::Logged<'_> {
        self.as_ref().map(Field::logged)
    }
}

/// Makes a struct for each event, with `emit`, and the table of all of them.
///
/// An entry is the event's meaning, the struct, the level, the name and the text of the log line, and
/// the fields with their meanings.
macro_rules! events {
    ($(
        $(#[doc = $meaning:literal])+
        $type:ident $(<$lifetime:lifetime>)? $level:ident $name:literal $message:literal {
            $( $(#[doc = $field_meaning:literal])+ $field:ident: $field_type:ty, )*
        }
    )*) => {
        $(
            $(#[doc = $meaning])+
            #[derive(Debug, Clone)]
            pub struct $type $(<$lifetime>)? {
                $( $(#[doc = $field_meaning])+ pub $field: $field_type, )*
            }

            impl $(<$lifetime>)? $type $(<$lifetime>)? {
                /// What the documentation says of it.
                pub const DESCRIPTION: EventDescription = EventDescription {
                    name: $name,
                    level: tracing::Level::$level,
                    message: $message,
                    meaning: concat!($($meaning),+),
                    fields: &[$( (stringify!($field), concat!($($field_meaning),+)), )*],
                };

                /// Writes the log line and counts.
                pub fn emit(&self) {
                    tracing::event!(
                        target: "labeld",
                        tracing::Level::$level,
                        event = $name,
                        $($field = Field::logged(&self.$field),)*
                        $message
                    );
                    self.count(&METRICS_OF_PROCESS);
                }
            }
        )*

        /// Every event.
        pub const EVENTS: &[EventDescription] = &[$($type::DESCRIPTION),*];
    };
}

pub(super) use events;
