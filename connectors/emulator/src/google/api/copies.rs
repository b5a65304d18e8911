//! Copies (reference/google-drive.md §10).

use super::route::Context;
use super::writes::Metadata;
use crate::frame::Reply;
use crate::google::state::file::Rare;
use crate::google::wire::failure::Failure;
use crate::google::world::NewFile;

pub(super) fn copy(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, _) = context.file()?;
    let metadata = Metadata::read(&context.call.json()?, false)?;
    let file = context.get(number)?;
    if file.is_folder() {
        return Err(Failure::forbidden(
            "cannotCopyFile",
            "This file cannot be copied by the user.",
        ));
    }
    let content = context.world.content(file).cloned();
    let name = metadata
        .name
        .clone()
        .unwrap_or_else(|| format!("Copy of {}", file.name));
    let parent = metadata
        .parents
        .as_ref()
        .and_then(|parents| parents.first());
    let parent = match parent {
        Some(parent) => context.visible(parent, context.supports_all_drives()?)?.0,
        None => context.caller.user.root,
    };
    let file = context.get(number)?;
    let mut new = NewFile::new(&name, &file.mime_type, parent, content);
    new.rare = Rare {
        properties: file.rare.properties.clone(),
        ..Rare::default()
    };
    if context.world.switches.copies_take_properties {
        new.rare.app_properties = file.rare.app_properties.clone();
    }
    let actor = context.actor();
    let made = context.world.create(new, &actor)?;
    context.shown(made)
}
