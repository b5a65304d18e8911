//! The place of the control socket, and the right to it.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// The socket in the state folder.
#[must_use]
pub fn path_in(state_dir: &Path) -> PathBuf {
    state_dir.join("control.sock")
}

/// Why the socket cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Another service uses the state folder.
    #[error("another `labeld run` uses {}: stop it first, or give this one a `state_dir` of its own", state_dir.display())]
    Taken {
        /// The folder.
        state_dir: PathBuf,
    },
    /// The folder or the socket cannot be made.
    #[error("cannot make the control socket {}", socket.display())]
    Io {
        /// The socket.
        socket: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// A control socket that is listened on, and the lock that says whose it is. Dropping it removes the socket.
#[derive(Debug)]
pub(super) struct ControlSocket {
    path: PathBuf,
    /// The operating system gives it free when the process ends, however that comes about.
    _lock: File,
}

impl ControlSocket {
    /// Makes the socket; one that a dead service has left is replaced.
    pub(super) fn bind(state_dir: &Path) -> Result<(Self, UnixListener), SocketError> {
        let path = path_in(state_dir);
        let failed = |source| SocketError::Io {
            socket: path.clone(),
            source,
        };
        fs::create_dir_all(state_dir).map_err(failed)?;
        let lock = File::create(state_dir.join("control.lock")).map_err(failed)?;
        if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(SocketError::Taken {
                state_dir: state_dir.to_owned(),
            });
        }
        let listener = listen(state_dir, &path).map_err(failed)?;
        Ok((Self { path, _lock: lock }, listener))
    }
}

/// Binds below a folder that only this account may enter, and moves the socket in place when its permissions are set: at no
/// time can another account connect.
fn listen(state_dir: &Path, path: &Path) -> io::Result<UnixListener> {
    let private = state_dir.join(".control");
    match fs::create_dir(&private) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
        _ => fs::set_permissions(&private, Permissions::from_mode(0o700))?,
    }
    let bound = private.join("sock");
    remove(&bound)?;
    let listener = UnixListener::bind(&bound)?;
    fs::set_permissions(&bound, Permissions::from_mode(0o600))?;
    fs::rename(&bound, path)?;
    fs::remove_dir(&private)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!("cannot remove {}: {error}", self.path.display());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn one_service_has_a_state_folder() {
        let folder = tempfile::tempdir().unwrap();
        let state_dir = folder.path().join("new/state");
        let (socket, listener) = ControlSocket::bind(&state_dir).unwrap();
        let mode = fs::metadata(path_in(&state_dir)).unwrap().permissions();
        assert_eq!(mode.mode() & 0o777, 0o600);
        UnixStream::connect(path_in(&state_dir)).unwrap();
        let refused = ControlSocket::bind(&state_dir).unwrap_err();
        assert!(matches!(refused, SocketError::Taken { .. }), "{refused}");
        drop((socket, listener));
        assert!(!path_in(&state_dir).exists());
        ControlSocket::bind(&state_dir).unwrap();
    }

    #[test]
    fn what_a_dead_service_has_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        drop(UnixListener::bind(path_in(folder.path())).unwrap());
        fs::create_dir(folder.path().join(".control")).unwrap();
        let (_socket, _listener) = ControlSocket::bind(folder.path()).unwrap();
        UnixStream::connect(path_in(folder.path())).unwrap();
    }
}
