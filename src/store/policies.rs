//! The policies as the store knows them: every text that each has had, and what a person has switched beside the configuration
//! (rules §9).

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use ring::digest::{SHA256, digest};
use serde_json::json;

use super::audit::{self, Entry};
use super::db::{Source, Tx};
use super::error::{Result, StoreError};
use super::statement::Statement;
use super::value::{Row, Value, values};
use super::{actions, apps, decisions};
use crate::model::policy::{PolicyMode, PolicyName};
use crate::model::{Reason, TenantName};

/// A policy's row number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PolicyId(pub i64);

/// The row number of one text of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RevisionId(pub i64);

/// What somebody has set for a policy beside the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Switch {
    /// Whether it is on.
    pub enabled: bool,
    /// In place of the configured mode; `None` leaves that.
    pub mode: Option<PolicyMode>,
    /// The revision whose canary somebody has looked at and let go on.
    pub consented: Option<RevisionId>,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// Who: a person, or labeld itself.
    pub changed_by: String,
    /// Why, where labeld did it.
    pub reason: Option<String>,
}

/// A policy of the configuration in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// Row number.
    pub id: PolicyId,
    /// Its name.
    pub name: PolicyName,
    /// Its present text.
    pub revision: RevisionId,
    /// That text's number: 1 for the policy's first.
    pub number: u32,
    /// What somebody has set beside it.
    pub switch: Option<Switch>,
}

/// A policy of a configuration that is taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfiguredPolicy {
    /// Its name.
    pub name: PolicyName,
    /// Its text, the same for the same meaning.
    pub document: String,
    /// Whether the configuration has it switched on.
    pub enabled: bool,
}

/// What a configuration has changed; names in alphabetical order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyChanges {
    /// Policies that were not there before.
    pub added: Vec<PolicyName>,
    /// Policies whose text has changed.
    pub edited: Vec<PolicyName>,
    /// Policies that are gone.
    pub removed: Vec<PolicyName>,
}

impl PolicyChanges {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.edited.is_empty() && self.removed.is_empty()
    }
}

/// A policy's row, with its newest text.
struct Known {
    id: PolicyId,
    active: bool,
    removed: bool,
    /// Of the newest text: row number, number and digest.
    newest: Option<(RevisionId, u32, Vec<u8>)>,
    switched: Option<bool>,
}

/// Takes over the policies of a tenant as a configuration has them: new texts become revisions, what is not there any more is
/// removed and its open actions are cancelled (`policy.cancelled`), what is switched off is suspended.
///
/// # Errors
///
/// Those of the store.
pub async fn take_over(
    tx: &Tx,
    tenant: &TenantName,
    configured: &[ConfiguredPolicy],
    now: DateTime<Utc>,
) -> Result<PolicyChanges> {
    apps::lock_tenant(tx, tenant).await?;
    let mut configured: Vec<&ConfiguredPolicy> = configured.iter().collect();
    configured.sort_by(|one, other| one.name.cmp(&other.name));
    let rows = configured
        .iter()
        .map(|policy| values![tenant.0.as_str(), policy.name.0.as_str()]);
    tx.execute_many(
        "INSERT INTO policy (tenant, name) VALUES ($1, $2) ON CONFLICT (tenant, name) DO NOTHING",
        rows.collect(),
    )
    .await?;
    let mut known = known(tx, tenant).await?;
    let mut changes = PolicyChanges::default();
    for policy in configured {
        let Some(row) = known.remove(&policy.name) else {
            continue;
        };
        if row.removed || row.newest.is_none() {
            changes.added.push(policy.name.clone());
        }
        let is_edited = store_revision(tx, &row, policy, now).await?;
        if is_edited && !row.removed && row.newest.is_some() {
            changes.edited.push(policy.name.clone());
        }
        let active = row.switched.unwrap_or(policy.enabled);
        set_active(tx, &row, active, now).await?;
    }
    let mut gone: Vec<(PolicyName, Known)> =
        known.into_iter().filter(|(_, row)| !row.removed).collect();
    gone.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (name, row) in gone {
        remove(tx, &row, now).await?;
        changes.removed.push(name);
    }
    log_changes(tx, tenant, &changes, now).await?;
    Ok(changes)
}

async fn log_changes(
    tx: &Tx,
    tenant: &TenantName,
    changes: &PolicyChanges,
    now: DateTime<Utc>,
) -> Result<()> {
    if changes.is_empty() {
        return Ok(());
    }
    let entry = Entry {
        kind: "config.policies",
        tenant: Some(tenant),
        document: json!({
            "added": changes.added,
            "edited": changes.edited,
            "removed": changes.removed,
        }),
    };
    audit::append(tx, &entry, now).await
}

