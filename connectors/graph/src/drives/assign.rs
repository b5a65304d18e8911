//! Labels as the service reads and sets them (reference/microsoft-graph.md §6.1, §6.2).

use std::sync::atomic::Ordering;
use std::time::Duration;

use labeld_connector::http::{Call, Method, Url};
use labeld_connector::{
    AssignLabel, AssignOutcome, Error, ErrorKind, FileRef, NativeLabel, Result,
};
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Core;
use super::reference::ItemRef;
use crate::batch::status_of;
use crate::call::{MOST_ANSWER, Purpose, UNITS_LIST, UNITS_ONE};

const EXTRACT: &str = "read the label of";
const ASSIGN: &str = "assign a label to";

/// The first wait between two looks at a job; each further one is twice as long.
const FIRST_LOOK: Duration = Duration::from_secs(1);

/// The longest wait between two looks.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Labels of a file: at the top in practice, in `value` in the documentation.
#[derive(Deserialize)]
#[serde(untagged)]
enum Extracted {
    Wrapped { value: Labels },
    Plain(Labels),
}

#[derive(Deserialize)]
struct Labels {
    labels: Vec<LabelOnFile>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LabelOnFile {
    sensitivity_label_id: String,
    #[serde(default)]
    assignment_method: Option<String>,
    #[serde(default)]
    tenant_id: Option<String>,
}

/// What the monitor says of a job.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Job {
    status: Option<String>,
    status_description: Option<String>,
    error_code: Option<String>,
}

impl Core {
    /// The labels that the service finds on the file's present content.
    pub(super) async fn extract(&self, file: &FileRef) -> Result<Vec<NativeLabel>> {
        let at = ItemRef::of(file, EXTRACT)?;
        let purpose = Purpose {
            operation: EXTRACT,
            context: &file.0,
        };
        let url = self.item_url(at, &["extractSensitivityLabels"], None)?;
        let call = self
            .tenant
            .call(Method::POST, url, &purpose, UNITS_LIST)
            .body("", "application/json")
            // It only reads.
            .repeatable(true);
        let answer: Extracted = self.tenant.service.send(call).await?.json()?;
        let (Extracted::Wrapped { value: found } | Extracted::Plain(found)) = answer;
        let labels = found.labels.into_iter().map(|label| NativeLabel {
            label: label.sensitivity_label_id,
            tenant: label.tenant_id,
            method: label.assignment_method,
        });
        Ok(labels.collect())
    }

    /// Asks the service to set a label, and follows the job.
    pub(super) async fn assign(
        &self,
        file: &FileRef,
        request: &AssignLabel,
    ) -> Result<AssignOutcome> {
        let at = ItemRef::of(file, ASSIGN)?;
        let purpose = Purpose {
            operation: ASSIGN,
            context: &file.0,
        };
        let unsupported =
            |why: &'static str| purpose.error(ErrorKind::Unsupported).with_source(why);
        if self.tenant.read_only || !self.tenant.assign_labels {
            return Err(unsupported(
                "assigning labels by the service is switched off",
            ));
        }
        if self.assigning_is_unpaid.load(Ordering::Relaxed) {
            return Err(unsupported(UNPAID));
        }
        let until = Instant::now() + request.patience;
        let url = self.item_url(at, &["assignSensitivityLabel"], None)?;
        let call = self
            .tenant
            .call(Method::POST, url, &purpose, UNITS_LIST)
            .json(&json!({
                "sensitivityLabelId": request.label,
                "assignmentMethod": request.method,
                "justificationText": request.justification,
            }))
            .accept_status(&[202])
            .repeatable(false);
        let answer = match self.tenant.service.send(call).await {
            Ok(answer) => answer,
            Err(error) if status_of(&error) == Some(402) => {
                self.assigning_is_unpaid.store(true, Ordering::Relaxed);
                return Err(unsupported(UNPAID));
            }
            Err(error) => return Err(error),
        };
        match answer.location() {
            Some(monitor) if self.tenant.endpoints.sharepoint.contain(&monitor) => {
                self.follow(monitor, until, &purpose).await
            }
            // Accepted, and nowhere to ask.
            _ => Ok(AssignOutcome::Pending),
        }
    }

