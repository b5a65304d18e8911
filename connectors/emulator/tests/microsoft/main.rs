//! The Microsoft cloud, over real HTTP.

mod support;
mod tokens;
