//! What a body says of a file.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::google::state::file::{Rare, Restriction};
use crate::google::state::to_milliseconds;
use crate::google::wire::call::Call;
use crate::google::wire::failure::Failure;

/// Fields that a client can set; `None` for what it did not name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::google::api) struct Metadata {
    pub(super) id: Option<String>,
    pub(in crate::google::api) name: Option<String>,
    pub(in crate::google::api) mime_type: Option<String>,
    pub(in crate::google::api) parents: Option<Vec<String>>,
    pub(super) description: Option<String>,
    pub(super) created: Option<DateTime<Utc>>,
    pub(super) modified: Option<DateTime<Utc>>,
    pub(super) trashed: Option<bool>,
    pub(super) starred: Option<bool>,
    pub(super) target: Option<String>,
    /// `None` deletes.
    properties: BTreeMap<String, Option<String>>,
    app_properties: BTreeMap<String, Option<String>>,
    restrictions: Option<Vec<Value>>,
}

/// What the service itself says of a file, and nobody else.
const OUTPUT_ONLY: &[&str] = &[
    "md5Checksum",
    "sha1Checksum",
    "sha256Checksum",
    "size",
    "fileSize",
    "headRevisionId",
    "version",
    "owners",
    "driveId",
    "capabilities",
    "ownedByMe",
    "shared",
    "webViewLink",
    "lastModifyingUser",
    "permissions",
    "quotaBytesUsed",
];

impl Metadata {
    /// Reads a body of v3, or of v2.
    pub(in crate::google::api) fn read(body: &Value, v2: bool) -> Result<Self, Failure> {
        let fields = body
            .as_object()
            .ok_or_else(|| Failure::bad_request("parseError", "Parse Error"))?;
        if !v2
            && fields
                .keys()
                .any(|name| OUTPUT_ONLY.contains(&name.as_str()))
        {
            return Err(Failure::forbidden(
                "fieldNotWritable",
                "The resource body includes fields which are not directly writable.",
            ));
        }
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let flag = |value: Option<&Value>| value.and_then(Value::as_bool);
        let (name, created, modified) = match v2 {
            true => ("title", "createdDate", "modifiedDate"),
            false => ("name", "createdTime", "modifiedTime"),
        };
        let labels = body.get("labels").filter(|_| v2).unwrap_or(body);
        let mut metadata = Self {
            id: text("id"),
            name: text(name),
            mime_type: text("mimeType"),
            parents: parents(body.get("parents")),
            description: text("description"),
            created: time(body.get(created))?,
            modified: time(body.get(modified))?,
            trashed: flag(labels.get("trashed")),
            starred: flag(labels.get("starred")),
            target: body
                .pointer("/shortcutDetails/targetId")
                .and_then(Value::as_str)
                .map(str::to_owned),
            restrictions: body
                .get("contentRestrictions")
                .and_then(Value::as_array)
                .cloned(),
            ..Self::default()
        };
        if v2 {
            metadata.read_list(body.get("properties"));
        } else {
            metadata.properties = map(body.get("properties"));
            metadata.app_properties = map(body.get("appProperties"));
        }
        metadata.check_properties()?;
        Ok(metadata)
    }

    /// Properties as v2 has them.
    fn read_list(&mut self, list: Option<&Value>) {
        for property in list.and_then(Value::as_array).into_iter().flatten() {
            let text = |name: &str| property.get(name).and_then(Value::as_str);
            let Some(key) = text("key") else { continue };
            let value = text("value").map(str::to_owned);
            let properties = match text("visibility") {
                Some("PUBLIC") => &mut self.properties,
                _ => &mut self.app_properties,
            };
            properties.insert(key.to_owned(), value);
        }
    }

    /// §4 "Custom properties": 124 bytes for key and value together.
    fn check_properties(&self) -> Result<(), Failure> {
        let mut all = self.properties.iter().chain(&self.app_properties);
        let is_long = |(key, value): (&String, &Option<String>)| {
            key.len() + value.as_ref().map_or(0, String::len) > 124
        };
        if all.any(is_long) {
            return Err(Failure::bad_request(
                "propertyTooLong",
                "The property key and value are longer than 124 bytes.",
            ));
        }
        Ok(())
    }

    pub(super) fn put_properties(&self, rare: &mut Rare) {
        for (new, held) in [
            (&self.properties, &mut rare.properties),
            (&self.app_properties, &mut rare.app_properties),
        ] {
            for (key, value) in new {
                match value {
                    Some(value) => held.insert(key.clone(), value.clone()),
                    None => held.remove(key),
                };
            }
        }
    }

    pub(super) fn put_restrictions(&self, rare: &mut Rare, by: &str, now: DateTime<Utc>) {
        let Some(restrictions) = &self.restrictions else {
            return;
        };
        rare.restrictions = restrictions
            .iter()
            .filter(|it| it.get("readOnly").and_then(Value::as_bool) == Some(true))
            .map(|it| Restriction {
                read_only: true,
                reason: it.get("reason").and_then(Value::as_str).map(str::to_owned),
                by: by.to_owned(),
                since: now,
                by_system: false,
            })
            .collect();
    }

    /// Whether it names anything that counts as a modification of the file.
    pub(super) fn is_more_than_a_star(&self) -> bool {
        let star = Self {
            starred: self.starred,
            trashed: self.trashed,
            ..Self::default()
        };
        *self != star
    }

    /// What the time of modification becomes; `None` when it stays. Version 2 says so in the query.
    pub(super) fn modified_after(
        &self,
        call: &Call,
        now: DateTime<Utc>,
        before: DateTime<Utc>,
        has_content: bool,
    ) -> Option<DateTime<Utc>> {
        let now = to_milliseconds(now);
        let now_if_needed = has_content.then_some(now);
        if !call.path.contains("/drive/v2/") {
            return self.modified.or(now_if_needed);
        }
        let legacy = call.parameter("setModifiedDate") == Some("true");
        match call.parameter("modifiedDateBehavior") {
            Some("noChange") => Some(before),
            Some("fromBody") => self.modified.or(Some(before)),
            Some("fromBodyIfNeeded") => self.modified.filter(|_| has_content),
            Some("fromBodyOrNow") => Some(self.modified.unwrap_or(now)),
            Some("now") => Some(now),
            None if legacy => self.modified.or(now_if_needed),
            _ => now_if_needed,
        }
    }
}

/// Ids, or objects with ids.
fn parents(value: Option<&Value>) -> Option<Vec<String>> {
    let parents = value?.as_array()?.iter();
    let ids = parents.filter_map(|parent| parent.as_str().or_else(|| parent.get("id")?.as_str()));
    Some(ids.map(str::to_owned).collect())
}

fn map(value: Option<&Value>) -> BTreeMap<String, Option<String>> {
    let fields = value.and_then(Value::as_object).into_iter().flatten();
    fields
        .map(|(key, value)| (key.clone(), value.as_str().map(str::to_owned)))
        .collect()
}

/// A time, cut to milliseconds.
fn time(value: Option<&Value>) -> Result<Option<DateTime<Utc>>, Failure> {
    let Some(text) = value.and_then(Value::as_str) else {
        return Ok(None);
    };
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|_| Failure::bad_request("invalid", "Invalid value for: Invalid format"))?;
    Ok(Some(to_milliseconds(time.to_utc())))
}
