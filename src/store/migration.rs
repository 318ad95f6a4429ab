//! The tables' migrations, in the binary. Listed by hand: sqlx's macro would compile SQLite and the drivers a
//! second time, for the compiler.

use sqlx::SqlStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

/// File names in `migrations/sqlite` and `migrations/postgres`.
macro_rules! files {
    ($($name:literal),*) => {
        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),*];
        const SQLITE: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../migrations/sqlite/", $name)))),*];
        const POSTGRES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../migrations/postgres/", $name)))),*];
    };
}

files!(
    "0001_init.sql",
    "0002_usage_shards.sql",
    "0003_audit.sql",
    "0004_people.sql",
    "0005_metering.sql",
    "0006_access.sql",
    "0007_webhooks.sql",
    "0008_billing.sql",
    "0009_identities.sql",
    "0010_search.sql",
    "0011_operators.sql"
);

/// Those of SQLite.
pub(super) fn sqlite() -> Migrator {
    migrator(SQLITE)
}

/// Those of PostgreSQL.
pub(super) fn postgres() -> Migrator {
    migrator(POSTGRES)
}

fn migrator(files: &[(&'static str, &'static str)]) -> Migrator {
    let migration = |(name, text): &(&'static str, &'static str)| {
        let (version, rest) = name.split_once('_')?;
        let description = rest.strip_suffix(".sql")?.replace('_', " ");
        Some(Migration::new(
            version.parse().ok()?,
            description.into(),
            MigrationType::Simple,
            SqlStr::from_static(text),
            false,
        ))
    };
    Migrator::with_migrations(files.iter().filter_map(migration).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_is_listed_under_a_number_of_its_own() {
        for (folder, migrator) in [("sqlite", sqlite()), ("postgres", postgres())] {
            let path = format!("{}/migrations/{folder}", env!("CARGO_MANIFEST_DIR"));
            let entries = std::fs::read_dir(path).expect("a folder");
            let name = |entry: std::io::Result<std::fs::DirEntry>| {
                let name = entry.expect("an entry").file_name();
                name.into_string().expect("UTF-8")
            };
            let mut names: Vec<String> = entries.map(name).collect();
            names.sort();
            assert_eq!(names, NAMES);
            let versions: Vec<i64> = migrator.iter().map(|one| one.version).collect();
            assert_eq!(versions, (1..=NAMES.len() as i64).collect::<Vec<_>>());
        }
    }
}
