//! Statements whose words differ between the databases in a few places.

use std::sync::OnceLock;

use super::migrations::Dialect;
use super::value::Value;

/// A statement with placeholders:
///
/// - `{integers:$1}`: `column {…}` is true where the column is in the list that the parameter holds, made with [`integers`];
/// - `{texts:$1}`: the same for [`texts`];
/// - `{files_of:$1 $2}`: the files of app `$1` that the list `$2` of [`texts`] names, removed or not, as the table `f`;
///   whatever else is asked of them, each is found by its name alone;
/// - `{file_of:TABLE.COLUMN}`: a left join with the table `file`, as `f`, by its id: row by row, in the order of the rows before;
/// - `{indexed_by:INDEX}`: SQLite takes this index;
/// - `{rows:NAME.COLUMN}`: the same for the rows of a common table expression;
/// - `{locked}` and `{locked:TABLE}`: the rows are locked until the end of the transaction;
/// - `{shared}`: the rows do not change until then;
/// - `{skip_locked}` and `{skip_locked:TABLE}`: the same, and rows that others have locked are passed over.
///
/// Locks leave the key alone, so that rows which refer to a locked one can be stored meanwhile.
/// SQLite has one writer at a time, so that there is nothing to lock.
#[derive(Debug)]
pub(super) struct Statement {
    text: Text,
    sqlite: OnceLock<String>,
    postgres: OnceLock<String>,
}

#[derive(Debug)]
enum Text {
    Fixed(&'static str),
    Made(fn() -> String),
}

impl Statement {
    pub(super) const fn new(text: &'static str) -> Self {
        Self::of(Text::Fixed(text))
    }

    /// A statement that is put together when it is first used.
    pub(super) const fn made(text: fn() -> String) -> Self {
        Self::of(Text::Made(text))
    }

    const fn of(text: Text) -> Self {
        Self {
            text,
            sqlite: OnceLock::new(),
            postgres: OnceLock::new(),
        }
    }

