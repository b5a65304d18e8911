//! Calls and answers, apart from what they mean.

mod call;
mod failure;
mod reply;
mod uri;

pub(crate) use call::{Call, Caller};
pub(crate) use failure::Failure;
pub(crate) use reply::{Body, Reply};
pub(crate) use uri::{decoded, query_pairs};
