//! Microsoft Graph, as the SharePoint and OneDrive connectors use it, and the tenant's label list.
//!
//! A [`Tenant`] has the tokens, the pace and the addresses. [`Drives`] is the
//! [`Connector`](labeld_connector::Connector) over a set of drives; a [`Scope`] says which, and is all that the two
//! products differ in.
//!
//! What is said of the services here is told by `reference/microsoft-graph.md`, whose sections the comments name.

mod address;
mod batch;
mod call;
mod dialect;
mod drives;
mod endpoints;

mod exposure;
mod ids;
mod label_list;
mod model;
mod principal;
mod quick_xor;
mod sharepoint_rest;
mod sites;
mod tenant;
mod token;

pub use drives::{DriveInfo, DriveList, Drives, Extent, OwnerRule, Profile, Scope};
pub use endpoints::{Cloud, Endpoints, SharePointHosts};
pub use label_list::ORDER_FIELD;
pub use sites::Place;
pub use tenant::{HintOptions, LabelOrder, Tenant, TenantOptions};
pub use token::Credential;
