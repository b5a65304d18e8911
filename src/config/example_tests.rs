//! The example has every option, each of them right, and no other.

use std::collections::BTreeSet;

use toml::de::{DeTable, DeValue};

use super::*;

type Keys = BTreeSet<(String, String)>;

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source(text: &str) -> Source {
    Source::new(repository().join("config.example.toml"), text.to_owned())
}

/// What is switched on together, so that the rest has a table to stand in.
const TABLES: &[&str] = &[
    "[tenant.microsoft]",
    "client_id = \"0000",
    "client_secret = { env = \"LABELD_CLIENT",
    "[tenant.schedules]",
    "[service]",
    "[http]",
    "[telemetry]",
    "[audit]",
    "[[tenant.sharepoint]]",
    "name = \"sharepoint\"",
    "[[tenant.onedrive]]",
    "name = \"onedrive\"",
    "[[tenant.box]]",
    "name = \"box\"",
    "config = ",
    "[[tenant.google]]",
    "name = \"google\"",
    "service_account",
    "admin",
];

/// The client credentials grant of Box.
const BOX_CLIENT: &[&str] = &[
    "client_id = \"abc",
    "client_secret = { env = \"LABELD_BOX",
    "enterprise_id",
];

/// Options that do not go alone, with what is switched on beside them and what is taken out for them.
const COMPANIONS: &[(&str, &[&str], &[&str])] = &[
    ("postgres", &[], &["sqlite"]),
    ("labels = { graph", &[], &["labels = { file"]),
    ("certificate", &["private_key"], &["client_secret"]),
    ("private_key", &["certificate"], &["client_secret"]),
    (
        "passphrase",
        &["certificate", "private_key"],
        &["client_secret"],
    ),
    ("lifecycle_url", &["notification_url"], &[]),
    ("actions = { remove", &[], &["actions = { apply"]),
    (BOX_CLIENT[0], BOX_CLIENT, &["config = "]),
    (BOX_CLIENT[1], BOX_CLIENT, &["config = "]),
    (BOX_CLIENT[2], BOX_CLIENT, &["config = "]),
];

/// Options that want another one beside them whose default is shown.
const ADDITIONS: &[(&str, &str)] = &[
    ("mirror_label", "read_only = false\n"),
    ("alerts_per_day", "alert = true\n"),
];

/// Tables whose keys are the operator's.
const OPEN_TABLES: &[&str] = &[
    "[tenant.google.mirror_label.choices]",
    // docs/policies.md shows every filter.
    "[policy.filter]",
    "[[policy.allow.filter]]",
    "[policy.allow.filter]",
];

/// The option that a line switches off.
fn switched_off(line: &str) -> Option<&str> {
    let option = line.strip_prefix('#')?;
    (!option.is_empty() && !option.starts_with(' ')).then_some(option)
}

fn is_one_of(option: &str, beginnings: &[&str]) -> bool {
    beginnings
        .iter()
        .any(|beginning| option.starts_with(beginning))
}

/// The example with every table in it, and nothing else switched on.
fn with_tables() -> Vec<&'static str> {
    let on = |line: &'static str| {
        let option = switched_off(line).filter(|option| is_one_of(option, TABLES));
        option.unwrap_or(line)
    };
    EXAMPLE.lines().map(on).collect()
}

/// The example as it stands, with every table in it, and once more for each option that is still switched off then.
fn variants() -> Vec<(&'static str, String)> {
    let lines = with_tables();
    let mut variants = vec![
        ("as it stands", EXAMPLE.to_owned()),
        ("with all tables", lines.join("\n")),
    ];
    for (index, option) in lines.iter().enumerate().filter_map(|(index, line)| {
        let option = switched_off(line)?;
        Some((index, option))
    }) {
        let companions = COMPANIONS
            .iter()
            .find(|(name, ..)| option.starts_with(name));
        let (_, on, out) = companions.unwrap_or(&("", &[], &[]));
        let mut variant = lines.clone();
        variant[index] = option;
        for line in &mut variant {
            if let Some(option) = switched_off(line).filter(|option| is_one_of(option, on)) {
                *line = option;
            }
        }
        for (_, addition) in ADDITIONS
            .iter()
            .filter(|(name, _)| option.starts_with(name))
        {
            variant.insert(index, addition);
        }
        variant.retain(|line| !is_one_of(line, out));
        variants.push((option, variant.join("\n")));
    }
    variants
}

