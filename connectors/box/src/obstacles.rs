//! What stands against writing to a file (reference/box.md §5.5, §5.6; spec/rules.md §3).

use chrono::{DateTime, Utc};
use labeld_connector::{Answer, ErrorKind, FileRef, Obstacles, Result};

use crate::app::BoxApp;
use crate::call::Purpose;
use crate::model::{Item, Lock};

const OPERATION: &str = "find out what stands against a write to";

/// How somebody keeps others from writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hold {
    /// A person locked the file.
    CheckedOut(Option<String>),
    /// An Office or Google program has it open, or another app locked it.
    Editing(Option<String>),
}

impl Hold {
    /// The kind of error that a write gets.
    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::CheckedOut(_) => ErrorKind::CheckedOut,
            Self::Editing(_) => ErrorKind::Locked,
        }
    }
}

impl Lock {
    /// What the lock means, while it lasts. Also one of the owner's own: acting as them, labeld could write through it while
    /// they are editing.
    pub(crate) fn hold(&self, now: DateTime<Utc>) -> Option<Hold> {
        let end = self.expires_at.or(self.expired_at);
        if end.is_some_and(|end| end <= now) {
            return None;
        }
        let by = self.created_by.as_ref();
        let by = by.and_then(|by| by.login.clone().or_else(|| by.name.clone()));
        Some(match self.app_type.as_deref() {
            None | Some("") => Hold::CheckedOut(by),
            Some(_) => Hold::Editing(by),
        })
    }
}

impl BoxApp {
    /// What stands against writing to a file just now.
    pub(crate) async fn obstacles_of(&self, file: &FileRef) -> Result<Obstacles> {
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        let own = self.own_file(file, &purpose).await?;
        let now = self.service.clock().now();
        let mut obstacles = Obstacles {
            retained: self.retained(&own.item, now),
            // Box knows no libraries that want a check-out.
            checkout_required: Answer::No,
            checked_out: Answer::No,
            checked_out_by: None,
            locked: Answer::No,
            remarks: remarks(&own.item, now),
        };
        match own.item.lock.as_ref().and_then(|lock| lock.hold(now)) {
            Some(Hold::CheckedOut(by)) => {
                obstacles.checked_out = Answer::Yes;
                obstacles.checked_out_by = by;
            }
            Some(Hold::Editing(_)) => obstacles.locked = Answer::Yes,
            None => {}
        }
        Ok(obstacles)
    }

    /// Retention and legal holds keep old versions and allow new ones (§5.6), unless the operator knows better.
    fn retained(&self, item: &Item, now: DateTime<Utc>) -> Answer {
        let is_retained = item.disposition_at.is_some_and(|end| end > now);
        Answer::from(is_retained && self.retention_forbids_writing)
    }
}

fn remarks(item: &Item, now: DateTime<Utc>) -> Vec<String> {
    let mut remarks = Vec::new();
    if let Some(end) = item.disposition_at.filter(|end| *end > now) {
        remarks.push(format!(
            "A retention policy keeps the versions of the file until {}; Box allows new ones.",
            end.format("%Y-%m-%d")
        ));
    }
    if item.permissions.and_then(|may| may.can_upload) == Some(false) {
        remarks.push("The owner may not upload a new version of the file.".to_owned());
    }
    if item.is_watermarked() {
        remarks.push(
            "The file has a watermark; it is written only when its original can be read."
                .to_owned(),
        );
    }
    remarks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_means_what_made_it() {
        let now = DateTime::parse_from_rfc3339("2026-05-04T12:00:00Z")
            .unwrap()
            .to_utc();
        let bo = || Some("bo@corp.test".to_owned());
        let by = r#""created_by":{"type":"user","id":"7002","login":"bo@corp.test"}"#;
        for (text, hold) in [
            (
                format!(r#"{{{by},"app_type":null}}"#),
                Some(Hold::CheckedOut(bo())),
            ),
            (format!("{{{by}}}"), Some(Hold::CheckedOut(bo()))),
            (
                format!(r#"{{{by},"app_type":"office_wopi"}}"#),
                Some(Hold::Editing(bo())),
            ),
            (
                format!(r#"{{{by},"app_type":"office_wopiplus"}}"#),
                Some(Hold::Editing(bo())),
            ),
            (
                format!(r#"{{{by},"app_type":"gsuite"}}"#),
                Some(Hold::Editing(bo())),
            ),
            (
                format!(r#"{{{by},"app_type":"other"}}"#),
                Some(Hold::Editing(bo())),
            ),
            (
                format!(r#"{{{by},"expires_at":"2026-05-04T11:00:00Z"}}"#),
                None,
            ),
            (
                format!(r#"{{{by},"expired_at":"2026-05-04T04:59:59-07:00"}}"#),
                None,
            ),
            (
                format!(r#"{{{by},"expired_at":"2026-05-04T05:00:01-07:00"}}"#),
                Some(Hold::CheckedOut(bo())),
            ),
            (
                format!(r#"{{{by},"expires_at":null}}"#),
                Some(Hold::CheckedOut(bo())),
            ),
            ("{}".to_owned(), Some(Hold::CheckedOut(None))),
        ] {
            let lock: Lock = serde_json::from_str(&text).unwrap();
            assert_eq!(lock.hold(now), hold, "{text}");
        }
    }
}
