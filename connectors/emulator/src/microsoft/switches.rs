//! What the references leave open, as switches.
//!
//! Each default is the behaviour that is reported most often or, where reports differ, the one that asks most of
//! a client. Section numbers are those of `reference/microsoft-graph.md`; its tags are kept: \[D\] documented,
//! \[C\] read in client source, \[O\] reported from a live tenant, \[I\] issue threads, \[U\] not proven.

mod choices;

pub use choices::{
    Availability, BadTokenAnswer, DeletedForm, ExtractShape, HashlessForm, IfMatch, LabelShape,
    LinkForm, NoRetentionLabel, Promotion, ThrottleSwitches, UnlabelledForm,
};

use serde::{Deserialize, Serialize};

/// The switches of the Microsoft cloud.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Seconds that an access token lives; 60 to 90 minutes in practice (§1.1).
    pub access_token_seconds: u32,
    /// Whether an assertion whose `jti` was seen before is refused. Off: no report says so (§1.2).
    pub refuse_repeated_jti: bool,
    /// Whether the legacy RS256 assertion with `x5t` is taken (§1.2 \[D\]). On.
    pub rs256_assertions: bool,
    /// Whether a SharePoint token for the root host works on the `-my` host (§1.7 \[U\]). Off.
    pub root_token_on_my_host: bool,
    /// What SharePoint REST says to a Graph token: `Invalid issuer or signature.` or
    /// `Unsupported security token.` (§1.7 \[O\]).
    pub graph_token_on_sharepoint: String,
    /// The v1.0 label list; refused or unknown in national clouds (§1.4 \[O\]).
    pub labels_v1: Availability,
    /// The beta label list (§1.4 \[O\]).
    pub labels_beta: Availability,
    /// Which fields v1.0 labels have (§2.3): the metadata's, as live reports confirm, or the docs'.
    pub label_shape: LabelShape,
    /// Whether sublabels also stand at the top level of the v1.0 list (§2.3 \[U\]). Off.
    pub sublabels_at_top_level: bool,
    /// Labels on a page of the list; all of them when `None` (§2.2).
    pub label_page_size: Option<usize>,
    /// Whether `priority` counts downwards, as one sentence of the docs reads (§2.4 \[U\]). Off.
    pub label_priority_reversed: bool,
    /// Sites on a page of `getAllSites` (§3.1).
    pub site_page_size: usize,
    /// Whether `sharePointIds` of a drive and `sharepointIds` of an item must be selected to be sent (§3.2). On.
    pub sharepoint_ids_need_select: bool,
    /// Whether there is a delta at all; undocumented in national clouds (§1.4).
    pub delta: Availability,
    /// Items on a page when `$top` is absent: 200 (§3.4 \[U\]).
    pub delta_page_size: usize,
    /// The most items on a page, whatever `$top` says (§11 item 5 \[U\]).
    pub delta_top_maximum: usize,
    /// Whether `$top` is ignored in delta, as the docs allow (§3.4 \[D\]). Off.
    pub delta_top_ignored: bool,
    /// The form of next and delta links (§3.4).
    pub delta_link_form: LinkForm,
    /// Days that a delta token is good for: 30 (§11 item 5, folklore).
    pub delta_token_days: u32,
    /// The answer to a token that is none (§3.4 \[I\]).
    pub delta_bad_token: BadTokenAnswer,
    /// The code of a 410 (§3.4): plain `resyncRequired` on the wire.
    pub resync_code: String,
    /// Whether a 410 has a `Location` (§0 fact 12: optional in practice). Off.
    pub resync_location: bool,
    /// What a deleted entry carries (§3.4 rule 3): only `id` is certain.
    pub deleted_form: DeletedForm,
    /// Whether what lay in a deleted folder is listed as deleted too (§3.4 rule 3: normally). On.
    pub deleted_folder_lists_children: bool,
    /// Whether delta leaves out `cTag` (§3.4 rule 5 \[D\]). On.
    pub delta_omits_c_tag: bool,
    /// Whether delta leaves out `lastModifiedBy` (§3.4 rule 5, the 2021 text). Off: recorded answers have it.
    pub delta_omits_last_modified_by: bool,
    /// Whether delta leaves out `createdBy` (§3.4 rule 5, the older release notes). Off.
    pub delta_omits_created_by: bool,
    /// Whether unchanged ancestors come with a changed item (§3.4 rule 7). On.
    pub delta_repeats_ancestors: bool,
    /// Whether the root comes with every page (§3.4 rule 7). On.
    pub delta_repeats_root: bool,
    /// Whether the download URL can be selected in delta. On.
    pub select_download_url: bool,
    /// Whether `$select=sensitivityLabel` is honoured in delta (§11 item 7 \[U\]). Off: left out silently.
    pub delta_sensitivity_label: bool,
    /// Milliseconds that a write stays unseen by delta. 0.
    pub delta_lag_milliseconds: u32,
    /// Whether `cTag` moves with renames and property edits (§3.5 \[I\]). On.
    pub ctag_moves_on_metadata: bool,
    /// Milliseconds after an upload for which `quickXorHash` is missing (§3.5). 0.
    pub hash_missing_milliseconds: u32,
    /// How a missing hash looks (§3.5).
    pub hashless_form: HashlessForm,
    /// Milliseconds after an upload for which listings show the size before it (§9). 0.
    pub old_size_milliseconds: u32,
    /// Whether `$select=sensitivityLabel` works on an item (§6.3 \[C\]). On.
    pub select_sensitivity_label: bool,
    /// What an unlabelled item shows there (§6.3 \[O\]).
    pub unlabelled_form: UnlabelledForm,
    /// Seconds until the stored label follows an upload by itself; more than a week in reports (§6.5 \[I\]).
    pub stored_label_lag_seconds: u32,
    /// Whether `$expand=permissions` works (§7.1: documented as unsupported, works in practice). On.
    pub expand_permissions: bool,
    /// Whether permission lists are complete without `Sites.FullControl.All` (§1.5). Off: site groups and the
    /// recipients of links are left out.
    pub permissions_without_full_control: bool,
    /// Seconds that a download URL is good for: 3600 in a recorded answer, minutes in the docs (§4).
    pub download_url_seconds: u32,
    /// Whether a download URL works once only. Off.
    pub single_use: bool,
    /// Whether `/content` answers 200 with the bytes, as announced (§4 \[D\]). Off.
    pub stream_content: bool,
    /// Whether `Range` is ignored (§4: a server may). Off.
    pub range_ignored: bool,
    /// Whether ranges need `Accept: */*` (§4 \[C\]); 416 otherwise. Off.
    pub range_needs_accept: bool,
    /// Whether downloads carry an `ETag`. On.
    pub download_etag: bool,
    /// Whether a download URL refuses a request with `Authorization` (§4: can give 401). On.
    pub url_auth_leak_refused: bool,
    /// The status of an expired or false download URL (§4: 401, 403 or 404).
    pub expired_url_status: u16,
    /// What `If-Match` does on content (§5.1 \[I\]).
    pub if_match: IfMatch,
    /// The status where check-out is required and the file is not checked out (§5.3 \[U\]): 423; 400, 403, 409
    /// and 500 are possible.
    pub checkout_required_status: u16,
    /// The status where a record is locked (§5.3 \[U\]): 423 or 403.
    pub record_status: u16,
    /// Whether uploaded Office files are rewritten (§6.5 \[I\]).
    pub promotion: Promotion,
    /// Whether the rewrite moves `cTag` as well as `eTag`. On.
    pub promotion_moves_ctag: bool,
    /// The most bytes of one PUT: 250 MB (§5.1 \[D\]).
    pub upload_maximum_bytes: u64,
    /// The shape of the answer of `extractSensitivityLabels` (§6.1).
    pub extract_shape: ExtractShape,
    /// Whether the tenant lets SharePoint label PDF files (§6.2). On.
    pub pdf_labels: bool,
    /// Whether a billing resource is linked to the app (§6.2). Off: 402.
    pub billing: bool,
    /// Milliseconds until an accepted assignment is done.
    pub assign_milliseconds: u32,
    /// Whether an accepted assignment is ever done (§6.2: accepted is not applied). On.
    pub assign_applied: bool,
    /// Whether lowering or removing a label needs a justification, by tenant policy (§6.2). Off.
    pub assign_justification_required: bool,
    /// The status of the monitor at the end: 200, other jobs also 202 (§6.2).
    pub monitor_end_status: u16,
    /// The answer where an item has no retention label (§5.6 \[U\]).
    pub no_retention_label: NoRetentionLabel,
    /// Whether the inner error is spelled `innererror` (§9: both occur). Off.
    pub inner_error_lower_case: bool,
    /// Limits (§8.1).
    pub throttle: ThrottleSwitches,
    /// Whether absolute URLs are taken in a batch (§12 \[U\]). Off.
    pub batch_absolute_urls: bool,
    /// Whether the answers of a batch come in another order than the calls (§8.3 \[D\]: any order). On.
    pub batch_shuffled: bool,
    /// The longest life of a subscription in minutes: 42,300 (§8.4 \[D\]).
    pub subscription_maximum_minutes: u32,
    /// Whether changes are notified without a `notify` operation. On.
    pub automatic_notifications: bool,
    /// Real milliseconds for which changes are collected before a notification.
    pub notification_delay_milliseconds: u32,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            access_token_seconds: 3599,
            refuse_repeated_jti: false,
            rs256_assertions: true,
            root_token_on_my_host: false,
            graph_token_on_sharepoint: "Invalid issuer or signature.".to_owned(),
            labels_v1: Availability::Available,
            labels_beta: Availability::Available,
            label_shape: LabelShape::Metadata,
            sublabels_at_top_level: false,
            label_page_size: None,
            label_priority_reversed: false,
            site_page_size: 200,
            sharepoint_ids_need_select: true,
            delta: Availability::Available,
            delta_page_size: 200,
            delta_top_maximum: 1000,
            delta_top_ignored: false,
            delta_link_form: LinkForm::Query,
            delta_token_days: 30,
            delta_bad_token: BadTokenAnswer::BadRequest,
            resync_code: "resyncRequired".to_owned(),
            resync_location: false,
            deleted_form: DeletedForm::IdOnly,
            deleted_folder_lists_children: true,
            delta_omits_c_tag: true,
            delta_omits_last_modified_by: false,
            delta_omits_created_by: false,
            delta_repeats_ancestors: true,
            delta_repeats_root: true,
            select_download_url: true,
            delta_sensitivity_label: false,
            delta_lag_milliseconds: 0,
            ctag_moves_on_metadata: true,
            hash_missing_milliseconds: 0,
            hashless_form: HashlessForm::EmptyHashes,
            old_size_milliseconds: 0,
            select_sensitivity_label: true,
            unlabelled_form: UnlabelledForm::Null,
            stored_label_lag_seconds: 7 * 24 * 3600,
            expand_permissions: true,
            permissions_without_full_control: false,
            download_url_seconds: 3600,
            single_use: false,
            stream_content: false,
            range_ignored: false,
            range_needs_accept: false,
            download_etag: true,
            url_auth_leak_refused: true,
            expired_url_status: 401,
            if_match: IfMatch::Honour412,
            checkout_required_status: 423,
            record_status: 423,
            promotion: Promotion::AfterAnswer,
            promotion_moves_ctag: true,
            upload_maximum_bytes: 250 * 1024 * 1024,
            extract_shape: ExtractShape::TopLevel,
            pdf_labels: true,
            billing: false,
            assign_milliseconds: 5000,
            assign_applied: true,
            assign_justification_required: false,
            monitor_end_status: 200,
            no_retention_label: NoRetentionLabel::Nulls,
            inner_error_lower_case: false,
            throttle: ThrottleSwitches::default(),
            batch_absolute_urls: false,
            batch_shuffled: true,
            subscription_maximum_minutes: 42_300,
            automatic_notifications: true,
            notification_delay_milliseconds: 100,
        }
    }
}

