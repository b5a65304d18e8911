//! The label list, and labels on files.

use chrono::TimeDelta;
use labeld_emulator::frame::{Content, DocumentKind, LabelMark, Recipe};
use labeld_emulator::microsoft::{
    Availability, ExtractShape, LabelShape, LockForm, Promotion, Switches, UnlabelledForm,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::Cloud;

const MINA: &str = "mina@alder.example";
const V1: &str = "v1.0/security/dataSecurityAndGovernance/sensitivityLabels";
const BETA: &str = "beta/security/informationProtection/sensitivityLabels";
const NONE: [Uuid; 0] = [];
const GENERAL: &str = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001";
const PARENT: &str = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9002";
const FINANCE: &str = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9003";
const RETIRED: &str = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9005";
const MEETINGS: &str = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9006";

fn document(kind: DocumentKind, label: Option<&str>) -> Content {
    let label = label.map(|id| LabelMark {
        label_id: id.parse().unwrap(),
        tenant_id: "7d1f0c52-3b0a-4b6e-9a51-0c5f2c9a1e01".parse().unwrap(),
        name: "General".to_owned(),
        by_hand: true,
    });
    Content::made(Recipe {
        kind,
        size: 10_000,
        seed: 3,
        label,
    })
}

#[tokio::test]
async fn the_list_has_three_shapes() {
    let cloud = Cloud::start().await;
    let list = cloud.get(V1).await;
    assert_eq!(
        list.names(),
        ["General", "Confidential", "Retired", "Meetings"]
    );
    let list = list.json();
    let confidential = &list["value"][1];
    assert_eq!(confidential["displayName"], Value::Null);
    assert!(
        confidential
            .as_object()
            .unwrap()
            .contains_key("displayName")
    );
    assert!(confidential["isEnabled"].is_null());
    assert_eq!(confidential["sublabels"][0]["name"], "Finance");
    assert_eq!(confidential["sublabels"][0]["hasProtection"], true);
    cloud
        .microsoft
        .switch(|switches| switches.label_shape = LabelShape::Docs);
    let docs = cloud.get(V1).await.json();
    assert_eq!(docs["value"][2]["isEnabled"], false);
    assert_eq!(docs["value"][0]["color"], "#1F6FEB");
    assert!(
        !docs["value"][0]
            .as_object()
            .unwrap()
            .contains_key("displayName")
    );
    let beta = cloud.get(BETA).await.json();
    let finance = &beta["value"][2];
    assert_eq!(finance["parent"]["id"], PARENT);
    assert_eq!(
        (&finance["sensitivity"], &finance["isAppliable"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(beta["value"][1]["isAppliable"], false);
    assert_eq!(beta["value"][4]["isActive"], false);
    assert_eq!(beta["value"][5]["contentFormats"], json!(["email", "site"]));
    cloud.microsoft.switch(|switches| {
        switches.sublabels_at_top_level = true;
        switches.label_page_size = Some(4);
    });
    let (all, _) = cloud.follow(V1, &[]).await;
    assert_eq!(all.len(), 6);
}

#[tokio::test]
async fn the_list_can_be_asked() {
    let cloud = Cloud::start().await;
    let mine = format!("v1.0/users/{MINA}/dataSecurityAndGovernance/sensitivityLabels");
    for (path, expected) in [
        (format!("{V1}?$filter=applicableTo has 'file'"), "200"),
        (
            format!("{V1}?$filter=applicableTo has 'file' and id in ('{GENERAL}')"),
            "200",
        ),
        (
            format!("{V1}?$filter=isScopedToUser eq true"),
            "400 BadRequest",
        ),
        (format!("{mine}?$filter=isScopedToUser eq false"), "200"),
        (format!("{V1}?$filter=name eq 'General'"), "400 BadRequest"),
        (format!("{V1}?$select=id,colour"), "400 BadRequest"),
        (format!("{V1}/{GENERAL}"), "200"),
        (format!("{V1}/{PARENT}/sublabels"), "200"),
        (format!("{V1}/{}", Uuid::nil()), "404 NotFound"),
        (format!("{BETA}/{GENERAL}"), "200"),
        (
            format!("beta/users/{MINA}/security/informationProtection/sensitivityLabels"),
            "200",
        ),
    ] {
        assert_eq!(cloud.get(&path).await.outcome(), expected, "{path}");
    }
    let some = cloud
        .get(&format!(
            "{V1}?$filter=applicableTo has 'file' and id in ('{GENERAL}','{MEETINGS}')"
        ))
        .await;
    assert_eq!(some.names(), ["General"]);
    for (available, expected) in [
        (Availability::Forbidden, "403 accessDenied"),
        (Availability::NotFound, "404 UnknownError"),
        (Availability::Failing, "500 UnknownError"),
    ] {
        cloud.microsoft.switch(|switches| {
            switches.labels_v1 = available;
            switches.labels_beta = available;
        });
        assert_eq!(cloud.get(V1).await.outcome(), expected);
        assert_eq!(cloud.get(BETA).await.outcome(), expected);
    }
}

#[tokio::test]
async fn labels_are_extracted() {
    let cloud = Cloud::start().await;
    let microsoft = &cloud.microsoft;
    let drive = microsoft.library();
    microsoft.put_content(
        &drive,
        "labelled.docx",
        document(DocumentKind::Docx, Some(GENERAL)),
        MINA,
    );
    microsoft.put_content(
        &drive,
        "plain.docx",
        document(DocumentKind::Docx, None),
        MINA,
    );
    microsoft.put_content(
        &drive,
        "labelled.pdf",
        document(DocumentKind::Pdf, Some(GENERAL)),
        MINA,
    );
    microsoft.put(&drive, "a.txt", "a", MINA);
    microsoft.put(
        &drive,
        "locked.docx",
        &b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"[..],
        MINA,
    );
    microsoft.put_content(&drive, "key.docx", document(DocumentKind::Docx, None), MINA);
    microsoft.undecryptable(&drive, "key.docx", Some("fileDoubleKeyEncrypted"));
    let path = |name: &str| format!("v1.0/drives/{drive}/root:/{name}:/extractSensitivityLabels");
    for (name, expected) in [
        ("labelled.docx", "200"),
        ("plain.docx", "200"),
        ("labelled.pdf", "200"),
        ("a.txt", "415 unsupportedMediaType"),
        ("locked.docx", "423 fileDecryptionNotSupported"),
        ("key.docx", "423 fileDoubleKeyEncrypted"),
        ("none.docx", "404 itemNotFound"),
    ] {
        assert_eq!(
            cloud.call("POST", &path(name), &[], "").await.outcome(),
            expected,
            "{name}"
        );
    }
    let labels = async |name: &str| cloud.call("POST", &path(name), &[], "").await.json();
    let found = labels("labelled.docx").await;
    let expected = json!([{
        "sensitivityLabelId": GENERAL,
        "assignmentMethod": "privileged",
        "tenantId": microsoft.tenant_id(),
    }]);
    assert_eq!(found["labels"], expected);
    assert_eq!(labels("plain.docx").await["labels"], json!([]));
    assert_eq!(
        labels("labelled.pdf").await["labels"][0]["sensitivityLabelId"],
        GENERAL
    );
    microsoft.switch(|switches| switches.extract_shape = ExtractShape::Wrapped);
    assert_eq!(labels("labelled.docx").await["value"]["labels"], expected);
    microsoft.switch(|switches| switches.pdf_labels = false);
    assert_eq!(
        cloud
            .call("POST", &path("labelled.pdf"), &[], "")
            .await
            .outcome(),
        "415 unsupportedMediaType"
    );
}

#[tokio::test]
async fn the_stored_label_lags() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let name = "a.docx";
    cloud.microsoft.put_content(
        &drive,
        name,
        document(DocumentKind::Docx, Some(GENERAL)),
        MINA,
    );
    let item = format!("v1.0/drives/{drive}/root:/{name}");
    let shown = async || {
        cloud
            .get(&format!("{item}?$select=id,sensitivityLabel"))
            .await
            .json()
    };
    assert_eq!(shown().await["sensitivityLabel"], Value::Null);
    cloud
        .call(
            "POST",
            &format!("{item}:/extractSensitivityLabels"),
            &[],
            "",
        )
        .await;
    assert_eq!(shown().await["sensitivityLabel"]["id"], GENERAL);
    let fields = cloud
        .get(&format!(
            "{item}:/listItem/fields?$select=_IpLabelId,_DisplayName"
        ))
        .await
        .json();
    assert_eq!(
        (&fields["_IpLabelId"], &fields["_DisplayName"]),
        (&json!(GENERAL), &json!("General"))
    );
    cloud.microsoft.put_content(
        &drive,
        name,
        document(DocumentKind::Docx, Some(FINANCE)),
        MINA,
    );
    assert_eq!(shown().await["sensitivityLabel"]["id"], GENERAL);
    cloud.clock().advance(TimeDelta::days(8));
    cloud.microsoft.expire_access_tokens();
    let token = cloud
        .token_for("https://graph.microsoft.com/.default")
        .await;
    let later = cloud
        .call_as(
            &token,
            "GET",
            &format!("{item}?$select=sensitivityLabel"),
            &[],
            "",
        )
        .await
        .json();
    assert_eq!(later["sensitivityLabel"]["id"], FINANCE);
    assert_eq!(later["sensitivityLabel"]["protectionEnabled"], true);
    cloud.microsoft.put(&drive, "plain.docx", "x", MINA);
    for (form, expected) in [
        (UnlabelledForm::Null, json!({"sensitivityLabel": null})),
        (UnlabelledForm::Missing, json!({})),
        (UnlabelledForm::EmptyObject, json!({"sensitivityLabel": {}})),
    ] {
        cloud
            .microsoft
            .switch(|switches| switches.unlabelled_form = form);
        let path = format!("v1.0/drives/{drive}/root:/plain.docx?$select=sensitivityLabel");
        let mut shown = cloud.call_as(&token, "GET", &path, &[], "").await.json();
        shown
            .as_object_mut()
            .unwrap()
            .retain(|name, _| !name.starts_with("@odata"));
        assert_eq!(shown, expected);
    }
}

#[tokio::test]
async fn labels_are_assigned() {
    let cloud = Cloud::start().await;
    let microsoft = &cloud.microsoft;
    let drive = microsoft.library();
    microsoft.put_content(&drive, "a.docx", document(DocumentKind::Docx, None), MINA);
    microsoft.put(&drive, "a.txt", "a", MINA);
    let path = |name: &str| format!("v1.0/drives/{drive}/root:/{name}:/assignSensitivityLabel");
    let assign = async |name: &str, label: &str, method: &str| {
        let body = json!({"sensitivityLabelId": label, "assignmentMethod": method});
        cloud.post(&path(name), &body).await
    };
    assert_eq!(
        assign("a.docx", GENERAL, "auto").await.outcome(),
        "402 paymentRequired"
    );
    microsoft.switch(|switches| switches.billing = true);
    for (name, label, method, expected) in [
        ("a.docx", RETIRED, "auto", "400 invalidRequest/badArgument"),
        ("a.docx", MEETINGS, "auto", "400 invalidRequest/badArgument"),
        ("a.docx", PARENT, "auto", "400 invalidRequest/badArgument"),
        (
            "a.docx",
            "nonsense",
            "auto",
            "400 invalidRequest/badArgument",
        ),
        ("a.docx", GENERAL, "maybe", "400 invalidRequest/badArgument"),
        ("a.txt", GENERAL, "auto", "415 unsupportedMediaType"),
    ] {
        assert_eq!(
            assign(name, label, method).await.outcome(),
            expected,
            "{name} {label} {method}"
        );
    }
    microsoft.lock(&drive, "a.docx", MINA, LockForm::ResourceLocked);
    assert_eq!(
        assign("a.docx", GENERAL, "auto").await.outcome(),
        "423 resourceLocked"
    );
    microsoft.unlock(&drive, "a.docx");

    let accepted = assign("a.docx", GENERAL, "auto").await;
    assert_eq!((accepted.status.as_u16(), accepted.bytes.len()), (202, 0));
    let monitor = accepted.header("location").to_owned();
    assert!(monitor.contains("/_api/v2.0/monitor/"));
    assert_eq!(
        cloud
            .bare(&monitor, &[("authorization", "Bearer x")])
            .await
            .outcome(),
        "401 unauthenticated"
    );
    assert_eq!(
        cloud
            .bare(&monitor.replace("tempAuth=v1", "tempAuth=v2"), &[])
            .await
            .outcome(),
        "401 unauthenticated"
    );
    for (seconds, status, word) in [
        (0, 202, "notStarted"),
        (2, 202, "inProgress"),
        (3, 200, "completed"),
    ] {
        cloud.clock().advance(TimeDelta::seconds(seconds));
        let answer = cloud.bare(&monitor, &[]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["status"].as_str()),
            (status, Some(word))
        );
    }
    let file = microsoft.file(&drive, "a.docx").unwrap();
    assert_eq!(file.labels, [GENERAL.parse::<Uuid>().unwrap()]);
    assert_eq!((file.versions, file.application.as_deref()), (2, None));
    assert_eq!(file.modified_by, "System Account");

    microsoft.switch(|switches| switches.assign_justification_required = true);
    assert_eq!(
        assign("a.docx", "", "auto").await.outcome(),
        "400 invalidRequest/badArgument"
    );
    let body = json!({"sensitivityLabelId": "", "justificationText": "no longer true"});
    assert_eq!(cloud.post(&path("a.docx"), &body).await.outcome(), "202");
    cloud.clock().advance(TimeDelta::seconds(5));
    assert_eq!(microsoft.file(&drive, "a.docx").unwrap().labels, NONE);

    microsoft.switch(|switches| {
        switches.assign_justification_required = false;
        switches.assign_applied = false;
    });
    let accepted = assign("a.docx", GENERAL, "standard").await;
    cloud.clock().advance(TimeDelta::seconds(5));
    let done = cloud.bare(accepted.header("location"), &[]).await.json();
    assert_eq!(done["status"], "completed");
    assert_eq!(microsoft.file(&drive, "a.docx").unwrap().labels, NONE);
}

#[tokio::test]
async fn assignments_are_few() {
    let cloud = Cloud::start().await;
    let microsoft = &cloud.microsoft;
    microsoft.set_switches(Switches {
        billing: true,
        promotion: Promotion::Off,
        ..Switches::default()
    });
    let drive = microsoft.library();
    microsoft.put_content(&drive, "a.docx", document(DocumentKind::Docx, None), MINA);
    let path = format!("v1.0/drives/{drive}/root:/a.docx:/assignSensitivityLabel");
    let body = json!({"sensitivityLabelId": GENERAL, "assignmentMethod": "auto"});
    for _ in 0..100 {
        assert_eq!(cloud.post(&path, &body).await.outcome(), "202");
    }
    let refused = cloud.post(&path, &body).await;
    assert_eq!(
        refused.outcome(),
        "429 activityLimitReached/throttledRequest"
    );
    assert_eq!(refused.header("retry-after"), "300");
    cloud.clock().advance(TimeDelta::seconds(300));
    assert_eq!(cloud.post(&path, &body).await.outcome(), "202");
}
