//! What is there.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::number;
use crate::box_service::BoxService;

#[allow(clippy::expect_used, reason = "hands of tests")]
impl BoxService {
    /// Paths below the root and contents of a user's files.
    #[must_use]
    pub fn files(&self, user: &str) -> BTreeMap<String, Bytes> {
        self.with(|world| {
            let user = number(user);
            let own = world.state.tree.iter().filter(|(id, item)| {
                item.owner == user && item.version().is_some() && !world.state.tree.is_trashed(*id)
            });
            own.filter_map(|(id, item)| {
                let content = world.content(item.version()?);
                Some((world.path(id), content.bytes()))
            })
            .collect()
        })
    }

    /// The present content of a file.
    #[must_use]
    pub fn content(&self, file: &str) -> Bytes {
        self.with(|world| {
            let version = world.item(number(file)).ok()?.version()?.clone();
            Some(world.content(&version).bytes())
        })
        .expect("a file")
    }

    /// How many versions a file has had.
    #[must_use]
    pub fn version_count(&self, file: &str) -> usize {
        self.with(|world| {
            let item = world.state.tree.get(number(file)).expect("a file");
            1 + item.rare.as_ref().map_or(0, |rare| rare.versions.len())
        })
    }

    /// The classification of a file.
    #[must_use]
    pub fn classification(&self, file: &str) -> Option<String> {
        self.with(|world| {
            let item = world.state.tree.get(number(file))?;
            item.rare.as_ref()?.classification.as_ref()?.name.clone()
        })
    }
}
