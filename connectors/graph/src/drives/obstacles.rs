//! What stands against a write (reference/microsoft-graph.md §5.3 to §5.6).

use labeld_connector::http::Url;
use labeld_connector::{Answer, FileRef, Obstacles, Result};
use uuid::Uuid;

use super::Core;
use super::info::DriveInfo;
use super::libraries::CheckoutRule;
use super::reference::ItemRef;
use crate::batch::status_of;
use crate::call::{Purpose, UNITS_ONE};
use crate::model::{DriveItem, RetentionLabel};
use crate::sharepoint_rest::why_not;

const OPERATION: &str = "find out what stands against writing to";

impl Core {
    /// What stands against writing to a file. Asks for the item and its retention label, with a certificate also for its
    /// lock, and once a day for the settings of its library.
    pub(super) async fn obstacles(&self, file: &FileRef) -> Result<Obstacles> {
        let at = ItemRef::of(file, OPERATION)?;
        let purpose = Purpose {
            operation: OPERATION,
            context: &file.0,
        };
        let drive = self.drive(at.drive, OPERATION).await?;
        let fields = "id,name,parentReference,publication,sharepointIds";
        let item = self.item(at, fields, &purpose).await?;
        let mut obstacles = Obstacles::default();
        match &item.publication {
            // The facet was asked for; a library without check-out leaves it out.
            None => obstacles.checked_out = Answer::No,
            Some(publication) => {
                obstacles.checked_out = publication.is_checked_out().into();
                obstacles.checked_out_by = publication.holder().map(str::to_owned);
            }
        }
        self.ask_retention(at, &mut obstacles, &purpose).await?;
        let rule = self.checkout_rule(&drive, &purpose).await?;
        obstacles.checkout_required = rule.required;
        obstacles.remarks.extend(rule.remark);
        self.ask_lock(at, &drive, &item, &mut obstacles, &purpose)
            .await?;
        Ok(obstacles)
    }

    async fn ask_retention(
        &self,
        at: ItemRef<'_>,
        obstacles: &mut Obstacles,
        purpose: &Purpose<'_>,
    ) -> Result<()> {
        let url = self.item_url(at, &["retentionLabel"], None)?;
        match self
            .tenant
            .get::<Option<RetentionLabel>>(url, purpose, UNITS_ONE)
            .await
        {
            Ok(label) => obstacles.retained = retains(&label.unwrap_or_default()),
            Err(error) if status_of(&error) == Some(404) => obstacles.retained = Answer::No,
            Err(error) if error.kind().is_retryable() => return Err(error),
            Err(_) => obstacles
                .remarks
                .push("whether the file is retained is not told to the app".to_owned()),
        }
        Ok(())
    }

    /// Whether the drive's library wants check-out: by the operator's word, by what a refused write taught, by SharePoint.
    async fn checkout_rule(
        &self,
        drive: &DriveInfo,
        purpose: &Purpose<'_>,
    ) -> Result<CheckoutRule> {
        if self.is_declared(drive) || self.libraries.has_learnt(&drive.id) {
            return Ok(true.into());
        }
        if let Some(rule) = self.libraries.told(&drive.id) {
            return Ok(rule);
        }
        let rule = match self.ask_checkout_rule(drive, purpose).await {
            Ok(Some(required)) => required.into(),
            Ok(None) => unknown_rule("SharePoint does not say it"),
            Err(error) if error.kind().is_retryable() => return Err(error),
            Err(error) => unknown_rule(&why_not(&error)),
        };
        // What is unknown is asked again: a permission may have been granted.
        if rule.required != Answer::Unknown {
            self.libraries.tell(&drive.id, rule.clone());
        }
        Ok(rule)
    }

    async fn ask_checkout_rule(
        &self,
        drive: &DriveInfo,
        purpose: &Purpose<'_>,
    ) -> Result<Option<bool>> {
        let (site, Some(list)) = (self.site_of(drive, purpose)?, drive.list) else {
            return Err(purpose.malformed("the service does not say which list the drive is"));
        };
        let settings = self.tenant.list_settings(site, list, purpose).await?;
        Ok(settings.force_checkout)
    }

