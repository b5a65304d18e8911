//! The enterprise as a service of the frame.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use serde::Deserialize as _;
use serde_json::{Value, json};
use url::Url;

use super::state::State;
use super::{BoxService, Switches, control, fresh, http, lock};
use crate::frame::{CA_FILE, ControlError, Operation, Provider, Seed, each_seed, write_private};

/// The name of the app's configuration file in the folder of the credential files.
const CONFIG_FILE: &str = "box-app.json";

impl Provider for BoxService {
    fn name(&self) -> &'static str {
        "box"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["api", "upload", "download"]
    }

    fn bound(&self, bases: HashMap<&'static str, Url>) {
        self.set_bases(&bases);
    }

    fn router(self: Arc<Self>, host: &str) -> Router {
        match host {
            "api" => http::api(self),
            "upload" => http::upload(self),
            _ => http::download(self),
        }
    }

    fn operations(&self) -> &'static [Operation] {
        control::OPERATIONS
    }

    fn control(&self, operation: &str, arguments: &Value) -> Result<Value, ControlError> {
        self.operate(operation, arguments)
    }

    fn switches(&self) -> Value {
        json!(BoxService::switches(self))
    }

    fn set_switches(&self, patch: &Value) -> Result<(), ControlError> {
        let switches: Switches = BoxService::switches(self)
            .patched(patch)
            .map_err(|error| ControlError::BadArguments(error.to_string()))?;
        BoxService::set_switches(self, switches);
        Ok(())
    }

    /// Into the first user's root.
    fn seed(&self, folder: &Path) -> anyhow::Result<()> {
        each_seed(folder, |seed| {
            let user = fresh::MINA;
            self.with(|world| match seed {
                Seed::Folder(path) => world
                    .folder_at(user, &path)
                    .map(drop)
                    .with_context(|| format!("cannot store {path}")),
                Seed::File(path, content) => world
                    .put(user, &path, content, user)
                    .map(drop)
                    .with_context(|| format!("cannot store {path}")),
            })
        })
    }

    fn save(&self) -> Value {
        json!({
            "state": *lock(&self.state),
            "switches": BoxService::switches(self),
        })
    }

    fn restore(&self, saved: &Value) -> anyhow::Result<()> {
        let part = |name: &str| saved.get(name).cloned().unwrap_or_default();
        let state =
            State::deserialize(part("state")).context("this is no state of a Box enterprise")?;
        let switches = Switches::deserialize(part("switches")).context("these are no switches")?;
        *lock(&self.state) = state;
        BoxService::set_switches(self, switches);
        Ok(())
    }

    fn describe(&self) -> Value {
        let bases = self.bases();
        json!({
            "api": bases.api.as_str(),
            "upload": bases.upload.as_str(),
            "download": bases.download.as_str(),
            "enterprise_id": self.enterprise_id(),
            "client_id": fresh::CLIENT_ID,
            "client_secret": fresh::CLIENT_SECRET,
            "user_id": self.mina(),
            "config_file": CONFIG_FILE,
            "config": serde_json::from_str::<Value>(&self.config_json()).unwrap_or_default(),
        })
    }

    fn config_toml(&self, folder: &Path) -> anyhow::Result<String> {
        write_private(&folder.join(CONFIG_FILE), self.config_json())?;
        let bases = self.bases();
        let text = |value: &str| Value::String(value.to_owned()).to_string();
        let token = bases.api.join("oauth2/token")?;
        let mut table = format!(
            "[[tenant.box]]\nname = \"box\"\nconfig = {{ file = {} }}\n\
             token_url = {}\napi_url = {}\nupload_url = {}\ndownload_hosts = [{}]\n",
            text(CONFIG_FILE),
            text(token.as_str()),
            text(bases.api.as_str()),
            text(bases.upload.as_str()),
            text(bases.download.as_str()),
        );
        if bases.api.scheme() == "https" {
            table.push_str(&format!("ca = {}\n", text(CA_FILE)));
        }
        Ok(table)
    }
}
