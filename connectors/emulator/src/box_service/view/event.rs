//! Events, in the form of the enterprise's streams and of a user's (reference/box.md §3.2).

use serde_json::{Map, Value, json};

use super::Fields;
use crate::box_service::state::Id;
use crate::box_service::state::event::{Event, Source};
use crate::box_service::world::World;

impl World<'_> {
    /// An event of the enterprise's streams: the source is a small form of its own.
    pub(crate) fn enterprise_event(&self, event: &Event) -> Value {
        let by = match self.switches.app_is_event_actor && event.by_app {
            true => self.state.app.service_account,
            false => event.by,
        };
        json!({
            "type": "event",
            "event_id": event.id,
            "event_type": event.enterprise_type,
            "created_at": self.timestamp(event.time),
            "created_by": self.user_mini(by),
            "action_by": null,
            "session_id": null,
            "ip_address": "192.0.2.7",
            "source": self.enterprise_source(&event.source),
            "additional_details": self.details(event),
        })
    }

    fn enterprise_source(&self, source: &Source) -> Value {
        match source {
            Source::Item {
                is_folder,
                id,
                name,
                parent,
                owner,
            } => {
                let parent = match parent {
                    Some((id, name)) => {
                        json!({"type": "folder", "id": id.to_string(), "name": name})
                    }
                    None => json!({"type": "folder", "id": "0", "name": "All Files"}),
                };
                let mut shown = json!({
                    "item_type": if *is_folder { "folder" } else { "file" },
                    "item_id": id.to_string(),
                    "item_name": name,
                    "parent": parent,
                });
                if self.switches.event_owner {
                    shown["owned_by"] = self.user_mini(*owner);
                }
                shown
            }
            Source::User(user) => self.user_mini(*user),
            Source::Group(group) => self.group(*group),
            Source::Nothing => Value::Null,
        }
    }

    fn details(&self, event: &Event) -> Value {
        let mut details = Map::new();
        if let Some((version, size)) = event.version {
            details.insert("size".to_owned(), json!(size));
            details.insert("version_id".to_owned(), json!(version.to_string()));
            details.insert("ekm_id".to_owned(), json!(event.id));
        }
        if event.by_app {
            details.insert("service_id".to_owned(), json!(self.state.app.service_id));
            details.insert("service_name".to_owned(), json!(self.state.app.name));
        }
        if details.is_empty() {
            return Value::Null;
        }
        Value::Object(details)
    }

    /// An event of a user's stream: the source is the item as it is now.
    pub(crate) fn user_event(&self, event: &Event, viewer: Id) -> Value {
        let source = match &event.source {
            Source::Item { id, .. } if self.state.tree.get(*id).is_some() => {
                self.item_json(*id, viewer, &Fields::default())
            }
            _ => Value::Null,
        };
        json!({
            "type": "event",
            "event_id": event.id.replace('-', ""),
            "event_type": event.user_type,
            "created_at": self.timestamp(event.time),
            "recorded_at": self.timestamp(event.time),
            "created_by": self.user_mini(event.by),
            "session_id": null,
            "source": source,
        })
    }
}
