//! When the service is killed, and how often it was.

use std::collections::BTreeMap;
use std::fmt;

use labeld::crash_points::CrashPoint;

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

impl Stage {
    pub(super) const ALL: &'static [Self] = &[
        Self::BeforeSend,
        Self::MidBody,
        Self::AfterTheAnswer,
        Self::BeforeCommit,
        Self::AfterCommit,
        Self::Random,
    ];

    /// The points in the program that belong to it.
    pub(super) fn points(self) -> &'static [CrashPoint] {
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

/// Kills by stage.
#[derive(Debug, Default)]
pub(super) struct Tally(BTreeMap<Stage, u32>);

impl Tally {
    pub(super) fn add(&mut self, stage: Stage) {
        *self.0.entry(stage).or_default() += 1;
    }

    pub(super) fn at(&self, stage: Stage) -> u32 {
        self.0.get(&stage).copied().unwrap_or_default()
    }

    pub(super) fn kills(&self) -> u32 {
        self.0.values().sum()
    }

    pub(super) fn least(&self) -> u32 {
        self.at(self.rarest())
    }

    /// The stage with the fewest kills so far.
    pub(super) fn rarest(&self) -> Stage {
        let stages = Stage::ALL.iter().copied();
        stages.min_by_key(|stage| self.at(*stage)).unwrap()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for stage in Stage::ALL {
            write!(f, "{stage:?} {}, ", self.at(*stage))?;
        }
        write!(f, "together {}", self.kills())
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
