//! A policy for files that are shared with a partner: from what the clouds tell up to the label.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::Arc;

use labeld::model::policy::PolicyName;
use labeld::pipeline::exposure::refresh_exposure;
use labeld::pipeline::govern::{self, Governor};
use labeld::store::{decisions, policies};
use labeld_emulator::EmulatorOptions;

use super::{World, id, label_of, on_each_store, plain};
use crate::five_apps::{App, FiveApps, Settings};
use crate::workspace::{GENERAL, Store};

const POLICY: &str = r#"
[[policy]]
name = "partner"
mode = "enforce"
filter = { collaborator_domain = "partner.example" }
actions = { apply_label = "f42aa342-8706-4288-bd11-ebb85995028c" }
"#;

/// Files, and whom each is shared with.
const FILES: [(&str, &[&str]); 4] = [
    ("alone.docx", &[]),
    ("other.docx", &["pat@sub.partner.example"]),
    ("partner.docx", &["Pat@Partner.example"]),
    ("both.docx", &["eve@other.example", "bo@partner.example"]),
];

/// Those that the policy means.
const MEANT: [&str; 2] = ["both.docx", "partner.docx"];

const CLOUDS: [App; 4] = [App::SharePoint, App::OneDrive, App::Box, App::Google];

fn fill(five: &FiveApps) {
    for app in App::ALL {
        for (path, addresses) in FILES {
            five.put(app, path, &plain());
            for address in addresses {
                five.share(app, path, address);
            }
        }
    }
}

/// Names of the files that the policy matches in an app.
async fn matched(world: &World<'_>, app: App) -> BTreeSet<String> {
    let stored = policies::of_tenant(&world.db, &world.rules.tenant).await;
    let partner = PolicyName("partner".to_owned());
    let policy = stored.unwrap().into_iter().find(|it| it.name == partner);
    let policy = policy.unwrap().id;
    let mut found = BTreeSet::new();
    for (path, _) in FILES {
        let file = world.file(app, path).await.id;
        let tx = world.db.begin().await.unwrap();
        let matches = decisions::matches(&tx, &[file]).await.unwrap();
        if matches.values().flatten().any(|it| *it == policy) {
            found.insert(path.to_owned());
        }
    }
    found
}

/// As the service does it: files are listed, asked about where their listing does not tell, and decided.
#[test]
fn a_partners_files_are_matched_in_every_cloud() {
    on_each_store(POLICY, &async |world: &mut World<'_>| {
        fill(world.five);
        govern::take_over(&world.work, &world.rules).await.unwrap();
        for app in App::ALL {
            let mut governor = Governor::new(Arc::clone(&world.rules));
            poll_ask_and_decide(world, app, &mut governor).await;
            let expected = match app {
                // Nobody's address is known there: the condition is open.
                App::Local => BTreeSet::new(),
                _ => MEANT.map(str::to_owned).into(),
            };
            assert_eq!(matched(world, app).await, expected, "{app:?}");
            // One more is told by the feed, and asked about anew.
            world.five.share(app, "alone.docx", "new@partner.example");
            poll_ask_and_decide(world, app, &mut governor).await;
            let is_matched = matched(world, app).await.contains("alone.docx");
            assert_eq!(is_matched, app != App::Local, "{app:?}");
        }
    });
}

async fn poll_ask_and_decide(world: &World<'_>, app: App, governor: &mut Governor) {
    world.poll(app).await;
    let app = &world.apps[&app];
    refresh_exposure(&world.work, app).await.unwrap();
    governor.decide(&world.work, app).await.unwrap();
}

