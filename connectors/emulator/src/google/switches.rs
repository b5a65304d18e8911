//! What the reference leaves open, as switches.
//!
//! Each default is the behaviour that is reported most often or, where reports differ, the one that asks most of a
//! client. Section numbers are those of `reference/google-drive.md`; `[open]` is its mark for what nobody has
//! seen.

use serde::{Deserialize, Serialize};

/// The switches of Google Workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    // Tokens.
    /// Seconds that an access token lives (§1.1).
    pub access_token_seconds: i64,
    /// Seconds by which an assertion may begin in the future. Minutes were accepted in practice (§1.1).
    pub assertion_lead_seconds: i64,

    // Listings.
    /// Milliseconds for which a new or changed file is missing from listings, which are a search index (§2.3). 0;
    /// up to 30 seconds were seen.
    pub index_delay_milliseconds: i64,
    /// The most files on a page, whatever `pageSize` says (§2.3).
    pub list_page_maximum: usize,
    /// The most files on a page of a listing that asks for `permissions`; `None` for no such bound. [open]
    pub permissions_page_maximum: Option<usize>,
    /// Whether every other page has only half of what was asked for (§2.3: pages may be short). Off.
    pub short_pages: bool,
    /// Whether listings say that they are incomplete (§2.3). Off.
    pub incomplete_search: bool,
    /// What the list of shared drives says to somebody who is no administrator but asks as one (§2.2 [open]).
    pub drives_for_others: DrivesForOthers,
    /// The reason of the refusal when `includeItemsFromAllDrives` comes without `supportsAllDrives` (§2.3 [open]).
    pub all_drives_reason: String,

    // Changes.
    /// Whether what lies in a folder that is put into the bin or taken out of it is listed as changed. Off. [open]
    pub trash_lists_children: bool,
    /// Whether what lay in a folder that is deleted for good is listed as removed. Off. [open]
    pub delete_lists_children: bool,

    // Channels.
    /// Whether channels are told of changes without a `notify` operation. On.
    pub automatic_notifications: bool,
    /// Real milliseconds for which changes are collected before a message.
    pub notification_delay_milliseconds: u32,
    /// Whether messages have a body, `{"kind":"drive#changes"}` (§3.4: either). Off.
    pub notification_body: bool,

    // Content.
    /// Whether v2 answers with the bytes have an `ETag` (§5, seen once). On.
    pub media_etag: bool,
    /// Whether they have one when a range was asked for. On. [open]
    pub range_etag: bool,
    /// A header with a digest of the whole content, `x-goog-hash`. None. [open]
    pub media_hash: MediaHash,
    /// Whether SHA digests are missing from metadata, as on old uploads (§4). Off.
    pub sha_missing: bool,
    /// What a suffix range (`bytes=-100`) gives (§5 [open]).
    pub suffix_range: SuffixRange,
    /// The reason with which a revision that is not the head and not kept cannot be read (§5).
    pub old_revision_reason: String,

    // Writing.
    /// Whether there is v2 at all (§6.2, §13 point 9). On.
    pub v2: bool,
    /// The status where there is not: 404, 410 or 403 (§6.2).
    pub v2_gone_status: u16,
    /// Whether v3 looks at `If-Match` of media (§6.2: contradictory reports). Off, so that nobody relies on it.
    pub v3_media_if_match: bool,
    /// When v2 checks `If-Match` of a resumable upload (§6.2 [open]).
    pub resumable_if_match: ResumableCheck,
    /// Whether the v2 etag moves when a file is shared or labelled (§6.2 [open]). On.
    pub etag_moves_on_sharing: bool,
    /// Whether the v2 etag moves when somebody looks at a file (§6.2 [open]). Off.
    pub etag_moves_on_views: bool,
    /// Whether an etag in an odd form gives 500 and not 412 (§6.2, seen). On.
    pub odd_etag_is_server_error: bool,
    /// Whether a 412 has a body (§6.2 [open]). On.
    pub precondition_body: bool,
    /// The reason of a refused upload to a file whose content is restricted (§4 [open]).
    pub restricted_reason: String,
    /// Whether a suspended user's token may write (§13 point 7 [open]). Off.
    pub suspended_may_write: bool,
    /// Whether a copy takes private properties along (§10 [open]). On.
    pub copies_take_properties: bool,

    // Limits.
    /// Units that all users together may use in a minute (§9.1); no limit when `None`.
    pub project_units_per_minute: Option<u32>,
    /// Units that one user may use in a minute; no limit when `None`.
    pub user_units_per_minute: Option<u32>,
    /// The form in which too many calls are refused (§9.2).
    pub rate_limit_form: RateLimitForm,
    /// Whether each call costs one unit, as in projects of before May 2026 (§9.1). Off.
    pub requests_are_units: bool,
}

/// See [`Switches::drives_for_others`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DrivesForOthers {
    /// 403.
    Forbidden,
    /// An empty list.
    Empty,
}

/// See [`Switches::media_hash`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaHash {
    /// No header.
    None,
    /// `crc32c` alone.
    Crc32c,
    /// `crc32c` and `md5`.
    Md5,
}

/// See [`Switches::suffix_range`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuffixRange {
    /// 200 with everything.
    Whole,
    /// 206 with the end.
    End,
}

/// See [`Switches::resumable_if_match`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResumableCheck {
    /// Only when the session begins.
    AtStart,
    /// Only when the last byte has come.
    AtEnd,
    /// Never.
    Never,
}

/// See [`Switches::rate_limit_form`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateLimitForm {
    /// 403 `userRateLimitExceeded` or `rateLimitExceeded`, with words only.
    Plain,
    /// 403 with `status` and `details`.
    Detailed,
    /// 429 `rateLimitExceeded`.
    TooManyRequests,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            access_token_seconds: 3599,
            assertion_lead_seconds: 300,
            index_delay_milliseconds: 0,
            list_page_maximum: 1000,
            permissions_page_maximum: Some(100),
            short_pages: false,
            incomplete_search: false,
            drives_for_others: DrivesForOthers::Forbidden,
            all_drives_reason: "badRequest".to_owned(),
            trash_lists_children: false,
            delete_lists_children: false,
            automatic_notifications: true,
            notification_delay_milliseconds: 100,
            notification_body: false,
            media_etag: true,
            range_etag: true,
            media_hash: MediaHash::None,
            sha_missing: false,
            suffix_range: SuffixRange::Whole,
            old_revision_reason: "forbidden".to_owned(),
            v2: true,
            v2_gone_status: 404,
            v3_media_if_match: false,
            resumable_if_match: ResumableCheck::AtEnd,
            etag_moves_on_sharing: true,
            etag_moves_on_views: false,
            odd_etag_is_server_error: true,
            precondition_body: true,
            restricted_reason: "contentRestricted".to_owned(),
            suspended_may_write: false,
            copies_take_properties: true,
            project_units_per_minute: None,
            user_units_per_minute: None,
            rate_limit_form: RateLimitForm::Plain,
            requests_are_units: false,
        }
    }
}
