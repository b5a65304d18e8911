//! A Box enterprise as a labeld connector (`reference/box.md`).
//!
//! The app signs in as its service account and acts as each ordinary user in turn (`As-User`): a service account
//! itself sees nothing. Administrators, co-administrators and service accounts cannot be acted as, so what they own
//! is reported as not covered.
//!
//! There is one feed. Its beginning is a walk through every user's tree, its end the enterprise's stream of events,
//! of which the position was taken before the walk.
//!
//! A file is named `{owner's id}/{file's id}`: without its owner there is nobody to act as. A file keeps its name
//! when it is renamed or moved; given to another owner it is told as gone and as new.

mod access;
mod address;
mod app;
mod call;
mod classification;
mod dialect;
mod directory;
mod events;
mod examine;
mod hints;
mod item;
mod links;
mod model;
mod multipart;
mod obstacles;
mod options;
mod owners;
mod read;
mod reference;
mod token;
mod walk;
mod words;
mod write;

pub use app::BoxApp;
pub use options::{
    BoxCredential, BoxEndpoints, BoxOptions, DownloadHosts, HintOptions, TrackingCodes, Users,
};
