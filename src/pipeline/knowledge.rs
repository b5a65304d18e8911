//! What the catalogue and the configuration know that helps to read files.

use std::collections::HashMap;

use labeld_formats::{Coauthoring, TenantKnowledge};

use super::App;
use crate::store::{Db, StoreError, labels};

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
