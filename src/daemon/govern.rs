//! The loop that governs an app: its files are decided as something about them becomes new, and what is wanted is carried
//! out, until the stop.

use std::sync::Arc;

use super::generation::Served;
use super::pause::Pause;
use super::shared::Shared;
use crate::pipeline::govern::{self, Governor};
use crate::pipeline::{StageError, Work, error_chain};
use crate::telemetry::PoliciesChanged;

/// Governs an app until the stop. It wakes when facts come in, when a policy is switched, and when the cap lets on or
/// something is to be tried again; what another process has done it finds when it looks again.
pub(super) async fn keep_governing(served: Served, shared: Arc<Shared>) {
    let work = &served.work;
    let mut governor = Governor::new(Arc::clone(&served.rules));
    let mut is_taken_over = false;
    while shared.store.usable(&work.stop).await {
        let pause = match round(&served, &mut governor, &mut is_taken_over).await {
            Ok(pause) => pause,
            Err(StageError::Stopped | StageError::LeaseLost { .. }) => Pause::Stop,
            Err(StageError::Store(error)) if shared.store.note(&error) => Pause::Work(None),
            Err(error) => {
                tracing::error!("governing {}: {}", served.app, error_chain(&error));
                Pause::Error
            }
        };
        pause.wait(work, &work.undecided).await;
    }
}

async fn round(
    served: &Served,
    governor: &mut Governor,
    is_taken_over: &mut bool,
) -> Result<Pause, StageError> {
    let Served { app, work, .. } = served;
    if !*is_taken_over {
        take_over(served, work).await?;
        *is_taken_over = true;
    }
    let round = governor.round(work, app).await?;
    Ok(Pause::Work(round.and_then(|round| round.next_due)))
}

/// Takes the configuration's policies over; of the loops of a tenant's apps the first finds what has changed.
async fn take_over(served: &Served, work: &Work) -> Result<(), StageError> {
    let changes = govern::take_over(work, &served.rules).await?;
    if !changes.is_empty() {
        PoliciesChanged {
            tenant: &served.app.tenant,
            added: changes.added.len() as u64,
            edited: changes.edited.len() as u64,
            removed: changes.removed.len() as u64,
        }
        .emit();
    }
    Ok(())
}
