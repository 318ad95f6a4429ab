//! The two sets of migrations lead to the same tables, and the audit log's cannot be changed.

use crate::support::TestServer;
use crate::support::database::{execute, is_postgres};
use generic_corp_protocol::rest::AuditEntry;
use serde_json::{Value, json};
use sqlx::{Connection as _, Row as _};
use std::collections::BTreeSet;

/// Table, column, whether it may be null, and its place in the primary key (0: none).
type Column = (String, String, bool, i64);

#[tokio::test]
async fn sqlite_and_postgresql_have_the_same_tables() {
    if !is_postgres() {
        return;
    }
    let (file, server) = tokio::join!(
        TestServer::builder().on_sqlite().start(),
        TestServer::builder().alone().start()
    );
    let (here, mut there) = (sqlite(&file).await, postgres(&server).await);
    // What SQLite has in a table of FTS5.
    there.retain(|(table, column, ..)| (&**table, &**column) != ("search_entries", "words"));
    let missing: Vec<_> = here.symmetric_difference(&there).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(here.len() > 50, "{}", here.len());
}

#[tokio::test]
async fn the_audit_log_is_append_only() {
    let hub = TestServer::start().await;
    let owner = hub.admin().await;
    let new = json!({ "slug": "more" });
    let _: Value = owner
        .post("/organizations/main/workspaces", &new)
        .await
        .ok();
    for statement in [
        "UPDATE audit_log SET target = 'nothing'",
        "DELETE FROM audit_log",
    ] {
        let error = execute(&hub.database(), statement)
            .await
            .expect_err("refused");
        assert!(error.to_string().contains("append-only"), "{error}");
    }
    let acts: Vec<AuditEntry> = owner.get("/organizations/main/audit").await.ok();
    assert_eq!(acts[0].target, "more");
}

async fn sqlite(hub: &TestServer) -> BTreeSet<Column> {
    let url = format!("sqlite:{}?mode=ro", hub.database().display());
    let mut connection = sqlx::SqliteConnection::connect(&url).await.expect("a file");
    let rows = sqlx::query(
        "SELECT t.name, c.name, c.\"notnull\" = 0 AND c.pk = 0, c.pk
         FROM sqlite_master t JOIN pragma_table_info(t.name) c
         WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
           AND t.name NOT LIKE '\\_sqlx%' ESCAPE '\\' AND t.name NOT LIKE 'search\\_words%' ESCAPE '\\'",
    );
    let rows = rows.fetch_all(&mut connection).await.expect("tables");
    let column = |row: &sqlx::sqlite::SqliteRow| (row.get(0), row.get(1), row.get(2), row.get(3));
    rows.iter().map(column).collect()
}

async fn postgres(hub: &TestServer) -> BTreeSet<Column> {
    let url = hub.database();
    let url = url.to_str().expect("a URL");
    let mut connection = sqlx::PgConnection::connect(url).await.expect("a database");
    let rows = sqlx::query(
        "SELECT c.table_name::text, c.column_name::text, c.is_nullable = 'YES',
                COALESCE(k.ordinal_position, 0)::bigint
         FROM information_schema.columns c
         LEFT JOIN information_schema.table_constraints p
           ON p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY'
         LEFT JOIN information_schema.key_column_usage k
           ON k.constraint_name = p.constraint_name AND k.column_name = c.column_name
         WHERE c.table_schema = 'public' AND c.table_name NOT LIKE '\\_sqlx%'
           AND c.table_name NOT IN (SELECT v.table_name FROM information_schema.views v)",
    );
    let rows = rows.fetch_all(&mut connection).await.expect("tables");
    let column = |row: &sqlx::postgres::PgRow| (row.get(0), row.get(1), row.get(2), row.get(3));
    rows.iter().map(column).collect()
}
