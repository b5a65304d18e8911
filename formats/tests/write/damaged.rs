//! Files with some bytes changed: refused, or written into as soundly as any other.

use labeld_formats::Coauthoring;
use labeld_formats::write::WriteOptions;
use proptest::prelude::*;

use crate::packages::{
    HIGH, LOW, OTHER_TENANT, TENANT, custom, element, group, label, list, package,
};
use crate::pdf_files::structures;
use crate::support::{SETTINGS, knowledge, live, reading, remove_label, restore, set_label};

fn seeds() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> = structures().into_iter().map(|(_, file)| file).collect();
    let custom = custom(&(group(2, TENANT, HIGH) + &group(4, OTHER_TENANT, LOW)));
    let list = list(&element(TENANT, LOW));
    seeds.push(package(None, None));
    seeds.push(package(Some(&custom), None));
    seeds.push(package(None, Some(&list)));
    seeds.push(package(Some(&custom), Some(&list)));
    seeds
}

/// Places, as parts of the length, and what is put there.
fn changes() -> impl Strategy<Value = Vec<(prop::sample::Index, u8)>> {
    prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4)
}

fn check(file: &[u8], setting: Coauthoring) -> Result<(), TestCaseError> {
    let known = knowledge(TENANT, setting);
    let options = WriteOptions::new(&known);
    let is_pdf = file.starts_with(b"%PDF-");
    if let Ok(set) = set_label(file, &label(), &options) {
        prop_assert_eq!(live(&reading(&set.bytes, &known), TENANT).len(), 1);
        prop_assert!(!is_pdf || set.bytes.starts_with(file));
        prop_assert!(set_label(&set.bytes, &label(), &options).unwrap().unchanged);
        let removed = remove_label(&set.bytes, TENANT, &options).unwrap();
        prop_assert_eq!(live(&reading(&removed.bytes, &known), TENANT).len(), 0);
        if let Some(undo) = &set.undo {
            let undone = restore(&set.bytes, undo, &options).unwrap();
            prop_assert!(!is_pdf || undone.bytes == file);
            let labels = reading(&undone.bytes, &known).labels;
            prop_assert_eq!(labels, reading(file, &known).labels);
        }
    }
    if let Ok(removed) = remove_label(file, TENANT, &options) {
        prop_assert_eq!(live(&reading(&removed.bytes, &known), TENANT).len(), 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn changed_bytes(
        seed in prop::sample::select(seeds()),
        changes in changes(),
        setting in prop::sample::select(SETTINGS.to_vec()),
    ) {
        let mut file = seed;
        for (place, byte) in changes {
            let at = place.index(file.len());
            file[at] = byte;
        }
        check(&file, setting)?;
    }

    #[test]
    fn files_cut_off(
        seed in prop::sample::select(seeds()),
        place in any::<prop::sample::Index>(),
    ) {
        let length = place.index(seed.len());
        check(&seed[..length], Coauthoring::Unknown)?;
    }
}
