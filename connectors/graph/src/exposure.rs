//! Who can reach an item, from its permissions (reference/microsoft-graph.md §7.1 to §7.4).

use chrono::{DateTime, Utc};
use labeld_connector::Exposure;

use crate::model::{Identity, IdentitySet, Permission};
use crate::principal::{Principal, classify, domain_of};

/// What is true of the drive that the item lies in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    /// What holds without any permission: private in a OneDrive, internal in a library.
    pub(crate) least: Exposure,
    /// Who owns the drive: their own access says nothing.
    pub(crate) owner: Option<&'a Identity>,
    /// Domains of the organisation, in lower case; empty where they were not told.
    pub(crate) internal_domains: &'a [String],
    /// The service's time.
    pub(crate) now: DateTime<Utc>,
}

/// What permissions say so far. The directory may still say what `ask` is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Findings {
    is_public: bool,
    has_external: bool,
    has_internal: bool,
    has_unknown: bool,
    /// Directory ids of people of whom only the directory knows whether they are guests.
    pub(crate) ask: Vec<String>,
}

impl Findings {
    /// Takes in one permission.
    pub(crate) fn add(&mut self, permission: &Permission, setting: &Setting<'_>) {
        let has_ended = permission
            .expiration_date_time
            .is_some_and(|end| end <= setting.now);
        if has_ended {
            return;
        }
        if let Some(invitation) = &permission.invitation {
            self.add_invitation(invitation.email.as_deref(), setting);
            return;
        }
        if let Some(link) = &permission.link {
            self.add_link(link.scope.as_deref(), permission.recipients(), setting);
            return;
        }
        match permission.grantee() {
            Some(grantee) => self.add_grantee(grantee, setting),
            None => self.has_unknown = true,
        }
    }

    fn add_invitation(&mut self, email: Option<&str>, setting: &Setting<'_>) {
        // An invitation is only made for somebody outside; an address of our own domain is the exception.
        let is_own = email
            .and_then(domain_of)
            .is_some_and(|domain| setting.internal_domains.contains(&domain));
        if is_own {
            self.has_internal = true;
        } else {
            self.has_external = true;
        }
    }

    fn add_link(
        &mut self,
        scope: Option<&str>,
        recipients: Option<&[IdentitySet]>,
        setting: &Setting<'_>,
    ) {
        match scope.map(str::to_ascii_lowercase).as_deref() {
            Some("anonymous") => self.is_public = true,
            Some("organization") => self.has_internal = true,
            // Gives nobody access who has none.
            Some("existingaccess") => {}
            Some("users") => match recipients {
                Some(recipients) => {
                    for recipient in recipients {
                        self.add_grantee(recipient, setting);
                    }
                }
                None => self.has_unknown = true,
            },
            _ => self.has_unknown = true,
        }
    }

    fn add_grantee(&mut self, grantee: &IdentitySet, setting: &Setting<'_>) {
        match classify(grantee, setting.owner, setting.internal_domains) {
            Principal::Owner | Principal::App => {}
            Principal::Internal => self.has_internal = true,
            Principal::External => self.has_external = true,
            Principal::Person(id) => self.ask.push(id),
            Principal::Unknown => self.has_unknown = true,
        }
    }

    /// Takes in what the directory says of one person of [`ask`](Self::ask): their `userType`.
    pub(crate) fn add_user_type(&mut self, user_type: Option<&str>) {
        match user_type {
            Some(kind) if kind.eq_ignore_ascii_case("guest") => self.has_external = true,
            Some(kind) if kind.eq_ignore_ascii_case("member") => self.has_internal = true,
            _ => self.has_unknown = true,
        }
    }

    /// Whether the widest level is reached, so that nothing that is still to be learnt can change it.
    pub(crate) fn is_public(&self) -> bool {
        self.is_public
    }

