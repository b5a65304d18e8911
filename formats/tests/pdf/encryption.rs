//! Documents encrypted by an independent writer read back: every revision, every password.

use std::collections::BTreeMap;
use std::sync::Arc;

use labeld_formats::{ProtectionKind, Reading};
use lopdf::encryption::crypt_filters::{
    Aes128CryptFilter, Aes256CryptFilter, CryptFilter, Rc4CryptFilter,
};
use lopdf::{
    Document, EncryptionState, EncryptionVersion, Permissions, SaveOptions, Stream, dictionary,
};

use crate::support::{METADATA, PAGES, TENANT, packet, read_all_ways, summary};
use crate::writer::Pdf;

/// A document with label `a` in both places, made by the independent writer.
fn document() -> Document {
    let mut document = Document::with_version("1.7");
    let pages =
        document.add_object(dictionary! { "Type" => "Pages", "Kids" => vec![], "Count" => 0 });
    let data = packet('a').into_bytes();
    let packet = dictionary! { "Type" => "Metadata", "Subtype" => "XML" };
    let metadata = document.add_object(Stream::new(packet, data));
    let catalog = document.add_object(dictionary! {
        "Type" => "Catalog", "Pages" => pages, "Metadata" => metadata,
    });
    let mut info = dictionary! { "Producer" => lopdf::Object::string_literal("labeld tests") };
    for (field, value) in [
        ("Enabled", "true"),
        ("SiteId", TENANT),
        ("Method", "Standard"),
    ] {
        let key = format!("MSIP_Label_f42aa342-8706-4288-bd11-ebb8599502aa_{field}");
        info.set(key, lopdf::Object::string_literal(value));
    }
    let info = document.add_object(info);
    document.trailer.set("Root", catalog);
    document.trailer.set("Info", info);
    let id = lopdf::Object::string_literal("0123456789abcdef");
    document.trailer.set("ID", vec![id.clone(), id]);
    document
}

fn saved(document: &mut Document, options: SaveOptions) -> Vec<u8> {
    let mut file = Vec::new();
    document.save_with_options(&mut file, options).unwrap();
    file
}

#[test]
fn an_independent_writers_structures_read_back() {
    let streams = SaveOptions::builder()
        .use_xref_streams(true)
        .use_object_streams(true);
    let cases = [
        ("classic", SaveOptions::default()),
        ("streams", streams.build()),
        (
            "small streams",
            SaveOptions::builder()
                .use_xref_streams(true)
                .use_object_streams(true)
                .max_objects_per_stream(1)
                .build(),
        ),
        ("ASCII", SaveOptions::builder().ascii(true).build()),
        ("pretty", SaveOptions::builder().pretty(true).build()),
        ("linearised", SaveOptions::builder().linearize(true).build()),
    ];
    for (what, options) in cases {
        let file = saved(&mut document(), options);
        assert_eq!(summary(&read_all_ways(&file)), "ok A:info+xmp", "{what}");
    }
}

fn filters(filter: Arc<dyn CryptFilter>) -> BTreeMap<Vec<u8>, Arc<dyn CryptFilter>> {
    BTreeMap::from([(b"StdCF".to_vec(), filter)])
}

/// Encrypts with revision `revision`; 4 with RC4 is called 41.
fn encrypted(revision: u8, user: &str, owner: &str, encrypt_metadata: bool) -> Vec<u8> {
    let mut document = document();
    let (user_password, owner_password) = (user, owner);
    let permissions = Permissions::all();
    let standard = b"StdCF".to_vec();
    let (stream_filter, string_filter) = (standard.clone(), standard);
    let file_encryption_key = &[7; 32];
    let version = match revision {
        2 => EncryptionVersion::V1 {
            document: &document,
            owner_password,
            user_password,
            permissions,
        },
        3 => EncryptionVersion::V2 {
            document: &document,
            owner_password,
            user_password,
            key_length: 128,
            permissions,
        },
        4 | 41 => EncryptionVersion::V4 {
            document: &document,
            encrypt_metadata,
            crypt_filters: filters(if revision == 4 {
                Arc::new(Aes128CryptFilter)
            } else {
                Arc::new(Rc4CryptFilter)
            }),
            stream_filter,
            string_filter,
            owner_password,
            user_password,
            permissions,
        },
        #[allow(deprecated, reason = "the revision occurs, so it must be read")]
        5 => EncryptionVersion::R5 {
            encrypt_metadata,
            crypt_filters: filters(Arc::new(Aes256CryptFilter)),
            file_encryption_key,
            stream_filter,
            string_filter,
            owner_password,
            user_password,
            permissions,
        },
        _ => EncryptionVersion::V5 {
            encrypt_metadata,
            crypt_filters: filters(Arc::new(Aes256CryptFilter)),
            file_encryption_key,
            stream_filter,
            string_filter,
            owner_password,
            user_password,
            permissions,
        },
    };
    let state = EncryptionState::try_from(version).unwrap();
    document.encrypt(&state).unwrap();
    saved(&mut document, SaveOptions::default())
}

