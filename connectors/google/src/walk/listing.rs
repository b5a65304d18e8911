//! Listing what is there (reference/google-drive.md §2.3).

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use labeld_connector::http::Url;
use labeld_connector::{Result, UnreadableFolder};

use super::{OPERATION, Page};
use crate::client::Purpose;
use crate::corpus::Corpus;
use crate::cursor::Stage;
use crate::drive::GoogleDrive;
use crate::item;
use crate::model::{FOLDER, File, FileList};

impl GoogleDrive {
    /// A page of the listing, and what comes after it.
    pub(super) async fn list(&self, page: &mut Page<'_>) -> Result<()> {
        let purpose = Purpose::new(OPERATION, &page.sight.title);
        let url = self.listing_url(page)?;
        let list: FileList = self
            .client
            .get(url, &purpose, self.client.units.list, &page.sight.eyes)
            .await?;
        if list.incomplete_search == Some(true) {
            // Nothing may be concluded from what is not on it.
            page.unreadable.push(UnreadableFolder {
                path: page.sight.path_of(""),
                error: purpose.malformed("the service says that its listing is incomplete"),
            });
        }
        let files = self.sort_out(page, list.files);
        self.tell_alive(page, files).await?;
        page.position.page = list.next_page_token.filter(|token| !token.is_empty());
        if page.position.page.is_none() {
            self.next_stage(page);
        }
        Ok(())
    }

    /// What comes after the last page of a stage.
    fn next_stage(&self, page: &mut Page<'_>) {
        match page.position.at {
            Stage::Folders => page.position.at = Stage::Files,
            Stage::Files => {
                page.position.at = Stage::Changes;
                page.more = false;
                let lag = TimeDelta::from_std(self.options.listing_lag).unwrap_or_default();
                if lag > TimeDelta::zero() {
                    page.position.newer_than = Some(self.client.drive.clock().now() - lag);
                }
            }
            Stage::Recent | Stage::Changes => {
                page.position.at = Stage::Changes;
                page.position.newer_than = None;
            }
        }
    }

    fn listing_url(&self, page: &Page<'_>) -> Result<Url> {
        let sight = page.sight;
        let fields = format!(
            "nextPageToken,incompleteSearch,files({})",
            self.list_fields(sight)
        );
        let size = self.options.page_size.clamp(1, 1000).to_string();
        let terms = terms(&sight.corpus, page.position.at, page.position.newer_than);
        let mut query = vec![
            ("spaces", "drive"),
            ("pageSize", size.as_str()),
            ("q", terms.as_str()),
            ("fields", fields.as_str()),
        ];
        match &sight.corpus {
            Corpus::User(_) => query.push(("corpora", "user")),
            Corpus::Drive(id) => query.extend([
                ("corpora", "drive"),
                ("driveId", id.as_str()),
                ("includeItemsFromAllDrives", "true"),
            ]),
        }
        if page.position.at == Stage::Folders {
            // A folder is mostly older than those in it, so that it is known when they come.
            query.push(("orderBy", "createdTime"));
        }
        if let Some(token) = &page.position.page {
            query.push(("pageToken", token));
        }
        self.client
            .drive_url(&["drive", "v3", "files"], &query, true)
    }

    /// Takes out what is not to be told, and remembers folders in the bin.
    fn sort_out(&self, page: &mut Page<'_>, files: Vec<File>) -> Vec<File> {
        let mut alive = Vec::with_capacity(files.len());
        for file in files {
            let is_whole = file.mime_type.is_some();
            if is_whole && !item::belongs_to(&file, &page.sight.corpus) {
                continue;
            }
            if !file.is_trashed() {
                alive.push(file);
            } else if file.is_folder()
                && file.explicitly_trashed == Some(true)
                && let Some(id) = &file.id
            {
                page.position.remember_trashed(id);
            }
        }
        alive
    }
}

/// What is looked for. Folders are listed with those in the bin.
fn terms(corpus: &Corpus, stage: Stage, newer_than: Option<DateTime<Utc>>) -> String {
    let mut terms = Vec::new();
    if let Corpus::User(_) = corpus {
        terms.push("'me' in owners".to_owned());
    }
    match stage {
        Stage::Folders => terms.push(format!("mimeType = '{FOLDER}'")),
        Stage::Files => terms.extend([
            format!("mimeType != '{FOLDER}'"),
            "trashed = false".to_owned(),
        ]),
        Stage::Recent | Stage::Changes => {
            let time = newer_than
                .unwrap_or_default()
                .to_rfc3339_opts(SecondsFormat::Secs, true);
            terms.push("trashed = false".to_owned());
            terms.push(format!(
                "(modifiedTime > '{time}' or createdTime > '{time}')"
            ));
        }
    }
    terms.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_the_corpus() {
        let user = Corpus::User("101".to_owned());
        let drive = Corpus::Drive("0A".to_owned());
        let time = Some("2026-03-04T10:00:00.5Z".parse().unwrap());
        for (corpus, stage, expected) in [
            (
                &user,
                Stage::Folders,
                "'me' in owners and mimeType = 'application/vnd.google-apps.folder'",
            ),
            (
                &drive,
                Stage::Folders,
                "mimeType = 'application/vnd.google-apps.folder'",
            ),
            (
                &user,
                Stage::Files,
                "'me' in owners and mimeType != 'application/vnd.google-apps.folder' and trashed = false",
            ),
            (
                &drive,
                Stage::Recent,
                "trashed = false and (modifiedTime > '2026-03-04T10:00:00Z' or createdTime > '2026-03-04T10:00:00Z')",
            ),
        ] {
            assert_eq!(terms(corpus, stage, time), expected);
        }
    }
}
