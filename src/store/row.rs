//! Columns as the types of the contract.

use super::Error;
use generic_corp_protocol::{Slug, Timestamp};
use sqlx::{Row, sqlite::SqliteRow};
use uuid::Uuid;

pub(super) fn uuid(row: &SqliteRow, column: &str) -> Result<Uuid, Error> {
    Ok(row.try_get(column)?)
}

pub(super) fn slug(row: &SqliteRow, column: &str) -> Result<Slug, Error> {
    let text: String = row.try_get(column)?;
    Slug::parse(&text).map_err(|_| Error::Fault(format!("{column} holds no name")))
}

pub(super) fn text(row: &SqliteRow, column: &str) -> Result<String, Error> {
    Ok(row.try_get(column)?)
}

pub(super) fn number(row: &SqliteRow, column: &str) -> Result<i64, Error> {
    Ok(row.try_get(column)?)
}

pub(super) fn time(row: &SqliteRow, column: &str) -> Result<Timestamp, Error> {
    Ok(Timestamp(row.try_get(column)?))
}

pub(super) fn maybe_time(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, Error> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Timestamp))
}
