//! What delta lists, and when it refuses.

use chrono::TimeDelta;
use labeld_emulator::frame::{Effect, FaultRule};
use labeld_emulator::microsoft::{
    BadTokenAnswer, DeletedForm, LinkForm, Share, ShareWith, Switches,
};
use serde_json::Value;

use crate::support::{Cloud, names};

const MINA: &str = "mina@alder.example";
const SHARING: (&str, &str) = (
    "prefer",
    "deltashowremovedasdeleted, deltatraversepermissiongaps, deltashowsharingchanges",
);

fn delta(drive: &str) -> String {
    format!("v1.0/drives/{drive}/root/delta")
}

/// The names on each page, and the delta link.
async fn pages(cloud: &Cloud, path: &str, headers: &[(&str, &str)]) -> (Vec<Vec<String>>, String) {
    let mut pages = Vec::new();
    let mut next = path.to_owned();
    loop {
        let page = cloud.get_with(&next, headers).await;
        assert_eq!(page.outcome(), "200");
        pages.push(page.names());
        let page = page.json();
        match page["@odata.nextLink"].as_str() {
            Some(link) => next = link.to_owned(),
            None => return (pages, page["@odata.deltaLink"].as_str().unwrap().to_owned()),
        }
    }
}

async fn flat(cloud: &Cloud, path: &str, headers: &[(&str, &str)]) -> (Vec<String>, String) {
    let (pages, link) = pages(cloud, path, headers).await;
    (pages.concat(), link)
}

fn fill(cloud: &Cloud) -> String {
    let drive = cloud.microsoft.library();
    for path in ["plans/a.txt", "plans/deep/b.txt", "c.txt"] {
        cloud.microsoft.put(&drive, path, path.to_owned(), MINA);
    }
    drive
}

#[tokio::test]
async fn an_enumeration_has_parents_first() {
    let cloud = Cloud::start().await;
    let drive = fill(&cloud);
    let (all, _) = pages(&cloud, &delta(&drive), &[]).await;
    assert_eq!(all, [["root", "plans", "a.txt", "deep", "b.txt", "c.txt"]]);
    let path = format!("{}?$top=2", delta(&drive));
    let (all, _) = pages(&cloud, &path, &[]).await;
    let expected: [&[&str]; 3] = [
        &["root", "plans"],
        &["root", "a.txt", "deep"],
        &["root", "b.txt", "c.txt"],
    ];
    assert_eq!(all, expected);
    let (all, _) = pages(&cloud, &path, &[("deltaExcludeParent", "x")]).await;
    let expected: [&[&str]; 3] = [&["root", "plans"], &["a.txt", "deep"], &["b.txt", "c.txt"]];
    assert_eq!(all, expected);
    // A folder made later comes before what was moved into it.
    cloud.microsoft.create_folder(&drive, "later", MINA);
    cloud
        .microsoft
        .rename(&drive, "plans/a.txt", "later/a.txt", MINA);
    let (all, _) = pages(&cloud, &path, &[("x", "y")]).await;
    let expected: [&[&str]; 4] = [
        &["root", "plans"],
        &["root", "later", "a.txt", "deep"],
        &["root", "b.txt", "c.txt"],
        &["root", "later"],
    ];
    assert_eq!(all, expected);
}

#[tokio::test]
async fn changes_are_the_latest_state() {
    let cloud = Cloud::start().await;
    let drive = fill(&cloud);
    let (_, link) = pages(&cloud, &delta(&drive), &[]).await;
    let microsoft = &cloud.microsoft;
    type Act = fn(&labeld_emulator::microsoft::Microsoft, &str);
    let table: [(&str, Act, &[&str]); 11] = [
        ("nothing", |_, _| {}, &[]),
        (
            "an edit",
            |m, d| drop(m.put(d, "c.txt", "new", MINA)),
            &["root", "c.txt"],
        ),
        (
            "two edits",
            |m, d| {
                m.put(d, "plans/deep/b.txt", "1", MINA);
                m.put(d, "plans/deep/b.txt", "2", MINA);
            },
            &["root", "plans", "deep", "b.txt"],
        ),
        (
            "a folder's rename",
            |m, d| m.rename(d, "plans", "plots", MINA),
            &["root", "plots"],
        ),
        (
            "a move",
            |m, d| m.rename(d, "c.txt", "plots/c.txt", MINA),
            &["root", "plots", "c.txt"],
        ),
        (
            "a short life",
            |m, d| {
                m.put(d, "gone.txt", "1", MINA);
                m.remove(d, "gone.txt");
            },
            &["root", "-gone.txt"],
        ),
        (
            "properties",
            |m, d| m.edit_metadata(d, "plots/c.txt", MINA),
            &["root", "plots", "c.txt"],
        ),
        (
            "a folder's end",
            |m, d| m.remove(d, "plots/deep"),
            &["root", "-b.txt", "-deep"],
        ),
        (
            "its return",
            |m, d| drop(m.restore_from_bin(d, "plots/deep")),
            &["root", "plots", "deep", "b.txt"],
        ),
        (
            "sharing",
            |m, d| drop(m.share(d, "plots", &Share::with(ShareWith::Anonymous))),
            &[],
        ),
        (
            "another's drive",
            |m, _| {
                let other = m.one_drive(MINA).unwrap();
                m.put(&other, "x.txt", "x", MINA);
            },
            &[],
        ),
    ];
    microsoft.switch(|switches| switches.deleted_form = DeletedForm::Full);
    let mut link = link;
    for (name, act, expected) in table {
        act(microsoft, &drive);
        let (found, next) = flat(&cloud, &link, &[]).await;
        assert_eq!(found, expected, "{name}");
        link = next;
    }
}

