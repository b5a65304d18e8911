//! The secrets and files that the configuration names, fetched when an app is made.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use labeld_connector::http::{NetworkOptions, Secret};

use super::ConnectError;
use crate::config::{self, NetworkConfig, ProxyConfig};
use crate::model::{AppName, TenantName};

/// Largest certificate file, in bytes. Bundles of all public authorities have less than half of it.
const MAX_CERTIFICATES: u64 = 1 << 20;

/// What a part of the configuration names.
pub(super) struct Supplies {
    /// Whose it is, for the errors.
    owner: String,
}

impl Supplies {
    /// Of a tenant's sign-in.
    pub(super) fn of_tenant(tenant: &TenantName) -> Self {
        Self {
            owner: format!("tenant {tenant}"),
        }
    }

    /// Of an app that signs in by itself.
    pub(super) fn of_app(tenant: &TenantName, app: &AppName) -> Self {
        Self {
            owner: format!("app {tenant}/{app}"),
        }
    }

    /// The secret itself. May run a command.
    ///
    /// # Errors
    ///
    /// [`ConnectError::Secret`] when it cannot be had.
    pub(super) fn secret(
        &self,
        option: &'static str,
        secret: &config::Secret,
    ) -> Result<Secret, ConnectError> {
        match secret.resolve() {
            Ok(text) => Ok(Secret::new(text.expose())),
            Err(source) => Err(ConnectError::Secret {
                owner: self.owner.clone(),
                option,
                source: Arc::new(source),
            }),
        }
    }

    /// The bytes of a file with certificates.
    ///
    /// # Errors
    ///
    /// [`ConnectError::File`] when it cannot be read, or is far too large.
    pub(super) fn file(&self, option: &'static str, file: &Path) -> Result<Vec<u8>, ConnectError> {
        read_bounded(file).map_err(|source| ConnectError::File {
            owner: self.owner.clone(),
            option,
            file: file.to_owned(),
            source: Arc::new(source),
        })
    }

    /// The configured way to the network; what the configuration does not say stays as in `options`.
    ///
    /// # Errors
    ///
    /// When the certificate authorities or the proxy's address cannot be had.
    pub(super) fn network(
        &self,
        config: &NetworkConfig,
        options: NetworkOptions,
    ) -> Result<NetworkOptions, ConnectError> {
        let authorities = config.ca.as_ref().map(|file| self.file("ca", file));
        let proxy = match &config.proxy {
            Some(ProxyConfig::Url(url)) => Some(url.to_string()),
            Some(ProxyConfig::Secret(secret)) => {
                Some(self.secret("proxy", secret)?.expose().to_owned())
            }
            None => None,
        };
        Ok(NetworkOptions {
            extra_roots_pem: authorities.transpose()?.into_iter().collect(),
            proxy,
            ..options
        })
    }
}

fn read_bounded(file: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(file)?
        .take(MAX_CERTIFICATES + 1)
        .read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_CERTIFICATES {
        return Err(io::Error::other("larger than 1 MiB"));
    }
    Ok(bytes)
}
