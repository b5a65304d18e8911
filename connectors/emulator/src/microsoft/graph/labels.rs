//! The tenant's label list (reference/microsoft-graph.md §2).

use http::StatusCode;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::projection::Projection;
use super::route::ApiVersion;
use super::schema::LABEL;
use super::{access, page, refer};
use crate::microsoft::state::label::Label;
use crate::microsoft::switches::{Availability, LabelShape};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::World;

/// The list, of the tenant or of a person.
pub(super) fn list(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    version: ApiVersion,
    user: Option<&str>,
) -> Result<Reply, Failure> {
    admit(world, caller, version, user)?;
    call.allow_options(&[
        "$select",
        "$filter",
        "$top",
        "$skip",
        "$skiptoken",
        "$expand",
        "$orderby",
        "$count",
    ])?;
    let projection = Projection::of(call, &LABEL)?;
    let filter = Filter::parse(call.parameter("$filter"), user.is_some())?;
    let top_level = |label: &&Label| match version {
        ApiVersion::Beta => true,
        ApiVersion::V1 => label.parent.is_none() || world.switches.sublabels_at_top_level,
    };
    let entries: Vec<Value> = world
        .state
        .labels
        .iter()
        .filter(top_level)
        .filter(|label| filter.lets_through(label))
        .map(|label| projection.apply(shown(world, label, version)))
        .collect();
    let usual = world.switches.label_page_size.unwrap_or(usize::MAX);
    let mut body = page::of(world, call, &entries, usual)?;
    let base = &world.bases.graph;
    body["@odata.context"] = match version {
        ApiVersion::V1 => json!(format!(
            "{base}v1.0/$metadata#security/dataSecurityAndGovernance/sensitivityLabels"
        )),
        ApiVersion::Beta => json!(format!(
            "{base}beta/$metadata#security/informationProtection/sensitivityLabels"
        )),
    };
    Ok(Reply::json(body))
}

/// One label.
pub(super) fn get(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    version: ApiVersion,
    named: (Option<&str>, &str),
) -> Result<Reply, Failure> {
    admit(world, caller, version, named.0)?;
    call.allow_options(&["$select", "$expand"])?;
    let projection = Projection::of(call, &LABEL)?;
    let label = find(world, named.1)?;
    Ok(Reply::json(projection.apply(shown(world, label, version))))
}

/// The labels below one.
pub(super) fn sublabels(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    id: &str,
) -> Result<Reply, Failure> {
    admit(world, caller, ApiVersion::V1, None)?;
    call.allow_options(&["$select", "$filter", "$top", "$skiptoken"])?;
    let projection = Projection::of(call, &LABEL)?;
    let parent = find(world, id)?.id;
    let entries: Vec<Value> = below(world, parent)
        .map(|label| projection.apply(shown(world, label, ApiVersion::V1)))
        .collect();
    page::of(world, call, &entries, usize::MAX).map(Reply::json)
}

/// What a protecting label lets people do.
pub(super) fn rights(world: &World<'_>, caller: &Caller, id: &str) -> Result<Reply, Failure> {
    admit(world, caller, ApiVersion::V1, None)?;
    let label = find(world, id)?;
    Ok(Reply::json(json!({
        "id": label.id,
        "value": if label.protects { "view,edit" } else { "owner" },
        "ownerEmail": null,
        "userEmail": null,
    })))
}

fn admit(
    world: &World<'_>,
    caller: &Caller,
    version: ApiVersion,
    user: Option<&str>,
) -> Result<(), Failure> {
    let (available, roles) = match version {
        ApiVersion::V1 => (world.switches.labels_v1, access::LABELS),
        ApiVersion::Beta => (world.switches.labels_beta, access::LABELS_BETA),
    };
    access::require(caller, roles)?;
    if let Some(user) = user {
        refer::user(world, user)?;
    }
    match available {
        Availability::Available => Ok(()),
        Availability::Forbidden => Err(Failure::access_denied()),
        Availability::NotFound => Err(Failure::new(StatusCode::NOT_FOUND, "UnknownError", "")),
        Availability::Failing => Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UnknownError",
            "",
        )),
    }
}

fn find<'a>(world: &'a World<'_>, id: &str) -> Result<&'a Label, Failure> {
    id.parse::<Uuid>()
        .ok()
        .and_then(|id| world.state.label(id))
        .ok_or_else(|| {
            Failure::new(
                StatusCode::NOT_FOUND,
                "NotFound",
                "The label was not found.",
            )
        })
}

fn below<'a>(world: &'a World<'_>, parent: Uuid) -> impl Iterator<Item = &'a Label> {
    world
        .state
        .labels
        .iter()
        .filter(move |label| label.parent == Some(parent))
}

