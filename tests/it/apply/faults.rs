//! Faults in the write path of the clouds: whatever happens, one labelled version for one decision, one place under the cap
//! for it, and no person's save lost.

use std::io::{Cursor, Write};

use bytes::Bytes;
use labeld::model::Reason;
use labeld::model::policy::Severity;
use labeld::store::actions::{Action, ActionState, Verb};
use labeld::store::alerts::{self, AlertKind};
use labeld::store::ledger::{AttemptState, LedgerRow};
use labeld_emulator::frame::{Effect, FaultRule, RuleId};

use super::{World, id, label_of, on_each_store, plain};
use crate::five_apps::App;
use crate::workspace::{GENERAL, docx};

const CLOUDS: [App; 4] = [App::SharePoint, App::OneDrive, App::Box, App::Google];

/// What is done to the next upload, and what the first look afterwards may find the action waiting for.
struct Fault {
    name: &'static str,
    effect: fn() -> Effect,
    /// Uploads that are hit.
    count: u64,
    /// Reasons that the action may wait for; none where it is carried out at once.
    waits_for: &'static [Reason],
}

fn status(code: u16) -> Effect {
    Effect::Status {
        code,
        headers: Default::default(),
        body: serde_json::Value::Null,
    }
}

const FAULTS: &[Fault] = &[
    Fault {
        name: "the answer is lost after the write took effect",
        effect: || Effect::AnswerLost,
        count: 1,
        waits_for: &[Reason::WriteUnknown],
    },
    Fault {
        name: "the connection is cut before the write took effect",
        effect: || Effect::RequestLost,
        count: 1,
        waits_for: &[Reason::WriteUnknown],
    },
    Fault {
        name: "half an answer",
        effect: || Effect::TruncatedJson,
        count: 1,
        waits_for: &[Reason::WriteUnknown],
    },
    Fault {
        name: "a page of a proxy",
        effect: || Effect::Html,
        count: 1,
        waits_for: &[Reason::WriteUnknown],
    },
    Fault {
        name: "500",
        effect: || status(500),
        count: 1,
        waits_for: &[Reason::WriteUnknown],
    },
    Fault {
        name: "503",
        effect: || status(503),
        count: 1,
        waits_for: &[Reason::WriteUnknown, Reason::FetchThrottled],
    },
    Fault {
        name: "412",
        effect: || status(412),
        count: 1,
        waits_for: &[Reason::WriteConflict],
    },
    Fault {
        name: "423",
        effect: || status(423),
        count: 1,
        waits_for: &[Reason::FileLocked, Reason::FileCheckedOut],
    },
    Fault {
        name: "429",
        effect: || Effect::Throttle {
            retry_after: Some(1),
        },
        count: 1,
        waits_for: &[Reason::FetchThrottled],
    },
    Fault {
        name: "507",
        effect: || status(507),
        count: 1,
        waits_for: &[Reason::WriteQuota],
    },
];

/// The request that carries the new content.
fn upload(app: App, effect: Effect) -> FaultRule {
    let rule = FaultRule::new(effect);
    match app {
        App::SharePoint | App::OneDrive => rule.method("PUT").path("**/content"),
        App::Box => rule.host("upload"),
        App::Google | App::Local => rule.path("/upload/**"),
    }
}

fn arm(world: &World<'_>, app: App, fault: &Fault) -> RuleId {
    let rule = upload(app, (fault.effect)()).count(fault.count);
    world.five.emulator.faults().add(rule).unwrap()
}

#[test]
fn a_fault_in_the_write_path_leaves_one_effect() {
    on_each_store("", &async |world: &mut World<'_>| {
        for app in CLOUDS {
            for (number, fault) in FAULTS.iter().enumerate() {
                one_effect(world, app, fault, number as u32).await;
            }
        }
    });
}

async fn one_effect(world: &World<'_>, app: App, fault: &Fault, before: u32) {
    let what = format!("{app:?}: {}", fault.name);
    let site = world.rules.site_id.unwrap();
    let path = world.add(app, &plain()).await;
    let (action, run) = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    let rule = arm(world, app, fault);
    world.act(app, run).await;
    let hits = world.five.emulator.faults().hits(rule);
    assert_eq!(hits, Some(fault.count), "{what}");
    let now = world.action(action).await;
    if now.ended.is_none() {
        let reason = now.reason.unwrap();
        assert!(fault.waits_for.contains(&reason), "{what}: {now:?}");
    }
    let action = world.act_to_the_end(app, (action, run)).await;
    assert_eq!(
        (action.state, action.reason),
        (ActionState::Done, None),
        "{what}: {action:?}"
    );
    let own = world.own_versions(app, &path).unwrap();
    let rows = world.ledger(app, &path).await;
    assert_eq!(own.len(), 1, "{what}: {rows:?}");
    let applied: Vec<_> = rows
        .iter()
        .filter(|row| row.state == AttemptState::Applied)
        .collect();
    assert_eq!(applied.len(), 1, "{what}: {rows:?}");
    assert!(
        rows.iter()
            .all(|row| (row.slot_day.is_some()) == (row.state == AttemptState::Applied)),
        "{what}: {rows:?}"
    );
    assert_eq!(
        label_of(&world.content(app, &path), site).unwrap().0,
        id(GENERAL),
        "{what}"
    );
    let cap = world.cap(app).await;
    assert_eq!((cap.landed, cap.used), (before + 1, before + 1), "{what}");
}

