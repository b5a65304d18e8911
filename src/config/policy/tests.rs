use std::path::PathBuf;

use crate::config::problem_tests::problems_of;
use crate::config::source::Source;
use crate::config::tests::{GOOD, parse_text};
use crate::config::{Config, Problems, parse_all};
use crate::model::policy::{
    Condition, Filter, Governance, LabelName, Override, PolicyMode, TextOperator, TextPattern,
};

/// A policy without a problem.
const POLICY: &str = r#"[[policy]]
name = "one"
filter = { access = ["public"] }
actions = { apply_label = "General" }
"#;

fn with_policy(text: &str) -> String {
    format!("{GOOD}{text}")
}

/// The problems of [`POLICY`] with one text in it replaced by another; lines are counted from the policy on.
fn check(table: &[(&str, &str, &[&str])]) {
    let before = GOOD.lines().count();
    for (old, new, expected) in table {
        assert!(POLICY.contains(old), "{old}");
        let found: Vec<String> = problems_of(&with_policy(&POLICY.replacen(old, new, 1)))
            .into_iter()
            .map(|problem| match problem.split_once(':') {
                Some((line, rest)) if line.parse::<usize>().is_ok() => {
                    format!("{}:{rest}", line.parse::<usize>().unwrap() - before)
                }
                _ => problem,
            })
            .collect();
        assert_eq!(found, *expected, "{new}");
    }
}

#[test]
fn problems_of_policies_have_their_place_and_fix() {
    check(&[
        (
            "name = \"one\"\n",
            "",
            &["1:1 `name` is missing in [[policy]] -> add `name = \"finance-public\"`"],
        ),
        (
            "filter =",
            "filtr =",
            &["3:1 unknown key `filtr` in [[policy]] -> did you mean `filter`?"],
        ),
        (
            "access",
            "acces",
            &["3:12 unknown key `acces` in a filter -> did you mean `access`?"],
        ),
        (
            "[\"public\"]",
            "[\"publik\"]",
            &[
                "3:21 `access` in a filter: \"publik\" is not a known word -> did you mean \"public\"? one of \"private\", \"internal\", \"external\", \"public\"",
            ],
        ),
        (
            "[\"public\"]",
            "[]",
            &[
                "3:21 `access` in a filter: the list is empty, which nothing is in -> fill it in, or leave the key away",
            ],
        ),
        (
            "{ access = [\"public\"] }",
            "{}",
            &[
                "3:10 a filter is empty -> write one condition in it, such as `access = [\"public\"]`",
            ],
        ),
        (
            "access = [\"public\"]",
            "access = [\"public\"], trashed = true",
            &[
                "3:10 a filter holds one condition, and here are several -> join them: `{ all = [{ … }, { … }] }` where each must hold, `any` where one is enough",
            ],
        ),
        (
            "access = [\"public\"]",
            "all = []",
            &["3:18 `all` joins nothing -> write conditions in it, or leave it away"],
        ),
        (
            "access = [\"public\"]",
            "extension = [\".docx\"]",
            &[
                "3:24 `extension` in a filter: an extension stands without its dot -> write \"docx\"",
            ],
        ),
        (
            "access = [\"public\"]",
            "owner_domain = \"@partner.example\"",
            &[
                "3:27 `owner_domain` in a filter: a domain stands without `@` -> write \"partner.example\"",
            ],
        ),
        (
            "access = [\"public\"]",
            "folder = \"finance/*\"",
            &[
                "3:21 `folder` in a filter: a folder takes `/**` at its end and no other pattern -> for patterns use the condition `path = { like = [\"…\"] }`",
            ],
        ),
        (
            "access = [\"public\"]",
            "name = { contain = \"x\" }",
            &["3:21 unknown key `contain` in a condition on text -> did you mean `contains`?"],
        ),
        (
            "access = [\"public\"]",
            "name = { regex = \"(\" }",
            &[
                "3:29 `regex`: no regular expression: unclosed group -> `like` takes `*`, `**` and `?`; `regex` a regular expression without look-around",
            ],
        ),
        (
            "access = [\"public\"]",
            "created = {}",
            &[
                "3:22 `created` has no bound -> for example `{ within = \"30d\" }` or `{ before = 2026-01-01 }`",
            ],
        ),
        (
            "access = [\"public\"]",
            "modified = { from = 2026-02-01, before = 2026-01-01 }",
            &["3:53 no time is from `from` on and before `before` -> swap the two"],
        ),
        (
            "access = [\"public\"]",
            "size = { at_least = \"2 MiB\", at_most = \"1 MiB\" }",
            &["3:51 no size lies between the two -> swap them"],
        ),
        (
            "access = [\"public\"]",
            "app_kind = \"sharepiont\"",
            &[
                "3:23 `app_kind` in a filter: not a kind of app -> did you mean \"sharepoint\"? One of local, sharepoint, onedrive, box, google",
            ],
        ),
        (
            "access = [\"public\"]",
            "app = \"finanse\"",
            &["3:18 no app is called `finanse` -> did you mean \"finance\"?"],
        ),
        (
            "access = [\"public\"]",
            "matched_policy = \"two\"",
            &["3:29 no policy is called `two` -> there is one"],
        ),
        (
            "access = [\"public\"]",
            "matched_policy = \"one\"",
            &[
                "policy one asks for matches of policy one, which asks for those of another one itself -> write the conditions of the second one out in its place",
            ],
        ),
        (
            "name = \"one\"",
            "name = \"one\"\ntenants = [\"contosso\"]",
            &["3:11 no tenant is called `contosso` -> did you mean \"contoso\"?"],
        ),
        (
            "actions = { apply_label = \"General\" }\n",
            "",
            &[
                "1:1 policy one does nothing -> add [policy.actions] with `apply_label = \"…\"` or `remove_label = true`, or `alert = true`",
            ],
        ),
        (
            "apply_label = \"General\"",
            "apply_label = \"General\", remove_label = true",
            &[
                "4:53 one policy cannot both apply and remove a label -> take one of the two out, or write two policies",
            ],
        ),
        (
            "apply_label = \"General\"",
            "apply_label = \"General\", quarantine = true",
            &[
                "4:38 unknown key `quarantine` in [policy.actions] -> known here: apply_label, remove_label",
            ],
        ),
        (
            "name = \"one\"",
            "name = \"one\"\nalerts_per_day = 3",
            &["3:18 `alerts_per_day` bounds alerts that are not raised -> add `alert = true`"],
        ),
        (
            "name = \"one\"",
            "name = \"one\"\noverride = \"user\"",
            &[
                "3:12 `override` in [[policy]]: \"user\" is not a known word -> one of \"none\", \"automatic\", \"user_defined\"",
            ],
        ),
        (
            "name = \"one\"",
            "name = \"one\"\nsigned = \"allow\"",
            &[
                "3:10 `signed` in [[policy]]: \"allow\" is not a known word -> one of \"refuse\", \"allow_uncovered\"",
            ],
        ),
        (
            "name = \"one\"",
            "name = \"one\"\nmax_matches_percent = 101",
            &["3:23 `max_matches_percent` in [[policy]]: out of range -> from 1 to 100"],
        ),
        (
            "name = \"one\"",
            "name = \"one\"\nallow = [{ filter = { trashed = true }, author = \"me\" }]",
            &["3:10 `reason` is missing in [[policy.allow]] -> add `reason = \"…\"`"],
        ),
    ]);
}

