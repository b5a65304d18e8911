//! Paths, methods, roles and sites.

use labeld_emulator::microsoft::{SiteRole, SiteState};
use serde_json::json;

use crate::support::Cloud;

const GRAPH: &str = "https://graph.microsoft.com/.default";
const MINA: &str = "mina@alder.example";

#[tokio::test]
async fn paths_and_methods_are_checked() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let item = cloud.microsoft.put(&drive, "a.txt", "a", MINA);
    let d = format!("v1.0/drives/{drive}");
    let table = [
        ("GET", "v2.0/sites".to_owned(), "400 BadRequest"),
        ("GET", "v1.0/unknown".to_owned(), "400 BadRequest"),
        ("GET", "v1.0/me/drive".to_owned(), "400 BadRequest"),
        ("GET", format!("{d}/items/{item}/unknown"), "400 BadRequest"),
        ("POST", format!("{d}/root"), "405 Request_BadRequest"),
        ("PUT", format!("{d}/items/{item}"), "405 Request_BadRequest"),
        (
            "GET",
            format!("{d}/items/{item}/extractSensitivityLabels"),
            "405 Request_BadRequest",
        ),
        (
            "POST",
            format!("{d}/items/{item}/content"),
            "405 Request_BadRequest",
        ),
        ("GET", "v1.0/$batch".to_owned(), "405 Request_BadRequest"),
        (
            "GET",
            "v1.0/drives/nonsense".to_owned(),
            "400 invalidRequest",
        ),
        (
            "GET",
            format!("v1.0/drives/{}", drive.replace("b!C", "b!D")),
            "404 itemNotFound",
        ),
        ("GET", format!("{d}/items/01NONSENSE"), "404 itemNotFound"),
        (
            "GET",
            format!("{d}/items/{}", item.to_lowercase()),
            "404 itemNotFound",
        ),
        ("GET", format!("{d}/root:/b.txt"), "404 itemNotFound"),
        ("GET", format!("{d}/root:/A.TXT"), "200"),
        ("GET", format!("{d}/root:/A.TXT:"), "200"),
        (
            "GET",
            format!("{d}/items/{item}?$select=id,colour"),
            "400 BadRequest",
        ),
        (
            "GET",
            format!("{d}/items/{item}?$expand=thumbnails"),
            "400 BadRequest",
        ),
        (
            "GET",
            format!("{d}/items/{item}?$top=1"),
            "400 invalidRequest",
        ),
        (
            "GET",
            format!("{d}/items/{item}?$expand=permissions,versions"),
            "200",
        ),
        (
            "GET",
            format!("{d}/root/children?$top=1&$orderby=name"),
            "200",
        ),
        (
            "GET",
            format!("{d}/root/children?$orderby=size"),
            "400 invalidRequest",
        ),
        (
            "GET",
            format!("{d}/root/children?$skiptoken=x"),
            "400 invalidRequest",
        ),
        ("GET", format!("{d}?$select=id,sharePointIds"), "200"),
        ("GET", format!("{d}/list"), "200"),
        (
            "GET",
            "v1.0/users/nobody@alder.example".to_owned(),
            "404 Request_ResourceNotFound",
        ),
        ("GET", "v1.0/groups/nonsense".to_owned(), "400 BadRequest"),
        (
            "GET",
            "beta/informationProtection/policy/labels".to_owned(),
            "403 UnknownError",
        ),
        (
            "GET",
            "beta/security/dataSecurityAndGovernance/sensitivityLabels".to_owned(),
            "404 UnknownError",
        ),
    ];
    for (method, path, expected) in table {
        let answer = cloud
            .call(method, &path, &[("content-type", "application/json")], "{}")
            .await;
        assert_eq!(answer.outcome(), expected, "{method} {path}");
        assert!(!answer.header("request-id").is_empty());
        assert!(answer.header("x-ms-ags-diagnostic").contains("ServerInfo"));
    }
    let own_id = [("client-request-id", "11111111-2222-3333-4444-555555555555")];
    let answer = cloud.get_with("v1.0/unknown", &own_id).await;
    assert_eq!(answer.header("client-request-id"), own_id[0].1);
    assert_eq!(
        answer.json()["error"]["innerError"]["client-request-id"],
        own_id[0].1
    );
    assert_eq!(
        answer.json()["error"]["innerError"]["date"],
        "2026-03-04T10:00:00"
    );
    cloud
        .microsoft
        .switch(|switches| switches.inner_error_lower_case = true);
    assert!(cloud.get("v1.0/unknown").await.json()["error"]["innererror"].is_object());
}

