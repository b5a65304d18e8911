//! Graph.

mod access;
mod answer;
mod batch;
mod checkout;
mod content;
mod delta;
mod directory;
mod dispatch;
mod drives;
mod items;
mod labels;
mod page;
mod permissions;
mod projection;
mod refer;
pub(crate) mod render;
mod retention;
mod route;
mod schema;
mod sensitivity;
mod sites;
mod subscriptions;
mod upload;
mod upload_session;

pub(crate) use answer::answer;
pub(crate) use content::refuse_infected;
pub(crate) use subscriptions::{lifecycle, notify};
pub(crate) use upload_session::finish as finish_upload;
