//! What `labeld doctor` learns (reference/google-drive.md §1.2, §1.3, §2).

use chrono::TimeDelta;
use labeld_connector::{Error, ErrorKind, Examined, Health, Result};
use serde_json::Value;

use crate::batch::Api;
use crate::client::{Purpose, below};
use crate::drive::GoogleDrive;
use crate::options::{Users, WriteApi};
use crate::token::Scope;

/// Clocks that differ by more make assertions fail.
const MOST_SKEW: TimeDelta = TimeDelta::minutes(3);

/// Where the administrator grants scopes.
const WHERE: &str =
    "Admin console → Security → Access and data control → API controls → Domain-wide delegation";

impl GoogleDrive {
    /// Looks at everything that labeld needs.
    pub(crate) async fn examine_all(&self) -> Vec<Examined> {
        let mut found = Vec::new();
        let mut can_go_on = true;
        for (scope, user, why) in self.needed_scopes() {
            let examined = self.examine_scope(scope, &user, why).await;
            can_go_on &= examined.health == Health::Passed || scope != self.client.drive_scope();
            found.push(examined);
        }
        if !can_go_on {
            found.push(Examined::new(
                "Drive",
                Health::Skipped,
                "not looked at, because there is no token for it",
                "",
            ));
            return found;
        }
        found.push(self.examine_clock());
        found.extend(self.examine_users().await);
        found.push(self.examine_drive().await);
        if self.options.shared_drives {
            found.push(self.examine_shared_drives().await);
        }
        found.push(self.examine_domains().await);
        if !self.options.read_only {
            found.push(self.examine_writing().await);
        }
        if self.options.mirror_label.is_some() {
            found.push(self.examine_mirror().await);
        }
        found
    }

    /// The scopes that the configuration needs, whom they are asked for, and what for.
    fn needed_scopes(&self) -> Vec<(Scope, String, &'static str)> {
        let admin = self.client.admin.clone();
        let mut scopes = vec![(self.client.drive_scope(), admin.clone(), "to read files")];
        let needs_users = self.options.users == Users::All || self.options.shared_drives;
        if needs_users {
            scopes.push((Scope::Users, admin.clone(), "to know who there is"));
        }
        if !self.domains.are_configured() {
            scopes.push((
                Scope::Domains,
                admin.clone(),
                "to know which addresses are the organisation's own",
            ));
        }
        if self.options.owner_groups {
            scopes.push((Scope::Groups, admin.clone(), "to know the groups of owners"));
        }
        if self.options.expand_groups {
            scopes.push((
                Scope::GroupMembers,
                admin.clone(),
                "to see who is in a group",
            ));
        }
        if self.options.mirror_label.is_some() {
            scopes.push((Scope::Labels, admin, "to check the Drive label"));
        }
        scopes
    }

    async fn examine_scope(&self, scope: Scope, user: &str, why: &str) -> Examined {
        let subject = format!("scope {}", scope.short());
        match self.client.tokens().of(user, scope).token().await {
            Ok(_) => Examined::passed(subject, format!("granted; a token as {user} was had")),
            Err(error) => {
                let client = self.client.tokens().account().client_id.clone();
                let client = client.unwrap_or_else(|| "of the service account".to_owned());
                let fix = match error.kind() {
                    ErrorKind::Unauthenticated | ErrorKind::Denied => format!(
                        "{WHERE}: grant {} to client {client}; labeld needs it {why}",
                        scope.url()
                    ),
                    _ => String::new(),
                };
                because(subject, Health::Failed, &error, fix)
            }
        }
    }

    fn examine_clock(&self) -> Examined {
        match self.client.skew() {
            Some(skew) if skew.abs() > MOST_SKEW => Examined::new(
                "clock",
                Health::Warning,
                format!(
                    "this machine's clock is {} s off Google's",
                    skew.num_seconds()
                ),
                "synchronise the clock; labeld corrects for it, other programs may not",
            ),
            Some(_) => Examined::passed("clock", "agrees with Google's"),
            None => Examined::new("clock", Health::Skipped, "nothing has answered yet", ""),
        }
    }

