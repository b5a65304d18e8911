//! Making, changing and removing files without their bytes, and what all writes share (reference/google-drive.md §6).

mod metadata;
mod precondition;

use http::StatusCode;

pub(super) use self::metadata::Metadata;
pub(super) use self::precondition::check as check_precondition;
use super::route::Context;
use crate::frame::Content;
use crate::frame::Reply;
use crate::google::mime;
use crate::google::state::file::{FOLDER, FileNumber, NATIVE_PREFIX, SHORTCUT};
use crate::google::state::permission::Role;
use crate::google::state::to_milliseconds;
use crate::google::tokens::CLIENT_ID;
use crate::google::wire::failure::Failure;
use crate::google::world::{Actor, NewFile, Touch};

/// Bytes to be stored, and their type.
#[derive(Debug, Clone)]
pub(super) struct Upload {
    pub(super) content: Content,
    pub(super) media_type: Option<String>,
}

pub(super) fn create(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let body = context.call.json()?;
    let metadata = Metadata::read(&body, context.is_v2())?;
    let number = make(context, &metadata, None)?;
    context.shown(number)
}

pub(super) fn update(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let body = context.call.json()?;
    let metadata = Metadata::read(&body, context.is_v2())?;
    let (number, role) = context.file()?;
    if context.is_v2() {
        check_precondition(context, number, context.call.header("if-match"))?;
    }
    change(context, number, role, &metadata, None)?;
    context.shown(number)
}

/// Sets the time of modification to now, in v2.
pub(super) fn touch(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, role) = context.file()?;
    if role < Role::Writer {
        return Err(Failure::insufficient_file_permissions(context.id(0)));
    }
    let now = to_milliseconds(context.world.now);
    context.world.file_mut(number)?.modified = now;
    context.world.touch(number, Touch::Metadata);
    context.shown(number)
}

pub(super) fn delete(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, role) = context.file()?;
    if context.is_v2() {
        check_precondition(context, number, context.call.header("if-match"))?;
    }
    let file = context.get(number)?;
    let needed = if file.drive.is_some() {
        Role::Organizer
    } else {
        Role::Owner
    };
    if role < needed {
        return Err(Failure::insufficient_file_permissions(&file.id));
    }
    context.world.delete(number)?;
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

impl Context<'_, '_> {
    /// The impersonated user, through labeld's project.
    pub(super) fn actor(&self) -> Actor {
        Actor {
            email: self.caller.user.email.clone(),
            application: Some(CLIENT_ID.to_owned()),
        }
    }
}

/// Makes a file.
pub(super) fn make(
    context: &mut Context<'_, '_>,
    metadata: &Metadata,
    upload: Option<Upload>,
) -> Result<FileNumber, Failure> {
    check_writer(context)?;
    precondition::check_new(context)?;
    let parent = match metadata.parents.as_deref() {
        None | Some([]) => context.caller.user.root,
        Some([parent, ..]) => {
            let (parent, role) = context.visible(parent, context.supports_all_drives()?)?;
            if role < Role::Writer {
                return Err(Failure::insufficient_file_permissions(
                    &context.get(parent)?.id,
                ));
            }
            parent
        }
    };
    let in_drive = context
        .get(parent)
        .is_ok_and(|parent| parent.drive.is_some());
    if context.caller.is_bare && !in_drive {
        return Err(Failure::forbidden(
            "storageQuotaExceeded",
            "Service Accounts do not have storage quota. Leverage shared drives, or use OAuth delegation instead.",
        ));
    }
    let name = metadata
        .name
        .clone()
        .unwrap_or_else(|| "Untitled".to_owned());
    let media_type = upload.as_ref().and_then(|upload| upload.media_type.clone());
    let mime_type = metadata.mime_type.clone().or(media_type);
    let mime_type = mime_type.unwrap_or_else(|| mime::of_name(&name).to_owned());
    let is_native = mime_type.starts_with(NATIVE_PREFIX);
    let content = upload
        .map(|upload| upload.content)
        .or_else(|| (!is_native).then(Content::default));
    let mut new = NewFile::new(&name, &mime_type, parent, content.filter(|_| !is_native));
    new.created = metadata.created;
    new.modified = metadata.modified;
    metadata.put_properties(&mut new.rare);
    if mime_type == SHORTCUT {
        let target = metadata
            .target
            .as_deref()
            .ok_or_else(|| Failure::required("shortcutDetails.targetId"))?;
        let (number, _) = context.visible(target, true)?;
        new.rare.target = Some(target.to_owned());
        new.rare.target_type = Some(context.get(number)?.mime_type.clone());
    }
    let actor = context.actor();
    let wanted_id = metadata.id.clone();
    if wanted_id
        .as_deref()
        .is_some_and(|id| context.world.state.find(id).is_some())
    {
        return Err(Failure::new(
            StatusCode::CONFLICT,
            "fileIdInUse",
            "A file already exists with the provided ID.",
        ));
    }
    let number = context.world.create(new, &actor)?;
    if let Some(id) = wanted_id
        && let Some(mut file) = context.world.state.remove(number)
    {
        file.id = id;
        context.world.state.insert(file);
    }
    Ok(number)
}

