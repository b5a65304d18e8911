use super::*;

fn item(id: Option<&str>, path: &[&str], part: Part) -> Option<Route> {
    Some(Route::Item(
        DriveRef::Id("b!x".to_owned()),
        ItemRef {
            id: id.map(str::to_owned),
            path: path.iter().map(|&name| name.to_owned()).collect(),
        },
        part,
    ))
}

#[test]
fn paths_name_what_they_name() {
    let site = |host: &str, path: &str| SiteRef::Path {
        host: host.to_owned(),
        path: path.to_owned(),
    };
    let table = [
        (
            "drives/b!x",
            Some(Route::Drive(DriveRef::Id("b!x".to_owned()))),
        ),
        ("drives/b!x/root", item(None, &[], Part::Itself)),
        (
            "drives/b!x/items/root/children",
            item(None, &[], Part::Children),
        ),
        ("drives/b!x/root/delta", item(None, &[], Part::Delta(None))),
        (
            "drives/b!x/root/delta()",
            item(None, &[], Part::Delta(None)),
        ),
        (
            "drives/b!x/root/microsoft.graph.delta",
            item(None, &[], Part::Delta(None)),
        ),
        (
            "drives/b!x/items/01A/delta(token='t')",
            item(Some("01A"), &[], Part::Delta(Some("t".to_owned()))),
        ),
        (
            "drives/b!x/items/01A/content",
            item(Some("01A"), &[], Part::Content),
        ),
        (
            "drives/b!x/root:/a b/c.docx",
            item(None, &["a b", "c.docx"], Part::Itself),
        ),
        (
            "drives/b!x/root:/a/c.docx:/content",
            item(None, &["a", "c.docx"], Part::Content),
        ),
        (
            "drives/b!x/items/01A:/c.docx:/content",
            item(Some("01A"), &["c.docx"], Part::Content),
        ),
        (
            "drives/b!x/items/root:%2Fa%2Fc.docx:/content",
            item(None, &["a", "c.docx"], Part::Content),
        ),
        (
            "drives/b!x/items/01A/microsoft.graph.checkout",
            item(Some("01A"), &[], Part::CheckOut),
        ),
        ("drives/b!x/items/01A/unknown", None),
        ("drives/b!x/items/01A/contentStream", None),
        ("drives", None),
        ("sites/getAllSites", Some(Route::AllSites)),
        ("sites/delta", Some(Route::SitesDelta(None))),
        (
            "sites/alder:/sites/finance",
            Some(Route::Site(site("alder", "sites/finance"))),
        ),
        (
            "sites/127.0.0.1:8080:/sites/finance:/drives",
            Some(Route::Drives(DriveHolder::Site(site(
                "127.0.0.1:8080",
                "sites/finance",
            )))),
        ),
        (
            "users/mina@alder.example/dataSecurityAndGovernance/sensitivityLabels",
            Some(Route::Labels {
                user: Some("mina@alder.example".to_owned()),
            }),
        ),
        ("security/informationProtection/sensitivityLabels", None),
        ("users/", Some(Route::Users)),
        ("me", None),
    ];
    for (path, expected) in table {
        let segments: Vec<String> = path
            .split('/')
            .map(|part| part.replace("%2F", "/"))
            .collect();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        assert_eq!(Route::of(ApiVersion::V1, &segments), expected, "{path}");
    }
}
