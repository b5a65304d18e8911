//! What goes over the wire: calls, answers, refusals, and the languages in them.

pub(crate) mod call;
pub(crate) mod failure;
pub(crate) mod fields;
pub(crate) mod multipart;
pub(crate) mod query;
pub(crate) mod schema;
