//! A service whose lease others have ended.

use std::time::Duration;

use labeld_emulator::EmulatorOptions;
use labeld_emulator::frame::{Effect, FaultRule};

use super::{Service, task};
use crate::five_apps::{App, FiveApps, Settings, bodies};
use crate::postgres;
use crate::workspace::Store;

/// Longer than anybody waits here.
const HANGS_FOR: Duration = Duration::from_secs(3_600);

const SETTINGS: Settings<'_> = Settings {
    app: "poll = \"1s\"\n",
    schedules: "",
    microsoft: "",
    tables: "[http]\nlisten = \"off\"\n[service]\ndrain = \"1h\"\n",
};

/// It stood still for as long as a stop may take, waiting for calls of which nothing could be stored any more.
#[test]
fn a_service_that_has_lost_its_lease_waits_for_no_call_under_way() {
    let Some(store) = Store::postgres() else {
        return;
    };
    let Store::Postgres(url) = store.clone() else {
        unreachable!()
    };
    let apps = FiveApps::new(store, EmulatorOptions::default());
    apps.configure("labeld.toml", SETTINGS);
    // Signs of life that nobody takes from the socket hold up the service, as they never do under a service manager.
    let mut service = Service::start_with(&apps.workspace, &[("WATCHDOG_USEC", "3600000000")]);
    service.tells("READY=1");
    service.until_polled("alder/box");
    let mut rule = FaultRule::new(Effect::DelayMs(HANGS_FOR.as_millis() as u64));
    rule.provider = Some("box".to_owned());
    let faults = apps.emulator.faults();
    let rule = faults.add(rule).unwrap();
    service.until("hanging", |status| {
        faults.hits(rule).is_some_and(|hits| hits > 0)
            && task(status, "poll:alder/box")["state"] == "running"
    });

    let end = "UPDATE worker SET ended = started";
    apps.runtime.block_on(postgres::execute(&url, end));
    faults.clear();
    let [(body, ..), ..] = bodies();
    apps.put(App::Box, "work/later.docx", &body);
    service.until_read(1);
    assert!(service.log().contains("lease_lost"), "{}", service.log());
    service.stop();
}
