//! The interfaces: which call is answered by what, who may make it, and what it costs.

mod about;
mod batch;
mod changes;
mod channels;
mod condition;
mod copies;
mod directory;
mod disturb;
mod drives;
mod file_lists;
mod files;
mod labels;
mod media;
mod permissions;
mod quota;
mod render;
mod render_v2;
mod revisions;
mod route;
mod routes;
mod uploads;
mod writes;

pub(crate) use self::route::answer;
