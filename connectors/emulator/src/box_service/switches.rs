//! What the reference leaves open, as switches.
//!
//! Each default is what is reported most often or, where reports differ, what asks most of a client. Section
//! numbers are those of `reference/box.md`; its tags are kept: \[D\] documented, \[C\] read in client source, \[I\] issue threads,
//! \[U\] not proven.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The switches of the Box enterprise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    // Tokens.
    /// Seconds that an access token lives: about an hour, not always 3600 (§1.2 \[D\]).
    pub access_token_seconds: u32,
    /// Whether the token answer has `token_type` (§1.2: one sample omits it). On.
    pub token_type: bool,
    /// How far ahead of the server's clock `exp` may be, in seconds: 60 (§1.3 \[D\]).
    pub assertion_seconds: u32,

    // As-User.
    /// The code of a refused As-User (§1.5 \[U\]).
    pub as_user_code: String,
    /// The status of As-User for an inactive user (§1.5 \[U\]): 403 or 401.
    pub inactive_user_status: u16,

    // Listings.
    /// How the last page says that it is the last (§0 fact 9).
    pub end_marker: EndMarker,
    /// Seconds that a marker is good for (§2.2: short-lived). The service does not say how many.
    pub marker_seconds: u32,
    /// What follows a `limit` over 1000: clamped (§2.2 \[D\]).
    pub most_entries: usize,
    /// Whether web links are listed. On.
    pub web_links: bool,
    /// Whether `has_collaborations` counts those of the folders above (§8 \[U\]). Off.
    pub inherited_has_collaborations: bool,
    /// Whether the collaborations of a file include inherited ones (§8 \[U\]). Off: only those of a folder do.
    pub file_collaborations_inherited: bool,
    /// Minutes between UTC and the times that are shown (§6: offsets vary).
    pub offset_minutes: i32,

    // Events.
    /// Milliseconds that an event stays unseen in the enterprise's stream (§3.1: about 12 s). 0.
    pub event_delay_milliseconds: u32,
    /// Milliseconds that an event stays unseen in the chronological stream (§3.1: about 60 s). 0.
    pub chronological_delay_milliseconds: u32,
    /// Whether pages have each event twice (§0 fact 7). Off.
    pub duplicate_events: bool,
    /// Whether pages begin with some of the events before the position (§0 fact 7: at least once). Off.
    pub repeat_earlier_events: bool,
    /// Whether the events of a page come in another order (§0 fact 7). Off.
    pub reorder_events: bool,
    /// Most events on a page, whatever `limit` says (§3.1: fewer than `limit` does not mean the end).
    pub most_events: usize,
    /// Whether an empty page of `admin_logs` has the position 0 (§0 fact 6 \[C\]). On.
    pub empty_page_position_zero: bool,
    /// Whether the enterprise's positions are numbers and not strings (§0 fact 5). Off.
    pub numeric_positions: bool,
    /// Days that the enterprise's stream goes back: 14 (§3.1 \[D\]).
    pub stream_days: u32,
    /// Days that the chronological stream goes back: 365 (§3.1 \[D\]).
    pub chronological_days: u32,
    /// Whether a position older than the stream is refused with 400 (§3.1 \[U\]). Off: what is left is served.
    pub old_position_refused: bool,
    /// The type of a new version's event (§3.3 \[U\]).
    pub new_version_event: String,
    /// Whether a new version is told as `ITEM_MODIFY` too (§14 \[U\]). Off.
    pub item_modify_event: bool,
    /// Whether the service account is named as who did what the app does in a user's name (§3.5 \[U\]). Off.
    pub app_is_event_actor: bool,
    /// Whether `owned_by` is in the source of events (§3.2: not always). On.
    pub event_owner: bool,
    /// Whether the maker of a folder shows in the enterprise's stream, as `CREATE` (\[U\]). Off.
    pub folder_create_event: bool,
    /// Whether downloads are events. On.
    pub download_events: bool,

    // Files.
    /// Whether a lock moves `etag` (§6 \[U\]). Off.
    pub lock_moves_etag: bool,
    /// Whether a classification moves `etag` (§6 \[U\]). Off.
    pub classification_moves_etag: bool,
    /// The field with the end of a lock (§5.5).
    pub lock_end_field: LockEndField,
    /// Whether `content_modified_at` is honoured for new versions (§5.1 \[U\]). On.
    pub content_modified_honoured: bool,
    /// Whether SHA-1 is in capitals, as in the API document's example. Off.
    pub sha1_upper_case: bool,

    // Downloads.
    /// Seconds that a download address is good for: about 15 minutes (§4).
    pub download_seconds: u32,
    /// Whether a download address works once only (§4). Off.
    pub single_use: bool,
    /// Whether the download host refuses `Authorization` (§4: must not be sent). On.
    pub download_refuses_token: bool,
    /// The code with which a lock that prevents downloads refuses them (§14).
    pub download_prevented_code: String,
    /// The status of a range beyond the file (§4 \[U\]): 416 or 400.
    pub bad_range_status: u16,
    /// Whether `Range` is ignored. Off.
    pub range_ignored: bool,
    /// Whether `/content` answers 200 with the bytes (§4: treat 200 as content). Off.
    pub stream_content: bool,
    /// Whether the owner of a watermarked file gets the rendition too (§5.6 \[U\]). Off.
    pub watermark_for_owner: bool,
    /// Milliseconds after an upload for which downloads answer 202 (§4). 0.
    pub not_ready_milliseconds: u32,

    // Uploads.
    /// The status of success (§5.1): 200 or 201.
    pub upload_status: u16,
    /// The status of a full quota (§5.4): 403, 409 or 507.
    pub quota_status: u16,
    /// Most bytes of a file: 250 MB (§5.1).
    pub most_upload_bytes: u64,
    /// Whether a retention policy forbids new versions (§5.6 \[U\]). Off.
    pub retention_forbids_versions: bool,

    // Limits.
    /// Calls a minute and user after which 429 is answered (§9: about 1000); no limit when `None`.
    pub calls_per_minute: Option<u32>,
    /// Whether the limit counts by the As-User target and not by the token's user (§9 \[U\]). On.
    pub limit_by_target: bool,
    /// Whether 429 has `Retry-After`. On.
    pub retry_after: bool,
}

