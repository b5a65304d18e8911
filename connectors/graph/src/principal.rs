//! Who a grantee is, by the names that SharePoint and the directory give (reference/microsoft-graph.md §7.3).

use crate::model::{Identity, IdentitySet};

/// A grantee, as far as its names tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal {
    /// The owner of the drive.
    Owner,
    /// An app: no person reaches the file through it.
    App,
    /// Somebody, or some group, of the organisation.
    Internal,
    /// A guest, somebody of another organisation, or everybody with an account anywhere.
    External,
    /// A person with this directory id, who may be a guest.
    Person(String),
    /// Of a form that says nothing.
    Unknown,
}

/// Who `grantee` is. `owner` owns the drive; `domains` are the organisation's, in lower case, and empty
/// where they are not known.
pub(crate) fn classify(
    grantee: &IdentitySet,
    owner: Option<&Identity>,
    domains: &[String],
) -> Principal {
    let people: Vec<&Identity> = [&grantee.user, &grantee.site_user]
        .into_iter()
        .flatten()
        .collect();
    if let Some(owner) = owner
        && people.iter().any(|person| is_same(person, owner))
    {
        return Principal::Owner;
    }
    for login in people.iter().flat_map(|person| logins(person)) {
        match by_login(&login, domains) {
            Principal::Unknown => {}
            principal => return principal,
        }
    }
    if grantee.group.is_some()
        || grantee.site_group.is_some()
        || grantee.share_point_group.is_some()
    {
        return Principal::Internal;
    }
    if grantee.user.is_none() && grantee.site_user.is_none() && grantee.application.is_some() {
        return Principal::App;
    }
    by_address_or_id(grantee.user.as_ref(), domains)
}

/// The names of a person that have a form of their own, in lower case.
fn logins(person: &Identity) -> impl Iterator<Item = String> {
    [&person.login_name, &person.user_principal_name]
        .into_iter()
        .flatten()
        .map(|name| name.to_lowercase())
}

fn by_login(login: &str, domains: &[String]) -> Principal {
    if login.contains("#ext#")
        || login.contains("urn%3aspo%3aguest")
        || login.contains("urn:spo:guest")
    {
        return Principal::External;
    }
    if login.starts_with("c:0(.s|true") {
        return Principal::External;
    }
    let inside = [
        "c:0-.f|rolemanager|spo-grid-all-users/",
        "c:0o.c|federateddirectoryclaimprovider|",
        "c:0t.c|tenant|",
    ];
    if inside.iter().any(|prefix| login.starts_with(prefix)) {
        return Principal::Internal;
    }
    if login.starts_with("i:0i.t|") {
        return Principal::App;
    }
    match login.strip_prefix("i:0#.f|membership|") {
        Some(name) => match domain_of(name) {
            Some(domain) if !domains.is_empty() && !domains.contains(&domain) => {
                Principal::External
            }
            _ => Principal::Internal,
        },
        None => Principal::Unknown,
    }
}

fn by_address_or_id(user: Option<&Identity>, domains: &[String]) -> Principal {
    let Some(user) = user else {
        return Principal::Unknown;
    };
    let address = user
        .email
        .as_deref()
        .or(user.user_principal_name.as_deref());
    match address.and_then(domain_of) {
        Some(domain) if domains.contains(&domain) => return Principal::Internal,
        Some(_) if !domains.is_empty() => return Principal::External,
        _ => {}
    }
    match &user.id {
        Some(id) if !id.is_empty() => Principal::Person(id.clone()),
        _ => Principal::Unknown,
    }
}

/// How a grantee is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    /// By a mail address, in lower case.
    Address(String),
    /// A group, or everybody of some kind, that has no address, or none that is told.
    Crowd,
    /// By a directory id alone.
    Id(String),
    /// By nothing that says who it is.
    Nothing,
}

/// By what name something is shared with `grantee`.
pub(crate) fn name_of(grantee: &IdentitySet) -> Named {
    let people = [&grantee.user, &grantee.site_user];
    let groups = [
        &grantee.group,
        &grantee.site_group,
        &grantee.share_point_group,
    ];
    let all = || people.into_iter().chain(groups).flatten();
    let told = all().filter_map(|identity| identity.email.as_deref());
    if let Some(address) = told.filter_map(address_in).next() {
        return Named::Address(address);
    }
    let is_group = groups.iter().any(|group| group.is_some());
    let is_claim = |login: String| login.starts_with("c:0");
    if is_group || all().flat_map(logins).any(is_claim) {
        return Named::Crowd;
    }
    let by_login = all().flat_map(logins).find_map(|login| address_in(&login));
    if let Some(address) = by_login {
        return Named::Address(address);
    }
    match grantee.user.as_ref().and_then(|user| user.id.clone()) {
        Some(id) if !id.is_empty() => Named::Id(id),
        _ => Named::Nothing,
    }
}

/// The mail address in an address, a principal name or a login: that of a guest is part of the name that the inviting
/// organisation gives them.
pub(crate) fn address_in(name: &str) -> Option<String> {
    let name = name.to_lowercase();
    let bare = name.strip_prefix("i:0#.f|membership|").unwrap_or(&name);
    let one_time = ["urn%3aspo%3aguest#", "urn:spo:guest#"];
    let one_time = one_time.iter().find_map(|prefix| bare.strip_prefix(prefix));
    let address = match (one_time, bare.split_once("#ext#")) {
        (Some(address), _) => address.to_owned(),
        (None, Some((mangled, _))) => {
            let (person, domain) = mangled.rsplit_once('_')?;
            format!("{person}@{domain}")
        }
        (None, None) => bare.to_owned(),
    };
    let (person, domain) = address.rsplit_once('@')?;
    let is_address = !person.is_empty() && !domain.is_empty() && !address.contains(['|', '#']);
    is_address.then_some(address)
}

/// Whether two identities are one person, by any name that both have.
fn is_same(person: &Identity, owner: &Identity) -> bool {
    if let (Some(one), Some(other)) = (&person.id, &owner.id)
        && one == other
    {
        return true;
    }
    let names = |identity: &Identity| -> Vec<String> {
        [
            &identity.email,
            &identity.user_principal_name,
            &identity.login_name,
        ]
        .into_iter()
        .flatten()
        .map(|name| {
            let name = name.to_lowercase();
            let bare = name.strip_prefix("i:0#.f|membership|");
            bare.map(str::to_owned).unwrap_or(name)
        })
        .filter(|name| !name.is_empty())
        .collect()
    };
    let owners = names(owner);
    names(person).iter().any(|name| owners.contains(name))
}

/// The domain of an e-mail address, in lower case.
pub(crate) fn domain_of(address: &str) -> Option<String> {
    let (_, domain) = address.rsplit_once('@')?;
    Some(domain.to_lowercase()).filter(|domain| !domain.is_empty())
}
