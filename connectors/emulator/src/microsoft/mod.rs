//! Microsoft 365: sign-in, Graph and SharePoint.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};
use url::Url;

use crate::frame::{ControlError, Frame, Provider};

/// What the tenant is like at the start.
#[derive(Debug, Clone, Default)]
pub struct MicrosoftOptions {}

/// The emulated tenant.
#[derive(Debug)]
pub struct Microsoft {
    #[expect(dead_code, reason = "for the handlers")]
    frame: Frame,
}

impl Microsoft {
    /// A fresh tenant.
    #[must_use]
    pub fn new(_options: MicrosoftOptions, frame: Frame) -> Arc<Self> {
        Arc::new(Self { frame })
    }
}

impl Provider for Microsoft {
    fn name(&self) -> &'static str {
        "microsoft"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &["login", "graph", "sharepoint", "sharepoint-my"]
    }

    fn bound(&self, _bases: HashMap<&'static str, Url>) {}

    fn router(self: Arc<Self>, _host: &str) -> Router {
        Router::new()
    }

    fn control(&self, operation: &str, _arguments: &Value) -> Result<Value, ControlError> {
        Err(ControlError::UnknownOperation(operation.to_owned()))
    }

    fn seed(&self, _folder: &Path) -> anyhow::Result<()> {
        Ok(())
    }

    fn save(&self) -> Value {
        json!({})
    }

    fn restore(&self, _saved: &Value) -> anyhow::Result<()> {
        Ok(())
    }

    fn describe(&self) -> Value {
        json!({})
    }

    fn config_toml(&self, _folder: &Path) -> anyhow::Result<String> {
        Ok(String::new())
    }
}
