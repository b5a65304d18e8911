//! Is the result what it should be, and everything else what it was?

use super::{Made, Task, Wish, WriteOptions, WriteRefusal};
use crate::input::Input;
use crate::reading::{Format, Label, Reading};
use crate::zip::{self, Archive};

type Checked = Result<(), WriteRefusal>;

fn failed(what: &'static str) -> Checked {
    Err(WriteRefusal::VerifyFailed(what))
}

/// Reads the result and compares it with what was wanted and with the original.
pub(super) fn check(task: &Task<'_>, before: &Reading, made: &Made) -> Checked {
    let after = reread(task.file, before, made, task.options)?;
    check_label(&after, task)?;
    // A label that does not say whose it is may be the tenant's by what another place says.
    let is_own = |label: &&Label| {
        let site_id = Some(task.site_id());
        let mut known = before.labels.iter();
        let is_said_elsewhere = known.any(|it| it.site_id == site_id && it.id == label.id);
        task.owns(label.site_id, label.id) || (label.site_id.is_none() && is_said_elsewhere)
    };
    let of_others = |reading: &Reading| -> Vec<Label> {
        let labels = reading.labels.iter().filter(|label| !is_own(label));
        labels.cloned().collect()
    };
    if of_others(before) != of_others(&after) {
        return failed("labels of other tenants have changed");
    }
    check_rest(task.file, before, made, task.options)
}

/// As [`check`], where what was wanted is checked already.
pub(super) fn check_restored(
    current: &[u8],
    before: &Reading,
    made: &Made,
    options: &WriteOptions<'_>,
) -> Checked {
    reread(current, before, made, options)?;
    check_rest(current, before, made, options)
}

/// Reads the result, which must be as sound as the original.
fn reread(
    original: &[u8],
    before: &Reading,
    made: &Made,
    options: &WriteOptions<'_>,
) -> Result<Reading, WriteRefusal> {
    let after = options.read(&made.content.source(original));
    let Ok(after) = after else {
        return Err(WriteRefusal::VerifyFailed("it cannot be read"));
    };
    let is_sound = after.refusal.is_none()
        && after.format == before.format
        && after.protection == before.protection
        && after.signatures == before.signatures
        && after
            .warnings
            .iter()
            .all(|warning| super::refuse_warning(*warning).is_ok());
    match is_sound {
        true => Ok(after),
        false => Err(WriteRefusal::VerifyFailed(
            "it is no sound file of its type",
        )),
    }
}

fn check_label(after: &Reading, task: &Task<'_>) -> Checked {
    let mut live = after.labels.iter().filter(|label| task.is_live_own(label));
    match task.wish {
        Wish::Set(fields) => {
            let is_it = |label: &Label| {
                label.effective
                    && label.id == fields.label_id
                    && label.method.as_deref() == Some(&*fields.method)
            };
            match (live.next(), live.next()) {
                (Some(label), None) if is_it(label) => Ok(()),
                _ => failed("it does not have the label"),
            }
        }
        Wish::Remove(_) => match live.next() {
            Some(_) => failed("it still has a label"),
            None => Ok(()),
        },
    }
}

/// Compares everything that was not to change, byte for byte.
fn check_rest(
    original: &[u8],
    before: &Reading,
    made: &Made,
    options: &WriteOptions<'_>,
) -> Checked {
    if before.format == Some(Format::Pdf) {
        // The last revision may have been taken back, too.
        let is_start = || {
            let start = original.get(..made.content.len() as usize);
            start.is_some_and(|start| made.content.is(original, start))
        };
        return match made.content.extends(original) || is_start() {
            true => Ok(()),
            false => failed("its old bytes have changed"),
        };
    }
    let new = made.content.source(original);
    let (old_input, new_input) = (
        Input::new(&original, options.limits),
        Input::new(&new, options.limits),
    );
    let (old_archive, new_archive) = (Archive::open(&old_input)?, Archive::open(&new_input)?);
    let touched: Vec<&[u8]> = made.touched.iter().map(Vec::as_slice).collect();
    match zip::is_copy_but_for((&old_archive, &original), (&new_archive, &new), &touched)? {
        true => Ok(()),
        false => failed("other parts have changed"),
    }
}
