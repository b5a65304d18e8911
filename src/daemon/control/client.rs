//! The other end of the control socket.

use std::io;
use std::path::{Path, PathBuf};

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::protocol::{Reply, Request};
use super::socket::path_in;
use crate::daemon::status::Status;

/// Why a running service cannot be talked with.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No service answers.
    #[error("no `labeld run` answers at {}", socket.display())]
    NotRunning {
        /// The socket.
        socket: PathBuf,
    },
    /// The socket belongs to another account.
    #[error("not allowed to talk with the service at {}: use the account that it runs under, or root", socket.display())]
    Denied {
        /// The socket.
        socket: PathBuf,
    },
    /// The connection broke.
    #[error("the connection with the service broke")]
    Io(#[from] io::Error),
    /// The service has ended in the middle of its answer.
    #[error("the service ended before it had answered")]
    Ended,
    /// The service is of another version.
    #[error("cannot understand the service's answer: is it of another version?")]
    Answer(#[from] serde_json::Error),
    /// The service refused.
    #[error("the service refused: {0}")]
    Refused(String),
}

/// A connection with a running service.
#[derive(Debug)]
pub struct Client {
    from: Lines<BufReader<OwnedReadHalf>>,
    to: OwnedWriteHalf,
}

impl Client {
    /// Connects with the service that has this state folder; `None` where none is running.
    ///
    /// # Errors
    ///
    /// [`ControlError::Denied`] and [`ControlError::Io`].
    pub async fn connect(state_dir: &Path) -> Result<Option<Self>, ControlError> {
        let socket = path_in(state_dir);
        let stream = match UnixStream::connect(&socket).await {
            Ok(stream) => stream,
            Err(error) => {
                return match error.kind() {
                    io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => Ok(None),
                    io::ErrorKind::PermissionDenied => Err(ControlError::Denied { socket }),
                    _ => Err(error.into()),
                };
            }
        };
        let (from, to) = stream.into_split();
        Ok(Some(Self {
            from: BufReader::new(from).lines(),
            to,
        }))
    }

    /// The state of the service that has this state folder.
    ///
    /// # Errors
    ///
    /// When none is running, or it cannot be talked with.
    pub async fn status(state_dir: &Path) -> Result<Status, ControlError> {
        let Some(mut client) = Self::connect(state_dir).await? else {
            return Err(ControlError::NotRunning {
                socket: path_in(state_dir),
            });
        };
        client.send(&Request::Status).await?;
        match client.reply().await? {
            Reply::Status { status } => Ok(*status),
            _ => Err(ControlError::Ended),
        }
    }

    /// Sends a request.
    ///
    /// # Errors
    ///
    /// When the connection is broken.
    pub async fn send(&mut self, request: &Request) -> Result<(), ControlError> {
        let mut line = serde_json::to_vec(request)?;
        line.push(b'\n');
        Ok(self.to.write_all(&line).await?)
    }

    /// The next line of the answer.
    ///
    /// # Errors
    ///
    /// When the connection is broken, or the service refuses.
    pub async fn reply(&mut self) -> Result<Reply, ControlError> {
        let line = self.from.next_line().await?.ok_or(ControlError::Ended)?;
        match serde_json::from_str(&line)? {
            Reply::Refused { error } => Err(ControlError::Refused(error)),
            reply => Ok(reply),
        }
    }
}
