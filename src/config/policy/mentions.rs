//! What policies name: themselves, each other, tenants, apps. Compared once every file was read.

use std::collections::BTreeMap;
use std::ops::Range;

use super::values::OneOrMore;
use crate::config::problem::Finding;
use crate::config::section::Section;
use crate::config::tenant::{APP_KINDS, TenantConfig};
use crate::config::value::{Refusal, Value, nearest, refuse, wrong_type};
use crate::config::{Config, source::Source};
use crate::model::policy::PolicyName;
use crate::model::{AppName, TenantName};

/// What a name is meant to be the name of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Itself,
    Policy,
    Tenant,
    App,
}

/// The names in one file, with their places.
#[derive(Debug, Default)]
pub(super) struct Mentions {
    list: Vec<(What, String, Range<usize>)>,
}

impl Mentions {
    fn add(&mut self, section: &Section<'_>, key: &str, what: What, names: &[String]) {
        if let Some(span) = section.span_of(key) {
            let mentions = names.iter().map(|name| (what, name.clone(), span.clone()));
            self.list.extend(mentions);
        }
    }

    pub(super) fn own_name(&mut self, section: &mut Section<'_>) -> Option<PolicyName> {
        let name: PolicyName = section.required("name")?;
        self.add(section, "name", What::Itself, std::slice::from_ref(&name.0));
        Some(name)
    }

    pub(super) fn policies(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
    ) -> Option<Vec<PolicyName>> {
        let OneOrMore(names) = section.optional::<OneOrMore<PolicyName>>(key)?;
        let texts: Vec<String> = names.iter().map(|name| name.0.clone()).collect();
        self.add(section, key, What::Policy, &texts);
        Some(names)
    }

    pub(super) fn apps(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
    ) -> Option<Vec<AppName>> {
        let OneOrMore(names) = section.optional::<OneOrMore<AppName>>(key)?;
        let texts: Vec<String> = names.iter().map(|name| name.0.clone()).collect();
        self.add(section, key, What::App, &texts);
        Some(names)
    }

    pub(super) fn tenants(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
    ) -> Option<Vec<TenantName>> {
        let OneOrMore(names) = section.optional::<OneOrMore<TenantName>>(key)?;
        let texts: Vec<String> = names.iter().map(|name| name.0.clone()).collect();
        self.add(section, key, What::Tenant, &texts);
        Some(names)
    }

    pub(super) fn kinds(
        &mut self,
        section: &mut Section<'_>,
        key: &'static str,
    ) -> Option<Vec<String>> {
        let OneOrMore(kinds) = section.optional::<OneOrMore<Kind>>(key)?;
        Some(kinds.into_iter().map(|Kind(kind)| kind).collect())
    }
}

/// A kind of app, as its table is called.
#[derive(Debug)]
struct Kind(String);

impl Value for Kind {
    const EXPECTED: &'static str = "a kind of app as text";
    const EXAMPLE: &'static str = "\"sharepoint\"";

    fn read(value: &toml::de::DeValue<'_>, _: &Source) -> Result<Self, Refusal> {
        let text = value.as_str().ok_or_else(|| wrong_type::<Self>(value))?;
        if APP_KINDS.contains(&text) {
            return Ok(Self(text.to_owned()));
        }
        let all = APP_KINDS.join(", ");
        let fix = match nearest(text, APP_KINDS.iter().copied()) {
            Some(near) => format!("did you mean \"{near}\"? One of {all}"),
            None => format!("one of {all}"),
        };
        refuse("not a kind of app", fix)
    }
}

/// Compares what the files mention with each other and with the tenants and apps. One list of findings for each file.
pub(super) fn compare(
    config: &Config,
    files: &[(&Source, &Mentions)],
    findings: &mut [Vec<Finding>],
) {
    let mut first: BTreeMap<&str, String> = BTreeMap::new();
    for ((source, mentions), found) in files.iter().zip(findings.iter_mut()) {
        for (_, name, span) in mentions
            .list
            .iter()
            .filter(|(what, ..)| *what == What::Itself)
        {
            let (line, _) = source.position(span.start);
            let place = format!("{}:{line}", source.file.display());
            match first.get(name.as_str()) {
                None => {
                    first.insert(name, place);
                }
                Some(other) => found.push(finding(
                    span,
                    format!("the policy `{name}` is there twice, first at {other}"),
                    "give each policy its own name".to_owned(),
                )),
            }
        }
    }
    let policies: Vec<&str> = first.keys().copied().collect();
    let tenants: Vec<&str> = config.tenants.iter().map(|it| it.name.0.as_str()).collect();
    let apps = config.tenants.iter().flat_map(TenantConfig::apps);
    let apps: Vec<&str> = apps.map(|app| app.name().0.as_str()).collect();
    for ((_, mentions), found) in files.iter().zip(findings.iter_mut()) {
        for (what, name, span) in &mentions.list {
            let (known, called) = match what {
                What::Itself => continue,
                What::Policy => (&policies, "policy"),
                What::Tenant => (&tenants, "tenant"),
                What::App => (&apps, "app"),
            };
            if known.contains(&name.as_str()) {
                continue;
            }
            let fix = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("there is {}", known.join(", ")),
            };
            found.push(finding(
                span,
                format!("no {called} is called `{name}`"),
                fix,
            ));
        }
    }
}

fn finding(span: &Range<usize>, message: String, fix: String) -> Finding {
    Finding {
        span: Some(span.clone()),
        message,
        fix,
        structural: true,
    }
}