/// Changes a file, and its bytes where there are any.
pub(super) fn change(
    context: &mut Context<'_, '_>,
    number: FileNumber,
    role: Role,
    metadata: &Metadata,
    upload: Option<Upload>,
) -> Result<(), Failure> {
    check_writer(context)?;
    let file = context.get(number)?;
    if role < Role::Writer {
        return Err(Failure::insufficient_file_permissions(&file.id));
    }
    if upload.is_some() {
        check_content(context, number)?;
    }
    let before = context.get(number)?.modified;
    let times = metadata.modified_after(context.call, context.world.now, before, upload.is_some());
    change_place(context, number, metadata)?;
    let mut changed = change_fields(context, number, metadata)?;
    if let Some(upload) = upload {
        replace_content(context, number, metadata, upload, times.unwrap_or(before))?;
        return Ok(());
    }
    // A new name counts as a modification, as seen on the live service; a star does not.
    let now = to_milliseconds(context.world.now);
    let says_no_change =
        context.is_v2() && context.call.parameter("modifiedDateBehavior").is_some();
    let times = times
        .or_else(|| (changed && !says_no_change && metadata.is_more_than_a_star()).then_some(now));
    let file = context.world.file_mut(number)?;
    if let Some(modified) = times.filter(|modified| *modified != file.modified) {
        file.modified = modified;
        changed = true;
    }
    if changed {
        let email = context.caller.user.email.clone();
        context.world.file_mut(number)?.modified_by = Some(email);
        context.world.touch(number, Touch::Metadata);
    }
    if let Some(trashed) = metadata.trashed
        && trashed != context.get(number)?.trashed
    {
        context.world.set_trashed(number, trashed)?;
    }
    Ok(())
}

fn check_writer(context: &Context<'_, '_>) -> Result<(), Failure> {
    let user = &context.caller.user;
    if user.suspended && !context.world.switches.suspended_may_write {
        return Err(Failure::forbidden(
            "insufficientFilePermissions",
            "The user does not have sufficient permissions for this file.",
        ));
    }
    Ok(())
}

fn check_content(context: &Context<'_, '_>, number: FileNumber) -> Result<(), Failure> {
    let file = context.get(number)?;
    if !file.is_blob() {
        return Err(Failure::forbidden(
            "fileNotDownloadable",
            "The content of this file cannot be replaced.",
        ));
    }
    if file
        .rare
        .restrictions
        .iter()
        .any(|restriction| restriction.read_only)
    {
        return Err(Failure::forbidden(
            &context.world.switches.restricted_reason,
            "The content of this file is restricted.",
        ));
    }
    if file.rare.capabilities.get("canModifyContent") == Some(&false) {
        return Err(Failure::insufficient_file_permissions(&file.id));
    }
    Ok(())
}

fn replace_content(
    context: &mut Context<'_, '_>,
    number: FileNumber,
    metadata: &Metadata,
    upload: Upload,
    modified: chrono::DateTime<chrono::Utc>,
) -> Result<(), Failure> {
    let actor = context.actor();
    let replaces_head = context.is_v2() && !context.call.flag_unless("newRevision")?;
    let file = context.world.file_mut(number)?;
    // Without a type the service looks at the bytes anew.
    if let Some(media_type) = metadata.mime_type.clone().or(upload.media_type) {
        file.mime_type = media_type;
    }
    if replaces_head {
        file.revisions.pop();
    }
    context
        .world
        .set_content(number, upload.content, modified, &actor)?;
    Ok(())
}

/// `addParents`, `removeParents` and, in v2, `parents`.
fn change_place(
    context: &mut Context<'_, '_>,
    number: FileNumber,
    metadata: &Metadata,
) -> Result<(), Failure> {
    let added = context.call.parameter("addParents").map(str::to_owned);
    let named = metadata
        .parents
        .as_ref()
        .and_then(|parents| parents.first().cloned());
    let named = named.filter(|_| context.is_v2());
    let Some(parent) = added.or(named) else {
        return Ok(());
    };
    let (parent, role) = context.visible(parent.split(',').next().unwrap_or(&parent), true)?;
    let target = context.get(parent)?;
    if role < Role::Writer {
        return Err(Failure::insufficient_file_permissions(&target.id));
    }
    if context.get(number)?.parent != Some(parent) {
        context.world.move_to(number, parent)?;
    }
    Ok(())
}

/// Whether anything changed.
fn change_fields(
    context: &mut Context<'_, '_>,
    number: FileNumber,
    metadata: &Metadata,
) -> Result<bool, Failure> {
    let by = context.caller.user.email.clone();
    let now = context.world.now;
    let file = context.world.file_mut(number)?;
    let before = (file.name.clone(), file.mime_type.clone(), file.rare.clone());
    if let Some(name) = &metadata.name {
        file.name.clone_from(name);
    }
    if let Some(mime_type) = metadata
        .mime_type
        .as_ref()
        .filter(|_| file.mime_type != FOLDER)
    {
        file.mime_type.clone_from(mime_type);
    }
    if let Some(starred) = metadata.starred {
        file.rare.starred = starred;
    }
    if let Some(description) = &metadata.description {
        file.rare.description = Some(description.clone());
    }
    metadata.put_properties(&mut file.rare);
    metadata.put_restrictions(&mut file.rare, &by, now);
    Ok((file.name.clone(), file.mime_type.clone(), file.rare.clone()) != before)
}
