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

/// The example as it stands, and once for each option that is switched off with it switched on.
fn variants() -> Vec<String> {
    let lines: Vec<&str> = EXAMPLE.lines().collect();
    let mut variants = vec![EXAMPLE.to_owned()];
    for (index, line) in lines.iter().enumerate() {
        let Some(option) = line.strip_prefix('#') else {
            continue;
        };
        if option.is_empty() || option.starts_with(' ') {
            continue;
        }
        let mut variant = lines.clone();
        variant[index] = option;
        // The store is one or the other.
        if option.starts_with("postgres") {
            variant.retain(|line| !line.starts_with("sqlite"));
        }
        variants.push(variant.join("\n"));
    }
    variants
}

/// Every key that is written in a table, with the title of its section.
fn written_keys(table: &DeTable<'_>, path: &str, title: &str, keys: &mut Keys) {
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

#[test]
fn the_example_has_every_option_and_no_other() {
    let mut known = Keys::new();
    let mut written = Keys::new();
    let variants = variants();
    assert!(
        variants.len() > 8,
        "options that are switched off begin with # alone"
    );
    for text in &variants {
        let source = source(text);
        let (config, findings) = parse(&source);
        if let Err(problems) = config {
            panic!("{problems}");
        }
        known.extend(
            findings
                .known
                .into_iter()
                .map(|(title, key)| (title, key.to_owned())),
        );
        let tree = DeTable::parse(text).unwrap();
        written_keys(tree.get_ref(), "", "the top level", &mut written);
    }
    assert_eq!(written, known);
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
    let plain = parse(&source(EXAMPLE)).0.unwrap();
    for text in variants() {
        let changes_something = ["#postgres", "#only_this_tenant", "#exclude"];
        let differs = EXAMPLE
            .lines()
            .zip(text.lines())
            .find(|(example, variant)| example != variant);
        let Some((option, _)) = differs else { continue };
        if changes_something
            .iter()
            .any(|prefix| option.starts_with(prefix))
            || option.starts_with("sqlite")
        {
            continue;
        }
        assert_eq!(parse(&source(&text)).0.unwrap(), plain, "{option}");
    }
}
