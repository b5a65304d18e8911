//! Access tokens: asking for them, and what they prove (reference/google-drive.md §1).

mod assertion;
mod endpoint;

use chrono::TimeDelta;
use ring::digest::{SHA256, digest};

pub(crate) use self::endpoint::answer;
use super::ids::{IdKind, id};
use super::state::directory::{DriveService, User};
use super::state::transient::Grant;
use super::wire::call::{Call, Caller};
use super::wire::failure::Failure;
use super::world::World;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// What every scope begins with.
pub(crate) const SCOPE_PREFIX: &str = "https://www.googleapis.com/auth/";

/// Key and address of the service account.
pub(crate) const CLIENT_EMAIL: &str = "labeld@labeld-demo.iam.gserviceaccount.com";

/// The number by which the administrator knows it.
pub(crate) const CLIENT_ID: &str = "100000000000000000001";

/// The name of its key.
pub(crate) const KEY_ID: &str = "0a1b2c3d";

impl World<'_> {
    /// A token for `user` (`None`: the service account itself).
    pub(super) fn issue(&mut self, user: Option<String>, scopes: Vec<String>) -> String {
        let number = self.state.new_id(IdKind::Opaque);
        // Tokens can have more than a thousand characters.
        let noise = digest(&SHA256, number.as_bytes());
        let token = format!("ya29.c.{number}{}", URL_SAFE_NO_PAD.encode(noise).repeat(8));
        let seconds = self.switches.access_token_seconds;
        let grant = Grant {
            user,
            scopes,
            expires: self.now + TimeDelta::seconds(seconds),
        };
        let now = self.now;
        self.state
            .transient
            .grants
            .retain(|_, grant| now < grant.expires);
        self.state.transient.grants.insert(token.clone(), grant);
        token
    }

    /// Who makes a call. `static_tokens` are good for ever and for everything, each for one user.
    pub(crate) fn caller(
        &self,
        call: &Call,
        static_tokens: &[(String, String)],
    ) -> Result<Caller, Failure> {
        let token = bearer(call).ok_or_else(Failure::invalid_credentials)?;
        if let Some((_, user)) = static_tokens.iter().find(|(known, _)| known == token) {
            let user = self
                .state
                .directory
                .user(user)
                .ok_or_else(Failure::invalid_credentials)?;
            return Ok(Caller {
                user: user.clone(),
                scopes: self.state.delegated.iter().cloned().collect(),
                is_bare: false,
            });
        }
        let grant = self.state.transient.grants.get(token);
        let grant = grant
            .filter(|grant| self.now < grant.expires)
            .ok_or_else(Failure::invalid_credentials)?;
        let Some(user) = &grant.user else {
            return Ok(Caller {
                user: self.service_account(),
                scopes: grant.scopes.clone(),
                is_bare: true,
            });
        };
        let user = self
            .state
            .directory
            .users
            .get(user)
            .ok_or_else(Failure::invalid_credentials)?;
        Ok(Caller {
            user: user.clone(),
            scopes: grant.scopes.clone(),
            is_bare: false,
        })
    }

    /// A stand-in: nobody shares anything with it.
    fn service_account(&self) -> User {
        User {
            id: CLIENT_ID.to_owned(),
            permission_id: id(IdKind::Permission, 0),
            email: CLIENT_EMAIL.to_owned(),
            name: "labeld".to_owned(),
            aliases: Vec::new(),
            is_admin: false,
            suspended: false,
            archived: false,
            is_guest: false,
            unit: "/".to_owned(),
            department: None,
            drive: DriveService::On,
            root: 0,
            created: self.now,
        }
    }
}

impl Caller {
    /// Refuses a token that has none of the scopes, which are named without their prefix.
    pub(crate) fn must_have(&self, scopes: &[&str]) -> Result<(), Failure> {
        let has = |wanted: &&str| {
            let mut held = self
                .scopes
                .iter()
                .filter_map(|scope| scope.strip_prefix(SCOPE_PREFIX));
            held.any(|held| held == *wanted)
        };
        if scopes.iter().any(has) {
            return Ok(());
        }
        let mut failure = Failure::forbidden(
            "insufficientPermissions",
            "Insufficient Permission: Request had insufficient authentication scopes.",
        )
        .header(
            http::header::WWW_AUTHENTICATE,
            "Bearer realm=\"https://accounts.google.com/\", error=\"insufficient_scope\"",
        );
        failure.status_name = Some("PERMISSION_DENIED");
        failure.details = Some(serde_json::json!([{
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
            "domain": "googleapis.com",
        }]));
        Err(failure)
    }
}

fn bearer(call: &Call) -> Option<&str> {
    let header = call.header("authorization").and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme
            .eq_ignore_ascii_case("bearer")
            .then_some(token.trim())
    });
    header.or_else(|| call.parameter("access_token"))
}
