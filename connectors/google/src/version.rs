//! The version of a file's content.

use labeld_connector::Version;

use crate::model::{File, FileV2};

/// The version of a file: of what has bytes their digest and size, else the head revision, else what there is.
/// `version` would not do: it rises with every change, also with those that nobody sees (reference/google-drive.md §4).
pub(crate) fn version_of(file: &File) -> Option<Version> {
    let content = of_content(
        file.md5_checksum.as_deref(),
        file.size,
        file.head_revision_id.as_deref(),
    );
    content.or_else(|| {
        let time = file
            .modified_time
            .map(|time| format!("t:{}", time.to_rfc3339()));
        let text = time.or_else(|| file.version.as_ref().map(|version| format!("v:{version}")));
        text.map(Version)
    })
}

/// As [`version_of`], for what v2 tells.
pub(crate) fn version_of_v2(file: &FileV2) -> Option<Version> {
    of_content(
        file.md5_checksum.as_deref(),
        file.file_size,
        file.head_revision_id.as_deref(),
    )
}

fn of_content(md5: Option<&str>, size: Option<u64>, revision: Option<&str>) -> Option<Version> {
    let text = match (md5, size, revision) {
        (Some(md5), Some(size), _) if !md5.is_empty() => {
            format!("m:{}:{size}", md5.to_ascii_lowercase())
        }
        (_, _, Some(revision)) if !revision.is_empty() => format!("r:{revision}"),
        _ => return None,
    };
    Some(Version(text))
}

/// Digest and size that a version names.
pub(crate) fn digest_in(version: &Version) -> Option<(&str, u64)> {
    let (md5, size) = version.0.strip_prefix("m:")?.rsplit_once(':')?;
    Some((md5, size.parse().ok()?))
}

/// MD5 in lower-case hex, as the service writes it.
pub(crate) fn md5_hex(bytes: &[u8]) -> String {
    use md5::{Digest as _, Md5};

    data_encoding::HEXLOWER.encode(&Md5::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_the_version_where_there_is_one() {
        let table = [
            (
                r#"{"md5Checksum":"9E10","size":"4","headRevisionId":"r","version":"7"}"#,
                Some("m:9e10:4"),
            ),
            (r#"{"size":"4","headRevisionId":"r"}"#, Some("r:r")),
            (
                r#"{"md5Checksum":"9e10","headRevisionId":"r"}"#,
                Some("r:r"),
            ),
            (
                r#"{"modifiedTime":"2026-02-03T04:05:06.789Z","version":"7"}"#,
                Some("t:2026-02-03T04:05:06.789+00:00"),
            ),
            (r#"{"version":"7"}"#, Some("v:7")),
            (r"{}", None),
        ];
        for (json, expected) in table {
            let file: File = serde_json::from_str(json).unwrap();
            assert_eq!(
                version_of(&file).map(|version| version.0).as_deref(),
                expected,
                "{json}"
            );
        }
        let version = Version("m:9e10:4".to_owned());
        assert_eq!(digest_in(&version), Some(("9e10", 4)));
        assert_eq!(digest_in(&Version("r:x".to_owned())), None);
        assert_eq!(md5_hex(b""), "d41d8cd98f00b204e9800998ecf8427e");
    }
}
