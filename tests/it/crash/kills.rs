//! When the service is killed.

use labeld::crash_points::CrashPoint;

use crate::tally::KillStage;

/// A step of the work at which the service is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// At any moment.
    Random,
    /// Files are claimed; what asks for their bytes has not been sent.
    BeforeSend,
    /// A part of a file's bytes has arrived.
    MidBody,
    /// An answer is there and nothing was made of it.
    AfterTheAnswer,
    /// What was found out is about to be stored.
    BeforeCommit,
    /// It is stored, and nothing else was done.
    AfterCommit,
}

impl KillStage for Stage {
    const ALL: &'static [Self] = &[
        Self::BeforeSend,
        Self::MidBody,
        Self::AfterTheAnswer,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::Random,
    ];

    fn points(self) -> &'static [CrashPoint] {
        match self {
            Self::Random | Self::MidBody => &[],
            Self::BeforeSend => &[CrashPoint::AfterClaim, CrashPoint::BeforeFetch],
            Self::AfterTheAnswer => &[CrashPoint::AfterFetch],
            Self::BeforeCommit => &[
                CrashPoint::BeforePageCommit,
                CrashPoint::BeforeEnumerationEnd,
                CrashPoint::BeforeFactsCommit,
                CrashPoint::BeforeLabelsCommit,
            ],
            Self::AfterCommit => &[CrashPoint::AfterPageCommit, CrashPoint::AfterFactsCommit],
        }
    }
}

#[test]
fn every_point_belongs_to_a_stage() {
    for point in CrashPoint::ALL {
        let stages = Stage::ALL.iter();
        let belongs = stages.filter(|stage| stage.points().contains(point));
        assert_eq!(belongs.count(), 1, "{point:?}");
    }
}
