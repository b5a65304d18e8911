//! Making calls.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, StatusCode};
use reqwest::Response;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use url::Url;

use super::answer::Answer;
use super::body::{self, Extent};
use super::call::{Call, Redirects, is_redirect};
use super::clock::ServerClock;
use super::content;
use super::dialect::{Dialect, Repeat};
use super::failure::CallFailure;
use super::network::Network;
use super::pace::{Overdue, Pacer};
use super::redirect;
use super::retry::{Budget, RetryOptions};
use super::secret::Secret;
use super::url::check_call_url;
use super::wait::{LONGEST_WAIT, asked_wait};
use super::watch::{CallWatch, NoCall, Unanswered};
use crate::error::{Error, ErrorKind, Result};

/// How much of the body of a refusal is read, in bytes.
const MOST_REFUSAL: u64 = 64 << 10;

/// The longest deadline that is kept to: a day.
const LONGEST_CALL: Duration = Duration::from_secs(24 * 3600);

/// The slowest line on which a body is still sent, in bytes a second.
const SLOWEST_LINE: u64 = 64 << 10;

/// One API of a service, for one tenant. Clones share everything.
#[derive(Debug, Clone)]
pub struct Service {
    inner: Arc<Inner>,
    watch: CallWatch,
}

#[derive(Debug)]
struct Inner {
    network: Network,
    dialect: Arc<dyn Dialect>,
    pacer: Arc<Pacer>,
    retry: RetryOptions,
    budget: Budget,
}

impl Service {
    /// An API that is reached through `network`, speaks `dialect`, and is called at the pace of `pacer`.
    /// It has a repetition budget of its own, and is watched by whom the network names.
    #[must_use]
    pub fn new(
        network: Network,
        dialect: Arc<dyn Dialect>,
        pacer: Arc<Pacer>,
        retry: RetryOptions,
    ) -> Self {
        let budget = Budget::new(&retry.budget);
        let watch = network.watch().clone();
        let inner = Arc::new(Inner {
            network,
            dialect,
            pacer,
            retry,
            budget,
        });
        Self { inner, watch }
    }

    /// The same service, watched by others: for one of several apps that share a tenant's.
    #[must_use]
    pub fn watched(&self, watch: CallWatch) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            watch,
        }
    }

    /// No call of the app and tenant starts before `until`, because the service asked for it in an answer
    /// that only the caller understands.
    pub fn pause_until(&self, until: Instant) {
        self.watch.throttled(self.inner.pacer.pause_until(until));
    }

    /// The pacer of the app and tenant.
    #[must_use]
    pub fn pacer(&self) -> &Arc<Pacer> {
        &self.inner.pacer
    }

    /// The service's clock.
    #[must_use]
    pub fn clock(&self) -> &Arc<ServerClock> {
        self.inner.pacer.clock()
    }

    /// Makes a call: waits for its turn, gives it a token, repeats it where that is safe and may help,
    /// and reads the answer.
    ///
    /// # Errors
    ///
    /// What the dialect makes of a refusal; [`ErrorKind::Throttled`] with the wait when the call would
    /// have to wait beyond its deadline; [`ErrorKind::Transient`] when the connection failed or the time
    /// was over; [`ErrorKind::Malformed`] when the answer is not what was asked for;
    /// [`ErrorKind::TooLarge`] when it is larger than allowed. The source is a [`CallFailure`].
    pub async fn send(&self, call: Call) -> Result<Answer> {
        let time = call.deadline.unwrap_or(self.inner.retry.deadline);
        let time = time.min(LONGEST_CALL);
        let mut run = Run {
            service: &self.inner,
            watch: &self.watch,
            call: &call,
            deadline: Instant::now() + time,
            token_renewed: false,
        };
        let mut delays = self.inner.retry.delays();
        loop {
            let failed = match run.attempt().await {
                Ok(answer) => {
                    self.inner.budget.earn();
                    return Ok(answer);
                }
                Err(failed) => failed,
            };
            let delay = failed.may_repeat(&call).then(|| delays.next()).flatten();
            match run.wait_to_repeat(&failed, delay) {
                Some(wait) => sleep(wait).await,
                None => return Err(failed.error),
            }
        }
    }
}

/// A failed attempt.
struct Failed {
    error: Error,
    repeat: Repeat,
    pauses_all: bool,
}

impl Failed {
    fn may_repeat(&self, call: &Call) -> bool {
        match self.repeat {
            Repeat::Never => false,
            Repeat::IfRepeatable => call.repeatable,
            Repeat::Always => true,
        }
    }
}