fn shown(world: &World<'_>, label: &Label, version: ApiVersion) -> Value {
    if version == ApiVersion::Beta {
        return beta(world, label, 0);
    }
    let shape = world.switches.label_shape;
    let mut shown = Map::new();
    if shape != LabelShape::Docs {
        shown.extend(metadata_fields(label));
    }
    if shape != LabelShape::Metadata {
        shown.extend(docs_fields(world, label));
    }
    shown.insert("priority".into(), json!(priority(world, label)));
    // Labels have no more than two levels.
    let sublabels: Vec<Value> = below(world, label.id)
        .filter(|_| label.parent.is_none())
        .map(|label| self::shown(world, label, version))
        .collect();
    shown.insert("sublabels".into(), sublabels.into());
    shown.into()
}

fn priority(world: &World<'_>, label: &Label) -> i32 {
    if !world.switches.label_priority_reversed {
        return label.priority;
    }
    let highest = world
        .state
        .labels
        .iter()
        .map(|label| label.priority)
        .max()
        .unwrap_or(0);
    highest - label.priority
}

fn metadata_fields(label: &Label) -> Map<String, Value> {
    let fields = json!({
        "id": label.id,
        "name": label.name,
        "displayName": null,
        "description": label.description,
        "toolTip": label.tooltip,
        "autoTooltip": "",
        "hasProtection": label.protects,
        "isDefault": label.is_default,
        "isEndpointProtectionEnabled": label.protects,
        "isScopedToUser": true,
        "locale": "en-US",
        "actionSource": "manual",
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn docs_fields(world: &World<'_>, label: &Label) -> Map<String, Value> {
    let fields = json!({
        "id": label.id,
        "name": label.name,
        "description": label.description,
        "color": label.color,
        "toolTip": label.tooltip,
        "isEnabled": label.enabled,
        "isEndpointProtectionEnabled": label.protects,
        "hasProtection": label.protects,
        "autoTooltip": "",
        "actionSource": "manual",
        "applicableTo": label.applicable_to,
        "applicationMode": "manual",
        "sensitivity": priority(world, label),
    });
    fields.as_object().cloned().unwrap_or_default()
}

fn beta(world: &World<'_>, label: &Label, depth: u8) -> Value {
    let has_children = below(world, label.id).next().is_some();
    let formats: Vec<&str> = label
        .applicable_to
        .split(',')
        .map(str::trim)
        .filter(|target| ["email", "file", "site"].contains(target))
        .collect();
    let parent = label
        .parent
        .and_then(|parent| world.state.label(parent))
        .filter(|_| depth < 3)
        .map(|parent| beta(world, parent, depth + 1));
    json!({
        "id": label.id,
        "name": label.name,
        "description": label.description,
        "color": label.color,
        "sensitivity": label.priority,
        "tooltip": label.tooltip,
        "isActive": label.enabled,
        "isAppliable": !has_children,
        "hasProtection": label.protects,
        "contentFormats": formats,
        "parent": parent,
    })
}

/// The few filters that the list knows (§2.2).
#[derive(Debug, Default)]
struct Filter {
    target: Option<String>,
    ids: Option<Vec<Uuid>>,
    enabled: Option<bool>,
}

impl Filter {
    fn parse(text: Option<&str>, of_user: bool) -> Result<Self, Failure> {
        let refused = || Failure::bad_request("Invalid filter clause.");
        let mut filter = Self::default();
        let Some(text) = text else {
            return Ok(filter);
        };
        for clause in text.split(" and ").map(str::trim) {
            if let Some(target) = clause.strip_prefix("applicableTo has ") {
                filter.target = Some(quoted(target).ok_or_else(refused)?.to_owned());
            } else if let Some(list) = clause.strip_prefix("id in ") {
                let list = list
                    .trim()
                    .strip_prefix('(')
                    .and_then(|list| list.strip_suffix(')'));
                let ids = list.ok_or_else(refused)?.split(',').map(|id| {
                    let id = id.trim();
                    quoted(id).unwrap_or(id).parse().map_err(|_| refused())
                });
                filter.ids = Some(ids.collect::<Result<_, _>>()?);
            } else if let Some(value) = clause.strip_prefix("isScopedToUser eq ") {
                if !of_user {
                    return Err(Failure::bad_request(
                        "isScopedToUser is not a valid filter for the tenant.",
                    ));
                }
                filter.enabled = Some(value.trim().parse().map_err(|_| refused())?);
            } else {
                return Err(refused());
            }
        }
        Ok(filter)
    }

    fn lets_through(&self, label: &Label) -> bool {
        let targets = |target: &String| {
            label
                .applicable_to
                .split(',')
                .any(|known| known.trim() == target)
        };
        self.target.as_ref().is_none_or(targets)
            && self.ids.as_ref().is_none_or(|ids| ids.contains(&label.id))
            && self.enabled.is_none_or(|enabled| enabled == label.enabled)
    }
}

fn quoted(text: &str) -> Option<&str> {
    text.trim().strip_prefix('\'')?.strip_suffix('\'')
}