#[tokio::test]
async fn roles_are_needed() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let item = cloud.microsoft.put(&drive, "a.docx", "a", MINA);
    let item = format!("v1.0/drives/{drive}/items/{item}");
    let labels = "v1.0/security/dataSecurityAndGovernance/sensitivityLabels";
    let beta = "beta/security/informationProtection/sensitivityLabels";
    let site = "v1.0/sites/alder.sharepoint.com:/sites/finance";
    let all = [
        ("GET", item.as_str()),
        ("PATCH", &item),
        ("GET", "v1.0/sites/getAllSites"),
        ("GET", site),
        ("GET", labels),
        ("GET", beta),
        ("GET", "v1.0/users"),
        ("GET", "v1.0/users/mina@alder.example/transitiveMemberOf"),
    ];
    let table: [(&[&str], [u16; 8]); 10] = [
        (&[], [403, 403, 403, 403, 403, 403, 403, 403]),
        (
            &["Files.Read.All"],
            [200, 403, 403, 403, 403, 403, 403, 403],
        ),
        (
            &["Files.ReadWrite.All"],
            [200, 200, 403, 403, 403, 403, 403, 403],
        ),
        (
            &["Sites.Read.All"],
            [200, 403, 200, 200, 403, 403, 403, 403],
        ),
        (
            &["Sites.ReadWrite.All"],
            [200, 200, 200, 200, 403, 403, 403, 403],
        ),
        (
            &["Sites.Selected"],
            [403, 403, 403, 403, 403, 403, 403, 403],
        ),
        (
            &["SensitivityLabel.Read"],
            [403, 403, 403, 403, 200, 403, 403, 403],
        ),
        (
            &["InformationProtectionPolicy.Read.All"],
            [403, 403, 403, 403, 403, 200, 403, 403],
        ),
        (&["User.Read.All"], [403, 403, 403, 403, 403, 403, 200, 403]),
        (
            &["GroupMember.Read.All"],
            [403, 403, 403, 403, 403, 403, 403, 200],
        ),
    ];
    for (roles, expected) in table {
        cloud.microsoft.set_roles(roles, &[]);
        let token = cloud.token_for(GRAPH).await;
        for ((method, path), expected) in all.iter().zip(expected) {
            let json = [("content-type", "application/json")];
            let answer = cloud.call_as(&token, method, path, &json, "{}").await;
            assert_eq!(
                answer.status.as_u16(),
                expected,
                "{roles:?} {method} {path}"
            );
        }
    }
    cloud.microsoft.set_roles(&["Sites.Selected"], &[]);
    let token = cloud.token_for(GRAPH).await;
    for (role, expected) in [
        (Some(SiteRole::Read), [200, 403, 403, 200]),
        (Some(SiteRole::Write), [200, 200, 403, 200]),
        (None, [403, 403, 403, 403]),
    ] {
        cloud.microsoft.grant_site("finance", role);
        for ((method, path), expected) in all.iter().zip(expected) {
            let json = [("content-type", "application/json")];
            let answer = cloud.call_as(&token, method, path, &json, "{}").await;
            assert_eq!(answer.status.as_u16(), expected, "{role:?} {method} {path}");
        }
    }
}

#[tokio::test]
async fn sites_are_granted() {
    let cloud = Cloud::start().await;
    let path = format!(
        "v1.0/sites/{}/permissions",
        cloud.microsoft.site_id("finance").unwrap()
    );
    let grant = json!({
        "roles": ["write"],
        "grantedTo": {"application": {"id": cloud.microsoft.client_id(), "displayName": "labeld"}},
    });
    assert_eq!(cloud.post(&path, &grant).await.outcome(), "201");
    assert_eq!(
        cloud.get(&path).await.json()["value"][0]["roles"],
        json!(["write"])
    );
    assert_eq!(
        cloud
            .post(&path, &json!({"roles": ["admin"]}))
            .await
            .outcome(),
        "400 invalidRequest"
    );
}

