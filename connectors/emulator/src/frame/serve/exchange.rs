//! One request and its answer: body, faults, handler, journal.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::DefaultBodyLimit;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderValue};
use http::request::Parts;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::frame::faults::{
    CutBody, Hit, Target, forced_answer, shift_content_range, sign_in_page, truncate_json,
};
use crate::frame::journal::{
    MOST_BODY_BYTES, Recording, RequestHead, ResponseHead, form_body, json_body,
};
use crate::frame::{ActiveFaults, Effect, Frame, Outcome, Provider, RecordedBody, ResourceUnits};

/// The longest body of a request: the largest file that SharePoint takes in one PUT is 250 MB
/// (reference/microsoft-graph.md §5.1), and a little more, so that the service's own limit speaks first.
const MOST_REQUEST_BYTES: usize = 260 * 1024 * 1024;

/// When and where a request arrived, as its extension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// When, by the emulator's clock.
    pub time: DateTime<Utc>,
    /// The provider's name for the host.
    pub host: &'static str,
    /// The request's number in the journal; `None` when the journal is off.
    pub seq: Option<u64>,
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("closed by a scripted fault")]
    Scripted,
    #[error("cannot read the request's body")]
    Body,
}

/// What answers for one host.
pub(super) struct Exchange {
    frame: Frame,
    provider: &'static str,
    host: &'static str,
    router: TowerToHyperService<Router>,
}

impl Exchange {
    pub(super) fn new(frame: &Frame, provider: &Arc<dyn Provider>, host: &'static str) -> Self {
        Self {
            frame: frame.clone(),
            provider: provider.name(),
            host,
            router: TowerToHyperService::new(
                Arc::clone(provider)
                    .router(host)
                    // The body is in memory already when a handler asks for it.
                    .layer(DefaultBodyLimit::disable()),
            ),
        }
    }

    /// Answers a request, or has its connection closed.
    pub(super) async fn answer(&self, request: Request<Incoming>) -> Result<Response, Lost> {
        let time = self.frame.clock.now();
        let (parts, body) = request.into_parts();
        let recording = self.frame.journal.begin(RequestHead {
            time,
            provider: self.provider,
            host: self.host,
            method: &parts.method,
            uri: &parts.uri,
            headers: &parts.headers,
        });
        let target = Arc::new(Target {
            provider: self.provider,
            host: self.host,
            method: parts.method.clone(),
            path: percent_decode_str(parts.uri.path())
                .decode_utf8_lossy()
                .into_owned(),
        });
        self.delay(&target, &recording).await;
        let body = match read_body(body).await {
            Ok(body) => body,
            Err(BodyError::Broken) => return Err(Lost::Body),
            Err(BodyError::TooLong) => {
                let answer = too_long();
                return Ok(self.send(answer, recording).await);
            }
        };
        record_request(&recording, &parts.headers, &body);

        let before = self.frame.faults.first(&target, is_before_handler);
        if let Some(hit) = before {
            recording.fault(hit.effect.name());
            let Some(answer) = in_place_of_handler(&hit) else {
                recording.finish(Outcome::RequestLost, None);
                return Err(Lost::Scripted);
            };
            return Ok(self.send(answer, recording).await);
        }
        let arrival = Arrival {
            time,
            host: self.host,
            seq: recording.seq(),
        };
        let answer = self.handle(parts, body, arrival, &target, &recording).await;
        self.spoil(answer, &target, recording).await
    }

    async fn delay(&self, target: &Target, recording: &Recording) {
        let hits = self
            .frame
            .faults
            .all(target, |effect| matches!(effect, Effect::DelayMs(_)));
        for hit in hits {
            recording.fault(hit.effect.name());
            if let Effect::DelayMs(milliseconds) = hit.effect {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
            }
        }
    }

    async fn handle(
        &self,
        mut parts: Parts,
        body: Bytes,
        arrival: Arrival,
        target: &Arc<Target>,
        recording: &Recording,
    ) -> Response {
        let active = ActiveFaults::new(self.frame.faults.clone(), Arc::clone(target));
        parts.extensions.insert(active.clone());
        parts.extensions.insert(arrival);
        let request = Request::from_parts(parts, Body::from(body));
        let answered = self.router.call(request).await;
        for effect in active.take_done() {
            recording.fault(effect);
        }
        match answered {
            Ok(answer) => answer,
            Err(never) => match never {},
        }
    }

    /// Does the first fault that fits the answer, and sends what is left of it.
    async fn spoil(
        &self,
        mut answer: Response,
        target: &Target,
        recording: Recording,
    ) -> Result<Response, Lost> {
        let hit = self
            .frame
            .faults
            .first(target, |effect| fits(effect, &target.method, &answer));
        if let Some(hit) = hit {
            recording.fault(hit.effect.name());
            match hit.effect {
                Effect::AnswerLost => {
                    let response = response_head(&mut answer, &recording).await;
                    recording.finish(Outcome::AnswerLost, Some(response));
                    return Err(Lost::Scripted);
                }
                Effect::CutAfter { bytes } => {
                    return Ok(self.cut(answer, bytes, Duration::ZERO, recording).await);
                }
                Effect::StallAfter { bytes, ms } => {
                    let stall = Duration::from_millis(ms);
                    return Ok(self.cut(answer, bytes, stall, recording).await);
                }
                Effect::TruncatedJson => answer = truncated(answer).await,
                Effect::WrongContentRange => shift_content_range(answer.headers_mut()),
                _ => {}
            }
        }
        Ok(self.send(answer, recording).await)
    }

