//! The connector over the emulator.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failure report"
)]

#[path = "../../../graph/tests/support/mod.rs"]
mod support;

mod changes;
mod examine;
mod feeds;
mod hints;
mod native;
mod obstacles;
mod owners;
mod reading;
mod suite;
mod writing;

use labeld_connector_sharepoint::{SharePointOptions, Sites};

use support::{AppDrive, World};

/// A library of a site of its own, as an app.
async fn library() -> AppDrive<SharePointOptions> {
    let world = World::new().await;
    let microsoft = world.microsoft();
    microsoft.add_site("quiet", "Quiet");
    let drive = microsoft.add_library("quiet", "Plans and Papers");
    let site = microsoft.bases().sharepoint.join("sites/quiet").unwrap();
    AppDrive {
        world,
        drive,
        root: "sites/quiet/Plans and Papers".to_owned(),
        scope: SharePointOptions {
            sites: Sites::Listed(vec![site]),
            page_size: 5,
            ..SharePointOptions::default()
        },
    }
}
