//! `labeld labels sync`: every tenant's label list, read now.

use std::io::{self, Write};

use anyhow::Result;
use clap::Args;

use crate::apps::Organisation;
use crate::cli::config_args::ConfigArgs;
use crate::cli::exit::Exit;
use crate::cli::session::Session;
use crate::clock::SystemClock;
use crate::model::catalogue::CatalogueEvent;
use crate::pipeline::label_sync::{self, SyncEnd};

/// Arguments of `labeld labels sync`.
#[derive(Debug, Args)]
pub(super) struct SyncArgs {
    #[command(flatten)]
    pub(super) config: ConfigArgs,
}

pub(super) async fn run(session: &Session) -> Result<Exit> {
    let mut exit = Exit::Ok;
    let mut out = io::stdout();
    for tenant in &session.config.tenants {
        let organisation = Organisation::new(&session.config, tenant);
        let Some(list) = organisation.label_list() else {
            writeln!(
                out,
                "{}: no label list is configured (`labels`)",
                tenant.name
            )?;
            continue;
        };
        let end =
            label_sync::run(&session.db, &tenant.name, tenant.id, &list, &SystemClock).await?;
        match end {
            SyncEnd::Done(synced) => {
                writeln!(
                    out,
                    "{}: {} labels, {} changes",
                    tenant.name,
                    synced.listed,
                    synced.events.len()
                )?;
                for event in &synced.events {
                    writeln!(out, "  {}", describe(event))?;
                }
                if let Some(loss) = &synced.pending {
                    writeln!(
                        io::stderr(),
                        "{}: {} labels are no longer in the list; they are kept until a second sync misses them too",
                        tenant.name,
                        loss.missing.len()
                    )?;
                }
            }
            SyncEnd::Overtaken => writeln!(
                out,
                "{}: another sync of it has just ended; its list stays",
                tenant.name
            )?,
            SyncEnd::Failed(error) if error.is_refusal() => exit = Exit::Authentication,
            SyncEnd::Failed(_) if exit == Exit::Ok => exit = Exit::Failed,
            SyncEnd::Failed(_) => {}
        }
    }
    Ok(exit)
}

/// One line for an event.
fn describe(event: &CatalogueEvent) -> String {
    format!(
        "{} {} ({})",
        event.kind.word(),
        event.definition.display_name,
        event.label
    )
}
