//! How often a service was killed at each stage of its work.

use std::collections::BTreeMap;
use std::fmt;

use labeld::crash_points::CrashPoint;

/// A step of the work at which a service is killed.
pub(crate) trait KillStage: Copy + Ord + fmt::Debug + 'static {
    /// All of them, in the order of the work.
    const ALL: &'static [Self];

    /// The points in the program that belong to it; none for a stage that is aimed at in another way.
    fn points(self) -> &'static [CrashPoint];
}

/// Fewer kills at a stage show nothing of it.
const LEAST_AT_A_STAGE: u32 = 3;

/// Kills by stage.
#[derive(Debug)]
pub(crate) struct Tally<S>(BTreeMap<S, u32>);

impl<S: KillStage> Tally<S> {
    pub(crate) fn new() -> Self {
        Self(S::ALL.iter().map(|stage| (*stage, 0)).collect())
    }

    pub(crate) fn add(&mut self, stage: S) {
        *self.0.entry(stage).or_default() += 1;
    }

    pub(crate) fn kills(&self) -> u32 {
        self.0.values().sum()
    }

    /// The stage with the fewest kills so far.
    pub(crate) fn rarest(&self) -> S {
        let fewest = self.0.iter().min_by_key(|(_, kills)| **kills);
        *fewest.unwrap().0
    }

    /// Whether each stage has had kills enough.
    pub(crate) fn is_enough(&self) -> bool {
        self.0.values().all(|kills| *kills >= LEAST_AT_A_STAGE)
    }
}

impl<S: KillStage> fmt::Display for Tally<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (stage, kills) in &self.0 {
            write!(f, "{stage:?} {kills}, ")?;
        }
        write!(f, "together {}", self.kills())
    }
}
