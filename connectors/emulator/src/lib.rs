//! Plays the cloud services that labeld connects to, on loopback, as strictly as the services themselves.
//!
//! [`frame`] is what all of them need: listeners, a clock, a journal of every request, scripted faults and
//! the control API. A service is a [`frame::Provider`] on top of it; [`microsoft`], [`box_service`] and [`google`] are three.
//! [`Emulator`] puts them together, and is what tests and the program `labeld-emulator` start.

pub mod box_service;
mod emulator;
pub mod frame;
pub mod google;
pub mod microsoft;

pub use emulator::{Emulator, EmulatorOptions};

/// The certificate of the application that the emulator knows, as PEM.
///
/// Published on purpose, with its key: it protects nothing (`keys/README.md`).
pub const APP_CERTIFICATE_PEM: &str = include_str!("../keys/app-certificate.pem");

/// The private key of [`APP_CERTIFICATE_PEM`], as PEM of PKCS#8: RSA, 2048 bits.
pub const APP_KEY_PEM: &str = include_str!("../keys/app-key.pem");

/// [`APP_KEY_PEM`] as Box's developer console hands keys out: encrypted PKCS#8 with PBES2, HMAC-SHA1 and triple DES
/// (reference/box.md §1.3).
pub const APP_KEY_ENCRYPTED_PEM: &str = include_str!("../keys/app-key-encrypted.pem");
