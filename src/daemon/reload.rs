//! Taking over another configuration: whole, or not at all.

use super::generation::Supplied;
use crate::config::Config;
use crate::pipeline::calls::CallBudgets;

/// Reads the configuration anew and makes what it names; in words why it cannot be used. Blocks while secrets are fetched.
pub(super) fn prepare(
    present: &Config,
    budgets: &CallBudgets,
) -> Result<(Config, Supplied), String> {
    let config = Config::load(&present.file).map_err(|problems| problems.to_string())?;
    if let Some(section) = needs_restart(present, &config) {
        return Err(format!(
            "{}: a change of {section} needs a restart: `systemctl restart labeld`",
            present.file.display()
        ));
    }
    let supplied = Supplied::of(&config, budgets);
    match supplied.unserved.first() {
        Some(unserved) => Err(format!(
            "{}: app {}/{} cannot be used: {}",
            present.file.display(),
            unserved.tenant,
            unserved.app,
            unserved.why
        )),
        None => Ok((config, supplied)),
    }
}

/// What a running service cannot change.
fn needs_restart(present: &Config, next: &Config) -> Option<&'static str> {
    let (service, next_service) = (&present.service, &next.service);
    let table = [
        ("[store]", present.store != next.store),
        (
            "`state_dir` in [service]",
            service.state_dir != next_service.state_dir,
        ),
        (
            "`memory` in [service]",
            service.memory != next_service.memory,
        ),
        ("[http]", present.http != next.http),
        ("[telemetry]", present.telemetry != next.telemetry),
        ("[log]", present.log != next.log),
    ];
    let changed = table.iter().find(|(_, is_changed)| *is_changed);
    changed.map(|(section, _)| *section)
}
