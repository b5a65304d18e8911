//! What `labeld doctor` looks at (reference/microsoft-graph.md §1.3, §1.5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use labeld_connector::{ErrorKind, Examined, Health, Result};
use serde::Deserialize;

use super::changes::purpose;
use super::info::DriveInfo;
use super::scope::DriveList;
use super::{Core, Drives, Extent, Scope};
use crate::address::ask;
use crate::call::{Purpose, UNITS_ONE};
use crate::model::{DriveItem, Page};
use crate::sharepoint_rest::why_not;

/// How far clocks may be apart. Assertions are good for ten minutes.
const MOST_SKEW: TimeDelta = TimeDelta::minutes(2);

const GRANT: &str = "Entra admin centre → App registrations → API permissions → Microsoft Graph → Application permissions";

/// Roles of which one is enough, the least first, for something that labeld does.
struct Need {
    what: &'static str,
    roles: &'static [&'static str],
    /// Without it labeld cannot do what it is configured for.
    is_essential: bool,
}

const READING: Need = Need {
    what: "read files",
    roles: &[
        "Files.Read.All",
        "Files.ReadWrite.All",
        "Sites.Read.All",
        "Sites.ReadWrite.All",
        "Sites.FullControl.All",
        "Sites.Selected",
    ],
    is_essential: true,
};

const WRITING: Need = Need {
    what: "write labels into files",
    roles: &[
        "Files.ReadWrite.All",
        "Sites.ReadWrite.All",
        "Sites.FullControl.All",
        "Sites.Selected",
    ],
    is_essential: true,
};

const LABELS: Need = Need {
    what: "read the label list",
    roles: &[
        "SensitivityLabel.Read",
        "SensitivityLabels.Read.All",
        "InformationProtectionPolicy.Read.All",
    ],
    is_essential: false,
};

const OWNERS: Need = Need {
    what: "look up owners and guests",
    roles: &["User.Read.All", "Directory.Read.All"],
    is_essential: false,
};

/// Claims of an access token, as far as they are looked at. Tokens are not ours to understand, so that nothing depends
/// on them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Claims {
    roles: Option<Vec<String>>,
}

impl<S: Scope> Drives<S> {
    pub(super) async fn look_at_everything(&self) -> Vec<Examined> {
        let core = &self.core;
        let mut seen = Vec::new();
        if !core.examine_token(&mut seen).await {
            return seen;
        }
        seen.extend(self.scope.examine(&core.tenant).await);
        let drive = match self.scope.find(&core.tenant, Extent::Sample).await {
            Ok(found) => core.examine_drives(found, &mut seen),
            Err(error) => {
                seen.push(Examined::failure("drives", &error, GRANT));
                None
            }
        };
        if let Some(drive) = drive {
            seen.push(core.examine_feed(&drive).await);
            seen.push(core.examine_libraries(&drive).await);
        }
        seen.push(core.examine_clock());
        seen
    }
}

impl Core {
    /// Gets a token and says what it is for; whether there is one.
    async fn examine_token(&self, seen: &mut Vec<Examined>) -> bool {
        let kind = if self.tenant.proof.is_certificate() {
            "a certificate"
        } else {
            "a client secret"
        };
        let token = match self.tenant.graph_tokens.token().await {
            Ok(token) => token,
            Err(error) => {
                let fix = match error.kind() {
                    ErrorKind::Transient => {
                        "check the network, the proxy and the configured addresses"
                    }
                    ErrorKind::Throttled => "try again later",
                    _ => {
                        "check tenant id, client id and credential: Entra admin centre → App registrations"
                    }
                };
                // Without a token nothing works, whatever the reason.
                let health = Health::Failed;
                seen.push(Examined {
                    health,
                    ..Examined::failure("token", &error, fix)
                });
                return false;
            }
        };
        seen.push(Examined::passed(
            "token",
            format!("the app signs in with {kind}"),
        ));
        match roles_in(token.expose()) {
            Some(roles) => self.examine_roles(&roles, seen),
            None => seen.push(Examined::new(
                "permissions",
                Health::Skipped,
                "the token does not show its permissions; the calls below do",
                "",
            )),
        }
        true
    }

    fn examine_roles(&self, roles: &[String], seen: &mut Vec<Examined>) {
        let writing = (!self.tenant.read_only).then_some(WRITING);
        for need in [Some(READING), writing, Some(LABELS), Some(OWNERS)]
            .into_iter()
            .flatten()
        {
            let subject = format!("permission to {}", need.what);
            let granted = need
                .roles
                .iter()
                .find(|role| roles.iter().any(|has| has == *role));
            seen.push(match (granted, need.is_essential) {
                (Some(role), _) => Examined::passed(subject, format!("{role} is granted")),
                (None, is_essential) => {
                    let least = need.roles.first().copied().unwrap_or_default();
                    Examined::new(
                        subject,
                        if is_essential {
                            Health::Failed
                        } else {
                            Health::Warning
                        },
                        format!("none of {} is granted", need.roles.join(", ")),
                        format!("grant {least}, with administrator consent: {GRANT}"),
                    )
                }
            });
        }
    }