    async fn examine_users(&self) -> Vec<Examined> {
        if let Users::Listed(emails) = &self.options.users {
            let mut found = Vec::new();
            for email in emails.iter().filter(|email| !self.is_excluded(email)) {
                let token = self.client.eyes(email).tokens.token().await;
                if let Err(error) = token {
                    found.push(because(
                        format!("user {email}"),
                        Health::Failed,
                        &error,
                        "check the address in the configuration: it must be a primary one",
                    ));
                }
            }
            if found.is_empty() {
                found.push(Examined::passed(
                    "users",
                    format!("{} listed, all can be impersonated", emails.len()),
                ));
            }
            return found;
        }
        let users = match self.people.list(&self.client).await {
            Ok(users) => users,
            Err(error) => {
                return vec![because(
                    "users",
                    Health::Failed,
                    &error,
                    directory_fix(&error, &self.client.admin),
                )];
            }
        };
        let suspended = users
            .iter()
            .filter(|user| user.suspended == Some(true))
            .count();
        let archived = users
            .iter()
            .filter(|user| user.archived == Some(true))
            .count();
        let excluded = users
            .iter()
            .filter(|user| self.is_excluded(&user.primary_email))
            .count();
        let covered = users.iter().filter(|user| {
            (user.is_active() || (self.options.suspended_users && user.archived != Some(true)))
                && !self.is_excluded(&user.primary_email)
        });
        let covered = covered.count();
        let left_out = match self.options.suspended_users {
            true => archived,
            false => suspended + archived,
        };
        let counts = format!(
            "{covered} of {} covered ({suspended} suspended, {archived} archived, {excluded} excluded)",
            users.len()
        );
        let health = if covered == 0 {
            Health::Failed
        } else {
            Health::Passed
        };
        let fix = match (covered, left_out) {
            (0, _) => "nobody's files are looked at: check the exclusions",
            (_, 0) => "",
            _ => {
                "files of suspended and archived people are not looked at; `suspended_users` looks at those of suspended ones"
            }
        };
        vec![Examined::new("users", health, counts, fix)]
    }

    /// Whether Drive answers at all: as one of a few people, since an administrator need not have it.
    async fn examine_drive(&self) -> Examined {
        const TRIED: usize = 3;
        let mut failed = Examined::new("Drive", Health::Skipped, "there is nobody to ask as", "");
        for user in self.some_users(TRIED) {
            let Err(error) = self.about(Api::V3, &user).await else {
                return Examined::passed("Drive", format!("answers as {user}"));
            };
            let fix = match crate::dialect::reason_of(&error) {
                "accessNotConfigured" => {
                    "Cloud console → APIs & Services → Library: enable the Google Drive API for the project of the service account".to_owned()
                }
                "domainPolicy" | "authError" => format!(
                    "switch Drive on for the organisational unit of {user}, and allow third-party apps there: Admin console → Apps → \
                     Google Workspace → Drive and Docs"
                ),
                _ => String::new(),
            };
            failed = because("Drive", Health::Failed, &error, fix);
        }
        failed
    }

    /// A few of the people whose files are looked at, or the administrator.
    fn some_users(&self, most: usize) -> Vec<String> {
        let mut users = match &self.options.users {
            Users::Listed(emails) => emails.clone(),
            Users::All => self.people.some(most),
        };
        users.retain(|user| !self.is_excluded(user));
        if users.is_empty() {
            users.push(self.client.admin.clone());
        }
        users.truncate(most);
        users
    }

    /// A harmless call.
    async fn about(&self, api: Api, user: &str) -> Result<Value> {
        let eyes = self.client.eyes(user);
        let segments = ["drive", api.name(), "about"];
        let url = self
            .client
            .drive_url(&segments, &[("fields", "kind")], false)?;
        let purpose = Purpose::new("call Drive as", user);
        self.client
            .get(url, &purpose, self.client.units.get, &eyes)
            .await
    }

    async fn examine_shared_drives(&self) -> Examined {
        let drives = match self.shared_drives().await {
            Ok(drives) => drives,
            Err(error) => {
                let fix = format!(
                    "give {} the privilege to manage Drive and Docs settings, or the role of a super administrator: Admin console → \
                     Account → Admin roles",
                    self.client.admin
                );
                return because("shared drives", Health::Failed, &error, fix);
            }
        };
        let mut unreachable = Vec::new();
        let mut covered = 0_usize;
        for drive in &drives {
            let name = drive.name.as_deref().unwrap_or(&drive.id);
            if self.is_excluded(name) || self.is_excluded(&drive.id) {
                continue;
            }
            match self.reach_listed(drive).await {
                Ok(_) => covered += 1,
                Err(_) => unreachable.push(name.to_owned()),
            }
        }
        let counts = format!("{covered} of {} covered", drives.len());
        if unreachable.is_empty() {
            return Examined::passed("shared drives", counts);
        }
        const SHOWN: usize = 10;
        let more = match unreachable.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        unreachable.truncate(SHOWN);
        Examined::new(
            "shared drives",
            Health::Warning,
            format!(
                "{counts}; nobody to look through at {}{more}",
                unreachable.join(", ")
            ),
            "make an active user of the organisation a member: Admin console → Apps → Google Workspace → Drive and Docs → Manage \
             shared drives",
        )
    }

