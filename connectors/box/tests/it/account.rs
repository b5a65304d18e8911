//! Signing in, webhooks, and labels mirrored as classifications.

use chrono::TimeDelta;
use labeld_connector::{Connector, ErrorKind, FeedRef, Health, HintRequest, MirroredLabel};
use labeld_connector_box::{BoxApp, BoxCredential, BoxOptions, HintOptions};
use labeld_emulator::box_service::SignedDelivery;
use labeld_emulator::frame::Effect;

use crate::support::{Enterprise, follow, listed, refusal, told};

pub(crate) fn client_credentials(enterprise: &Enterprise, secret: &str) -> BoxCredential {
    BoxCredential::ClientCredentials {
        client_id: enterprise.service().client_id().to_owned(),
        client_secret: secret.into(),
        enterprise_id: enterprise.service().enterprise_id(),
    }
}

#[tokio::test]
async fn both_ways_to_sign_in_work() {
    let enterprise = Enterprise::new().await;
    enterprise
        .service()
        .put(&enterprise.mina(), "a.docx", b"a".to_vec());
    let secret = enterprise.service().client_secret();
    for options in [
        enterprise.options(),
        enterprise.options_with(client_credentials(&enterprise, secret)),
    ] {
        let app = BoxApp::new(options).unwrap();
        assert_eq!(follow(&app, None).await.files().len(), 1);
        let shown = format!("{app} {app:?}");
        assert!(
            !shown.contains(secret) && !shown.contains("PRIVATE KEY"),
            "{shown}"
        );
    }
}

/// Assertions follow the service's clock, whatever this machine's says, and are never sent twice.
#[tokio::test]
async fn an_assertion_goes_by_the_services_clock() {
    for minutes in [-180, -2, 0, 2, 180] {
        let enterprise = Enterprise::new().await;
        enterprise
            .emulator
            .clock()
            .advance(TimeDelta::minutes(minutes));
        let app = enterprise.connect();
        app.feeds()
            .await
            .unwrap_or_else(|error| panic!("{minutes}: {}", told(&error)));
        let tries = enterprise.requests("api", 0);
        let tries = tries
            .iter()
            .filter(|request| *request == "POST /oauth2/token")
            .count();
        assert_eq!(tries, if minutes == 0 { 1 } else { 2 }, "{minutes}");
    }
}

#[tokio::test]
async fn a_token_is_asked_for_again_with_another_assertion() {
    let enterprise = Enterprise::new().await;
    let token = |effect: Effect, skip: u64| {
        enterprise.fault(effect, |rule| {
            rule.path("/oauth2/token").skip(skip).count(1)
        });
    };
    token(refusal(503, "unavailable"), 0);
    token(
        Effect::Throttle {
            retry_after: Some(0),
        },
        0,
    );
    // Not the answer that is throttled.
    token(Effect::AnswerLost, 1);
    enterprise.connect().feeds().await.unwrap();
    let entries = enterprise.emulator.journal().since(0);
    let mut assertions: Vec<String> = entries
        .iter()
        .filter(|entry| entry.path() == "/oauth2/token")
        .filter_map(|entry| entry.request_body.as_ref()?.text().map(str::to_owned))
        .collect();
    assert_eq!(assertions.len(), 4);
    assertions.sort_unstable();
    assertions.dedup();
    assert_eq!(assertions.len(), 4, "the same assertion was sent twice");
}

#[tokio::test]
async fn a_token_that_ends_is_renewed() {
    let enterprise = Enterprise::new().await;
    let app = enterprise.connect();
    app.feeds().await.unwrap();
    enterprise.service().expire_tokens();
    app.feeds().await.unwrap();
}

#[tokio::test]
async fn a_refused_sign_in_says_what_to_do() {
    type Setting = fn(&Enterprise) -> BoxCredential;
    let table: &[(&str, Setting, &str)] = &[
        (
            "secret",
            |e| client_credentials(e, "wrong"),
            "client id or secret is wrong",
        ),
        (
            "not authorised",
            |e| {
                e.service().set_app(true, false);
                client_credentials(e, e.service().client_secret())
            },
            "an administrator must authorise the app",
        ),
        (
            "enterprise",
            |e| BoxCredential::ClientCredentials {
                client_id: e.service().client_id().to_owned(),
                client_secret: e.service().client_secret().into(),
                enterprise_id: "1".to_owned(),
            },
            "Grant credentials are invalid",
        ),
    ];
    for (name, credential, words) in table {
        let enterprise = Enterprise::new().await;
        let credential = credential(&enterprise);
        let app = BoxApp::new(enterprise.options_with(credential)).unwrap();
        let error = app.feeds().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{name}");
        assert!(told(&error).contains(words), "{name}: {}", told(&error));
        let seen = app.examine().await;
        assert_eq!(seen.len(), 1, "{name}");
        assert_eq!(seen[0].health, Health::Failed, "{name}");
        assert!(seen[0].found.contains(words), "{name}: {}", seen[0].found);
    }
}

