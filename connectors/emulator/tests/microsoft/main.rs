//! The Microsoft cloud, over real HTTP.

mod access;
mod content;
mod delta;
mod support;
mod tokens;
