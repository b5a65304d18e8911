use super::*;

fn level_of(permissions: &str, domains: &[&str], least: Exposure) -> (Exposure, Vec<String>) {
    let findings = findings_of(permissions, domains, least);
    (findings.level(least), findings.ask)
}

fn findings_of(permissions: &str, domains: &[&str], least: Exposure) -> Findings {
    let permissions: Vec<Permission> = serde_json::from_str(permissions).unwrap();
    let owner = Identity {
        id: Some("owner-id".to_owned()),
        email: Some("Mina@alder.example".to_owned()),
        ..Identity::default()
    };
    let domains: Vec<String> = domains.iter().map(|&domain| domain.to_owned()).collect();
    let setting = Setting {
        least,
        owner: Some(&owner),
        internal_domains: &domains,
        now: "2026-03-04T10:00:00Z".parse().unwrap(),
    };
    let mut findings = Findings::default();
    for permission in &permissions {
        findings.add(permission, &setting);
    }
    findings
}

#[test]
fn each_permission_gives_its_level() {
    use Exposure::{External, Internal, Private, Public, Unknown};
    let table: &[(&str, &[&str], Exposure)] = &[
        (r"[]", &[], Private),
        (r#"[{"link":{"scope":"anonymous"}}]"#, &[], Public),
        (
            r#"[{"link":{"scope":"Anonymous"},"hasPassword":true}]"#,
            &[],
            Public,
        ),
        (
            r#"[{"link":{"scope":"anonymous"},"expirationDateTime":"2026-03-04T09:59:59Z"}]"#,
            &[],
            Private,
        ),
        (
            r#"[{"link":{"scope":"anonymous"},"expirationDateTime":"2026-03-04T10:00:01Z"}]"#,
            &[],
            Public,
        ),
        (r#"[{"link":{"scope":"organization"}}]"#, &[], Internal),
        (r#"[{"link":{"scope":"existingAccess"}}]"#, &[], Private),
        (
            r#"[{"link":{"scope":"users"},"grantedToIdentitiesV2":[]}]"#,
            &[],
            Private,
        ),
        (r#"[{"link":{"scope":"users"}}]"#, &[], Unknown),
        (r#"[{"link":{"scope":"everybodyOnTheMoon"}}]"#, &[], Unknown),
        (r#"[{"link":{}}]"#, &[], Unknown),
        (
            r#"[{"invitation":{"email":"pat@partner.example"}}]"#,
            &[],
            External,
        ),
        (
            r#"[{"invitation":{"email":"pat@partner.example"}}]"#,
            &["alder.example"],
            External,
        ),
        (
            r#"[{"invitation":{"email":"pat@Alder.example"}}]"#,
            &["alder.example"],
            Internal,
        ),
        (r#"[{"invitation":{}}]"#, &["alder.example"], External),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|pat_partner.example#EXT#@alder.onmicrosoft.com"}}}]"#,
            &[],
            External,
        ),
        (
            r#"[{"grantedTo":{"user":{"userPrincipalName":"pat_partner.example#ext#@alder.onmicrosoft.com"}}}]"#,
            &[],
            External,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|urn%3aspo%3aguest#pat@partner.example"}}}]"#,
            &[],
            External,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0(.s|true"}}}]"#,
            &[],
            External,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0-.f|rolemanager|spo-grid-all-users/7d1f0c52"}}}]"#,
            &[],
            Internal,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0o.c|federateddirectoryclaimprovider|c0ffee_o"}}}]"#,
            &[],
            Internal,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0t.c|tenant|c0ffee"}}}]"#,
            &[],
            Internal,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@x"}}}]"#,
            &[],
            Private,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"x:9z|something new"}}}]"#,
            &[],
            Unknown,
        ),
        (
            r#"[{"grantedToV2":{"application":{"id":"app"}}}]"#,
            &[],
            Private,
        ),
        (r#"[{"grantedToV2":{"group":{"id":"g"}}}]"#, &[], Internal),
        (
            r#"[{"grantedToV2":{"siteGroup":{"id":"3","loginName":"Finance Owners"}}}]"#,
            &[],
            Internal,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|noor@alder.example"}}}]"#,
            &[],
            Internal,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|noor@other.example"}}}]"#,
            &["alder.example"],
            External,
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|mina@alder.example"}}}]"#,
            &[],
            Private,
        ),
        (
            r#"[{"grantedToV2":{"user":{"id":"owner-id"}},"roles":["owner"]}]"#,
            &[],
            Private,
        ),
        (
            r#"[{"grantedToV2":{"user":{"email":"noor@other.example"}}}]"#,
            &["alder.example"],
            External,
        ),
        (
            r#"[{"grantedToV2":{"user":{"email":"noor@alder.example"}}}]"#,
            &["alder.example"],
            Internal,
        ),
        (
            r#"[{"grantedToV2":{"user":{"email":"noor@alder.example"}}}]"#,
            &[],
            Unknown,
        ),
        (r#"[{"grantedToV2":{}}]"#, &[], Unknown),
        (r#"[{"grantedToV2":{"hologram":{"id":"1"}}}]"#, &[], Unknown),
        (r"[{}]", &[], Unknown),
        (
            r#"[{},{"invitation":{"email":"pat@partner.example"}}]"#,
            &[],
            External,
        ),
        (r#"[{},{"link":{"scope":"organization"}}]"#, &[], Unknown),
        (
            r#"[{"link":{"scope":"users"},"grantedToIdentitiesV2":[{"siteUser":{"loginName":"i:0#.f|membership|noor@alder.example"}},{"user":{"email":"x","userPrincipalName":"x#ext#@alder.onmicrosoft.com"}}]}]"#,
            &[],
            External,
        ),
    ];
    for (permissions, domains, expected) in table {
        let (level, _) = level_of(permissions, domains, Private);
        assert_eq!(level, *expected, "{permissions} with {domains:?}");
    }
    assert_eq!(level_of("[]", &[], Internal).0, Internal);
}

#[test]
fn the_directory_is_asked_only_for_who_cannot_be_told_otherwise() {
    let person = r#"[{"grantedToV2":{"user":{"id":"noor-id","email":"noor@alder.example"}}}]"#;
    let (_, ask) = level_of(person, &[], Exposure::Private);
    assert_eq!(ask, ["noor-id"]);
    let (_, ask) = level_of(person, &["alder.example"], Exposure::Private);
    assert!(ask.is_empty());
    for (user_type, level) in [
        (Some("Guest"), Exposure::External),
        (Some("Member"), Exposure::Internal),
        (Some("Visitor"), Exposure::Unknown),
        (None, Exposure::Unknown),
    ] {
        let mut findings = Findings::default();
        findings.add_user_type(user_type);
        assert_eq!(findings.level(Exposure::Private), level, "{user_type:?}");
    }
}

#[test]
fn whoever_is_named_is_told() {
    type Row<'a> = (&'a str, Option<&'a [&'a str]>, &'a [&'a str]);
    let table: &[Row<'_>] = &[
        ("[]", Some(&[]), &[]),
        (
            r#"[{"invitation":{"email":"Pat@Partner.example"}}]"#,
            Some(&["pat@partner.example"]),
            &[],
        ),
        (r#"[{"invitation":{}}]"#, None, &[]),
        (
            r#"[{"link":{"scope":"anonymous"}},{"link":{"scope":"organization"}}]"#,
            Some(&[]),
            &[],
        ),
        (
            r#"[{"link":{"scope":"users"},"grantedToIdentitiesV2":[]}]"#,
            None,
            &[],
        ),
        (r#"[{"link":{"scope":"users"}}]"#, None, &[]),
        (r#"[{"link":{"scope":"everybodyOnTheMoon"}}]"#, None, &[]),
        (
            r#"[{"grantedToV2":{"user":{"email":"pat@partner.example"},
                "siteUser":{"loginName":"i:0#.f|membership|pat_partner.example#ext#@alder.onmicrosoft.com"}}}]"#,
            Some(&["pat@partner.example"]),
            &[],
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|pat_o_partner.example#EXT#@alder.onmicrosoft.com"}}}]"#,
            Some(&["pat_o@partner.example"]),
            &[],
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|urn%3aspo%3aguest#pat@partner.example"}}}]"#,
            Some(&["pat@partner.example"]),
            &[],
        ),
        (
            r#"[{"link":{"scope":"users"},"grantedToIdentities":[{"user":{"userPrincipalName":"Noor@alder.example"}}]}]"#,
            Some(&["noor@alder.example"]),
            &[],
        ),
        (
            r#"[{"grantedToV2":{"user":{"id":"noor-id","displayName":"Noor"}}}]"#,
            Some(&[]),
            &["noor-id"],
        ),
        (
            r#"[{"grantedToV2":{"user":{"displayName":"Noor"}}}]"#,
            None,
            &[],
        ),
        (
            r#"[{"grantedToV2":{"user":{"id":"owner-id"}}}]"#,
            Some(&[]),
            &[],
        ),
        (
            r#"[{"grantedToV2":{"group":{"id":"g","email":"team@alder.example"}}}]"#,
            Some(&["team@alder.example"]),
            &[],
        ),
        (r#"[{"grantedToV2":{"group":{"id":"g"}}}]"#, Some(&[]), &[]),
        (
            r#"[{"grantedToV2":{"siteGroup":{"id":"3","loginName":"Finance Owners"}}}]"#,
            Some(&[]),
            &[],
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0(.s|true"}}}]"#,
            Some(&[]),
            &[],
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@x"}}}]"#,
            Some(&[]),
            &[],
        ),
        (
            r#"[{"grantedToV2":{"siteUser":{"loginName":"x:9z|something new"}}}]"#,
            None,
            &[],
        ),
        (r"[{}]", None, &[]),
    ];
    for (permissions, expected, nameless) in table {
        let findings = findings_of(permissions, &[], Exposure::Private);
        assert_eq!(findings.nameless, *nameless, "{permissions}");
        let expected = expected.map(|list| list.iter().map(ToString::to_string).collect());
        assert_eq!(
            findings.collaborators.without(None),
            expected,
            "{permissions}"
        );
    }
}