    fn site_of<'d>(&self, drive: &'d DriveInfo, purpose: &Purpose<'_>) -> Result<&'d Url> {
        drive.site_url.as_ref().ok_or_else(|| {
            purpose.malformed("the service does not say which site the drive belongs to")
        })
    }

    fn is_declared(&self, drive: &DriveInfo) -> bool {
        let plain = |url: &str| url.trim_end_matches('/').to_lowercase();
        let Some(url) = drive.web_url.as_ref().map(Url::as_str).map(plain) else {
            return false;
        };
        self.profile
            .checkout_required
            .iter()
            .filter_map(|declared| Url::parse(declared).ok())
            .any(|declared| plain(declared.as_str()) == url)
    }

    async fn ask_lock(
        &self,
        at: ItemRef<'_>,
        drive: &DriveInfo,
        item: &DriveItem,
        obstacles: &mut Obstacles,
        purpose: &Purpose<'_>,
    ) -> Result<()> {
        let found = match (unique_id(at, drive, item), self.site_of(drive, purpose)) {
            (Some(id), Ok(site)) => self.tenant.lock_holder(site, id, purpose).await,
            (_, Err(error)) => Err(error),
            (None, Ok(_)) => Err(purpose.malformed("the service does not say the file's own id")),
        };
        match found {
            Ok(holder) => obstacles.locked = holder.is_some().into(),
            Err(error) if error.kind().is_retryable() => return Err(error),
            Err(error) => {
                let why = why_not(&error);
                obstacles
                    .remarks
                    .push(format!("whether the file is locked is not known: {why}"));
            }
        }
        Ok(())
    }
}

fn unknown_rule(why: &str) -> CheckoutRule {
    CheckoutRule {
        required: Answer::Unknown,
        remark: Some(format!(
            "whether the library requires check-out is not known: {why}"
        )),
    }
}

/// The id by which SharePoint knows the file.
fn unique_id(at: ItemRef<'_>, drive: &DriveInfo, item: &DriveItem) -> Option<Uuid> {
    let decoded = drive.parts.and_then(|parts| parts.unique_id(at.item));
    decoded.or_else(|| {
        let ids = item.sharepoint_ids.as_ref()?;
        Uuid::parse_str(ids.list_item_unique_id.as_deref()?).ok()
    })
}

/// Whether a retention label forbids new content (§5.6). No label is told by an object of nulls.
fn retains(label: &RetentionLabel) -> Answer {
    let settings = label.retention_settings.clone().unwrap_or_default();
    let forbids = settings.is_content_update_allowed == Some(false)
        || settings.is_record_locked == Some(true);
    let has_label = label.name.as_deref().is_some_and(|name| !name.is_empty());
    match (forbids, has_label, settings.is_content_update_allowed) {
        (true, ..) => Answer::Yes,
        (false, false, _) | (false, true, Some(true)) => Answer::No,
        // A label whose rights are not told.
        (false, true, _) => Answer::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_label_is_read() {
        for (text, answer) in [
            ("{}", Answer::No),
            (r#"{"name":null,"retentionSettings":null}"#, Answer::No),
            (
                r#"{"name":"Keep","retentionSettings":{"isContentUpdateAllowed":true,"isRecordLocked":false}}"#,
                Answer::No,
            ),
            (
                r#"{"name":"Record","retentionSettings":{"isContentUpdateAllowed":false}}"#,
                Answer::Yes,
            ),
            (
                r#"{"name":"Record","retentionSettings":{"isContentUpdateAllowed":true,"isRecordLocked":true}}"#,
                Answer::Yes,
            ),
            (r#"{"name":"Keep"}"#, Answer::Unknown),
        ] {
            let label = serde_json::from_str(text).unwrap();
            assert_eq!(retains(&label), answer, "{text}");
        }
    }
}
