//! Going through the chain from its first entry to its head.

use std::fmt;

use super::{EntryHash, Head, head, page};
use crate::store::db::Source;
use crate::store::error::Result;

/// What is wrong with the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The entry is not what its hash was made of, or the hash of the one before it is another one now.
    Changed {
        /// The entry.
        sequence: u64,
    },
    /// Entries are not there, though later ones are.
    Missing {
        /// The first of them.
        first: u64,
        /// The last of them.
        last: u64,
    },
    /// The last entries are not there.
    CutOff {
        /// The last one that is there.
        last: u64,
        /// How many there should be.
        expected: u64,
    },
    /// Entries stand behind the one that was noted as the last.
    BehindTheHead {
        /// The first of them.
        first: u64,
    },
    /// The last entry has another hash than was noted for it.
    HeadDiffers {
        /// The last entry.
        sequence: u64,
    },
    /// The entry has another hash than it had when somebody noted it elsewhere: the chain was made anew.
    Rebuilt {
        /// The entry.
        sequence: u64,
    },
}

impl Finding {
    /// A word for programs.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Changed { .. } => "changed",
            Self::Missing { .. } => "missing",
            Self::CutOff { .. } => "cut_off",
            Self::BehindTheHead { .. } => "behind_the_head",
            Self::HeadDiffers { .. } => "head_differs",
            Self::Rebuilt { .. } => "rebuilt",
        }
    }

    /// The entry where it shows: the first that is not as it should be.
    #[must_use]
    pub fn sequence(self) -> u64 {
        match self {
            Self::Changed { sequence }
            | Self::HeadDiffers { sequence }
            | Self::Rebuilt { sequence } => sequence,
            Self::Missing { first, .. } | Self::BehindTheHead { first } => first,
            Self::CutOff { last, .. } => last + 1,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed { sequence } => write!(
                f,
                "entry {sequence} does not agree with its hash: it, or the hash before it, was changed"
            ),
            Self::Missing { first, last } if first == last => {
                write!(f, "entry {first} is not there")
            }
            Self::Missing { first, last } => write!(f, "entries {first} to {last} are not there"),
            Self::CutOff { last, expected } => write!(
                f,
                "the log ends with entry {last}, and there were {expected}: the end was cut off"
            ),
            Self::BehindTheHead { first } => write!(
                f,
                "entry {first} stands behind the last one that labeld has noted"
            ),
            Self::HeadDiffers { sequence } => write!(
                f,
                "entry {sequence} is the last and has another hash than labeld has noted for it"
            ),
            Self::Rebuilt { sequence } => write!(
                f,
                "entry {sequence} has another hash than is expected of it: the log was made anew"
            ),
        }
    }
}

/// What going through the log has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The last entry that is there.
    pub head: Head,
    /// What is wrong, in the order of the entries; a hundred at most.
    pub findings: Vec<Finding>,
}

/// What is wrong beyond that is not listed.
const MOST_FINDINGS: usize = 100;

/// Entries read at once.
const PAGE: u32 = 1_000;

/// Goes through the whole log, also while entries are added. `expect`: the head at some earlier time, known from elsewhere
/// than the store; without it a log that was made anew from its first entry looks sound.
///
/// # Errors
///
/// Those of the store.
pub async fn verify(source: &impl Source, expect: Option<Head>) -> Result<Verified> {
    let mut chain = Chain::new(expect);
    loop {
        chain.take_all(source).await?;
        let noted = head(source).await?;
        // An entry may have come between the two readings.
        if noted.count <= chain.last.count || !chain.take_page(source).await? {
            return Ok(chain.end(noted));
        }
    }
}

struct Chain {
    last: Head,
    findings: Vec<Finding>,
    expect: Option<Head>,
}

impl Chain {
    fn new(expect: Option<Head>) -> Self {
        Self {
            last: Head::EMPTY,
            findings: Vec::new(),
            expect,
        }
    }

    async fn take_all(&mut self, source: &impl Source) -> Result<()> {
        while self.take_page(source).await? {}
        Ok(())
    }

    /// Whether there was an entry.
    async fn take_page(&mut self, source: &impl Source) -> Result<bool> {
        let entries = page(source, self.last.count, PAGE).await?;
        for entry in &entries {
            let wanted = self.last.count + 1;
            if entry.sequence > wanted {
                self.find(Finding::Missing {
                    first: wanted,
                    last: entry.sequence - 1,
                });
            } else if entry.hash_after(self.last.hash) != entry.hash {
                // Behind a gap the hash before is not known.
                self.find(Finding::Changed {
                    sequence: entry.sequence,
                });
            }
            self.last = Head {
                count: entry.sequence,
                hash: entry.hash,
            };
            self.compare_with_expected();
        }
        Ok(!entries.is_empty())
    }

    fn compare_with_expected(&mut self) {
        if let Some(expect) = self.expect
            && expect.count == self.last.count
            && expect.hash != self.last.hash
        {
            self.find(Finding::Rebuilt {
                sequence: expect.count,
            });
        }
    }

    fn end(mut self, noted: Head) -> Verified {
        let expected = self
            .expect
            .map_or(0, |expect| expect.count)
            .max(noted.count);
        if expected > self.last.count {
            self.find(Finding::CutOff {
                last: self.last.count,
                expected,
            });
        } else if noted.count < self.last.count {
            self.find(Finding::BehindTheHead {
                first: noted.count + 1,
            });
        } else if noted.hash != self.last.hash {
            self.find(Finding::HeadDiffers {
                sequence: self.last.count,
            });
        }
        if self
            .expect
            .is_some_and(|expect| expect.count == 0 && expect.hash != EntryHash::NONE)
        {
            self.find(Finding::Rebuilt { sequence: 0 });
        }
        Verified {
            head: self.last,
            findings: self.findings,
        }
    }

    fn find(&mut self, finding: Finding) {
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(finding);
        }
    }
}
