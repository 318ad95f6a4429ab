//! Columns as the types of the contract.

use super::Error;
use super::sql::Row;
use generic_corp_protocol::{Slug, Timestamp};
use uuid::Uuid;

pub(super) fn uuid(row: &Row, column: &str) -> Result<Uuid, Error> {
    row.get(column)
}

pub(super) fn slug(row: &Row, column: &str) -> Result<Slug, Error> {
    let text: String = row.get(column)?;
    Slug::parse(&text).map_err(|_| Error::Fault(format!("{column} holds no name")))
}

pub(super) fn text(row: &Row, column: &str) -> Result<String, Error> {
    row.get(column)
}

pub(super) fn maybe_text(row: &Row, column: &str) -> Result<Option<String>, Error> {
    row.get(column)
}

pub(super) fn maybe_uuid(row: &Row, column: &str) -> Result<Option<Uuid>, Error> {
    row.get(column)
}

pub(super) fn number(row: &Row, column: &str) -> Result<i64, Error> {
    row.get(column)
}

pub(super) fn time(row: &Row, column: &str) -> Result<Timestamp, Error> {
    Ok(Timestamp(row.get(column)?))
}

pub(super) fn maybe_time(row: &Row, column: &str) -> Result<Option<Timestamp>, Error> {
    Ok(row.get::<Option<i64>>(column)?.map(Timestamp))
}
