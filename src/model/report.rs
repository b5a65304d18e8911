//! One file as `labeld inspect`, `labeld files show` and the API print it (product §1).

use serde::Serialize;

/// The printed shape of a file. Fields may be added, none removed.
#[derive(Debug, Clone, Serialize)]
pub struct FileReport<L, P> {
    /// The path as given, lossy where it is not UTF-8.
    pub path: String,
    /// The path's bytes, where it is not UTF-8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path_base64: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// True type, found from the bytes.
    pub format: Option<String>,
    /// State word.
    pub state: &'static str,
    /// Reason code.
    pub reason: Option<&'static str>,
    /// What the reason code does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The labels, one for each pair of tenant and label.
    pub labels: Vec<L>,
    /// Kind and details of protection.
    pub protection: P,
    /// Whether the file is digitally signed.
    pub signed: bool,
    /// What was noticed on the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Bytes fetched.
    pub bytes_read: u64,
    /// Reads (requests) made.
    pub reads: u32,
}
