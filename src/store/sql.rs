//! A statement for either database: one text, `$1` for its arguments, and rows that are read alike.
//!
//! For everything but the log's write path. sqlx's own `Any` knows neither UUIDs nor how to number
//! arguments for PostgreSQL.

use super::Error;
use super::write::{self, Turn, Turns};
use generic_corp_protocol::OrganizationId;
use sqlx::postgres::{PgPool, PgRow};
use sqlx::sqlite::{SqlitePool, SqliteRow};
use sqlx::{Decode, PgConnection, Postgres, Sqlite, SqliteConnection, Transaction, Type};
use std::borrow::Cow;
use uuid::Uuid;

/// The database behind a store.
#[derive(Clone, Debug)]
pub(super) enum Database {
    /// SQLite has one writer: one connection beside the log's, which take turns.
    Sqlite {
        /// Connections that read.
        read: SqlitePool,
        /// The one that writes.
        write: SqlitePool,
        /// Whose turn it is.
        turns: Turns,
    },
    /// Every connection does both.
    Postgres(PgPool),
}

/// A writing transaction; rolled back when it is dropped.
pub(super) enum Work {
    Sqlite {
        transaction: Transaction<'static, Sqlite>,
        _turn: Turn,
    },
    Postgres(Transaction<'static, Postgres>),
}

/// Where a statement runs.
pub(super) enum Place<'a> {
    Sqlite(&'a SqlitePool),
    SqliteWork(&'a mut SqliteConnection),
    Postgres(&'a PgPool),
    PostgresWork(&'a mut PgConnection),
}

impl Database {
    /// Where to read.
    pub(super) fn read(&self) -> Place<'_> {
        match self {
            Self::Sqlite { read, .. } => Place::Sqlite(read),
            Self::Postgres(pool) => Place::Postgres(pool),
        }
    }

    /// Whose turn it is to write, where one writes at a time.
    pub(super) fn turns(&self) -> Option<Turns> {
        match self {
            Self::Sqlite { turns, .. } => Some(turns.clone()),
            Self::Postgres(_) => None,
        }
    }

    /// Begins a writing transaction. SQLite takes its write lock at once, so that it cannot fail half way
    /// as busy.
    pub(super) async fn begin(&self) -> Result<Work, Error> {
        Ok(match self {
            Self::Sqlite { write, turns, .. } => {
                let _turn = write::take(turns).await?;
                let transaction = write.begin_with("BEGIN IMMEDIATE").await?;
                Work::Sqlite { transaction, _turn }
            }
            Self::Postgres(pool) => Work::Postgres(pool.begin().await?),
        })
    }
}

impl Work {
    /// Waits until no other transaction holds this name, and holds it to the end. SQLite has but one
    /// writer, which holds everything.
    pub(super) async fn hold(&mut self, name: &str) -> Result<(), Error> {
        if let Self::Postgres(work) = self {
            sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
                .bind(name)
                .execute(&mut **work)
                .await?;
        }
        Ok(())
    }

    /// What is counted and limited in an organization is made one after the other.
    pub(super) async fn hold_organization(&mut self, id: OrganizationId) -> Result<(), Error> {
        self.hold(&format!("organization {id}")).await
    }

    /// Ends it; what it wrote is there for all.
    pub(super) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Sqlite { transaction, .. } => transaction.commit().await?,
            Self::Postgres(work) => work.commit().await?,
        }
        Ok(())
    }
}

impl<'a> From<&'a mut Work> for Place<'a> {
    fn from(work: &'a mut Work) -> Self {
        match work {
            Work::Sqlite { transaction, .. } => Self::SqliteWork(transaction),
            Work::Postgres(work) => Self::PostgresWork(work),
        }
    }
}

/// An argument.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Number(Option<i64>),
    Text(Option<String>),
    Uuid(Option<Uuid>),
    Bytes(Option<Vec<u8>>),
}

macro_rules! values {
    ($($from:ty => $value:ident => $make:expr;)*) => {
        $(impl From<$from> for Value {
            fn from(value: $from) -> Self { Self::$value(($make)(value)) }
        })*
    };
}

values! {
    i64 => Number => Some;
    Option<i64> => Number => |value| value;
    u32 => Number => |value| Some(i64::from(value));
    &str => Text => |value: &str| Some(value.to_owned());
    &String => Text => |value: &String| Some(value.clone());
    String => Text => Some;
    Option<String> => Text => |value| value;
    Option<&str> => Text => |value: Option<&str>| value.map(str::to_owned);
    Uuid => Uuid => Some;
    Option<Uuid> => Uuid => |value| value;
    &[u8] => Bytes => |value: &[u8]| Some(value.to_vec());
    Option<Vec<u8>> => Bytes => |value| value;
}

