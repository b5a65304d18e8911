//! A label mirrored as Box's own classification (reference/box.md §7). Optional, and off unless it is switched on: a
//! classification can set off policies of Box Shield.

use async_trait::async_trait;
use labeld_connector::http::Method;
use labeld_connector::{ErrorKind, FileRef, LabelMirror, MirroredLabel, Result};
use serde::Deserialize;
use serde_json::json;

use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::item::acting_login;
use crate::reference::FileName;
use crate::words::has_code;

const OPERATION: &str = "classify file";

const TEMPLATE: &str = "securityClassification-6VMVochwUWo";

const FIELD: &str = "Box__Security__Classification__Key";

const PATCH: &str = "application/json-patch+json";

/// A file's classification.
#[derive(Debug, Deserialize)]
struct Classification {
    #[serde(rename = "Box__Security__Classification__Key")]
    name: Option<String>,
}

#[async_trait]
impl LabelMirror for BoxApp {
    /// Gives a file the classification that is called as its label.
    async fn show(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<()> {
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        let unsupported =
            |why: &'static str| Err(purpose.error(ErrorKind::Unsupported).with_source(why));
        if self.read_only {
            return unsupported("the app is connected read-only");
        }
        let name = FileName::of(file, OPERATION)?;
        acting_login(&*self.people().await?, name.owner, &purpose)?;
        let Some(label) = label else {
            return self.unclassify(name, &purpose).await;
        };
        let label = label.name;
        match self.classify(name, label, &purpose).await {
            Err(error) if has_code(&error, "tuple_already_exists") => {
                self.reclassify(name, label, &purpose).await
            }
            // The template, or the classification in it, is not there.
            Err(error)
                if has_code(&error, "schema_validation_failed")
                    || error.kind() == ErrorKind::NotFound =>
            {
                Err(purpose.error(ErrorKind::Unsupported).with_source(error))
            }
            outcome => outcome,
        }
    }

    async fn is_shown(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<bool> {
        let purpose = Purpose {
            operation: "look at the classification of",
            context: &file.0,
        };
        let name = FileName::of(file, purpose.operation)?;
        acting_login(&*self.people().await?, name.owner, &purpose)?;
        let call = self.instance_call(Method::GET, name, &purpose)?;
        let shown = match self.service.send(call).await {
            Ok(answer) => answer.json::<Classification>()?.name,
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        Ok(shown.as_deref() == label.map(|label| label.name))
    }
}

impl BoxApp {
    async fn classify(&self, name: FileName, label: &str, purpose: &Purpose<'_>) -> Result<()> {
        let call = self
            .instance_call(Method::POST, name, purpose)?
            .json(&json!({ FIELD: label }))
            .repeatable(true);
        self.service.send(call).await.map(|_| ())
    }

    async fn reclassify(&self, name: FileName, label: &str, purpose: &Purpose<'_>) -> Result<()> {
        let patch = json!([{"op": "replace", "path": format!("/{FIELD}"), "value": label}]);
        let call = self
            .instance_call(Method::PUT, name, purpose)?
            .body(patch.to_string(), PATCH)
            .repeatable(true);
        self.service.send(call).await.map(|_| ())
    }

    async fn unclassify(&self, name: FileName, purpose: &Purpose<'_>) -> Result<()> {
        let call = self
            .instance_call(Method::DELETE, name, purpose)?
            .repeatable(true);
        match self.service.send(call).await {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn instance_call(
        &self,
        method: Method,
        name: FileName,
        purpose: &Purpose<'_>,
    ) -> Result<labeld_connector::http::Call> {
        let file = name.file.to_string();
        let url = self.api(&["files", &file, "metadata", "enterprise", TEMPLATE], &[])?;
        Ok(self.call(method, url, Acting::As(name.owner), purpose))
    }
}
