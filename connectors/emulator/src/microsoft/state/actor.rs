//! Who creates and changes things.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

/// The display name that app-only writes show as their user (reference/microsoft-graph.md §9).
const APP_USER: &str = "SharePoint App";

/// Somebody who creates or changes an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Actor {
    /// A person of the directory, or a guest.
    User {
        id: Option<Uuid>,
        name: String,
        email: String,
    },
    /// An application without a user.
    Application { id: String, name: String },
    /// The service itself.
    System,
}

impl Actor {
    /// The identity set of `createdBy` and `lastModifiedBy`.
    pub(crate) fn identity_set(&self) -> Value {
        match self {
            Self::User { id, name, email } => {
                let mut user = json!({ "displayName": name, "email": email });
                if let Some(id) = id {
                    user["id"] = json!(id);
                }
                json!({ "user": user })
            }
            Self::Application { id, name } => json!({
                "application": { "id": id, "displayName": name },
                "user": { "displayName": APP_USER },
            }),
            Self::System => json!({ "user": { "displayName": "System Account" } }),
        }
    }

    /// The user in whose name a content is stored, for the journal.
    pub(crate) fn who(&self) -> &str {
        match self {
            Self::User { email, .. } => email,
            Self::Application { .. } => APP_USER,
            Self::System => "System Account",
        }
    }

    /// The application by which a content is stored, for the journal.
    pub(crate) fn application(&self) -> Option<&str> {
        match self {
            Self::Application { id, .. } => Some(id),
            Self::User { .. } | Self::System => None,
        }
    }
}

/// Names an actor of an [`Actors`] table in two bytes: items are many, actors few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct ActorRef(u16);

/// All actors that ever did something.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Actors(Vec<Actor>);

impl Default for Actors {
    fn default() -> Self {
        Self(vec![Actor::System])
    }
}

impl Actors {
    /// The service itself, which is always there.
    pub(crate) const SYSTEM: ActorRef = ActorRef(0);

    /// The name of `actor`; that of the service when there are more than 65,535 actors.
    pub(crate) fn intern(&mut self, actor: Actor) -> ActorRef {
        if let Some(at) = self.0.iter().position(|known| *known == actor) {
            return u16::try_from(at).map_or(Self::SYSTEM, ActorRef);
        }
        let Ok(at) = u16::try_from(self.0.len()) else {
            return Self::SYSTEM;
        };
        self.0.push(actor);
        ActorRef(at)
    }

    /// The actor of a name.
    pub(crate) fn get(&self, actor: ActorRef) -> &Actor {
        self.0.get(usize::from(actor.0)).unwrap_or(&Actor::System)
    }
}
