//! [`Value`] on the wire.

use std::error::Error as StdError;

use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};

use crate::store::error::{Result, StoreError};
use crate::store::value::{Row, Value};

type BoxError = Box<dyn StdError + Sync + Send>;

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> std::result::Result<IsNull, BoxError> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(number) if *ty == Type::INT8 => number.to_sql(ty, out),
            Self::Integer(number) if *ty == Type::INT4 => i32::try_from(*number)?.to_sql(ty, out),
            Self::Text(text) if <&str as ToSql>::accepts(ty) => text.to_sql(ty, out),
            Self::Bytes(bytes) if *ty == Type::BYTEA => bytes.to_sql(ty, out),
            Self::Integer(_) => {
                Err(format!("an integer given for a parameter of type {ty}").into())
            }
            Self::Text(_) => Err(format!("text given for a parameter of type {ty}").into()),
            Self::Bytes(_) => Err(format!("bytes given for a parameter of type {ty}").into()),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> std::result::Result<Self, BoxError> {
        match *ty {
            Type::INT8 => i64::from_sql(ty, raw).map(Self::Integer),
            Type::INT4 => i32::from_sql(ty, raw).map(|number| Self::Integer(number.into())),
            Type::BOOL => bool::from_sql(ty, raw).map(|truth| Self::Integer(truth.into())),
            Type::BYTEA => Vec::from_sql(ty, raw).map(Self::Bytes),
            _ => String::from_sql(ty, raw).map(Self::Text),
        }
    }

    fn from_sql_null(_: &Type) -> std::result::Result<Self, BoxError> {
        Ok(Self::Null)
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT8 | Type::INT4 | Type::BOOL | Type::BYTEA)
            || <String as FromSql<'_>>::accepts(ty)
    }
}

pub(super) fn read_row(row: &tokio_postgres::Row) -> Result<Row> {
    let values: std::result::Result<Vec<Value>, _> =
        (0..row.len()).map(|index| row.try_get(index)).collect();
    values.map(Row::new).map_err(|error| StoreError::Content {
        what: "a column has a type that labeld does not use".to_owned(),
        source: Some(error.into()),
    })
}