/// How the end of a listing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndMarker {
    /// `"next_marker": null`.
    Null,
    /// `"next_marker": ""`.
    Empty,
    /// No `next_marker`.
    Absent,
}

/// The name of a lock's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LockEndField {
    /// As recorded answers have it.
    ExpiresAt,
    /// As the API document has it.
    ExpiredAt,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            access_token_seconds: 4_123,
            token_type: true,
            assertion_seconds: 60,
            as_user_code: "access_denied_insufficient_permissions".to_owned(),
            inactive_user_status: 403,
            end_marker: EndMarker::Null,
            marker_seconds: 3_600,
            most_entries: 1_000,
            web_links: true,
            inherited_has_collaborations: false,
            file_collaborations_inherited: false,
            offset_minutes: -420,
            event_delay_milliseconds: 0,
            chronological_delay_milliseconds: 0,
            duplicate_events: false,
            repeat_earlier_events: false,
            reorder_events: false,
            most_events: 500,
            empty_page_position_zero: true,
            numeric_positions: false,
            stream_days: 14,
            chronological_days: 365,
            old_position_refused: false,
            new_version_event: "EDIT".to_owned(),
            item_modify_event: false,
            app_is_event_actor: false,
            event_owner: true,
            folder_create_event: false,
            download_events: true,
            lock_moves_etag: false,
            classification_moves_etag: false,
            lock_end_field: LockEndField::ExpiresAt,
            content_modified_honoured: true,
            sha1_upper_case: false,
            download_seconds: 900,
            single_use: false,
            download_refuses_token: true,
            download_prevented_code: "access_denied_item_locked".to_owned(),
            bad_range_status: 416,
            range_ignored: false,
            stream_content: false,
            watermark_for_owner: false,
            not_ready_milliseconds: 0,
            upload_status: 201,
            quota_status: 403,
            most_upload_bytes: 250 * 1024 * 1024,
            retention_forbids_versions: false,
            calls_per_minute: None,
            limit_by_target: true,
            retry_after: true,
        }
    }
}

impl Switches {
    /// These switches with what `patch`, a JSON merge patch, changes.
    ///
    /// # Errors
    ///
    /// When it names an unknown switch, or a value that a switch cannot have.
    pub fn patched(&self, patch: &Value) -> Result<Self, serde_json::Error> {
        let mut switches = serde_json::to_value(self)?;
        match (switches.as_object_mut(), patch.as_object()) {
            (Some(switches), Some(patch)) => {
                // `null` is a value of its own: every switch is always there.
                switches.extend(patch.clone());
            }
            _ => return Err(serde::de::Error::custom("a patch is an object")),
        }
        serde_json::from_value(switches)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patches_change_what_they_name() {
        let switches = Switches::default()
            .patched(&json!({"end_marker": "empty", "calls_per_minute": 5}))
            .unwrap();
        let expected = Switches {
            end_marker: EndMarker::Empty,
            calls_per_minute: Some(5),
            ..Switches::default()
        };
        assert_eq!(switches, expected);
        for bad in [
            json!({"unknown": 1}),
            json!({"end_marker": "maybe"}),
            json!([]),
            json!(null),
        ] {
            assert!(Switches::default().patched(&bad).is_err(), "{bad}");
        }
    }
}
