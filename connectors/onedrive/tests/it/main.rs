//! The connector over the emulator.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is the failure report"
)]

#[path = "../../../graph/tests/support/mod.rs"]
mod support;

mod exposure;
mod feeds;
mod suite;

use labeld_connector_onedrive::{OneDriveOptions, Users};
use labeld_emulator::microsoft::NewUser;

use support::{AppDrive, World};

/// The person whose drive is looked at.
const NOOR: &str = "noor@alder.example";

/// A person's OneDrive as an app.
async fn one_drive() -> AppDrive<OneDriveOptions> {
    let world = World::new().await;
    let drive = world.microsoft().add_user(NewUser::named(NOOR));
    AppDrive {
        world,
        drive,
        root: "personal/noor_alder_example/Documents".to_owned(),
        scope: OneDriveOptions {
            users: Users::Listed(vec![NOOR.to_owned()]),
            page_size: 5,
            ..OneDriveOptions::default()
        },
    }
}
