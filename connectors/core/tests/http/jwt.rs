//! Keys as operators have them, and what is signed with them.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use labeld_connector::http::Secret;
use labeld_connector::http::jwt::{
    Algorithm, JwtError, KeyError, SigningKey, certificate_is_for, certificate_sha256, sign,
};
use ring::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RSA_PSS_2048_8192_SHA256,
    UnparsedPublicKey,
};
use serde_json::{Value, json};

macro_rules! key {
    ($name:literal) => {
        include_bytes!(concat!("../keys/", $name)).as_slice()
    };
}

const PUBLIC: &[u8] = key!("public.der");

/// Verifies with the public half that openssl wrote.
fn check_signature(token: &str, algorithm: Algorithm) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    let verification = match algorithm {
        Algorithm::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs512 => &RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &RSA_PSS_2048_8192_SHA256,
    };
    UnparsedPublicKey::new(verification, PUBLIC)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
}

#[test]
fn keys_are_read_in_the_forms_that_operators_have() {
    let right = Some("pass-example");
    type Row = (
        &'static str,
        &'static [u8],
        Option<&'static str>,
        Result<(), KeyError>,
    );
    let table: &[Row] = &[
        ("pkcs8", key!("pkcs8.pem"), None, Ok(())),
        (
            "pkcs8, needless passphrase",
            key!("pkcs8.pem"),
            right,
            Ok(()),
        ),
        ("pkcs1", key!("pkcs1.pem"), None, Ok(())),
        ("bundle", key!("bundle.pem"), None, Ok(())),
        ("aes", key!("pkcs8-aes.pem"), right, Ok(())),
        ("3des", key!("pkcs8-3des.pem"), right, Ok(())),
        (
            "aes, wrong",
            key!("pkcs8-aes.pem"),
            Some("pass"),
            Err(KeyError::WrongPassphrase),
        ),
        (
            "3des, wrong",
            key!("pkcs8-3des.pem"),
            Some(""),
            Err(KeyError::WrongPassphrase),
        ),
        (
            "aes, none",
            key!("pkcs8-aes.pem"),
            None,
            Err(KeyError::PassphraseMissing),
        ),
        (
            "pbes1",
            key!("pkcs8-pbes1.pem"),
            right,
            Err(KeyError::Encryption),
        ),
        (
            "pkcs1 encrypted",
            key!("pkcs1-encrypted.pem"),
            right,
            Err(KeyError::Encryption),
        ),
        ("elliptic", key!("ec.pem"), None, Err(KeyError::NotRsa)),
        ("small", key!("small.pem"), None, Err(KeyError::TooSmall)),
        (
            "certificate",
            key!("certificate.pem"),
            None,
            Err(KeyError::NoKey {
                others: vec!["CERTIFICATE".to_owned()],
            }),
        ),
        (
            "empty",
            b"",
            None,
            Err(KeyError::NoKey { others: Vec::new() }),
        ),
        (
            "der",
            PUBLIC,
            None,
            Err(KeyError::NoKey { others: Vec::new() }),
        ),
        (
            "no end",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n",
            None,
            Err(KeyError::NoKey { others: Vec::new() }),
        ),
        (
            "not base64",
            b"-----BEGIN PRIVATE KEY-----\n****\n-----END PRIVATE KEY-----\n",
            None,
            Err(KeyError::Damaged {
                label: "PRIVATE KEY".to_owned(),
            }),
        ),
        (
            "not a key",
            b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
            None,
            Err(KeyError::Damaged {
                label: "PRIVATE KEY".to_owned(),
            }),
        ),
    ];
    for (name, pem, passphrase, expected) in table {
        let passphrase = passphrase.map(Secret::from);
        let found = SigningKey::from_pem(pem, passphrase.as_ref());
        assert_eq!(found.as_ref().map(|_| &()), expected.as_ref(), "{name}");
        if let Ok(key) = found {
            assert_eq!(format!("{key:?}"), "SigningKey(RSA, 2048 bits)");
            let token = sign(json!({}), &json!({}), &key, Algorithm::Rs256).unwrap();
            check_signature(token.expose(), Algorithm::Rs256);
        }
    }
}

#[test]
fn windows_line_ends_and_json_escapes_do_no_harm() {
    let text = String::from_utf8(key!("pkcs8-3des.pem").to_vec()).unwrap();
    for text in [
        text.replace('\n', "\r\n"),
        text.replace('\n', " \n "),
        format!("\u{feff}\n{text}"),
    ] {
        assert!(SigningKey::from_pem(text.as_bytes(), Some(&"pass-example".into())).is_ok());
    }
}

#[test]
fn assertions_are_signed() {
    let key = SigningKey::from_pem(key!("pkcs8.pem"), None).unwrap();
    let claims = json!({"iss": "2c9a7b14", "exp": 1_795_197_412, "text": "ä/\"+"});
    let table = [
        (
            Algorithm::Rs256,
            json!({}),
            json!({"alg": "RS256", "typ": "JWT"}),
        ),
        (
            Algorithm::Rs512,
            json!({"kid": "kid8char"}),
            json!({"alg": "RS512", "typ": "JWT", "kid": "kid8char"}),
        ),
        (
            Algorithm::Ps256,
            json!({"alg": "none", "typ": "at+jwt", "x5t#S256": "a"}),
            json!({"alg": "PS256", "typ": "at+jwt", "x5t#S256": "a"}),
        ),
    ];
    for (algorithm, header, expected) in table {
        let token = sign(header, &claims, &key, algorithm).unwrap();
        let parts: Vec<&str> = token.expose().split('.').collect();
        let read = |part: &str| -> Value {
            serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(parts[0]), expected);
        assert_eq!(read(parts[1]), claims);
        check_signature(token.expose(), algorithm);
    }
    for (header, claims) in [(json!([]), json!({})), (json!({}), json!("text"))] {
        let failed = sign(header, &claims, &key, Algorithm::Rs256).unwrap_err();
        assert_eq!(failed, JwtError::NotAnObject);
    }
}

#[test]
fn a_certificate_is_known_by_its_thumbprint() {
    let key = SigningKey::from_pem(key!("pkcs8.pem"), None).unwrap();
    // openssl x509 -in certificate.pem -outform DER | openssl dgst -sha256 -binary | basenc --base64url
    let thumbprint = "xnnj09LBIMT6n-HoSoI8YxTijLfEeHinpTL0A8-6Q9A";
    for pem in [key!("certificate.pem"), key!("bundle.pem")] {
        assert_eq!(certificate_sha256(pem).unwrap(), thumbprint);
        assert!(certificate_is_for(pem, &key).unwrap());
    }
    assert!(!certificate_is_for(key!("other-certificate.pem"), &key).unwrap());
    for pem in [key!("pkcs8.pem"), b""] {
        assert_eq!(certificate_sha256(pem), Err(JwtError::NoCertificate));
    }
}
