//! What the configuration says differently from the policies that the store has in force.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use anyhow::Result;
use serde_json::{Map, Value};

use super::{ChangeRow, PolicyDiffArgs};
use crate::apps;
use crate::cli::UsageError;
use crate::cli::exit::Exit;
use crate::cli::output::Listing;
use crate::cli::session::Session;
use crate::config::Config;
use crate::model::policy::PolicyName;
use crate::store::policies;

/// Longest value that is printed, in characters.
const LONGEST: usize = 200;

/// Prints what the next start or reload would change: exit code 5 where that is anything. Files are not looked at: what the store
/// keeps of a policy is its text, by which its versions are told apart, and not its rules.
pub(super) async fn print(args: &PolicyDiffArgs, session: &Session) -> Result<Exit> {
    if args.files.names_app() {
        let why = "`--app` is about files, which are compared between two configurations only: name the old one, too";
        return Err(UsageError(why.to_owned()).into());
    }
    let config = &session.config;
    let mut listing = Listing::new::<ChangeRow>(io::stdout(), args.format);
    let mut different = 0;
    for tenant in &config.tenants {
        if !args.files.means(tenant) {
            continue;
        }
        let stored = policies::documents(&session.db, &tenant.name).await?;
        let configured = apps::tenant_rules(config, tenant).configured();
        let configured: BTreeMap<PolicyName, String> = configured
            .into_iter()
            .map(|policy| (policy.name, policy.document))
            .collect();
        let names: BTreeSet<&PolicyName> = stored.keys().chain(configured.keys()).collect();
        for name in names {
            let rows = rows(stored.get(name), configured.get(name));
            different += usize::from(!rows.is_empty());
            for (change, before, after) in rows {
                listing.row(&ChangeRow {
                    kind: "policy",
                    id: None,
                    app: of_several(config, &tenant.name.0),
                    name: name.to_string(),
                    change,
                    before,
                    after,
                })?;
            }
        }
    }
    listing.finish()?;
    writeln!(
        io::stderr(),
        "{different} policies are different from those in force; files are compared between two configurations only"
    )?;
    Ok(match different {
        0 => Exit::Ok,
        _ => Exit::ChangesFound,
    })
}

/// Each tenant takes over all policies; where there are several the row says whose it is.
fn of_several(config: &Config, tenant: &str) -> Option<String> {
    (config.tenants.len() > 1).then(|| tenant.to_owned())
}

/// Keys, or `added` or `removed`, each with what is in force and what is configured.
fn rows(stored: Option<&String>, configured: Option<&String>) -> Vec<(String, String, String)> {
    let whole = |word: &str| vec![(word.to_owned(), String::new(), String::new())];
    match (stored, configured) {
        (Some(stored), Some(configured)) => changed_keys(stored, configured),
        (None, Some(_)) => whole("added"),
        (Some(_), None) => whole("removed"),
        (None, None) => Vec::new(),
    }
}

fn changed_keys(stored: &str, configured: &str) -> Vec<(String, String, String)> {
    let (stored, configured) = (keys(stored), keys(configured));
    let names: BTreeSet<&String> = stored.keys().chain(configured.keys()).collect();
    let text = |value: Option<&Value>| match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => cut(&other.to_string()),
    };
    let changed = names
        .into_iter()
        .filter(|key| stored.get(*key) != configured.get(*key));
    changed
        .map(|key| {
            let (before, after) = (stored.get(key), configured.get(key));
            (key.clone(), text(before), text(after))
        })
        .collect()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{} …", &text[..end]),
        None => text.to_owned(),
    }
}

/// The keys of a policy's text as the configuration calls them.
fn keys(document: &str) -> BTreeMap<String, Value> {
    let document: Map<String, Value> = serde_json::from_str(document).unwrap_or_default();
    let mut keys = BTreeMap::new();
    for (key, value) in document {
        match value {
            Value::Object(inner) if key == "scope" || key == "alert" => {
                let inner = inner.into_iter();
                keys.extend(inner.map(|(inner, value)| (configured_key(&key, inner), value)));
            }
            value => {
                keys.insert(key, value);
            }
        }
    }
    keys
}

fn configured_key(table: &str, key: String) -> String {
    match (table, key.as_str()) {
        (_, "folders_in") => "folders.in".to_owned(),
        (_, "folders_out") => "folders.out".to_owned(),
        (_, "owners_in") => "owners.in".to_owned(),
        (_, "owners_out") => "owners.out".to_owned(),
        ("alert", "enabled") => "alert".to_owned(),
        ("alert", "per_day") => "alerts_per_day".to_owned(),
        _ => key,
    }
}