#[tokio::test]
async fn what_changes_while_paging_comes_later() {
    let cloud = Cloud::start().await;
    let drive = fill(&cloud);
    let first = cloud.get(&format!("{}?$top=2", delta(&drive))).await;
    cloud.microsoft.put(&drive, "plans/a.txt", "changed", MINA);
    cloud.microsoft.put(&drive, "new.txt", "new", MINA);
    // Moved from what was not listed yet to what was.
    cloud.microsoft.rename(&drive, "plans/deep", "deep", MINA);
    cloud.microsoft.remove(&drive, "c.txt");
    let next = first.json()["@odata.nextLink"].as_str().unwrap().to_owned();
    let (rest, link) = flat(&cloud, &next, &[("deltaExcludeParent", "")]).await;
    assert_eq!(rest, ["a.txt", "deep", "b.txt"]);
    cloud
        .microsoft
        .switch(|switches| switches.deleted_form = DeletedForm::Full);
    let (changes, _) = flat(&cloud, &link, &[("deltaExcludeParent", "")]).await;
    assert_eq!(changes, ["a.txt", "new.txt", "deep", "-c.txt"]);
}

#[tokio::test]
async fn sharing_is_told_to_those_who_ask() {
    let cloud = Cloud::start().await;
    let drive = fill(&cloud);
    let (_, link) = pages(&cloud, &delta(&drive), &[]).await;
    cloud
        .microsoft
        .share(&drive, "plans", &Share::with(ShareWith::Organization));
    for (headers, expected) in [
        (vec![], 0),
        (vec![("prefer", "deltashowsharingchanges")], 0),
        (vec![SHARING], 2),
    ] {
        let page = cloud.get_with(&link, &headers).await.json();
        let entries = page["value"].as_array().unwrap();
        assert_eq!(entries.len(), expected, "{headers:?}");
        let marked = |entry: &&Value| entry["@microsoft.graph.sharedChanged"] == "True";
        assert_eq!(
            entries.iter().filter(marked).count(),
            usize::from(expected > 0)
        );
    }
    let scope = |entry: &Value| entry["shared"]["scope"].as_str().unwrap_or("-").to_owned();
    for (headers, expected) in [
        (
            vec![],
            [
                "-",
                "organization",
                "organization",
                "organization",
                "organization",
                "-",
            ],
        ),
        (
            vec![("prefer", "hierarchicalsharing")],
            ["-", "organization", "-", "-", "-", "-"],
        ),
    ] {
        let page = cloud.get_with(&delta(&drive), &headers).await.json();
        let scopes: Vec<String> = page["value"]
            .as_array()
            .unwrap()
            .iter()
            .map(scope)
            .collect();
        assert_eq!(scopes, expected, "{headers:?}");
    }
}

