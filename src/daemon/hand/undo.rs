//! Taking back what a run has written.

use super::{HandAnswer, HandError, HandRow, Place, UndoRequest, carry_out};
use crate::model::Reason;
use crate::model::inventory::FileId;
use crate::pipeline::Work;
use crate::pipeline::apply::plan_undo;
use crate::store::actions::{self, ActionRunId};
use crate::store::{apps, files};

/// Plans it, and carries out what can be done now.
pub(super) async fn undo(
    work: &Work,
    places: &[Place],
    request: &UndoRequest,
) -> Result<HandAnswer, HandError> {
    let plan = plan_undo(work, ActionRunId(request.run), &request.by).await?;
    let mut answer = HandAnswer {
        run: Some(plan.run.0),
        ..HandAnswer::default()
    };
    for place in places {
        let app = apps::find(&work.db, &place.app.tenant, &place.app.name).await?;
        if app.is_some_and(|app| plan.apps.contains(&app)) {
            carry_out(place, plan.run, &mut answer).await?;
        }
    }
    for (file, action) in plan.planned {
        let mut row = row(work, file).await?;
        if let Some(action) = actions::get(&work.db, action).await? {
            row.describe(&action, &answer);
        }
        answer.rows.push(row);
    }
    let left_alone = [
        (
            plan.taken_back,
            HandRow::UNCHANGED,
            "it was taken back before",
        ),
        (
            plan.busy,
            Reason::Pending.code(),
            "another action is open for the file; undo the run again when it has ended",
        ),
        (
            plan.more_than_once,
            HandRow::UNCHANGED,
            "the run has written to it more than once: undo the run again for the write before",
        ),
    ];
    for (files, outcome, detail) in left_alone {
        for file in files {
            let row = row(work, file).await?;
            answer.rows.push(HandRow {
                outcome: outcome.to_owned(),
                detail: Some(detail.to_owned()),
                ..row
            });
        }
    }
    Ok(answer)
}

async fn row(work: &Work, file: FileId) -> Result<HandRow, HandError> {
    let record = files::get(&work.db, file).await?;
    let record = record.as_ref();
    Ok(HandRow {
        tenant: record.map(|record| record.tenant.clone()),
        app: record.map(|record| record.app.clone()),
        file: record.map(|record| record.file.0.clone()),
        action: None,
        outcome: String::new(),
        detail: None,
        due: None,
    })
}
