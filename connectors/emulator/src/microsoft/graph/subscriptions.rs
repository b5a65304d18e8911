//! Notifications of changes (reference/microsoft-graph.md §8.4).

use std::collections::BTreeMap;

use chrono::DateTime;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use super::access::Access;
use super::projection::Projection;
use super::route::{ApiVersion, ItemRef, Part, Route};
use super::schema::SUBSCRIPTION;
use super::{page, refer};
use crate::frame::delivery::is_loopback;
use crate::microsoft::Microsoft;
use crate::microsoft::delivery;
use crate::microsoft::state::drive::DriveIndex;
use crate::microsoft::state::item::Millis;
use crate::microsoft::state::transient::Subscription;
use crate::microsoft::wire::{Body, Call, Caller, Failure, Reply};
use crate::microsoft::world::{World, timestamp};

/// The longest `clientState`.
const CLIENT_STATE: usize = 128;

/// A subscription whose receiver is to be asked.
pub(super) struct Pending {
    subscription: Subscription,
    token: String,
}

/// Reads a subscription that is asked for.
pub(super) fn begin(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
) -> Result<Pending, Failure> {
    let body = call.json()?;
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    if text("changeType").as_deref() != Some("updated") {
        return Err(Failure::invalid_request(
            "The changeType must be 'updated' for drive roots.",
        ));
    }
    let resource =
        text("resource").ok_or_else(|| Failure::invalid_request("The resource is required."))?;
    let drive = drive_of(world, caller, &resource)?;
    let notification_url = text("notificationUrl")
        .ok_or_else(|| Failure::invalid_request("The notificationUrl is required."))?;
    let lifecycle_url = text("lifecycleNotificationUrl");
    for url in std::iter::once(&notification_url).chain(&lifecycle_url) {
        check_url(url)?;
    }
    let client_state = text("clientState");
    if client_state
        .as_ref()
        .is_some_and(|state| state.chars().count() > CLIENT_STATE)
    {
        return Err(Failure::invalid_request(
            "The clientState is longer than 128 characters.",
        ));
    }
    let expires = expiry(world, &body)?;
    let id = world.state.new_uuid();
    let token = format!(
        "Validation: Testing client application reachability for subscription Request-Id: {}",
        call.request_id
    );
    Ok(Pending {
        subscription: Subscription {
            id,
            client_id: caller.client_id.clone(),
            drive,
            resource,
            notification_url,
            lifecycle_url,
            client_state,
            expires,
            security_webhooks: call.prefers("includesecuritywebhooks"),
        },
        token,
    })
}

/// Asks the receiver to confirm, and keeps the subscription when it does.
pub(super) async fn confirm(microsoft: &Microsoft, pending: Pending) -> Result<Reply, Failure> {
    let Pending {
        subscription,
        token,
    } = pending;
    let urls = std::iter::once(&subscription.notification_url).chain(&subscription.lifecycle_url);
    for url in urls {
        if !delivery::handshake(url, &token).await {
            return Err(Failure::new(
                StatusCode::BAD_REQUEST,
                "ValidationError",
                "Subscription validation request failed. Notification endpoint must respond with 200 OK to validation request.",
            ));
        }
    }
    let body = shown(&subscription);
    microsoft.with(|world| world.state.subscriptions.push(subscription));
    Ok(Reply::new(StatusCode::CREATED, Body::Json(body)))
}

/// The drive of a resource, which must be a drive's root.
fn drive_of(world: &World<'_>, caller: &Caller, resource: &str) -> Result<DriveIndex, Failure> {
    let refused = || Failure::invalid_request("The resource must be the root of a drive.");
    let path = resource.trim_start_matches('/');
    let segments: Vec<&str> = path.split('/').collect();
    match Route::of(ApiVersion::V1, &segments) {
        Some(Route::Item(drive, ItemRef { id: None, path }, Part::Itself)) if path.is_empty() => {
            refer::drive(world, caller, &drive, Access::Read)
        }
        _ => Err(refused()),
    }
}

fn check_url(url: &str) -> Result<(), Failure> {
    let good = Url::parse(url).is_ok_and(|url| url.scheme() == "https" || is_loopback(&url));
    if good {
        Ok(())
    } else {
        Err(Failure::invalid_request(
            "The notification URL must use https.",
        ))
    }
}

fn expiry(world: &World<'_>, body: &Value) -> Result<Millis, Failure> {
    let expires = body["expirationDateTime"]
        .as_str()
        .and_then(|text| DateTime::parse_from_rfc3339(text).ok())
        .ok_or_else(|| Failure::invalid_request("The expirationDateTime is not valid."))?
        .timestamp_millis();
    let now = world.millis();
    let longest = Millis::from(world.switches.subscription_maximum_minutes) * 60_000;
    if expires <= now || expires > now.saturating_add(longest) {
        return Err(Failure::invalid_request(
            "Subscription expiration can only be up to 42300 minutes in the future.",
        ));
    }
    Ok(expires)
}