/// One command lists, asks, decides and labels; the others tell what was found.
#[test]
fn a_rescan_labels_what_is_shared_with_a_partner() {
    for store in Store::each() {
        let five = FiveApps::new(store, EmulatorOptions::default());
        fill(&five);
        let settings = Settings {
            app: "",
            schedules: "",
            microsoft: "read_only = false\n",
            // The label list is the emulator's here.
            tables: &POLICY.replace(GENERAL, "General"),
        };
        five.configure("labeld.toml", settings);
        five.allow_writing("labeld.toml");
        five.workspace.run(["labels", "sync"]).expect(0);
        let ended = five.workspace.run(["rescan"]).expect(0);
        let site = fs::read_to_string(five.workspace.path("labeld.toml"));
        let site = site
            .unwrap()
            .lines()
            .find_map(|line| line.strip_prefix("id = ").map(str::to_owned));
        let site = id(site.unwrap().trim_matches('"'));
        let labelled: BTreeMap<App, Vec<String>> = App::ALL
            .into_iter()
            .map(|app| {
                let files = five.files(app).into_iter();
                let labelled = files.filter(|(_, body)| label_of(body, site).is_some());
                (app, labelled.map(|(path, _)| path).collect())
            })
            .collect();
        for app in App::ALL {
            let expected = if app == App::Local { &[][..] } else { &MEANT };
            assert_eq!(labelled[&app], expected, "{app:?}: {ended:?}");
        }

        let rows = five
            .workspace
            .rows(["files", "--collaborator", "partner.example"]);
        assert_eq!(rows.len(), CLOUDS.len() * MEANT.len());
        let both = |row: &&serde_json::Value| row["path"].as_str().unwrap().ends_with("both.docx");
        let both = rows.iter().find(both).unwrap();
        let expected = serde_json::json!(["bo@partner.example", "eve@other.example"]);
        assert_eq!(both["collaborators"], expected);
        let number = both["id"].to_string();
        let drawer = five.workspace.run(["files", "show", &number]).expect(0);
        let words = "shared with bo@partner.example, eve@other.example";
        assert!(drawer.out.contains(words), "{drawer:?}");
        let explained = five.workspace.run(["explain", &number]).expect(0);
        assert!(
            explained.out.contains("bo@partner.example"),
            "{explained:?}"
        );
        // All of them have the label by now.
        let simulated = five.workspace.rows(["policy", "simulate"]);
        let matched = simulated.iter().filter(|row| row["policy"] == "partner");
        let matched: u64 = matched.map(|row| row["files"].as_u64().unwrap()).sum();
        assert_eq!(matched, rows.len() as u64, "{simulated:?}");
    }
}

/// Calls that ask who can reach a file of each app, since a request.
fn asked(five: &FiveApps, after: u64) -> BTreeMap<&'static str, usize> {
    let mut asked = BTreeMap::new();
    for entry in five.emulator.journal().since(after) {
        let path = entry.path();
        let is_question = path.ends_with("/permissions") || path.ends_with("/collaborations");
        // Who the members of a shared drive are is asked to find one to look through.
        if is_question && !entry.query().contains("useDomainAdminAccess") {
            *asked.entry(entry.provider).or_default() += 1;
        }
    }
    asked
}

#[test]
fn nobody_is_asked_where_no_policy_needs_it() {
    let five = FiveApps::new(Store::Sqlite, EmulatorOptions::default());
    fill(&five);
    let by_name = POLICY.replace(
        "collaborator_domain = \"partner.example\"",
        "name = { contains = \"partner\" }",
    );
    let elsewhere = POLICY.replace("filter", "apps = [\"share\"]\nfilter");
    // A file of Box with invitations costs a call, one of Microsoft that is shared another; Google's listing tells.
    let needed = BTreeMap::from([("box", 3), ("microsoft", 6)]);
    for (number, (policy, expected)) in [
        (by_name, BTreeMap::new()),
        (elsewhere, BTreeMap::new()),
        (POLICY.to_owned(), needed),
    ]
    .into_iter()
    .enumerate()
    {
        let file = format!("labeld-{number}.toml");
        five.configure(
            &file,
            Settings {
                app: "",
                schedules: "",
                microsoft: "",
                tables: &policy.replace(GENERAL, "General"),
            },
        );
        let before = five.emulator.journal().last();
        let rescan = ["rescan", "--observe", "--config", &file];
        five.workspace.run(rescan).expect(0);
        assert_eq!(asked(&five, before), expected, "{policy}");
    }
    let before = five.emulator.journal().last();
    let again = ["rescan", "--observe", "--config", "labeld-2.toml"];
    five.workspace.run(again).expect(0);
    assert_eq!(asked(&five, before), BTreeMap::new(), "known for a day");
}
