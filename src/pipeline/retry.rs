//! When a file is tried again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::model::inventory::FileId;
use crate::model::{Reason, Retry};
use crate::store::queue::JobEnd;

/// Crashes after which a file is left alone for [`POISON_PAUSE`] (rules §3 gate 17).
pub(super) const MOST_CRASHES: u32 = 3;

/// How long a file is left alone that has crashed its readers, unless it gets a new version (rules §5).
const POISON_PAUSE: TimeDelta = TimeDelta::hours(24);

/// The first delay; each further one is twice as long.
const FIRST_DELAY: TimeDelta = TimeDelta::minutes(1);

/// The longest delay.
const LONGEST_DELAY: TimeDelta = TimeDelta::hours(6);

/// How often the pause between two looks at a refused action is doubled, from a day on.
const MOST_DOUBLINGS: u32 = 4;

/// Attempts at a file on which labeld made a mistake of its own (rules §5, `internal`).
const MOST_INTERNAL: u32 = 3;

/// What becomes of the job of a file that ended in `reason`, after `attempt` earlier attempts that failed. `wait`: what the
/// service asked for.
pub(super) fn job_end(
    file: FileId,
    reason: Option<Reason>,
    attempt: u32,
    wait: Option<Duration>,
    now: DateTime<Utc>,
) -> JobEnd {
    let Some(reason) = reason else {
        return JobEnd::Done;
    };
    let retry = |delay: TimeDelta| JobEnd::Retry {
        due: now.checked_add_signed(delay).unwrap_or(now),
        reason: reason.code(),
    };
    match reason.retry() {
        Retry::WithBackoff | Retry::AsTold => {
            let asked = wait.and_then(|wait| TimeDelta::from_std(wait).ok());
            retry(asked.unwrap_or_default().max(delay(file, attempt)))
        }
        Retry::ThreeTimes if attempt + 1 < MOST_INTERNAL => retry(delay(file, attempt)),
        Retry::NewVersionOrDay => retry(POISON_PAUSE),
        Retry::ThreeTimes
        | Retry::NotApplicable
        | Retry::No
        | Retry::NewVersion
        | Retry::OnChange
        | Retry::Daily
        | Retry::AtOnce
        | Retry::OnPolicyEdit
        | Retry::OnLabelSync
        | Retry::AfterReset => JobEnd::Done,
    }
}

/// After how long a refused action is opened again, which was so `looks` times before; `None` where its reason ends with something
/// that is stored, or never (rules §5).
pub(super) fn pause_before_look(reason: Reason, looks: u32) -> Option<TimeDelta> {
    match reason.retry() {
        Retry::OnChange => Some(TimeDelta::days(1 << looks.min(MOST_DOUBLINGS))),
        Retry::NewVersionOrDay => Some(POISON_PAUSE),
        Retry::NotApplicable
        | Retry::No
        | Retry::NewVersion
        | Retry::WithBackoff
        | Retry::AsTold
        | Retry::Daily
        | Retry::AtOnce
        | Retry::OnPolicyEdit
        | Retry::OnLabelSync
        | Retry::AfterReset
        // Those three were made before it was refused.
        | Retry::ThreeTimes => None,
    }
}

/// The delay after `attempt` earlier failures: doubled each time, up to a quarter less by the file's number, so that files
/// that failed together are not tried together.
pub(super) fn delay(file: FileId, attempt: u32) -> TimeDelta {
    let factor = 1_i32 << attempt.min(16);
    let whole = (FIRST_DELAY * factor).min(LONGEST_DELAY);
    let spread = file
        .0
        .wrapping_mul(0x9E37_79B9)
        .wrapping_add(i64::from(attempt))
        .rem_euclid(256);
    let less = whole.num_milliseconds() / 4 * spread / 256;
    whole - TimeDelta::milliseconds(less)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refused_actions_are_looked_at_in_growing_pauses() {
        let days = |reason, looks| {
            let pause: Option<TimeDelta> = pause_before_look(reason, looks);
            pause.map(|pause| pause.num_days())
        };
        let growing: Vec<_> = (0..7)
            .filter_map(|looks| days(Reason::LibraryCheckoutRequired, looks))
            .collect();
        assert_eq!(growing, [1, 2, 4, 8, 16, 16, 16]);
        for (reason, looks, expected) in [
            (Reason::WriteDenied, 2, Some(4)),
            (Reason::AccessDenied, u32::MAX, Some(16)),
            (Reason::FilePoison, 9, Some(1)),
            (Reason::Internal, 0, None),
            (Reason::FileSigned, 0, None),
            (Reason::WriteVerifyFailed, 0, None),
            (Reason::PolicyFightingUser, 0, None),
            (Reason::FileLocked, 0, None),
        ] {
            assert_eq!(days(reason, looks), expected, "{reason}");
        }
    }

    #[test]
    fn delays_grow_with_the_attempts_and_differ_between_files() {
        let now = DateTime::UNIX_EPOCH;
        let minutes = TimeDelta::minutes;
        // Reason, earlier attempts, what the service asked for, least and longest delay; none where the job is done.
        let table = [
            (Reason::FetchFailed, 0, None, Some((minutes(0), minutes(1)))),
            (Reason::FetchFailed, 1, None, Some((minutes(1), minutes(2)))),
            (
                Reason::FetchFailed,
                5,
                None,
                Some((minutes(24), minutes(32))),
            ),
            (
                Reason::FetchFailed,
                99,
                None,
                Some((minutes(270), minutes(360))),
            ),
            (
                Reason::FetchThrottled,
                0,
                Some(Duration::from_secs(3600)),
                Some((minutes(60), minutes(60))),
            ),
            (Reason::Internal, 1, None, Some((minutes(1), minutes(2)))),
            (Reason::Internal, 2, None, None),
            (
                Reason::FilePoison,
                0,
                None,
                Some((minutes(1440), minutes(1440))),
            ),
            (Reason::AccessDenied, 0, None, None),
            (Reason::FileCorrupt, 0, None, None),
        ];
        for (reason, attempt, wait, expected) in table {
            for file in [1, 2, 3, 1_000_000] {
                match (
                    job_end(FileId(file), Some(reason), attempt, wait, now),
                    expected,
                ) {
                    (JobEnd::Done, None) => {}
                    (JobEnd::Retry { due, reason: code }, Some((least, longest))) => {
                        assert!(least <= due - now && due - now <= longest, "{reason} {due}");
                        assert_eq!(code, reason.code());
                    }
                    other => panic!("{reason} {attempt}: {other:?}"),
                }
            }
        }
        assert_eq!(job_end(FileId(1), None, 0, None, now), JobEnd::Done);
        let spread: std::collections::BTreeSet<_> =
            (0..50).map(|file| delay(FileId(file), 3)).collect();
        assert!(spread.len() > 20, "{spread:?}");
    }
}
