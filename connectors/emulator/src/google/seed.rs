//! Files from a folder of this machine.

use std::path::Path;

use super::Google;
use crate::frame::{Seed, each_seed};

/// Stores what lies below `folder` in Mina's My Drive. Folders without a file are left aside.
pub(super) fn store(google: &Google, folder: &Path) -> anyhow::Result<()> {
    let person = google.mina();
    each_seed(folder, |seed| {
        if let Seed::File(path, content) = seed {
            google.put_content(&person, &path, content, &person)?;
        }
        Ok(())
    })
}