    async fn examine_domains(&self) -> Examined {
        match self.domains.get(&self.client).await {
            Ok(own) => {
                let names: Vec<&str> = own.names().collect();
                Examined::passed("own domains", names.join(", "))
            }
            Err(error) => because(
                "own domains",
                Health::Warning,
                &error,
                "list the organisation's domains as `domains` in the configuration; without them exposures stay unknown",
            ),
        }
    }

    /// Whether v2 is there, which alone keeps a precondition.
    async fn examine_writing(&self) -> Examined {
        const SUBJECT: &str = "conditional writing";
        if self.options.writes == WriteApi::V3 {
            return Examined::new(
                SUBJECT,
                Health::Warning,
                "files are written through Drive v3, which has no precondition",
                "set `writes = \"v2\"` unless v2 is not to be had",
            );
        }
        let user = self.some_users(1).pop().unwrap_or_default();
        match self.about(Api::V2, &user).await {
            Ok(_) => Examined::passed(SUBJECT, "Drive v2 answers"),
            Err(error) => {
                let health = match self.options.writes {
                    WriteApi::V2 => Health::Failed,
                    _ => Health::Warning,
                };
                because(
                    SUBJECT,
                    health,
                    &error,
                    "nothing can be written under a precondition without Drive v2",
                )
            }
        }
    }

    async fn examine_mirror(&self) -> Examined {
        const SUBJECT: &str = "Drive label";
        let Some(mirror) = &self.options.mirror_label else {
            return Examined::new(SUBJECT, Health::Skipped, "not configured", "");
        };
        let look = async || -> Result<Value> {
            let mut url = below(
                &self.client.endpoints.labels,
                &["v2", "labels", &mirror.label],
            )?;
            url.query_pairs_mut()
                .append_pair("useAdminAccess", "true")
                .append_pair("view", "LABEL_VIEW_FULL");
            let eyes = self.client.eyes_for(&self.client.admin, Scope::Labels);
            let purpose = Purpose::new("look at Drive label", &mirror.label);
            self.client
                .get(url, &purpose, self.client.units.get, &eyes)
                .await
        };
        let label = match look().await {
            Ok(label) => label,
            Err(error) => {
                return because(
                    SUBJECT,
                    Health::Failed,
                    &error,
                    "check the label's id, and that the administrator may manage labels",
                );
            }
        };
        let fields = label.get("fields").and_then(Value::as_array);
        let field = fields
            .into_iter()
            .flatten()
            .find(|field| field["id"] == mirror.field.as_str());
        let choices =
            field.and_then(|field| field.pointer("/selectionOptions/choices")?.as_array());
        let has = |id: &str| {
            choices.is_some_and(|choices| choices.iter().any(|choice| choice["id"] == id))
        };
        let missing: Vec<&str> = mirror
            .choices
            .values()
            .map(String::as_str)
            .filter(|id| !has(id))
            .collect();
        if field.is_some() && missing.is_empty() {
            return Examined::passed(
                SUBJECT,
                format!("{} has all {} choices", mirror.label, mirror.choices.len()),
            );
        }
        Examined::new(
            SUBJECT,
            Health::Failed,
            format!(
                "field {} has not the choices {}",
                mirror.field,
                missing.join(", ")
            ),
            "make them in the label manager, or correct their ids in the configuration",
        )
    }
}

fn directory_fix(error: &Error, admin: &str) -> String {
    match crate::dialect::reason_of(error) {
        "accessNotConfigured" => {
            "Cloud console → APIs & Services → Library: enable the Admin SDK API for the project of the service account".to_owned()
        }
        "forbidden" => format!(
            "{admin} must be an administrator who may read users: Admin console → Account → Admin roles"
        ),
        _ => String::new(),
    }
}

/// A report of what an error says.
fn because(
    subject: impl Into<String>,
    health: Health,
    error: &Error,
    fix: impl Into<String>,
) -> Examined {
    Examined::new(subject, health, error.sentence(), fix).with_kind(error.kind())
}
