//! The identity of a state folder, which tells its processes in the store from those of other folders.

use std::fs;
use std::io;
use std::path::Path;

use uuid::Uuid;

const FILE: &str = "worker-id";

/// The identity of the folder, which gets one where it has none that can be read.
///
/// # Errors
///
/// When it can be neither read nor written.
pub(super) fn of(state_dir: &Path) -> io::Result<Uuid> {
    let file = state_dir.join(FILE);
    match fs::read_to_string(&file) {
        Ok(text) => {
            if let Ok(place) = text.trim().parse() {
                return Ok(place);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let place = Uuid::new_v4();
    fs::write(&file, format!("{place}\n"))?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_keeps_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let first = of(folder.path()).unwrap();
        assert_eq!(of(folder.path()).unwrap(), first);
        // Half a file, as a crash may leave it.
        fs::write(folder.path().join(FILE), "3f").unwrap();
        let second = of(folder.path()).unwrap();
        assert_ne!(second, first);
        assert_eq!(of(folder.path()).unwrap(), second);
    }
}
