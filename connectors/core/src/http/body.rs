//! Reading a body within bounds.

use std::time::Duration;

use bytes::Bytes;
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
    let announced = announced.map_or(0, |length| {
        usize::try_from(length.min(most)).unwrap_or(usize::MAX)
    });
    let mut body = Vec::with_capacity(announced.min(FIRST_PIECE));
    loop {
        let room = most.saturating_sub(body.len() as u64);
        if room == 0 && matches!(extent, Extent::First(_)) {
            return Ok(body.into());
        }
        let piece = match timeout(silence, response.chunk()).await {
            Err(_) => return Err(CallFailure::Silent),
            Ok(Err(cause)) => return Err(CallFailure::transport(cause)),
            Ok(Ok(None)) => return Ok(body.into()),
            Ok(Ok(Some(piece))) => piece,
        };
        let fits = usize::try_from(room).map_or(piece.len(), |room| room.min(piece.len()));
        if fits < piece.len() && matches!(extent, Extent::AtMost(_)) {
            return Err(CallFailure::TooLong { most });
        }
        make_room(&mut body, fits, announced);
        body.extend_from_slice(&piece[..fits]);
    }
}

/// Makes room for a piece. What is announced is taken when a quarter of it has come, so that a large body is seldom moved
/// while it grows, and in the end takes no more memory than it has bytes.
fn make_room(body: &mut Vec<u8>, piece: usize, announced: usize) {
    let needed = body.len().saturating_add(piece);
    if needed <= body.capacity() {
        return;
    }
    if needed > announced {
        body.reserve(piece);
        return;
    }
    let believed = announced.min(needed.saturating_mul(4));
    body.reserve_exact(believed - body.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_grows_with_what_has_come() {
        const MIB: usize = 1 << 20;
        // Bytes that are there, room for them, the next piece, what is announced: the most room after it.
        for (there, room, piece, announced, most) in [
            (0, 0, 100, 0, 200),
            (0, 100, 100, 100, 100),
            (60_000, 65_536, 16_000, MIB, 304_000),
            (300_000, 304_000, 16_000, MIB, MIB),
            // A lie costs four times what has come.
            (65_536, 65_536, 1, usize::MAX, 262_148),
            // More comes than was announced.
            (1_000, 1_000, 1_000, 1_000, 4_000),
        ] {
            let mut body = Vec::with_capacity(room);
            body.resize(there, 0);
            make_room(&mut body, piece, announced);
            let room = body.capacity();
            assert!((there + piece..=most).contains(&room), "{there}: {room}");
        }
    }
}
