//! What the catalogue and the configuration know that helps to read files.

use std::collections::HashMap;

use labeld_formats::{Coauthoring, TenantKnowledge, write};

use super::App;
use crate::model::policy::SignedFiles;
use crate::store::{Db, StoreError, labels};

/// What a policy says of signed files, as the writer knows it.
pub(super) fn signed_files(signed: SignedFiles) -> write::SignedFiles {
    match signed {
        SignedFiles::Refuse => write::SignedFiles::Refuse,
        SignedFiles::AllowUncovered => write::SignedFiles::AllowUncovered,
    }
}

pub(super) async fn knowledge(
    db: &Db,
    app: &App,
    coauthoring: Coauthoring,
) -> Result<TenantKnowledge, StoreError> {
    let entries = labels::entries(db, &app.tenant).await?;
    let parents = entries
        .iter()
        .filter_map(|entry| Some((entry.definition.id, entry.definition.parent?)))
        .collect();
    let coauthoring: HashMap<_, _> = app
        .site_id
        .map(|id| (id, coauthoring))
        .into_iter()
        .collect();
    Ok(TenantKnowledge {
        coauthoring,
        parents,
    })
}
