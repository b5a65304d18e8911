//! Who calls: the token, the As-User header, the scopes, the limits (reference/box.md §1.5, §9).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use http::request::Parts;

use super::refusal::Refusal;
use crate::box_service::BoxService;
use crate::box_service::state::directory::{Role, Status};
use crate::box_service::state::session::Session;
use crate::box_service::state::{Id, State};
use crate::box_service::world::{Access, Actor, World};
use crate::frame::ActiveFaults;

/// Whoever makes a call.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    /// In whose name.
    pub(crate) user: Id,
    /// Whether that is another one than the token's, by As-User.
    pub(crate) as_user: bool,
    session: Session,
}

impl Caller {
    /// Who did what this call does.
    pub(crate) fn actor(&self) -> Actor {
        Actor {
            user: self.user,
            by_app: true,
        }
    }

    /// Fails unless the app has a scope.
    pub(crate) fn needs(&self, scope: &str) -> Result<(), Refusal> {
        if self.session.scopes.contains(scope) {
            return Ok(());
        }
        Err(Refusal::insufficient_scope())
    }

    /// Fails unless the app may read content.
    pub(crate) fn needs_reading(&self) -> Result<(), Refusal> {
        self.needs("root_readonly")
            .or_else(|_| self.needs("root_readwrite"))
    }

    /// Fails unless the app may change content. With the scope of the Global Content Manager that takes As-User (§1.1).
    pub(crate) fn needs_writing(&self) -> Result<(), Refusal> {
        self.needs("root_readwrite")?;
        if self.sees_everything() && !self.as_user {
            return Err(Refusal::no_permission());
        }
        Ok(())
    }

    fn sees_everything(&self) -> bool {
        self.session.scopes.contains("enterprise_content")
    }

    /// How the caller reaches an active item.
    ///
    /// # Errors
    ///
    /// 404 with `trashed` or `not_found`.
    pub(crate) fn access(&self, world: &World<'_>, id: Id) -> Result<Access, Refusal> {
        let item = world.state.tree.get(id).ok_or_else(Refusal::not_found)?;
        let access = match world.access(self.user, id) {
            Some(access) => access,
            None if self.sees_everything()
                && !self.as_user
                && world.state.is_managed(item.owner) =>
            {
                Access::Everything
            }
            None => return Err(Refusal::not_found()),
        };
        // Content of other enterprises is out of reach through As-User (§0 fact 2).
        if self.as_user && !world.state.is_managed(item.owner) && access == Access::Owner {
            return Err(Refusal::not_found());
        }
        if world.state.tree.is_trashed(id) {
            return Err(Refusal::trashed());
        }
        Ok(access)
    }
}

impl FromRequestParts<Arc<BoxService>> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<BoxService>,
    ) -> Result<Self, Refusal> {
        let throttle = parts
            .extensions
            .get::<ActiveFaults>()
            .and_then(ActiveFaults::throttle);
        if let Some(retry_after) = throttle {
            return Err(Refusal::rate_limited(retry_after));
        }
        service.with(|world| identify(world, &parts.headers))
    }
}

fn identify(world: &mut World<'_>, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let token = headers
        .get(AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(bearer)
        .ok_or_else(Refusal::invalid_token)?;
    let session = world
        .state
        .sessions
        .get(token)
        .filter(|session| session.expires > world.millis())
        .cloned()
        .ok_or_else(Refusal::invalid_token)?;
    let target = match headers.get("as-user") {
        None => None,
        Some(value) => {
            let user = value
                .to_str()
                .ok()
                .and_then(|text| text.trim().parse().ok());
            Some(user.ok_or_else(|| as_user_refused(world))?)
        }
    };
    if let Some(user) = target {
        may_act_as(world, &session, user)?;
    }
    let user = target.unwrap_or(session.user);
    let counted = match world.switches.limit_by_target {
        true => user,
        false => session.user,
    };
    count_call(world, counted)?;
    Ok(Caller {
        user,
        as_user: target.is_some(),
        session,
    })
}

/// The limit of calls a minute (§9).
fn count_call(world: &mut World<'_>, user: Id) -> Result<(), Refusal> {
    let Some(most) = world.switches.calls_per_minute else {
        return Ok(());
    };
    let seconds = world.now.timestamp();
    let minute = seconds.div_euclid(60);
    let calls = world.state.calls.entry(user).or_default();
    if calls.0 != minute {
        *calls = (minute, 0);
    }
    calls.1 += 1;
    if calls.1 <= most {
        return Ok(());
    }
    let left = u32::try_from(60 - seconds.rem_euclid(60)).unwrap_or(60);
    Err(Refusal::rate_limited(
        world.switches.retry_after.then_some(left),
    ))
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Only ordinary managed users, and app users (§0 fact 2).
fn may_act_as(world: &World<'_>, session: &Session, target: Id) -> Result<(), Refusal> {
    let state: &State = world.state;
    if let Some((status, code)) = state.script.refused_users.get(&target) {
        return Err(match status {
            401 => Refusal::invalid_token(),
            status => Refusal::new(*status, code, "The user cannot be used"),
        });
    }
    let is_allowed = state.app.as_user
        && session.user == state.app.service_account
        && target != session.user
        && state.users.get(&target).is_some_and(|user| {
            let is_ordinary =
                user.managed && user.role == Role::User && !is_service_account(&user.login);
            is_ordinary && (state.app.enterprise_access || user.platform_only)
        });
    if !is_allowed {
        return Err(as_user_refused(world));
    }
    let is_inactive = state
        .users
        .get(&target)
        .is_some_and(|user| user.status == Status::Inactive);
    if is_inactive {
        return Err(match world.switches.inactive_user_status {
            401 => Refusal::invalid_token(),
            status => Refusal::new(status, "forbidden", "The user is inactive"),
        });
    }
    Ok(())
}

fn as_user_refused(world: &World<'_>) -> Refusal {
    Refusal::new(
        403,
        &world.switches.as_user_code,
        "Access denied - insufficient permission",
    )
}

/// Service accounts by the form of their login (§1.1).
fn is_service_account(login: &str) -> bool {
    login.starts_with("AutomationUser_") && login.ends_with("@boxdevedition.com")
}
