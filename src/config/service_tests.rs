//! `[service]`, `[http]`, `[telemetry]`, `[audit]`, `[tenant.schedules]` and how often apps are asked.

use std::time::Duration;

use super::problem_tests::problems_of;
use super::tests::{GOOD, PACE, parse_text};
use super::*;

#[test]
fn defaults_of_the_service() {
    let config = parse_text(GOOD).unwrap();
    let service = ServiceConfig {
        state_dir: "conf".into(),
        drain: Duration::from_secs(30),
        memory: 64 << 20,
        scans: 16,
        settle_after: Duration::from_secs(60),
    };
    assert_eq!(config.service, service);
    let http = HttpConfig {
        listen: Some("127.0.0.1:8620".parse().unwrap()),
        webhooks: None,
    };
    assert_eq!(config.http, http);
    assert_eq!(config.telemetry, TelemetryConfig { otlp: None });
    assert_eq!(config.audit, AuditConfig { head_file: None });
    let tenant = &config.tenants[0];
    let schedules = SchedulesConfig {
        label_sync: "0 * * * *".parse().unwrap(),
        reconcile: "30 1 * * SUN".parse().unwrap(),
        exposure: "30 3 * * *".parse().unwrap(),
        jitter: Duration::from_secs(300),
    };
    assert_eq!(tenant.schedules, schedules);
    assert_eq!(tenant.local[0].pace, PACE);
}

#[test]
fn the_state_of_a_service_with_postgresql_lies_beside_the_configuration() {
    let text = GOOD.replace("sqlite = \"db\"", "postgres = { env = \"X\" }");
    let config = parse_text(&text).unwrap();
    assert_eq!(config.service.state_dir, Path::new("conf/labeld-data"));
}

#[test]
fn every_option_of_the_service_is_read() {
    let config = parse_text(
        r#"
        store.sqlite = "db"
        service = { state_dir = "/run/labeld", drain = "5s", memory = "128 MiB", scans = 4, settle_after = "2m" }
        http = { listen = "off", webhooks = "[::]:8443" }
        telemetry = { otlp = "https://collector.example/v1" }
        audit = { head_file = "audit/head" }
        [[tenant]]
        name = "a"
        schedules = { label_sync = "@daily", reconcile = "0 0 3 * * SAT", exposure = "0 5 * * *", jitter = "0s" }
        local = [{ name = "x", root = "/x", poll = "1d" }]
        box = [{ name = "y", config = { env = "X" }, poll = "30 s", calls_per_month = 50_000 }]
        "#,
    )
    .unwrap();
    let service = ServiceConfig {
        state_dir: "/run/labeld".into(),
        drain: Duration::from_secs(5),
        memory: 128 << 20,
        scans: 4,
        settle_after: Duration::from_secs(120),
    };
    assert_eq!(config.service, service);
    let http = HttpConfig {
        listen: None,
        webhooks: Some("[::]:8443".parse().unwrap()),
    };
    assert_eq!(config.http, http);
    let otlp = url::Url::parse("https://collector.example/v1").unwrap();
    assert_eq!(config.telemetry.otlp, Some(otlp));
    assert_eq!(config.audit.head_file, Some("conf/audit/head".into()));
    let tenant = &config.tenants[0];
    let schedules = SchedulesConfig {
        label_sync: "@daily".parse().unwrap(),
        reconcile: "0 0 3 * * SAT".parse().unwrap(),
        exposure: "0 5 * * *".parse().unwrap(),
        jitter: Duration::ZERO,
    };
    assert_eq!(tenant.schedules, schedules);
    let paces: Vec<_> = tenant.apps().map(AppConfig::pace).collect();
    let pace = |seconds, calls_per_month| PaceConfig {
        poll: Duration::from_secs(seconds),
        calls_per_month,
    };
    assert_eq!(paces, [pace(86_400, None), pace(30, Some(50_000))]);
}