    /// Whether the directory's word can still change the level.
    pub(crate) fn needs_directory(&self) -> bool {
        !self.is_public && !self.has_external
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

#[cfg(test)]
mod tests {
    use super::*;

    fn level_of(permissions: &str, domains: &[&str], least: Exposure) -> (Exposure, Vec<String>) {
        let permissions: Vec<Permission> = serde_json::from_str(permissions).unwrap();
        let owner = Identity {
            id: Some("owner-id".to_owned()),
            email: Some("Mina@alder.example".to_owned()),
            ..Identity::default()
        };
        let domains: Vec<String> = domains.iter().map(|&domain| domain.to_owned()).collect();
        let setting = Setting {
            least,
            owner: Some(&owner),
            internal_domains: &domains,
            now: "2026-03-04T10:00:00Z".parse().unwrap(),
        };
        let mut findings = Findings::default();
        for permission in &permissions {
            findings.add(permission, &setting);
        }
        (findings.level(least), findings.ask)
    }

    #[test]
    fn each_permission_gives_its_level() {
        use Exposure::{External, Internal, Private, Public, Unknown};
        let table: &[(&str, &[&str], Exposure)] = &[
            (r"[]", &[], Private),
            (r#"[{"link":{"scope":"anonymous"}}]"#, &[], Public),
            (
                r#"[{"link":{"scope":"Anonymous"},"hasPassword":true}]"#,
                &[],
                Public,
            ),
            (
                r#"[{"link":{"scope":"anonymous"},"expirationDateTime":"2026-03-04T09:59:59Z"}]"#,
                &[],
                Private,
            ),
            (
                r#"[{"link":{"scope":"anonymous"},"expirationDateTime":"2026-03-04T10:00:01Z"}]"#,
                &[],
                Public,
            ),
            (r#"[{"link":{"scope":"organization"}}]"#, &[], Internal),
            (r#"[{"link":{"scope":"existingAccess"}}]"#, &[], Private),
            (
                r#"[{"link":{"scope":"users"},"grantedToIdentitiesV2":[]}]"#,
                &[],
                Private,
            ),
            (r#"[{"link":{"scope":"users"}}]"#, &[], Unknown),
            (r#"[{"link":{"scope":"everybodyOnTheMoon"}}]"#, &[], Unknown),
            (r#"[{"link":{}}]"#, &[], Unknown),
            (
                r#"[{"invitation":{"email":"pat@partner.example"}}]"#,
                &[],
                External,
            ),
            (
                r#"[{"invitation":{"email":"pat@partner.example"}}]"#,
                &["alder.example"],
                External,
            ),
            (
                r#"[{"invitation":{"email":"pat@Alder.example"}}]"#,
                &["alder.example"],
                Internal,
            ),
            (r#"[{"invitation":{}}]"#, &["alder.example"], External),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|pat_partner.example#EXT#@alder.onmicrosoft.com"}}}]"#,
                &[],
                External,
            ),
            (
                r#"[{"grantedTo":{"user":{"userPrincipalName":"pat_partner.example#ext#@alder.onmicrosoft.com"}}}]"#,
                &[],
                External,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|urn%3aspo%3aguest#pat@partner.example"}}}]"#,
                &[],
                External,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0(.s|true"}}}]"#,
                &[],
                External,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0-.f|rolemanager|spo-grid-all-users/7d1f0c52"}}}]"#,
                &[],
                Internal,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0o.c|federateddirectoryclaimprovider|c0ffee_o"}}}]"#,
                &[],
                Internal,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"c:0t.c|tenant|c0ffee"}}}]"#,
                &[],
                Internal,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0i.t|00000003-0000-0ff1-ce00-000000000000|app@x"}}}]"#,
                &[],
                Private,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"x:9z|something new"}}}]"#,
                &[],
                Unknown,
            ),
            (
                r#"[{"grantedToV2":{"application":{"id":"app"}}}]"#,
                &[],
                Private,
            ),
            (r#"[{"grantedToV2":{"group":{"id":"g"}}}]"#, &[], Internal),
            (
                r#"[{"grantedToV2":{"siteGroup":{"id":"3","loginName":"Finance Owners"}}}]"#,
                &[],
                Internal,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|noor@alder.example"}}}]"#,
                &[],
                Internal,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|noor@other.example"}}}]"#,
                &["alder.example"],
                External,
            ),
            (
                r#"[{"grantedToV2":{"siteUser":{"loginName":"i:0#.f|membership|mina@alder.example"}}}]"#,
                &[],
                Private,
            ),
            (
                r#"[{"grantedToV2":{"user":{"id":"owner-id"}},"roles":["owner"]}]"#,
                &[],
                Private,
            ),
            (
                r#"[{"grantedToV2":{"user":{"email":"noor@other.example"}}}]"#,
                &["alder.example"],
                External,
            ),
            (
                r#"[{"grantedToV2":{"user":{"email":"noor@alder.example"}}}]"#,
                &["alder.example"],
                Internal,
            ),
            (
                r#"[{"grantedToV2":{"user":{"email":"noor@alder.example"}}}]"#,
                &[],
                Unknown,
            ),
            (r#"[{"grantedToV2":{}}]"#, &[], Unknown),
            (r#"[{"grantedToV2":{"hologram":{"id":"1"}}}]"#, &[], Unknown),
            (r"[{}]", &[], Unknown),
            (
                r#"[{},{"invitation":{"email":"pat@partner.example"}}]"#,
                &[],
                External,
            ),
            (r#"[{},{"link":{"scope":"organization"}}]"#, &[], Unknown),
            (
                r#"[{"link":{"scope":"users"},"grantedToIdentitiesV2":[{"siteUser":{"loginName":"i:0#.f|membership|noor@alder.example"}},{"user":{"email":"x","userPrincipalName":"x#ext#@alder.onmicrosoft.com"}}]}]"#,
                &[],
                External,
            ),
        ];
        for (permissions, domains, expected) in table {
            let (level, _) = level_of(permissions, domains, Private);
            assert_eq!(level, *expected, "{permissions} with {domains:?}");
        }
        assert_eq!(level_of("[]", &[], Internal).0, Internal);
    }

    #[test]
    fn the_directory_is_asked_only_for_who_cannot_be_told_otherwise() {
        let person = r#"[{"grantedToV2":{"user":{"id":"noor-id","email":"noor@alder.example"}}}]"#;
        let (_, ask) = level_of(person, &[], Exposure::Private);
        assert_eq!(ask, ["noor-id"]);
        let (_, ask) = level_of(person, &["alder.example"], Exposure::Private);
        assert!(ask.is_empty());
        for (user_type, level) in [
            (Some("Guest"), Exposure::External),
            (Some("Member"), Exposure::Internal),
            (Some("Visitor"), Exposure::Unknown),
            (None, Exposure::Unknown),
        ] {
            let mut findings = Findings::default();
            findings.add_user_type(user_type);
            assert_eq!(findings.level(Exposure::Private), level, "{user_type:?}");
        }
    }
}
