//! SharePoint REST.

use labeld_emulator::microsoft::{LockForm, SiteRole, SiteState};

use crate::support::{Answer, Cloud};
use crate::tokens::certificate_token;

const MINA: &str = "mina@alder.example";
const JSON: (&str, &str) = ("accept", "application/json;odata=nometadata");
const ROOT: &str = "https://alder.sharepoint.com/.default";
const MY: &str = "https://alder-my.sharepoint.com/.default";
const LIST: &str = "sites/finance/_api/web/lists(guid'99464fab-1d42-4768-bbb7-9fda74739c4a')";

/// The status, and what went wrong.
fn outcome(answer: &Answer) -> String {
    let status = answer.status.as_u16();
    let Ok(body) = serde_json::from_slice::<serde_json::Value>(&answer.bytes) else {
        return status.to_string();
    };
    let code = body["odata.error"]["code"]
        .as_str()
        .map(|code| code.split(", ").nth(1).unwrap());
    match code.or(body["error_description"].as_str()) {
        Some(text) => format!("{status} {text}"),
        None => status.to_string(),
    }
}

async fn call(cloud: &Cloud, token: &str, method: &str, path: &str) -> Answer {
    let url = format!("{}{path}", cloud.microsoft.bases().sharepoint);
    cloud.call_as(token, method, &url, &[JSON], "").await
}

#[tokio::test]
async fn tokens_need_a_certificate() {
    let cloud = Cloud::start().await;
    let secret = cloud.token_for(ROOT).await;
    let graph = cloud.token().await.to_owned();
    let root = certificate_token(&cloud, ROOT).await;
    let my = certificate_token(&cloud, MY).await;
    let here = format!("{}.default", cloud.microsoft.bases().sharepoint);
    let by_address = certificate_token(&cloud, &here).await;
    for (token, expected) in [
        (&secret, "401 Unsupported app only token."),
        (&graph, "401 Invalid issuer or signature."),
        (&my, "401 Invalid JWT token. The audience does not match."),
        (&"nonsense".to_owned(), "401 Invalid JWT token."),
        (&root, "200"),
        (&by_address, "200"),
    ] {
        assert_eq!(outcome(&call(&cloud, token, "GET", LIST).await), expected);
    }
    let bare = cloud
        .bare(
            &format!("{}{LIST}", cloud.microsoft.bases().sharepoint),
            &[JSON],
        )
        .await;
    assert_eq!(bare.status.as_u16(), 401);
    let url = format!(
        "{}personal/mina_alder_example/_api/web/lists(guid'99990000-1111-4222-8333-444455556666')",
        cloud.microsoft.bases().sharepoint_my
    );
    let on_my = async |token: &str| outcome(&cloud.call_as(token, "GET", &url, &[JSON], "").await);
    assert_eq!(on_my(&my).await, "200");
    assert_eq!(
        on_my(&root).await,
        "401 Invalid JWT token. The audience does not match."
    );
    cloud
        .microsoft
        .switch(|switches| switches.root_token_on_my_host = true);
    assert_eq!(on_my(&root).await, "200");
    cloud.microsoft.set_roles(&[], &[]);
    let token = certificate_token(&cloud, ROOT).await;
    assert_eq!(
        outcome(&call(&cloud, &token, "GET", LIST).await),
        "403 System.UnauthorizedAccessException"
    );
    cloud.microsoft.set_roles(&[], &["Sites.Selected"]);
    cloud.microsoft.grant_site("finance", Some(SiteRole::Read));
    let token = certificate_token(&cloud, ROOT).await;
    assert_eq!(outcome(&call(&cloud, &token, "GET", LIST).await), "200");
}

#[tokio::test]
async fn lists_tell_of_check_out() {
    let cloud = Cloud::start().await;
    let token = certificate_token(&cloud, ROOT).await;
    let drive = cloud.microsoft.library();
    let path = format!("{LIST}?$select=Id,Title,ForceCheckout");
    for required in [false, true] {
        cloud.microsoft.require_checkout(&drive, required);
        let list = call(&cloud, &token, "GET", &path).await.json();
        assert_eq!(list["ForceCheckout"], required);
        assert_eq!(list.as_object().unwrap().len(), 3);
    }
    let missing = LIST.replace("99464fab", "00000000");
    for (method, path, expected) in [
        (
            "GET",
            missing.as_str(),
            "404 Microsoft.SharePoint.SPException",
        ),
        (
            "GET",
            &format!("{LIST}?$select=Colour"),
            "400 Microsoft.SharePoint.Client.InvalidClientQueryException",
        ),
        (
            "GET",
            &LIST.replace("finance", "other"),
            "404 System.IO.FileNotFoundException",
        ),
        (
            "POST",
            LIST,
            "405 Microsoft.SharePoint.Client.ClientServiceException",
        ),
        (
            "GET",
            "sites/finance/_api/web/unknown",
            "404 Microsoft.SharePoint.Client.ResourceNotFoundException",
        ),
    ] {
        assert_eq!(
            outcome(&call(&cloud, &token, method, path).await),
            expected,
            "{method} {path}"
        );
    }
    let atom = cloud
        .call_as(
            &token,
            "GET",
            &format!("{}{LIST}", cloud.microsoft.bases().sharepoint),
            &[],
            "",
        )
        .await;
    assert!(
        atom.header("content-type")
            .starts_with("application/atom+xml")
    );
    cloud
        .microsoft
        .set_site_state("finance", SiteState::FullyArchived);
    assert_eq!(
        outcome(&call(&cloud, &token, "GET", LIST).await),
        "423 Microsoft.SharePoint.SPFileLockException"
    );
}

