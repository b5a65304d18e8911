//! What became of a write whose answer was lost.

use labeld_connector::http::CallFailure;
use labeld_connector::{Error, ErrorKind, Result};

use super::{Writing, Written};
use crate::drive::GoogleDrive;
use crate::version::version_of;

impl GoogleDrive {
    /// Looks at the file: it has our content, or still the old one, or another.
    pub(super) async fn settle(&self, writing: &Writing<'_>, lost: Error) -> Result<Written> {
        let fields = crate::fields::WRITE_V3;
        let now = match self
            .file(writing.sight, writing.id, fields, &writing.purpose)
            .await
        {
            Ok(now) => now,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
            Err(_) => {
                return Err(writing
                    .purpose
                    .error(ErrorKind::Transient)
                    .with_source(lost));
            }
        };
        let version = version_of(&now);
        if version.as_ref() == Some(&writing.version()) {
            return Ok(Written {
                modified: now.modified_time,
            });
        }
        let kind = if version.as_ref() == Some(&writing.options.expect) {
            ErrorKind::Transient
        } else {
            ErrorKind::Changed
        };
        Err(writing.purpose.error(kind).with_source(lost))
    }
}

/// Whether a write may have taken effect although it failed.
pub(super) fn fate_is_unknown(error: &Error) -> bool {
    CallFailure::of(error).is_none_or(CallFailure::fate_is_unknown)
        && error.kind() != ErrorKind::Unauthenticated
}
