//! The sensitivity label mirrored as a Drive label (reference/google-drive.md §7).

use async_trait::async_trait;
use labeld_connector::http::Method;
use labeld_connector::{ErrorKind, FileRef, LabelMirror, MirroredLabel, Result};
use serde_json::{Value, json};

use crate::client::Purpose;
use crate::corpus::parse_file;
use crate::drive::GoogleDrive;
use crate::options::MirrorLabel;

#[async_trait]
impl LabelMirror for GoogleDrive {
    async fn is_shown(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<bool> {
        const OPERATION: &str = "look for Drive labels of";
        let purpose = Purpose::new(OPERATION, &file.0);
        let mirror = self.mirror(&purpose)?;
        let (corpus, id) = parse_file(file, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let segments = ["drive", "v3", "files", &id, "listLabels"];
        let url = self
            .client
            .drive_url(&segments, &[("maxResults", "100")], false)?;
        let units = self.client.units.list;
        let answer: Value = self.client.get(url, &purpose, units, &sight.eyes).await?;
        let shown = selected(&answer, mirror);
        Ok(match label {
            Some(label) => {
                shown.len() == 1 && shown.iter().all(|it| it.eq_ignore_ascii_case(label.id))
            }
            None => shown.is_empty(),
        })
    }

    async fn show(&self, file: &FileRef, label: Option<MirroredLabel<'_>>) -> Result<()> {
        const OPERATION: &str = "mirror the label of";
        let purpose = Purpose::new(OPERATION, &file.0);
        let mirror = self.mirror(&purpose)?;
        if self.options.read_only {
            let why = "the tenant is connected read-only";
            return Err(purpose.error(ErrorKind::Unsupported).with_source(why));
        }
        let (corpus, id) = parse_file(file, OPERATION)?;
        let modification = if let Some(wanted) = label {
            let choice = mirror
                .choices
                .iter()
                .find(|(label, _)| label.eq_ignore_ascii_case(wanted.id));
            let Some((_, choice)) = choice else {
                let why = "the configuration names no choice of the Drive label for it";
                return Err(purpose.error(ErrorKind::Unsupported).with_source(why));
            };
            json!({
                "labelId": mirror.label,
                "fieldModifications": [{"fieldId": mirror.field, "setSelectionValues": [choice]}],
            })
        } else {
            json!({"labelId": mirror.label, "removeLabel": true})
        };
        let sight = self.sight(&corpus, OPERATION).await?;
        let segments = ["drive", "v3", "files", &id, "modifyLabels"];
        let url = self.client.drive_url(&segments, &[], false)?;
        let units = self.client.units.write;
        let call = self
            .client
            .drive_call(Method::POST, url, &purpose, units, &sight.eyes)
            // The same modification twice is one.
            .set(|call| {
                call.json(&json!({"labelModifications": [modification]}))
                    .repeatable(true)
            });
        self.client.send(call).await.map(|_| ())
    }
}

impl GoogleDrive {
    fn mirror(&self, purpose: &Purpose<'_>) -> Result<&MirrorLabel> {
        let mirror = self.options.mirror_label.as_ref();
        mirror.ok_or_else(|| {
            purpose
                .error(ErrorKind::Unsupported)
                .with_source("labels are not mirrored")
        })
    }
}

/// The sensitivity labels that the choices on a file stand for.
fn selected(answer: &Value, mirror: &MirrorLabel) -> Vec<String> {
    let labels = answer
        .get("labels")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let ours = labels
        .filter(|label| label.get("id").and_then(Value::as_str) == Some(mirror.label.as_str()));
    let choices = ours
        .filter_map(|label| {
            label
                .get("fields")?
                .get(&mirror.field)?
                .get("selection")?
                .as_array()
        })
        .flatten()
        .filter_map(Value::as_str);
    choices
        .filter_map(|choice| {
            let known = mirror.choices.iter().find(|(_, known)| *known == choice);
            known.map(|(label, _)| label.clone())
        })
        .collect()
}