#[tokio::test]
async fn files_are_locked_and_checked_out() {
    let cloud = Cloud::start().await;
    let token = certificate_token(&cloud, ROOT).await;
    let drive = cloud.microsoft.library();
    cloud.microsoft.put(&drive, "plans/a.docx", "a", MINA);
    let shown = cloud
        .get(&format!(
            "v1.0/drives/{drive}/root:/plans/a.docx?$select=sharepointIds,eTag"
        ))
        .await
        .json();
    let id = shown["sharepointIds"]["listItemUniqueId"].as_str().unwrap();
    let file = format!("sites/finance/_api/web/GetFileById('{id}')");
    let get = async |path: String| call(&cloud, &token, "GET", &path).await.json();
    let post = async |action: &str| {
        outcome(&call(&cloud, &token, "POST", &format!("{file}/{action}")).await)
    };
    let seen = get(format!(
        "{file}?$select=ServerRelativeUrl,CheckOutType,Level,ETag,Length"
    ))
    .await;
    assert_eq!(
        seen["ServerRelativeUrl"],
        "/sites/finance/Shared Documents/plans/a.docx"
    );
    assert_eq!(
        (&seen["CheckOutType"], &seen["Length"]),
        (&2.into(), &"1".into())
    );
    assert_eq!(seen["ETag"], shown["eTag"]);
    assert_eq!(
        get(format!("{file}/LockedByUser")).await["odata.null"],
        true
    );
    cloud
        .microsoft
        .lock(&drive, "plans/a.docx", MINA, LockForm::NotAllowed);
    assert_eq!(get(format!("{file}/LockedByUser")).await["Email"], MINA);
    assert_eq!(
        post("checkout()").await,
        "423 Microsoft.SharePoint.SPFileLockException"
    );
    cloud.microsoft.unlock(&drive, "plans/a.docx");
    for (action, expected) in [
        (
            "checkin(comment='',checkintype=1)",
            "423 Microsoft.SharePoint.SPFileCheckOutException",
        ),
        ("checkout()", "200"),
        (
            "checkout()",
            "423 Microsoft.SharePoint.SPFileCheckOutException",
        ),
        ("checkin(comment='done',checkintype=1)", "200"),
        ("checkout()", "200"),
        ("undocheckout()", "200"),
        (
            "undocheckout()",
            "423 Microsoft.SharePoint.SPFileCheckOutException",
        ),
    ] {
        assert_eq!(post(action).await, expected, "{action}");
    }
    cloud.microsoft.check_out(&drive, "plans/a.docx", MINA);
    assert_eq!(get(file.clone()).await["Level"], 255);
    assert_eq!(
        post("checkin(comment='',checkintype=1)").await,
        "423 Microsoft.SharePoint.SPFileCheckOutException"
    );
    let wrong_verb = call(&cloud, &token, "GET", &format!("{file}/checkout()")).await;
    assert_eq!(wrong_verb.status.as_u16(), 405);
    let other = file.replace(id, "5d0c7e11-a2b3-4c4d-8e5f-60718293a4b5");
    assert_eq!(
        outcome(&call(&cloud, &token, "GET", &other).await),
        "404 Microsoft.SharePoint.SPException"
    );
    let graph = async |action: &str| {
        let path = format!("v1.0/drives/{drive}/root:/plans/a.docx:/{action}");
        cloud
            .post(&path, &serde_json::json!({"checkInAs": "published"}))
            .await
            .outcome()
    };
    assert_eq!(graph("checkout").await, "423 accessDenied");
    cloud.microsoft.check_in(&drive, "plans/a.docx");
    for (action, expected) in [
        ("checkin", "400 invalidRequest"),
        ("checkout", "204"),
        ("checkin", "204"),
        ("checkout", "204"),
        ("discardCheckout", "204"),
    ] {
        assert_eq!(graph(action).await, expected, "{action}");
    }
}
