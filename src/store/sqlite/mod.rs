//! The SQLite driver: one writer thread that owns the writing connection, and a few reading connections beside it.

pub(super) mod care;
mod errors;
mod file;
pub(super) mod log;
mod open;
mod readers;
pub(super) mod schema;
mod writer;

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::error::{Result, StoreError};
use super::migrations::Migration;
use super::value::{Row, Value};
use readers::Readers;
use writer::Writer;
pub(super) use writer::WriterTx;

/// An open SQLite store.
#[derive(Debug)]
pub(super) struct SqliteStore {
    // Dropped before the writer, so that the writer is the last to close and can fold the WAL into the file.
    readers: Readers,
    writer: Option<Writer>,
}

impl SqliteStore {
    /// Opens for reading and writing; makes the file and upgrades its schema where needed.
    pub(super) fn open_to_write(path: &Path, steps: &[Migration]) -> Result<Self> {
        let (connection, lock) = open::writer(path, steps)?;
        let store: Arc<str> = path.display().to_string().into();
        Ok(Self {
            readers: Readers::new(path, &store),
            writer: Some(Writer::start(connection, lock, store)?),
        })
    }

    /// Opens for reading beside whoever writes.
    pub(super) fn open_to_read(path: &Path, steps: &[Migration]) -> Result<Self> {
        let connection = open::reader(path, steps)?;
        let readers = Readers::new(path, &path.display().to_string().into());
        readers.put(connection);
        Ok(Self {
            readers,
            writer: None,
        })
    }

    pub(super) async fn begin(&self) -> Result<WriterTx> {
        match &self.writer {
            Some(writer) => writer.begin().await,
            None => Err(StoreError::ReadOnly {
                store: self.name().to_owned(),
                operation: "write to",
                what: "it was opened for reading".to_owned(),
                source: None,
            }),
        }
    }

    pub(super) fn name(&self) -> &str {
        self.readers.store()
    }

    pub(super) async fn query(
        &self,
        sql: Cow<'static, str>,
        params: Vec<Value>,
    ) -> Result<Vec<Row>> {
        self.readers.query(sql, params).await
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// SQLite reads `$1` as a name and numbers names by their first use; `?1` is the number itself.
fn numbered(sql: &str) -> String {
    sql.replace('$', "?")
}

/// Runs one statement over many rows of parameters; the number of rows changed.
fn execute_rows(connection: &Connection, sql: &str, rows: &[Vec<Value>]) -> rusqlite::Result<u64> {
    let mut statement = connection.prepare_cached(&numbered(sql))?;
    let mut changed = 0;
    for row in rows {
        changed += statement.execute(params_from_iter(row))? as u64;
    }
    Ok(changed)
}

fn query_rows(connection: &Connection, sql: &str, params: &[Value]) -> rusqlite::Result<Vec<Row>> {
    let mut statement = connection.prepare_cached(&numbered(sql))?;
    let columns = statement.column_count();
    let mut answer = Vec::new();
    let mut rows = statement.query(params_from_iter(params))?;
    while let Some(row) = rows.next()? {
        answer.push(read_row(row, columns)?);
    }
    Ok(answer)
}

fn read_row(row: &rusqlite::Row<'_>, columns: usize) -> rusqlite::Result<Row> {
    let mut values = Vec::with_capacity(columns);
    for index in 0..columns {
        values.push(match row.get_ref(index)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            text @ ValueRef::Text(_) => Value::Text(text.as_str()?.to_owned()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
            ValueRef::Real(_) => {
                return Err(rusqlite::Error::InvalidColumnType(
                    index,
                    "column".to_owned(),
                    rusqlite::types::Type::Real,
                ));
            }
        });
    }
    Ok(Row::new(values))
}
