//! Sites (reference/microsoft-graph.md §3.1).

use serde_json::{Value, json};

use super::projection::Projection;
use super::route::SiteRef;
use super::schema::SITE;
use super::{access, page, refer, render};
use crate::microsoft::state::site::{Site, SiteIndex, SiteState};
use crate::microsoft::wire::{Call, Caller, Failure, Reply};
use crate::microsoft::world::World;

/// `GET /sites`: a search, or the roots.
pub(super) fn list(world: &World<'_>, caller: &Caller, call: &Call) -> Result<Reply, Failure> {
    access::require_all_sites(caller)?;
    call.allow_options(&["$select", "$filter", "$top", "$skiptoken", "$search"])?;
    let projection = Projection::of(call, &SITE)?;
    let roots_only = match call.parameter("$filter") {
        None => false,
        Some("siteCollection/root ne null") => true,
        Some(_) => return Err(Failure::invalid_request("The filter is not supported.")),
    };
    let search = call
        .parameter("search")
        .or_else(|| call.parameter("$search"));
    let matches = |site: &Site| match search {
        None => true,
        Some("*" | "") => true,
        Some(text) => site.title.to_lowercase().contains(&text.to_lowercase()),
    };
    if search.is_none() && !roots_only {
        return Err(Failure::invalid_request(
            "A search or a filter is required.",
        ));
    }
    let entries = shown(world, &projection, |site| {
        if roots_only {
            site.path.is_empty()
        } else {
            matches(site)
        }
    });
    answer(world, call, &entries)
}

/// `GET /sites/getAllSites`: all sites, people's too, whether they can be read or not.
pub(super) fn all(world: &World<'_>, caller: &Caller, call: &Call) -> Result<Reply, Failure> {
    access::require_all_sites(caller)?;
    call.allow_options(&["$select", "$top", "$skiptoken"])?;
    let projection = Projection::of(call, &SITE)?;
    let entries = shown(world, &projection, |_| true);
    let mut next = call.clone();
    next.path = "/v1.0/sites/oneDrive.getAllSites".to_owned();
    let mut reply = answer(world, &next, &entries)?;
    if let (crate::microsoft::wire::Body::Json(body), Some(faults)) =
        (&mut reply.body, &call.faults)
        && let Some(entries) = body["value"].as_array_mut()
    {
        super::delta::disturb(entries, faults);
    }
    Ok(reply)
}

/// `GET /sites/{id}`
pub(super) fn get(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    named: &SiteRef,
) -> Result<Reply, Failure> {
    access::require_some_sites(caller)?;
    call.allow_options(&["$select", "$expand"])?;
    let projection = Projection::of(call, &SITE)?;
    let index = refer::site(world, named)?;
    access::check_site(world, caller, index)?;
    let site = world
        .state
        .site(index)
        .ok_or_else(Failure::item_not_found)?;
    let mut body = projection.apply(render::site(world, site));
    body["@odata.context"] = json!(format!("{}v1.0/$metadata#sites/$entity", world.bases.graph));
    Ok(Reply::json(body))
}

/// `GET /sites/{id}/sites`: one level of subsites.
pub(super) fn subsites(
    world: &World<'_>,
    caller: &Caller,
    call: &Call,
    named: &SiteRef,
) -> Result<Reply, Failure> {
    access::require_some_sites(caller)?;
    call.allow_options(&["$select", "$top", "$skiptoken"])?;
    let projection = Projection::of(call, &SITE)?;
    let index: SiteIndex = refer::site(world, named)?;
    access::check_site(world, caller, index)?;
    let entries: Vec<Value> = world
        .state
        .sites
        .iter()
        .filter(|site| site.parent == Some(index) && site.state != SiteState::Deleted)
        .map(|site| projection.apply(render::site(world, site)))
        .collect();
    answer(world, call, &entries)
}

fn shown(world: &World<'_>, projection: &Projection, wanted: impl Fn(&Site) -> bool) -> Vec<Value> {
    world
        .state
        .sites
        .iter()
        .filter(|site| site.state != SiteState::Deleted && wanted(site))
        .map(|site| projection.apply(render::site(world, site)))
        .collect()
}

fn answer(world: &World<'_>, call: &Call, entries: &[Value]) -> Result<Reply, Failure> {
    let mut body = page::of(world, call, entries, world.switches.site_page_size)?;
    body["@odata.context"] = json!(format!("{}v1.0/$metadata#sites", world.bases.graph));
    Ok(Reply::json(body))
}