    fn examine_drives(&self, found: DriveList, seen: &mut Vec<Examined>) -> Option<DriveInfo> {
        let count = found.drives.len();
        let shown = if found.complete {
            format!("{count} can be read")
        } else {
            format!("{count} can be read in the places looked at")
        };
        seen.push(match (count, found.unreadable.first()) {
            (_, Some(unreadable)) => Examined::new(
                "drives",
                Health::Warning,
                format!(
                    "{shown}; {} places cannot be looked into, for example {}: {}",
                    found.unreadable.len(),
                    unreadable.path,
                    unreadable.error.sentence()
                ),
                "grant the app access to these places, or exclude them in the configuration",
            ),
            (0, None) => Examined::new(
                "drives",
                Health::Warning,
                "there is none",
                "check which sites or people are configured, and what is excluded",
            ),
            (_, None) => Examined::passed("drives", shown),
        });
        found.drives.into_iter().next()
    }

    /// One page of changes from now on: an empty one.
    async fn examine_feed(&self, drive: &DriveInfo) -> Examined {
        const SUBJECT: &str = "change feed";
        let asked: Result<Page<DriveItem>> = async {
            let mut url = self.tenant.v1(&["drives", &drive.id, "root", "delta"])?;
            ask(&mut url, &[("token", "latest")]);
            self.tenant.get(url, &purpose(drive), UNITS_ONE).await
        }
        .await;
        match asked {
            Ok(_) => Examined::passed(SUBJECT, format!("{} tells its changes", drive.path)),
            Err(error) => {
                let fix = format!("grant Files.Read.All or Sites.Read.All: {GRANT}");
                Examined::failure(SUBJECT, &error, &fix)
            }
        }
    }

    /// The settings of one library by SharePoint's own interface.
    async fn examine_libraries(&self, drive: &DriveInfo) -> Examined {
        const SUBJECT: &str = "check-out and locks";
        let purpose = Purpose {
            operation: "read the library settings of",
            context: &drive.path,
        };
        let (Some(site), Some(list)) = (&drive.site_url, drive.list) else {
            let found = "the service does not say which list the drive is";
            return Examined::new(SUBJECT, Health::Warning, found, "");
        };
        let fix = "register a certificate for the app and grant it Sites.Read.All of SharePoint (not of Microsoft Graph): \
            Entra admin centre → App registrations; or declare the libraries that require check-out in the configuration";
        match self.tenant.list_settings(site, list, &purpose).await {
            Ok(_) => Examined::passed(SUBJECT, "SharePoint tells the settings of libraries"),
            Err(error) => Examined::new(SUBJECT, Health::Warning, why_not(&error), fix)
                .with_kind(error.kind()),
        }
    }

    fn examine_clock(&self) -> Examined {
        const SUBJECT: &str = "clock";
        match self.tenant.service.clock().skew() {
            None => Examined::new(
                SUBJECT,
                Health::Skipped,
                "the service did not tell the time",
                "",
            ),
            Some(skew) if skew.abs() > MOST_SKEW => Examined::new(
                SUBJECT,
                Health::Warning,
                format!(
                    "the service's clock is {} seconds {} this machine's",
                    skew.num_seconds().abs(),
                    if skew > TimeDelta::zero() {
                        "ahead of"
                    } else {
                        "behind"
                    }
                ),
                "set this machine's clock, for example by NTP",
            ),
            Some(_) => Examined::passed(SUBJECT, "the clocks agree"),
        }
    }
}

/// The roles that an access token carries; none where there is no such claim, `None` where it cannot be read.
fn roles_in(token: &str) -> Option<Vec<String>> {
    let payload = token.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&bytes).ok()?;
    Some(claims.roles.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_are_read_where_they_can_be() {
        let token = |claims: &str| format!("h.{}.s", URL_SAFE_NO_PAD.encode(claims));
        for (token, roles) in [
            (
                token(r#"{"roles":["Files.Read.All","Sites.Read.All"]}"#),
                Some(2),
            ),
            (token(r#"{"aud":"x"}"#), Some(0)),
            (token("not json"), None),
            ("opaque".to_owned(), None),
            ("a.%.b".to_owned(), None),
        ] {
            assert_eq!(roles_in(&token).map(|roles| roles.len()), roles, "{token}");
        }
    }
}
