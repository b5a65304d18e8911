use serde_json::json;

use super::*;

const OURS: Uuid = Uuid::from_u128(1);
const THEIRS: Uuid = Uuid::from_u128(2);
const LABEL: Uuid = Uuid::from_u128(10);
const OTHER: Uuid = Uuid::from_u128(11);
const ACTION: Uuid = Uuid::from_u128(99);

fn label(site: Option<Uuid>, id: Uuid, document: Json) -> FileLabel {
    FileLabel {
        site_id: site,
        id,
        effective: document.get("effective") != Some(&json!(false)),
        document,
    }
}

fn read(labels: Vec<FileLabel>, protection: &str) -> ReadingFacts {
    let without_winner = labels.len() > 1 && labels.iter().all(|label| !label.effective);
    ReadingFacts {
        format: Some("docx".to_owned()),
        reason: without_winner.then_some(Reason::LabelAmbiguous),
        protection: protection.to_owned(),
        signed: false,
        labels,
    }
}

fn own() -> OwnLabels<'static> {
    OwnLabels {
        site_id: Some(OURS),
        is_listed: &|id| id == LABEL,
    }
}

fn ledger(method: &str) -> LedgerFact {
    LedgerFact {
        label: LABEL,
        method: method.to_owned(),
        action_id: ACTION,
        override_used: true,
        route: Route::File,
    }
}

#[test]
fn origins_of_rules_1() {
    let custom = |method: &str, action: Uuid| json!({"method": method, "places": ["custom"], "action_id": action});
    let ours = |document| vec![label(Some(OURS), LABEL, document)];
    let table: Vec<(&str, Vec<FileLabel>, Option<LedgerFact>, Origin)> = vec![
        ("nothing", vec![], None, Origin::None),
        (
            "disabled on the file",
            ours(json!({"enabled": false, "effective": false})),
            None,
            Origin::None,
        ),
        (
            "removed on the file",
            ours(json!({"removed": true, "effective": false})),
            None,
            Origin::None,
        ),
        (
            "standard",
            ours(json!({"method": "Standard"})),
            None,
            Origin::OutsideAutomatic,
        ),
        (
            "auto",
            ours(json!({"method": "auto"})),
            None,
            Origin::OutsideAutomatic,
        ),
        (
            "privileged",
            ours(json!({"method": "Privileged"})),
            None,
            Origin::OutsideUser,
        ),
        (
            "no method",
            ours(json!({"method": null})),
            None,
            Origin::OutsideUser,
        ),
        (
            "unknown method",
            ours(json!({"method": "Magic"})),
            None,
            Origin::OutsideUser,
        ),
        (
            "unknown method beside a classic one",
            ours(json!({"method": "Magic", "extra": {"Extended_MSFT_Method": "Automatic"}})),
            None,
            Origin::OutsideUser,
        ),
        (
            "classic automatic",
            ours(json!({"extra": {"Extended_MSFT_Method": "Automatic"}})),
            None,
            Origin::OutsideAutomatic,
        ),
        (
            "classic manual",
            ours(json!({"extra": {"Extended_MSFT_Method": "Manual"}})),
            None,
            Origin::OutsideUser,
        ),
        (
            "as labeld wrote it",
            ours(custom("Standard", ACTION)),
            Some(ledger("Standard")),
            Origin::Us,
        ),
        (
            "another action",
            ours(custom("Standard", OTHER)),
            Some(ledger("Standard")),
            Origin::OutsideAutomatic,
        ),
        (
            "another method",
            ours(custom("Privileged", ACTION)),
            Some(ledger("Standard")),
            Origin::OutsideUser,
        ),
        (
            "another label",
            vec![label(Some(OURS), OTHER, custom("Standard", ACTION))],
            Some(ledger("Standard")),
            Origin::OutsideAutomatic,
        ),
        (
            "the action is gone from where one is kept",
            ours(json!({"method": "Standard", "places": ["pdf_xmp"]})),
            Some(ledger("Standard")),
            Origin::OutsideAutomatic,
        ),
        (
            "LabelInfo keeps none",
            ours(json!({"method": "Standard", "places": ["labelinfo"]})),
            Some(ledger("Standard")),
            Origin::Us,
        ),
        (
            "assigned by the service",
            ours(custom("Standard", OTHER)),
            Some(LedgerFact {
                route: Route::Service,
                ..ledger("Standard")
            }),
            Origin::Us,
        ),
        (
            "theirs",
            vec![label(Some(THEIRS), LABEL, json!({"method": "Standard"}))],
            None,
            Origin::External,
        ),
        (
            "theirs beside ours",
            vec![
                label(Some(THEIRS), OTHER, json!({})),
                label(Some(OURS), LABEL, json!({"method": "Auto"})),
            ],
            None,
            Origin::OutsideAutomatic,
        ),
        (
            "no tenant, listed",
            vec![label(None, LABEL, json!({"method": "Standard"}))],
            None,
            Origin::OutsideAutomatic,
        ),
        (
            "no tenant, not listed",
            vec![label(None, OTHER, json!({"method": "Standard"}))],
            None,
            Origin::External,
        ),
        (
            "no winner",
            vec![
                label(Some(OURS), LABEL, json!({"effective": false})),
                label(Some(OURS), OTHER, json!({"effective": false})),
            ],
            None,
            Origin::Ambiguous,
        ),
        (
            "two winners",
            vec![
                label(Some(OURS), LABEL, json!({})),
                label(Some(OURS), OTHER, json!({})),
            ],
            None,
            Origin::Ambiguous,
        ),
    ];
    for (case, labels, ledger, expected) in table {
        let found = standing(&read(labels, "none"), own(), ledger.as_ref());
        assert_eq!(found.origin, expected, "{case}");
        assert_eq!(
            found.applied_with_override,
            expected == Origin::Us,
            "{case}"
        );
        let has_current = matches!(
            expected,
            Origin::Us | Origin::OutsideAutomatic | Origin::OutsideUser
        );
        assert_eq!(found.current.is_some(), has_current, "{case}");
    }
}

#[test]
fn protections_of_rules_1() {
    let ours = || vec![label(Some(OURS), LABEL, json!({"method": "Standard"}))];
    for (kind, labels, expected) in [
        ("none", ours(), ProtectionClass::None),
        ("owner_password", ours(), ProtectionClass::None),
        ("password", vec![], ProtectionClass::Password),
        ("certificate", vec![], ProtectionClass::Password),
        ("rms", ours(), ProtectionClass::OwnLabel),
        ("rms", vec![], ProtectionClass::Unmapped),
        (
            "rms",
            vec![label(Some(THEIRS), OTHER, json!({}))],
            ProtectionClass::Unmapped,
        ),
        ("other", ours(), ProtectionClass::Unmapped),
        ("of a newer reader", ours(), ProtectionClass::Unmapped),
    ] {
        let found = standing(&read(labels, kind), own(), None);
        assert_eq!(found.protection, expected, "{kind}");
    }
}
