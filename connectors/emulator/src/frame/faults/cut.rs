//! A body that breaks off.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Error;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::Sleep;

/// How long the bytes before the break get to leave for the client at least: a connection that ends with an error
/// drops what is still in its buffers.
const TIME_TO_LEAVE: Duration = Duration::from_millis(20);

/// The first bytes of a body, then an error, on which the connection (HTTP/2: the stream) is closed.
pub(crate) struct CutBody {
    body: Body,
    left: u64,
    stall: Duration,
    leaving: Option<Pin<Box<Sleep>>>,
}

impl CutBody {
    /// Lets `bytes` bytes of `body` through and breaks when `stall` has passed. A body that is not longer breaks at its
    /// end.
    pub(crate) fn new(body: Body, bytes: u64, stall: Duration) -> Self {
        Self {
            body,
            left: bytes,
            stall: stall.max(TIME_TO_LEAVE),
            leaving: None,
        }
    }
}

impl HttpBody for CutBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = &mut *self;
        if this.left > 0 && this.leaving.is_none() {
            let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(context) else {
                return Poll::Pending;
            };
            if let Some(Ok(frame)) = frame
                && let Ok(mut data) = frame.into_data()
            {
                data.truncate(usize::try_from(this.left).unwrap_or(usize::MAX));
                this.left -= data.len() as u64;
                return Poll::Ready(Some(Ok(Frame::data(data))));
            }
        }
        let leaving = this
            .leaving
            .get_or_insert_with(|| Box::pin(tokio::time::sleep(this.stall)));
        let Poll::Ready(()) = leaving.as_mut().poll(context) else {
            return Poll::Pending;
        };
        let error = io::Error::new(io::ErrorKind::ConnectionReset, "cut by a scripted fault");
        Poll::Ready(Some(Err(Error::new(error))))
    }

    /// The hint of the whole body, so that the answer's head announces all of it.
    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
