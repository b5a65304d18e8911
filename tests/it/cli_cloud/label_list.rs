//! The label list from Microsoft Graph.

use labeld_emulator::microsoft::{Availability, LabelShape};

use super::{Cloud, ONEDRIVE, SignIn};

/// Name and rank of each label, and whether it can be applied, in the order of ranks.
fn labels(cloud: &Cloud) -> Vec<(String, i64, bool)> {
    let mut labels: Vec<_> = cloud
        .workspace
        .rows(["labels"])
        .into_iter()
        .map(|row| {
            let name = row["name"].as_str().unwrap().to_owned();
            (
                name,
                row["rank"].as_i64().unwrap(),
                row["usable"].as_bool().unwrap(),
            )
        })
        .collect();
    labels.sort_by_key(|(_, rank, _)| *rank);
    labels
}

#[track_caller]
fn sync(cloud: &Cloud, code: i32) -> crate::workspace::Ended {
    cloud.workspace.run(["labels", "sync"]).expect(code)
}

fn names(labels: &[(String, i64, bool)]) -> Vec<&str> {
    labels.iter().map(|(name, ..)| name.as_str()).collect()
}

#[test]
fn each_shape_of_the_list_makes_a_catalogue() {
    let cloud = Cloud::new();
    cloud
        .microsoft()
        .switch(|switches| switches.label_shape = LabelShape::Docs);
    sync(&cloud, 0);
    let all = labels(&cloud);
    assert_eq!(all.len(), cloud.microsoft().labels().len());
    let is_usable = |name: &str| {
        all.iter()
            .any(|(known, _, usable)| known == name && *usable)
    };
    assert!(
        is_usable("General") && is_usable("Confidential \\ Internal"),
        "{all:?}"
    );
    for name in ["Confidential", "Retired", "Meetings"] {
        assert!(!is_usable(name), "{all:?}");
    }
    // It has fewer fields, so that more labels seem usable.
    cloud
        .microsoft()
        .switch(|switches| switches.label_shape = LabelShape::Metadata);
    sync(&cloud, 0);
    assert_eq!(names(&labels(&cloud)), names(&all));
    cloud
        .microsoft()
        .switch(|switches| switches.labels_v1 = Availability::NotFound);
    sync(&cloud, 0);
    assert_eq!(names(&labels(&cloud)), names(&all));
}

#[test]
fn the_order_may_be_turned_round() {
    let cloud = Cloud::new();
    sync(&cloud, 0);
    let ascending = labels(&cloud);
    let file = cloud.workspace.path("labeld.toml");
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replace("client_id", "label_order = \"descending\"\nclient_id");
    std::fs::write(file, text).unwrap();
    sync(&cloud, 0);
    let mut turned = names(&ascending);
    turned.reverse();
    assert_eq!(names(&labels(&cloud)), turned);
}

#[test]
fn a_refused_list_leaves_the_last_good_one_in_force() {
    let cloud = Cloud::new();
    sync(&cloud, 0);
    let before = cloud.workspace.rows(["labels"]);
    for path in [
        "/v1.0/security/dataSecurityAndGovernance/sensitivityLabels",
        "/beta/security/informationProtection/sensitivityLabels",
    ] {
        cloud.refuse(path, 403, "accessDenied");
    }
    sync(&cloud, 1).says(&["access denied", "stays in force", "labeld doctor"]);
    cloud.rescan(0).says(&["stays in force"]);
    assert_eq!(cloud.workspace.rows(["labels"]), before);
    let listed = cloud.workspace.run(["labels"]).expect(0);
    listed.says(&["the last sync failed"]);

    cloud.emulator.faults().clear();
    cloud.configure(SignIn::WrongSecret, &[ONEDRIVE]);
    let refused = sync(&cloud, 12).says(&["AADSTS7000215", "stays in force"]);
    assert!(!refused.err.contains("hunter2"), "{refused:?}");
    assert_eq!(cloud.workspace.rows(["labels"]), before);
}