#[test]
fn filters_are_bounded() {
    let nested = |depth: usize| {
        let filter = (0..depth).fold("trashed = true".to_owned(), |inner, _| {
            format!("not = {{ {inner} }}")
        });
        with_policy(&POLICY.replace("access = [\"public\"]", &filter))
    };
    assert_eq!(problems_of(&nested(7)), [""; 0]);
    assert_eq!(problems_of(&nested(8)).len(), 1);
    let many = |count: usize| {
        let nodes = vec!["{ trashed = true }"; count].join(", ");
        with_policy(&POLICY.replace("access = [\"public\"]", &format!("any = [{nodes}]")))
    };
    assert_eq!(problems_of(&many(499)), [""; 0]);
    assert_eq!(problems_of(&many(500)).len(), 1);
}

#[test]
fn a_policy_is_read_with_its_defaults() {
    let config = parse_text(&with_policy(POLICY)).unwrap();
    let policy = &config.policies[0];
    assert_eq!(policy.place.1, GOOD.lines().count() + 1);
    assert_eq!((policy.enabled, policy.mode), (true, PolicyMode::Observe));
    assert_eq!(
        (policy.overrides, policy.allow_downgrade, policy.signed),
        (
            Override::Automatic,
            false,
            crate::model::policy::SignedFiles::Refuse
        )
    );
    assert_eq!(
        policy.governance,
        Some(Governance::ApplyLabel(LabelName::Name(
            "General".to_owned()
        )))
    );
    let defender =
        with_policy(&POLICY.replace("name = \"one\"", "name = \"one\"\ncompat = \"defender\""));
    let config = parse_text(&defender).unwrap();
    assert!(config.policies[0].allow_downgrade);
}

