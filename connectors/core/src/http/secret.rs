//! Text that must not be seen.

use std::fmt;
use std::sync::Arc;

use pkcs8::der::zeroize::Zeroizing;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Deserializer};

/// A password, token, key or pre-authenticated address. `Debug` never shows it, there is no `Display`,
/// and it is overwritten when the last copy goes. Copies share one text.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// The secret `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::new(Zeroizing::new(text.into())))
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// In a time that tells nothing about the texts but their lengths: the digests are compared, which
/// nobody can choose byte by byte.
impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        let of = |secret: &Self| digest(&SHA256, secret.expose().as_bytes());
        of(self).as_ref() == of(other).as_ref()
    }
}

impl Eq for Secret {}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_compared_and_never_shown() {
        let secret = Secret::new("pass-example");
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        assert_eq!(format!("{:?}", Some(secret.clone())), "Some(Secret(..))");
        assert_eq!(secret, Secret::from("pass-example"));
        assert_ne!(secret, Secret::from("pass-exampl3"));
        assert_ne!(secret, Secret::from(""));
        assert_eq!(secret.expose(), "pass-example");
    }
}
