//! Replacing a file's content (reference/microsoft-graph.md §5.1, §5.3).
//!
//! The service's own precondition cannot be relied on, so the item is looked at right before, and compared. What
//! comes back is never compared with what was sent: SharePoint rewrites Office files.

use bytes::Bytes;
use labeld_connector::http::{CallFailure, Method};
use labeld_connector::{CoveredEdit, Error, ErrorKind, FileMeta, FileRef, Result, WriteOptions};

use super::Core;
use super::info::DriveInfo;
use super::item::ITEM_FIELDS;
use super::reference::{ItemRef, has_version};
use super::tag::changes_between;
use crate::address::ask;
use crate::call::{Purpose, UNITS_LIST};
use crate::dialect::CHECK_OUT_EXCEPTION;
use crate::model::{DriveItem, FileVersion, Page, Publication};
use crate::quick_xor::quick_xor_hash;

const OPERATION: &str = "write file";

impl Core {
    /// Replaces the content of a file that still has the expected version.
    pub(super) async fn write(
        &self,
        file: &FileRef,
        body: Bytes,
        options: &WriteOptions,
    ) -> Result<FileMeta> {
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        if self.tenant.read_only {
            return Err(purpose
                .error(ErrorKind::Unsupported)
                .with_source("the tenant is connected read-only"));
        }
        let at = ItemRef::of(file, OPERATION)?;
        let drive = self.drive(at.drive, OPERATION).await?;
        let before = self.item(at, ITEM_FIELDS, &purpose).await?;
        if !has_version(&before, &options.expect) {
            return Err(purpose.error(ErrorKind::Changed));
        }
        if before
            .publication
            .as_ref()
            .is_some_and(Publication::is_checked_out)
        {
            return Err(purpose.error(ErrorKind::CheckedOut));
        }
        self.tenant.links.remove(file);
        let after = match self.put(at, &before, body.clone(), &purpose).await {
            Ok(after) => after,
            Err(error) if fate_is_unknown(&error) && !says_not_checked_out(&error) => {
                self.settle(at, error, &body, options, &purpose).await?
            }
            Err(error) => return Err(self.explained(at, &drive, error, &purpose).await),
        };
        if let Some(edit) = self.covered_edit(at, &before, &after, &purpose).await {
            let why = "somebody saved the file just before it was written; their version is in its history";
            return Err(purpose
                .error(ErrorKind::Changed)
                .with_source(why)
                .with_covered_edit(edit));
        }
        let after = filled_from(after, &before);
        let folder = self.folder_below_root(&drive, &before, OPERATION).await?;
        self.meta(&drive, &after, drive.path_of(&folder))
            .ok_or_else(|| purpose.malformed("the service does not say what became of the file"))
    }

    async fn put(
        &self,
        at: ItemRef<'_>,
        before: &DriveItem,
        body: Bytes,
        purpose: &Purpose<'_>,
    ) -> Result<DriveItem> {
        let url = self.item_url(at, &["content"], None)?;
        let name = before.name.as_deref().unwrap_or_default();
        let mut call = self
            .tenant
            .call(Method::PUT, url, purpose, UNITS_LIST)
            .body(body, content_type(name))
            .repeatable(false);
        if let Some(e_tag) = &before.e_tag {
            call = call.header("if-match", e_tag.as_str());
        }
        self.tenant.service.send(call).await?.json()
    }

    /// Finds out whether a write took effect of which the answer was lost.
    async fn settle(
        &self,
        at: ItemRef<'_>,
        lost: Error,
        body: &[u8],
        options: &WriteOptions,
        purpose: &Purpose<'_>,
    ) -> Result<DriveItem> {
        let now = match self.item(at, ITEM_FIELDS, purpose).await {
            Ok(now) => now,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(error),
            Err(_) => return Err(purpose.error(ErrorKind::Transient).with_source(lost)),
        };
        let is_ours = self.is_own_write(&now);
        let is_what_was_sent = now.size == Some(body.len() as u64)
            && now.hash().is_some_and(|hash| hash == quick_xor_hash(body));
        let is_as_before = has_version(&now, &options.expect);
        if (is_what_was_sent && is_ours != Some(false)) || (is_ours == Some(true) && !is_as_before)
        {
            return Ok(now);
        }
        let kind = if is_as_before {
            ErrorKind::Transient
        } else {
            ErrorKind::Changed
        };
        Err(purpose.error(kind).with_source(lost))
    }

