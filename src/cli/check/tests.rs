use super::*;

fn report(folder: &Path, text: &str) -> Report {
    let file = folder.join("labeld.toml");
    std::fs::write(&file, text).unwrap();
    Report::of(&Config::load(&file).unwrap())
}

#[test]
fn the_example_has_no_warnings() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("config.example.toml");
    let report = Report::of(&Config::load(&file).unwrap());
    assert_eq!(report.warnings, Vec::<String>::new());
    for expected in [
        "no problems",
        "store: SQLite",
        "7 labels, 4 can be applied (labeld format)",
        "local app demo",
    ] {
        assert!(report.summary.contains(expected), "{}", report.summary);
    }
}

#[test]
fn apps_in_the_cloud_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let report = report(
        folder.path(),
        r#"
        store.sqlite = "db"
        [[tenant]]
        name = "a"
        id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
        labels = { graph = true }
        [tenant.microsoft]
        client_id = "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"
        certificate = "app.pem"
        private_key = { env = "LABELD_TEST_NOT_SET" }
        cloud = "us-gov-l4"
        [[tenant.sharepoint]]
        name = "s"
        sites = ["https://a.sharepoint.com/sites/finance"]
        [[tenant.onedrive]]
        name = "o"
        exclude = ["kai@a.example", "leo@a.example"]
        [[tenant]]
        name = "b"
        id = "0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001"
        [tenant.microsoft]
        client_id = "2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77"
        client_secret = { command = ["false"] }
        read_only = false
        [[tenant]]
        name = "c"
        [[tenant.box]]
        name = "boxes"
        config = { file = "box.json" }
        users = ["mina@c.example"]
        [[tenant.box]]
        name = "client"
        client_id = "abc"
        client_secret = { command = ["false"] }
        enterprise_id = "900100"
        read_only = false
        ca = "ca.pem"
        [[tenant.google]]
        name = "drives"
        service_account = { env = "LABELD_TEST_NOT_SET" }
        admin = "admin@c.example"
        shared_drives = false
        "#,
    );
    for expected in [
        "labels: from Microsoft Graph",
        "us-gov-l4 cloud, app 2c9a7b14-88f3-4d43-8f0e-6b1f4f0d2a77 with a certificate, read only",
        "sharepoint app s: 1 site\n",
        "https://a.sharepoint.com/sites/finance",
        "onedrive app o: all users but 2 users",
        "with a client secret, may write",
        "box app boxes: 1 user by the console's configuration, read only",
        "box app client: all users by client abc in enterprise 900100, may write",
        "google app drives: all users without shared drives, administrator admin@c.example, read only",
    ] {
        assert!(report.summary.contains(expected), "{}", report.summary);
    }
    let expected = [
        "`LABELD_TEST_NOT_SET`: it is not set",
        "app.pem, the `certificate`: No such file",
        "tenant a: Microsoft promises a label list in the global cloud only",
        "tenant b: nothing uses [tenant.microsoft]",
        "tenant b has no app",
        "box.json",
        "app c/client: cannot read",
        "`LABELD_TEST_NOT_SET`: it is not set",
    ];
    for (index, expected) in expected.iter().enumerate() {
        let warning = &report.warnings[index];
        assert!(warning.contains(expected), "{warning}\n{expected}");
    }
    assert_eq!(report.warnings.len(), expected.len());
}

#[test]
fn what_will_not_work_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("docs")).unwrap();
    std::fs::write(folder.path().join("file"), "").unwrap();
    std::fs::write(folder.path().join("bad.json"), "[7]").unwrap();
    std::fs::write(
        folder.path().join("other.json"),
        r#"{"tenant_id":"0b9e6f5a-1c2d-4e3f-8a4b-5c6d7e8f9001","labels":[]}"#,
    )
    .unwrap();
    let report = report(
        folder.path(),
        r#"
        store.postgres = { env = "LABELD_TEST_NOT_SET" }
        [[tenant]]
        name = "a"
        labels = { file = "none.json" }
        local = [
            { name = "here", root = "docs" },
            { name = "gone", root = "gone" },
            { name = "file", root = "file" },
            { name = "copied", root = "new", copy_from = "docs" },
            { name = "lost", root = "new2", copy_from = "gone" },
        ]
        [[tenant]]
        name = "b"
        labels = { file = "bad.json" }
        [[tenant]]
        name = "c"
        id = "72f988bf-86f1-41af-91ab-2d7cd011db47"
        labels = { file = "other.json" }
        local = [{ name = "x", root = "docs/x", copy_from = "docs2" }]
        "#,
    );
    let expected = [
        "`LABELD_TEST_NOT_SET`: it is not set",
        "none.json: cannot be read: No such file",
        "local app gone of tenant a: the folder",
        "local app file of tenant a: ",
        "local app lost of tenant a: neither",
        "bad.json: label 1, field `(all)`: expected an object",
        "tenant b has no app",
        "other.json is empty",
        "but the label list",
        "local app x of tenant c: neither",
    ];
    for (index, expected) in expected.iter().enumerate() {
        let warning = &report.warnings[index];
        assert!(warning.contains(expected), "{warning}\n{expected}");
    }
    assert_eq!(report.warnings.len(), expected.len());
    assert!(report.summary.contains("will be copied from"));
}
