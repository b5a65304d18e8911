//! Values and rows as both databases understand them.

use std::vec;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::error::{Result, StoreError};

/// A parameter or a column. Booleans are 0 or 1, times are milliseconds since 1970 in UTC, UUIDs are 16 bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// An integer.
    Integer(i64),
    /// Text without NUL characters.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Integer(_) => "an integer",
            Self::Text(_) => "text",
            Self::Bytes(_) => "bytes",
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(i64::from(value))
    }
}

/// Sizes beyond `i64::MAX` are kept as that: no file is larger.
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(i64::from(value))
    }
}

/// PostgreSQL's text cannot hold NUL, and SQLite's text functions stop at it: it becomes U+FFFD in both.
impl From<String> for Value {
    fn from(value: String) -> Self {
        if value.contains('\0') {
            return Self::Text(value.replace('\0', "\u{fffd}"));
        }
        Self::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::from(value.to_owned())
    }
}

impl From<Uuid> for Value {
    fn from(value: Uuid) -> Self {
        Self::Bytes(value.as_bytes().to_vec())
    }
}

impl From<DateTime<Utc>> for Value {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Integer(value.timestamp_millis())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// The tenant of a label: its Entra id, or empty bytes where there is none, because NULLs are not equal to each other in a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Site(pub(super) Option<Uuid>);

impl From<Site> for Value {
    fn from(site: Site) -> Self {
        site.0.map_or(Self::Bytes(Vec::new()), Self::from)
    }
}

/// The parameters of a statement: `values![id, name]` is `$1, $2`.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        vec![$($crate::store::Value::from($value)),*]
    };
}
pub(crate) use values;

/// What a column can be read as.
pub trait FromValue: Sized {
    /// Reads a value, or hands it back with what was expected instead.
    ///
    /// # Errors
    ///
    /// The value, and the words for what was expected.
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)>;
}

impl FromValue for i64 {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Integer(number) => Ok(number),
            other => Err((other, "an integer")),
        }
    }
}

impl FromValue for u64 {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Integer(number) if number >= 0 => Ok(number.unsigned_abs()),
            other => Err((other, "an integer that is not negative")),
        }
    }
}

impl FromValue for u32 {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Integer(number) => {
                Self::try_from(number).map_err(|_| (value, "an integer of 32 bits"))
            }
            other => Err((other, "an integer of 32 bits")),
        }
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Integer(0) => Ok(false),
            Value::Integer(1) => Ok(true),
            other => Err((other, "0 or 1")),
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Text(text) => Ok(text),
            other => Err((other, "text")),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Bytes(bytes) => Ok(bytes),
            other => Err((other, "bytes")),
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Bytes(bytes) => {
                Self::from_slice(&bytes).map_err(|_| (Value::Bytes(bytes), "16 bytes"))
            }
            other => Err((other, "16 bytes")),
        }
    }
}

impl FromValue for Site {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Bytes(bytes) if bytes.is_empty() => Ok(Self(None)),
            present => Uuid::from_value(present).map(|id| Self(Some(id))),
        }
    }
}

impl FromValue for DateTime<Utc> {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Integer(millis) => {
                Self::from_timestamp_millis(millis).ok_or((value, "a time in milliseconds"))
            }
            other => Err((other, "a time in milliseconds")),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> std::result::Result<Self, (Value, &'static str)> {
        match value {
            Value::Null => Ok(None),
            present => T::from_value(present).map(Some),
        }
    }
}

/// One row of an answer, read column by column in the order of the SELECT list.
#[derive(Debug)]
pub struct Row {
    columns: vec::IntoIter<Value>,
    position: usize,
}

impl Row {
    /// A row of these columns.
    #[must_use]
    pub fn new(columns: Vec<Value>) -> Self {
        Self {
            columns: columns.into_iter(),
            position: 0,
        }
    }

    /// The next column.
    ///
    /// # Errors
    ///
    /// [`StoreError::Content`] when no column is left, or it holds something else than `T`.
    pub fn take<T: FromValue>(&mut self) -> Result<T> {
        self.position += 1;
        let Some(value) = self.columns.next() else {
            return Err(StoreError::content(format!(
                "the answer has no column {}",
                self.position
            )));
        };
        T::from_value(value).map_err(|(value, expected)| {
            StoreError::content(format!(
                "column {} of the answer is {}, expected {expected}",
                self.position,
                value.kind()
            ))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_read_in_order_and_as_what_they_are() -> Result<()> {
        let id = Uuid::from_u128(7);
        let mut row = Row::new(values![7_i64, "a\0b", id, None::<i64>, true, u64::MAX]);
        assert_eq!(row.take::<i64>()?, 7);
        assert_eq!(row.take::<String>()?, "a\u{fffd}b");
        assert_eq!(row.take::<Uuid>()?, id);
        assert_eq!(row.take::<Option<String>>()?, None);
        assert!(row.take::<bool>()?);
        assert_eq!(row.take::<u64>()?, i64::MAX.unsigned_abs());
        assert!(row.take::<i64>().is_err());
        Ok(())
    }

    #[test]
    fn another_type_is_an_error_that_names_the_column() {
        fn check<T: FromValue + std::fmt::Debug>(value: Value, message: &str) {
            let error = Row::new(vec![value]).take::<T>().unwrap_err();
            assert_eq!(
                error.to_string(),
                format!(
                    "unexpected content in the store: {message}; `labeld store check` shows what else is wrong"
                )
            );
        }
        check::<i64>(
            Value::from("x"),
            "column 1 of the answer is text, expected an integer",
        );
        check::<String>(Value::Null, "column 1 of the answer is null, expected text");
        check::<Uuid>(
            Value::Bytes(vec![1]),
            "column 1 of the answer is bytes, expected 16 bytes",
        );
        check::<bool>(
            Value::Integer(2),
            "column 1 of the answer is an integer, expected 0 or 1",
        );
        check::<u64>(
            Value::Integer(-1),
            "column 1 of the answer is an integer, expected an integer that is not negative",
        );
    }
}
