//! Who can reach a file (reference/google-drive.md §8).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use labeld_connector::{Access, Collaborators, Exposure, FileRef, Result};

use crate::client::Purpose;
use crate::corpus::{Corpus, parse_file};
use crate::domains::OwnDomains;
use crate::drive::GoogleDrive;
use crate::model::Permission;

const OPERATION: &str = "find out who can reach";

/// What permissions come to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    is_public: bool,
    has_external: bool,
    has_internal: bool,
    has_unknown: bool,
    /// Addresses of the organisation's own groups, which may have members outside it.
    pub(crate) groups: Vec<String>,
    /// Everybody who is named, the owner too.
    collaborators: Collaborators,
}

impl Findings {
    /// Takes in permissions; what is deleted, over, or shows only that the file is there gives nobody access.
    pub(crate) fn of(
        permissions: &[Permission],
        owner: Option<&str>,
        own: &OwnDomains,
        now: DateTime<Utc>,
    ) -> Self {
        let mut findings = Self::default();
        let in_force = permissions.iter().filter(|it| {
            it.deleted != Some(true)
                && it.view.as_deref() != Some("metadata")
                && it.expiration_time.is_none_or(|expires| now < expires)
        });
        for permission in in_force {
            findings.add(permission, owner, own);
        }
        findings
    }

    fn add(&mut self, permission: &Permission, owner: Option<&str>, own: &OwnDomains) {
        match permission.kind.as_deref() {
            Some("anyone") => self.is_public = true,
            Some("domain") => match permission.domain.as_deref() {
                Some(domain) if own.have(domain) => self.has_internal = true,
                Some(_) => self.has_external = true,
                None => self.has_unknown = true,
            },
            Some(kind @ ("user" | "group")) => {
                self.name(permission.email_address.as_deref());
                self.add_named(kind, permission.email_address.as_deref(), owner, own);
            }
            _ => {
                self.has_unknown = true;
                self.collaborators.cannot_tell();
            }
        }
    }

    fn name(&mut self, email: Option<&str>) {
        match email {
            Some(email) => self.collaborators.add(email),
            None => self.collaborators.cannot_tell(),
        }
    }

    fn add_named(
        &mut self,
        kind: &str,
        email: Option<&str>,
        owner: Option<&str>,
        own: &OwnDomains,
    ) {
        match email {
            Some(email) if owner.is_some_and(|owner| owner.eq_ignore_ascii_case(email)) => {}
            Some(email) if own.own(email) => {
                self.has_internal = true;
                if kind == "group" {
                    self.groups.push(email.to_owned());
                }
            }
            Some(_) => self.has_external = true,
            None => self.has_unknown = true,
        }
    }

    /// Whether the members of a group can still change the level.
    fn needs_groups(&self) -> bool {
        !self.is_public && !self.has_external && !self.groups.is_empty()
    }

    /// Who is named, but for the owner.
    pub(crate) fn collaborators(self, owner: Option<&str>) -> Option<Vec<String>> {
        self.collaborators.without(owner)
    }

    /// The level: the widest that is certain, unknown where something wider cannot be ruled out.
    pub(crate) fn level(&self, least: Exposure) -> Exposure {
        if self.is_public {
            Exposure::Public
        } else if self.has_external {
            Exposure::External
        } else if self.has_unknown {
            Exposure::Unknown
        } else if self.has_internal {
            Exposure::Internal
        } else {
            least
        }
    }
}

impl GoogleDrive {
    /// Which addresses are the organisation's own. Visitors whom the directory has named are not.
    ///
    /// # Errors
    ///
    /// When the directory does not tell its domains.
    pub(crate) async fn own_addresses(&self) -> Result<Arc<OwnDomains>> {
        let own = self.domains.get(&self.client).await?;
        let guests = self.people.guests();
        if guests.is_empty() {
            return Ok(own);
        }
        Ok(Arc::new(own.without(guests)))
    }

    /// How far a file can be reached. Groups are opened only where their members can change that.
    pub(crate) async fn exposure_of(&self, file: &FileRef) -> Result<Exposure> {
        Ok(self.reach_of(file, Findings::needs_groups).await?.exposure)
    }

    /// Who can reach a file: whoever is named with it, and where groups are opened, their members too.
    pub(crate) async fn access_of(&self, file: &FileRef) -> Result<Access> {
        self.reach_of(file, |_| true).await
    }

