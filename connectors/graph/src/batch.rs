//! Up to twenty reads in one call (reference/microsoft-graph.md §8.3).

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;
use labeld_connector::http::{
    Answer, Dialect, Failure, HeaderMap, HeaderName, HeaderValue, Method, Repeat, StatusCode, Url,
};
use labeld_connector::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::time::Instant;

use crate::call::Purpose;
use crate::dialect::Microsoft;
use crate::tenant::Tenant;

/// Most parts of one call.
pub(crate) const MOST_PARTS: usize = 20;

/// How often parts that were refused for now are asked again.
const ROUNDS: usize = 4;

/// The wait before parts are asked again that named none.
const WAIT: Duration = Duration::from_secs(1);

/// The longest wait that is believed.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// One read of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// The full address, below the stable version of Graph.
    pub(crate) url: Url,
    /// What it is about, for errors.
    pub(crate) context: String,
    /// Resource units.
    pub(crate) units: u32,
}

#[derive(Serialize)]
struct BatchRequest<'a> {
    requests: Vec<PartRequest<'a>>,
}

#[derive(Serialize)]
struct PartRequest<'a> {
    id: String,
    method: &'static str,
    url: &'a str,
}

#[derive(Deserialize)]
struct BatchAnswer {
    responses: Vec<PartAnswer>,
}

#[derive(Deserialize)]
struct PartAnswer {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<HashMap<String, Value>>,
    #[serde(default)]
    body: Option<Value>,
}

/// The service refused one part of a batch.
#[derive(Debug, thiserror::Error)]
#[error("the service answered {status}{}{}", if .codes.is_empty() { "" } else { " " }, .codes.join("/"))]
pub(crate) struct PartRefused {
    pub(crate) status: u16,
    pub(crate) codes: Vec<String>,
}

/// How one part went.
enum Outcome<T> {
    Done(Result<T>),
    /// Worth asking again after the wait.
    Later(Error, Duration),
}

impl Tenant {
    /// Reads many things, twenty at a time. The answers are in the order of `parts`, each with its own
    /// success or error.
    ///
    /// # Errors
    ///
    /// When a call as a whole fails.
    pub(crate) async fn batch<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        parts: &[Part],
    ) -> Result<Vec<Result<T>>> {
        let mut answers = Vec::with_capacity(parts.len());
        for chunk in parts.chunks(MOST_PARTS) {
            answers.extend(self.batch_once(operation, chunk).await?);
        }
        Ok(answers)
    }

    /// Reads at most twenty things.
    async fn batch_once<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        parts: &[Part],
    ) -> Result<Vec<Result<T>>> {
        let mut answers: Vec<Option<Result<T>>> = parts.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..parts.len()).collect();
        for round in 1..=ROUNDS {
            let asked: Vec<(usize, &Part)> = open
                .iter()
                .filter_map(|&index| Some((index, parts.get(index)?)))
                .collect();
            let outcomes = self.ask(operation, &asked).await?;
            let mut wait = Duration::ZERO;
            open.clear();
            for (index, outcome) in outcomes {
                let answer = match outcome {
                    Outcome::Done(answer) => Some(answer),
                    Outcome::Later(error, _) if round == ROUNDS => Some(Err(error)),
                    Outcome::Later(_, asked) => {
                        wait = wait.max(asked);
                        open.push(index);
                        None
                    }
                };
                if let Some(place) = answers.get_mut(index) {
                    *place = answer;
                }
            }
            if open.is_empty() {
                break;
            }
            // Refused parts count too, so everything waits (§8.2).
            self.service.pause_until(Instant::now() + wait);
        }
        let missing = || {
            Purpose {
                operation,
                context: "a batch",
            }
            .malformed("a part has no answer")
        };
        Ok(answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(missing())))
            .collect())
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        asked: &[(usize, &Part)],
    ) -> Result<Vec<(usize, Outcome<T>)>> {
        let base = self.v1(&[])?;
        let base = base.as_str().trim_end_matches('/');
        let requests = asked
            .iter()
            .map(|(index, part)| PartRequest {
                id: index.to_string(),
                method: "GET",
                url: part.url.as_str().strip_prefix(base).unwrap_or_default(),
            })
            .collect();
        let context = format!("{} at once", asked.len());
        let purpose = Purpose {
            operation,
            context: match asked {
                [(_, part)] => &part.context,
                _ => &context,
            },
        };
        let units = asked.iter().map(|(_, part)| part.units).sum();
        let call = self
            .call(Method::POST, self.v1(&["$batch"])?, &purpose, units)
            .json(&BatchRequest { requests })
            .repeatable(true);
        let answer: BatchAnswer = self.service.send(call).await?.json()?;
        let mut by_id: HashMap<String, PartAnswer> = answer
            .responses
            .into_iter()
            .map(|part| (part.id.clone(), part))
            .collect();
        let outcomes = asked.iter().map(|&(index, part)| {
            let answer = by_id.remove(&index.to_string());
            (index, self.judge(operation, part, answer))
        });
        Ok(outcomes.collect())
    }

    fn judge<T: DeserializeOwned>(
        &self,
        operation: &'static str,
        part: &Part,
        answer: Option<PartAnswer>,
    ) -> Outcome<T> {
        let purpose = Purpose {
            operation,
            context: &part.context,
        };
        let Some(answer) = answer else {
            return Outcome::Later(purpose.malformed("the part has no answer"), WAIT);
        };
        if (200..300).contains(&answer.status) {
            let body = answer.body.unwrap_or(Value::Null);
            let read = serde_json::from_value(body);
            return Outcome::Done(
                read.map_err(|_| purpose.malformed("the answer does not have the expected fields")),
            );
        }
        let (failure, wait) = self.failure_of(part, &answer);
        let error = purpose.error(failure.kind).with_source(PartRefused {
            status: answer.status,
            codes: failure.codes,
        });
        match failure.repeat {
            Repeat::Never => Outcome::Done(Err(error)),
            Repeat::IfRepeatable | Repeat::Always => {
                let wait = wait.unwrap_or(WAIT);
                Outcome::Later(error.with_retry_after(wait), wait)
            }
        }
    }

    /// What the refusal of a part means, and the wait that it asks for.
    fn failure_of(&self, part: &Part, answer: &PartAnswer) -> (Failure, Option<Duration>) {
        let mut headers = HeaderMap::new();
        for (name, value) in answer.headers.iter().flatten() {
            if let Some(value) = value.as_str()
                && let Ok(name) = HeaderName::try_from(name.as_str())
                && let Ok(value) = HeaderValue::try_from(value)
            {
                headers.insert(name, value);
            }
        }
        let wait = headers
            .get("retry-after")
            .and_then(|text| text.to_str().ok()?.trim().parse().ok())
            .map(|seconds| Duration::from_secs(seconds).min(LONGEST_WAIT));
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::BAD_GATEWAY);
        let body = answer.body.as_ref().map(Value::to_string);
        let whole = Answer::new(
            "read",
            "",
            part.url.clone(),
            status,
            headers,
            Bytes::from(body.unwrap_or_default()),
        );
        let dialect = Microsoft::new(self.endpoints.clone());
        (dialect.classify(&whole), wait)
    }
}

/// The status behind an error of a single call or of a part of a batch.
pub(crate) fn status_of(error: &Error) -> Option<u16> {
    use std::error::Error as _;

    use labeld_connector::http::CallFailure;

    if let Some(failure) = CallFailure::of(error) {
        return failure.status().map(|status| status.as_u16());
    }
    let refused: &PartRefused = error.source()?.downcast_ref()?;
    Some(refused.status)
}