    /// Sends the beginning of an answer, and breaks when `stall` has passed.
    async fn cut(
        &self,
        mut answer: Response,
        bytes: u64,
        stall: Duration,
        recording: Recording,
    ) -> Response {
        let mut response = response_head(&mut answer, &recording).await;
        response.bytes = response.bytes.min(bytes);
        recording.finish(Outcome::Cut, Some(response));
        self.date(&mut answer);
        answer.map(|body| Body::new(CutBody::new(body, bytes, stall)))
    }

    /// Sends an answer.
    async fn send(&self, mut answer: Response, recording: Recording) -> Response {
        let response = response_head(&mut answer, &recording).await;
        recording.finish(Outcome::Answered, Some(response));
        self.date(&mut answer);
        answer
    }

    /// Puts the time of the emulated world on an answer, unless a scripted one has a date of its own.
    fn date(&self, answer: &mut Response) {
        if let Ok(date) = HeaderValue::try_from(self.frame.clock.http_date()) {
            answer.headers_mut().entry(DATE).or_insert(date);
        }
    }
}

enum BodyError {
    Broken,
    TooLong,
}

async fn read_body(body: Incoming) -> Result<Bytes, BodyError> {
    match Limited::new(body, MOST_REQUEST_BYTES).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(BodyError::TooLong),
        Err(_) => Err(BodyError::Broken),
    }
}

fn too_long() -> Response {
    let text = format!("the emulator takes bodies of up to {MOST_REQUEST_BYTES} bytes");
    (
        StatusCode::PAYLOAD_TOO_LARGE,
        axum::Json(json!({"error": text})),
    )
        .into_response()
}

fn record_request(recording: &Recording, headers: &HeaderMap, body: &Bytes) {
    let kept = (recording.wants_bodies() && !body.is_empty()).then(|| {
        if has_type(headers, "x-www-form-urlencoded") && body.len() <= MOST_BODY_BYTES {
            RecordedBody::of(&form_body(body))
        } else {
            RecordedBody::of(body)
        }
    });
    recording.request_body(body.len() as u64, kept);
}

fn is_before_handler(effect: &Effect) -> bool {
    matches!(
        effect,
        Effect::Status { .. } | Effect::RequestLost | Effect::Html
    )
}

/// The answer of a fault that keeps the request from its handler; `None` when there is none.
fn in_place_of_handler(hit: &Hit) -> Option<Response> {
    match &hit.effect {
        Effect::Status {
            code,
            headers,
            body,
        } => Some(forced_answer(*code, headers, body)),
        Effect::Html => Some(sign_in_page()),
        _ => None,
    }
}

/// Whether an effect on answers can be done to this one.
fn fits(effect: &Effect, method: &Method, answer: &Response) -> bool {
    let longest = answer.body().size_hint().upper().unwrap_or(u64::MAX);
    let has_body = *method != Method::HEAD && longest > 0;
    match effect {
        Effect::AnswerLost => true,
        Effect::CutAfter { bytes } | Effect::StallAfter { bytes, .. } => {
            has_body && longest > *bytes
        }
        Effect::TruncatedJson => has_body && has_type(answer.headers(), "json"),
        Effect::WrongContentRange => answer.status() == StatusCode::PARTIAL_CONTENT,
        _ => false,
    }
}

fn has_type(headers: &HeaderMap, part: &str) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.contains(part))
}

/// The answer with half of its body, as if that were all.
async fn truncated(answer: Response) -> Response {
    let (mut parts, body) = answer.into_parts();
    let body = collected(body).await;
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(truncate_json(&body)))
}

/// What the journal keeps of an answer, whose body is left as it was.
async fn response_head(answer: &mut Response, recording: &Recording) -> ResponseHead {
    let size = answer.body().size_hint();
    let bytes = size.exact().unwrap_or(size.lower());
    let small = size
        .exact()
        .is_some_and(|size| (1..=MOST_BODY_BYTES as u64).contains(&size));
    let mut body = None;
    if small && recording.wants_bodies() && has_type(answer.headers(), "json") {
        let taken = collected(std::mem::take(answer.body_mut())).await;
        body = serde_json::from_slice(&taken).ok().map(json_body);
        *answer.body_mut() = Body::from(taken);
    }
    ResponseHead {
        status: answer.status().as_u16(),
        bytes,
        body,
        units: answer
            .extensions()
            .get::<ResourceUnits>()
            .map(|units| units.0),
    }
}

/// The bytes of a body that the provider has in memory. One that fails midway counts as empty.
async fn collected(body: Body) -> Bytes {
    match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(_) => Bytes::new(),
    }
}
