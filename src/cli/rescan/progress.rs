//! Progress of a rescan on a terminal.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use crate::pipeline::App;
use crate::pipeline::rescan::Progress;

/// A bar on standard error; nothing where that is no terminal.
#[derive(Debug)]
pub(super) struct Watch {
    bar: ProgressBar,
    app: String,
}

impl Watch {
    pub(super) fn start(app: &App) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(200));
        let app = app.to_string();
        bar.set_message(format!("{app}: listing"));
        Self { bar, app }
    }

    pub(super) fn tell(&self, progress: Progress) {
        match progress {
            Progress::Resuming => {
                tracing::info!("{}: going on with the run that was interrupted", self.app);
            }
            Progress::Listed(files) => self
                .bar
                .set_message(format!("{}: {files} files listed", self.app)),
            Progress::ToRead(files) => {
                self.bar.set_length(files);
                self.bar.set_message(self.app.clone());
                let template =
                    "{msg}: {human_pos} of {human_len} files read {wide_bar} {per_sec} {eta}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    self.bar.set_style(style);
                }
            }
            Progress::Read(files) => self.bar.inc(files),
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