/// Every condition can be written, and is read as itself.
#[test]
fn every_condition_can_be_written() {
    let conditions = [
        "access = \"public\"",
        "access_at_least = \"external\"",
        "app = \"finance\"",
        "app_kind = \"box\"",
        "collaborator = { like = \"*@partner.example\" }",
        "collaborator_domain = \"partner.example\"",
        "created = { within = \"30d\" }",
        "modified = { older_than = \"1d\", before = 2026-01-01 }",
        "extension = [\"docx\", \"PDF\"]",
        "file_id = \"7\"",
        "name = { starts_with = \"a\", ends_with = [\"b\"] }",
        "path = { like = \"**/a\" }",
        "folder = \"finance/**\"",
        "label = \"General\"",
        "label_or_sublabel = \"General\"",
        "labelled = true",
        "external_label = true",
        "label_origin = \"out-user\"",
        "inspection = [\"password\", \"rms\"]",
        "type = \"document\"",
        "mime = \"image/*\"",
        "size = { at_most = 5 }",
        "owner = { is = \"mina\" }",
        "owner_domain = \"a.example\"",
        "owner_department = \"HR\"",
        "owner_unit = \"/Finance/**\"",
        "owner_group = \"g\"",
        "trashed = false",
        "matched_policy = \"other\"",
        "content = { contains = \"x\" }",
    ];
    for condition in conditions {
        let other = "[[policy]]\nname = \"other\"\nalert = true\n";
        let text = with_policy(&POLICY.replace("access = [\"public\"]", condition)) + other;
        let config = parse_text(&text).unwrap_or_else(|problems| panic!("{condition}: {problems}"));
        let Some(Filter::Condition(read)) = &config.policies[0].filter else {
            panic!("{condition}");
        };
        assert_eq!(read.key(), condition.split(' ').next().unwrap());
    }
}

#[test]
fn operators_of_a_text_are_alternatives() {
    let text = with_policy(&POLICY.replace(
        "access = [\"public\"]",
        "name = { ends_with = [\"b\", \"c\"], is = \"a\" }",
    ));
    let config = parse_text(&text).unwrap();
    let Some(Filter::Condition(Condition::Name(patterns))) = &config.policies[0].filter else {
        panic!();
    };
    let operators: Vec<TextOperator> = patterns.iter().map(TextPattern::operator).collect();
    assert_eq!(
        operators,
        [
            TextOperator::Is,
            TextOperator::EndsWith,
            TextOperator::EndsWith
        ]
    );
}

fn parse_files(main: &str, files: &[(&str, &str)]) -> Result<Config, Problems> {
    let source = |name: &str, text: &str| Source::new(PathBuf::from(name), text.to_owned());
    let files: Vec<Source> = files
        .iter()
        .map(|(name, text)| source(name, text))
        .collect();
    parse_all(&source("labeld.toml", main), &files).0
}

#[test]
fn policies_of_further_files_have_their_own_places() {
    let two = POLICY.replace("one", "two");
    let config = parse_files(&with_policy(POLICY), &[("p/two.toml", &two)]).unwrap();
    let places: Vec<String> = config
        .policies
        .iter()
        .map(|policy| format!("{} {}", policy.name, policy.place.0.display()))
        .collect();
    assert_eq!(places, ["one labeld.toml", "two p/two.toml"]);

    let problems = parse_files(
        &with_policy(POLICY),
        &[("p/two.toml", POLICY), ("p/three.toml", "log = 1\n")],
    )
    .unwrap_err()
    .to_string();
    assert_eq!(
        problems,
        "p/two.toml:2:8: the policy `one` is there twice, first at labeld.toml:10\n  \
         2 | name = \"one\"\n    |        ^^^^^\n  fix: give each policy its own name\n\n\
         1 problem in p/two.toml\n\n\
         p/three.toml:1:1: unknown key `log` in the top level\n  \
         1 | log = …\n    | ^^^\n  fix: known here: policy\n\n\
         1 problem in p/three.toml"
    );
}

#[test]
fn files_are_found_by_the_last_part_of_their_path() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("policies")).unwrap();
    for name in ["b", "a"] {
        let text = POLICY.replace("one", name);
        std::fs::write(at(&format!("policies/{name}.toml")), text).unwrap();
    }
    std::fs::write(at("policies/notes.txt"), "not a policy").unwrap();
    let load = |policies: &str| {
        std::fs::write(at("labeld.toml"), format!("policies = {policies}\n{GOOD}")).unwrap();
        Config::load(&at("labeld.toml"))
    };
    let names = |config: Config| -> Vec<String> {
        config
            .policies
            .into_iter()
            .map(|policy| policy.name.0)
            .collect()
    };
    for (policies, expected) in [
        ("[\"policies/*.toml\"]", &["a", "b"][..]),
        ("[\"policies/b.toml\", \"policies/*.toml\"]", &["b", "a"]),
        ("[\"policies/*.none\"]", &[]),
    ] {
        assert_eq!(names(load(policies).unwrap()), expected, "{policies}");
    }
    for policies in [
        "[\"policies/c.toml\"]",
        "[\"missing/*.toml\"]",
        "[\"policies/[.toml\"]",
        "7",
    ] {
        assert!(load(policies).is_err(), "{policies}");
    }
}

/// Every filter that the code knows stands in the page for users.
#[test]
fn the_page_for_users_has_every_condition() {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/policies.md")).unwrap();
    let source = Source::new(PathBuf::from("labeld.toml"), with_policy(POLICY));
    let (_, findings) = parse_all(&source, &[]);
    let known: Vec<&str> = findings
        .known
        .iter()
        .filter(|(section, _)| section == "a filter")
        .map(|(_, key)| *key)
        .collect();
    assert!(known.len() > 30, "{known:?}");
    for key in known {
        assert!(
            page.contains(&format!("`{key}`")) || page.contains(&format!("`{key} = ")),
            "{key}"
        );
    }
}