#[test]
fn every_revision_and_password() {
    let check = |what: &str, file: &[u8], expected: &str, kind: ProtectionKind| {
        let reading: Reading = read_all_ways(file);
        assert_eq!(
            (summary(&reading).as_str(), reading.protection.kind),
            (expected, kind),
            "{what}"
        );
    };
    for revision in [2, 3, 4, 41, 5, 6] {
        let open = encrypted(revision, "", "owner", true);
        check(
            &format!("{revision}, owner"),
            &open,
            "ok A:info+xmp",
            ProtectionKind::OwnerPassword,
        );
        let closed = encrypted(revision, "user", "owner", true);
        check(
            &format!("{revision}, user"),
            &closed,
            "file.password",
            ProtectionKind::Password,
        );
        // The search goes through the same encryption.
        let damaged = crate::support::replaced(&open, b"startxref", b"startxxxx");
        check(
            &format!("{revision}, damaged"),
            &damaged,
            "ok A:info+xmp full_read",
            ProtectionKind::OwnerPassword,
        );
    }
    for revision in [4, 6] {
        let open = encrypted(revision, "", "owner", false);
        check(
            &format!("{revision}, clear packet"),
            &open,
            "ok A:info+xmp",
            ProtectionKind::OwnerPassword,
        );
        let closed = encrypted(revision, "user", "owner", false);
        check(
            &format!("{revision}, clear packet, user"),
            &closed,
            "file.password A:xmp",
            ProtectionKind::Password,
        );
    }
}

#[test]
fn handlers_that_need_more_than_a_password() {
    let check = |what: &str, encrypt: &str, expected: &str, kind: ProtectionKind| {
        let mut pdf = Pdf::new();
        pdf.object(1, "<</Type /Catalog /Pages 2 0 R /Metadata 4 0 R>>")
            .object(2, PAGES);
        pdf.stream(4, METADATA, packet('a').as_bytes())
            .object(5, encrypt);
        let reading = read_all_ways(&pdf.table("/Root 1 0 R /Encrypt 5 0 R").bytes);
        assert_eq!(
            (summary(&reading).as_str(), reading.protection.kind),
            (expected, kind),
            "{what}"
        );
    };
    let (certificate, other) = (ProtectionKind::Certificate, ProtectionKind::Other);
    check(
        "certificate",
        "<</Filter /Adobe.PubSec /V 4>>",
        "file.password",
        certificate,
    );
    check(
        "older certificate",
        "<</Filter /Adobe.PPKLite /V 1>>",
        "file.password",
        certificate,
    );
    check(
        "clear packet",
        "<</Filter /Entrust.PPKEF /V 4 /EncryptMetadata false>>",
        "file.password A:xmp",
        certificate,
    );
    check(
        "clear packet, said in the filter",
        "<</Filter /Adobe.PubSec /V 5 /StmF /X /CF <</X <</EncryptMetadata false>>>>>>",
        "file.password A:xmp",
        certificate,
    );
    check(
        "unknown handler",
        "<</Filter /Acme.Locks /V 1>>",
        "file.password",
        other,
    );
    check(
        "unknown revision",
        "<</Filter /Standard /V 3 /R 3>>",
        "file.password",
        other,
    );
    check(
        "only attachments",
        "<</Filter /Standard /V 4 /R 4 /CF <</StdCF <</CFM /AESV2>>>> /EFF /StdCF>>",
        "ok A:xmp",
        ProtectionKind::None,
    );
}
