//! Placeholder until the connector crates export their types.
use std::sync::Arc;

use labeld_connector::LabelSource;
use labeld_connector_local::Local;

use super::ConnectError;
use crate::config::{MicrosoftConfig, OneDriveConfig, SharePointConfig};
use crate::model::TenantName;

#[derive(Debug)]
pub(super) enum Tenant {}
impl Tenant {
    pub(super) fn label_source(self: &Arc<Self>) -> Arc<dyn LabelSource> {
        match **self {}
    }
}
pub(super) fn sign_in(
    tenant: &TenantName,
    _: &MicrosoftConfig,
) -> Result<Arc<Tenant>, ConnectError> {
    Err(ConnectError::NoSignIn(tenant.clone()))
}
pub(super) fn sharepoint(_: String, tenant: Arc<Tenant>, _: &SharePointConfig) -> Local {
    match *tenant {}
}
pub(super) fn onedrive(_: String, tenant: Arc<Tenant>, _: &OneDriveConfig) -> Local {
    match *tenant {}
}
