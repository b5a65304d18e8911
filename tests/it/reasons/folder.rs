//! A folder with a file for each code that a folder can end in.

use std::fs;

use labeld::model::Reason;
use labeld_formats::write::Method;
use serde_json::{Value, json};

use super::documents::{
    OTHER_TENANT, labelled, nested_too_deep, protected, protected_elsewhere, sample, with_part,
    with_two_labels,
};
use super::{Reached, is_all_of, shows};
use crate::workspace::{GENERAL, Store, TENANT, Workspace, docx, testdata};

/// "Public" of `testdata/labels.json`, which ranks below General.
const PUBLIC: &str = "87867195-f2b8-4ac2-b0b6-6bb73cb33afc";

/// A file of the folder, what is in it, and how it ends.
type File = (&'static str, fn() -> Vec<u8>, &'static [Reason]);

/// What one rescan says, after all that happened before.
const FILES: &[File] = &[
    ("same/a.docx", general, &[Reason::LabelSame]),
    ("none/a.docx", plain, &[Reason::LabelNone]),
    ("ours/a.docx", plain, &[Reason::LabelByLabeld]),
    ("outside/a.docx", general, &[Reason::LabelOutside]),
    ("user/a.docx", chosen, &[Reason::LabelUserDefined]),
    ("down/a.docx", general, &[Reason::LabelDowngrade]),
    ("external/a.docx", external, &[Reason::LabelExternal]),
    ("disabled/a.docx", plain, &[Reason::LabelDisabled]),
    ("deleted/a.docx", plain, &[Reason::LabelDeleted]),
    ("unpublished/a.docx", plain, &[Reason::LabelUnpublished]),
    ("scope/a.docx", plain, &[Reason::LabelScope]),
    ("rights/a.docx", plain, &[Reason::LabelNoRights]),
    ("sealed/a.docx", plain, &[Reason::LabelNeedsProtection]),
    (
        "ambiguous/a.pdf",
        || with_two_labels(GENERAL, PUBLIC),
        &[Reason::LabelAmbiguous],
    ),
    (
        "all/protected.pdf",
        protected,
        &[Reason::ProtectedOutside, Reason::FileRms],
    ),
    (
        "all/elsewhere.pdf",
        protected_elsewhere,
        &[Reason::ProtectedUnmapped],
    ),
    (
        "all/a.txt",
        || b"text".to_vec(),
        &[Reason::FileTypeUnsupported],
    ),
    ("all/docx.pdf", plain, &[Reason::FileTypeMismatch]),
    (
        "all/large.docx",
        || with_part(&docx(None), "media/a.bin", &[7; 300_000]),
        &[Reason::FileTooLarge],
    ),
    ("all/deep.docx", nested_too_deep, &[Reason::FileLimit]),
    ("all/empty.docx", Vec::new, &[Reason::FileEmpty]),
    (
        "all/password.docx",
        || sample("password/msoffcrypto__example_password.docx"),
        &[Reason::FilePassword],
    ),
    (
        "all/truncated.docx",
        || sample("broken/poi__truncated62886.docx"),
        &[Reason::FileCorrupt],
    ),
    (
        "all/signed.docx",
        || sample("signed/poi__hello-world-signed.docx"),
        &[Reason::FileSigned],
    ),
    (
        "all/owner.pdf",
        || sample("password/pypdf__r6-owner-password.pdf"),
        &[Reason::FileOwnerPassword],
    ),
    ("elsewhere/a.docx", plain, &[Reason::PolicyNoMatch]),
    ("lost/a.docx", plain, &[Reason::PolicyLostTo]),
    ("gone/a.docx", plain, &[Reason::FileDeleted]),
    ("fight/a.docx", plain, &[]),
    ("undo/a.docx", plain, &[Reason::UndoChanged]),
];

fn plain() -> Vec<u8> {
    docx(None)
}

fn general() -> Vec<u8> {
    docx(Some(GENERAL))
}

fn chosen() -> Vec<u8> {
    labelled(TENANT, GENERAL, Method::Privileged)
}

fn external() -> Vec<u8> {
    labelled(OTHER_TENANT, GENERAL, Method::Standard)
}

/// Folder, what is done to its files, and more of the policy.
const POLICIES: &[(&str, &str, &str)] = &[
    ("same", "apply_label = \"General\"", ""),
    ("none", "remove_label = true", ""),
    (
        "outside",
        "apply_label = \"Any User (No Protection)\"",
        "override = \"none\"",
    ),
    ("user", "apply_label = \"Any User (No Protection)\"", ""),
    ("down", "apply_label = \"Public\"", ""),
    ("external", "remove_label = true", ""),
    ("disabled", "apply_label = \"Disabled\"", ""),
    ("deleted", "apply_label = \"Gone\"", ""),
    ("unpublished", "apply_label = \"Unpublished\"", ""),
    ("scope", "apply_label = \"Sites only\"", ""),
    ("rights", "apply_label = \"Without rights\"", ""),
    ("sealed", "apply_label = \"Microsoft Extended\"", ""),
    ("ambiguous", "apply_label = \"General\"", ""),
    ("all", "apply_label = \"General\"", ""),
    ("gone", "apply_label = \"General\"", ""),
    (
        "fight",
        "apply_label = \"General\"",
        "filter = { labelled = false }",
    ),
    ("capped", "apply_label = \"General\"", ""),
];

/// The configuration at one time.
struct Settings {
    /// What the policy of the folder `ours` applies.
    ours: &'static str,
    cap: u32,
    /// Whether the label "Gone" is still there.
    has_gone: bool,
}

