//! Files for one pair of eyes.

use std::fs::{OpenOptions, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use anyhow::Context as _;

/// Writes `body` to `path`, new or in place of what is there, readable and writable by its owner alone.
///
/// # Errors
///
/// When the file cannot be written.
pub fn write_private(path: &Path, body: impl AsRef<[u8]>) -> anyhow::Result<()> {
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        // The mode above counts only for a new file.
        file.set_permissions(Permissions::from_mode(0o600))?;
        file.write_all(body.as_ref())
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}