/// A row of either database.
pub(super) enum Row {
    Sqlite(SqliteRow),
    Postgres(PgRow),
}

impl Row {
    /// A column by name.
    pub(super) fn get<'r, T>(&'r self, column: &str) -> Result<T, Error>
    where
        T: Decode<'r, Sqlite> + Type<Sqlite> + Decode<'r, Postgres> + Type<Postgres>,
    {
        Ok(match self {
            Self::Sqlite(row) => sqlx::Row::try_get(row, column)?,
            Self::Postgres(row) => sqlx::Row::try_get(row, column)?,
        })
    }
}

/// A statement in the making.
pub(super) struct Statement {
    text: Cow<'static, str>,
    arguments: Vec<Value>,
}

/// A statement with this text; arguments are `$1`, `$2`, ….
pub(super) fn sql(text: &'static str) -> Statement {
    Statement {
        text: text.into(),
        arguments: Vec::new(),
    }
}

macro_rules! bound {
    ($statement:expr) => {{
        let Statement { text, arguments } = $statement;
        let mut query = sqlx::query(sqlx::AssertSqlSafe(text.into_owned()));
        for argument in arguments {
            query = match argument {
                Value::Number(value) => query.bind(value),
                Value::Text(value) => query.bind(value),
                Value::Uuid(value) => query.bind(value),
                Value::Bytes(value) => query.bind(value),
            };
        }
        query
    }};
}

impl Statement {
    /// Gives the next argument.
    pub(super) fn bind(mut self, value: impl Into<Value>) -> Self {
        self.arguments.push(value.into());
        self
    }

    /// Adds text.
    pub(super) fn push(&mut self, text: &str) -> &mut Self {
        self.text.to_mut().push_str(text);
        self
    }

    /// Adds an argument and its number to the text.
    pub(super) fn push_bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.arguments.push(value.into());
        let number = self.arguments.len();
        self.push(&format!("${number}"))
    }

    /// Adds a list of arguments in parentheses.
    pub(super) fn push_list<T: Into<Value>>(&mut self, values: impl IntoIterator<Item = T>) {
        self.push("(");
        for (at, value) in values.into_iter().enumerate() {
            self.push(if at == 0 { "" } else { ", " });
            self.push_bind(value);
        }
        self.push(")");
    }

    /// Every row.
    pub(super) async fn fetch_all(self, place: impl Into<Place<'_>>) -> Result<Vec<Row>, Error> {
        let sqlite = |rows: Vec<SqliteRow>| rows.into_iter().map(Row::Sqlite).collect();
        let postgres = |rows: Vec<PgRow>| rows.into_iter().map(Row::Postgres).collect();
        Ok(match place.into() {
            Place::Sqlite(pool) => sqlite(bound!(self).fetch_all(pool).await?),
            Place::SqliteWork(work) => sqlite(bound!(self).fetch_all(work).await?),
            Place::Postgres(pool) => postgres(bound!(self).fetch_all(pool).await?),
            Place::PostgresWork(work) => postgres(bound!(self).fetch_all(work).await?),
        })
    }

    /// The first row, if there is one.
    pub(super) async fn fetch_optional(
        self,
        place: impl Into<Place<'_>>,
    ) -> Result<Option<Row>, Error> {
        Ok(match place.into() {
            Place::Sqlite(pool) => bound!(self).fetch_optional(pool).await?.map(Row::Sqlite),
            Place::SqliteWork(work) => bound!(self).fetch_optional(work).await?.map(Row::Sqlite),
            Place::Postgres(pool) => bound!(self).fetch_optional(pool).await?.map(Row::Postgres),
            Place::PostgresWork(work) => {
                bound!(self).fetch_optional(work).await?.map(Row::Postgres)
            }
        })
    }

    /// The one row there is.
    pub(super) async fn fetch_one(self, place: impl Into<Place<'_>>) -> Result<Row, Error> {
        let row = self.fetch_optional(place).await?;
        row.ok_or_else(|| Error::Fault("a row that must be there is not".into()))
    }

    /// Runs it; how many rows it changed.
    pub(super) async fn execute(self, place: impl Into<Place<'_>>) -> Result<u64, Error> {
        Ok(match place.into() {
            Place::Sqlite(pool) => bound!(self).execute(pool).await?.rows_affected(),
            Place::SqliteWork(work) => bound!(self).execute(work).await?.rows_affected(),
            Place::Postgres(pool) => bound!(self).execute(pool).await?.rows_affected(),
            Place::PostgresWork(work) => bound!(self).execute(work).await?.rows_affected(),
        })
    }
}