#[tokio::test]
async fn tokens_end() {
    let cloud = Cloud::start().await;
    let drive = fill(&cloud);
    let (_, link) = pages(&cloud, &delta(&drive), &[]).await;
    let other = cloud.microsoft.one_drive(MINA).unwrap();
    let elsewhere = link.replace(&drive, &other);
    let cut = &link[..link.len() - 1];
    let outcome = async |path: &str| cloud.get(path).await.outcome();
    for bad in [
        cut,
        &elsewhere,
        &format!("{}?token=nonsense", delta(&drive)),
    ] {
        assert_eq!(outcome(bad).await, "400 invalidRequest", "{bad}");
    }
    cloud
        .microsoft
        .switch(|switches| switches.delta_bad_token = BadTokenAnswer::Gone);
    assert_eq!(outcome(cut).await, "410 syncStateNotFound");
    cloud.microsoft.expire_delta_tokens(Some(&drive));
    assert_eq!(outcome(&link).await, "410 resyncRequired");
    assert_eq!(cloud.get(&link).await.header("location"), "");
    cloud
        .microsoft
        .switch(|switches| switches.resync_location = true);
    let location = cloud.get(&link).await.header("location").to_owned();
    let (all, link) = flat(&cloud, &location, &[]).await;
    assert_eq!(all.len(), 6);
    assert_eq!(outcome(&link).await, "200");
    cloud.clock().advance(TimeDelta::days(31));
    cloud.microsoft.expire_access_tokens();
    let token = cloud
        .token_for("https://graph.microsoft.com/.default")
        .await;
    assert_eq!(
        cloud.call_as(&token, "GET", &link, &[], "").await.outcome(),
        "410 resyncRequired"
    );
}

#[tokio::test]
async fn where_it_begins() {
    let cloud = Cloud::start().await;
    let drive = fill(&cloud);
    let latest = cloud
        .get(&format!("{}?token=latest", delta(&drive)))
        .await
        .json();
    assert_eq!(latest["value"], serde_json::json!([]));
    let link = latest["@odata.deltaLink"].as_str().unwrap();
    assert_eq!(flat(&cloud, link, &[]).await.0, [""; 0]);
    cloud.clock().advance(TimeDelta::minutes(5));
    cloud.microsoft.put(&drive, "new.txt", "new", MINA);
    let since = format!("{}?token=2026-03-04T10%3A01%3A00Z", delta(&drive));
    assert_eq!(flat(&cloud, &since, &[]).await.0, ["root", "new.txt"]);
    assert_eq!(flat(&cloud, link, &[]).await.0, ["root", "new.txt"]);
    for form in [LinkForm::Function, LinkForm::QualifiedQuery] {
        cloud
            .microsoft
            .switch(|switches| switches.delta_link_form = form);
        let (_, link) = pages(&cloud, &format!("{}?$top=1", delta(&drive)), &[]).await;
        assert_eq!(flat(&cloud, &link, &[]).await.0, [""; 0], "{link}");
    }
    let root = cloud.microsoft.item_id(&drive, "").unwrap();
    let plans = cloud.microsoft.item_id(&drive, "plans").unwrap();
    for (path, expected) in [
        (format!("v1.0/drives/{drive}/items/{root}/delta()"), "200"),
        (
            format!("v1.0/drives/{drive}/items/{root}/delta(token='latest')"),
            "200",
        ),
        (
            format!("v1.0/drives/{}/root/delta", drive.replace('!', "%21")),
            "200",
        ),
        (
            format!("v1.0/drives/{drive}/items/{plans}/delta()"),
            "501 notSupported",
        ),
        (format!("v1.0/users/{MINA}/drive/root/delta"), "200"),
        (format!("{}?$top=0", delta(&drive)), "400 BadRequest"),
        (
            format!("{}?$filter=name eq 'a'", delta(&drive)),
            "400 invalidRequest",
        ),
        (
            format!("{}?$select=id,colour", delta(&drive)),
            "400 BadRequest",
        ),
    ] {
        assert_eq!(cloud.get(&path).await.outcome(), expected, "{path}");
    }
}

