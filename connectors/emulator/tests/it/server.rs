//! Listeners, dates, TLS, and the end.

use std::net::{Ipv4Addr, TcpListener, TcpStream};

use chrono::{DateTime, TimeDelta, Utc};
use http::Version;
use labeld_emulator::frame::{ClockOptions, Effect, FaultRule};
use reqwest::Client;

use crate::tiny::{Setting, Speech, World, client};

fn time(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[tokio::test]
async fn dates_follow_the_emulators_clock() {
    for speech in [Speech::Http1, Speech::Http2] {
        let world = World::start(Setting {
            speech,
            clock: ClockOptions {
                start: Some(time("2026-03-01T09:00:00Z")),
                frozen: true,
            },
            ..Setting::default()
        })
        .await;
        let date = || async {
            let answer = world.get("nothing/there").send().await.unwrap();
            let dates: Vec<_> = answer.headers().get_all("date").iter().cloned().collect();
            assert_eq!(dates.len(), 1, "{speech:?}");
            dates[0].to_str().unwrap().to_owned()
        };
        assert_eq!(date().await, "Sun, 01 Mar 2026 09:00:00 GMT");
        world.frame.clock.advance(TimeDelta::hours(1));
        assert_eq!(date().await, "Sun, 01 Mar 2026 10:00:00 GMT");
        world.frame.clock.set(time("2031-12-24T00:00:00Z"));
        assert_eq!(date().await, "Wed, 24 Dec 2031 00:00:00 GMT");
        let skewed = Effect::Status {
            code: 200,
            headers: [("date".to_owned(), "never".to_owned())].into(),
            body: serde_json::Value::Null,
        };
        world.frame.faults.add(FaultRule::new(skewed)).unwrap();
        assert_eq!(date().await, "never");
    }
}

#[tokio::test]
async fn clocks_run_or_stand_still() {
    let world = World::plain().await;
    let clock = &world.frame.clock;
    let start = time("2026-03-01T09:00:00Z");
    clock.set(start);
    assert!(!clock.is_frozen() && clock.now() >= start);
    clock.freeze();
    clock.set(start);
    assert_eq!((clock.is_frozen(), clock.now()), (true, start));
    clock.advance(TimeDelta::seconds(-5));
    assert_eq!(clock.now(), start - TimeDelta::seconds(5));
    clock.advance(TimeDelta::MAX);
    assert_eq!(clock.now(), start - TimeDelta::seconds(5));
    clock.run();
    assert!(!clock.is_frozen());
}

#[tokio::test]
async fn each_host_has_a_port() {
    let world = World::plain().await;
    let two = world.client.get(world.tiny.url("two", ""));
    assert_eq!(two.send().await.unwrap().text().await.unwrap(), "two");
    assert_eq!(world.get("").send().await.unwrap().status(), 404);
    let hosts: Vec<&str> = world
        .frame
        .journal
        .since(0)
        .iter()
        .map(|entry| entry.host)
        .collect();
    assert_eq!(hosts, ["two", "one"]);
}

#[tokio::test]
async fn ports_are_in_order() {
    let base = free_ports(3);
    let world = World::start(Setting {
        listen_base: Some(base),
        ..Setting::default()
    })
    .await;
    let ports = [
        world.server.control_url().port(),
        world.tiny.url("one", "").port(),
        world.tiny.url("two", "").port(),
    ];
    assert_eq!(ports, [base, base + 1, base + 2].map(Some));
}

/// The first of so many ports in a row that are free now, below those that the system hands out.
fn free_ports(count: u16) -> u16 {
    let start = 10_000 + u16::try_from(std::process::id() % 10_000).unwrap();
    (start..32_000)
        .step_by(usize::from(count))
        .find(|base| {
            (0..count).all(|at| TcpListener::bind((Ipv4Addr::LOCALHOST, base + at)).is_ok())
        })
        .unwrap()
}

#[tokio::test]
async fn tls_is_vouched_for_by_the_authority() {
    let world = World::start(Setting {
        speech: Speech::Tls,
        ..Setting::default()
    })
    .await;
    let answer = world.get("range").send().await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);

    let by_name = |host: &str| {
        let mut url = world.tiny.url("one", "range");
        url.set_host(Some(host)).unwrap();
        let client = Client::builder()
            .no_proxy()
            .http1_only()
            .resolve(host, ([127, 0, 0, 1], 0).into())
            .tls_certs_only([reqwest::Certificate::from_pem(
                world.server.ca_pem().unwrap().as_bytes(),
            )
            .unwrap()])
            .build()
            .unwrap();
        client.get(url).send()
    };
    assert_eq!(
        by_name("one.localhost").await.unwrap().version(),
        Version::HTTP_11
    );
    assert_eq!(by_name("localhost").await.unwrap().status(), 206);
    assert!(by_name("one.example").await.is_err());

    let other = World::start(Setting {
        speech: Speech::Tls,
        ..Setting::default()
    })
    .await;
    let stranger = client(Speech::Tls, other.server.ca_pem());
    assert!(
        stranger
            .get(world.tiny.url("one", "range"))
            .send()
            .await
            .is_err()
    );
}

#[tokio::test]
async fn stopping_lets_requests_end() {
    let world = World::plain().await;
    world
        .frame
        .faults
        .add(FaultRule::new(Effect::DelayMs(50)))
        .unwrap();
    let request = tokio::spawn(world.get("range").send());
    world.frame.journal.wait_for(|_| true).await;
    let address = address(&world);
    world.server.stop().await;
    assert_eq!(request.await.unwrap().unwrap().status(), 206);
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test]
async fn dropping_breaks_requests_off() {
    let world = World::plain().await;
    world
        .frame
        .faults
        .add(FaultRule::new(Effect::DelayMs(3_600_000)))
        .unwrap();
    let request = tokio::spawn(world.get("range").send());
    world.frame.journal.wait_for(|_| true).await;
    drop(world.server);
    assert!(request.await.unwrap().is_err());
}

fn address(world: &World) -> (Ipv4Addr, u16) {
    let port = world.tiny.url("one", "").port().unwrap();
    (Ipv4Addr::LOCALHOST, port)
}