/// Each text stands behind [`GOOD`], from line 9 on.
#[test]
fn problems_of_the_service_have_their_place_and_fix() {
    for (text, expected) in [
        (
            "poll = 5",
            "9:8 `poll` in [[tenant.local]]: expected a span of time as text, found a whole number -> for example \"5m\"",
        ),
        (
            "poll = \"five minutes\"",
            "9:8 `poll` in [[tenant.local]]: not a span of time -> a whole number with s, m, h or d behind it: \"5m\"",
        ),
        (
            "poll = \"0s\"",
            "9:8 `poll` in [[tenant.local]]: out of range -> from 1s to 1d",
        ),
        (
            "poll = \"99999999999999999999d\"",
            "9:8 `poll` in [[tenant.local]]: not a span of time -> a whole number with s, m, h or d behind it: \"5m\"",
        ),
        (
            "calls_per_month = 5",
            "9:1 unknown key `calls_per_month` in [[tenant.local]] -> known here: cap, cap_reset, copy_from, exclude, name, poll, read_mode, root, size_limit",
        ),
        (
            "[service]\ndrain = \"2h\"",
            "10:9 `drain` in [service]: out of range -> from 1s to 1h",
        ),
        (
            "[service]\nmemory = \"1 KiB\"",
            "10:10 `memory` is too small to parse anything in -> at least \"1 MiB\"",
        ),
        (
            "[service]\nscans = 0",
            "10:9 `scans` in [service]: out of range -> from 1 to 1000",
        ),
        (
            "[service]\nsettle_after = \"2h\"",
            "10:16 `settle_after` in [service]: out of range -> from 1s to 1h",
        ),
        (
            "cap = -1",
            "9:7 `cap` in [[tenant.local]]: out of range -> from 0, which allows none, to 1000000000",
        ),
        (
            "cap = \"many\"",
            "9:7 `cap` in [[tenant.local]]: expected a whole number, found text -> for example 100",
        ),
        (
            "cap_reset = \"noonish\"",
            "9:13 `cap_reset` in [[tenant.local]]: not a known word -> one of \"noon\", \"midnight\"",
        ),
        (
            "cap = 5\n[[tenant.local]]\nname = \"hr\"\nroot = \"hr\"",
            "6:1 finance and hr share the cap of their kind of app, and have different ones -> give both the same `cap` and `cap_reset`, or take them out of both and write them in [[tenant]]",
        ),
        (
            "[http]\nlisten = \"localhost\"",
            "10:10 `listen` in [http]: not an address with a port -> \"127.0.0.1:8620\" for this machine only, \"0.0.0.0:8620\" or \"[::]:8620\" for everybody, or \"off\"",
        ),
        (
            "[http]\nwebhooks = \"127.0.0.1:8620\"",
            "10:12 `webhooks` and `listen` are the same address -> give webhooks a port of their own: the whole internet may come to it",
        ),
        (
            "[tenant.schedules]\nlabel_sync = \"every hour\"",
            "10:14 `label_sync` in [tenant.schedules]: not a cron expression -> minute, hour, day of month, month, day of week, in UTC: \"30 2 * * SUN\" is half past two on Sundays",
        ),
        (
            "[tenant.schedules]\nreconcile = \"0 2 * * 0\"",
            "10:13 `reconcile` in [tenant.schedules]: a day of the week as a number, which means another day in another program -> write its name: SUN, MON, TUE, WED, THU, FRI or SAT",
        ),
        (
            "[tenant.schedules]\nexposure = \"0 0 30 2 *\"",
            "10:12 `exposure` in [tenant.schedules]: there is never such a time -> check day and month",
        ),
        (
            "[tenant.schedules]\nsync = \"@daily\"",
            "10:1 unknown key `sync` in [tenant.schedules] -> known here: exposure, jitter, label_sync, reconcile",
        ),
    ] {
        assert_eq!(
            problems_of(&format!("{GOOD}{text}\n")),
            [expected],
            "{text}"
        );
    }
}
