//! The people of the tenant (reference/google-drive.md §2.1).

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use labeld_connector::Result;
use tokio::time::Instant;

use crate::client::{Client, Purpose};
use crate::drive::A_DAY;
use crate::model::{User, UserList};
use crate::token::Scope;

/// Most pages of 500 people.
const MOST_PAGES: usize = 2_000;

const USER_FIELDS: &str =
    "id,primaryEmail,name/fullName,suspended,archived,isGuestUser,orgUnitPath,organizations";

/// What the directory last said about people.
#[derive(Debug, Default)]
pub(crate) struct People(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_id: HashMap<String, Arc<User>>,
    ids: HashMap<String, String>,
    /// Addresses of visitors, in lower case.
    guests: Arc<BTreeSet<String>>,
    /// Whether it is everybody.
    is_complete: bool,
    /// When it was begun to be learnt.
    since: Option<Instant>,
}

impl People {
    /// Asks the directory for everybody.
    ///
    /// # Errors
    ///
    /// When a page cannot be had. Never a part of the list.
    pub(crate) async fn list(&self, client: &Client) -> Result<Vec<Arc<User>>> {
        let purpose = Purpose::new("list", "the users of the directory");
        let fields = format!("nextPageToken,users({USER_FIELDS})");
        let mut all = Vec::new();
        let mut token: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut query = vec![
                ("customer", "my_customer"),
                ("maxResults", "500"),
                ("orderBy", "email"),
                ("projection", "full"),
                ("fields", &fields),
            ];
            if let Some(token) = &token {
                query.push(("pageToken", token));
            }
            let page: UserList = client
                .directory(&["users"], &query, Scope::Users, &purpose)
                .await?;
            all.extend(
                page.users
                    .into_iter()
                    .filter(|user| !user.id.is_empty())
                    .map(Arc::new),
            );
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                self.take_over(&all);
                return Ok(all);
            }
        }
        Err(purpose.malformed("the list has more pages than any tenant"))
    }

    /// One person, by id or address: as last listed, or asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`](labeld_connector::ErrorKind::NotFound) when the directory does not know them.
    pub(crate) async fn find(&self, client: &Client, key: &str) -> Result<Arc<User>> {
        if let Some(user) = self.known(key) {
            return Ok(user);
        }
        let purpose = Purpose::new("look up user", key);
        let query = [("projection", "full"), ("fields", USER_FIELDS)];
        let user: User = client
            .directory(&["users", key], &query, Scope::Users, &purpose)
            .await?;
        let user = Arc::new(user);
        self.held().put(&user);
        Ok(user)
    }

    /// One person as last seen.
    pub(crate) fn known(&self, key: &str) -> Option<Arc<User>> {
        let known = self.held();
        let by_id = known.by_id.get(key);
        by_id
            .or_else(|| known.by_id.get(known.ids.get(&key.to_lowercase())?))
            .cloned()
    }

    /// Addresses of the visitors among those who were seen, in lower case.
    pub(crate) fn guests(&self) -> Arc<BTreeSet<String>> {
        Arc::clone(&self.held().guests)
    }

    /// Whether everybody was listed.
    pub(crate) fn are_complete(&self) -> bool {
        self.held().is_complete
    }

    /// Addresses of a few people who are active.
    pub(crate) fn some(&self, most: usize) -> Vec<String> {
        let known = self.held();
        let active = known.by_id.values().filter(|user| user.is_active());
        active
            .take(most)
            .map(|user| user.primary_email.clone())
            .collect()
    }

    fn take_over(&self, users: &[Arc<User>]) {
        let mut known = Known {
            is_complete: true,
            since: Some(Instant::now()),
            ..Known::default()
        };
        for user in users {
            known.put(user);
        }
        *self.held() = known;
    }

    /// What is known, unless that is of yesterday.
    fn held(&self) -> MutexGuard<'_, Known> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.since.is_none_or(|since| since.elapsed() > A_DAY) {
            *known = Known {
                since: Some(Instant::now()),
                ..Known::default()
            };
        }
        known
    }
}

impl Known {
    fn put(&mut self, user: &Arc<User>) {
        let email = user.primary_email.to_lowercase();
        if user.is_guest_user == Some(true) {
            Arc::make_mut(&mut self.guests).insert(email.clone());
        }
        self.ids.insert(email, user.id.clone());
        self.by_id.insert(user.id.clone(), Arc::clone(user));
    }
}

impl User {
    /// Whether labeld may work in their name.
    pub(crate) fn is_active(&self) -> bool {
        self.suspended != Some(true)
            && self.archived != Some(true)
            && !self.primary_email.is_empty()
    }
}
