//! What only SharePoint's own interface tells (reference/microsoft-graph.md §1.7, §5.3, §5.5).

use labeld_connector::http::{Answer, Call, Method, Url};
use labeld_connector::{Error, ErrorKind, Result};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use crate::address::{ask, below};
use crate::call::{MOST_ANSWER, Purpose, UNITS_LIST};
use crate::tenant::Tenant;

/// The fix for everything that needs this interface.
pub(crate) const NEEDS_CERTIFICATE: &str = "SharePoint's own interface accepts only apps that sign in with a certificate, not with a client secret";

/// The permission that this interface needs: of the SharePoint API, not of Graph.
pub(crate) const NEEDS_ROLE: &str =
    "the app has no Sites.Read.All (or Sites.Selected) of the SharePoint API";

/// Settings of a list.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub(crate) struct ListSettings {
    pub(crate) force_checkout: Option<bool>,
}

/// Who holds a lock.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Holder {
    pub(crate) name: Option<String>,
}

impl Tenant {
    /// The settings of a list of a site.
    pub(crate) async fn list_settings(
        &self,
        site: &Url,
        list: Uuid,
        purpose: &Purpose<'_>,
    ) -> Result<ListSettings> {
        let mut url = below(site, &["_api", "web", &format!("lists(guid'{list}')")])?;
        ask(&mut url, &[("$select", "Id,Title,ForceCheckout")]);
        self.rest(url, purpose).await?.json()
    }

    /// Who holds a lock on a file; `None` where nobody does.
    pub(crate) async fn lock_holder(
        &self,
        site: &Url,
        file: Uuid,
        purpose: &Purpose<'_>,
    ) -> Result<Option<Holder>> {
        let file = format!("GetFileById('{file}')");
        let url = below(site, &["_api", "web", &file, "LockedByUser"])?;
        let answer = self.rest(url, purpose).await?;
        if answer.body.is_empty() {
            return Ok(None);
        }
        Ok(holder_in(&answer.json()?))
    }

    async fn rest(&self, url: Url, purpose: &Purpose<'_>) -> Result<Answer> {
        if !self.endpoints.sharepoint.contain(&url) {
            return Err(purpose.malformed("the site's address is not one of SharePoint's"));
        }
        if !self.proof.is_certificate() {
            return Err(purpose
                .error(ErrorKind::Unsupported)
                .with_source(NEEDS_CERTIFICATE));
        }
        let call = Call::new(Method::GET, url.clone(), purpose.operation, purpose.context)
            .bearer(self.sharepoint_tokens(&url)?)
            .header("accept", "application/json;odata=nometadata")
            .units(UNITS_LIST)
            .most_bytes(MOST_ANSWER);
        self.service.send(call).await
    }
}

/// A user in the answer; no lock is told by `null` in several dresses.
fn holder_in(answer: &Value) -> Option<Holder> {
    let fields = answer.as_object()?;
    let is_null = fields
        .get("odata.null")
        .is_some_and(|null| null == &Value::Bool(true))
        || fields.get("@odata.null").is_some()
        || fields.get("value").is_some_and(Value::is_null);
    let text = |name: &str| {
        fields
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    let name = ["Email", "UserPrincipalName", "LoginName", "Title"]
        .into_iter()
        .find_map(text);
    if is_null || (name.is_none() && !fields.contains_key("Id")) {
        return None;
    }
    Some(Holder {
        name: name.map(str::to_owned),
    })
}

/// Why the interface does not answer, for people.
pub(crate) fn why_not(error: &Error) -> String {
    match error.kind() {
        ErrorKind::Unsupported => NEEDS_CERTIFICATE.to_owned(),
        ErrorKind::Denied => NEEDS_ROLE.to_owned(),
        _ => error.sentence(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_told_in_several_ways() {
        for (text, holder) in [
            (r#"{"odata.null":true}"#, None),
            (r#"{"value":null}"#, None),
            ("{}", None),
            ("null", None),
            (
                r#"{"Id":7,"Email":"noor@alder.example","Title":"Noor"}"#,
                Some(Some("noor@alder.example")),
            ),
            (r#"{"Id":7,"Email":"","Title":"Noor"}"#, Some(Some("Noor"))),
            (r#"{"Id":7}"#, Some(None)),
        ] {
            let found = holder_in(&serde_json::from_str(text).unwrap());
            let found = found.as_ref().map(|holder| holder.name.as_deref());
            assert_eq!(found, holder, "{text}");
        }
    }
}
