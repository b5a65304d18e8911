//! What stands against writing to a file (reference/google-drive.md §4).

use labeld_connector::{Answer, FileRef, Obstacles, Result};

use crate::client::Purpose;
use crate::corpus::parse_file;
use crate::drive::GoogleDrive;
use crate::fields;

const OPERATION: &str = "find out what stands against a write to";

impl GoogleDrive {
    /// What stands against writing to a file just now.
    pub(crate) async fn obstacles_to(&self, file: &FileRef) -> Result<Obstacles> {
        let (corpus, id) = parse_file(file, OPERATION)?;
        let sight = self.sight(&corpus, OPERATION).await?;
        let purpose = Purpose::new(OPERATION, &file.0);
        let found = self.file(&sight, &id, fields::OBSTACLES, &purpose).await?;
        let mut obstacles = Obstacles {
            // There is no check-out in Drive.
            checkout_required: Answer::No,
            checked_out: Answer::No,
            retained: Answer::No,
            locked: Answer::Unknown,
            ..Obstacles::default()
        };
        obstacles
            .remarks
            .push("Drive does not tell whether somebody has the file open in an editor".to_owned());
        if found.is_restricted() {
            obstacles.retained = Answer::Yes;
            let reasons = found.content_restrictions.iter();
            let reason = reasons.filter_map(|it| it.reason.as_deref()).next();
            obstacles.remarks.push(match reason {
                Some(reason) => format!("its content is locked: {reason}"),
                None => "its content is locked".to_owned(),
            });
        } else if found.capabilities.can_modify_content == Some(false) {
            obstacles.retained = Answer::Yes;
            obstacles
                .remarks
                .push(format!("{} may not change its content", sight.user));
        }
        Ok(obstacles)
    }
}
