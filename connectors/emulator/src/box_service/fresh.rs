//! The enterprise at the start. Its ids and secrets are published and protect nothing.

use std::collections::BTreeMap;

use url::Url;

use super::state::directory::{Role, Status, User};
use super::state::{App, Id, Millis, State};
use super::world::Bases;

/// The enterprise.
pub(crate) const ENTERPRISE: Id = 900_100;

pub(crate) const CLIENT_ID: &str = "labeld-emulator-box-client-id";
pub(crate) const CLIENT_SECRET: &str = "labeld-emulator-box-client-secret";
pub(crate) const PUBLIC_KEY_ID: &str = "k1d8char";

/// The passphrase of the key in the app's configuration file.
pub const KEY_PASSPHRASE: &str = "labeld-emulator";

/// Every scope that labeld can use (reference/box.md §1.1), without that of the Global Content Manager.
pub const ALL_SCOPES: &[&str] = &[
    "root_readwrite",
    "root_readonly",
    "manage_managed_users",
    "manage_app_users",
    "manage_groups",
    "manage_enterprise_properties",
    "manage_webhook",
];

pub(crate) const SERVICE_ACCOUNT: Id = 6_999;
pub(crate) const ADMIN: Id = 7_000;
pub(crate) const MINA: Id = 7_001;

/// Numbers below are for those above.
const FIRST_FREE: Id = 100_000;

/// A user with everything usual.
pub(crate) fn user(login: &str, name: &str, now: Millis) -> User {
    User {
        login: login.to_owned(),
        name: name.to_owned(),
        managed: true,
        role: Role::User,
        status: Status::Active,
        platform_only: false,
        job_title: String::new(),
        tracking_codes: Vec::new(),
        space: u64::MAX,
        created: now,
    }
}

/// The enterprise without files.
pub(crate) fn state(now: Millis) -> State {
    let mut users = BTreeMap::new();
    let service = User {
        platform_only: true,
        space: 10 << 30,
        ..user(
            "AutomationUser_1234567_a1B2c3D4e5@boxdevedition.com",
            "labeld",
            now,
        )
    };
    users.insert(SERVICE_ACCOUNT, service);
    let admin = User {
        role: Role::Admin,
        ..user("admin@alder.example", "Ada Admin", now)
    };
    users.insert(ADMIN, admin);
    users.insert(MINA, user("mina@alder.example", "Mina Alder", now));
    State {
        enterprise: ENTERPRISE,
        enterprise_name: "Alder".to_owned(),
        app: App {
            client_id: CLIENT_ID.to_owned(),
            client_secret: CLIENT_SECRET.to_owned(),
            public_key_id: PUBLIC_KEY_ID.to_owned(),
            service_account: SERVICE_ACCOUNT,
            service_id: "1234567".to_owned(),
            name: "labeld".to_owned(),
            scopes: ALL_SCOPES.iter().map(ToString::to_string).collect(),
            as_user: true,
            user_tokens: false,
            authorized: true,
            enterprise_access: true,
            webhook_keys: [
                "primary-key-example".to_owned(),
                "secondary-key-example".to_owned(),
            ],
        },
        users,
        groups: BTreeMap::new(),
        memberships: BTreeMap::new(),
        collaborations: BTreeMap::new(),
        tree: super::state::tree::Tree::default(),
        contents: crate::frame::ContentTable::default(),
        events: super::state::event::EventLog::default(),
        classifications: None,
        allowed_domains: BTreeMap::new(),
        webhooks: BTreeMap::new(),
        sessions: std::collections::HashMap::new(),
        used_assertions: std::collections::HashMap::new(),
        downloads: std::collections::HashMap::new(),
        last_id: FIRST_FREE,
        script: super::state::Script::default(),
        calls: std::collections::HashMap::new(),
    }
}

/// Where the service really is; told otherwise before the first request.
#[allow(clippy::expect_used, reason = "the texts are constants")]
pub(crate) fn bases() -> Bases {
    let url = |text: &str| Url::parse(text).expect("a constant URL");
    Bases {
        api: url("https://api.box.com/"),
        upload: url("https://upload.box.com/"),
        download: url("https://dl.boxcloud.com/"),
    }
}
