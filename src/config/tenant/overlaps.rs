//! No file may be in two apps of a tenant: it would be listed, counted and labelled twice.

use std::collections::BTreeMap;

use url::Url;

use super::{BoxConfig, GoogleConfig, OneDriveConfig, SharePointConfig};
use crate::config::section::Section;
use crate::model::AppName;

/// What an app of a kind takes, for the check that no file is in two of them.
struct Taken<'a> {
    app: &'a AppName,
    /// Empty for all.
    listed: Vec<String>,
    excluded: Vec<String>,
}

/// The cloud apps of a tenant.
pub(super) struct CloudApps<'a> {
    pub(super) sharepoint: &'a [SharePointConfig],
    pub(super) onedrive: &'a [OneDriveConfig],
    pub(super) boxes: &'a [BoxConfig],
    pub(super) google: &'a [GoogleConfig],
}

/// Refuses apps that would list, count and label the same files.
pub(super) fn refuse_overlaps(section: &mut Section<'_>, apps: &CloudApps<'_>) {
    let sites: Vec<Taken<'_>> = apps
        .sharepoint
        .iter()
        .map(|app| Taken {
            app: &app.name,
            listed: app.sites.iter().map(normal_site).collect(),
            excluded: app.exclude.iter().map(normal_site).collect(),
        })
        .collect();
    refuse_overlap(section, "sharepoint", "site", "sites", &sites);
    let onedrives = apps.onedrive.iter();
    let onedrives: Vec<Taken<'_>> = onedrives
        .map(|app| of_people(&app.name, &app.users, &app.exclude))
        .collect();
    refuse_overlap(section, "onedrive", "user", "users", &onedrives);
    // Apps that sign in with something else may be of other enterprises and other customers.
    for alike in alike(apps.boxes, |app| &app.credential) {
        let people = alike.iter();
        let people: Vec<Taken<'_>> = people
            .map(|app| of_people(&app.name, &app.users, &app.exclude))
            .collect();
        refuse_overlap(section, "box", "user", "users", &people);
    }
    for alike in alike(apps.google, |app| {
        (&app.service_account, domain_of(&app.admin))
    }) {
        let people = alike.iter();
        let people: Vec<Taken<'_>> = people
            .map(|app| of_people(&app.name, &app.users, &app.exclude))
            .collect();
        refuse_overlap(section, "google", "user", "users", &people);
        refuse_shared_drives(section, &alike);
    }
}

fn of_people<'a>(app: &'a AppName, users: &[String], exclude: &[String]) -> Taken<'a> {
    let lower = |people: &[String]| people.iter().map(|one| one.to_lowercase()).collect();
    Taken {
        app,
        listed: lower(users),
        excluded: lower(exclude),
    }
}

/// The apps in groups of those that have an equal `key`.
fn alike<'a, T, K: PartialEq + 'a>(apps: &'a [T], key: impl Fn(&'a T) -> K) -> Vec<Vec<&'a T>> {
    let mut groups: Vec<(K, Vec<&T>)> = Vec::new();
    for app in apps {
        let key = key(app);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, group)) => group.push(app),
            None => groups.push((key, vec![app])),
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

fn domain_of(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    Some(domain.to_lowercase())
}

/// Shared drives cannot be listed one by one, so that only one app may take them.
fn refuse_shared_drives(section: &mut Section<'_>, apps: &[&GoogleConfig]) {
    let mut takers = apps.iter().filter(|app| app.shared_drives);
    if let (Some(one), Some(other)) = (takers.next(), takers.next()) {
        section.report_key(
            "google",
            format!(
                "app `{}` and app `{}` both take the shared drives",
                one.name, other.name
            ),
            "add `shared_drives = false` to all of them but one",
        );
    }
}

/// SharePoint compares addresses without regard to case.
fn normal_site(url: &Url) -> String {
    url.as_str().trim_end_matches('/').to_lowercase()
}

fn refuse_overlap(section: &mut Section<'_>, kind: &str, one: &str, key: &str, apps: &[Taken<'_>]) {
    let mut takers: BTreeMap<&str, &AppName> = BTreeMap::new();
    let mut problems = Vec::new();
    for app in apps {
        for item in &app.listed {
            if app.excluded.contains(item) {
                continue;
            }
            if let Some(other) = takers
                .insert(item, app.app)
                .filter(|other| *other != app.app)
            {
                problems.push(format!(
                    "{one} `{item}` is in both app `{other}` and app `{}`",
                    app.app
                ));
            }
        }
    }
    let takes_rest: Vec<&Taken<'_>> = apps.iter().filter(|app| app.listed.is_empty()).collect();
    for (index, all) in takes_rest.iter().enumerate() {
        if let Some(other) = takes_rest.get(index + 1) {
            problems.push(format!(
                "app `{}` and app `{}` both take every {one}",
                all.app, other.app
            ));
        }
        if let Some((item, app)) = takers
            .iter()
            .find(|(item, _)| !all.excluded.iter().any(|it| it == *item))
        {
            problems.push(format!(
                "{one} `{item}` is in both app `{app}` and app `{}`, which takes every {one}",
                all.app
            ));
        }
    }
    for problem in problems {
        section.report_key(
            kind,
            problem,
            &format!("take each {one} into one app: with `{key}`, or with `exclude`"),
        );
    }
}
