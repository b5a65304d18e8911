//! The tenant at the start.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::MicrosoftOptions;
use super::ids::DriveKey;
use super::state::State;
use super::state::directory::{
    Application, Certificate, ClientSecret, GRAPH_ROLES, Group, GroupKind, NoOneDrive,
    OneDriveState, SHAREPOINT_ROLES, User,
};
use super::state::drive::{Drive, DriveIndex, DriveKind, Owner};
use super::state::item::Millis;
use super::state::label;
use super::state::permission::Principal;
use super::state::site::{SharePointHost, Site, SiteIndex, SiteState};

/// The tenant of the reference's examples: one site, one person, a few labels.
pub(super) fn initial(options: &MicrosoftOptions, now: DateTime<Utc>) -> State {
    let mut state = State::empty(options.tenant_id, &options.tenant_name, options.seed);
    let now = now.timestamp_millis();
    state.labels = label::initial();
    state.applications.push(Application {
        client_id: options.client_id.clone(),
        name: "labeld".to_owned(),
        secrets: vec![
            ClientSecret {
                value: options.client_secret.clone(),
                expired: false,
            },
            ClientSecret {
                value: format!("{}-expired", options.client_secret),
                expired: true,
            },
        ],
        certificates: vec![Certificate {
            pem: crate::APP_CERTIFICATE_PEM.to_owned(),
        }],
        graph_roles: GRAPH_ROLES.map(str::to_owned).to_vec(),
        sharepoint_roles: SHAREPOINT_ROLES.map(str::to_owned).to_vec(),
    });
    finance(&mut state, now);
    mina(&mut state, now);
    state
}

fn finance(state: &mut State, now: Millis) {
    let group = Uuid::from_u128(0xc0ff_ee00_0000_4000_8000_0000_0000_b001);
    let key = DriveKey {
        site: Uuid::from_u128(0x4e1d_7f0a_9b2c_4f59_8a77_1f6f_0b3c_2d10),
        web: Uuid::from_u128(0xb8a2_c6d4_5e3f_4a0b_9c1d_2e7f_6a5b_4c3d),
        list: Uuid::from_u128(0x9946_4fab_1d42_4768_bbb7_9fda_7473_9c4a),
    };
    let site = state.add_site(
        SharePointHost::Root,
        "sites/finance",
        "Finance",
        Some(key),
        now,
    );
    let drive = state.add_drive(site, "Documents", "Shared Documents", Some(key), now);
    if let Some(drive) = state.drive_mut(drive) {
        drive.owner = Owner::Group(group);
    }
    state.groups.push(Group {
        id: group,
        name: "Finance".to_owned(),
        kind: GroupKind::Unified,
        members: Vec::new(),
        drives: vec![drive],
    });
}

fn mina(state: &mut State, now: Millis) {
    let id = Uuid::from_u128(0xa3c1_d7de_0000_4000_8000_0000_0000_a001);
    let user = User {
        id,
        name: "Mina Okafor".to_owned(),
        user_principal_name: format!("mina@{}", state.domains[0]),
        mail: Some(format!("mina@{}", state.domains[0])),
        department: Some("Finance".to_owned()),
        company: Some("Alder".to_owned()),
        office: None,
        guest: false,
        enabled: true,
        distinguished_name: Some("CN=Mina Okafor,OU=Finance,DC=alder,DC=example".to_owned()),
        one_drive: OneDriveState::None(NoOneDrive::default()),
        deleted: false,
    };
    let key = DriveKey {
        site: Uuid::from_u128(0x7777_0000_1111_4222_8333_4444_5555_6666),
        web: Uuid::from_u128(0x8888_0000_1111_4222_8333_4444_5555_6666),
        list: Uuid::from_u128(0x9999_0000_1111_4222_8333_4444_5555_6666),
    };
    state.users.push(user);
    state.add_one_drive(id, Some(key), now);
    for group in &mut state.groups {
        group.members.push(id);
    }
}

impl State {
    /// Adds a site; `key` gives its ids.
    pub(super) fn add_site(
        &mut self,
        host: SharePointHost,
        path: &str,
        title: &str,
        key: Option<DriveKey>,
        now: Millis,
    ) -> SiteIndex {
        self.site_sequence += 1;
        let (collection, web) = match key {
            Some(key) => (key.site, key.web),
            None => (self.new_uuid(), self.new_uuid()),
        };
        self.sites.push(Site {
            host,
            path: path.to_owned(),
            name: path.rsplit('/').next().unwrap_or(path).to_owned(),
            title: title.to_owned(),
            collection,
            web,
            parent: None,
            created: now,
            modified: now,
            state: SiteState::Open,
            grants: Vec::new(),
            sequence: self.site_sequence,
        });
        SiteIndex(self.sites.len() - 1)
    }

    /// Adds a library to a site; `key` gives its ids.
    pub(super) fn add_drive(
        &mut self,
        site: SiteIndex,
        name: &str,
        url_name: &str,
        key: Option<DriveKey>,
        now: Millis,
    ) -> DriveIndex {
        let list = self.new_uuid();
        let found = self.site(site);
        let title = found.map_or_else(String::new, |site| site.title.clone());
        let key = key.unwrap_or_else(|| DriveKey {
            site: found.map_or(Uuid::nil(), |site| site.collection),
            web: found.map_or(Uuid::nil(), |site| site.web),
            list,
        });
        let mut drive = Drive::new(key, site, DriveKind::DocumentLibrary, name, now);
        drive.url_name = url_name.to_owned();
        drive.grant_defaults(&title, None);
        self.drives.push(drive);
        DriveIndex(self.drives.len() - 1)
    }

    /// Gives a person a OneDrive.
    pub(super) fn add_one_drive(
        &mut self,
        user_id: Uuid,
        key: Option<DriveKey>,
        now: Millis,
    ) -> Option<DriveIndex> {
        let user = self.users.iter().find(|user| user.id == user_id)?.clone();
        let name = user.user_principal_name.replace(['@', '.'], "_");
        let site = self.add_site(
            SharePointHost::My,
            &format!("personal/{name}"),
            &user.name,
            key,
            now,
        );
        let index = self.add_drive(site, "OneDrive", "Documents", key, now);
        let drive = self.drive_mut(index)?;
        drive.kind = DriveKind::Business;
        drive.owner = Owner::User(user_id);
        drive.quota = 1024 * 1024 * 1024 * 1024;
        let principal = Principal::Person {
            id: Some(user_id),
            name: user.name,
            email: user.mail,
            login: format!("i:0#.f|membership|{}", user.user_principal_name),
        };
        drive.grant_defaults("", Some(principal));
        let user = self.users.iter_mut().find(|user| user.id == user_id)?;
        user.one_drive = OneDriveState::Drive(index);
        Some(index)
    }
}
