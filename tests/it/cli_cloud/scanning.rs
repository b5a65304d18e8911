//! What a rescan finds, what it reads, and what it leaves alone.

use std::fs;
use std::process::Stdio;

use labeld_emulator::microsoft::{NewUser, Share, ShareWith};

use super::{Cloud, LIBRARY, MINA, MINAS, ONEDRIVE, SHAREPOINT, SignIn, is_download};
use crate::cli_rescan::Account;
use crate::workspace::{Ended, GENERAL, Store, docx, run};

/// Files of the library: path, body, and what is to become of it.
pub(super) fn library_files() -> [(&'static str, Vec<u8>, &'static str); 5] {
    [
        ("2026/empty.docx", Vec::new(), "file.empty"),
        ("2026/labelled.docx", docx(Some(GENERAL)), "ok"),
        ("broken.docx", b"PK\x03\x04broken".to_vec(), "file.corrupt"),
        ("notes.txt", b"text".to_vec(), "file.type_unsupported"),
        ("plain.docx", docx(None), "ok"),
    ]
}

fn seed(cloud: &Cloud) {
    for (path, body, _) in library_files() {
        cloud.microsoft().put(&cloud.library, path, body, MINA);
    }
    let letter = docx(Some(GENERAL));
    cloud
        .microsoft()
        .put(&cloud.onedrive, "letter.docx", letter, MINA);
    cloud.workspace.write("local.docx", docx(None));
}

#[track_caller]
fn check_outcomes(cloud: &Cloud) {
    let found: Vec<(String, String)> = cloud
        .inventory()
        .into_iter()
        .map(|(path, row)| (path, row["reason"].as_str().unwrap_or("ok").to_owned()))
        .collect();
    let mut expected = vec![
        (format!("{MINAS}/letter.docx"), "ok".to_owned()),
        ("alder/share:local.docx".to_owned(), "ok".to_owned()),
    ];
    expected.extend(
        library_files().map(|(path, _, outcome)| (format!("{LIBRARY}/{path}"), outcome.to_owned())),
    );
    expected.sort();
    assert_eq!(found, expected);
}

#[test]
fn every_app_is_read_once() {
    for store in Store::each() {
        let cloud = Cloud::on(store);
        seed(&cloud);
        let ended = cloud
            .rescan(0)
            .says(&["alder/sites: 5 files", "alder/people: 1 files"]);
        let first = Account::of(&ended);
        assert_eq!((first.in_scope, first.read), (7, 5), "{first:?}");
        check_outcomes(&cloud);

        let before = cloud.emulator.journal().last();
        let second = Account::of(&cloud.rescan(0));
        assert_eq!((second.read, second.listed), (0, 0), "{second:?}");
        assert_eq!(cloud.downloads(before).len(), 0);
        check_outcomes(&cloud);
    }
}

#[test]
fn the_configuration_that_the_emulator_writes_works() {
    for tls in [false, true] {
        let cloud = Cloud::serving(Store::Sqlite, tls);
        seed(&cloud);
        let folder = cloud.workspace.path("");
        let config = cloud.emulator.config_toml(&folder).unwrap();
        fs::write(cloud.workspace.path("labeld.toml"), config).unwrap();
        for command in ["check", "doctor", "rescan"] {
            let ended = cloud.workspace.run([command]).expect(0);
            assert!(!ended.err.contains("warning"), "{ended:?}");
        }
        assert_eq!(cloud.inventory().len(), 6);
    }
}

#[test]
fn only_what_is_selected_is_read() {
    let cloud = Cloud::new();
    let microsoft = cloud.microsoft();
    let kai = microsoft.add_user(NewUser::named("kai@alder.example"));
    microsoft.add_site("sites/legal", "Legal");
    let legal = microsoft.add_library("sites/legal", "Cases");
    for drive in [&cloud.library, &cloud.onedrive, &legal, &kai] {
        microsoft.put(drive, "a.docx", docx(None), MINA);
    }
    let legal_file = "alder/sites:sites/legal/Cases/a.docx".to_owned();
    let kais_file = "alder/people:personal/kai_alder_example/Documents/a.docx".to_owned();
    let (finance_file, minas_file) = (format!("{LIBRARY}/a.docx"), format!("{MINAS}/a.docx"));
    let host = microsoft.bases().sharepoint.to_string();
    let legal_site = format!("[\"{host}sites/legal\"]");
    let kai = "[\"kai@alder.example\"]";
    // Options of both apps, and the files that are found.
    let table = [
        (
            String::new(),
            String::new(),
            vec![&kais_file, &minas_file, &finance_file, &legal_file],
        ),
        (
            format!("sites = {legal_site}"),
            format!("users = {kai}"),
            vec![&kais_file, &legal_file],
        ),
        (
            format!("exclude = {legal_site}"),
            format!("exclude = {kai}"),
            vec![&minas_file, &finance_file],
        ),
    ];
    for (number, (sites, people, expected)) in table.iter().enumerate() {
        let apps = [SHAREPOINT, sites, "\n", ONEDRIVE, people];
        cloud.configure(SignIn::Certificate, &apps);
        // A store of its own: what is no longer selected is not gone.
        let file = cloud.workspace.path("labeld.toml");
        let text = fs::read_to_string(&file).unwrap();
        fs::write(file, text.replace("data/", &format!("data{number}/"))).unwrap();
        cloud.rescan(0);
        let found: Vec<String> = cloud.inventory().into_keys().collect();
        let expected: Vec<String> = expected.iter().map(|path| (*path).clone()).collect();
        assert_eq!(found, expected, "{sites} {people}");
    }
}

