//! Drives, people, and who has access.

use labeld_emulator::microsoft::{GroupKind, NewGroup, NewUser, NoOneDrive, Share, ShareWith};
use serde_json::json;

use crate::support::Cloud;

const GRAPH: &str = "https://graph.microsoft.com/.default";
const MINA: &str = "mina@alder.example";

#[tokio::test]
async fn drives_are_listed() {
    let cloud = Cloud::start().await;
    let other = cloud.microsoft.add_library("finance", "Archive");
    let site = cloud.microsoft.site_id("finance").unwrap();
    let drives = cloud
        .get(&format!(
            "v1.0/sites/{site}/drives?$select=id,name,driveType,owner,sharePointIds"
        ))
        .await;
    assert_eq!(drives.names(), ["Documents", "Archive"]);
    let drives = drives.json();
    assert_eq!(drives["value"][1]["id"], other.as_str());
    assert_eq!(drives["value"][0]["driveType"], "documentLibrary");
    assert_eq!(
        drives["value"][0]["owner"]["group"]["displayName"],
        "Finance"
    );
    assert_eq!(
        drives["value"][0]["sharePointIds"]["listId"],
        "99464fab-1d42-4768-bbb7-9fda74739c4a"
    );
    let plain = cloud.get(&format!("v1.0/drives/{other}")).await.json();
    assert!(plain["sharePointIds"].is_null());
    let mine = cloud
        .get("v1.0/users/mina%40alder.example/drive")
        .await
        .json();
    assert_eq!(mine["driveType"], "business");
    assert_eq!(mine["owner"]["user"]["email"], MINA);
    for (form, expected) in [
        (NoOneDrive::MysiteNotFound, "404 ResourceNotFound"),
        (NoOneDrive::MysiteUrl, "404 UnknownError"),
        (NoOneDrive::MysiteUrlBadRequest, "400 BadRequest"),
        (NoOneDrive::ItemNotFound, "404 itemNotFound"),
        (NoOneDrive::NoLicence, "400 BadRequest"),
        (NoOneDrive::Forbidden, "403 accessDenied"),
        (NoOneDrive::Locked, "423 notAllowed/resourceLocked"),
    ] {
        let name = format!("{form:?}@alder.example");
        let user = NewUser {
            no_one_drive: Some(form),
            ..NewUser::named(&name)
        };
        assert_eq!(cloud.microsoft.add_user(user), "");
        for list in ["drive", "drives", "drive/root/delta"] {
            assert_eq!(
                cloud
                    .get(&format!("v1.0/users/{name}/{list}"))
                    .await
                    .outcome(),
                expected,
                "{list}"
            );
        }
    }
    let leaver = cloud
        .microsoft
        .add_user(NewUser::named("leaver@alder.example"));
    cloud.microsoft.remove_user("leaver@alder.example");
    assert_eq!(
        cloud
            .get("v1.0/users/leaver@alder.example/drive")
            .await
            .outcome(),
        "404 Request_ResourceNotFound"
    );
    assert_eq!(
        cloud.get(&format!("v1.0/drives/{leaver}")).await.outcome(),
        "200"
    );
}

#[tokio::test]
async fn people_are_told_of() {
    let cloud = Cloud::start().await;
    let inner = cloud.microsoft.add_group(&NewGroup {
        name: "Accounts".to_owned(),
        kind: GroupKind::Security,
        members: vec![MINA.to_owned()],
    });
    cloud.microsoft.add_group(&NewGroup {
        name: "EMEA".to_owned(),
        kind: GroupKind::AdministrativeUnit,
        members: vec![inner.to_string()],
    });
    let user = cloud
        .get(&format!(
            "v1.0/users/{MINA}?$select=id,department,userType,onPremisesDistinguishedName"
        ))
        .await
        .json();
    assert_eq!(user["department"], "Finance");
    assert_eq!(user["userType"], "Member");
    assert!(user["displayName"].is_null());
    assert!(cloud.get(&format!("v1.0/users/{MINA}")).await.json()["department"].is_null());
    let member_of = format!("v1.0/users/{MINA}/memberOf?$select=id,displayName");
    assert_eq!(cloud.get(&member_of).await.names(), ["Finance", "Accounts"]);
    let transitive = member_of.replace("memberOf", "transitiveMemberOf");
    let groups = cloud.get(&transitive).await;
    assert_eq!(groups.names(), ["Finance", "Accounts", "EMEA"]);
    assert_eq!(
        groups.json()["value"][2]["@odata.type"],
        "#microsoft.graph.administrativeUnit"
    );
    let members = cloud
        .get("v1.0/groups/c0ffee00-0000-4000-8000-00000000b001/members")
        .await;
    assert_eq!(members.names(), ["Mina Okafor"]);
    cloud
        .microsoft
        .add_user(NewUser::named("abe@alder.example"));
    let (all, _) = cloud
        .follow("v1.0/users?$top=1&$select=id,displayName", &[])
        .await;
    assert_eq!(all.len(), 2);
    let found = cloud
        .get("v1.0/users?$filter=userPrincipalName eq 'ABE@alder.example'")
        .await;
    assert_eq!(found.names(), ["abe"]);
    assert_eq!(
        cloud
            .get("v1.0/users?$filter=startswith(mail,'a')")
            .await
            .outcome(),
        "400 BadRequest"
    );
}

