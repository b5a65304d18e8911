//! What there is at the start.

use std::collections::BTreeSet;

use url::Url;

use super::DOMAIN;
use super::state::State;
use super::state::directory::{Domain, OrgUnit};
use super::state::label::{DriveLabel, LabelChoice, LabelField};
use super::state::permission::{Grantee, Role};
use super::switches::Switches;
use super::tokens::SCOPE_PREFIX;
use super::world::{NewPerson, World};
use crate::frame::Frame;

/// The scopes that are delegated to labeld's service account.
const DELEGATED: &[&str] = &[
    "drive",
    "drive.readonly",
    "drive.metadata.readonly",
    "drive.labels.readonly",
    "drive.admin.labels.readonly",
    "admin.directory.user.readonly",
    "admin.directory.orgunit.readonly",
    "admin.directory.domain.readonly",
    "admin.directory.group.readonly",
    "admin.directory.group.member.readonly",
];

/// A fresh customer.
pub(super) fn state(switches: &Switches, base: &Url, frame: &Frame) -> State {
    let mut state = State::default();
    state.delegated = DELEGATED
        .iter()
        .map(|scope| format!("{SCOPE_PREFIX}{scope}"))
        .collect::<BTreeSet<_>>();
    "C01alder".clone_into(&mut state.directory.customer);
    state.directory.domains.push(Domain {
        name: DOMAIN.to_owned(),
        is_primary: true,
        aliases: vec!["alder-alias.example".to_owned()],
    });
    state.directory.units = [
        ("03ph8a2z", "/"),
        ("03ph8a2y", "/Finance"),
        ("03ph8a2x", "/Finance/Audit"),
    ]
    .map(|(id, path)| OrgUnit {
        id: id.to_owned(),
        path: path.to_owned(),
    })
    .into();
    state.labels.push(label());
    let mut world = World {
        state: &mut state,
        switches,
        base,
        journal: &frame.journal,
        now: frame.clock.now(),
    };
    people(&mut world);
    state
}

fn people(world: &mut World<'_>) {
    let people = [
        ("admin", "Ada Min", "/", None, true),
        ("mina", "Mina Alder", "/Finance", Some("Finance"), false),
    ];
    for (local, name, unit, department, is_admin) in people {
        let person = NewPerson {
            email: format!("{local}@{DOMAIN}"),
            name: name.to_owned(),
            unit: unit.to_owned(),
            department: department.map(str::to_owned),
            is_admin,
            is_guest: false,
        };
        // Nobody is there yet to have the address.
        let _ = world.add_person(person);
    }
    let drive = world.add_drive("Finance");
    if let Ok(known) = world.drive_mut(&drive) {
        known.unit = Some("03ph8a2y".to_owned());
    }
    let mina = Grantee::User(format!("mina@{DOMAIN}"));
    // The drive was made just now.
    let _ = world.add_member(&drive, mina, Role::Organizer);
}

fn label() -> DriveLabel {
    let choice = |id: &str, name: &str| LabelChoice {
        id: id.to_owned(),
        name: name.to_owned(),
    };
    DriveLabel {
        id: "L1abc".to_owned(),
        revision: 7,
        title: "Sensitivity".to_owned(),
        fields: vec![LabelField {
            id: "F1".to_owned(),
            name: "Level".to_owned(),
            choices: vec![
                choice("CH_CONF", "Confidential"),
                choice("CH_PUB", "Public"),
            ],
        }],
        disabled: false,
    }
}