/// `GET /subscriptions`
pub(super) fn list(world: &World<'_>, caller: &Caller, call: &Call) -> Result<Reply, Failure> {
    super::access::require_some_files(caller, Access::Read)?;
    let projection = Projection::of(call, &SUBSCRIPTION)?;
    let entries: Vec<Value> = live(world)
        .filter(|subscription| subscription.client_id == caller.client_id)
        .map(|subscription| projection.apply(shown(subscription)))
        .collect();
    page::of(world, call, &entries, 100).map(Reply::json)
}

fn live<'a>(world: &'a World<'_>) -> impl Iterator<Item = &'a Subscription> {
    let now = world.millis();
    world
        .state
        .subscriptions
        .iter()
        .filter(move |subscription| now < subscription.expires)
}

/// `GET`, `PATCH` and `DELETE /subscriptions/{id}`
pub(super) fn one(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    id: &str,
) -> Result<Reply, Failure> {
    let at = find(world, caller, id)?;
    if call.method == Method::DELETE {
        world.state.subscriptions.remove(at);
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    if call.method == Method::PATCH {
        let expires = expiry(world, &call.json()?)?;
        if let Some(subscription) = world.state.subscriptions.get_mut(at) {
            subscription.expires = expires;
        }
    }
    let subscription = world.state.subscriptions.get(at).ok_or_else(not_found)?;
    Ok(Reply::json(shown(subscription)))
}

/// `POST /subscriptions/{id}/reauthorize`
pub(super) fn reauthorize(world: &World<'_>, caller: &Caller, id: &str) -> Result<Reply, Failure> {
    find(world, caller, id)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn find(world: &World<'_>, caller: &Caller, id: &str) -> Result<usize, Failure> {
    let now = world.millis();
    let id = id.parse::<Uuid>().map_err(|_| not_found())?;
    world
        .state
        .subscriptions
        .iter()
        .position(|known| {
            known.id == id && known.client_id == caller.client_id && now < known.expires
        })
        .ok_or_else(not_found)
}

fn not_found() -> Failure {
    Failure::new(
        StatusCode::NOT_FOUND,
        "ResourceNotFound",
        "The object was not found.",
    )
}

fn shown(subscription: &Subscription) -> Value {
    json!({
        "id": subscription.id,
        "resource": subscription.resource,
        "applicationId": subscription.client_id,
        "changeType": "updated",
        "clientState": subscription.client_state,
        "notificationUrl": subscription.notification_url,
        "lifecycleNotificationUrl": subscription.lifecycle_url,
        "expirationDateTime": timestamp(subscription.expires),
        "creatorId": subscription.client_id,
        "latestSupportedTlsVersion": "v1_2",
    })
}

/// Tells the subscribers of drives that changed, and says how many deliveries were taken. A drive whose
/// subscribers could not be told counts as changed still.
pub(crate) async fn notify(microsoft: &Microsoft) -> usize {
    let deliveries = microsoft.with(|world| {
        let changed = std::mem::take(&mut world.state.changed_drives);
        let mut deliveries: BTreeMap<String, Delivery> = BTreeMap::new();
        for subscription in live(world).filter(|known| changed.contains(&known.drive)) {
            let mut entry = notification(world, subscription);
            entry["changeType"] = json!("updated");
            entry["resourceData"] = json!({ "@odata.type": "#Microsoft.Graph.DriveItem" });
            let delivery = deliveries
                .entry(subscription.notification_url.clone())
                .or_default();
            delivery.entries.push(entry);
            delivery.drives.push(subscription.drive);
        }
        deliveries
    });
    deliver(microsoft, deliveries).await
}

/// Sends a lifecycle event to the subscribers, and says how many deliveries were taken. `subscriptionRemoved`
/// also removes the subscriptions.
pub(crate) async fn lifecycle(microsoft: &Microsoft, event: &str) -> usize {
    let deliveries = microsoft.with(|world| {
        let mut deliveries: BTreeMap<String, Delivery> = BTreeMap::new();
        for subscription in live(world) {
            let Some(url) = &subscription.lifecycle_url else {
                continue;
            };
            let mut entry = notification(world, subscription);
            entry["lifecycleEvent"] = json!(event);
            deliveries
                .entry(url.clone())
                .or_default()
                .entries
                .push(entry);
        }
        if event == "subscriptionRemoved" {
            world.state.subscriptions.clear();
        }
        deliveries
    });
    deliver(microsoft, deliveries).await
}

fn notification(world: &World<'_>, subscription: &Subscription) -> Value {
    json!({
        "subscriptionId": subscription.id,
        "subscriptionExpirationDateTime": timestamp(subscription.expires),
        "clientState": subscription.client_state,
        "resource": subscription.resource.trim_start_matches('/'),
        "tenantId": world.state.tenant_id,
    })
}

/// What one receiver is told.
#[derive(Debug, Default)]
struct Delivery {
    entries: Vec<Value>,
    drives: Vec<DriveIndex>,
}

async fn deliver(microsoft: &Microsoft, deliveries: BTreeMap<String, Delivery>) -> usize {
    let mut taken = 0;
    for (url, delivery) in deliveries {
        if delivery::deliver(&url, &json!({ "value": delivery.entries })).await {
            taken += 1;
        } else {
            microsoft.changed_again(&delivery.drives);
        }
    }
    taken
}
