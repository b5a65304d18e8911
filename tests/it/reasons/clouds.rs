//! Four clouds with a file for each code that stands in their own words.

use bytes::Bytes;
use labeld::model::Reason;
use labeld_emulator::EmulatorOptions;
use labeld_emulator::box_service::{
    CollaborationRole, NewCollaboration, NewLock, NewUser as NewBoxUser,
};
use labeld_emulator::frame::{Effect, FaultRule};
use labeld_emulator::microsoft::Retention;
use serde_json::{Value, json};

use super::{Reached, is_all_of, shows};
use crate::five_apps::{App, FiveApps, Settings};
use crate::workspace::{Store, docx};

const MINA: &str = "mina@alder.example";

const POLICY: &str = r#"
[[policy]]
name = "everything"
mode = "enforce"
actions = { apply_label = "General" }
"#;

/// Brings the file at a path to its code.
type Bring = fn(&FiveApps, &str);

const FILES: &[(App, Reason, Bring)] = &[
    (App::SharePoint, Reason::FileCheckedOut, |five, path| {
        let library = saved(five, App::SharePoint, path);
        five.emulator.microsoft().check_out(&library, path, MINA);
    }),
    (App::SharePoint, Reason::FileRetained, |five, path| {
        let library = saved(five, App::SharePoint, path);
        let retention = Retention::default();
        let microsoft = five.emulator.microsoft();
        microsoft.retain(&library, path, Some(retention));
    }),
    (App::SharePoint, Reason::FileMalware, |five, path| {
        let library = saved(five, App::SharePoint, path);
        let microsoft = five.emulator.microsoft();
        microsoft.malware(&library, path, Some("EICAR"));
    }),
    (App::SharePoint, Reason::TypePackage, |five, path| {
        let microsoft = five.emulator.microsoft();
        microsoft.package(&microsoft.library(), path, MINA);
    }),
    (
        App::SharePoint,
        Reason::LibraryCheckoutRequired,
        |five, path| {
            let microsoft = five.emulator.microsoft();
            let strict = microsoft.add_library("sites/finance", "Strict");
            microsoft.require_checkout(&strict, true);
            microsoft.put(&strict, path, plain(), MINA);
        },
    ),
    (App::OneDrive, Reason::WriteDenied, |five, path| {
        refuse_upload(five, path, 403, "accessDenied");
    }),
    (App::OneDrive, Reason::WriteQuota, |five, path| {
        refuse_upload(five, path, 507, "quotaLimitReached");
    }),
    (App::OneDrive, Reason::WriteConflict, |five, path| {
        refuse_upload(five, path, 412, "resourceModified");
    }),
    (App::Box, Reason::AccessExternalOwner, |five, path| {
        let cloud = five.emulator.box_service();
        let owner = cloud.add_user(&NewBoxUser {
            login: "olga@birch.example".to_owned(),
            external: true,
            ..NewBoxUser::default()
        });
        shared_by(five, &owner, path);
    }),
    (App::Box, Reason::AccessNotCovered, |five, path| {
        let owner = five.emulator.box_service().admin();
        shared_by(five, &owner, path);
    }),
    (App::Box, Reason::FileLocked, |five, path| {
        let file = saved(five, App::Box, path);
        let cloud = five.emulator.box_service();
        let lock = NewLock {
            by: cloud.mina(),
            app_type: Some("office_wopi".to_owned()),
            ..NewLock::default()
        };
        cloud.set_lock(&file, Some(&lock));
    }),
    (App::Box, Reason::WriteNameInvalid, |five, path| {
        let file = saved(five, App::Box, path);
        let upload = format!("**/files/{file}/content");
        refuse(
            five,
            FaultRule::new(refusal(400, json!({"code": "item_name_invalid"})))
                .host("upload")
                .path(upload),
        );
    }),
    (App::Box, Reason::WriteWatermarked, |five, path| {
        let file = saved(five, App::Box, path);
        let cloud = five.emulator.box_service();
        let mut switches = cloud.switches();
        switches.watermark_for_owner = true;
        cloud.set_switches(switches);
        cloud.watermark(&file);
    }),
    (App::Google, Reason::AccessDenied, |five, path| {
        let file = saved(five, App::Google, path);
        let google = five.emulator.google();
        google
            .set_capability(&file, "canDownload", Some(false))
            .unwrap();
    }),
    (App::Google, Reason::TypeNativeGoogle, |five, path| {
        let google = five.emulator.google();
        google.put_native(MINA, path, "document", MINA).unwrap();
    }),
    (App::Google, Reason::TypeShortcut, |five, path| {
        let file = saved(five, App::Google, "target.docx");
        let google = five.emulator.google();
        google.put_shortcut(MINA, path, &file, MINA).unwrap();
    }),
    (App::Google, Reason::FileClientEncrypted, |five, path| {
        let file = saved(five, App::Google, path);
        let google = five.emulator.google();
        google.set_client_encrypted(&file, true).unwrap();
    }),
];

