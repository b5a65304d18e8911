//! A rescan done by the running service: what it says of it is printed as if it were done here.

use std::collections::HashMap;
use std::io::{self, Write};

use anyhow::{Result, bail};

use super::progress::{Watch, Watches};
use super::result::{OutcomeRow, Totals};
use super::{RescanArgs, report_interruption};
use crate::cli::exit::Exit;
use crate::cli::output::Listing;
use crate::cli::{UsageError, no_such_app};
use crate::config::Config;
use crate::daemon::control::{Client, Reply, Request};
use crate::daemon::rescan::{AppKey, RescanEvent, RescanRequest};
use crate::pipeline::StopSignal;

/// Asks the service, and prints what it says.
///
/// # Errors
///
/// When the service refuses, fails or ends.
pub(super) async fn run(
    mut client: Client,
    args: &RescanArgs,
    config: &Config,
    request: RescanRequest,
    stop: &StopSignal,
) -> Result<Exit> {
    client.send(&Request::Rescan(request)).await?;
    let mut told = Told {
        totals: Totals::default(),
        watches: Watches::default(),
        watched: HashMap::new(),
        listing: Listing::new::<OutcomeRow>(io::stdout(), args.format),
        interrupted: Vec::new(),
    };
    loop {
        let reply = tokio::select! {
            reply = client.reply() => reply?,
            () = stop.stopped() => {
                // The service stops the rescan when nobody listens to it any more.
                told.interrupt_all();
                break;
            }
        };
        let Reply::Rescan { event } = reply else {
            bail!("the service answered something else than was asked");
        };
        match event {
            RescanEvent::Ended => break,
            RescanEvent::Failed { is_usage: true, .. } => {
                return Err(UsageError(no_such_app(config)).into());
            }
            RescanEvent::Failed { error, .. } => bail!("the service: {error}"),
            event => told.hear(event)?,
        }
    }
    told.finish()
}

struct Told {
    totals: Totals,
    watches: Watches,
    watched: HashMap<String, Watch>,
    listing: Listing<io::Stdout>,
    interrupted: Vec<String>,
}

impl Told {
    fn hear(&mut self, event: RescanEvent) -> io::Result<()> {
        match event {
            RescanEvent::Progress { app, progress } => {
                self.watch(&app).tell(progress);
            }
            RescanEvent::Finished { app, report } => {
                self.unwatch(&app);
                let (totals, listing) = (&mut self.totals, &mut self.listing);
                let AppKey { tenant, app } = &app;
                self.watches
                    .hidden(|| totals.add(tenant, app, &(*report).into(), listing))?;
            }
            RescanEvent::AppFailed { app, failure, why } => {
                self.unwatch(&app);
                let AppKey { tenant, app } = &app;
                let totals = &mut self.totals;
                self.watches
                    .hidden(|| totals.app_failed(tenant, app, failure, &why))?;
            }
            RescanEvent::Interrupted { app } => {
                self.unwatch(&app);
                self.interrupted.push(app.to_string());
            }
            RescanEvent::Failed { .. } | RescanEvent::Ended => {}
        }
        Ok(())
    }

    fn watch(&mut self, app: &AppKey) -> &Watch {
        let watches = &self.watches;
        let key = app.to_string();
        let start = || watches.start(app.to_string());
        self.watched.entry(key).or_insert_with(start)
    }

    fn unwatch(&mut self, app: &AppKey) {
        if let Some(watch) = self.watched.remove(&app.to_string()) {
            watch.finish();
        }
    }

    fn interrupt_all(&mut self) {
        for (app, watch) in self.watched.drain() {
            watch.finish();
            self.interrupted.push(app);
        }
        if self.interrupted.is_empty() {
            self.interrupted.push("the service".to_owned());
        }
    }

    fn finish(self) -> Result<Exit> {
        self.listing.finish()?;
        if !self.interrupted.is_empty() {
            return report_interruption(&self.interrupted);
        }
        write!(io::stderr(), "{}", self.totals)?;
        Ok(self.totals.exit())
    }
}
