//! Writing down what happens.

use uuid::Uuid;

use super::{Actor, World};
use crate::box_service::state::Id;
use crate::box_service::state::event::{Event, Source};
use crate::box_service::state::item::Place;

impl World<'_> {
    /// Writes down that something happened to an item as it is now. The types are those of the enterprise's streams and of a user's;
    /// an empty one is told to nobody.
    pub(crate) fn happened(
        &mut self,
        enterprise_type: &str,
        user_type: &str,
        item: Id,
        actor: Actor,
    ) {
        let Some(source) = self.item_source(item) else {
            return;
        };
        let version = self
            .state
            .tree
            .get(item)
            .and_then(|item| item.version())
            .map(|version| (version.id, version.size));
        self.log(enterprise_type, user_type, source, version, actor);
    }

    /// Writes down that something happened to a user.
    pub(crate) fn happened_to_user(&mut self, enterprise_type: &str, user: Id, actor: Actor) {
        self.log(enterprise_type, "", Source::User(user), None, actor);
    }

    /// Writes down that something happened to a group.
    pub(crate) fn happened_to_group(&mut self, enterprise_type: &str, group: Id, actor: Actor) {
        self.log(enterprise_type, "", Source::Group(group), None, actor);
    }

    /// Writes down an event without a source, as some are.
    pub(crate) fn happened_somewhere(&mut self, enterprise_type: &str, actor: Actor) {
        self.log(enterprise_type, "", Source::Nothing, None, actor);
    }

    fn log(
        &mut self,
        enterprise_type: &str,
        user_type: &str,
        source: Source,
        version: Option<(Id, u64)>,
        actor: Actor,
    ) {
        let named = |name: &str| (!name.is_empty()).then(|| name.to_owned());
        let time = self.millis();
        self.state.events.push(Event {
            id: Uuid::new_v4().to_string(),
            enterprise_type: named(enterprise_type),
            user_type: named(user_type),
            time,
            by: actor.user,
            by_app: actor.by_app,
            source,
            version,
        });
    }

    fn item_source(&self, id: Id) -> Option<Source> {
        let item = self.state.tree.get(id)?;
        let parent = match item.parent {
            Place::Root(_) => None,
            Place::Folder(folder) => {
                let name = self.state.tree.get(folder)?.name.clone();
                Some((folder, name))
            }
        };
        Some(Source::Item {
            is_folder: item.is_folder(),
            id,
            name: item.name.clone(),
            parent,
            owner: item.owner,
        })
    }
}
