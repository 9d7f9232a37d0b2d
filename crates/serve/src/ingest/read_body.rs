//! A body, unpacked, within bounds: of one request, and of all that are being read at once.
//!
//! All requests together may hold so many bytes; who would go beyond is told to come again before memory is taken, which is what
//! keeps a server alive when many slow senders come together.

use super::intake::Intake;
use super::reply;
use axum::body::Body;
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use flate2::read::MultiGzDecoder;
use futures::StreamExt;
use std::io::Read;
use std::sync::atomic::Ordering::Relaxed;
use tracking::BodyError;

/// Bytes that a request holds while it is worked on.
pub(super) struct Held<'i> {
    intake: &'i Intake,
    bytes: usize,
}

impl Held<'_> {
    /// Takes more, or says that there is no more.
    fn take(&mut self, bytes: usize) -> bool {
        let before = self.intake.bodies.fetch_add(bytes, Relaxed);
        self.bytes += bytes;
        // One alone always fits.
        before + bytes <= self.intake.params().body_bytes || before == 0
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.intake.bodies.fetch_sub(self.bytes, Relaxed);
    }
}

/// Reads a body of at most `limit` bytes, packed or not. The answer is the one to give where that fails.
pub(super) async fn read_body<'i>(
    intake: &'i Intake,
    headers: &HeaderMap,
    body: Body,
    limit: usize,
) -> Result<(Bytes, Held<'i>), Response> {
    let too_large = |bytes| {
        let error = BodyError::TooLarge { bytes, limit };
        reply::bad(error.code(), error.to_string())
    };
    let mut held = Held { intake, bytes: 0 };
    let mut stream = body.into_data_stream();
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|e| reply::bad("unreadable", format!("the body ended early: {e}")))?;
        if !held.take(chunk.len()) {
            return Err(reply::busy(intake.now(), intake.params().retry_seconds));
        }
        if first.is_empty() && all.is_empty() {
            first = chunk;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&chunk);
        }
        if first.len().max(all.len()) > limit {
            return Err(too_large(first.len().max(all.len())));
        }
    }
    // Most bodies come in one piece, which is then not copied.
    let packed = if all.is_empty() { first } else { all.freeze() };
    let encoding = headers.get(CONTENT_ENCODING).and_then(|v| v.to_str().ok()).unwrap_or("identity").trim();
    if encoding.eq_ignore_ascii_case("identity") || encoding.is_empty() {
        return Ok((packed, held));
    }
    if !encoding.eq_ignore_ascii_case("gzip") && !encoding.eq_ignore_ascii_case("x-gzip") {
        let message = format!("the body is packed as `{encoding}`: gzip, or not at all, is read here");
        return Err(reply::bad("unknown_encoding", message));
    }
    let mut unpacked = Vec::new();
    // One byte more than is taken says that there was more, however much that would be unpacked.
    let read = MultiGzDecoder::new(&*packed).take(limit as u64 + 1).read_to_end(&mut unpacked);
    read.map_err(|e| reply::bad("bad_gzip", format!("the body says that it is gzip and is not: {e}")))?;
    if unpacked.len() > limit {
        return Err(too_large(unpacked.len()));
    }
    if !held.take(unpacked.len()) {
        return Err(reply::busy(intake.now(), intake.params().retry_seconds));
    }
    Ok((unpacked.into(), held))
}
