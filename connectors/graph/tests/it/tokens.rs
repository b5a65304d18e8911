//! Tokens: who gets one, and what is told to who does not.

use labeld_connector::ErrorKind;
use labeld_connector::http::Secret;
use labeld_graph::{Credential, Tenant, TenantOptions};
use uuid::Uuid;

use crate::support::World;

async fn outcome(options: TenantOptions) -> Result<(), (ErrorKind, String)> {
    let source = Tenant::new(options).unwrap().label_source();
    match source.label_list().await {
        Ok(_) => Ok(()),
        Err(error) => {
            let kind = error.kind();
            Err((kind, source.examine().await[0].found.clone()))
        }
    }
}

#[tokio::test]
async fn a_certificate_and_a_secret_both_sign_in() {
    let world = World::new().await;
    for options in [world.options(), world.secret_options()] {
        assert_eq!(outcome(options).await, Ok(()));
    }
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let world = World::new().await;
    let options = || world.secret_options();
    let cases = [
        (
            "secret",
            TenantOptions {
                credential: Credential::Secret(Secret::new("wrong")),
                ..options()
            },
        ),
        (
            "client id",
            TenantOptions {
                client_id: Uuid::nil().to_string(),
                ..options()
            },
        ),
        (
            "tenant",
            TenantOptions {
                tenant_id: Uuid::nil(),
                ..options()
            },
        ),
    ];
    for (word, options) in cases {
        let (kind, told) = outcome(options).await.unwrap_err();
        assert_eq!(kind, ErrorKind::Unauthenticated, "{word}");
        assert!(told.contains(word), "{word}: {told}");
    }
}

#[tokio::test]
async fn one_refused_token_is_replaced_once() {
    let world = World::new().await;
    let source = world.tenant().label_source();
    source.label_list().await.unwrap();
    world.microsoft().expire_access_tokens();
    let (outcome, requests) = world.requests(source.label_list()).await;
    outcome.unwrap();
    let statuses: Vec<(&str, Option<u16>)> = requests
        .iter()
        .map(|entry| (entry.host, entry.status))
        .collect();
    assert_eq!(
        statuses,
        [
            ("graph", Some(401)),
            ("login", Some(200)),
            ("graph", Some(200))
        ]
    );
}

#[tokio::test]
async fn a_certificate_of_another_key_is_refused_at_once() {
    let world = World::new().await;
    let Credential::Certificate {
        private_key_pem, ..
    } = world.options().credential
    else {
        panic!("the options are of a certificate");
    };
    let options = TenantOptions {
        credential: Credential::Certificate {
            certificate_pem: b"no certificate".to_vec(),
            private_key_pem,
            passphrase: None,
        },
        ..world.options()
    };
    let error = Tenant::new(options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected);
}
