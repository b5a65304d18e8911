//! Google as the frame knows it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, PoisonError};

use anyhow::Context as _;
use axum::Router;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::state::State;
use super::state::transient::Transient;
use super::switches::Switches;
use super::tokens::{CLIENT_EMAIL, CLIENT_ID, KEY_ID};
use super::{DOMAIN, Google, control, seed};
use crate::APP_KEY_PEM;
use crate::frame::{CA_FILE, ControlError, Operation, Provider, write_private};

/// The name of the service account's key file in the folder of the credential files.
const KEY_FILE: &str = "google-service-account.json";

impl Google {
    /// The service account's key file, as the Cloud console makes it.
    #[must_use]
    pub fn service_account_json(&self) -> String {
        key_file().to_string()
    }

    /// The administrator.
    #[must_use]
    pub fn admin(&self) -> String {
        format!("admin@{DOMAIN}")
    }

    /// The person who is there at the start.
    #[must_use]
    pub fn mina(&self) -> String {
        format!("mina@{DOMAIN}")
    }
}

impl Provider for Google {
    fn name(&self) -> &'static str {
        "google"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["google"]
    }

    fn bound(&self, bases: HashMap<&'static str, Url>) {
        if let Some(base) = bases.get("google") {
            *self.base.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(base.clone());
        }
    }

    fn router(self: Arc<Self>, _host: &str) -> Router {
        Router::new().fallback(move |request| self.clone().serve(request))
    }

    fn operations(&self) -> &'static [Operation] {
        control::OPERATIONS
    }

    fn control(&self, operation: &str, arguments: &Value) -> Result<Value, ControlError> {
        control::run(self, operation, arguments)
    }

    fn switches(&self) -> Value {
        serde_json::to_value(&*self.present_switches()).unwrap_or_default()
    }

    fn set_switches(&self, patch: &Value) -> Result<(), ControlError> {
        let bad = |error: &str| ControlError::BadArguments(error.to_owned());
        let patch = patch
            .as_object()
            .ok_or_else(|| bad("switches are an object"))?;
        let mut switches = Provider::switches(self);
        let fields = switches
            .as_object_mut()
            .ok_or_else(|| bad("there are no switches"))?;
        for (name, value) in patch {
            fields.insert(name.clone(), value.clone());
        }
        let switches = Switches::deserialize(&switches).map_err(|error| bad(&error.to_string()))?;
        Self::set_switches(self, switches);
        Ok(())
    }

    fn seed(&self, folder: &Path) -> anyhow::Result<()> {
        seed::store(self, folder)
    }

    fn save(&self) -> Value {
        let state = self.with(|world| world.state.clone());
        json!({
            "state": state,
            "switches": &*self.present_switches(),
        })
    }

    fn restore(&self, saved: &Value) -> anyhow::Result<()> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Saved {
            state: State,
            switches: Switches,
        }

        let mut saved = Saved::deserialize(saved).context("this is no state of Google")?;
        saved.state.reindex();
        saved.state.logs.reindex();
        Self::set_switches(self, saved.switches);
        self.with(|world| {
            // Tokens that were given out go on being good.
            let transient: Transient = std::mem::take(&mut world.state.transient);
            *world.state = saved.state;
            world.state.transient = transient;
        });
        Ok(())
    }

    fn describe(&self) -> Value {
        let base = self.base();
        let (users, drives) = self.with(|world| {
            let users = world.state.directory.users.values();
            let users: Vec<Value> = users
                .map(|user| json!({"id": user.id, "email": user.email}))
                .collect();
            let drives = world.state.drives.values();
            let drives: Vec<Value> = drives
                .map(|drive| json!({"id": drive.id, "name": drive.name}))
                .collect();
            (users, drives)
        });
        json!({
            "base_url": base.as_str(),
            "token_url": base.join("token").map(String::from).unwrap_or_default(),
            "service_account": key_file(),
            "service_account_file": KEY_FILE,
            "admin": self.admin(),
            "domain": DOMAIN,
            "users": users,
            "shared_drives": drives,
        })
    }

    fn config_toml(&self, folder: &Path) -> anyhow::Result<String> {
        write_private(&folder.join(KEY_FILE), self.service_account_json())?;
        let base = self.base();
        let token = base.join("token")?;
        let text = |value: &str| Value::String(value.to_owned()).to_string();
        let mut table = format!(
            "[[tenant.google]]\nname = \"google\"\nservice_account = {{ file = {} }}\nadmin = {}\n\
             token_url = {}\ndrive_url = {at}\ndirectory_url = {at}\nlabels_url = {at}\n",
            text(KEY_FILE),
            text(&self.admin()),
            text(token.as_str()),
            at = text(base.as_str()),
        );
        if base.scheme() == "https" {
            table.push_str(&format!("ca = {}\n", text(CA_FILE)));
        }
        Ok(table)
    }
}

fn key_file() -> Value {
    json!({
        "type": "service_account",
        "project_id": "labeld-demo",
        "private_key_id": KEY_ID,
        "private_key": APP_KEY_PEM,
        "client_email": CLIENT_EMAIL,
        "client_id": CLIENT_ID,
        "auth_uri": "https://accounts.google.com/o/oauth2/auth",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    })
}
