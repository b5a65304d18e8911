//! When a service is killed while it writes.

use labeld::crash_points::CrashPoint;

use crate::tally::KillStage;

/// A step of a write at which the service is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Actions are claimed; nothing was done about them.
    Claimed,
    /// The write was rehearsed; its intent and its place under the cap are about to be stored.
    BeforeIntent,
    /// They are stored.
    Intended,
    /// The next thing is to send the new content.
    BeforeSend,
    /// The content is on its way.
    InFlight,
    /// The answer is there, and stored nowhere.
    AfterTheAnswer,
    /// The outcome is about to be stored.
    BeforeCommit,
    /// The outcome is stored.
    AfterCommit,
    /// What an earlier process has left is being settled.
    Settling,
    /// At any moment.
    Random,
}

impl KillStage for Stage {
    const ALL: &'static [Self] = &[
        Self::Claimed,
        Self::BeforeIntent,
        Self::Intended,
        Self::BeforeSend,
        Self::InFlight,
        Self::AfterTheAnswer,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::Settling,
        Self::Random,
    ];

    fn points(self) -> &'static [CrashPoint] {
        match self {
            Self::InFlight | Self::Random => &[],
            Self::Claimed => &[CrashPoint::AfterActionClaim],
            Self::BeforeIntent => &[CrashPoint::BeforeIntentCommit],
            Self::Intended => &[CrashPoint::AfterIntentCommit],
            Self::BeforeSend => &[CrashPoint::BeforeSend],
            Self::AfterTheAnswer => &[CrashPoint::AfterAnswer],
            Self::BeforeCommit => &[CrashPoint::BeforeOutcomeCommit],
            Self::AfterCommit => &[CrashPoint::AfterOutcomeCommit],
            Self::Settling => &[CrashPoint::DuringSettle],
        }
    }
}

#[test]
fn every_point_of_a_write_belongs_to_a_stage() {
    for point in CrashPoint::WRITING {
        let stages = Stage::ALL.iter();
        let belongs = stages.filter(|stage| stage.points().contains(point));
        assert_eq!(belongs.count(), 1, "{point:?}");
    }
}
