//! Apps that fail stop no other, and the exit code says what happened.

use super::{Cloud, LOCAL, MINA, MINAS, ONEDRIVE, SHAREPOINT, SignIn};
use crate::workspace::docx;

fn seed(cloud: &Cloud) {
    let microsoft = cloud.microsoft();
    microsoft.put(&cloud.library, "a.docx", docx(None), MINA);
    microsoft.put(&cloud.onedrive, "b.docx", docx(None), MINA);
    cloud.workspace.write("c.docx", docx(None));
}

#[test]
fn refused_credentials_leave_the_folder_working() {
    let cloud = Cloud::new();
    seed(&cloud);
    cloud.configure(SignIn::WrongSecret, &[SHAREPOINT, ONEDRIVE, LOCAL]);
    let ended = cloud.rescan(3).says(&[
        "alder/sites: ",
        "alder/people: ",
        "AADSTS7000215",
        "`labeld doctor --tenant alder --app sites`",
        "alder/share: 1 files in scope = 1 ok",
    ]);
    assert!(!ended.err.contains("hunter2"), "{ended:?}");

    cloud.configure(SignIn::WrongSecret, &[SHAREPOINT, ONEDRIVE]);
    cloud.rescan(12).says(&["not authenticated"]);
    let app = ["rescan", "--app", "sites"];
    cloud.workspace.run(app).expect(12);
}

#[test]
fn one_app_down_leaves_the_others_working() {
    let cloud = Cloud::new();
    seed(&cloud);
    let feed = format!("/v1.0/drives/{}/root/**", cloud.onedrive);
    cloud.refuse(&feed, 403, "accessDenied");
    cloud.rescan(3).says(&[
        "alder/people: ",
        "`labeld doctor --tenant alder --app people`",
        "alder/sites: 1 files in scope = 1 ok",
        "alder/share: 1 files in scope = 1 ok",
    ]);
    cloud.emulator.faults().clear();
    cloud.rescan(0);
    assert!(cloud.inventory().contains_key(&format!("{MINAS}/b.docx")));
}

#[test]
fn a_secret_that_is_missing_concerns_only_who_needs_it() {
    let cloud = Cloud::new();
    seed(&cloud);
    cloud.configure(SignIn::Secret, &[SHAREPOINT, ONEDRIVE, LOCAL]);
    std::fs::remove_file(cloud.workspace.path("secret")).unwrap();
    cloud.rescan(3).says(&[
        "cannot use `client_secret` of tenant alder",
        "alder/share: 1 files in scope = 1 ok",
    ]);
    let app = ["rescan", "--app", "people"];
    cloud.workspace.run(app).expect(78);
}
