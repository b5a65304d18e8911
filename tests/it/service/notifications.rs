//! Subscriptions to change notifications: apps that are asked for changes once a day are looked at as changes come.

use std::net::TcpListener;

use labeld_emulator::EmulatorOptions;
use labeld_emulator::frame::Entry;

use super::{Service, task};
use crate::five_apps::{App, FiveApps, Settings, bodies};
use crate::workspace::Store;

const SUBSCRIPTIONS: &str = "/v1.0/subscriptions";

/// Apps whose notifications are taken on an address that nobody else has.
fn apps(store: Store) -> FiveApps {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap();
    let hooks = format!("http://{address}/hooks/alder");
    let settings = Settings {
        app: "poll = \"1d\"\n",
        schedules: "",
        microsoft: &format!("notification_url = \"{hooks}\"\nlifecycle_url = \"{hooks}\"\n"),
        tables: &format!("[http]\nlisten = \"off\"\nwebhooks = \"{address}\"\n"),
    };
    let apps = FiveApps::new(store, EmulatorOptions::default());
    apps.configure("labeld.toml", settings);
    apps
}

/// Requests of this method for subscriptions that were granted.
fn granted(apps: &FiveApps, method: &str) -> usize {
    let is_meant = |entry: &Entry| {
        entry.method == method
            && entry.path().starts_with(SUBSCRIPTIONS)
            && entry.status.is_some_and(|status| status < 300)
    };
    apps.emulator.journal().count(is_meant)
}

/// Adds a file, and has the subscribers told.
fn put(apps: &FiveApps, app: App, path: &str) {
    let [(body, ..), ..] = bodies();
    apps.put(app, path, &body);
    apps.runtime.block_on(apps.emulator.microsoft().notify());
}

fn until_subscribed(service: &Service<'_>) {
    for app in ["sharepoint", "onedrive"] {
        service.until("subscribed", |status| {
            task(status, &format!("subscribe:alder/{app}"))["succeeded"].is_string()
        });
        service.until_polled(&format!("alder/{app}"));
    }
}

#[test]
fn changes_are_looked_at_as_they_come() {
    for store in Store::each() {
        let apps = apps(store);
        let service = Service::started(&apps.workspace);
        until_subscribed(&service);
        put(&apps, App::SharePoint, "work/1.docx");
        service.until_read(1);
        put(&apps, App::OneDrive, "work/2.docx");
        service.until_read(2);

        // The service says that it has ended them: there are others soon.
        let made = granted(&apps, "POST");
        assert!(made >= 2, "{made}");
        let microsoft = apps.emulator.microsoft();
        let told = microsoft.send_lifecycle_event("subscriptionRemoved");
        assert_eq!(apps.runtime.block_on(told), 1);
        service.until("subscribed anew", |_| granted(&apps, "POST") >= 2 * made);
        put(&apps, App::SharePoint, "work/3.docx");
        service.until_read(3);
        service.stop();
    }
}
