//! Progress of a rescan on a terminal: one line for each app under way.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::pipeline::rescan::Progress;

/// The lines on standard error; nothing where that is no terminal.
#[derive(Debug, Default)]
pub(super) struct Watches(MultiProgress);

impl Watches {
    /// Adds a line for an app.
    pub(super) fn start(&self, app: String) -> Watch {
        let bar = self.0.add(ProgressBar::new_spinner());
        bar.enable_steady_tick(Duration::from_millis(200));
        bar.set_message(format!("{app}: listing"));
        Watch { bar, app }
    }

    /// Does something that prints, with the lines out of the way.
    pub(super) fn hidden<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }
}

/// The line of an app.
#[derive(Debug)]
pub(super) struct Watch {
    bar: ProgressBar,
    app: String,
}

impl Watch {
    pub(super) fn tell(&self, progress: Progress) {
        match progress {
            Progress::Resuming => {
                tracing::warn!("{}: going on with the run that was interrupted", self.app);
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
            Progress::ToWrite(files) => {
                self.bar.reset();
                self.bar.set_length(files);
                let template =
                    "{msg}: {human_pos} of {human_len} label writes done {wide_bar} {eta}";
                if let Ok(style) = ProgressStyle::with_template(template) {
                    self.bar.set_style(style);
                }
            }
            Progress::Read(files) | Progress::Written(files) => self.bar.inc(files),
        }
    }

    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
