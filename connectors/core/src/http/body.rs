//! Reading a body within bounds.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::Response;
use tokio::time::timeout;

use super::failure::CallFailure;

/// Memory taken before anything has arrived, at most: a `Content-Length` is only a claim.
const FIRST_PIECE: usize = 64 << 10;

/// How much of a body is wanted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Extent {
    /// All of it; more than that is an error.
    AtMost(u64),
    /// Its beginning, whatever follows.
    First(u64),
}

/// Reads the body to its extent. `silence` is the longest time between two pieces.
pub(super) async fn read(
    mut response: Response,
    extent: Extent,
    silence: Duration,
) -> Result<Bytes, CallFailure> {
    let announced = response.content_length();
    let most = match extent {
        Extent::AtMost(most) => {
            if announced.is_some_and(|length| length > most) {
                return Err(CallFailure::TooLong { most });
            }
            most
        }
        Extent::First(most) => most,
    };
    let capacity = announced.map_or(0, |length| {
        usize::try_from(length.min(most)).map_or(FIRST_PIECE, |length| length.min(FIRST_PIECE))
    });
    let mut body = BytesMut::with_capacity(capacity);
    loop {
        let room = most.saturating_sub(body.len() as u64);
        if room == 0 && matches!(extent, Extent::First(_)) {
            return Ok(body.freeze());
        }
        let piece = match timeout(silence, response.chunk()).await {
            Err(_) => return Err(CallFailure::Silent),
            Ok(Err(cause)) => return Err(CallFailure::transport(cause)),
            Ok(Ok(None)) => return Ok(body.freeze()),
            Ok(Ok(Some(piece))) => piece,
        };
        let fits = usize::try_from(room).map_or(piece.len(), |room| room.min(piece.len()));
        if fits < piece.len() && matches!(extent, Extent::AtMost(_)) {
            return Err(CallFailure::TooLong { most });
        }
        body.extend_from_slice(&piece[..fits]);
    }
}