fn plain() -> Bytes {
    docx(None).into()
}

/// Saves a file; what its service calls it, or the library that it is in.
fn saved(five: &FiveApps, app: App, path: &str) -> String {
    five.put(app, path, &plain());
    let emulator = &five.emulator;
    match app {
        App::SharePoint => emulator.microsoft().library(),
        App::OneDrive => emulator.microsoft().one_drive(MINA).unwrap(),
        App::Box => {
            let cloud = emulator.box_service();
            cloud.find(&cloud.mina(), path).unwrap()
        }
        App::Google => emulator.google().id_at(MINA, path).unwrap(),
        App::Local => path.to_owned(),
    }
}

fn refusal(code: u16, body: Value) -> Effect {
    Effect::Status {
        code,
        headers: Default::default(),
        body,
    }
}

fn refuse(five: &FiveApps, rule: FaultRule) {
    five.emulator.faults().add(rule).unwrap();
}

fn refuse_upload(five: &FiveApps, path: &str, code: u16, word: &str) {
    let drive = saved(five, App::OneDrive, path);
    let item = five.emulator.microsoft().item_id(&drive, path).unwrap();
    let body = json!({"error": {"code": word, "message": "by the test"}});
    let rule = FaultRule::new(refusal(code, body)).method("PUT");
    refuse(five, rule.path(format!("**/{item}/content")));
}

/// A Box file of somebody else in a folder that Mina may edit.
fn shared_by(five: &FiveApps, owner: &str, path: &str) {
    let cloud = five.emulator.box_service();
    let folder = format!("of {owner}");
    cloud.put(owner, &format!("{folder}/{path}"), plain());
    let folder = cloud.find(owner, &folder).unwrap();
    let invitation = NewCollaboration {
        user: Some(cloud.mina()),
        role: CollaborationRole::Editor,
        ..NewCollaboration::default()
    };
    cloud.invite(&folder, &invitation);
}

#[test]
fn the_clouds_reach_their_codes() {
    for store in Store::each() {
        let five = FiveApps::new(store, EmulatorOptions::default());
        let settings = Settings {
            app: "",
            schedules: "",
            microsoft: "read_only = false\n",
            tables: POLICY,
        };
        five.configure("labeld.toml", settings);
        five.allow_writing("labeld.toml");
        reach(&five);
    }
}

fn reach(five: &FiveApps) {
    let path = |reason: Reason| format!("{}.docx", reason.code());
    for (_, reason, bring) in FILES {
        bring(five, &path(*reason));
    }
    let ended = five.workspace.run(["rescan"]);
    assert!(ended.code.is_some(), "{ended:?}");
    let listed = five.workspace.rows(["files", "--limit", "0"]);
    let target = |app: App, reason: Reason| {
        let name = path(reason);
        let row = listed
            .iter()
            .find(|row| row["app"] == app.name() && row["path"].as_str().unwrap().ends_with(&name));
        row.unwrap_or_else(|| panic!("{name} of {app:?} is not among {listed:#?}"))["id"]
            .to_string()
    };
    let expected: Vec<_> = FILES
        .iter()
        .map(|(app, reason, _)| (*reason, target(*app, *reason)))
        .collect();
    shows(&five.workspace, &expected);
    is_all_of(
        Reached::Clouds,
        expected.into_iter().map(|(reason, _)| reason),
    );
}