    /// The text for one database. It lives as long as the program, so that the database prepares it only once.
    pub(super) fn text(&'static self, dialect: Dialect) -> &'static str {
        let built = match dialect {
            Dialect::Sqlite => &self.sqlite,
            Dialect::Postgres => &self.postgres,
        };
        built.get_or_init(|| match self.text {
            Text::Fixed(text) => fill(dialect, text),
            Text::Made(text) => fill(dialect, &text()),
        })
    }
}

fn fill(dialect: Dialect, text: &str) -> String {
    let mut filled = String::with_capacity(text.len() + 100);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let (placeholder, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(&replacement(dialect, placeholder));
        rest = after;
    }
    filled.push_str(rest);
    filled
}

fn replacement(dialect: Dialect, placeholder: &str) -> String {
    let (name, argument) = placeholder.split_once(':').unwrap_or((placeholder, ""));
    match (dialect, name) {
        (Dialect::Sqlite, "integers" | "texts") => {
            format!("IN (SELECT value FROM json_each({argument}))")
        }
        (Dialect::Sqlite, "files_of") => {
            let (app, refs) = argument.split_once(' ').unwrap_or((argument, ""));
            // The order of a cross join is kept. SQLite would else walk all files of the app where they are wanted in the
            // order of ids.
            format!(
                "json_each({refs}) AS page CROSS JOIN file f ON f.app = {app} AND f.ref = page.value"
            )
        }
        (Dialect::Sqlite, "file_of") => format!("LEFT JOIN file f ON f.id = {argument}"),
        // OFFSET keeps the planner from reading all files first, where it takes the other rows for many.
        (Dialect::Postgres, "file_of") => format!(
            "LEFT JOIN LATERAL (SELECT * FROM file WHERE id = {argument} OFFSET 0) AS f ON TRUE"
        ),
        (Dialect::Sqlite, "indexed_by") => format!("INDEXED BY {argument}"),
        (Dialect::Postgres, "integers") => {
            format!("= ANY (CAST(translate({argument}, '[]', '{{}}') AS BIGINT[]))")
        }
        (Dialect::Postgres, "texts") => format!(
            "= ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST({argument} AS TEXT) AS JSON))))"
        ),
        (Dialect::Postgres, "files_of") => {
            let (app, refs) = argument.split_once(' ').unwrap_or((argument, ""));
            // One by one, and OFFSET keeps further conditions out: as long as the planner has no statistics, it takes any index
            // that begins with the app for as good as the one that leads to a single file.
            format!(
                "json_array_elements_text(CAST(CAST({refs} AS TEXT) AS JSON)) AS page (value) CROSS JOIN LATERAL \
                 (SELECT * FROM file WHERE app = {app} AND ref = page.value OFFSET 0) AS f"
            )
        }
        (Dialect::Postgres, "indexed_by") => String::new(),
        (_, "rows") => {
            let (table, column) = argument.split_once('.').unwrap_or((argument, ""));
            match dialect {
                Dialect::Sqlite => format!("IN (SELECT {column} FROM {table})"),
                // As an array, for which the planner takes the index whatever it thinks of the number of rows.
                Dialect::Postgres => format!("= ANY (ARRAY(SELECT {column} FROM {table}))"),
            }
        }
        (Dialect::Postgres, "shared") => "FOR SHARE".to_owned(),
        (Dialect::Postgres, "locked") => lock(argument, ""),
        (Dialect::Postgres, "skip_locked") => lock(argument, " SKIP LOCKED"),
        (Dialect::Sqlite, "shared" | "locked" | "skip_locked") => String::new(),
        // No database takes this for SQL.
        _ => format!("{{{placeholder}}}"),
    }
}

fn lock(table: &str, more: &str) -> String {
    match table {
        "" => format!("FOR NO KEY UPDATE{more}"),
        table => format!("FOR NO KEY UPDATE OF {table}{more}"),
    }
}

/// A list of numbers as one parameter.
pub(super) fn integers(numbers: impl IntoIterator<Item = i64>) -> Value {
    let numbers: Vec<String> = numbers.into_iter().map(|it| it.to_string()).collect();
    Value::Text(format!("[{}]", numbers.join(",")))
}

/// A list of texts as one parameter. NUL becomes what it is stored as.
pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Value {
    let texts = texts
        .into_iter()
        .map(|text| serde_json::Value::String(text.replace('\0', "\u{fffd}")));
    Value::Text(serde_json::Value::Array(texts.collect()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_database_gets_its_own_words() {
        static STATEMENT: Statement = Statement::new(
            "a {integers:$1} {texts:$3} b {files_of:$1 $2} {indexed_by:i} c {rows:picked.file} d {locked} e {skip_locked:j} f",
        );
        let table = [
            (
                Dialect::Sqlite,
                "a IN (SELECT value FROM json_each($1)) IN (SELECT value FROM json_each($3)) b \
                 json_each($2) AS page CROSS JOIN file f ON f.app = $1 AND f.ref = page.value INDEXED BY i \
                 c IN (SELECT file FROM picked) d  e  f",
            ),
            (
                Dialect::Postgres,
                "a = ANY (CAST(translate($1, '[]', '{}') AS BIGINT[])) \
                 = ANY (ARRAY(SELECT json_array_elements_text(CAST(CAST($3 AS TEXT) AS JSON)))) b \
                 json_array_elements_text(CAST(CAST($2 AS TEXT) AS JSON)) AS page (value) CROSS JOIN LATERAL \
                 (SELECT * FROM file WHERE app = $1 AND ref = page.value OFFSET 0) AS f  \
                 c = ANY (ARRAY(SELECT file FROM picked)) d FOR NO KEY UPDATE e FOR NO KEY UPDATE OF j SKIP LOCKED f",
            ),
        ];
        for (dialect, expected) in table {
            assert_eq!(STATEMENT.text(dialect), expected);
        }
    }

    #[test]
    fn a_placeholder_that_nobody_knows_is_not_dropped() {
        static STATEMENT: Statement = Statement::new("a {text:$1}");
        for dialect in [Dialect::Sqlite, Dialect::Postgres] {
            assert_eq!(STATEMENT.text(dialect), "a {text:$1}");
        }
    }

    #[test]
    fn lists_are_one_parameter() {
        assert_eq!(integers([]), Value::from("[]"));
        assert_eq!(integers([1, -2]), Value::from("[1,-2]"));
        assert_eq!(
            texts(["a\"b", "c\0"]),
            Value::from("[\"a\\\"b\",\"c\u{fffd}\"]")
        );
    }
}
