//! What calls cost, and how too many are refused (reference/google-drive.md §9.1, §9.2).

use http::StatusCode;
use serde_json::json;

use crate::google::switches::RateLimitForm;
use crate::google::wire::call::{Call, Caller};
use crate::google::wire::failure::Failure;
use crate::google::world::World;

/// What kind of cost a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    Get,
    List,
    Write,
    Download,
    Other,
    /// The directory has a quota of its own.
    Directory,
}

impl Cost {
    /// The cost of this call: asking for the bytes makes a look a download.
    pub(super) fn of(self, call: &Call) -> Self {
        match (self, call.parameter("alt")) {
            (Self::Get, Some("media")) => Self::Download,
            _ => self,
        }
    }

    pub(super) fn units(self, requests_are_units: bool) -> u32 {
        match self {
            Self::Directory => 0,
            _ if requests_are_units => 1,
            Self::Get | Self::Other => 5,
            Self::List => 100,
            Self::Write => 50,
            Self::Download => 200,
        }
    }
}

/// Counts a call, or refuses it.
pub(super) fn charge(
    world: &mut World<'_>,
    call: &Call,
    caller: &Caller,
    cost: Cost,
) -> Result<(), Failure> {
    if let Some(retry_after) = call
        .faults
        .as_ref()
        .and_then(crate::frame::ActiveFaults::throttle)
    {
        let refused = refusal(world.switches.rate_limit_form, "rateLimitExceeded");
        return Err(match retry_after {
            Some(seconds) => refused.header(http::header::RETRY_AFTER, &seconds.to_string()),
            None => refused,
        });
    }
    let units = cost.units(world.switches.requests_are_units);
    let minute = world.now.timestamp().div_euclid(60);
    let usage = &mut world.state.transient.usage;
    if usage.minute != minute {
        usage.minute = minute;
        usage.project = 0;
        usage.users.clear();
    }
    let of_user = usage.users.entry(caller.user.id.clone()).or_default();
    let is_over =
        |used: u32, most: Option<u32>| most.is_some_and(|most| used.saturating_add(units) > most);
    if is_over(usage.project, world.switches.project_units_per_minute) {
        return Err(refusal(world.switches.rate_limit_form, "rateLimitExceeded"));
    }
    if is_over(*of_user, world.switches.user_units_per_minute) {
        return Err(refusal(
            world.switches.rate_limit_form,
            "userRateLimitExceeded",
        ));
    }
    usage.project = usage.project.saturating_add(units);
    *of_user = of_user.saturating_add(units);
    Ok(())
}

fn refusal(form: RateLimitForm, reason: &str) -> Failure {
    let words = match reason {
        "userRateLimitExceeded" => "User Rate Limit Exceeded",
        _ => "Rate Limit Exceeded",
    };
    match form {
        RateLimitForm::Plain => Failure::forbidden(reason, words).of_usage(),
        RateLimitForm::TooManyRequests => {
            Failure::new(StatusCode::TOO_MANY_REQUESTS, "rateLimitExceeded", words).of_usage()
        }
        RateLimitForm::Detailed => {
            let message = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user' of service \
                'drive.googleapis.com' for consumer 'project_number:123456789'.";
            let mut failure = Failure::forbidden("rateLimitExceeded", message).of_usage();
            failure.status_name = Some("PERMISSION_DENIED");
            failure.details = Some(json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": {
                    "service": "drive.googleapis.com",
                    "consumer": "projects/123456789",
                    "quota_metric": "drive.googleapis.com/default",
                    "quota_limit": "defaultPerMinutePerUser",
                },
            }]));
            failure
        }
    }
}