async fn known(tx: &Tx, tenant: &TenantName) -> Result<HashMap<PolicyName, Known>> {
    static KNOWN: Statement = Statement::new(
        "SELECT p.name, p.id, p.active, p.removed, s.enabled, r.id, r.number, r.digest
         FROM policy p
         LEFT JOIN policy_switch s ON s.policy = p.id
         LEFT JOIN policy_revision r ON r.policy = p.id
            AND r.number = (SELECT MAX(n.number) FROM policy_revision n WHERE n.policy = p.id)
         WHERE p.tenant = $1 ORDER BY p.id {locked:p}",
    );
    let sql = KNOWN.text(tx.dialect());
    let rows = tx.query(sql, values![tenant.0.as_str()]).await?;
    rows.into_iter()
        .map(|mut row| {
            let name = PolicyName(row.take()?);
            let id = PolicyId(row.take()?);
            let active = row.take()?;
            let removed = row.take::<Option<i64>>()?.is_some();
            let switched = row.take()?;
            let newest = match row.take::<Option<i64>>()? {
                Some(revision) => Some((RevisionId(revision), row.take()?, row.take()?)),
                None => None,
            };
            let known = Known {
                id,
                active,
                removed,
                newest,
                switched,
            };
            Ok((name, known))
        })
        .collect()
}

/// Stores a text where it differs from the newest one; whether it does.
async fn store_revision(
    tx: &Tx,
    row: &Known,
    policy: &ConfiguredPolicy,
    now: DateTime<Utc>,
) -> Result<bool> {
    let digest = digest(&SHA256, policy.document.as_bytes())
        .as_ref()
        .to_vec();
    let number = match &row.newest {
        Some((_, _, newest)) if *newest == digest => return Ok(false),
        Some((_, number, _)) => number + 1,
        None => 1,
    };
    tx.execute(
        "INSERT INTO policy_revision (policy, number, digest, document, stored_at) VALUES ($1, $2, $3, $4, $5)",
        values![row.id.0, number, Value::Bytes(digest), policy.document.as_str(), now],
    )
    .await?;
    Ok(true)
}

async fn set_active(tx: &Tx, row: &Known, active: bool, now: DateTime<Utc>) -> Result<()> {
    if row.active == active && !row.removed {
        return Ok(());
    }
    tx.execute(
        "UPDATE policy SET active = $2, removed = NULL WHERE id = $1",
        values![row.id.0, active],
    )
    .await?;
    suspend_or_resume(tx, row.id, active, now).await
}

/// What a policy that is switched off has wanted waits for it; when it is switched on again it is looked at anew first.
async fn suspend_or_resume(
    tx: &Tx,
    policy: PolicyId,
    active: bool,
    now: DateTime<Utc>,
) -> Result<()> {
    if active {
        actions::resume(tx, policy, now).await?;
    } else {
        actions::suspend(tx, policy).await?;
    }
    Ok(())
}

async fn remove(tx: &Tx, row: &Known, now: DateTime<Utc>) -> Result<()> {
    tx.execute(
        "UPDATE policy SET active = 0, removed = $2 WHERE id = $1",
        values![row.id.0, now],
    )
    .await?;
    tx.execute(
        "DELETE FROM policy_match WHERE policy = $1",
        values![row.id.0],
    )
    .await?;
    actions::cancel_of_policy(tx, row.id, Reason::PolicyCancelled, now).await?;
    Ok(())
}

const PRESENT: &str = "SELECT p.id, p.name, r.id, r.number, s.enabled, s.mode, s.consented, s.changed_at, s.changed_by, s.reason
    FROM policy p
    JOIN policy_revision r ON r.policy = p.id
        AND r.number = (SELECT MAX(n.number) FROM policy_revision n WHERE n.policy = p.id)
    LEFT JOIN policy_switch s ON s.policy = p.id
    WHERE p.tenant = $1 AND p.removed IS NULL";

/// The policies of a tenant that are in force, by name.
///
/// # Errors
///
/// Those of the store.
pub async fn of_tenant(source: &impl Source, tenant: &TenantName) -> Result<Vec<StoredPolicy>> {
    let rows = source
        .query(
            format!("{PRESENT} ORDER BY p.name"),
            values![tenant.0.as_str()],
        )
        .await?;
    rows.into_iter().map(read_policy).collect()
}

/// The texts of a tenant's policies that are in force, as they were taken over.
///
/// # Errors
///
/// Those of the store.
pub async fn documents(
    source: &impl Source,
    tenant: &TenantName,
) -> Result<BTreeMap<PolicyName, String>> {
    let rows = source
        .query(
            "SELECT p.name, r.document FROM policy p
             JOIN policy_revision r ON r.policy = p.id
                AND r.number = (SELECT MAX(n.number) FROM policy_revision n WHERE n.policy = p.id)
             WHERE p.tenant = $1 AND p.removed IS NULL",
            values![tenant.0.as_str()],
        )
        .await?;
    let read = |mut row: Row| Ok((PolicyName(row.take()?), row.take()?));
    rows.into_iter().map(read).collect()
}

