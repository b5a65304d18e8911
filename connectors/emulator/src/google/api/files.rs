//! Looking at one file, and reading it.

use serde_json::json;

use super::route::Context;
use super::routes::CONTENT;
use super::{media, render, render_v2};
use crate::frame::Reply;
use crate::google::ids::IdKind;
use crate::google::state::file::{File, FileNumber};
use crate::google::state::permission::Role;
use crate::google::wire::failure::Failure;
use crate::google::wire::fields::Mask;
use crate::google::wire::schema::{Api, Shape};

impl Context<'_, '_> {
    /// The file that the path names, when the caller may see it, and what they may do to it.
    pub(super) fn file(&self) -> Result<(FileNumber, Role), Failure> {
        self.visible(self.id(0), self.supports_all_drives()?)
    }

    /// A file by id. `root` is the caller's own top folder.
    pub(super) fn visible(
        &self,
        id: &str,
        supports_all_drives: bool,
    ) -> Result<(FileNumber, Role), Failure> {
        let missing = || Failure::file_not_found(id);
        let number = match id {
            "root" => Some(self.caller.user.root),
            id => self.world.state.number(id),
        };
        let file = number
            .and_then(|number| self.world.state.file(number))
            .ok_or_else(missing)?;
        if file.drive.is_some() && !supports_all_drives {
            return Err(missing());
        }
        let access = self
            .world
            .access(&self.caller.user, file.number)
            .ok_or_else(missing)?;
        Ok((file.number, access.role))
    }

    pub(super) fn supports_all_drives(&self) -> Result<bool, Failure> {
        Ok(self.call.flag("supportsAllDrives")? || self.call.flag("supportsTeamDrives")?)
    }

    /// The file behind a number that was just found.
    pub(super) fn get(&self, number: FileNumber) -> Result<&File, Failure> {
        Ok(self.world.file(number)?)
    }

    /// Whether the call is one of v2.
    pub(super) fn is_v2(&self) -> bool {
        self.call.path.contains("/drive/v2/")
    }

    /// A file as the version of the call shows it.
    pub(super) fn shown(&self, number: FileNumber) -> Result<Reply, Failure> {
        let file = self.get(number)?;
        let user = &self.caller.user;
        let fields = self.call.parameter("fields");
        if self.is_v2() {
            let mask = match fields {
                Some(fields) => Mask::parse(fields, Shape::named(Api::DriveV2, "File"))?,
                None => Mask::All,
            };
            let reply = Reply::json(render_v2::file(self.world, user, file, &mask));
            return Ok(reply.header(http::header::ETAG, &file.etag()));
        }
        let fields = fields.unwrap_or(render::DEFAULT_FIELDS);
        let mask = Mask::parse(fields, Shape::named(Api::DriveV3, "File"))?;
        let labels = self.labels();
        Ok(Reply::json(render::file(
            self.world, user, file, &mask, &labels,
        )))
    }

    /// The labels that `includeLabels` names.
    pub(super) fn labels(&self) -> Vec<&str> {
        let names = self.call.parameter("includeLabels").unwrap_or_default();
        names.split(',').filter(|name| !name.is_empty()).collect()
    }
}

pub(super) fn get(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, role) = context.file()?;
    match context.call.parameter("alt") {
        Some("media") => {
            context.caller.must_have(CONTENT)?;
            media::of_file(context, number, role)
        }
        _ => context.shown(number),
    }
}

pub(super) fn get_v2(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, role) = context.file()?;
    if context.world.switches.etag_moves_on_views
        && let Some(file) = context.world.state.files.get_mut(&number)
    {
        file.tag += 1;
    }
    match context.call.parameter("alt") {
        Some("media") => {
            context.caller.must_have(CONTENT)?;
            media::of_file(context, number, role)
        }
        _ => context.shown(number),
    }
}

pub(super) fn export(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let (number, _) = context.visible(context.id(0), true)?;
    let file = context.get(number)?;
    if file.is_blob() || file.is_folder() {
        return Err(Failure::forbidden(
            "fileNotExportable",
            "Export only supports Docs Editors files.",
        ));
    }
    let wanted = context
        .call
        .parameter("mimeType")
        .ok_or_else(|| Failure::required("mimeType"))?;
    Ok(media::whole(
        format!("exported {}", file.name).into(),
        wanted,
    ))
}

pub(super) fn generate_ids(context: &mut Context<'_, '_>) -> Result<Reply, Failure> {
    let count = context.call.page_size(
        if context.is_v2() {
            "maxResults"
        } else {
            "count"
        },
        10,
        1000,
    )?;
    let ids: Vec<String> = (0..count)
        .map(|_| context.world.state.new_id(IdKind::File))
        .collect();
    Ok(Reply::json(
        json!({"kind": "drive#generatedIds", "space": "drive", "ids": ids}),
    ))
}
