//! The control socket: how `labeld status` and its siblings talk with a running service. Only the account that the service
//! runs under can use it.

mod client;
mod protocol;
mod socket;

use std::os::unix::net::UnixListener as BlockingListener;
use std::path::Path;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

pub use self::client::{Client, ControlError};
pub use self::protocol::{Reply, Request};
pub use self::socket::{SocketError, path_in};

use self::socket::ControlSocket;
use super::hand;
use super::rescan::{self, RescanRequest};
use super::shared::{Handle, Nudge};
use crate::pipeline::{StopSignal, error_chain};

/// Longest request, in bytes: some ten thousand files by hand.
const MOST_REQUEST: u64 = 4 << 20;

/// A client that has connected says what it wants within so long.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pause after the operating system refused a connection, for example because too many files are open.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// A control socket that nobody answers on yet.
#[derive(Debug)]
pub(super) struct Control {
    _socket: ControlSocket,
    listener: BlockingListener,
}

impl Control {
    /// Makes the socket.
    pub(super) fn bind(state_dir: &Path) -> Result<Self, SocketError> {
        let (socket, listener) = ControlSocket::bind(state_dir)?;
        Ok(Self {
            _socket: socket,
            listener,
        })
    }

    /// Answers until it is dropped.
    pub(super) async fn serve(self, handle: Handle) -> std::io::Result<()> {
        let listener = UnixListener::from_std(self.listener.try_clone()?)?;
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let handle = handle.clone();
                    tokio::spawn(async move {
                        // A client that has gone away misses nothing.
                        let _ = answer(stream, &handle).await;
                    });
                }
                Err(error) => {
                    tracing::warn!("control socket: {error}");
                    tokio::time::sleep(AFTER_ERROR).await;
                }
            }
        }
    }
}

async fn answer(stream: UnixStream, handle: &Handle) -> std::io::Result<()> {
    let (from, mut to) = stream.into_split();
    let mut from = BufReader::new(from);
    let mut line = String::new();
    let mut limited = (&mut from).take(MOST_REQUEST);
    let reading = limited.read_line(&mut line);
    let Ok(read) = tokio::time::timeout(PATIENCE, reading).await else {
        return Ok(());
    };
    read?;
    let reply = match serde_json::from_str(&line) {
        Ok(Request::Rescan(request)) => return run_rescan(request, handle, from, &mut to).await,
        Ok(request) => reply_to(request, handle).await,
        Err(error) => Reply::Refused {
            error: format!("cannot understand the request: {error}"),
        },
    };
    send(&mut to, &reply).await
}

async fn reply_to(request: Request, handle: &Handle) -> Reply {
    let outcome = match request {
        Request::Nudge { task } => {
            let nudge = task.as_deref().map_or(Nudge::News, Nudge::Task);
            let nudged = handle.nudge(nudge).await;
            nudged
                .map(|tasks| Reply::Nudged { tasks })
                .map_err(|error| error_chain(&error))
        }
        Request::Hand(request) => {
            let answer = hand::answer(&handle.shared, &request).await;
            answer.map(|answer| Reply::Hand { answer })
        }
        Request::Reload => handle.reload().await.map(|()| Reply::Reloaded),
        Request::SwitchPolicy(request) => {
            let switched = handle.switch_policy(&request).await;
            switched.map(|reports| Reply::Switched { reports })
        }
        Request::Status | Request::Rescan(_) => Ok(Reply::Status {
            status: Box::new(handle.status().await),
        }),
    };
    outcome.unwrap_or_else(|error| Reply::Refused { error })
}

/// Progress that waits for a slow client.
const MOST_EVENTS: usize = 64;

async fn run_rescan(
    request: RescanRequest,
    handle: &Handle,
    from: BufReader<OwnedReadHalf>,
    to: &mut OwnedWriteHalf,
) -> std::io::Result<()> {
    let stop = StopSignal::default();
    let (events, mut told) = mpsc::channel(MOST_EVENTS);
    let work = rescan::run(handle.shared.clone(), request, stop.clone(), events);
    let work = tokio::spawn(work);
    let gone = client_gone(from);
    tokio::pin!(gone);
    let sent = loop {
        tokio::select! {
            () = &mut gone => break Ok(()),
            event = told.recv() => match event {
                Some(event) => {
                    if let Err(error) = send(to, &Reply::Rescan { event }).await {
                        break Err(error);
                    }
                }
                None => break Ok(()),
            }
        }
    };
    // Also where the client has gone away, which is how it says that it has had enough.
    stop.stop();
    told.close();
    if let Err(error) = work.await {
        tracing::error!("a rescan has died: {error}");
    }
    sent
}

/// Waits until the client has closed its side, or sends what it should not.
async fn client_gone(mut from: BufReader<OwnedReadHalf>) {
    let mut byte = [0];
    let _ = from.read(&mut byte).await;
}

async fn send(to: &mut OwnedWriteHalf, reply: &Reply) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(reply)?;
    line.push(b'\n');
    to.write_all(&line).await
}