impl Switches {
    /// These switches with what `patch`, a JSON merge patch, changes.
    ///
    /// # Errors
    ///
    /// When it names an unknown switch, or a value that a switch cannot have.
    pub fn patched(&self, patch: &serde_json::Value) -> Result<Self, serde_json::Error> {
        if !patch.is_object() {
            return Err(serde::de::Error::custom("the switches are an object"));
        }
        let mut switches = serde_json::to_value(self)?;
        merge(&mut switches, patch);
        serde_json::from_value(switches)
    }
}

/// RFC 7396, with `null` as a value of its own: every switch is always there.
fn merge(target: &mut serde_json::Value, patch: &serde_json::Value) {
    match (target.as_object_mut(), patch.as_object()) {
        (Some(target), Some(patch)) => {
            for (name, value) in patch {
                merge(
                    target
                        .entry(name.clone())
                        .or_insert(serde_json::Value::Null),
                    value,
                );
            }
        }
        _ => *target = patch.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn patches_change_what_they_name() {
        let switches = Switches::default()
            .patched(&json!({
                "promotion": {"after_milliseconds": 500},
                "throttle": {"enabled": true},
                "label_page_size": 2,
            }))
            .unwrap();
        let expected = Switches {
            promotion: Promotion::AfterMilliseconds(500),
            throttle: ThrottleSwitches {
                enabled: true,
                ..ThrottleSwitches::default()
            },
            label_page_size: Some(2),
            ..Switches::default()
        };
        assert_eq!(switches, expected);
        for bad in [
            json!({"unknown": 1}),
            json!({"if_match": "maybe"}),
            json!([]),
            json!(null),
        ] {
            assert!(Switches::default().patched(&bad).is_err(), "{bad}");
        }
    }
}
