//! The schema as the migration steps make it, and as a file has it.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::Connection;

use super::errors::meaning;
use super::open;
use crate::store::error::{Result, StoreError};
use crate::store::migrations::{CREATE_SCHEMA_VERSION, Dialect, Migration, sql_for};

/// The parts of a schema, each as kind and name (`table file`), with the statement that makes it.
pub(in crate::store) type Parts = BTreeMap<String, String>;

/// A table and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Table {
    pub(in crate::store) name: String,
    pub(in crate::store) columns: Vec<String>,
}

/// A column whose values are those of another table's column, or null.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Reference {
    pub(in crate::store) table: String,
    pub(in crate::store) column: String,
    pub(in crate::store) to_table: String,
    pub(in crate::store) to_column: String,
}

/// A schema. Tables and columns are the same in both databases; the statements are SQLite's.
#[derive(Debug)]
pub(in crate::store) struct Schema {
    pub(in crate::store) parts: Parts,
    pub(in crate::store) tables: Vec<Table>,
    pub(in crate::store) references: Vec<Reference>,
}

impl Schema {
    /// The names of the tables.
    pub(in crate::store) fn table_names(&self) -> Vec<String> {
        self.tables.iter().map(|table| table.name.clone()).collect()
    }
}

/// The schema that the steps make: they are done in memory.
pub(in crate::store) fn expected(steps: &[Migration]) -> Result<Schema> {
    made_in_memory(steps)
        .and_then(|connection| read(&connection))
        .map_err(|error| StoreError::Other {
            operation: "make the schema in memory",
            source: Some(error.into()),
        })
}

fn made_in_memory(steps: &[Migration]) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(CREATE_SCHEMA_VERSION)?;
    for step in steps {
        // In a transaction, as when a store is made: a step may put off the check of references to its end.
        let sql = sql_for(Dialect::Sqlite, step.text);
        connection.execute_batch(&format!("BEGIN; {sql} COMMIT;"))?;
    }
    Ok(connection)
}

/// The schema of the store at `path`.
pub(in crate::store) fn of_file(path: &Path) -> Result<Schema> {
    let failed = |error| meaning(&path.display().to_string(), "read the schema", error);
    read(&open::reading_connection(path)?).map_err(failed)
}

fn read(connection: &Connection) -> rusqlite::Result<Schema> {
    let parts = rows(
        connection,
        "SELECT type || ' ' || name, COALESCE(sql, '') FROM sqlite_schema
         WHERE name NOT LIKE 'sqlite_stat%'",
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let tables = rows(
        connection,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
        |row| {
            Ok(Table {
                name: row.get(0)?,
                columns: Vec::new(),
            })
        },
    )?;
    let columns = rows(
        connection,
        "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
         WHERE m.type = 'table' ORDER BY m.name, c.cid",
        |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)),
    )?;
    let references = rows(
        connection,
        "SELECT m.name, r.\"from\", r.\"table\", COALESCE(r.\"to\", 'id')
         FROM sqlite_schema m, pragma_foreign_key_list(m.name) r
         WHERE m.type = 'table' ORDER BY m.name, r.\"from\"",
        |row| {
            Ok(Reference {
                table: row.get(0)?,
                column: row.get(1)?,
                to_table: row.get(2)?,
                to_column: row.get(3)?,
            })
        },
    )?;
    Ok(Schema {
        parts: parts.into_iter().collect(),
        tables: with_columns(tables, &columns),
        references,
    })
}

fn with_columns(mut tables: Vec<Table>, columns: &[(String, String)]) -> Vec<Table> {
    for table in &mut tables {
        let own = columns.iter().filter(|(of, _)| *of == table.name);
        table.columns = own.map(|(_, column)| column.clone()).collect();
    }
    tables
}

fn rows<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(sql)?.query_map([], read)?.collect()
}
