//! Real compound files and pfiles with bytes changed: never a panic, never more than the file read,
//! and the same answer in ranges as whole.

use std::fs;
use std::path::Path;

use labeld_formats::{
    BlockCache, Limits, RangeStrategy, ReadOptions, TenantKnowledge, read, read_ranged,
};
use proptest::prelude::*;
use proptest::sample::Index;

const SAMPLES: [&str; 7] = [
    "irm/rms-sdk-for-cpp__CleanAlice.txt.pfile",
    "legacy/msoffcrypto__rc4cryptoapi_password.doc",
    "legacy/npoi__97_plain.xls",
    "legacy/poi__SampleDoc.doc",
    "legacy/poi__basic_test_ppt_file.ppt",
    "legacy/poi__xor-encryption-abc.xls",
    "password/npoi__2007macro_password.xlsm",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn changed_bytes(
        which: Index,
        edits in prop::collection::vec((any::<Index>(), any::<u8>(), any::<bool>()), 1..24),
        cut in prop::option::weighted(0.2, any::<Index>()),
    ) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/documents");
        let mut bytes = fs::read(folder.join(which.get(&SAMPLES))).unwrap();
        for (at, byte, in_header) in edits {
            // The header is where a change does most.
            let end = if in_header { 512 } else { bytes.len() };
            *at.get_mut(&mut bytes[8..end]) = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let known = TenantKnowledge::default();
        let options = ReadOptions { limits: Limits::default(), known: &known };
        let whole = read(&bytes.as_slice(), options).unwrap();
        let mut cache = BlockCache::new(bytes.len() as u64, RangeStrategy::LOCAL);
        let ranged = read_ranged(&mut cache, options, |range| {
            Ok(bytes[range.start as usize..range.end as usize].to_vec())
        });
        prop_assert_eq!(ranged.unwrap(), whole);
        prop_assert!(cache.bytes_read() <= bytes.len() as u64);
    }
}