    /// A refused write, with what the item says about a lock or a check-out.
    async fn explained(
        &self,
        at: ItemRef<'_>,
        drive: &DriveInfo,
        error: Error,
        purpose: &Purpose<'_>,
    ) -> Error {
        let is_of_a_holder = matches!(
            error.kind(),
            ErrorKind::Locked | ErrorKind::CheckedOut | ErrorKind::Denied
        );
        if !is_of_a_holder && !says_not_checked_out(&error) {
            return error;
        }
        let publication = match self.item(at, "id,publication", purpose).await {
            Ok(item) => item.publication.unwrap_or_default(),
            Err(_) => return error,
        };
        if publication.is_checked_out() {
            return purpose.error(ErrorKind::CheckedOut).with_source(error);
        }
        if says_not_checked_out(&error) {
            self.libraries.learn_checkout_required(&drive.id);
            return purpose.error(ErrorKind::CheckedOut).with_source(error);
        }
        error
    }

    /// Somebody's save that lies under ours: it came between the look and the write, and the service did not heed the
    /// precondition. It is in the version history (§5.1).
    async fn covered_edit(
        &self,
        at: ItemRef<'_>,
        before: &DriveItem,
        after: &DriveItem,
        purpose: &Purpose<'_>,
    ) -> Option<CoveredEdit> {
        let tags = before.e_tag.as_deref().zip(after.e_tag.as_deref());
        if tags.and_then(|(before, after)| changes_between(before, after)) <= Some(1) {
            return None;
        }
        let mut url = self.item_url(at, &["versions"], None).ok()?;
        ask(
            &mut url,
            &[("$select", "id,lastModifiedDateTime"), ("$top", "2")],
        );
        let versions: Result<Page<FileVersion>> = self.tenant.get(url, purpose, UNITS_LIST).await;
        let covered = versions.ok()?.value.into_iter().nth(1)?;
        let saved = covered.last_modified_date_time;
        if saved <= before.last_modified_date_time {
            return None;
        }
        tracing::warn!(
            file = %at.file(),
            saved = ?saved,
            "somebody saved the file just before it was written; their version is in its history"
        );
        Some(CoveredEdit {
            by: None,
            version: covered.id,
            put_back: false,
        })
    }
}

/// Whether the write may have taken effect although it failed.
fn fate_is_unknown(error: &Error) -> bool {
    CallFailure::of(error).is_none_or(CallFailure::fate_is_unknown)
        && error.kind() != ErrorKind::Unauthenticated
}

/// Whether the service says that the library wants a check-out first. It does so with one exception, and in the
/// site's language (§5.4).
fn says_not_checked_out(error: &Error) -> bool {
    match CallFailure::of(error) {
        Some(CallFailure::Refused { codes, message, .. }) => {
            codes.iter().any(|code| code.ends_with(CHECK_OUT_EXCEPTION))
                || message.to_ascii_lowercase().contains("is not checked out")
        }
        _ => false,
    }
}

/// The answer to a write, with what does not change by one where the answer leaves it out.
fn filled_from(after: DriveItem, before: &DriveItem) -> DriveItem {
    DriveItem {
        id: after.id.or_else(|| before.id.clone()),
        name: after.name.or_else(|| before.name.clone()),
        parent_reference: before.parent_reference.clone(),
        created_by: after.created_by.or_else(|| before.created_by.clone()),
        created_date_time: after.created_date_time.or(before.created_date_time),
        shared: before.shared.clone(),
        ..after
    }
}

/// Media type of a file by its name: SharePoint opens a file with the wrong one differently.
fn content_type(name: &str) -> &'static str {
    let extension = name
        .rsplit_once('.')
        .map(|(_, extension)| extension.to_ascii_lowercase());
    match extension.as_deref() {
        Some("docx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        Some("dotx") => "application/vnd.openxmlformats-officedocument.wordprocessingml.template",
        Some("docm") => "application/vnd.ms-word.document.macroEnabled.12",
        Some("dotm") => "application/vnd.ms-word.template.macroEnabled.12",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        Some("xltx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.template",
        Some("xlsm") => "application/vnd.ms-excel.sheet.macroEnabled.12",
        Some("xlam") => "application/vnd.ms-excel.addin.macroEnabled.12",
        Some("pptx") => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        Some("ppsx") => "application/vnd.openxmlformats-officedocument.presentationml.slideshow",
        Some("potx") => "application/vnd.openxmlformats-officedocument.presentationml.template",
        Some("pptm") => "application/vnd.ms-powerpoint.presentation.macroEnabled.12",
        Some("ppsm") => "application/vnd.ms-powerpoint.slideshow.macroEnabled.12",
        Some("potm") => "application/vnd.ms-powerpoint.template.macroEnabled.12",
        Some("pdf") => "application/pdf",
        _ => "application/octet-stream",
    }
}
