//! Private authorities and proxies.

use std::sync::Arc;

use labeld_connector::ErrorKind;
use labeld_connector::http::{Call, Method, Network, NetworkOptions, Url};
use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use crate::server::{Reply, Server};
use crate::support::{network_options, outcome, pacer, retry, service_with, tokens, told};

fn call(url: Url) -> Call {
    Call::new(Method::GET, url, "read", "item 7").bearer(tokens())
}

/// A server with a certificate of its own making, and that certificate as PEM.
async fn private_server() -> (Server, Vec<u8>) {
    // Installs the provider, which a server needs too.
    network_options();
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    (
        Server::with_tls(acceptor, Reply::json("{}")).await,
        made.cert.pem().into_bytes(),
    )
}

#[tokio::test]
async fn a_private_authority_is_trusted_when_it_is_added() {
    let (server, pem) = private_server().await;
    let with_root = NetworkOptions {
        extra_roots_pem: vec![pem],
        ..network_options()
    };
    let service = service_with(&with_root, retry(), pacer());
    assert_eq!(
        outcome(&service.send(call(server.url("/"))).await),
        "200 {}"
    );

    let error = service_with(&network_options(), retry(), pacer())
        .send(call(server.url("/")))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unexpected, "{}", told(&error));
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn options_that_cannot_be_used_are_refused() {
    let root = |pem: &str| NetworkOptions {
        extra_roots_pem: vec![pem.as_bytes().to_vec()],
        ..network_options()
    };
    let proxy = |address: &str| NetworkOptions {
        proxy: Some(address.to_owned()),
        ..network_options()
    };
    let damaged = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let agent = NetworkOptions {
        user_agent: "labeld\n".to_owned(),
        ..network_options()
    };
    let table = [
        (root("no certificate"), "an additional certificate"),
        (root(damaged), "certificate"),
        (proxy("user:hidden@proxy"), "the address of the proxy"),
        (
            proxy("socks5://user:hidden@proxy:1080"),
            "the address of the proxy",
        ),
        (agent, "user agent"),
    ];
    for (options, what) in table {
        let error = Network::new(&options).unwrap_err();
        assert!(told(&error).contains(what), "{}", told(&error));
    }
}

#[tokio::test]
async fn calls_go_through_the_proxy() {
    let proxy = Server::start(|_, seen| match seen.method.as_str() {
        "CONNECT" => Reply::status(403),
        _ => Reply::json("{}"),
    })
    .await;
    let mut address = proxy.url("/");
    address.set_username("mina").unwrap();
    address.set_password(Some("hidden-word")).unwrap();
    let options = NetworkOptions {
        proxy: Some(address.to_string()),
        ..network_options()
    };
    assert!(!format!("{:?}", Network::new(&options).unwrap()).contains("hidden"));
    let service = service_with(&options, retry(), pacer());

    let result = service
        .send(call(
            Url::parse("http://127.0.0.1:9/a?b=hidden-query").unwrap(),
        ))
        .await;
    assert_eq!(outcome(&result), "200 {}");
    let error = service
        .send(call(
            Url::parse("https://graph.example.com/a?b=hidden-query").unwrap(),
        ))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transient, "{}", told(&error));

    let seen = proxy.seen();
    assert_eq!(seen[0].target, "http://127.0.0.1:9/a?b=hidden-query");
    assert_eq!(seen[1].method, "CONNECT");
    assert_eq!(seen[1].target, "graph.example.com:443");
    assert_eq!(seen[1].header("authorization"), None);
    for seen in seen {
        assert_eq!(
            seen.header("proxy-authorization"),
            Some("Basic bWluYTpoaWRkZW4td29yZA==")
        );
    }
}