/// A call on its way.
struct Run<'a> {
    service: &'a Inner,
    watch: &'a CallWatch,
    call: &'a Call,
    deadline: Instant,
    token_renewed: bool,
}

impl Run<'_> {
    /// One attempt, with a new token when the first is refused.
    async fn attempt(&mut self) -> std::result::Result<Answer, Failed> {
        let Some(tokens) = &self.call.bearer else {
            return self.judged(self.exchange(None).await?);
        };
        let token = self.before_deadline(tokens.token()).await?;
        let answer = self.exchange(Some(&token)).await?;
        if self.token_renewed || !self.says_token_is_refused(&answer) {
            return self.judged(answer);
        }
        self.token_renewed = true;
        let token = self.before_deadline(tokens.renew(&token)).await?;
        self.judged(self.exchange(Some(&token)).await?)
    }

    fn says_token_is_refused(&self, answer: &Answer) -> bool {
        !self.call.accepts(answer.status)
            && answer.url.origin() == self.call.url.origin()
            && self.service.dialect.token_was_refused(answer)
    }

    async fn before_deadline(
        &self,
        token: impl Future<Output = Result<Secret>>,
    ) -> std::result::Result<Secret, Failed> {
        match timeout_at(self.deadline, token).await {
            Ok(Ok(token)) => Ok(token),
            // The source has repeated what can be repeated.
            Ok(Err(error)) => Err(Failed {
                error,
                repeat: Repeat::Never,
                pauses_all: false,
            }),
            Err(_) => Err(self.failed(CallFailure::OutOfTime { sent: false })),
        }
    }

    /// Takes the call out of the budget, waits for its turn and makes it.
    async fn exchange(&self, token: Option<&Secret>) -> std::result::Result<Answer, Failed> {
        let taken = self.watch.take().await;
        taken.map_err(|no_call| self.not_allowed(no_call))?;
        let pacer = &self.service.pacer;
        let pass = pacer.acquire_before(self.call.units, self.deadline).await;
        let _pass = pass.map_err(|overdue| self.overdue(overdue))?;
        match timeout_at(self.deadline, self.follow(token)).await {
            Ok(answer) => answer.map_err(|failure| self.failed(failure)),
            Err(_) => Err(self.failed(CallFailure::OutOfTime { sent: true })),
        }
    }

    async fn follow(&self, token: Option<&Secret>) -> std::result::Result<Answer, CallFailure> {
        let call = self.call;
        if let Some(what) = call.unsendable {
            return Err(CallFailure::Unsendable { what });
        }
        check_call_url(&call.url)?;
        let mut url = call.url.clone();
        let mut at_home = true;
        for _ in 0..=redirect::MOST_REDIRECTS {
            let response = self.request(&url, at_home, token).await?;
            let status = response.status();
            if call.redirects != Redirects::Follow || call.accepts(status) || !is_redirect(status) {
                return self.read(response, url).await;
            }
            url = redirect::target(
                &call.method,
                &url,
                response.headers(),
                &*self.service.dialect,
            )?;
            at_home &= url.origin() == call.url.origin();
        }
        Err(redirect::refused(Some(&url), "after too many redirects"))
    }

    /// Sends the request and waits for the head of the answer. Away from the call's origin only what
    /// concerns the content goes along.
    async fn request(
        &self,
        url: &Url,
        at_home: bool,
        token: Option<&Secret>,
    ) -> std::result::Result<Response, CallFailure> {
        let call = self.call;
        let mut headers = call.content_headers();
        if at_home {
            headers.extend(call.headers.clone());
            if let Some(token) = token {
                headers.insert(AUTHORIZATION, bearer(token)?);
            }
        }
        let client = self.service.network.client(call.wants_bytes());
        let mut request = client
            .request(call.method.clone(), url.clone())
            .headers(headers);
        if let Some(body) = &call.body {
            request = request.body(body.clone());
        }
        let sending = call.body.as_ref().map_or(0, Bytes::len) as u64 / SLOWEST_LINE;
        let silence = self
            .service
            .network
            .silence()
            .saturating_add(Duration::from_secs(sending));
        let unanswered = Unanswered::new(self.watch);
        let response = match timeout(silence, request.send()).await {
            Ok(response) => response.map_err(CallFailure::transport)?,
            Err(_) => return Err(CallFailure::Silent),
        };
        unanswered.answered(response.status());
        self.service.pacer.clock().observe(response.headers());
        self.watch
            .throttled(self.service.pacer.observe(response.headers()));
        Ok(response)
    }

    async fn read(&self, response: Response, url: Url) -> std::result::Result<Answer, CallFailure> {
        let (call, status) = (self.call, response.status());
        let headers = response.headers().clone();
        let silence = self.service.network.silence();
        let body = if call.accepts(status) && status != StatusCode::RANGE_NOT_SATISFIABLE {
            body::read(response, call.extent(status)?, silence).await?
        } else {
            // The status says enough when the words do not arrive.
            let words = body::read(response, Extent::First(MOST_REFUSAL), silence);
            words.await.unwrap_or_default()
        };
        let request_id = self.service.dialect.request_id(&headers);
        let answer = Answer::new(
            call.operation,
            call.context.clone(),
            url,
            status,
            headers,
            body,
        );
        Ok(answer.with_request_id(request_id))
    }

    /// Whether an answer is what the call wants.
    fn judged(&self, answer: Answer) -> std::result::Result<Answer, Failed> {
        let call = self.call;
        if !call.accepts(answer.status) {
            return Err(self.refused(&answer));
        }
        match content::check(call, &answer) {
            Ok(()) => Ok(answer),
            Err(what) => Err(self.failed(answer.not_as_asked(what))),
        }
    }

    fn refused(&self, answer: &Answer) -> Failed {
        if is_redirect(answer.status) {
            let target = answer.location();
            return self.failed(redirect::refused(
                target.as_ref(),
                "which was not to be followed",
            ));
        }
        let failure = self.service.dialect.classify(answer);
        let mut error = answer.error(failure.kind);
        if failure.repeat != Repeat::Never || failure.kind.is_retryable() {
            let throttled = failure.kind == ErrorKind::Throttled;
            let asked = asked_wait(&answer.headers, self.service.pacer.clock(), throttled);
            if let Some(wait) = asked.max(failure.retry_after) {
                error = error.with_retry_after(wait.min(LONGEST_WAIT));
            }
        }
        let request_id = answer.request_id().map(str::to_owned);
        Failed {
            error: error.with_source(CallFailure::refused(answer.status, &failure, request_id)),
            repeat: failure.repeat,
            pauses_all: failure.pauses_all,
        }
    }

    fn not_allowed(&self, no_call: NoCall) -> Failed {
        let wait = match no_call {
            NoCall::UsedUp { wait, .. } => Some(wait.min(LONGEST_WAIT)),
            NoCall::Unknown(_) => None,
        };
        let failed = self.failed(CallFailure::NoCall(no_call));
        match wait {
            Some(wait) => Failed {
                error: failed.error.with_retry_after(wait),
                ..failed
            },
            None => failed,
        }
    }

    fn overdue(&self, overdue: Overdue) -> Failed {
        let failed = self.failed(CallFailure::MustWait);
        match overdue.wait {
            Some(wait) => Failed {
                error: failed.error.with_retry_after(wait),
                ..failed
            },
            None => failed,
        }
    }

    fn failed(&self, failure: CallFailure) -> Failed {
        let (kind, repeat) = failure.meaning();
        let error = Error::new(kind, self.call.operation, self.call.context.clone());
        Failed {
            error: error.with_source(failure),
            repeat,
            pauses_all: false,
        }
    }

    /// How long to wait before the next attempt; `None` when there is none. `delay` is the wait by the
    /// options.
    fn wait_to_repeat(&self, failed: &Failed, delay: Option<Duration>) -> Option<Duration> {
        let asked = failed.error.retry_after();
        if failed.pauses_all {
            let pause = asked.or(delay).unwrap_or(self.service.retry.first_delay);
            let pause = pause.min(LONGEST_WAIT);
            let paused = self.service.pacer.pause_until(Instant::now() + pause);
            self.watch.throttled(paused);
        }
        let wait = delay?.max(asked.unwrap_or_default());
        if wait > self.deadline.saturating_duration_since(Instant::now())
            || !self.service.budget.spend()
        {
            return None;
        }
        tracing::debug!(
            operation = self.call.operation,
            cause = std::error::Error::source(&failed.error),
            wait_ms = wait.as_millis(),
            "a call failed and is made again"
        );
        Some(wait)
    }
}

fn bearer(token: &Secret) -> std::result::Result<HeaderValue, CallFailure> {
    let mut value = HeaderValue::try_from(format!("Bearer {}", token.expose())).map_err(|_| {
        CallFailure::Unsendable {
            what: "the token has characters that HTTP does not allow",
        }
    })?;
    value.set_sensitive(true);
    Ok(value)
}
