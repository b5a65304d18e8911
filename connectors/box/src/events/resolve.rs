//! Looking at what an event speaks of: in whose name, and what became of it.

use labeld_connector::{Error, ErrorKind, Result};

use super::meaning::TouchedItem;
use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::directory::{Member, People};
use crate::model::{Id, Item, Person};
use crate::words::has_code;

/// What became of a file or folder.
#[derive(Debug)]
pub(super) enum Found {
    /// It is there, seen by its owner.
    Here { item: Box<Item>, owner: Member },
    /// It belongs to somebody whose files are not looked at.
    Elsewhere { owner: Id },
    /// It is gone.
    Gone,
    /// Nobody whom the app can act as may look at it.
    Unclear(Error),
}

impl BoxApp {
    /// Looks at an item in the name of its owner: as the event says, or was told before, or as whoever did something to it
    /// can see.
    pub(super) async fn find(
        &self,
        touched: &TouchedItem,
        known_owner: Option<Id>,
        people: &People,
    ) -> Result<Found> {
        if let Some(owner) = touched.owner
            && people.covered(owner).is_none()
        {
            return Ok(Found::Elsewhere { owner });
        }
        let mut asked: Vec<Id> = touched.owner.into_iter().chain(known_owner).collect();
        asked.extend(&touched.doers);
        let mut unclear = None;
        let mut is_gone = false;
        let mut tried: Vec<Id> = Vec::new();
        for user in asked {
            if tried.contains(&user) || people.covered(user).is_none() {
                continue;
            }
            tried.push(user);
            match self.find_as(touched, user, people).await {
                Ok(Some(found)) => return Ok(found),
                Ok(None) => is_gone = true,
                Err(error) => unclear = Some(self.refusal_of_user(error).await?),
            }
        }
        Ok(match unclear {
            Some(error) => Found::Unclear(error),
            None if is_gone => Found::Gone,
            None => Found::Unclear(self.feed_purpose().error(ErrorKind::Denied).with_source(
                "an event does not say whose it is, and nobody who can be acted as had to do with it",
            )),
        })
    }

    /// As one user; `None` when they do not see it.
    async fn find_as(
        &self,
        touched: &TouchedItem,
        user: Id,
        people: &People,
    ) -> Result<Option<Found>> {
        let item = match self.seen_by(touched, user).await {
            Ok(item) if item.is_gone() => return Ok(None),
            Ok(item) => item,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // The service says the same of what is gone and of what the user may not see (§10 item 5).
                let is_sure = has_code(&error, "trashed") || touched.removed;
                if !is_sure {
                    self.expect_usable(user).await?;
                }
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let owner = item.owner().unwrap_or(user);
        let Some(member) = people.covered(owner) else {
            return Ok(Some(Found::Elsewhere { owner }));
        };
        let item = if owner == user {
            item
        } else {
            // A path is only whole as the owner sees it.
            match self.seen_by(touched, owner).await {
                Ok(item) => item,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
                Err(error) => return Err(error),
            }
        };
        Ok(Some(Found::Here {
            item: Box::new(item),
            owner: member.clone(),
        }))
    }

    async fn seen_by(&self, touched: &TouchedItem, user: Id) -> Result<Item> {
        let purpose = self.feed_purpose();
        if touched.is_folder {
            self.folder_as(touched.id, user, &purpose).await
        } else {
            self.file_as(touched.id, user, &purpose).await
        }
    }

    /// Fails unless a user can be acted as at all.
    async fn expect_usable(&self, user: Id) -> Result<()> {
        if self.usable.get(&user).is_some() {
            return Ok(());
        }
        let url = self.api(&["users", "me"], &[("fields", "id")])?;
        let _: Person = self
            .get(url, Acting::As(user), &self.feed_purpose())
            .await?;
        self.usable.put(user, ());
        Ok(())
    }

    /// Whom the service takes the app for.
    pub(crate) async fn who_am_i(&self) -> Result<Person> {
        let purpose = Purpose {
            operation: "ask who labeld is at",
            context: "Box",
        };
        let url = self.api(
            &["users", "me"],
            &[("fields", "id,login,name,role,enterprise")],
        )?;
        self.get(url, Acting::App, &purpose).await
    }
}