#[tokio::test]
async fn entries_have_what_is_asked_for() {
    let cloud = Cloud::start().await;
    let drive = cloud.microsoft.library();
    cloud.microsoft.put(&drive, "c.docx", "c", MINA);
    let keys = |entry: &Value| {
        let mut keys: Vec<String> = entry.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    type Change = fn(&mut Switches);
    let table: [(&str, Change, &[&str]); 5] = [
        (
            "",
            |_| {},
            &[
                "@microsoft.graph.downloadUrl",
                "createdBy",
                "createdDateTime",
                "eTag",
                "file",
                "fileSystemInfo",
                "id",
                "lastModifiedBy",
                "lastModifiedDateTime",
                "name",
                "parentReference",
                "size",
                "webUrl",
            ],
        ),
        (
            "?$select=id,name,cTag",
            |switches| switches.delta_omits_c_tag = false,
            &["cTag", "id", "name"],
        ),
        (
            "?$select=name,content.downloadUrl",
            |_| {},
            &["@microsoft.graph.downloadUrl", "id", "name"],
        ),
        (
            "?$select=name,createdBy,lastModifiedBy",
            |switches| {
                switches.delta_omits_created_by = true;
                switches.delta_omits_last_modified_by = true;
            },
            &["id", "name"],
        ),
        ("?$select=name,sensitivityLabel", |_| {}, &["id", "name"]),
    ];
    for (query, change, expected) in table {
        cloud.microsoft.set_switches(Switches::default());
        cloud.microsoft.switch(change);
        let page = cloud.get(&format!("{}{query}", delta(&drive))).await.json();
        assert_eq!(keys(&page["value"][1]), expected, "{query}");
        assert!(page["value"][1]["parentReference"]["path"].is_null());
    }
    cloud.microsoft.set_switches(Switches::default());
    let (_, link) = pages(&cloud, &format!("{}?$select=id,name", delta(&drive)), &[]).await;
    cloud.microsoft.remove(&drive, "c.docx");
    // The links remember what was selected; a client that forgets `deleted` is not told.
    let page = cloud.get(&link).await.json();
    assert_eq!(keys(&page["value"][1]), ["id"]);
    for (form, expected) in [
        (DeletedForm::IdOnly, vec!["deleted", "id"]),
        (
            DeletedForm::Nameless,
            vec![
                "deleted",
                "file",
                "id",
                "lastModifiedDateTime",
                "parentReference",
            ],
        ),
        (
            DeletedForm::Full,
            vec![
                "deleted",
                "file",
                "id",
                "lastModifiedDateTime",
                "name",
                "parentReference",
            ],
        ),
    ] {
        cloud
            .microsoft
            .switch(|switches| switches.deleted_form = form);
        let since = format!("{}?token=2026-03-04T09%3A00%3A00Z", delta(&drive));
        let page = cloud.get(&since).await.json();
        assert_eq!(keys(&page["value"][1]), expected, "{form:?}");
    }
}

#[tokio::test]
async fn faults_are_done() {
    let cloud = Cloud::start().await;
    let drive = fill(&cloud);
    let (whole, link) = cloud.follow(&delta(&drive), &[]).await;
    let link = link.unwrap();
    let faults = cloud.emulator.faults();
    let path = "/v1.0/drives/*/root/delta";
    for effect in [Effect::Duplicate, Effect::Reorder, Effect::EmptyPage] {
        let rule = faults
            .add(FaultRule::new(effect.clone()).path(path).count(1))
            .unwrap();
        let (found, _) = cloud.follow(&delta(&drive), &[]).await;
        assert_eq!(found.len(), whole.len(), "{effect:?}");
        assert_eq!(faults.hits(rule), Some(1), "{effect:?}");
    }
    faults
        .add(FaultRule::new(Effect::IdOnly).path(path).count(1))
        .unwrap();
    let stripped = cloud.get(&delta(&drive)).await.json();
    assert_eq!(stripped["value"][0].as_object().unwrap().len(), 1);
    faults
        .add(FaultRule::new(Effect::ExpiredCursor).path(path).count(1))
        .unwrap();
    assert_eq!(cloud.get(&delta(&drive)).await.outcome(), "200");
    assert_eq!(cloud.get(&link).await.outcome(), "410 resyncRequired");
    faults
        .add(
            FaultRule::new(Effect::Throttle {
                retry_after: Some(7),
            })
            .path(path)
            .count(1),
        )
        .unwrap();
    let refused = cloud.get(&link).await;
    assert_eq!(
        refused.outcome(),
        "429 activityLimitReached/throttledRequest"
    );
    assert_eq!(refused.header("retry-after"), "7");
    cloud.microsoft.put(&drive, "c.txt", "new", MINA);
    faults
        .add(FaultRule::new(Effect::StaleRead).path(path).count(1))
        .unwrap();
    let stale = cloud.get(&link).await.json();
    assert_eq!(names(&stale["value"]), [""; 0]);
    let link = stale["@odata.deltaLink"].as_str().unwrap();
    assert_eq!(cloud.get(link).await.names(), ["root", "c.txt"]);
}

#[tokio::test]
async fn sites_have_one_too() {
    let cloud = Cloud::start().await;
    let (all, link) = flat(&cloud, "v1.0/sites/delta", &[]).await;
    assert_eq!(all.len(), 2);
    cloud.microsoft.add_site("legal", "Legal");
    cloud
        .microsoft
        .set_site_state("finance", labeld_emulator::microsoft::SiteState::Deleted);
    let (changes, _) = flat(&cloud, &link, &[]).await;
    assert_eq!(changes.len(), 2);
    assert_eq!(changes[0], "legal");
    assert!(changes[1].starts_with('-'));
    cloud.microsoft.expire_delta_tokens(None);
    assert_eq!(cloud.get(&link).await.outcome(), "410 resyncRequired");
}
