//! The Microsoft cloud, over real HTTP.

mod access;
mod content;
mod control;
mod delta;
mod labels;
mod limits;
mod sharepoint;
mod support;
mod tokens;