    async fn reach_of(&self, file: &FileRef, opens: fn(&Findings) -> bool) -> Result<Access> {
        let (corpus, id) = parse_file(file, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let purpose = Purpose::new(OPERATION, &file.0);
        let own = self.own_addresses().await?;
        let permissions = self.permissions(&id, &[], &purpose, &sight.eyes).await?;
        let now = self.client.drive.clock().now();
        let (owner, least) = match corpus {
            Corpus::User(_) => (Some(sight.user.as_str()), Exposure::Private),
            // Whoever is a member of the drive can reach it.
            Corpus::Drive(_) => (None, Exposure::Internal),
        };
        let mut findings = Findings::of(&permissions, owner, &own, now);
        if self.options.expand_groups && opens(&findings) {
            self.open_groups(&mut findings, &own).await?;
        }
        Ok(Access {
            exposure: findings.level(least),
            collaborators: findings.collaborators(owner),
        })
    }

    async fn open_groups(&self, findings: &mut Findings, own: &OwnDomains) -> Result<()> {
        for group in std::mem::take(&mut findings.groups) {
            match self.group_members(&group).await {
                Ok(members) => {
                    for member in &members {
                        findings.has_external |= !own.own(member);
                        findings.collaborators.add(member);
                    }
                }
                Err(error) if error.kind().is_retryable() => return Err(error),
                Err(_) => {
                    findings.has_unknown = true;
                    findings.collaborators.cannot_tell();
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings(permissions: &str) -> Findings {
        let permissions: Vec<Permission> = serde_json::from_str(permissions).unwrap();
        let own = OwnDomains::of(["alder.example", "Alias.Example"]);
        let now = "2026-03-04T10:00:00Z".parse().unwrap();
        Findings::of(&permissions, Some("Mina@alder.example"), &own, now)
    }

    fn level(permissions: &str) -> Exposure {
        findings(permissions).level(Exposure::Private)
    }

    #[test]
    fn each_permission_gives_its_level() {
        use Exposure::{External, Internal, Private, Public, Unknown};
        for (permissions, expected) in [
            (r"[]", Private),
            (
                r#"[{"type":"user","role":"owner","emailAddress":"mina@alder.example"}]"#,
                Private,
            ),
            (
                r#"[{"type":"anyone","role":"reader","allowFileDiscovery":false}]"#,
                Public,
            ),
            (
                r#"[{"type":"anyone","role":"reader","allowFileDiscovery":true}]"#,
                Public,
            ),
            (r#"[{"type":"domain","domain":"ALDER.example"}]"#, Internal),
            (r#"[{"type":"domain","domain":"alias.example"}]"#, Internal),
            (r#"[{"type":"domain","domain":"other.example"}]"#, External),
            (r#"[{"type":"domain"}]"#, Unknown),
            (
                r#"[{"type":"user","emailAddress":"bob@Alder.Example"}]"#,
                Internal,
            ),
            (
                r#"[{"type":"user","emailAddress":"bob@notalder.example"}]"#,
                External,
            ),
            (
                r#"[{"type":"user","emailAddress":"odd@alder.example@other.example"}]"#,
                External,
            ),
            (r#"[{"type":"user"}]"#, Unknown),
            (
                r#"[{"type":"group","emailAddress":"team@alder.example"}]"#,
                Internal,
            ),
            (
                r#"[{"type":"group","emailAddress":"team@other.example"}]"#,
                External,
            ),
            (
                r#"[{"type":"user","emailAddress":"eve@other.example","deleted":true}]"#,
                Private,
            ),
            (
                r#"[{"type":"user","emailAddress":"eve@other.example","view":"metadata"}]"#,
                Private,
            ),
            (
                r#"[{"type":"anyone","expirationTime":"2026-03-04T09:59:59Z"}]"#,
                Private,
            ),
            (
                r#"[{"type":"anyone","expirationTime":"2026-03-04T10:00:01Z"}]"#,
                Public,
            ),
            (r#"[{"type":"hologram"}]"#, Unknown),
            (r"[{}]", Unknown),
            (
                r#"[{},{"type":"user","emailAddress":"eve@other.example"}]"#,
                External,
            ),
            (
                r#"[{},{"type":"user","emailAddress":"bob@alder.example"}]"#,
                Unknown,
            ),
        ] {
            assert_eq!(level(permissions), expected, "{permissions}");
        }
    }
    #[test]
    fn whoever_is_named_is_told() {
        let table: &[(&str, Option<&[&str]>)] = &[
            ("[]", Some(&[])),
            (
                r#"[{"type":"user","role":"owner","emailAddress":"mina@alder.example"}]"#,
                Some(&[]),
            ),
            (
                r#"[{"type":"user","emailAddress":"Eve@other.example"},{"type":"group","emailAddress":"team@alder.example"},
                    {"type":"anyone"},{"type":"domain","domain":"third.example"}]"#,
                Some(&["eve@other.example", "team@alder.example"]),
            ),
            (
                r#"[{"type":"user","emailAddress":"eve@other.example","deleted":true}]"#,
                Some(&[]),
            ),
            (
                r#"[{"type":"user","emailAddress":"eve@other.example","expirationTime":"2026-03-04T09:59:59Z"}]"#,
                Some(&[]),
            ),
            (
                r#"[{"type":"user","emailAddress":"eve@other.example"},{"type":"user"}]"#,
                None,
            ),
            (r#"[{"type":"hologram"}]"#, None),
        ];
        for (permissions, expected) in table {
            let owner = Some("Mina@alder.example");
            let expected = expected.map(|list| list.iter().map(ToString::to_string).collect());
            let told = findings(permissions).collaborators(owner);
            assert_eq!(told, expected, "{permissions}");
        }
    }
}