#[tokio::test]
async fn permissions_are_inherited() {
    let cloud = Cloud::start().await;
    let microsoft = &cloud.microsoft;
    let drive = microsoft.library();
    microsoft.put(&drive, "plans/a.txt", "a", MINA);
    microsoft.add_user(NewUser {
        guest: true,
        ..NewUser::named("pat@partner.example")
    });
    let share = |path: &str, with| drop(microsoft.share(&drive, path, &Share::with(with)));
    share("plans", ShareWith::Organization);
    share(
        "plans/a.txt",
        ShareWith::Person("pat@partner.example".to_owned()),
    );
    share(
        "plans/a.txt",
        ShareWith::People(vec!["pat@partner.example".to_owned()]),
    );
    share("plans/a.txt", ShareWith::Everyone);
    share(
        "plans/a.txt",
        ShareWith::Invited("new@partner.example".to_owned()),
    );
    let item = format!("v1.0/drives/{drive}/root:/plans/a.txt:");
    let list = cloud.get(&format!("{item}/permissions")).await.json();
    let list = list["value"].as_array().unwrap().clone();
    let login = "i:0#.f|membership|pat_partner.example#ext#@alder.onmicrosoft.com";
    assert_eq!(list[0]["grantedToV2"]["siteUser"]["loginName"], login);
    assert_eq!(list[1]["link"]["scope"], "users");
    assert_eq!(
        list[1]["grantedToIdentitiesV2"][0]["siteUser"]["loginName"],
        login
    );
    assert_eq!(
        list[2]["grantedToV2"]["siteUser"]["loginName"],
        "c:0(.s|true"
    );
    assert_eq!(list[3]["invitation"]["email"], "new@partner.example");
    assert_eq!(list[4]["link"]["scope"], "organization");
    assert_eq!(
        list[5]["grantedToV2"]["siteGroup"]["displayName"],
        "Finance Owners"
    );
    assert_eq!(list.len(), 8);
    assert!(list.iter().all(|entry| entry["inheritedFrom"].is_null()));
    microsoft.inherit_permissions(&drive, "plans/a.txt", false);
    let own = cloud.get(&format!("{item}/permissions")).await.json();
    assert_eq!(own["value"].as_array().unwrap().len(), 4);
    assert_eq!(cloud.get(&item).await.json()["shared"]["scope"], "users");
    microsoft.unshare(&drive, "plans/a.txt", None);
    assert!(cloud.get(&item).await.json()["shared"].is_null());
    let hierarchical = cloud
        .get_with(&item, &[("prefer", "hierarchicalsharing")])
        .await;
    assert_eq!(hierarchical.json()["shared"], json!({}));
    let mine = microsoft.one_drive(MINA).unwrap();
    microsoft.put(&mine, "own.txt", "own", MINA);
    let own = cloud
        .get(&format!("v1.0/drives/{mine}/root:/own.txt:/permissions"))
        .await
        .json();
    assert_eq!(own["value"][0]["roles"], json!(["owner"]));
    assert_eq!(own["value"].as_array().unwrap().len(), 1);
    microsoft.set_roles(&["Files.Read.All"], &[]);
    let token = cloud.token_for(GRAPH).await;
    let partial = cloud
        .call_as(
            &token,
            "GET",
            &format!("v1.0/drives/{drive}/root:/plans:/permissions"),
            &[],
            "",
        )
        .await;
    assert_eq!(partial.json()["value"].as_array().unwrap().len(), 1);
}
