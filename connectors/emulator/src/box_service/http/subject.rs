//! What a call is about: the id in its path, and whether the caller may look at it (reference/box.md §5.4).

use std::marker::PhantomData;
use std::sync::Arc;

use axum::extract::{FromRequest, FromRequestParts, RawPathParams, Request};
use bytes::Bytes;
use http::request::Parts;
use serde_json::{Map, Value};

use super::caller::Caller;
use super::files::may_edit;
use super::id;
use super::query::Query;
use super::refusal::Refusal;
use crate::box_service::BoxService;
use crate::box_service::state::Id;
use crate::box_service::world::World;

/// Something of one kind that a call is about, named by the first id in its path, in the name of a caller whose app has a
/// right.
pub(crate) struct Subject<K, R> {
    pub(crate) id: Id,
    pub(crate) caller: Caller,
    service: Arc<BoxService>,
    of: PhantomData<fn() -> (K, R)>,
}

/// Of which kind something is.
pub(crate) trait Kind {
    /// Fails unless the caller sees something of this kind.
    fn check(world: &World<'_>, caller: &Caller, id: Id) -> Result<(), Refusal>;
}

/// What the app must have.
pub(crate) trait Right {
    /// Fails unless it has it.
    fn check(caller: &Caller) -> Result<(), Refusal>;
}

impl<K: Kind, R: Right> Subject<K, R> {
    /// Does something with it, when the caller sees it.
    pub(crate) fn with<T>(
        &self,
        act: impl FnOnce(&mut World<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.service.with(|world| {
            K::check(world, &self.caller, self.id)?;
            act(world)
        })
    }

    /// Changes an item, when the caller may.
    pub(crate) fn edit<T>(
        &self,
        act: impl FnOnce(&mut World<'_>) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        self.with(|world| {
            may_edit(world, &self.caller, self.id)?;
            act(world)
        })
    }

    /// The item as the caller sees it, with the fields that were asked for.
    pub(crate) fn shown(&self, world: &World<'_>, query: &Query) -> Value {
        world.item_json(self.id, self.caller.user, &query.fields())
    }
}

impl<K: Kind, R: Right> FromRequestParts<Arc<BoxService>> for Subject<K, R> {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<BoxService>,
    ) -> Result<Self, Refusal> {
        let caller = Caller::from_request_parts(parts, service).await?;
        let path = RawPathParams::from_request_parts(parts, service)
            .await
            .map_err(|_| Refusal::method_not_allowed())?;
        let first = path.iter().next().map_or("", |(_, value)| value);
        let id = id(first)?;
        R::check(&caller)?;
        Ok(Self {
            id,
            caller,
            service: Arc::clone(service),
            of: PhantomData,
        })
    }
}

/// A file that is not in the trash.
pub(crate) enum File {}

impl Kind for File {
    fn check(world: &World<'_>, caller: &Caller, id: Id) -> Result<(), Refusal> {
        caller.access(world, id)?;
        let is_file = world.item(id)?.version().is_some();
        is_file.then_some(()).ok_or_else(Refusal::not_found)
    }
}

/// A folder that is not in the trash.
pub(crate) enum Folder {}

impl Kind for Folder {
    fn check(world: &World<'_>, caller: &Caller, id: Id) -> Result<(), Refusal> {
        caller.access(world, id)?;
        let is_folder = world.item(id)?.is_folder();
        is_folder.then_some(()).ok_or_else(Refusal::not_found)
    }
}

/// A folder, or the caller's root, whose id is 0 for everybody (§2.2).
pub(crate) enum FolderOrRoot {}

impl Kind for FolderOrRoot {
    fn check(world: &World<'_>, caller: &Caller, id: Id) -> Result<(), Refusal> {
        match id {
            0 => Ok(()),
            _ => Folder::check(world, caller, id),
        }
    }
}

/// An item that was put into the trash itself and not with a folder (§2.3).
pub(crate) enum Trashed {}

impl Kind for Trashed {
    fn check(world: &World<'_>, caller: &Caller, id: Id) -> Result<(), Refusal> {
        let item = world.state.tree.get(id).ok_or_else(Refusal::not_found)?;
        if item.trashed.is_none() || world.access(caller.user, id).is_none() {
            return Err(Refusal::not_found());
        }
        Ok(())
    }
}

/// An invitation to an item that the caller sees.
pub(crate) enum Collaboration {}

impl Kind for Collaboration {
    fn check(world: &World<'_>, caller: &Caller, id: Id) -> Result<(), Refusal> {
        let one = world.state.collaborations.get(&id);
        let item = one.ok_or_else(Refusal::not_found)?.item;
        caller.access(world, item).map(|_| ())
    }
}

/// A managed user.
pub(crate) enum ManagedUser {}

impl Kind for ManagedUser {
    fn check(world: &World<'_>, _: &Caller, id: Id) -> Result<(), Refusal> {
        let is_managed = world.state.is_managed(id);
        is_managed.then_some(()).ok_or_else(Refusal::not_found)
    }
}

/// Anybody who has an account, of another enterprise too.
pub(crate) enum Anybody {}

impl Kind for Anybody {
    fn check(world: &World<'_>, _: &Caller, id: Id) -> Result<(), Refusal> {
        let is_known = world.state.users.contains_key(&id);
        is_known.then_some(()).ok_or_else(Refusal::not_found)
    }
}

/// A group.
pub(crate) enum Group {}

impl Kind for Group {
    fn check(world: &World<'_>, _: &Caller, id: Id) -> Result<(), Refusal> {
        let is_known = world.state.groups.contains_key(&id);
        is_known.then_some(()).ok_or_else(Refusal::not_found)
    }
}

/// A webhook of the caller's own.
pub(crate) enum Webhook {}

impl Kind for Webhook {
    fn check(world: &World<'_>, caller: &Caller, id: Id) -> Result<(), Refusal> {
        let hook = world.state.webhooks.get(&id);
        let is_own = hook.is_some_and(|hook| hook.created_by == caller.user);
        is_own.then_some(()).ok_or_else(Refusal::not_found)
    }
}

/// May read content.
pub(crate) enum Reads {}

impl Right for Reads {
    fn check(caller: &Caller) -> Result<(), Refusal> {
        caller.needs_reading()
    }
}

/// May change content.
pub(crate) enum Writes {}

impl Right for Writes {
    fn check(caller: &Caller) -> Result<(), Refusal> {
        caller.needs_writing()
    }
}

/// May look at users.
pub(crate) enum ManagesUsers {}

impl Right for ManagesUsers {
    fn check(caller: &Caller) -> Result<(), Refusal> {
        caller.needs("manage_managed_users")
    }
}

/// May look at groups.
pub(crate) enum ManagesGroups {}

impl Right for ManagesGroups {
    fn check(caller: &Caller) -> Result<(), Refusal> {
        caller.needs("manage_groups")
    }
}

/// May have webhooks.
pub(crate) enum ManagesWebhooks {}

impl Right for ManagesWebhooks {
    fn check(caller: &Caller) -> Result<(), Refusal> {
        caller.needs("manage_webhook")
    }
}

/// The JSON object in a request's body.
pub(crate) struct Body(pub(crate) Map<String, Value>);

impl FromRequest<Arc<BoxService>> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, service: &Arc<BoxService>) -> Result<Self, Refusal> {
        let wrong = || {
            Refusal::bad_request(
                "Entity body should be a correctly nested resource attribute name/value pair",
            )
        };
        let bytes = Bytes::from_request(request, service)
            .await
            .map_err(|_| wrong())?;
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|_| wrong())
    }
}
