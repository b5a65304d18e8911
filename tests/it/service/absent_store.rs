//! A database server that is not there when the service starts.

use std::io;
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::thread;

use rustix::process::Signal;
use serde_json::Value;

use super::{Service, workspace};
use crate::postgres;
use crate::workspace::{Store, docx};

/// The server's own socket and what stands behind it in its URL.
fn socket_and_options(url: &str) -> (String, &str) {
    let (server, options) = url.split_once('?').unwrap();
    let host = server
        .rsplit_once('@')
        .unwrap()
        .1
        .split_once('/')
        .unwrap()
        .0;
    (
        format!("{}/.s.PGSQL.5432", host.replace("%2F", "/")),
        options,
    )
}

/// Passes every connection on to the server.
fn forward(listener: TcpListener, socket: String) {
    thread::spawn(move || {
        for client in listener.incoming() {
            let (Ok(client), Ok(server)) = (client, UnixStream::connect(&socket)) else {
                return;
            };
            let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
            let (mut from, mut to): (UnixStream, TcpStream) = (server, client);
            thread::spawn(move || {
                let _ = io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Both);
            });
        }
    });
}

/// A URL that leads to a port on which nobody answers yet.
fn absent(options: &str) -> (String, u16) {
    let reserved = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = reserved.local_addr().unwrap().port();
    (
        format!("postgresql://postgres@127.0.0.1:{port}/postgres?{options}"),
        port,
    )
}

#[test]
fn the_service_waits_for_its_database() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let Some(url) = runtime.block_on(postgres::new_schema()) else {
        return;
    };
    let (socket, options) = socket_and_options(&url);
    let (url, port) = absent(options);
    let workspace = workspace(Store::Postgres(url), "1s");
    workspace.write("one.docx", docx(None));
    let mut service = Service::start(&workspace);
    service.tells("STATUS=waiting for the store");
    let status = service.status();
    assert_eq!(status["phase"], "starting", "{status:#}");
    assert_eq!(status["store"]["state"], "opening", "{status:#}");
    let health = workspace.run(["health"]).expect(1);
    assert!(health.out.contains("store: cannot reach"), "{}", health.out);

    forward(TcpListener::bind(("127.0.0.1", port)).unwrap(), socket);
    service.tells("READY=1");
    service.until_listed(1);
    let status = service.status();
    assert_eq!(status["failing"], Value::Array(Vec::new()), "{status:#}");
    service.stop();
}

#[test]
fn a_service_that_waits_can_be_stopped() {
    let (url, _) = absent("");
    let workspace = workspace(Store::Postgres(url), "1s");
    let mut service = Service::start(&workspace);
    service.tells("STATUS=waiting for the store");
    service.signal(Signal::TERM);
    assert_eq!(service.child.wait().unwrap().code(), Some(0));
}