/// Every key that is written in a table, with the title of its section.
fn written_keys(table: &DeTable<'_>, path: &str, title: &str, keys: &mut Keys) {
    if OPEN_TABLES.contains(&title) {
        return;
    }
    for (key, value) in table {
        let key = key.get_ref();
        keys.insert((title.to_owned(), key.to_string()));
        let path = match path {
            "" => key.to_string(),
            path => format!("{path}.{key}"),
        };
        match value.get_ref() {
            DeValue::Table(inner) => written_keys(inner, &path, &format!("[{path}]"), keys),
            DeValue::Array(items) => items
                .iter()
                .filter_map(|item| item.get_ref().as_table())
                .for_each(|inner| written_keys(inner, &path, &format!("[[{path}]]"), keys)),
            _ => {}
        }
    }
}

/// Each secret may be kept in the same places, which are shown once.
fn without_places_of_secrets(keys: &Keys) -> Keys {
    let places = ["command", "credential", "env", "file"];
    let is_secret = |title: &str| {
        keys.iter()
            .filter(|(section, _)| section == title)
            .all(|(_, key)| places.contains(&key.as_str()))
    };
    let shown = |title: &str| title == "[store.postgres]" || !is_secret(title);
    keys.iter()
        .filter(|(title, _)| shown(title))
        .cloned()
        .collect()
}

#[test]
fn the_example_has_every_option_and_no_other() {
    let mut known = Keys::new();
    let mut written = Keys::new();
    let variants = variants();
    assert!(
        variants.len() > 30,
        "options that are switched off begin with # alone"
    );
    for (option, text) in &variants {
        let source = source(text);
        let (config, findings) = parse(&source);
        if let Err(problems) = config {
            panic!("{option}: {problems}");
        }
        known.extend(
            findings
                .known
                .into_iter()
                // Filters stand anywhere: `a filter`, `a condition on text`.
                .filter(|(title, _)| !title.starts_with("a "))
                .map(|(title, key)| (title, key.to_owned())),
        );
        let tree = DeTable::parse(text).unwrap();
        written_keys(tree.get_ref(), "", "the top level", &mut written);
    }
    assert_eq!(
        without_places_of_secrets(&written),
        without_places_of_secrets(&known)
    );
}

#[test]
fn the_example_names_what_is_in_the_source_tree() {
    let config = Config::load(&repository().join("config.example.toml")).unwrap();
    let tenant = &config.tenants[0];
    let Some(LabelSource::File(labels)) = &tenant.labels else {
        panic!("no label file");
    };
    let list = crate::pipeline::label_list::read_file(labels).unwrap();
    assert_eq!(list.tenant_id, tenant.id);
    let app = &tenant.local[0];
    assert_eq!(app.root, repository().join("demo-files"));
    assert!(app.copy_from.as_ref().unwrap().is_dir());
    assert_eq!(
        config.store,
        StoreConfig::Sqlite(repository().join("labeld-data/labeld.db"))
    );
}

#[test]
fn defaults_in_the_example_are_the_defaults() {
    /// Options that are shown with an example in place of their default.
    const EXAMPLES: &[&str] = &[
        "postgres",
        "labels",
        "only_this_tenant",
        "exclude",
        "certificate",
        "private_key",
        "passphrase",
        "login_url",
        "graph_url",
        "sharepoint_urls",
        "ca ",
        "proxy",
        "operator",
        "internal_domains",
        "notification_url",
        "lifecycle_url",
        "sites",
        "checkout_required",
        "users",
        "client_",
        "enterprise_id",
        "token_url",
        "api_url",
        "upload_url",
        "download_hosts",
        "calls_per_day",
        "calls_per_month",
        "otlp",
        "head_file",
        "unit_code",
        "primary_signature_key",
        "secondary_signature_key",
        "domains",
        "drive_url",
        "directory_url",
        "labels_url",
        "mirror_label",
        "policies",
        // The service and the commands each have their own.
        "level",
        "description",
        "priority",
        "tenants",
        "apps",
        "app_kinds",
        "folders",
        "owners",
        "content",
        "actions",
        "alerts_per_day",
        "canary",
        "max_matches",
        "compat",
        "allow ",
    ];
    let plain = parse(&source(&with_tables().join("\n"))).0.unwrap();
    let mut defaults = 0;
    for (option, text) in variants().iter().skip(1) {
        if !is_one_of(option, EXAMPLES) {
            defaults += 1;
            let config = Config {
                digest: plain.digest,
                ..parse(&source(text)).0.unwrap()
            };
            assert_eq!(config, plain, "{option}");
        }
    }
    assert!(defaults > 12, "{defaults}");
}