fn configure(workspace: &Workspace, settings: &Settings) {
    workspace.configure("docs");
    let file = workspace.path("labeld.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    text = text.replace(
        "name = \"acme\"",
        &format!("name = \"acme\"\ncap = {}", settings.cap),
    );
    text += "size_limit = \"200 KiB\"\n";
    let ours = format!("apply_label = \"{}\"", settings.ours);
    let more = [
        ("ours", ours.as_str(), ""),
        ("lost", "apply_label = \"General\"", "priority = 2"),
    ];
    for (folder, action, more) in POLICIES.iter().chain(&more) {
        text += &format!(
            "[[policy]]\nname = \"{folder}\"\nmode = \"enforce\"\nfolders = {{ in = [\"{folder}\"] }}\nactions = {{ {action} }}\n{more}\n"
        );
    }
    text += "[[policy]]\nname = \"loser\"\nmode = \"enforce\"\nfolders = { in = [\"lost\"] }\nactions = { apply_label = \"Public\" }\npriority = 1\n";
    fs::write(file, text).unwrap();
    let list = fs::read_to_string(testdata().join("labels.json")).unwrap();
    let mut list: Value = serde_json::from_str(&list).unwrap();
    let labels = list["labels"].as_array_mut().unwrap();
    let states = [
        ("Disabled", "enabled", false),
        ("Unpublished", "published", false),
        ("Sites only", "applies_to_files", false),
        ("Without rights", "rights_readable", false),
        ("Gone", "enabled", true),
    ];
    for (number, (name, field, value)) in states.into_iter().enumerate() {
        if name == "Gone" && !settings.has_gone {
            continue;
        }
        let mut label = json!({
            "id": format!("00000000-0000-4000-8000-00000000000{number}"),
            "name": name,
            "rank": 10 + number,
            "applies_to_files": true,
            "needs_protection": false,
        });
        label[field] = value.into();
        labels.push(label);
    }
    fs::write(workspace.path("labels.json"), list.to_string()).unwrap();
}

#[test]
fn a_folder_reaches_its_codes() {
    for store in Store::each() {
        reaches(&Workspace::on(store));
    }
}

fn target(path: &str) -> String {
    format!("share:{path}")
}

fn reaches(workspace: &Workspace) {
    let mut settings = Settings {
        ours: "General",
        cap: 100,
        has_gone: true,
    };
    configure(workspace, &settings);
    for (path, content, _) in FILES {
        workspace.write(path, content());
    }
    let docs = workspace.docs();
    rustix::fs::mkfifoat(rustix::fs::CWD, docs.join("all/pipe.docx"), 0o600.into()).unwrap();
    let mut shown = unread(workspace);
    workspace.run(["rescan"]).expect(0);

    // Whoever puts a policy's label off again and again, and whoever edits before an undo.
    let by_hand = ["label", "set", "--label", "General", "share:undo/a.docx"];
    let labelled = workspace.rows(by_hand);
    workspace.write(
        "undo/a.docx",
        with_part(&plain(), "customXml/a.xml", b"<a/>"),
    );
    for round in ["one", "two"] {
        let part = format!("customXml/{round}.xml");
        workspace.write("fight/a.docx", with_part(&plain(), &part, b"<a/>"));
        workspace.run(["rescan"]).expect(0);
    }
    let fighting = (Reason::PolicyFightingUser, target("fight/a.docx"));
    shows(workspace, &[fighting]);
    shown.push(Reason::PolicyFightingUser);
    let run = labelled[0]["run"].to_string();
    workspace.run(["undo", &run]);
    fs::remove_file(docs.join("gone/a.docx")).unwrap();
    settings = Settings {
        ours: "Any User (No Protection)",
        cap: 1,
        has_gone: false,
    };
    configure(workspace, &settings);
    workspace.write("capped/a.docx", plain());
    // What waits for the cap is no failure, and not over.
    workspace.run(["rescan"]).expect(4);
    let mut expected: Vec<_> = FILES
        .iter()
        .flat_map(|(path, _, reasons)| reasons.iter().map(|reason| (*reason, target(path))))
        .collect();
    expected.push((Reason::TypeSpecial, target("all/pipe.docx")));
    expected.push((Reason::CapReached, target("capped/a.docx")));
    shows(workspace, &expected);
    shown.extend(expected.iter().map(|(reason, _)| *reason));
    shown.extend(given_up(workspace));
    is_all_of(Reached::Folder, shown);
}

/// Files that nobody has asked for, and that wait for their turn.
fn unread(workspace: &Workspace) -> Vec<Reason> {
    let some = ["rescan", "--path", "same/a.docx"];
    workspace.run(some).expect(0);
    let not_queued = (Reason::NotQueued, target("elsewhere/a.docx"));
    workspace.write("elsewhere/new.docx", plain());
    workspace.run(some).expect(0);
    let pending = (Reason::Pending, target("elsewhere/new.docx"));
    shows(workspace, &[not_queued, pending]);
    vec![Reason::NotQueued, Reason::Pending]
}

/// What waits for the cap, while its policy is switched off, and after somebody has cancelled it.
fn given_up(workspace: &Workspace) -> Vec<Reason> {
    let file = target("capped/a.docx");
    workspace.run(["policy", "disable", "capped"]).expect(0);
    shows(workspace, &[(Reason::PolicySuspended, file.clone())]);
    let open = workspace.rows(["actions", "list", "--state", "suspended"]);
    let id = open[0]["id"].to_string();
    workspace.run(["actions", "cancel", &id]).expect(0);
    shows(workspace, &[(Reason::PolicyCancelled, file)]);
    vec![Reason::PolicySuspended, Reason::PolicyCancelled]
}