#[test]
fn what_changes_in_the_cloud_is_taken_over() {
    let cloud = Cloud::new();
    seed(&cloud);
    cloud.rescan(0);
    let microsoft = cloud.microsoft();
    let anyone = Share::with(ShareWith::Anonymous);
    microsoft.share(&cloud.library, "plain.docx", &anyone);
    microsoft.rename(&cloud.library, "2026", "2027", MINA);
    microsoft.put(&cloud.library, "broken.docx", docx(None), MINA);
    microsoft.remove(&cloud.library, "notes.txt");
    microsoft.put(&cloud.onedrive, "new.docx", docx(None), MINA);
    let account = Account::of(&cloud.rescan(0));
    assert_eq!(account.read, 2, "{account:?}");

    let inventory = cloud.inventory();
    let paths: Vec<&str> = inventory.keys().map(String::as_str).collect();
    let expected = [
        format!("{MINAS}/letter.docx"),
        format!("{MINAS}/new.docx"),
        "alder/share:local.docx".to_owned(),
        format!("{LIBRARY}/2027/empty.docx"),
        format!("{LIBRARY}/2027/labelled.docx"),
        format!("{LIBRARY}/broken.docx"),
        format!("{LIBRARY}/plain.docx"),
    ];
    assert_eq!(paths, expected);
    let exposure = |path: &str| inventory[&format!("{LIBRARY}/{path}")]["exposure"].clone();
    assert_eq!(exposure("plain.docx"), "public");
    assert_eq!(exposure("broken.docx"), "internal");
    let public = cloud.workspace.rows(["files", "--exposure", "public"]);
    assert_eq!(public.len(), 1);

    let moved = &inventory[&format!("{LIBRARY}/2027/labelled.docx")];
    assert_eq!(moved["labels"][0]["id"], GENERAL);
    let link = moved["link"].as_str().unwrap();
    let end = "/sites/finance/Shared%20Documents/2027/labelled.docx";
    assert!(link.ends_with(end), "{link}");
    let number = moved["id"].to_string();
    let drawer = cloud.workspace.run(["files", "show", &number]).expect(0);
    for words in ["access", "internal: people of the organisation", link] {
        assert!(drawer.out.contains(words), "{drawer:?}");
    }
}

#[test]
fn no_byte_is_fetched_of_files_that_their_listing_rules_out() {
    let cloud = Cloud::new();
    cloud.configure(SignIn::Certificate, &[SHAREPOINT]);
    let microsoft = cloud.microsoft();
    for name in ["a.txt", "b.png", "~$c.docx", "d.exe"] {
        microsoft.put(&cloud.library, name, vec![b'x'; 5_000], MINA);
    }
    microsoft.put(&cloud.library, "empty.pdf", Vec::new(), MINA);
    microsoft.put(&cloud.library, "virus.docx", docx(None), MINA);
    microsoft.malware(&cloud.library, "virus.docx", Some("EICAR"));
    microsoft.package(&cloud.library, "notebook", MINA);
    let account = Account::of(&cloud.rescan(0));
    assert_eq!(account.read, 0, "{account:?}");
    assert_eq!(cloud.downloads(0).len(), 0);
    let outcomes: Vec<(&str, u64)> = account
        .outcomes
        .iter()
        .map(|(outcome, files)| (outcome.as_str(), *files))
        .collect();
    let expected = [
        ("file.empty", 1),
        ("file.malware", 1),
        ("file.type_unsupported", 3),
        ("type.package", 1),
        ("type.special", 1),
    ];
    assert_eq!(outcomes, expected);
}

const FILES: usize = 400;

#[test]
fn killed_in_the_middle_the_next_run_goes_on() {
    for store in Store::each() {
        let cloud = Cloud::on(store);
        cloud.configure(SignIn::Certificate, &[SHAREPOINT]);
        let body = docx(Some(GENERAL));
        for number in 0..FILES {
            let path = format!("{}/{number}.docx", number % 7);
            cloud
                .microsoft()
                .put(&cloud.library, &path, body.clone(), MINA);
        }
        let mut downloads = 0;
        for _ in 0..2 {
            let before = cloud.emulator.journal().last();
            let mut command = cloud.workspace.command();
            command
                .arg("rescan")
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            // A hundred downloads later it is in the middle of reading.
            let journal = cloud.emulator.journal();
            let enough = async {
                let wanted = |entry: &_| is_download(entry);
                while journal
                    .since(before)
                    .iter()
                    .filter(|entry| wanted(entry))
                    .count()
                    < 100
                {
                    let last = journal.last();
                    journal.wait_for(|entry| entry.seq > last).await;
                }
            };
            cloud.runtime.block_on(enough);
            child.kill().unwrap();
            child.wait().unwrap();
            downloads += cloud.downloads(before).len();
        }
        assert!(downloads >= 200, "{downloads}");
        let mut last = cloud.workspace.command();
        last.arg("rescan");
        let ended: Ended = run(last).expect(0);
        let account = Account::of(&ended);
        assert_eq!(account.outcomes["ok"], FILES as u64, "{account:?}");
        let inventory = cloud.inventory();
        assert_eq!(inventory.len(), FILES);
        for (path, row) in &inventory {
            assert_eq!(row["labels"][0]["id"], GENERAL, "{path}");
        }
        assert_eq!(Account::of(&cloud.rescan(0)).read, 0);
    }
}
