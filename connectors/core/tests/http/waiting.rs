//! What a call waits for, and for how long: the service, the pace, its deadline.

use std::sync::Arc;
use std::time::Duration;

use labeld_connector::ErrorKind;
use labeld_connector::http::{
    Call, CallFailure, Method, NetworkOptions, PaceOptions, Pacer, ServerClock, Url,
};

use crate::server::{Reply, Server};
use crate::support::{network_options, outcome, pacer, retry, service, service_with, tokens, told};

fn get(url: Url) -> Call {
    Call::new(Method::GET, url, "read", "item 7").bearer(tokens())
}

fn good() -> Reply {
    Reply::json("{}")
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_handed_to_the_caller() {
    let date = "Fri, 01 Mar 2030 10:00:00 GMT";
    let later = "Fri, 01 Mar 2030 10:02:00 GMT";
    let before = "Fri, 01 Mar 2030 09:00:00 GMT";
    let at = |status| Reply::status(status).header("Date", date);
    let table = [
        (
            "seconds",
            at(429).header("Retry-After", "120"),
            "Throttled",
            Some(120),
        ),
        (
            "503",
            at(503).header("Retry-After", "120"),
            "Throttled",
            Some(120),
        ),
        (
            "date",
            at(429).header("Retry-After", later),
            "Throttled",
            Some(120),
        ),
        (
            "absurd",
            at(429).header("Retry-After", "99999999999999999999"),
            "Throttled",
            Some(3600),
        ),
        (
            "larger reset",
            at(429)
                .header("Retry-After", "30")
                .header("RateLimit-Reset", "60"),
            "Throttled",
            Some(60),
        ),
        (
            "smaller reset",
            at(429)
                .header("Retry-After", "90")
                .header("RateLimit-Reset", "60"),
            "Throttled",
            Some(90),
        ),
        (
            "not ready",
            at(202).header("Retry-After", "60"),
            "Transient",
            Some(60),
        ),
        (
            "locked",
            at(423).header("Retry-After", "60"),
            "Locked",
            Some(60),
        ),
        (
            "past",
            at(404).header("Retry-After", before),
            "NotFound",
            None,
        ),
    ];
    for (name, reply, kind, wait) in table {
        let server = Server::replying(vec![reply]).await;
        let error = service().send(get(server.url("/"))).await.unwrap_err();
        assert_eq!(format!("{:?}", error.kind()), kind, "{name}");
        assert_eq!(server.seen().len(), 1, "{name}");
        match (error.retry_after(), wait) {
            // The machine's clock moves on between the two looks at it.
            (Some(told), Some(wait)) => assert!(
                told <= Duration::from_secs(wait)
                    && told + Duration::from_secs(5) > Duration::from_secs(wait),
                "{name}: {told:?}"
            ),
            (told, wait) => assert_eq!(told, wait.map(Duration::from_secs), "{name}"),
        }
    }
}

#[tokio::test]
async fn a_throttled_call_stops_all_others_of_the_app_and_tenant() {
    for status in [429, 503] {
        let pacer = pacer();
        let throttled =
            Server::replying(vec![Reply::status(status).header("Retry-After", "300")]).await;
        let other = Server::replying(vec![good()]).await;
        let one = service_with(&network_options(), retry(), Arc::clone(&pacer));
        let two = service_with(&network_options(), retry(), pacer);
        one.send(get(throttled.url("/"))).await.unwrap_err();
        for service in [&one, &two] {
            let error = service.send(get(other.url("/"))).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Throttled);
            assert!(error.retry_after().unwrap() > Duration::from_secs(290));
            assert!(!CallFailure::of(&error).unwrap().fate_is_unknown());
        }
        assert_eq!(other.seen().len(), 0);
    }
}

#[tokio::test]
async fn a_good_answer_may_also_ask_for_a_pause() {
    let reply = good()
        .header("RateLimit-Remaining", "0")
        .header("RateLimit-Reset", "300");
    let server = Server::replying(vec![reply]).await;
    let service = service();
    service.send(get(server.url("/"))).await.unwrap();
    let error = service.send(get(server.url("/"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_deadline_ends_a_call_that_is_not_answered() {
    let server = Server::replying(vec![Reply::json("{").announcing(2).then_silence()]).await;
    let call = |url| get(url).deadline(Duration::from_millis(500));
    let error = service().send(call(server.url("/"))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient);
    assert!(
        told(&error).contains("the time for the call was over"),
        "{}",
        told(&error)
    );
    assert!(CallFailure::of(&error).unwrap().fate_is_unknown());
}

#[tokio::test]
async fn silence_ends_an_attempt() {
    let network = NetworkOptions {
        silence_timeout: Duration::from_millis(300),
        ..network_options()
    };
    for quiet in [
        Reply::json("{").announcing(2).then_silence(),
        Reply::lost_in_silence(),
    ] {
        let server = Server::replying(vec![quiet, good()]).await;
        let service = service_with(&network, retry(), pacer());
        let result = service.send(get(server.url("/"))).await;
        assert_eq!(outcome(&result), "200 {}");
        assert_eq!(server.seen().len(), 2);
    }
}

#[tokio::test]
async fn the_pace_bounds_what_the_caller_waits() {
    let server = Server::replying(vec![good()]).await;
    let pace = PaceOptions {
        units_per_minute: 1_000_000,
        units_per_day: Some(5),
        side_by_side: 1,
    };
    let pacer = Arc::new(Pacer::new(&pace, Arc::new(ServerClock::new())));
    let service = service_with(&network_options(), retry(), Arc::clone(&pacer));
    service.send(get(server.url("/")).units(4)).await.unwrap();
    assert_eq!(pacer.used_today(), 4);
    let error = service
        .send(get(server.url("/")).units(2))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Throttled);
    assert_eq!(server.seen().len(), 1);
}
