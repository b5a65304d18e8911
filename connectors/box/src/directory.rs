//! The users of the enterprise, and whom the app can act as (reference/box.md §0 facts 1 and 2, §2.1).

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use labeld_connector::{Error, ErrorKind, FeedList, Result, UnreadableFeed};
use tokio::time::Instant;

use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::model::{Id, Person};
use crate::options::Users;

/// How long the list is good for where nothing says that it changed.
const LIFETIME: Duration = Duration::from_secs(15 * 60);

/// Most pages of the list: two million users.
const MOST_PAGES: usize = 2_000;

const FIELDS: &str = "id,type,login,name,status,role";

const PURPOSE: Purpose<'_> = Purpose {
    operation: "list users of",
    context: "the enterprise",
};

/// Whether labeld looks at a user's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coverage {
    Covered,
    /// The operator does not want it.
    LeftOut,
    /// Nobody can act as them.
    Administrator,
    CoAdministrator,
    ServiceAccount,
}

impl Coverage {
    fn of(person: &Person, login: &str, scope: &LoginScope) -> Self {
        if !scope.contains(login) {
            return Self::LeftOut;
        }
        match person.role.as_deref() {
            Some("admin") => Self::Administrator,
            Some("coadmin") => Self::CoAdministrator,
            _ if is_service_account(login) => Self::ServiceAccount,
            _ => Self::Covered,
        }
    }

    /// What stands against acting as the user, for people.
    pub(crate) fn obstacle(self) -> Option<&'static str> {
        match self {
            Self::Covered | Self::LeftOut => None,
            Self::Administrator => Some("Box lets no app act as the administrator"),
            Self::CoAdministrator => Some("Box lets no app act as a co-administrator"),
            Self::ServiceAccount => Some("Box lets no app act as a service account"),
        }
    }
}

/// The login of the user that an app is (§1.1).
fn is_service_account(login: &str) -> bool {
    login.starts_with("automationuser_") && login.ends_with("@boxdevedition.com")
}

/// What to do about files of users that cannot be acted as.
pub(crate) const NOT_COVERED_FIX: &str = "give the files to an ordinary user, or take the administrator role from this one and use another account for \
     administration; to stop this report, exclude the login in the configuration";

/// A user of the enterprise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) id: Id,
    pub(crate) login: String,
    pub(crate) name: Option<String>,
    pub(crate) coverage: Coverage,
}

/// The users of the enterprise at a time.
#[derive(Debug)]
pub(crate) struct People {
    members: BTreeMap<Id, Member>,
    by_login: HashMap<String, Id>,
    /// Logins of the configuration that nobody has.
    pub(crate) missing: Vec<String>,
    fetched: Instant,
}

impl People {
    pub(crate) fn member(&self, id: Id) -> Option<&Member> {
        self.members.get(&id)
    }

    /// A user whose files are looked at.
    pub(crate) fn covered(&self, id: Id) -> Option<&Member> {
        self.member(id)
            .filter(|member| member.coverage == Coverage::Covered)
    }

    pub(crate) fn by_login(&self, login: &str) -> Option<&Member> {
        let id = self.by_login.get(&login.to_lowercase())?;
        self.member(*id)
    }

    /// The user whose files are looked at after those of another one.
    pub(crate) fn next_covered(&self, after: Option<Id>) -> Option<&Member> {
        let begin = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.members
            .range((begin, Bound::Unbounded))
            .map(|(_, member)| member)
            .find(|member| member.coverage == Coverage::Covered)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// Users who cannot be acted as, though they are wanted.
    pub(crate) fn not_covered(&self) -> impl Iterator<Item = (&Member, &'static str)> {
        self.all()
            .filter_map(|member| Some((member, member.coverage.obstacle()?)))
    }
}

/// Which logins the operator wants.
#[derive(Debug)]
pub(crate) struct LoginScope {
    listed: Option<HashSet<String>>,
    excluded: HashSet<String>,
}

impl LoginScope {
    pub(crate) fn new(users: &Users, exclude: &[String]) -> Self {
        let folded = |logins: &[String]| logins.iter().map(|login| login.to_lowercase()).collect();
        Self {
            listed: match users {
                Users::All => None,
                Users::Listed(logins) => Some(folded(logins)),
            },
            excluded: folded(exclude),
        }
    }

    /// Whether a login, in lower case, is wanted.
    fn contains(&self, login: &str) -> bool {
        !self.excluded.contains(login)
            && self
                .listed
                .as_ref()
                .is_none_or(|listed| listed.contains(login))
    }

    fn missing(&self, known: &HashMap<String, Id>) -> Vec<String> {
        let listed = self.listed.iter().flatten();
        let mut missing: Vec<String> = listed
            .filter(|login| !known.contains_key(*login))
            .cloned()
            .collect();
        missing.sort_unstable();
        missing
    }
}

/// The list, fetched when it is wanted.
#[derive(Debug)]
pub(crate) struct Directory {
    scope: LoginScope,
    people: Mutex<Option<Arc<People>>>,
    fetching: tokio::sync::Mutex<()>,
}

impl Directory {
    pub(crate) fn new(scope: LoginScope) -> Self {
        Self {
            scope,
            people: Mutex::default(),
            fetching: tokio::sync::Mutex::default(),
        }
    }

