//! Tokens on the wire.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use labeld_connector::http::{
    Call, CallFailure, FreshToken, Method, Service, TokenCache, TokenSource, Url,
};
use labeld_connector::{ErrorKind, Result};

use crate::server::{Reply, Server};
use crate::support::{Counting, outcome, service, told};

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let refused = || {
        let header = "Bearer realm=\"Service\", error=\"invalid_token\"";
        Reply::status(401).header("WWW-Authenticate", header)
    };
    let good = || Reply::json("{}");
    let table = [
        ("good", Method::GET, vec![good()], "200 {}", 1),
        (
            "refused once",
            Method::GET,
            vec![refused(), good()],
            "200 {}",
            2,
        ),
        (
            "refused once, a write",
            Method::PUT,
            vec![refused(), good()],
            "200 {}",
            2,
        ),
        (
            "refused again",
            Method::GET,
            vec![refused()],
            "Unauthenticated",
            2,
        ),
        (
            "refused again after a failure",
            Method::GET,
            vec![refused(), Reply::status(500), refused()],
            "Unauthenticated",
            2,
        ),
    ];
    for (name, method, replies, expected, fetches) in table {
        let server = Server::replying(replies).await;
        let source = Arc::new(Counting::default());
        let tokens = Arc::new(TokenCache::new(Arc::clone(&source) as Arc<dyn TokenSource>));
        let call = Call::new(method, server.url("/"), "read", "item 7").bearer(tokens);
        let result = service().send(call).await;
        assert_eq!(outcome(&result), expected, "{name}");
        assert_eq!(source.0.load(Ordering::SeqCst), fetches, "{name}");
        for (n, seen) in server.seen().iter().enumerate() {
            let token = format!("Bearer hidden-token-{}", n.min(fetches - 1));
            assert_eq!(seen.header("authorization"), Some(token.as_str()), "{name}");
        }
    }
}

#[tokio::test]
async fn an_accepted_401_is_an_answer() {
    let server = Server::replying(vec![Reply::status(401)]).await;
    let call = Call::new(Method::GET, server.url("/"), "read", "item 7")
        .bearer(crate::support::tokens())
        .accept_status(&[401]);
    assert_eq!(outcome(&service().send(call).await), "401");
    assert_eq!(server.seen().len(), 1);
}

/// A source as connectors have it: it asks a token endpoint through a service.
#[derive(Debug)]
struct Endpoint {
    service: Service,
    url: Url,
}

#[async_trait]
impl TokenSource for Endpoint {
    async fn fetch(&self) -> Result<FreshToken> {
        let call = Call::new(Method::POST, self.url.clone(), "fetch a token", "for alder")
            .form(&[("client_secret", "hidden-secret")])
            .repeatable(true);
        let answer: serde_json::Value = self.service.send(call).await?.json()?;
        Ok(FreshToken {
            token: answer["access_token"].as_str().unwrap().into(),
            lifetime: Duration::from_secs(3599),
        })
    }
}

/// 50 calls at once, of which `Pacer` lets 100 run: all of them find no token.
async fn fifty(login: &Server, api: &Server) -> Vec<Result<labeld_connector::http::Answer>> {
    let service = service();
    let tokens = Arc::new(TokenCache::new(Arc::new(Endpoint {
        service: service.clone(),
        url: login.url("/token"),
    })));
    let calls = (0..50).map(|_| {
        let (service, tokens, url) = (service.clone(), Arc::clone(&tokens), api.url("/"));
        tokio::spawn(async move {
            service
                .send(Call::new(Method::GET, url, "read", "item 7").bearer(tokens))
                .await
        })
    });
    let mut results = Vec::new();
    for call in calls.collect::<Vec<_>>() {
        results.push(call.await.unwrap());
    }
    results
}

#[tokio::test]
async fn many_calls_share_one_token_request() {
    let login = Server::replying(vec![Reply::json(r#"{"access_token": "hidden-token"}"#)]).await;
    let api = Server::replying(vec![Reply::json("{}")]).await;
    for result in fifty(&login, &api).await {
        assert_eq!(outcome(&result), "200 {}");
    }
    assert_eq!(login.seen().len(), 1);
    assert_eq!(api.seen().len(), 50);
}

#[tokio::test]
async fn many_calls_share_one_refusal() {
    let body = r#"{"code": "invalid_client", "message": "AADSTS7000215: Invalid client secret provided."}"#;
    let login = Server::replying(vec![Reply::new(401, "application/json", body)]).await;
    let api = Server::replying(vec![Reply::json("{}")]).await;
    for result in fifty(&login, &api).await {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert_eq!(
            told(&error),
            "cannot fetch a token for alder: not authenticated: the service answered 401 invalid_client: \
             AADSTS7000215: Invalid client secret provided."
        );
        assert_eq!(CallFailure::of(&error).unwrap().codes(), ["invalid_client"]);
    }
    assert_eq!(login.seen().len(), 1);
    assert_eq!(api.seen().len(), 0);
}
