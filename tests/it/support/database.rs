//! What a test's hub stores in: SQLite, or PostgreSQL where the run has one (`scripts/with-postgres`); and
//! what joins the nodes of a cluster (`scripts/with-redis`).

use sqlx::Connection as _;
use sqlx::{ConnectOptions as _, Executor as _};
use std::path::Path;
use std::str::FromStr as _;

/// The server that the tests may make databases on.
const SERVER: &str = "GENERIC_CORP_TEST_POSTGRES";
/// The Redis that joins nodes.
const REDIS: &str = "GENERIC_CORP_TEST_REDIS";
/// `postgres` runs every hub on PostgreSQL, `cluster` as three nodes on PostgreSQL and Redis.
const STORE: &str = "GENERIC_CORP_TEST_STORE";

/// Whether hubs store in PostgreSQL.
pub fn is_postgres() -> bool {
    std::env::var(STORE).is_ok_and(|store| store == "postgres" || store == "cluster")
}

/// Whether every hub is three nodes.
pub fn is_cluster() -> bool {
    std::env::var(STORE).is_ok_and(|store| store == "cluster")
}

/// The Redis of the run, where it has one.
pub fn redis() -> Option<String> {
    std::env::var(REDIS).ok().filter(|_| is_cluster())
}

/// A file in this folder.
pub fn file(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("hub.db").display())
}

/// A database of one test.
pub fn url(folder: &Path) -> String {
    if !is_postgres() {
        return file(folder);
    }
    let server = std::env::var(SERVER).expect("scripts/with-postgres names a PostgreSQL");
    format!("{server}/test_{:016x}", rand::random::<u64>())
}

/// Makes the database, where it has to be made.
pub async fn make(url: &str) {
    if !url.starts_with("postgres") {
        return;
    }
    let (server, name) = url.rsplit_once('/').expect("a database in the URL");
    let server = format!("{server}/postgres");
    let options = sqlx::postgres::PgConnectOptions::from_str(&server).expect("a URL");
    let mut connection = options.connect().await.expect("PostgreSQL answers");
    let statement = format!("CREATE DATABASE {name}");
    let made = connection.execute(sqlx::AssertSqlSafe(statement)).await;
    // Another node of the test may have made it.
    let there = |error: &sqlx::Error| {
        let error = error.as_database_error();
        error.and_then(|error| error.code()).as_deref() == Some("42P04")
    };
    if let Err(error) = made {
        assert!(there(&error), "the database is made: {error}");
    }
}

/// Runs a statement as the database's owner, past the hub; how many rows it changed.
pub async fn execute(place: &Path, statement: &'static str) -> Result<u64, sqlx::Error> {
    if is_postgres() {
        let url = place.to_str().expect("a URL");
        let mut connection = sqlx::PgConnection::connect(url).await?;
        let done = sqlx::query(statement).execute(&mut connection).await?;
        Ok(done.rows_affected())
    } else {
        let url = format!("sqlite:{}?mode=rw", place.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await?;
        let done = sqlx::query(statement).execute(&mut connection).await?;
        Ok(done.rows_affected())
    }
}

/// The one number that a query gives.
pub async fn number(place: &Path, query: &'static str) -> i64 {
    if is_postgres() {
        let url = place.to_str().expect("a URL");
        let mut connection = sqlx::PgConnection::connect(url).await.expect("a database");
        let number = sqlx::query_scalar(query).fetch_one(&mut connection).await;
        number.expect("a number")
    } else {
        let url = format!("sqlite:{}?mode=ro", place.display());
        let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("a file");
        let number = sqlx::query_scalar(query).fetch_one(&mut connection).await;
        number.expect("a number")
    }
}
