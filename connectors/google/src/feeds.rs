//! Which feeds there are: one for each person and one for each shared drive.

use std::sync::Arc;

use futures_util::{StreamExt as _, stream};
use labeld_connector::{ErrorKind, Feed, FeedList, Result, UnreadableFeed};

use crate::client::Purpose;
use crate::corpus::Corpus;
use crate::drive::GoogleDrive;
use crate::eyes::Eyes;
use crate::model::SharedDrive;
use crate::options::Users;

/// Shared drives whose members are looked up at a time.
const SIDE_BY_SIDE: usize = 8;

/// A corpus with the eyes through which it is seen.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub(crate) corpus: Corpus,
    /// Who is impersonated.
    pub(crate) user: String,
    /// Where its paths begin: the owner's address, or the drive's name.
    pub(crate) title: String,
    pub(crate) eyes: Arc<Eyes>,
}

impl GoogleDrive {
    /// The list of feeds.
    pub(crate) async fn list_feeds(&self) -> Result<FeedList> {
        let mut list = FeedList {
            complete: true,
            ..FeedList::default()
        };
        for (corpus, title) in self.user_corpora().await? {
            list.feeds.push(Feed {
                feed: corpus.feed(),
                title,
            });
        }
        if self.options.shared_drives {
            match self.shared_drives().await {
                Ok(drives) => self.add_drives(drives, &mut list).await,
                // What is known of shared drives stays.
                Err(error) => list.unreadable.push(UnreadableFeed {
                    prefix: "drive/".to_owned(),
                    path: "shared drives".to_owned(),
                    error,
                }),
            }
        }
        Ok(list)
    }

    /// The people whose My Drive is looked at, and their addresses.
    async fn user_corpora(&self) -> Result<Vec<(Corpus, String)>> {
        if let Users::Listed(emails) = &self.options.users {
            let listed = emails.iter().filter(|email| !self.is_excluded(email));
            return Ok(listed
                .map(|email| (Corpus::User(email.to_lowercase()), email.to_lowercase()))
                .collect());
        }
        let users = self.people.list(&self.client).await?;
        let wanted = users.iter().filter(|user| {
            let is_there = match self.options.suspended_users {
                true => user.archived != Some(true),
                false => user.is_active(),
            };
            is_there && !user.primary_email.is_empty() && !self.is_excluded(&user.primary_email)
        });
        Ok(wanted
            .map(|user| (Corpus::User(user.id.clone()), user.primary_email.clone()))
            .collect())
    }

    async fn add_drives(&self, drives: Vec<SharedDrive>, list: &mut FeedList) {
        let wanted = drives.into_iter().filter(|drive| {
            let is_named = drive
                .name
                .as_deref()
                .is_some_and(|name| self.is_excluded(name));
            !is_named && !self.is_excluded(&drive.id)
        });
        let looks = stream::iter(wanted).map(|drive| async move {
            let reach = self.reach_listed(&drive).await;
            (drive, reach)
        });
        let mut looks = looks.buffered(SIDE_BY_SIDE);
        while let Some((drive, reach)) = looks.next().await {
            let corpus = Corpus::Drive(drive.id.clone());
            match reach {
                Ok(reach) => list.feeds.push(Feed {
                    feed: corpus.feed(),
                    title: reach.name.clone(),
                }),
                Err(error) => list.unreadable.push(UnreadableFeed {
                    prefix: corpus.to_string(),
                    path: drive.name.unwrap_or(drive.id),
                    error,
                }),
            }
        }
    }

    pub(crate) fn is_excluded(&self, name: &str) -> bool {
        self.options
            .exclude
            .iter()
            .any(|excluded| excluded.eq_ignore_ascii_case(name))
    }

    /// The eyes through which a corpus is seen.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Denied`] when there are none.
    pub(crate) async fn sight(&self, corpus: &Corpus, operation: &'static str) -> Result<Sight> {
        let (user, title) = match corpus {
            Corpus::User(email) if email.contains('@') => (email.clone(), email.clone()),
            Corpus::User(id) => {
                let user = self.people.find(&self.client, id).await.map_err(|error| {
                    match error.kind() {
                        // Somebody who is gone is no reason to think that a file is.
                        ErrorKind::NotFound => Purpose::new(operation, id)
                            .error(ErrorKind::Denied)
                            .with_source(error),
                        _ => error,
                    }
                })?;
                (user.primary_email.clone(), user.primary_email.clone())
            }
            Corpus::Drive(id) => {
                let reach = self.reach(id).await.map_err(|error| match error.kind() {
                    ErrorKind::NotFound => Purpose::new(operation, id)
                        .error(ErrorKind::Denied)
                        .with_source(error),
                    _ => error,
                })?;
                (reach.member.clone(), reach.name.clone())
            }
        };
        Ok(Sight {
            corpus: corpus.clone(),
            eyes: self.client.eyes(&user),
            user,
            title,
        })
    }
}

impl Sight {
    /// The path of a folder that is at `below_top`.
    pub(crate) fn path_of(&self, below_top: &str) -> String {
        let title = one_segment(&self.title);
        match below_top {
            "" => title,
            below => format!("{title}/{below}"),
        }
    }
}

/// A name as one part of a path: in Drive it may have slashes in it.
pub(crate) fn one_segment(name: &str) -> String {
    name.replace('/', "\u{2215}")
}
