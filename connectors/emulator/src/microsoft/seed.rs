//! Files from a folder of this machine.

use std::path::Path;

use super::Microsoft;
use crate::frame::{Seed, each_seed};

/// Stores what lies below `folder` in the library of the site `finance`.
pub(super) fn store(microsoft: &Microsoft, folder: &Path) -> anyhow::Result<()> {
    let drive = microsoft.library();
    each_seed(folder, |seed| {
        microsoft.with(|world| match seed {
            Seed::Folder(path) => world.put_folder(&drive, &path, "system").map(drop),
            Seed::File(path, content) => world.put_file(&drive, &path, content, "system").map(drop),
        })?;
        Ok(())
    })
}