/// Names of the policies of a tenant that are in force and switched on, by the configuration or by a person.
///
/// # Errors
///
/// Those of the store.
pub async fn switched_on(source: &impl Source, tenant: &TenantName) -> Result<HashSet<PolicyName>> {
    let rows = source
        .query(
            "SELECT name FROM policy WHERE tenant = $1 AND active = 1 AND removed IS NULL",
            values![tenant.0.as_str()],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| Ok(PolicyName(row.take()?)))
        .collect()
}

/// Every policy that a tenant has, or has had, by name.
///
/// # Errors
///
/// Those of the store.
pub async fn ever_of_tenant(
    source: &impl Source,
    tenant: &TenantName,
) -> Result<Vec<(PolicyId, PolicyName)>> {
    let rows = source
        .query(
            "SELECT id, name FROM policy WHERE tenant = $1 ORDER BY name",
            values![tenant.0.as_str()],
        )
        .await?;
    rows.into_iter()
        .map(|mut row| Ok((PolicyId(row.take()?), PolicyName(row.take()?))))
        .collect()
}

/// One policy of a tenant that is in force.
///
/// # Errors
///
/// Those of the store.
pub async fn find(
    source: &impl Source,
    tenant: &TenantName,
    name: &PolicyName,
) -> Result<Option<StoredPolicy>> {
    let rows = source
        .query(
            format!("{PRESENT} AND p.name = $2"),
            values![tenant.0.as_str(), name.0.as_str()],
        )
        .await?;
    rows.into_iter().next().map(read_policy).transpose()
}

fn read_policy(mut row: Row) -> Result<StoredPolicy> {
    Ok(StoredPolicy {
        id: PolicyId(row.take()?),
        name: PolicyName(row.take()?),
        revision: RevisionId(row.take()?),
        number: row.take()?,
        switch: read_switch(row)?,
    })
}

fn read_switch(mut row: Row) -> Result<Option<Switch>> {
    let Some(enabled) = row.take()? else {
        return Ok(None);
    };
    let mode = row.take::<Option<String>>()?;
    Ok(Some(Switch {
        enabled,
        mode: mode.map(|word| mode_of(&word)).transpose()?,
        consented: row.take::<Option<i64>>()?.map(RevisionId),
        changed_at: row.take()?,
        changed_by: row.take()?,
        reason: row.take()?,
    }))
}

fn mode_of(word: &str) -> Result<PolicyMode> {
    PolicyMode::from_word(word)
        .ok_or_else(|| StoreError::content(format!("a policy is in the mode `{word}`")))
}

/// Has others wait who lock the policy, until the end of the transaction: what is counted of it meanwhile stays so. To be called
/// after the app's lock, and for several policies in the order of their numbers.
///
/// # Errors
///
/// Those of the store.
pub async fn lock(tx: &Tx, policy: PolicyId) -> Result<()> {
    static LOCK: Statement = Statement::new("SELECT id FROM policy WHERE id = $1 {locked}");
    tx.query(LOCK.text(tx.dialect()), values![policy.0]).await?;
    Ok(())
}

/// Switches a policy on or off, or to another mode; `false` where the tenant has none of that name. All files of the tenant
/// wait for a decision afterwards, so that whatever goes on is looked at anew first (rules §9).
///
/// # Errors
///
/// Those of the store.
pub async fn set_switch(
    tx: &Tx,
    tenant: &TenantName,
    name: &PolicyName,
    switch: &Switch,
) -> Result<bool> {
    let apps = apps::lock_tenant(tx, tenant).await?;
    let Some(policy) = find(tx, tenant, name).await? else {
        return Ok(false);
    };
    tx.execute(
        "INSERT INTO policy_switch (policy, enabled, mode, consented, changed_at, changed_by, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (policy) DO UPDATE SET
            enabled = excluded.enabled, mode = excluded.mode, consented = excluded.consented,
            changed_at = excluded.changed_at, changed_by = excluded.changed_by, reason = excluded.reason",
        values![
            policy.id.0,
            switch.enabled,
            switch.mode.map(PolicyMode::as_str),
            switch.consented.map(|revision| revision.0),
            switch.changed_at,
            switch.changed_by.as_str(),
            switch.reason.as_deref(),
        ],
    )
    .await?;
    tx.execute(
        "UPDATE policy SET active = $2 WHERE id = $1",
        values![policy.id.0, switch.enabled],
    )
    .await?;
    suspend_or_resume(tx, policy.id, switch.enabled, switch.changed_at).await?;
    for app in apps {
        decisions::enqueue_app(tx, app, switch.changed_at).await?;
    }
    let entry = Entry {
        kind: "config.policy_switch",
        tenant: Some(tenant),
        document: json!({
            "policy": name,
            "revision": policy.number,
            "enabled": switch.enabled,
            "mode": switch.mode,
            "consented": switch.consented.is_some(),
            "by": switch.changed_by,
            "reason": switch.reason,
        }),
    };
    audit::append(tx, &entry, switch.changed_at).await?;
    Ok(true)
}
