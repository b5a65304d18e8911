//! Whether a file fulfils a condition (reference/google-drive.md §2.3).

use crate::google::state::directory::User;
use crate::google::state::file::File;
use crate::google::state::permission::{Grantee, Role};
use crate::google::wire::query::{Condition, Term, TextTest};
use crate::google::world::World;

/// Whether `file` fulfils `condition` for `user`.
pub(super) fn holds(world: &World<'_>, user: &User, file: &File, condition: &Condition) -> bool {
    match condition {
        Condition::And(one, other) => {
            holds(world, user, file, one) && holds(world, user, file, other)
        }
        Condition::Or(one, other) => {
            holds(world, user, file, one) || holds(world, user, file, other)
        }
        Condition::Not(inner) => !holds(world, user, file, inner),
        Condition::Term(term) => term_holds(world, user, file, term),
    }
}

fn term_holds(world: &World<'_>, user: &User, file: &File, term: &Term) -> bool {
    match term {
        Term::Text { field, test, value } => text_holds(world, file, field, *test, value),
        Term::Time { field, test, value } => match *field {
            "createdTime" => test.holds(&file.created, value),
            "modifiedTime" | "modifiedDate" => test.holds(&file.modified, value),
            // Nobody looks at anything in this world.
            _ => false,
        },
        Term::Flag { field, value } => {
            let is_set = match *field {
                "trashed" => world.state.is_trashed(file.number),
                "starred" => file.rare.starred,
                _ => file.owner.as_ref() != Some(&user.id) && file.drive.is_none(),
            };
            is_set == *value
        }
        Term::Number { .. } => false,
        Term::In { value, field } => in_holds(world, user, file, value, field),
        Term::Has { field, key, value } => {
            let properties = match *field {
                "appProperties" => &file.rare.app_properties,
                _ => &file.rare.properties,
            };
            properties.get(key) == Some(value)
        }
    }
}

fn text_holds(world: &World<'_>, file: &File, field: &str, test: TextTest, value: &str) -> bool {
    let visibility;
    let actual = match field {
        "name" | "title" | "fullText" => file.name.as_str(),
        "mimeType" => file.mime_type.as_str(),
        "visibility" => {
            visibility = self::visibility(world, file);
            visibility
        }
        _ => file.rare.target.as_deref().unwrap_or_default(),
    };
    match test {
        TextTest::Equal => actual == value,
        TextTest::Unequal => actual != value,
        TextTest::Contains if field == "mimeType" => actual.starts_with(value),
        // The beginning of a word.
        TextTest::Contains => {
            let (actual, value) = (actual.to_lowercase(), value.to_lowercase());
            actual.starts_with(&value)
                || actual
                    .split(|c: char| !c.is_alphanumeric())
                    .any(|word| word.starts_with(&value))
        }
    }
}

fn visibility(world: &World<'_>, file: &File) -> &'static str {
    let permissions = world.effective_permissions(file.number);
    let mut found = "limited";
    for (permission, _) in &permissions {
        match permission.grantee {
            Grantee::Anyone { discoverable: true } => return "anyoneCanFind",
            Grantee::Anyone {
                discoverable: false,
            } => found = "anyoneWithLink",
            Grantee::Domain {
                discoverable: true, ..
            } if found == "limited" => found = "domainCanFind",
            Grantee::Domain {
                discoverable: false,
                ..
            } if found == "limited" => found = "domainWithLink",
            _ => {}
        }
    }
    found
}

fn in_holds(world: &World<'_>, user: &User, file: &File, value: &str, field: &str) -> bool {
    let who = if value == "me" {
        user.email.as_str()
    } else {
        value
    };
    match field {
        "parents" => {
            let id = match value {
                "root" => world.state.file(user.root).map(|root| root.id.as_str()),
                id => Some(id),
            };
            let parent = file.parent.and_then(|parent| world.state.file(parent));
            parent.is_some_and(|parent| Some(parent.id.as_str()) == id)
        }
        "owners" => world
            .state
            .owner(file)
            .is_some_and(|owner| owner.email.eq_ignore_ascii_case(who)),
        "labels" => {
            let id = value.strip_prefix("labels/").unwrap_or(value);
            file.rare.labels.contains_key(id)
        }
        _ => {
            let least = if field == "writers" {
                Role::Writer
            } else {
                Role::Reader
            };
            let permissions = world.effective_permissions(file.number);
            permissions
                .iter()
                .any(|(permission, _)| match &permission.grantee {
                    Grantee::User(email) | Grantee::Group(email) => {
                        email.eq_ignore_ascii_case(who) && permission.role >= least
                    }
                    _ => false,
                })
        }
    }
}
