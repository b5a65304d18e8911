//! Made documents, read by the reader that labeld has.

use std::collections::BTreeSet;

use labeld_emulator::frame::{
    Content, ContentPool, ContentTable, DocumentKind, LabelMark, PoolOptions, Recipe,
};
use labeld_formats::{Format, Limits, ReadOptions, TenantKnowledge, read};
use uuid::Uuid;

const KINDS: [DocumentKind; 4] = [
    DocumentKind::Docx,
    DocumentKind::Xlsx,
    DocumentKind::Pptx,
    DocumentKind::Pdf,
];

fn label() -> LabelMark {
    LabelMark {
        label_id: Uuid::from_u128(0x2096_f6a2_d2f7_48be_b329_b73a_aa52_6e5d),
        tenant_id: Uuid::from_u128(0x72f9_88bf_86f1_41af_91ab_2d7c_d011_db47),
        name: "Confidential – Finance".to_owned(),
        by_hand: true,
    }
}

#[test]
fn documents_are_what_their_recipe_says() {
    for kind in KINDS {
        for (size, exact) in [(0, false), (20_000, true), (500_000, true)] {
            for label in [None, Some(label())] {
                let recipe = Recipe {
                    kind,
                    size,
                    seed: 7,
                    label,
                };
                check(&recipe, exact);
            }
        }
    }
}

fn check(recipe: &Recipe, exact: bool) {
    let content = Content::made(recipe.clone());
    assert_eq!(
        content.size() == recipe.size,
        exact,
        "{recipe:?}: {}",
        content.size()
    );
    assert_eq!(content.bytes(), Content::made(recipe.clone()).bytes());
    let bytes = content.bytes();
    let source: &[u8] = &bytes;
    let reading = read(
        &source,
        ReadOptions {
            limits: Limits::default(),
            known: &TenantKnowledge::default(),
        },
    )
    .unwrap();
    let format = reading.format.map(Format::name);
    assert_eq!(
        format,
        Some(recipe.kind.extension()),
        "{recipe:?}: {reading:?}"
    );
    assert_eq!(reading.refusal, None, "{recipe:?}");
    assert_eq!(reading.warnings, [], "{recipe:?}");
    let found: Vec<_> = reading
        .labels
        .iter()
        .filter(|label| label.effective)
        .map(|label| (label.id, label.site_id))
        .collect();
    let expected = recipe
        .label
        .as_ref()
        .map(|label| (label.label_id, Some(label.tenant_id)));
    assert_eq!(found, Vec::from_iter(expected), "{recipe:?}: {reading:?}");
}

#[test]
fn pools_are_as_their_options_say() {
    let pool = ContentPool::new(&PoolOptions {
        documents: 16,
        mean_size: 40_000,
        labels: vec![label()],
        labelled: 0.25,
        ..PoolOptions::default()
    });
    let documents: Vec<_> = (0..16).map(|index| pool.get(index)).collect();
    let total: u64 = documents.iter().map(|(_, content)| content.size()).sum();
    assert!(total.abs_diff(16 * 40_000) < 32, "{total}");
    let labelled = documents
        .iter()
        .filter(|(_, content)| format!("{content:?}").contains("Confidential"))
        .count();
    assert_eq!(labelled, 4);
    let different: BTreeSet<&str> = documents
        .iter()
        .map(|(_, content)| content.sha256())
        .collect();
    assert_eq!(different.len(), 16);
    for kind in KINDS {
        assert_eq!(
            documents.iter().filter(|(found, _)| *found == kind).count(),
            4
        );
    }
    assert!(pool.get(1_000_003).1.is_clone_of(&pool.get(3).1));
}

#[test]
fn digests_are_computed_once() {
    let content = Content::from("abc");
    let clone = content.clone();
    assert_eq!(
        &*content.digest("length", |bytes| bytes.len().to_string()),
        "3"
    );
    assert_eq!(&*clone.digest("length", |_| panic!("computed again")), "3");
    assert_eq!(
        &*clone.digest("first", |bytes| format!("{:?}", bytes.first())),
        "Some(97)"
    );
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(content.sha256(), abc);
}

#[test]
fn tables_keep_what_is_shared() {
    let text = Content::from("abc");
    let made = Content::made(Recipe {
        kind: DocumentKind::Docx,
        size: 9_000,
        seed: 1,
        label: None,
    });
    let mut table = ContentTable::default();
    let numbers = [&text, &made, &text.clone(), &made.clone()].map(|content| table.add(content));
    assert_eq!(numbers, [0, 1, 0, 1]);
    let saved = serde_json::to_string(&table).unwrap();
    assert!(saved.len() < 200, "{saved}");
    let restored: ContentTable = serde_json::from_str(&saved).unwrap();
    assert_eq!(restored.get(0), Some(&text));
    assert_eq!(restored.get(1), Some(&made));
    assert_eq!(restored.get(2), None);
    let broken = serde_json::from_str::<ContentTable>(r#"[{"base64": "?"}]"#);
    assert!(broken.unwrap_err().to_string().contains("not base64"));
}