#[tokio::test]
async fn sites_are_found() {
    let cloud = Cloud::start().await;
    cloud.microsoft.add_site("sites/finance/audit", "Audit");
    cloud.microsoft.add_site("contentstorage/CSP_1", "Embedded");
    let id = cloud.microsoft.site_id("finance").unwrap();
    let base = cloud.microsoft.bases().sharepoint.clone();
    let here = format!("{}:{}", base.host_str().unwrap(), base.port().unwrap());
    let table = [
        (format!("v1.0/sites/{id}"), "200"),
        (format!("v1.0/sites/{}", id.replace(',', "%2C")), "200"),
        (
            "v1.0/sites/alder.sharepoint.com:/sites/finance".to_owned(),
            "200",
        ),
        (
            "v1.0/sites/alder.sharepoint.com:/sites/Finance:/drives".to_owned(),
            "200",
        ),
        (format!("v1.0/sites/{here}:/sites/finance"), "200"),
        ("v1.0/sites/127.0.0.1:/sites/finance".to_owned(), "200"),
        (
            "v1.0/sites/127.0.0.1:/personal/mina_alder_example".to_owned(),
            "200",
        ),
        (
            "v1.0/sites/alder.sharepoint.com:/sites/other".to_owned(),
            "404 itemNotFound",
        ),
        (
            "v1.0/sites/birch.sharepoint.com:/sites/finance".to_owned(),
            "404 itemNotFound",
        ),
        (
            "v1.0/sites/alder.sharepoint.com,x,y".to_owned(),
            "400 invalidRequest",
        ),
        (format!("v1.0/sites/{id}/sites"), "200"),
        (format!("v1.0/sites/{id}/lists"), "200"),
        (
            format!("v1.0/sites/{id}/drives?$filter=driveType eq 'business'"),
            "400 invalidRequest",
        ),
        ("v1.0/sites?search=fin".to_owned(), "200"),
        (
            "v1.0/sites?$filter=siteCollection/root ne null".to_owned(),
            "200",
        ),
        ("v1.0/sites".to_owned(), "400 invalidRequest"),
    ];
    for (path, expected) in table {
        assert_eq!(cloud.get(&path).await.outcome(), expected, "{path}");
    }
    let all = cloud.get("v1.0/sites/getAllSites").await;
    assert_eq!(
        all.names(),
        ["finance", "mina_alder_example", "audit", "CSP_1"]
    );
    assert_eq!(all.json()["value"][1]["isPersonalSite"], true);
    assert_eq!(
        cloud.get(&format!("v1.0/sites/{id}/sites")).await.names(),
        ["audit"]
    );
    let (found, _) = cloud.follow("v1.0/sites/getAllSites?$top=3", &[]).await;
    assert_eq!(found.len(), 4);
    let page = cloud.get("v1.0/sites/getAllSites?$top=3").await.json();
    assert!(
        page["@odata.nextLink"]
            .as_str()
            .unwrap()
            .contains("oneDrive.getAllSites")
    );
}

#[tokio::test]
async fn sites_can_be_closed() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    let item = cloud.microsoft.put(&drive, "a.txt", "a", MINA);
    let item = format!("v1.0/drives/{drive}/items/{item}");
    let site = format!(
        "v1.0/sites/{}/drives",
        cloud.microsoft.site_id("finance").unwrap()
    );
    let table = [
        (SiteState::Open, "200", "200"),
        (
            SiteState::Unreadable,
            "403 accessDenied",
            "403 accessDenied",
        ),
        (SiteState::Missing, "404 itemNotFound", "404 itemNotFound"),
        (SiteState::Gone, "410 itemNotFound", "410 itemNotFound"),
        (
            SiteState::RecentlyArchived,
            "423 notAllowed/resourceLocked",
            "423 notAllowed/resourceLocked",
        ),
        (
            SiteState::FullyArchived,
            "423 notAllowed/resourceLocked",
            "423 notAllowed/resourceLocked",
        ),
        (
            SiteState::Locked,
            "423 notAllowed/resourceLocked",
            "423 notAllowed/resourceLocked",
        ),
        (SiteState::ReadOnly, "200", "403 accessDenied"),
    ];
    for (state, reads, writes) in table {
        cloud.microsoft.set_site_state("finance", state);
        assert_eq!(cloud.get(&site).await.outcome(), reads, "{state:?}");
        assert_eq!(cloud.get(&item).await.outcome(), reads, "{state:?}");
        let put = cloud
            .call("PUT", &format!("{item}/content"), &[], "b")
            .await;
        assert_eq!(put.outcome(), writes, "{state:?}");
        assert_eq!(
            cloud.get("v1.0/sites/getAllSites").await.names().len(),
            2,
            "{state:?}"
        );
    }
    cloud
        .microsoft
        .set_site_state("finance", SiteState::FullyArchived);
    let all = cloud.get("v1.0/sites/getAllSites").await.json();
    let archived = &all["value"][0]["siteCollection"]["archivalDetails"]["archiveStatus"];
    assert_eq!(archived, "fullyArchived");
}
