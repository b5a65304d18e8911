//! What a client needs to know.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::Microsoft;
use crate::frame::{CA_FILE, write_private};

const CERTIFICATE_FILE: &str = "microsoft-certificate.pem";
const KEY_FILE: &str = "microsoft-key.pem";
const SECRET_FILE: &str = "microsoft-secret.txt";

/// Base URLs, ids, and where the credentials are once [`write`] has put them into a folder.
pub(super) fn describe(microsoft: &Microsoft) -> Value {
    let bases = microsoft.bases();
    let (drives, sites, users) = microsoft.with(|world| {
        let drives: Vec<Value> = world
            .state
            .drives
            .iter()
            .map(|drive| json!({ "id": drive.id, "name": drive.name, "webUrl": world.drive_url(drive) }))
            .collect();
        let sites: Vec<Value> = world
            .state
            .sites
            .iter()
            .map(|site| json!({ "id": world.state.site_id(site), "webUrl": world.site_url(site) }))
            .collect();
        let users: Vec<Value> = world
            .state
            .users
            .iter()
            .map(|user| json!({ "id": user.id, "userPrincipalName": user.user_principal_name }))
            .collect();
        (drives, sites, users)
    });
    json!({
        "login_url": bases.login.as_str(),
        "graph_url": bases.graph.as_str(),
        "sharepoint_urls": [bases.sharepoint.as_str(), bases.sharepoint_my.as_str()],
        "tenant_id": microsoft.tenant_id(),
        "client_id": microsoft.client_id(),
        "client_secret": microsoft.client_secret(),
        "certificate_file": CERTIFICATE_FILE,
        "private_key_file": KEY_FILE,
        "client_secret_file": SECRET_FILE,
        "drives": drives,
        "sites": sites,
        "users": users,
    })
}

/// Writes the credential files into `folder`, and gives the tables that name them.
pub(super) fn write(microsoft: &Microsoft, folder: &Path) -> anyhow::Result<String> {
    write_private(&folder.join(CERTIFICATE_FILE), microsoft.certificate_pem())?;
    write_private(&folder.join(KEY_FILE), microsoft.private_key_pem())?;
    write_private(&folder.join(SECRET_FILE), microsoft.client_secret())?;
    let bases = microsoft.bases();
    let bare = |url: &url::Url| url.as_str().trim_end_matches('/').to_owned();
    let mut config = String::new();
    // Writing into a string does not fail.
    let _ = write!(
        config,
        "[[tenant]]\n\
         name = \"alder\"\n\
         id = \"{}\"\n\
         labels = {{ graph = true }}\n\n\
         [tenant.microsoft]\n\
         client_id = \"{}\"\n\
         certificate = \"{CERTIFICATE_FILE}\"\n\
         private_key = {{ file = \"{KEY_FILE}\" }}\n\
         login_url = \"{}\"\n\
         graph_url = \"{}\"\n\
         sharepoint_urls = [\"{}\", \"{}\"]\n",
        microsoft.tenant_id(),
        microsoft.client_id(),
        bare(&bases.login),
        bare(&bases.graph),
        bare(&bases.sharepoint),
        bare(&bases.sharepoint_my),
    );
    if bases.graph.scheme() == "https" {
        let _ = writeln!(config, "ca = \"{CA_FILE}\"");
    }
    config.push_str("\n[[tenant.sharepoint]]\nname = \"sharepoint\"\n\n[[tenant.onedrive]]\nname = \"onedrive\"\n");
    Ok(config)
}
