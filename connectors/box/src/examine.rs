//! What `labeld doctor` looks at (reference/box.md §1.1).

use chrono::TimeDelta;
use labeld_connector::http::{Call, Expect, Method};
use labeld_connector::{ErrorKind, Examined, Health, Result};
use serde_json::{Value, json};

use crate::app::BoxApp;
use crate::call::{Acting, Purpose};
use crate::directory::{Coverage, Member, NOT_COVERED_FIX, People};
use crate::words::has_code;

/// How far clocks may be apart. An assertion lives for less than a minute, but is made by the service's clock.
const MOST_SKEW: TimeDelta = TimeDelta::seconds(30);

/// Logins that are named of those not covered.
const NAMED: usize = 5;

const CONSOLE: &str = "Box Developer Console → My Platform Apps → the app → Configuration; then have an administrator authorise the app again in the Admin Console";

const OPERATION: &str = "try a call for";

/// A scope, by the name in the console, and what labeld does by it.
struct Scope {
    subject: &'static str,
    passed: &'static str,
    console: &'static str,
    is_essential: bool,
}

const USERS: Scope = Scope {
    subject: "scope to list users",
    passed: "users can be listed",
    console: "Manage users",
    is_essential: true,
};

const GROUPS: Scope = Scope {
    subject: "scope to list groups",
    passed: "groups can be listed",
    console: "Manage groups",
    is_essential: false,
};

const EVENTS: Scope = Scope {
    subject: "scope to read events",
    passed: "the enterprise's events can be read",
    console: "Manage enterprise properties",
    is_essential: true,
};

const READING: Scope = Scope {
    subject: "scope to read files",
    passed: "the root folder of a user can be listed",
    console: "Read all files and folders stored in Box",
    is_essential: true,
};

const WRITING: Scope = Scope {
    subject: "scope to write files",
    passed: "an upload would be taken",
    console: "Read and write all files and folders stored in Box",
    is_essential: true,
};

impl BoxApp {
    pub(crate) async fn look_at_everything(&self) -> Vec<Examined> {
        let mut seen = Vec::new();
        if let Err(error) = self.token().await {
            seen.push(Examined {
                // Without a token nothing works, whatever the reason.
                health: Health::Failed,
                ..Examined::failure("token", &error, format!("check the credential: {CONSOLE}"))
            });
            return seen;
        }
        seen.push(Examined::passed(
            "token",
            format!("the app signs in with {}", self.sign_in),
        ));
        seen.push(self.examine_identity().await);
        seen.push(self.examine_clock());
        let people = self.people_now().await;
        seen.push(outcome_of(&USERS, people.as_ref().map(|_| ())));
        let groups = self.try_get(&["groups"], &[("limit", "1")], Acting::App, GROUPS.subject);
        seen.push(outcome_of(&GROUPS, groups.await.as_ref().map(|_| ())));
        let events = self.present_position().await;
        seen.push(outcome_of(&EVENTS, events.as_ref().map(|_| ())));
        if let Ok(people) = people {
            self.examine_people(&people, &mut seen).await;
        }
        seen
    }

    async fn examine_identity(&self) -> Examined {
        const SUBJECT: &str = "enterprise";
        match self.who_am_i().await {
            Ok(me) => {
                let login = me.login.unwrap_or_default();
                match me.enterprise {
                    Some(enterprise) if enterprise.id.to_string() == self.enterprise => {
                        let name = enterprise.name.unwrap_or_default();
                        Examined::passed(
                            SUBJECT,
                            format!("{name} ({}), as {login}", self.enterprise),
                        )
                    }
                    _ => Examined::new(
                        SUBJECT,
                        Health::Warning,
                        format!("{login} is not of the enterprise {}", self.enterprise),
                        "check the enterprise's id in the configuration",
                    ),
                }
            }
            Err(error) => Examined::failure(SUBJECT, &error, CONSOLE),
        }
    }

    fn examine_clock(&self) -> Examined {
        const SUBJECT: &str = "clock";
        match self.service.clock().skew() {
            None => Examined::new(
                SUBJECT,
                Health::Skipped,
                "the service did not tell the time",
                "",
            ),
            Some(skew) if skew.abs() > MOST_SKEW => {
                let side = if skew > TimeDelta::zero() {
                    "ahead of"
                } else {
                    "behind"
                };
                let seconds = skew.num_seconds().abs();
                Examined::new(
                    SUBJECT,
                    Health::Warning,
                    format!("the service's clock is {seconds} seconds {side} this machine's"),
                    "set this machine's clock, for example by NTP",
                )
            }
            Some(_) => Examined::passed(SUBJECT, "the clocks agree"),
        }
    }

    /// Who is covered, and whether one of them can be acted as.
    async fn examine_people(&self, people: &People, seen: &mut Vec<Examined>) {
        seen.push(coverage(people));
        if !people.missing.is_empty() {
            seen.push(Examined::new(
                "listed users",
                Health::Warning,
                format!("the enterprise has no user {}", people.missing.join(", ")),
                "check the logins in the configuration",
            ));
        }
        let Some(member) = people.next_covered(None) else {
            return;
        };
        let acting = self.examine_as_user(member).await;
        let works = acting.health == Health::Passed;
        seen.push(acting);
        if !works {
            return;
        }
        let user = Acting::As(member.id);
        let root = [("usemarker", "true"), ("limit", "1")];
        let root = self.try_get(&["folders", "0", "items"], &root, user, READING.subject);
        seen.push(outcome_of(&READING, root.await.as_ref().map(|_| ())));
        if self.read_only {
            return;
        }
        let preflight = self.try_upload(user).await;
        seen.push(outcome_of(&WRITING, preflight.as_ref().map(|_| ())));
        seen.push(self.examine_upload_host().await);
    }

