use super::*;
use crate::frame::{Content, DocumentKind, LabelMark, Recipe};

const LABEL: Uuid = Uuid::from_u128(0x0b9e_6f5a_1c2d_4e3f_8a4b_5c6d_7e8f_9001);
const OTHER: Uuid = Uuid::from_u128(0x0b9e_6f5a_1c2d_4e3f_8a4b_5c6d_7e8f_9003);
const NONE: [Uuid; 0] = [];
const TENANT: Uuid = Uuid::from_u128(0x7d1f_0c52_3b0a_4b6e_9a51_0c5f_2c9a_1e01);

fn document(kind: DocumentKind, label: Option<Uuid>) -> Vec<u8> {
    let label = label.map(|label_id| LabelMark {
        label_id,
        tenant_id: TENANT,
        name: "General".to_owned(),
        by_hand: false,
    });
    let recipe = Recipe {
        kind,
        size: 20_000,
        seed: 1,
        label,
    };
    Content::made(recipe).bytes().to_vec()
}

fn ids(bytes: &[u8]) -> Vec<Uuid> {
    labels(bytes).into_iter().map(|label| label.id).collect()
}

#[test]
fn labels_are_read_and_written() {
    for kind in [DocumentKind::Docx, DocumentKind::Xlsx, DocumentKind::Pptx] {
        let plain = document(kind, None);
        assert_eq!(ids(&plain), NONE, "{kind:?}");
        assert_eq!(ids(&document(kind, Some(LABEL))), [LABEL], "{kind:?}");
        let label = FileLabel {
            id: OTHER,
            tenant: Some(TENANT),
            method: "privileged".to_owned(),
        };
        for before in [plain, document(kind, Some(LABEL))] {
            let written = with_label(&before, Some(&label)).unwrap();
            assert_eq!(labels(&written), std::slice::from_ref(&label), "{kind:?}");
            assert_eq!(ids(&with_label(&written, None).unwrap()), NONE, "{kind:?}");
        }
    }
    assert_eq!(ids(&document(DocumentKind::Pdf, Some(LABEL))), [LABEL]);
    assert_eq!(with_label(b"no package", None), None);
}

#[test]
fn library_columns_leave_the_label() {
    let before = document(DocumentKind::Docx, Some(LABEL));
    let once = with_library_columns(&before).unwrap();
    let twice = with_library_columns(&once).unwrap();
    assert_ne!(before, once);
    assert_ne!(once, twice);
    assert_eq!(ids(&twice), [LABEL]);
    let text = Parts::read(&twice).unwrap().text(PROPERTIES_PART).unwrap();
    assert_eq!(text.matches(PROMOTED).count(), 1);
}

#[test]
fn property_labels_count_without_a_part() {
    let custom = format!(
        "<Properties><property pid=\"2\" name=\"MSIP_Label_{LABEL}_Enabled\"><vt:lpwstr>true</vt:lpwstr></property>\
         <property pid=\"3\" name=\"MSIP_Label_{LABEL}_SiteId\"><vt:lpwstr>{TENANT}</vt:lpwstr></property>\
         <property pid=\"4\" name=\"MSIP_Label_{OTHER}_Enabled\"><vt:lpwstr>false</vt:lpwstr></property></Properties>"
    );
    let plain = document(DocumentKind::Docx, None);
    let mut parts = Parts::read(&plain).unwrap();
    parts.set(PROPERTIES_PART, custom);
    let expected = FileLabel {
        id: LABEL,
        tenant: Some(TENANT),
        method: "standard".to_owned(),
    };
    assert_eq!(labels(&parts.write().unwrap()), [expected]);
}