#[test]
fn a_person_who_saves_between_the_look_and_the_write_is_not_overwritten() {
    on_each_store("", &async |world: &mut World<'_>| {
        for app in CLOUDS {
            saves_meanwhile(world, app).await;
        }
    });
}

async fn saves_meanwhile(world: &World<'_>, app: App) {
    let site = world.rules.site_id.unwrap();
    let path = world.add(app, &plain()).await;
    let edit: Bytes = with_another_part(&docx(None)).into();
    edit_before_upload(world, app, &path, &edit);
    let asked = world.ask(app, &path, Verb::Apply, Some(GENERAL)).await;
    let action = world.act_to_the_end(app, asked).await;
    let rows = world.ledger(app, &path).await;
    let body = world.content(app, &path);
    let covered: Vec<_> = rows.iter().filter(|row| row.covered.is_some()).collect();
    told_of(world, app, &path, &covered, &action).await;
    // Either the label stands on the person's words, or what was covered is told.
    match covered.as_slice() {
        [] => {
            assert_eq!(action.state, ActionState::Done, "{app:?} {action:?}");
            assert!(has_another_part(&body), "{app:?}: {rows:?}");
            assert_eq!(label_of(&body, site).unwrap().0, id(GENERAL), "{app:?}");
            let states: Vec<_> = rows.iter().map(|row| row.state).collect();
            assert_eq!(
                states,
                [AttemptState::Refused, AttemptState::Applied],
                "{app:?}"
            );
        }
        covered => {
            assert!(
                covered.iter().all(|row| row.slot_day.is_some()),
                "{app:?} {rows:?}"
            );
        }
    }
}

/// Each covered save has an alert, high because a person had asked, which says what the ledger does.
async fn told_of(world: &World<'_>, app: App, path: &str, covered: &[&LedgerRow], action: &Action) {
    let file = world.file(app, path).await.id;
    let told = alerts::about_file(&world.db, file, AlertKind::Covered).await;
    let told = told.unwrap();
    assert_eq!(told.len(), covered.len(), "{app:?} {told:?}");
    for (alert, row) in told.iter().zip(covered) {
        assert_eq!((alert.policy, alert.severity), (None, Severity::High));
        let said: serde_json::Value = serde_json::from_str(&alert.document).unwrap();
        let noted: serde_json::Value = serde_json::from_str(row.covered.as_ref().unwrap()).unwrap();
        for key in ["by", "version", "put_back"] {
            assert_eq!(said[key], noted[key], "{app:?} {key}");
        }
        assert_eq!(said["action"], action.id.0, "{app:?}");
        assert_eq!(said["write"], row.id.to_string(), "{app:?}");
    }
}

fn edit_before_upload(world: &World<'_>, app: App, path: &str, body: &Bytes) {
    const MINA: &str = "mina@alder.example";
    let emulator = &world.five.emulator;
    match app {
        App::SharePoint => {
            let drive = emulator.microsoft().library();
            emulator
                .microsoft()
                .edit_before_upload(&drive, path, body.clone(), MINA);
        }
        App::OneDrive => {
            let drive = emulator.microsoft().one_drive(MINA).unwrap();
            emulator
                .microsoft()
                .edit_before_upload(&drive, path, body.clone(), MINA);
        }
        App::Box => {
            let cloud = emulator.box_service();
            let file = cloud.find(&cloud.mina(), path).unwrap();
            cloud.edit_before_upload(&file, body.to_vec(), &cloud.mina());
        }
        App::Google => {
            let google = emulator.google();
            let file = google.id_at(MINA, path).unwrap();
            google
                .edit_before_upload(&file, body.clone(), MINA)
                .unwrap();
        }
        App::Local => unreachable!(),
    }
}

const ANOTHER_PART: &str = "customXml/words.xml";

pub(crate) fn with_another_part(document: &[u8]) -> Vec<u8> {
    with_part(document, ANOTHER_PART)
}

/// A document with one more part.
pub(super) fn with_part(document: &[u8], name: &str) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new_append(Cursor::new(document.to_vec())).unwrap();
    let options = zip::write::SimpleFileOptions::default();
    archive.start_file(name, options).unwrap();
    archive.write_all(b"<words>a person's</words>").unwrap();
    archive.finish().unwrap().into_inner()
}

pub(super) fn has_another_part(document: &[u8]) -> bool {
    let archive = zip::ZipArchive::new(Cursor::new(document)).unwrap();
    archive.index_for_name(ANOTHER_PART).is_some()
}
