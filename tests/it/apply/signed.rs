//! Signed files: left alone, unless the policy says otherwise and no signature covers what is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use labeld::model::Reason;
use labeld::model::policy::{Governance, SignedFiles};
use labeld::pipeline::apply::plan_undo;
use labeld::store::actions::{Action, ActionRunId, ActionState, RunKind, Verb};
use uuid::Uuid;

use super::policies::{POLICY, decided_to, take_over};
use super::{World, id, label_of, on_each_store};
use crate::five_apps::App;
use crate::workspace::{GENERAL, parts};

const DOCUMENT: &str = "poi__hello-world-signed.docx";
const APPROVED: &str = "pyhanko__minimal-two-fields-signed-twice.pdf";
/// Certified against every change (`P=1`).
const CERTIFIED: &str = "pyhanko__certified-with-indirect-refs-in-dir.pdf";

/// They keep what is written to them as it is.
const APPS: [App; 2] = [App::Local, App::Box];

const APPLY: (Verb, Option<Uuid>) = (Verb::Apply, Some(GENERAL_ID));
const GENERAL_ID: Uuid = Uuid::from_u128(0xf42a_a342_8706_4288_bd11_ebb8_5995_028c);

fn real(name: &str) -> Bytes {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/documents/signed");
    fs::read(folder.join(name)).unwrap().into()
}

fn allow(world: &mut World<'_>, signed: SignedFiles) {
    Arc::make_mut(&mut world.rules).definitions[0].signed = signed;
}

async fn save(world: &World<'_>, app: App, name: &str) {
    world.five.put(app, name, &real(name));
    world.poll(app).await;
}

async fn carry_out(
    world: &World<'_>,
    app: App,
    name: &str,
    wanted: (Verb, Option<Uuid>),
) -> (Action, ActionRunId) {
    let run = world.begin_run(RunKind::Rescan).await;
    let action = decided_to(world, app, name, run, wanted).await;
    (world.act_to_the_end(app, (action, run)).await, run)
}

#[test]
fn signed_files_are_written_only_where_the_policy_and_the_signature_let_it() {
    assert_eq!(GENERAL_ID, id(GENERAL));
    on_each_store(POLICY, &async |world: &mut World<'_>| {
        take_over(world).await;
        let refused = (ActionState::Refused, Some(Reason::FileSigned));
        let done = (ActionState::Done, None);
        for name in [DOCUMENT, APPROVED, CERTIFIED] {
            save(world, App::Box, name).await;
            let (action, _) = carry_out(world, App::Box, name, APPLY).await;
            assert_eq!((action.state, action.reason), refused, "{name}");
            assert_eq!(world.content(App::Box, name), real(name));
        }
        allow(world, SignedFiles::AllowUncovered);
        let site = world.rules.site_id.unwrap();
        for name in [DOCUMENT, APPROVED, CERTIFIED] {
            save(world, App::Local, name).await;
        }
        for app in APPS {
            let (action, _) = carry_out(world, app, CERTIFIED, APPLY).await;
            assert_eq!((action.state, action.reason), refused, "{app:?} {action:?}");
            let detail = action.detail.unwrap_or_default();
            assert!(
                detail.contains("its certification allows no change"),
                "{detail}"
            );
            assert_eq!(world.content(app, CERTIFIED), real(CERTIFIED));
            for name in [DOCUMENT, APPROVED] {
                let (action, run) = carry_out(world, app, name, APPLY).await;
                let context = format!("{app:?} {name} {action:?}");
                assert_eq!((action.state, action.reason), done, "{context}");
                let written = world.content(app, name);
                assert!(label_of(&written, site).is_some(), "{context}");
                signature_holds(name, &written);
                // Taken back whatever the policy says by then.
                allow(world, SignedFiles::Refuse);
                let plan = plan_undo(&world.work, run, "ada").await.unwrap();
                let [(_, restoring)] = plan.planned[..] else {
                    panic!("{context} {plan:?}");
                };
                let ended = world.act_to_the_end(app, (restoring, plan.run)).await;
                assert_eq!((ended.state, ended.reason), done, "{context} {ended:?}");
                assert_as_before(name, &world.content(app, name));
                allow(world, SignedFiles::AllowUncovered);
            }
        }
        removed(world).await;
    });
}

/// A policy that removes what labeld has applied does so under the same option.
async fn removed(world: &mut World<'_>) {
    let app = App::Box;
    // Another name, or it would be the version that was written to before.
    let name = "another-signed.docx";
    world.five.put(app, name, &real(DOCUMENT));
    world.poll(app).await;
    let (applied, _) = carry_out(world, app, name, APPLY).await;
    assert_eq!(applied.state, ActionState::Done, "{applied:?}");
    let rule = &mut Arc::make_mut(&mut world.rules).definitions[0];
    rule.governance = Some(Governance::RemoveLabel);
    rule.filter = None;
    for (signed, expected) in [
        (
            SignedFiles::Refuse,
            (ActionState::Refused, Some(Reason::FileSigned)),
        ),
        (SignedFiles::AllowUncovered, (ActionState::Done, None)),
    ] {
        allow(world, signed);
        let (action, _) = carry_out(world, app, name, (Verb::Remove, None)).await;
        assert_eq!((action.state, action.reason), expected, "{action:?}");
    }
    assert_as_before(DOCUMENT, &world.content(app, name));
}

fn assert_as_before(name: &str, content: &Bytes) {
    let original = real(name);
    match name.ends_with(".pdf") {
        true => assert_eq!(*content, original, "{name}"),
        false => assert_eq!(parts(content), parts(&original), "{name}"),
    }
}

/// What the signature covers is as it was when it was made: the old bytes of a PDF, and the parts and the relationship that
/// the manifest of a package names (reference/label-formats.md §7).
fn signature_holds(name: &str, written: &Bytes) {
    let original = real(name);
    if name.ends_with(".pdf") {
        assert!(written.starts_with(&original), "{name}");
        return;
    }
    let (before, after) = (parts(&original), parts(written));
    let signature = text(&before, "_xmlsignatures/sig1.xml");
    let mut covered = 0;
    for reference in signature.split("<Reference ").skip(1) {
        let uri = reference.split("URI=\"/").nth(1);
        let part = uri.and_then(|uri| uri.split(['?', '"']).next());
        let Some(part) = part.filter(|_| reference.contains("ContentType=")) else {
            continue;
        };
        match part.ends_with(".rels") {
            false => assert_eq!(after.get(part), before.get(part), "{part}"),
            true => {
                for chosen in reference.split("SourceId=\"").skip(1) {
                    let chosen = chosen.split('"').next().unwrap();
                    let row = |parts| relationship(&text(parts, part), chosen);
                    assert_eq!(row(&after), row(&before), "{chosen}");
                }
            }
        }
        covered += 1;
    }
    assert!(covered >= 5, "only {covered} references");
    for (part, bytes) in &before {
        if part.starts_with("_xmlsignatures/") {
            assert_eq!(after.get(part), Some(bytes), "{part}");
        }
    }
}

/// The element of a relationship.
fn relationship(rows: &str, id: &str) -> String {
    let mut all = rows.split("<Relationship ");
    let row = all.find(|row| row.contains(&format!("Id=\"{id}\"")));
    let row = row.unwrap_or_else(|| panic!("no {id} in {rows}"));
    row.split('>').next().unwrap().to_owned()
}

fn text(parts: &BTreeMap<String, Vec<u8>>, name: &str) -> String {
    String::from_utf8(parts[name].clone()).unwrap()
}
