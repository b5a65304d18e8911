//! The way in: one reading of one file.

use std::io;
use std::ops::Range;

use crate::block_cache::{BlockCache, Fetching};
use crate::detect::{self, Container};
use crate::input::{Input, Parsed, Stop};
use crate::labels::{self, TenantKnowledge};
use crate::limits::Limits;
use crate::reading::{Findings, ProtectionKind, Reading, Warning};
use crate::refusal::Refusal;
use crate::source::Source;
use crate::{ole, package, pdf, rms};

/// How to read.
#[derive(Debug, Clone, Copy)]
pub struct ReadOptions<'a> {
    /// What one file may cost.
    pub limits: Limits,
    /// What is known of tenants beside the file.
    pub known: &'a TenantKnowledge,
}

/// Reads labels and protection of one file.
///
/// What the content says, damage included, is in the [`Reading`].
///
/// # Errors
///
/// Only what the source says; [`io::ErrorKind::WouldBlock`] from a [`BlockCache`] whose
/// [`missing`](BlockCache::missing) ranges are to be fetched before the next call.
pub fn read(source: &dyn Source, options: ReadOptions<'_>) -> io::Result<Reading> {
    let input = Input::new(source, options.limits);
    let mut findings = Findings::default();
    let refusal = match dispatch(&input, &mut findings) {
        Ok(()) => protection_refusal(&findings),
        Err(Stop::Refused(refusal)) => Some(refusal),
        Err(Stop::Io(error)) => return Err(error),
    };
    Ok(conclude(source.len(), refusal, findings, options.known))
}

/// Rounds of fetching after which a file is given up. A regular file needs two to five; one that is
/// made to be read in crumbs needs some hundred, as the reads grow.
pub const MOST_ROUNDS: u32 = 1_000;
/// Bytes fetched after which a file is given up: twice what a search through all of a file may take. A
/// smaller file is never given up, as nothing is fetched twice.
pub const MOST_FETCHED: u64 = 64 << 20;

/// Reads through `cache`, fetching with `fetch` what is missing as soon as it is.
///
/// A file above 64 MiB that is made to be read in crumbs is refused, although reading it whole might
/// succeed.
///
/// # Errors
///
/// What `fetch` says, and [`io::ErrorKind::UnexpectedEof`] when it brings less than was asked for.
pub fn read_ranged(
    cache: &mut BlockCache,
    options: ReadOptions<'_>,
    fetch: impl FnMut(Range<u64>) -> io::Result<Vec<u8>>,
) -> io::Result<Reading> {
    let fetching = Fetching::new(cache, fetch);
    match read(&fetching, options) {
        Err(_) if fetching.is_given_up() => {
            let refusal = Refusal::Limit("it needs too many reads");
            let findings = Findings::default();
            let size = fetching.len();
            Ok(conclude(size, Some(refusal), findings, options.known))
        }
        done => done,
    }
}

fn dispatch(input: &Input<'_>, findings: &mut Findings) -> Parsed<()> {
    if input.len() == 0 {
        return Err(Refusal::Empty.into());
    }
    match detect::container(input)? {
        Container::Zip => package::read(input, findings),
        Container::Pdf => pdf::read(input, findings),
        Container::Compound => ole::read(input, findings),
        Container::Pfile => rms::read_pfile(input, findings),
        Container::Unknown => Err(Refusal::Unsupported.into()),
    }
}

/// The reason that goes with a kind of protection (product §1, `state`).
fn protection_refusal(findings: &Findings) -> Option<Refusal> {
    match findings.protection.kind {
        ProtectionKind::None | ProtectionKind::OwnerPassword => None,
        ProtectionKind::Password => Some(Refusal::Password("it opens with a password")),
        ProtectionKind::Certificate => Some(Refusal::Password("it opens with a certificate")),
        ProtectionKind::Other => Some(Refusal::Password(
            "it opens with an unknown security handler",
        )),
        ProtectionKind::Rms => Some(Refusal::Rms),
    }
}

fn conclude(
    size: u64,
    refusal: Option<Refusal>,
    mut findings: Findings,
    known: &TenantKnowledge,
) -> Reading {
    let settled = labels::settle(&findings.groups, known);
    if settled.places_disagree {
        findings.warn(Warning::PlacesDisagree);
    }
    findings.warnings.sort_unstable();
    Reading {
        size,
        format: findings.format,
        refusal,
        ambiguous: settled.ambiguous,
        labels: settled.labels,
        protection: findings.protection,
        signatures: findings.signatures,
        warnings: findings.warnings,
    }
}