    async fn examine_as_user(&self, member: &Member) -> Examined {
        const SUBJECT: &str = "acting as users";
        let fix = format!(
            "enable \"Make API calls using the as-user header\" and App + Enterprise Access: {CONSOLE}"
        );
        let me = self.try_get(
            &["users", "me"],
            &[("fields", "id")],
            Acting::As(member.id),
            SUBJECT,
        );
        match me.await {
            Ok(me) if me.get("id").and_then(Value::as_str) == Some(&member.id.to_string()) => {
                Examined::passed(SUBJECT, format!("{} can be acted as", member.login))
            }
            Ok(_) => Examined::new(
                SUBJECT,
                Health::Failed,
                "the service does not heed the as-user header",
                fix,
            ),
            Err(error) => Examined::failure(SUBJECT, &error, &fix),
        }
    }

    /// Asks whether a file could be uploaded, which uploads none (§5.2).
    async fn try_upload(&self, user: Acting) -> Result<()> {
        let purpose = Purpose {
            operation: OPERATION,
            context: WRITING.subject,
        };
        let url = self.api(&["files", "content"], &[])?;
        let wanted = json!({
            "name": "labeld examines whether it may upload.txt",
            "size": 1,
            "parent": {"id": "0"},
        });
        let call = self
            .call(Method::OPTIONS, url, user, &purpose)
            .json(&wanted)
            // The name is taken: it would be uploaded all the same.
            .accept_status(&[409]);
        self.service.send(call).await.map(|_| ())
    }

    /// Whether uploads have an address that answers, whatever it says to a call without meaning.
    async fn examine_upload_host(&self) -> Examined {
        const SUBJECT: &str = "upload host";
        let statuses: Vec<u16> = (300..500).collect();
        let call = Call::new(
            Method::GET,
            self.endpoints.upload.clone(),
            OPERATION,
            SUBJECT,
        )
        .expect(Expect::Anything)
        .redirects(labeld_connector::http::Redirects::Return)
        .accept_status(&statuses);
        match self.service.send(call).await {
            Ok(_) => Examined::passed(SUBJECT, "it answers"),
            Err(error) => {
                let fix = "check the network, the proxy and the configured address for uploads";
                Examined::failure(SUBJECT, &error, fix)
            }
        }
    }

    async fn try_get(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
        acting: Acting,
        what: &str,
    ) -> Result<Value> {
        let purpose = Purpose {
            operation: OPERATION,
            context: what,
        };
        let url = self.api(segments, query)?;
        self.get(url, acting, &purpose).await
    }
}

fn outcome_of(
    scope: &Scope,
    outcome: std::result::Result<(), &labeld_connector::Error>,
) -> Examined {
    let error = match outcome {
        Ok(()) => return Examined::passed(scope.subject, scope.passed),
        Err(error) => error,
    };
    let fix = format!("grant \"{}\": {CONSOLE}", scope.console);
    let mut found = Examined::failure(scope.subject, error, &fix);
    if has_code(error, "insufficient_scope") {
        found.found = format!(
            "the app does not have \"{}\": {}",
            scope.console,
            error.sentence()
        );
    }
    if !scope.is_essential && error.kind() == ErrorKind::Denied {
        found.health = Health::Warning;
    }
    found
}

/// Users by whether labeld looks at their files.
fn coverage(people: &People) -> Examined {
    const SUBJECT: &str = "users";
    let count = |wanted: Coverage| {
        people
            .all()
            .filter(|member| member.coverage == wanted)
            .count()
    };
    let covered = count(Coverage::Covered);
    let mut found = format!("{covered} covered");
    for (coverage, words) in [
        (Coverage::Administrator, "administrator"),
        (Coverage::CoAdministrator, "co-administrators"),
        (Coverage::ServiceAccount, "service accounts"),
    ] {
        let not_covered = count(coverage);
        if not_covered > 0 {
            found.push_str(&format!(", {not_covered} {words} not covered"));
        }
    }
    let left_out = count(Coverage::LeftOut);
    if left_out > 0 {
        found.push_str(&format!(", {left_out} left out by the configuration"));
    }
    let logins: Vec<&str> = people
        .not_covered()
        .map(|(member, _)| member.login.as_str())
        .take(NAMED)
        .collect();
    if !logins.is_empty() {
        found.push_str(&format!(" (not covered: {}", logins.join(", ")));
        found.push_str(if people.not_covered().nth(NAMED).is_some() {
            ", …)"
        } else {
            ")"
        });
    }
    if covered == 0 {
        let fix = "check which users are listed and excluded in the configuration";
        return Examined::new(SUBJECT, Health::Warning, found, fix);
    }
    if logins.is_empty() {
        return Examined::passed(SUBJECT, found);
    }
    Examined::new(SUBJECT, Health::Warning, found, NOT_COVERED_FIX)
}
