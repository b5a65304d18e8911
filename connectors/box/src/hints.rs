//! Webhooks (reference/box.md §3.6). Box has none for an enterprise or a root folder, so that an administrator makes
//! those that are wanted. They are hints to ask the feed, never data.

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use labeld_connector::{
    ChangeHints, ErrorKind, FeedRef, HintAnswer, HintRequest, Result, Subscription,
};
use ring::hmac;

use crate::app::BoxApp;
use crate::call::Purpose;

/// How old a delivery may be.
const MOST_AGE: TimeDelta = TimeDelta::minutes(10);

/// How long what stands for a subscription is good for; nothing at the service ends with it.
const LIFETIME: TimeDelta = TimeDelta::days(365);

#[async_trait]
impl ChangeHints for BoxApp {
    /// Only says that deliveries are waited for: the webhooks themselves are an administrator's.
    async fn subscribe(
        &self,
        feed: &FeedRef,
        _known: Option<&Subscription>,
    ) -> Result<Subscription> {
        if self.hints.is_none() {
            let purpose = Purpose {
                operation: "subscribe to changes of",
                context: &self.name,
            };
            return Err(purpose
                .error(ErrorKind::Unsupported)
                .with_source("webhooks are switched off"));
        }
        Ok(Subscription {
            id: format!("box/{}", self.name),
            feed: feed.clone(),
            // What proves a delivery is its signature.
            secret: String::new(),
            expires: self.service.clock().now() + LIFETIME,
        })
    }

    async fn unsubscribe(&self, _subscription: &Subscription) -> Result<()> {
        Ok(())
    }

    fn receive(&self, request: &HintRequest<'_>, _known: &[Subscription]) -> HintAnswer {
        let is_genuine = self.hints.as_ref().is_some_and(|hints| {
            let keys = hints
                .signature_keys
                .iter()
                .map(labeld_connector::http::Secret::expose);
            is_genuine(request, keys, self.service.clock().now())
        });
        HintAnswer {
            status: if is_genuine { 200 } else { 403 },
            body: String::new(),
            look_at: is_genuine.then(FeedRef::whole).into_iter().collect(),
            renew: Vec::new(),
        }
    }
}

/// Whether a delivery is signed with one of the keys, and new. Each of the two signatures counts: while one key is being
/// changed the other is good.
fn is_genuine<'a>(
    request: &HintRequest<'_>,
    keys: impl Iterator<Item = &'a str>,
    now: DateTime<Utc>,
) -> bool {
    let header = |name: &str| {
        let mut headers = request.headers.iter();
        headers
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    let (Some(sent), Some("1"), Some("HmacSHA256")) = (
        header("box-delivery-timestamp"),
        header("box-signature-version"),
        header("box-signature-algorithm"),
    ) else {
        return false;
    };
    let Ok(time) = DateTime::parse_from_rfc3339(sent) else {
        return false;
    };
    if (now - time.to_utc()).abs() > MOST_AGE {
        return false;
    }
    let signatures: Vec<Vec<u8>> = ["box-signature-primary", "box-signature-secondary"]
        .into_iter()
        .filter_map(|name| STANDARD.decode(header(name)?).ok())
        .collect();
    let signed = [request.body, sent.as_bytes()].concat();
    keys.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes()))
        .any(|key| {
            signatures
                .iter()
                // In constant time.
                .any(|signature| hmac::verify(&key, &signed, signature).is_ok())
        })
}
