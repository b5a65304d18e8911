//! Looking at many files in one call (reference/google-drive.md §9.3).
//!
//! A batch saves round trips and nothing else: each look in it counts. All of them are made with one token, so
//! that files of two people cannot share a batch.

mod parts;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use labeld_connector::http::{Answer, Dialect, Expect, Method, Repeat};
use labeld_connector::{ErrorKind, Result};
use serde::de::DeserializeOwned;
use tokio::time::Instant;
use uuid::Uuid;

use self::parts::PartAnswer;
use crate::client::{Client, Purpose};
use crate::dialect::Google;
use crate::eyes::Eyes;

/// Most looks in one call.
pub(crate) const MOST_PARTS: usize = 100;

/// How often looks that were refused for now are made again.
const ROUNDS: usize = 4;

/// The wait before they are made again.
const WAIT: Duration = Duration::from_secs(1);

/// Which version of Drive looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Api {
    V2,
    V3,
}

impl Api {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::V2 => "v2",
            Self::V3 => "v3",
        }
    }
}

/// Looks at many files. Where the service has no batches, one by one.
#[derive(Debug, Default)]
pub(crate) struct Batches {
    are_missing: AtomicBool,
}

/// The service refused one look of a batch.
#[derive(Debug, thiserror::Error)]
#[error("the service answered {status}{}{}", if .codes.is_empty() { "" } else { " " }, .codes.join("/"))]
struct PartRefused {
    status: u16,
    codes: Vec<String>,
}

/// How one look went.
enum Outcome<T> {
    Done(Result<T>),
    Later(labeld_connector::Error),
}

impl Batches {
    /// Looks at files by id. The answers are in the order of `ids`, each with its own success or error.
    ///
    /// # Errors
    ///
    /// When a call as a whole fails.
    pub(crate) async fn look_at<T: DeserializeOwned>(
        &self,
        client: &Client,
        eyes: &Arc<Eyes>,
        (api, fields): (Api, &str),
        ids: &[String],
        operation: &'static str,
    ) -> Result<Vec<Result<T>>> {
        let mut answers = Vec::with_capacity(ids.len());
        let query = Query {
            client,
            eyes,
            api,
            fields,
            operation,
        };
        for chunk in ids.chunks(MOST_PARTS) {
            if chunk.len() < 2 || self.are_missing.load(Ordering::Relaxed) {
                for id in chunk {
                    answers.push(query.one(id).await);
                }
                continue;
            }
            match query.many(chunk).await {
                Ok(found) => answers.extend(found),
                Err(error)
                    if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Unsupported) =>
                {
                    self.are_missing.store(true, Ordering::Relaxed);
                    for id in chunk {
                        answers.push(query.one(id).await);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(answers)
    }
}

/// What is asked, of whichever files.
struct Query<'a> {
    client: &'a Client,
    eyes: &'a Arc<Eyes>,
    api: Api,
    fields: &'a str,
    operation: &'static str,
}

impl Query<'_> {
    async fn one<T: DeserializeOwned>(&self, id: &str) -> Result<T> {
        let segments = ["drive", self.api.name(), "files", id];
        let url = self
            .client
            .drive_url(&segments, &[("fields", self.fields)], true)?;
        let purpose = Purpose::new(self.operation, id);
        self.client
            .get(url, &purpose, self.client.units.get, self.eyes)
            .await
    }

    async fn many<T: DeserializeOwned>(&self, ids: &[String]) -> Result<Vec<Result<T>>> {
        let mut answers: Vec<Option<Result<T>>> = ids.iter().map(|_| None).collect();
        let mut open: Vec<usize> = (0..ids.len()).collect();
        for round in 1..=ROUNDS {
            let asked: Vec<(usize, &str)> = open
                .iter()
                .filter_map(|index| Some((*index, ids.get(*index)?.as_str())))
                .collect();
            open.clear();
            for (index, outcome) in self.ask(&asked).await? {
                let answer = match outcome {
                    Outcome::Later(_) if round < ROUNDS => {
                        open.push(index);
                        continue;
                    }
                    Outcome::Later(error) => Err(error),
                    Outcome::Done(answer) => answer,
                };
                if let Some(place) = answers.get_mut(index) {
                    *place = Some(answer);
                }
            }
            if open.is_empty() {
                break;
            }
            // A refused look counts too, so everything waits.
            self.client.drive.pause_until(Instant::now() + WAIT);
        }
        let missing = || Purpose::new(self.operation, "a batch").malformed("a part has no answer");
        let answers = answers
            .into_iter()
            .map(|answer| answer.unwrap_or_else(|| Err(missing())));
        Ok(answers.collect())
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        asked: &[(usize, &str)],
    ) -> Result<Vec<(usize, Outcome<T>)>> {
        let context = format!("{} files at once", asked.len());
        let purpose = Purpose::new(self.operation, &context);
        let boundary = format!("labeld_{}", Uuid::new_v4().simple());
        let mut targets = Vec::with_capacity(asked.len());
        for (index, id) in asked {
            let segments = ["drive", self.api.name(), "files", id];
            let url = self
                .client
                .drive_url(&segments, &[("fields", self.fields)], true)?;
            targets.push((*index, url));
        }
        let body = parts::request(&boundary, &targets);
        let count = u32::try_from(asked.len()).unwrap_or(u32::MAX);
        let units = self.client.units.get.saturating_mul(count);
        let url = self
            .client
            .drive_url(&["batch", "drive", self.api.name()], &[], false)?;
        let call = self
            .client
            .drive_call(Method::POST, url, &purpose, units, self.eyes)
            .set(|call| {
                call.body(body, &format!("multipart/mixed; boundary={boundary}"))
                    .expect(Expect::Anything)
                    .repeatable(true)
            });
        let answer = self.client.send(call).await?;
        let content_type = answer.header("content-type").unwrap_or_default().to_owned();
        let mut found = parts::answer(&content_type, &answer.body)
            .ok_or_else(|| answer.malformed("is no batch"))?;
        let outcomes = targets
            .into_iter()
            .zip(asked)
            .map(|((index, url), (_, id))| {
                let part = found.remove(&index);
                (index, self.judged(id, url, part))
            });
        Ok(outcomes.collect())
    }

    fn judged<T: DeserializeOwned>(
        &self,
        id: &str,
        url: labeld_connector::http::Url,
        part: Option<PartAnswer>,
    ) -> Outcome<T> {
        let purpose = Purpose::new(self.operation, id);
        let Some(part) = part else {
            return Outcome::Later(purpose.malformed("the part has no answer"));
        };
        if part.status.is_success() {
            let read = serde_json::from_slice(&part.body);
            return Outcome::Done(
                read.map_err(|_| purpose.malformed("the answer does not have the expected fields")),
            );
        }
        let status = part.status;
        let answer = Answer::new(self.operation, id, url, status, part.headers, part.body);
        let dialect = Google {
            drive: self.client.endpoints.drive.clone(),
        };
        let failure = dialect.classify(&answer);
        let error = purpose.error(failure.kind).with_source(PartRefused {
            status: status.as_u16(),
            codes: failure.codes,
        });
        match failure.repeat {
            Repeat::Never => Outcome::Done(Err(error)),
            Repeat::IfRepeatable | Repeat::Always => Outcome::Later(error.with_retry_after(WAIT)),
        }
    }
}
