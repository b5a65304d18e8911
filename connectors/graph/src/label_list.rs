//! The tenant's label list (reference/microsoft-graph.md §2).

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use labeld_connector::http::{Method, Url};
use labeld_connector::{Error, ErrorKind, Examined, Health, LabelSource, Result};
use serde_json::{Value, json};

use crate::address::below;
use crate::batch::status_of;
use crate::call::{MOST_ANSWER, Purpose, UNITS_LIST};
use crate::model::Page;
use crate::tenant::{LabelOrder, Tenant};

/// Most pages of a list. Tenants have fewer than 500 labels, on one page.
const MOST_PAGES: usize = 100;

/// The field of the document that says, when it is there, that larger numbers are less sensitive. Its only value is
/// `descending`.
pub const ORDER_FIELD: &str = "labeld.order";

/// The label list of a tenant, by Graph.
///
/// The document is what Graph answers, with the labels of all pages in one `value`, and [`ORDER_FIELD`] where the
/// operator said that the order is turned round.
pub(crate) struct LabelList {
    tenant: Arc<Tenant>,
    /// Whether the beta endpoint answered last, and the stable one did not.
    prefers_beta: AtomicBool,
}

impl LabelList {
    pub(crate) fn new(tenant: Arc<Tenant>) -> Self {
        Self {
            tenant,
            prefers_beta: AtomicBool::new(false),
        }
    }

    /// Every label, from the endpoint that has them.
    async fn labels(&self) -> Result<Vec<Value>> {
        let beta_first = self.prefers_beta.load(Ordering::Relaxed);
        let first = match self.labels_of(beta_first).await {
            Err(error) if is_absent(&error) => error,
            outcome => return outcome,
        };
        match self.labels_of(!beta_first).await {
            Ok(labels) => {
                self.prefers_beta.store(!beta_first, Ordering::Relaxed);
                Ok(labels)
            }
            // The first refusal says more: it is about the endpoint that should work.
            Err(error) if is_absent(&error) => Err(first),
            Err(error) => Err(error),
        }
    }

    async fn labels_of(&self, beta: bool) -> Result<Vec<Value>> {
        let purpose = Purpose {
            operation: "read the label list of",
            context: &self.tenant.id.to_string(),
        };
        let mut labels = Vec::new();
        let mut url = self.url(beta)?;
        let mut bytes = 0;
        for _ in 0..MOST_PAGES {
            let call = self
                .tenant
                .call(Method::GET, url, &purpose, UNITS_LIST)
                .most_bytes(MOST_ANSWER.saturating_sub(bytes));
            let answer = self.tenant.service.send(call).await?;
            bytes += answer.body.len() as u64;
            let page: Page<Value> = answer.json()?;
            labels.extend(page.value);
            match page.next_link {
                None => return Ok(labels),
                Some(link) => url = self.tenant.checked_link(&link, &purpose)?,
            }
        }
        Err(purpose.malformed("the list has more pages than any tenant's"))
    }

    fn url(&self, beta: bool) -> Result<Url> {
        let segments = if beta {
            ["beta", "security", "informationProtection"]
        } else {
            ["v1.0", "security", "dataSecurityAndGovernance"]
        };
        let base = below(&self.tenant.endpoints.graph, &segments)?;
        below(&base, &["sensitivityLabels"])
    }
}

/// Whether the endpoint is not there, or not for this app.
fn is_absent(error: &Error) -> bool {
    matches!(status_of(error), Some(403 | 404))
}

impl fmt::Debug for LabelList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LabelList")
            .field("tenant", &self.tenant.id)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for LabelList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "label list of tenant {} by Microsoft Graph",
            self.tenant.id
        )
    }
}

#[async_trait]
impl LabelSource for LabelList {
    async fn label_list(&self) -> Result<Bytes> {
        let labels = self.labels().await?;
        let mut document = json!({ "value": labels });
        if self.tenant.label_order == LabelOrder::Descending
            && let Some(fields) = document.as_object_mut()
        {
            fields.insert(ORDER_FIELD.to_owned(), "descending".into());
        }
        Ok(Bytes::from(document.to_string()))
    }

    async fn examine(&self) -> Vec<Examined> {
        const SUBJECT: &str = "label list";
        let examined = match self.labels().await {
            Ok(labels) if labels.is_empty() => Examined::new(
                SUBJECT,
                Health::Warning,
                "the tenant has no sensitivity labels",
                "publish labels in the Microsoft Purview portal → Information Protection → Sensitivity labels",
            ),
            Ok(labels) => Examined::passed(SUBJECT, format!("{} labels", labels.len())),
            Err(error) => Examined::new(
                SUBJECT,
                match error.kind() {
                    ErrorKind::Unauthenticated => Health::Failed,
                    _ => Health::Warning,
                },
                error.sentence(),
                match error.kind() {
                    ErrorKind::Unauthenticated => {
                        "check tenant id, client id and credential: Entra admin centre → App registrations"
                    }
                    ErrorKind::Denied | ErrorKind::NotFound => {
                        "grant SensitivityLabel.Read in Entra admin centre → App registrations → API permissions → Microsoft Graph, or give labeld an exported label list"
                    }
                    _ => "try again later; the last good list stays in use",
                },
            )
            .with_kind(error.kind()),
        };
        vec![examined]
    }
}
