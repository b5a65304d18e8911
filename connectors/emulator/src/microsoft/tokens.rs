//! Access tokens: asking for them, and what they prove.

mod access;
mod assertion;
mod endpoint;

pub(crate) use access::{InvalidToken, bearer, verify};
pub(crate) use endpoint::answer;

use super::state::State;
use super::state::site::SharePointHost;
use super::world::Bases;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    Graph,
    SharePoint(SharePointHost),
}

impl Resource {
    /// The resource of a URL or application id, as scopes and audiences name it: by its name in the real
    /// service or by its address here.
    pub(crate) fn named(name: &str, state: &State, bases: &Bases) -> Option<Self> {
        let name = name.trim_end_matches('/');
        let here = |base: &url::Url| base.as_str().trim_end_matches('/') == name;
        let graph = [
            "https://graph.microsoft.com",
            "00000003-0000-0000-c000-000000000000",
        ];
        if graph.contains(&name) || here(&bases.graph) {
            return Some(Self::Graph);
        }
        [SharePointHost::Root, SharePointHost::My]
            .into_iter()
            .find(|host| {
                here(bases.of(*host)) || name == format!("https://{}", state.host_name(*host))
            })
            .map(Self::SharePoint)
    }
}
