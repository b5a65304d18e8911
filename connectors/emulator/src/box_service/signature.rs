//! Deliveries of webhooks, signed as the service signs them (reference/box.md §3.6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::json;
use uuid::Uuid;

use super::BoxService;
use super::hand::number;

/// What arrives at the address of a webhook.
#[derive(Debug, Clone)]
pub struct SignedDelivery {
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl BoxService {
    /// The keys that deliveries are signed with: primary and secondary.
    #[must_use]
    pub fn webhook_keys(&self) -> [String; 2] {
        self.with(|world| world.state.app.webhook_keys.clone())
    }

    /// A delivery about an item, signed now.
    #[must_use]
    pub fn webhook_delivery(&self, trigger: &str, item: &str) -> SignedDelivery {
        self.with(|world| {
            let time = world.timestamp(world.millis());
            let body = json!({
                "type": "webhook_event",
                "id": Uuid::new_v4(),
                "created_at": time,
                "trigger": trigger,
                "webhook": {"type": "webhook", "id": "1"},
                "created_by": world.user_mini(super::fresh::MINA),
                "source": world.item_mini(number(item)),
                "additional_info": [],
            });
            let body = body.to_string().into_bytes();
            let sign = |key: &str| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
                let signed = [&body, time.as_bytes()].concat();
                STANDARD.encode(hmac::sign(&key, &signed))
            };
            let [primary, secondary] = &world.state.app.webhook_keys;
            let headers = [
                ("box-delivery-id", Uuid::new_v4().to_string()),
                ("box-delivery-timestamp", time.clone()),
                ("box-signature-primary", sign(primary)),
                ("box-signature-secondary", sign(secondary)),
                ("box-signature-version", "1".to_owned()),
                ("box-signature-algorithm", "HmacSHA256".to_owned()),
                ("content-type", "application/json".to_owned()),
            ];
            SignedDelivery {
                headers: headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
                body,
            }
        })
    }
}
