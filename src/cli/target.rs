//! A file as people name it on the command line.

use std::path::{Path, PathBuf};

use anyhow::Result;
use labeld_connector::FileRef;

use super::session::Session;
use crate::apps::file_ref_of;
use crate::config::AppConfig;
use crate::daemon::hand::FileKey;
use crate::model::AppName;
use crate::model::TenantName;
use crate::model::inventory::{FileId, FileRecord};
use crate::store::{apps, files};

use super::UsageError;

/// The file of the inventory that `target` names, removed or not: a number as `labeld files` prints it, `APP:REF` or
/// `TENANT/APP:REF`, or the path of a file in a folder that is an app.
///
/// # Errors
///
/// Those of the store.
pub(super) async fn find(session: &Session, target: &str) -> Result<Option<FileRecord>> {
    if let Ok(number) = target.parse() {
        return Ok(files::get(&session.db, FileId(number)).await?);
    }
    for (tenant, app, file) in candidates(session, target) {
        let app = apps::find(&session.db, &tenant, &app).await?;
        if let Some(app) = app
            && let Some(record) = files::find(&session.db, app, &file).await?
        {
            return Ok(Some(record));
        }
    }
    Ok(None)
}

/// The file that `target` names, in the inventory or not. `tenant` decides where the text leaves that open.
///
/// # Errors
///
/// [`UsageError`] where the text means no file of a configured app, or one of several; those of the store.
pub(super) async fn key(session: &Session, tenant: Option<&str>, target: &str) -> Result<FileKey> {
    if let Ok(number) = target.parse() {
        let record = files::get(&session.db, FileId(number)).await?;
        let missing = || UsageError(format!("the inventory has no file {number}"));
        let record = record.ok_or_else(missing)?;
        return Ok(FileKey {
            tenant: record.tenant,
            app: record.app,
            file: record.file.0,
        });
    }
    let mut found = candidates(session, target);
    found.retain(|(of, ..)| tenant.is_none_or(|tenant| of.0 == tenant));
    match found.as_slice() {
        [(tenant, app, file)] => Ok(FileKey {
            tenant: tenant.clone(),
            app: app.clone(),
            file: file.0.clone(),
        }),
        [] => Err(UsageError(format!(
            "{target:?} is no file of a configured app: give a path in a folder that is one, APP:FILE-ID, or a number as `labeld files` lists it"
        ))
        .into()),
        several => {
            let choices: Vec<String> = several
                .iter()
                .map(|(tenant, app, _)| format!("{tenant}/{app}"))
                .collect();
            Err(UsageError(format!(
                "{target:?} can be a file of several apps: {}; write TENANT/APP:FILE-ID, or give --tenant",
                choices.join(", ")
            ))
            .into())
        }
    }
}

/// What the text can mean, in the order in which it is looked for.
fn candidates(session: &Session, target: &str) -> Vec<(TenantName, AppName, FileRef)> {
    let path = absolute(Path::new(target));
    let mut found = Vec::new();
    for tenant in &session.config.tenants {
        for app in tenant.apps() {
            if let Some(file) = below(target, &tenant.name, app.name()) {
                found.push((tenant.name.clone(), app.name().clone(), file));
            }
        }
    }
    for tenant in &session.config.tenants {
        for app in tenant.apps() {
            if let AppConfig::Local(folder) = app
                && let Some(path) = &path
                && let Some(root) = absolute(&folder.root)
                && let Ok(below) = path.strip_prefix(root)
            {
                let file = file_ref_of(below.as_os_str().as_encoded_bytes());
                found.push((tenant.name.clone(), folder.name.clone(), file));
            }
        }
    }
    found
}

/// What follows the name of the app.
fn below(target: &str, tenant: &TenantName, app: &AppName) -> Option<FileRef> {
    let rest = target
        .strip_prefix(&tenant.0)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|rest| rest.strip_prefix(&app.0))
        .and_then(|rest| rest.strip_prefix(':'));
    rest.or_else(|| target.strip_prefix(&app.0)?.strip_prefix(':'))
        .map(|file| FileRef(file.to_owned()))
}

/// The path with its folder's links resolved; the file itself may be gone.
fn absolute(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return Some(path);
    }
    let folder = match path.parent()? {
        folder if folder.as_os_str().is_empty() => Path::new("."),
        folder => folder,
    };
    Some(folder.canonicalize().ok()?.join(path.file_name()?))
}
