//! Sensitivity labels on files (reference/microsoft-graph.md §6.1, §6.2).

use http::StatusCode;
use http::header::LOCATION;
use serde_json::json;
use uuid::Uuid;

use super::upload;
use crate::microsoft::state::item::StoredLabel;
use crate::microsoft::state::transient::{Effect, LabelJob, Place, Scheduled};
use crate::microsoft::switches::ExtractShape;
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::World;
use crate::microsoft::{labelling, sharepoint, throttle};

/// `POST …/extractSensitivityLabels`: reads the label, and makes the service notice it.
pub(super) fn extract(world: &mut World<'_>, place: Place) -> Result<Reply, Failure> {
    refuse_type(world, place)?;
    refuse_undecryptable(world, place)?;
    let stored = labelling::notice(world, place)?;
    let labels: Vec<_> = stored
        .label
        .iter()
        .map(|label| {
            json!({
                "sensitivityLabelId": label,
                "assignmentMethod": stored.method,
                "tenantId": stored.tenant.unwrap_or(world.state.tenant_id),
            })
        })
        .collect();
    let context = format!(
        "{}v1.0/$metadata#microsoft.graph.extractSensitivityLabelsResult",
        world.bases.graph
    );
    Ok(Reply::json(match world.switches.extract_shape {
        ExtractShape::TopLevel => json!({ "@odata.context": context, "labels": labels }),
        ExtractShape::Wrapped => json!({ "value": { "labels": labels } }),
    }))
}

/// `POST …/assignSensitivityLabel`: accepts an assignment, which is done later.
pub(super) fn assign(
    world: &mut World<'_>,
    caller: &Caller,
    call: &Call,
    place: Place,
) -> Result<Reply, Failure> {
    if !world.switches.billing {
        return Err(Failure::new(
            StatusCode::PAYMENT_REQUIRED,
            "paymentRequired",
            "Payment Required. No billing resource is linked to this application.",
        ));
    }
    throttle::charge_assignment(world)?;
    let (label, method) = wanted(world, call)?;
    refuse_type(world, place)?;
    refuse_undecryptable(world, place)?;
    upload::refuse_change(world, caller, place)?;
    refuse_unjustified(world, call, place, label)?;
    let now = world.millis();
    let due = now + i64::from(world.switches.assign_milliseconds);
    let id = format!(
        "QXNzaWduU2Vuc2l0aXZpdHlMYWJlbCxl{}",
        world.state.new_uuid().simple()
    );
    let job = LabelJob {
        place,
        label,
        method,
        accepted: now,
        due,
        failure: None,
        done: false,
    };
    world.state.jobs.insert(id.clone(), job);
    world.state.scheduled.push(Scheduled {
        due,
        effect: Effect::Assign { job: id.clone() },
    });
    let url = sharepoint::monitor_url(world, place, &id);
    Ok(Reply::empty(StatusCode::ACCEPTED).header(LOCATION, &url))
}

/// The label and method that are asked for.
fn wanted(world: &World<'_>, call: &Call) -> Result<(Option<Uuid>, String), Failure> {
    let refused = |message: &str| Failure::invalid_request(message).inner("badArgument");
    let body = call.json()?;
    let id = body["sensitivityLabelId"]
        .as_str()
        .ok_or_else(|| refused("The sensitivityLabelId is required."))?;
    let method = match body.get("assignmentMethod").map(|method| method.as_str()) {
        None => "standard",
        Some(Some(method @ ("standard" | "privileged" | "auto"))) => method,
        Some(_) => return Err(refused("The assignmentMethod is not valid.")),
    };
    if id.is_empty() {
        return Ok((None, method.to_owned()));
    }
    let is_parent = |id: Uuid| {
        world
            .state
            .labels
            .iter()
            .any(|label| label.parent == Some(id))
    };
    let label = id
        .parse::<Uuid>()
        .ok()
        .and_then(|id| world.state.label(id))
        .filter(|label| label.enabled && label.is_for_files() && !is_parent(label.id))
        .ok_or_else(|| {
            refused(&format!(
                "The sensitivity label {id} is not available or supported."
            ))
        })?;
    Ok((Some(label.id), method.to_owned()))
}

fn refuse_unjustified(
    world: &World<'_>,
    call: &Call,
    place: Place,
    label: Option<Uuid>,
) -> Result<(), Failure> {
    if !world.switches.assign_justification_required {
        return Ok(());
    }
    let order = |id: Option<Uuid>| {
        id.and_then(|id| world.state.label(id))
            .map_or(i32::MIN, |label| label.priority)
    };
    let present: Option<StoredLabel> = labelling::parse(world, place);
    let lowers = order(label) < order(present.and_then(|stored| stored.label));
    let body = call.json()?;
    let justified = body["justificationText"]
        .as_str()
        .is_some_and(|text| !text.trim().is_empty());
    if lowers && !justified {
        return Err(Failure::invalid_request("A justification is required.").inner("badArgument"));
    }
    Ok(())
}

/// Refuses types that cannot carry a label.
fn refuse_type(world: &World<'_>, place: Place) -> Result<(), Failure> {
    const OFFICE: [&str; 7] = ["docx", "docm", "xlsx", "xlsm", "xlsb", "pptx", "ppsx"];
    let extension = world.item(place)?.extension();
    if OFFICE.contains(&&*extension) || (extension == "pdf" && world.switches.pdf_labels) {
        return Ok(());
    }
    Err(Failure::new(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupportedMediaType",
        "File type is not supported for this operation.",
    ))
}

/// Refuses files that the service cannot open.
fn refuse_undecryptable(world: &World<'_>, place: Place) -> Result<(), Failure> {
    const OLE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0];
    let item = world.item(place)?;
    let code = match item.rarely(|rare| rare.undecryptable.clone()) {
        Some(code) => code,
        None if world.blob(place)?.bytes().starts_with(OLE) => {
            "fileDecryptionNotSupported".to_owned()
        }
        None => return Ok(()),
    };
    Err(Failure::new(
        StatusCode::LOCKED,
        &code,
        "The file is encrypted and cannot be opened.",
    ))
}