    fn known(&self) -> Option<Arc<People>> {
        self.people
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl BoxApp {
    /// The users as they were a few minutes ago at most.
    pub(crate) async fn people(&self) -> Result<Arc<People>> {
        match self.directory.known() {
            Some(people) if people.fetched.elapsed() < LIFETIME => Ok(people),
            _ => self.people_since(Instant::now()).await,
        }
    }

    /// The users as they are.
    pub(crate) async fn people_now(&self) -> Result<Arc<People>> {
        self.people_since(Instant::now()).await
    }

    /// The users as they were at `time` or later.
    async fn people_since(&self, time: Instant) -> Result<Arc<People>> {
        let _fetching = self.directory.fetching.lock().await;
        if let Some(people) = self.directory.known()
            && people.fetched > time
        {
            return Ok(people);
        }
        let fetched = Instant::now();
        let people = Arc::new(self.fetch_people(fetched).await?);
        let mut known = self
            .directory
            .people
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = Some(Arc::clone(&people));
        Ok(people)
    }

    async fn fetch_people(&self, fetched: Instant) -> Result<People> {
        // No filter goes with markers (§2.1).
        let query = [
            ("user_type", "managed"),
            ("usemarker", "true"),
            ("fields", FIELDS),
        ];
        let listed: Vec<Person> = self
            .get_all(&["users"], &query, Acting::App, &PURPOSE, MOST_PAGES)
            .await?;
        let scope = &self.directory.scope;
        let mut members = BTreeMap::new();
        let mut by_login = HashMap::new();
        for person in listed {
            let Some(login) = person.login.clone() else {
                continue;
            };
            let folded = login.to_lowercase();
            let member = Member {
                id: person.id,
                coverage: Coverage::of(&person, &folded, scope),
                login,
                name: person.name,
            };
            by_login.insert(folded, member.id);
            members.insert(member.id, member);
        }
        Ok(People {
            missing: scope.missing(&by_login),
            members,
            by_login,
            fetched,
        })
    }

    /// The one feed, and the users whose files nobody can look at.
    pub(crate) async fn feed_list(&self) -> Result<FeedList> {
        let people = self.people_now().await?;
        let mut list = FeedList::whole(self.to_string());
        for (member, obstacle) in people.not_covered() {
            list.unreadable.push(UnreadableFeed {
                // Of no feed: there is one for all users.
                prefix: format!("user/{}", member.id),
                path: member.login.clone(),
                error: not_covered(member, obstacle),
            });
        }
        for login in &people.missing {
            let error = Error::new(ErrorKind::NotFound, "look at the files of", login);
            list.unreadable.push(UnreadableFeed {
                prefix: format!("login/{login}"),
                path: login.clone(),
                error: error.with_source("the enterprise has no user with this login"),
            });
        }
        Ok(list)
    }
}

/// Why a user's files are not looked at, and what to do about it.
pub(crate) fn not_covered(member: &Member, obstacle: &'static str) -> Error {
    Error::new(ErrorKind::NotCovered, "look at the files of", &member.login)
        .with_source(format!("{obstacle}; {NOT_COVERED_FIX}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(login: &str, role: &str) -> Person {
        serde_json::from_value(serde_json::json!({"id": "1", "login": login, "role": role}))
            .unwrap()
    }

    #[test]
    fn only_ordinary_users_who_are_wanted_are_covered() {
        let all = LoginScope::new(&Users::All, &["Out@alder.example".to_owned()]);
        let listed = LoginScope::new(
            &Users::Listed(vec![
                "Mina@alder.example".to_owned(),
                "boss@alder.example".to_owned(),
            ]),
            &[],
        );
        let service = "AutomationUser_12_ab@boxdevedition.com";
        for (login, role, scope, coverage) in [
            ("mina@alder.example", "user", &all, Coverage::Covered),
            ("mina@alder.example", "", &all, Coverage::Covered),
            ("out@alder.example", "user", &all, Coverage::LeftOut),
            ("out@alder.example", "admin", &all, Coverage::LeftOut),
            ("boss@alder.example", "admin", &all, Coverage::Administrator),
            (
                "boss@alder.example",
                "coadmin",
                &all,
                Coverage::CoAdministrator,
            ),
            (service, "user", &all, Coverage::ServiceAccount),
            (
                "AppUser_1_x@boxdevedition.com",
                "user",
                &all,
                Coverage::Covered,
            ),
            ("MINA@alder.example", "user", &listed, Coverage::Covered),
            (
                "boss@alder.example",
                "admin",
                &listed,
                Coverage::Administrator,
            ),
            ("bo@alder.example", "user", &listed, Coverage::LeftOut),
        ] {
            let found = Coverage::of(&person(login, role), &login.to_lowercase(), scope);
            assert_eq!(found, coverage, "{login} {role}");
        }
        assert_eq!(
            listed.missing(&HashMap::new()),
            ["boss@alder.example", "mina@alder.example"]
        );
    }
}