    /// Asks a job how it stands until it ends or patience does. The address is a credential by itself, and no token goes
    /// to it.
    async fn follow(
        &self,
        monitor: Url,
        until: Instant,
        purpose: &Purpose<'_>,
    ) -> Result<AssignOutcome> {
        let mut pause = FIRST_LOOK;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(AssignOutcome::Pending);
            }
            sleep(pause.min(left)).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            let call = Call::new(
                Method::GET,
                monitor.clone(),
                purpose.operation,
                purpose.context,
            )
            .accept_status(&[202])
            .units(UNITS_ONE)
            .most_bytes(MOST_ANSWER);
            match self.tenant.service.send(call).await {
                Ok(answer) if answer.body.is_empty() => {
                    if answer.status != 202 {
                        return Ok(AssignOutcome::Completed);
                    }
                }
                Ok(answer) => {
                    if let Some(outcome) = outcome_of(&answer.json().unwrap_or_default()) {
                        return Ok(outcome);
                    }
                }
                Err(error) if is_passing(&error) => {}
                // Whether it was done, the file itself tells.
                Err(_) => return Ok(AssignOutcome::Pending),
            }
        }
    }
}

const UNPAID: &str = "the service wants payment for assigning labels, and no billing is set up for the app \
    (Azure resource Microsoft.GraphServices/accounts); asked again after a restart";

fn is_passing(error: &Error) -> bool {
    error.kind().is_retryable()
}

/// How a job ended; `None` while it runs.
fn outcome_of(job: &Job) -> Option<AssignOutcome> {
    match job.status.as_deref()? {
        "completed" => Some(AssignOutcome::Completed),
        "failed" | "deleteFailed" | "cancelled" => {
            let words = [&job.error_code, &job.status_description];
            let words: Vec<&str> = words
                .into_iter()
                .filter_map(|word| word.as_deref())
                .collect();
            Some(AssignOutcome::Failed(match words.as_slice() {
                [] => "the service does not say why".to_owned(),
                words => words.join(": ").chars().take(300).collect(),
            }))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_the_answer_are_read() {
        for (text, count) in [
            (r#"{"labels":[]}"#, Some(0)),
            (
                r#"{"@odata.context":"x","labels":[{"sensitivityLabelId":"a","tenantId":"t"}]}"#,
                Some(1),
            ),
            (
                r#"{"value":{"labels":[{"sensitivityLabelId":"a"},{"sensitivityLabelId":"b"}]}}"#,
                Some(2),
            ),
            ("{}", None),
            (r#"{"value":[]}"#, None),
        ] {
            let found = serde_json::from_str(text).ok().map(|answer| match answer {
                Extracted::Wrapped { value } => value.labels.len(),
                Extracted::Plain(labels) => labels.labels.len(),
            });
            assert_eq!(found, count, "{text}");
        }
    }

    #[test]
    fn the_end_of_a_job_is_recognised() {
        for (text, outcome) in [
            (r#"{"status":"inProgress"}"#, None),
            (r#"{"status":"waiting"}"#, None),
            ("{}", None),
            (r#"{"status":"completed"}"#, Some(AssignOutcome::Completed)),
            (
                r#"{"status":"failed","errorCode":"x"}"#,
                Some(AssignOutcome::Failed("x".to_owned())),
            ),
            (
                r#"{"status":"cancelled"}"#,
                Some(AssignOutcome::Failed(
                    "the service does not say why".to_owned(),
                )),
            ),
        ] {
            let job = serde_json::from_str(text).unwrap();
            assert_eq!(outcome_of(&job), outcome, "{text}");
        }
    }
}
