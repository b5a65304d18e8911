//! From the URL to a pool of connections.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::error::{Result, StoreError};

/// How long to wait for the server to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long to wait for one of the pool's connections to become free.
const WAIT_TIMEOUT: Duration = Duration::from_secs(60);

/// How long a server's machine may leave sent bytes unacknowledged, or an idle connection be silent before it is asked.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// How long to wait for the answer of a connection that was asked, before it is asked again.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);

pub(super) const MAX_CONNECTIONS: usize = 8;

/// A pool that connects when first asked, and the store's name for people.
pub(super) fn pool(url: &str) -> Result<(Pool, String)> {
    let mut config = parse(url)?;
    let name = name_for_people(&config);
    let broken = |source| StoreError::Unreachable {
        store: name.clone(),
        what: "prepare the connection".to_owned(),
        source: Some(source),
    };
    let recycling = ManagerConfig {
        recycling_method: RecyclingMethod::Fast,
    };
    let manager = if wants_tls(&config) {
        // "prefer" would go on in clear text when somebody on the way refuses TLS.
        config.ssl_mode(SslMode::Require);
        Manager::from_config(config, tls().map_err(broken)?, recycling)
    } else {
        config.ssl_mode(SslMode::Disable);
        Manager::from_config(config, NoTls, recycling)
    };
    let pool = Pool::builder(manager)
        .max_size(MAX_CONNECTIONS)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(WAIT_TIMEOUT))
        .build()
        .map_err(|error| broken(error.into()))?;
    Ok((pool, name))
}

fn parse(url: &str) -> Result<Config> {
    // The certificate and its name are always verified here, so the two stricter words mean what "require" does.
    let url = url
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        StoreError::Unreachable {
            // The URL may hold a password.
            store: "the configured PostgreSQL URL".to_owned(),
            what: "read the URL".to_owned(),
            source: Some(error.into()),
        }
    })?;
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    // A server that vanished without a word would else hold up a statement for hours.
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE_TIMEOUT);
    }
    if !url.contains("keepalives") {
        config.keepalives_idle(SILENCE_TIMEOUT);
        config.keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(3);
    }
    if config.get_application_name().is_none() {
        config.application_name("labeld");
    }
    Ok(config)
}

/// Plain only where the URL says so, or where the bytes do not leave the machine and the URL does not ask for TLS.
fn wants_tls(config: &Config) -> bool {
    match config.get_ssl_mode() {
        SslMode::Disable => false,
        SslMode::Prefer => !stays_on_this_machine(config),
        _ => true,
    }
}

fn stays_on_this_machine(config: &Config) -> bool {
    let addresses = config.get_hostaddrs();
    if !addresses.is_empty() {
        return addresses.iter().all(IpAddr::is_loopback);
    }
    config.get_hosts().iter().all(|host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .parse()
                    .is_ok_and(|address: IpAddr| address.is_loopback())
        }
    })
}

/// Trusts what the operating system trusts; `SSL_CERT_FILE` names another bundle.
fn tls() -> std::result::Result<MakeRustlsConnect, Box<dyn std::error::Error + Send + Sync>> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err(
            "no trusted root certificates found: install ca-certificates, or set SSL_CERT_FILE"
                .into(),
        );
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn name_for_people(config: &Config) -> String {
    let host = config.get_hosts().first().map_or_else(
        || "localhost".to_owned(),
        |host| match host {
            Host::Tcp(name) => name.clone(),
            Host::Unix(path) => path.display().to_string(),
        },
    );
    let database = config
        .get_dbname()
        .or_else(|| config.get_user())
        .unwrap_or("the default database");
    format!("PostgreSQL {host}, database {database}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_is_used_wherever_bytes_leave_the_machine() {
        let table = [
            ("postgres://db.example.org/labeld", true),
            ("postgres://db.example.org/labeld?sslmode=prefer", true),
            ("postgres://db.example.org/labeld?sslmode=require", true),
            ("postgres://db.example.org/labeld?sslmode=verify-full", true),
            ("postgres://db.example.org/labeld?sslmode=disable", false),
            ("postgres://localhost/labeld", false),
            ("postgres://127.0.0.1/labeld", false),
            ("postgres://[::1]/labeld", false),
            ("postgres://localhost/labeld?sslmode=require", true),
            ("postgres://user@%2Frun%2Fpostgresql/labeld", false),
            ("postgres://localhost,db.example.org/labeld", true),
            ("postgres://localhost/labeld?hostaddr=192.0.2.1", true),
        ];
        for (url, expected) in table {
            let config = parse(url).unwrap();
            assert_eq!(wants_tls(&config), expected, "{url}");
        }
    }

    #[test]
    fn the_name_for_people_has_no_password() {
        let (_, name) = pool("postgres://me:geheim@db.example.org/labels?sslmode=disable").unwrap();
        assert_eq!(name, "PostgreSQL db.example.org, database labels");
        let error = parse("postgres://me:geheim@db.example.org/x?sslmode=perhaps").unwrap_err();
        assert!(!format!("{error:?}").contains("geheim"), "{error:?}");
    }
}
