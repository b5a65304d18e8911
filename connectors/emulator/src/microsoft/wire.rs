//! Calls and answers, apart from what they mean.

mod call;
mod failure;
mod uri;

pub(crate) use crate::frame::{Body, Reply};
pub(crate) use call::{Call, Caller};
pub(crate) use failure::Failure;
pub(crate) use uri::{decoded, query_pairs};
