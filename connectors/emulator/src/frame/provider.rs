//! What an emulated service is to the frame.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

/// An emulated service: some hosts, what they answer, and what can be done to it from outside.
///
/// Handlers get the whole request body, whatever its size, and these request extensions:
/// [`ActiveFaults`](super::ActiveFaults) and [`Arrival`](super::Arrival). An answer may carry
/// [`ResourceUnits`](super::ResourceUnits) as an extension, for the journal.
pub trait Provider: Send + Sync + 'static {
    /// Its name in the control API and in fault rules: `microsoft`.
    fn name(&self) -> &'static str;

    /// The hosts that it answers for, each with a port of its own, in the order of their ports.
    fn hosts(&self) -> &'static [&'static str];

    /// Told once, before the first request: the base URL of each host, with a `/` at its end.
    fn bound(&self, bases: HashMap<&'static str, Url>);

    /// What `host` answers.
    fn router(self: Arc<Self>, host: &str) -> axum::Router;

    /// The operations that [`control`](Self::control) knows, for the index of the control API.
    fn operations(&self) -> &'static [Operation] {
        &[]
    }

    /// Does `operation` with `arguments` (an object, empty when none were sent) and says what came of it.
    /// `POST /_emulator/{name}/{operation}` ends here.
    ///
    /// Every provider knows `generate` with `{"files": N}` and nothing else: it stores N documents of a
    /// [`ContentPool`](super::ContentPool), for `labeld-emulator serve --files`.
    ///
    /// # Errors
    ///
    /// [`ControlError`], which is answered with its status and text.
    fn control(&self, operation: &str, arguments: &Value) -> Result<Value, ControlError>;

    /// The switches for what the references leave open, with their present values.
    fn switches(&self) -> Value {
        Value::Object(serde_json::Map::new())
    }

    /// Changes the switches that `patch` names (a JSON merge patch, RFC 7396).
    ///
    /// # Errors
    ///
    /// [`ControlError::BadArguments`] for an unknown switch or a value that it cannot have; nothing is
    /// changed then.
    fn set_switches(&self, patch: &Value) -> Result<(), ControlError> {
        match patch.as_object() {
            Some(patch) if patch.is_empty() => Ok(()),
            _ => Err(ControlError::BadArguments(format!(
                "{} has no switches",
                self.name()
            ))),
        }
    }

    /// Stores the files and folders below `folder`.
    ///
    /// # Errors
    ///
    /// When one cannot be read.
    fn seed(&self, folder: &Path) -> anyhow::Result<()>;

    /// The whole state as JSON.
    fn save(&self) -> Value;

    /// Puts what [`save`](Self::save) gave in place of the state.
    ///
    /// # Errors
    ///
    /// When `saved` is not such a state; nothing is changed then.
    fn restore(&self, saved: &Value) -> anyhow::Result<()>;

    /// What a client needs to know: base URLs, ids, and, after [`config_toml`](Self::config_toml), the
    /// credential files.
    fn describe(&self) -> Value;

    /// The tables that make labeld connect here, for its `labeld.toml`. Writes the credential files that
    /// they name into `folder` ([`write_private`](super::write_private)). Where the bases are `https`,
    /// the certificate authority is [`CA_FILE`](super::CA_FILE) in that folder.
    ///
    /// # Errors
    ///
    /// When a file cannot be written.
    fn config_toml(&self, folder: &Path) -> anyhow::Result<String>;
}

/// An operation of a provider, as the index of the control API shows it.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Operation {
    /// The last part of its path.
    pub name: &'static str,
    /// What it does and which arguments it takes, in one line.
    pub about: &'static str,
}

/// Why a control operation was not done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The provider has no such operation. Status 404.
    #[error("unknown operation {0:?}")]
    UnknownOperation(String),
    /// An argument is missing, superfluous or of the wrong kind. Status 400.
    #[error("bad arguments: {0}")]
    BadArguments(String),
    /// What the operation is about is not there. Status 404.
    #[error("not found: {0}")]
    NotFound(String),
    /// The state of the service forbids the operation. Status 409.
    #[error("{0}")]
    Conflict(String),
    /// Anything else. Status 500.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// Reads the arguments of an operation.
///
/// # Errors
///
/// [`ControlError::BadArguments`], which names what is wrong.
pub fn arguments<T: DeserializeOwned>(arguments: &Value) -> Result<T, ControlError> {
    T::deserialize(arguments).map_err(|error| ControlError::BadArguments(error.to_string()))
}