#[tokio::test]
async fn only_signed_and_new_deliveries_are_heeded() {
    let enterprise = Enterprise::new().await;
    let service = enterprise.service();
    let file = service.put(&enterprise.mina(), "a.docx", b"a".to_vec());
    let [primary, secondary] = service.webhook_keys();
    let delivery = service.webhook_delivery("FILE.UPLOADED", &file);
    let altered = |change: fn(&mut SignedDelivery)| {
        let mut altered = delivery.clone();
        change(&mut altered);
        altered
    };
    fn set(delivery: &mut SignedDelivery, name: &str, value: &str) {
        for (known, held) in &mut delivery.headers {
            if known == name {
                value.clone_into(held);
            }
        }
    }
    for (name, keys, delivery, later, heeded) in [
        (
            "both keys",
            vec![&*primary, &*secondary],
            delivery.clone(),
            0,
            true,
        ),
        ("the first key", vec![&*primary], delivery.clone(), 0, true),
        (
            "the second key",
            vec![&*secondary],
            delivery.clone(),
            0,
            true,
        ),
        (
            "an older first key",
            vec!["old", &*secondary],
            delivery.clone(),
            0,
            true,
        ),
        ("other keys", vec!["old"], delivery.clone(), 0, false),
        ("no keys", vec![], delivery.clone(), 0, false),
        (
            "an old delivery",
            vec![&*primary],
            delivery.clone(),
            11,
            false,
        ),
        (
            "another body",
            vec![&*primary],
            altered(|d| d.body.push(b' ')),
            0,
            false,
        ),
        (
            "another time",
            vec![&*primary],
            altered(|d| set(d, "box-delivery-timestamp", "2026-01-01T00:00:00Z")),
            0,
            false,
        ),
        (
            "no time",
            vec![&*primary],
            altered(|d| set(d, "box-delivery-timestamp", "")),
            0,
            false,
        ),
        (
            "another version",
            vec![&*primary],
            altered(|d| set(d, "box-signature-version", "2")),
            0,
            false,
        ),
        (
            "no signature",
            vec![&*primary],
            altered(|d| d.headers.clear()),
            0,
            false,
        ),
        (
            "one signature",
            vec![&*primary],
            altered(|d| set(d, "box-signature-secondary", "%")),
            0,
            true,
        ),
    ] {
        let app = BoxApp::new(BoxOptions {
            hints: Some(HintOptions {
                signature_keys: keys.into_iter().map(Into::into).collect(),
            }),
            ..enterprise.options()
        })
        .unwrap();
        // By the service's clock.
        enterprise
            .emulator
            .clock()
            .advance(TimeDelta::minutes(later));
        app.feeds().await.unwrap();
        let hints = app.change_hints().unwrap();
        let subscription = hints.subscribe(&FeedRef::whole(), None).await.unwrap();
        let request = HintRequest {
            query: &[],
            headers: &delivery.headers,
            body: &delivery.body,
        };
        let answer = hints.receive(&request, &[subscription]);
        assert_eq!(answer.status, if heeded { 200 } else { 403 }, "{name}");
        assert_eq!(!answer.look_at.is_empty(), heeded, "{name}");
        enterprise
            .emulator
            .clock()
            .advance(TimeDelta::minutes(-later));
    }
    assert!(enterprise.connect().change_hints().is_none());
}

#[tokio::test]
async fn a_label_is_mirrored_where_it_is_switched_on() {
    let enterprise = Enterprise::new().await;
    let service = enterprise.service();
    let id = service.put(&enterprise.mina(), "a.docx", b"a".to_vec());
    let connect = |mirror: bool| {
        BoxApp::new(BoxOptions {
            mirror_classification: mirror,
            ..enterprise.options()
        })
        .unwrap()
    };
    let app = connect(true);
    let file = listed(&app, "a.docx").await;
    let unsupported = |outcome: labeld_connector::Result<()>| {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unsupported);
    };
    assert!(connect(false).label_mirror().is_none());
    let mirror = app.label_mirror().unwrap();
    let label = |name| MirroredLabel { id: "", name };
    // The enterprise has no classifications yet.
    unsupported(mirror.show(&file.file, Some(label("Secret"))).await);
    service.set_classifications(&["Secret", "Internal"]);
    unsupported(mirror.show(&file.file, Some(label("Unheard of"))).await);
    for name in [
        Some("Secret"),
        Some("Internal"),
        Some("Internal"),
        None,
        None,
    ] {
        mirror.show(&file.file, name.map(label)).await.unwrap();
        assert_eq!(service.classification(&id).as_deref(), name);
        assert!(mirror.is_shown(&file.file, name.map(label)).await.unwrap());
    }
    assert_eq!(
        app.stat(&file.file).await.unwrap(),
        file,
        "a classification is no change of the file"
    );
}
