//! Holds the code to `docs/ARCHITECTURE.md`: who may import whom, no circles, tidy files.

mod import;
mod link;
mod source;
mod tidy;

use import::{DOCUMENT, Import, imports, place, table};
use source::{root, rust_files};
use std::collections::BTreeSet;
use std::fs;

/// Folders whose Rust files are looked at.
const FOLDERS: [&str; 5] = ["src", "protocol", "clients/rust", "loadtest", "tests"];

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn modules_import_what_the_document_allows() {
    let document = fs::read_to_string(root().join(DOCUMENT)).expect("the document is there");
    let table = table(&document);
    let (mut found, mut modules) = (Vec::new(), BTreeSet::new());
    for (path, text) in FOLDERS.iter().flat_map(|folder| rust_files(folder)) {
        modules.extend(place(&path).map(|(module, _)| module));
        found.append(&mut imports(&path, &text));
    }
    let mut faults = import::faults(&table, &found);
    faults.extend(import::strangers(&table, &modules));
    assert_none(&faults);
}

#[test]
fn files_are_tidy() {
    let files = FOLDERS.iter().flat_map(|folder| rust_files(folder));
    let faults: Vec<String> = files
        .flat_map(|(path, text)| tidy::faults(&path, &text))
        .collect();
    assert_none(&faults);
}

#[test]
fn links_lead_somewhere() {
    let mut faults = Vec::new();
    for folder in ["", "docs"] {
        for entry in fs::read_dir(root().join(folder)).expect("the folder is readable") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|kind| kind == "md") {
                let text = fs::read_to_string(&path).expect("a page");
                let path = path.strip_prefix(root()).expect("below the root");
                faults.append(&mut link::faults(&path.to_string_lossy(), &text));
            }
        }
    }
    assert_none(&faults);
    let planted = "# Too far\n[good](#too-far) [bad](#far) [gone](x.md) [odd](errors.md#nope)\n```\n[code](y.md)\n```\n";
    assert_eq!(
        link::faults("docs/planted.md", planted),
        [
            "docs/planted.md: nothing is at #far",
            "docs/planted.md: nothing is at x.md",
            "docs/planted.md: nothing is at errors.md#nope",
        ],
    );
}

/// Imports of planted files.
fn planted(files: &[(&str, &str)]) -> Vec<Import> {
    files
        .iter()
        .flat_map(|(path, text)| imports(path, text))
        .collect()
}

const PLANTED_TABLE: &str = "# Map\n| `socket` | `room` |\n## Who may import whom\n\n| module | may import |\n\
    | --- | --- |\n| `socket` | `room` |\n| `room`, `bus` | `store` |\n| `store` | |\n\n## Else\n| `other` | |\n";

#[test]
fn a_planted_break_is_found() {
    let table = table(PLANTED_TABLE);
    assert_eq!(table.len(), 4, "only the rows below the heading: {table:?}");
    let good = planted(&[
        (
            "src/socket/mod.rs",
            "use crate::room::Rooms;\nuse generic_corp_protocol::Event;",
        ),
        (
            "src/room/mod.rs",
            "// crate::socket\nconst X: &str = \"crate::socket\"; use crate::store;",
        ),
        ("src/room/tests.rs", "use crate::socket::Socket;"),
        (
            "src/bus/mod.rs",
            "#[cfg(test)]\nmod tests {\n    use crate::socket::Socket;\n}",
        ),
    ]);
    assert_none(&import::faults(&table, &good));
    for (path, text) in [
        ("src/room/mod.rs", "use crate::socket::Socket;"),
        (
            "src/room/mod.rs",
            "use crate::{store::Store, socket::{Socket, Door}};",
        ),
        ("src/room/publish.rs", "fn f() { crate::socket::open() }"),
        ("src/room/publish.rs", "use super::super::socket::Socket;"),
        ("src/room.rs", "pub use super::socket;"),
    ] {
        let faults = import::faults(&table, &planted(&[(path, text)]));
        let words = format!("docs/ARCHITECTURE.md forbids: room imports socket ({path})");
        assert_eq!(faults, [words], "{text}");
    }
}

#[test]
fn a_planted_stranger_or_circle_is_found() {
    let table = table(PLANTED_TABLE);
    let modules = ["socket", "room", "bus", "queue"].map(str::to_owned);
    assert_eq!(
        import::strangers(&table, &modules.into()),
        [
            "docs/ARCHITECTURE.md does not list: queue",
            "docs/ARCHITECTURE.md lists what is not there: store"
        ]
    );

    let round = PLANTED_TABLE.replace("| `store` | |", "| `store` | `socket` |");
    let round = import::table(&round);
    let faults = import::faults(&round, &[]);
    assert_eq!(
        faults,
        ["docs/ARCHITECTURE.md has a circle: store -> socket -> room -> store"]
    );
    let files = planted(&[
        ("src/socket/mod.rs", "use crate::room::Rooms;"),
        ("src/room/mod.rs", "use crate::store::Store;"),
        ("src/store/mod.rs", "use crate::socket::Socket;"),
    ]);
    assert!(
        import::faults(&round, &files)
            .contains(&"the code has a circle: room -> store -> socket -> room".to_owned())
    );
}

#[test]
fn an_untidy_file_is_found() {
    let long = format!("//! Long.\n{}", "\n".repeat(400));
    for (path, text, fault) in [
        (
            "src/room/mod.rs",
            "use x;",
            "src/room/mod.rs: the first line is no `//!` comment",
        ),
        (
            "src/room/mod.rs",
            &long,
            "src/room/mod.rs: 401 lines, more than 400",
        ),
        (
            "src/room/mod.rs",
            "//! X.\nfn f() { todo!() }",
            "src/room/mod.rs: `todo!` is left",
        ),
        (
            "protocol/src/id.rs",
            "//! X.\nfn f() { dbg!(1); }",
            "protocol/src/id.rs: `dbg!` is left",
        ),
        (
            "src/room/mod.rs",
            "//! X.\nconst Q: &str = \"SELECT 1\";",
            "src/room/mod.rs: `SELECT ` outside of src/store",
        ),
        (
            "src/room/mod.rs",
            "//! X.\nuse sqlx::Row;",
            "src/room/mod.rs: `sqlx::` outside of src/store",
        ),
    ] {
        assert_eq!(tidy::faults(path, text), [fault]);
    }
    for (path, text) in [
        (
            "src/store/room.rs",
            "//! X.\nuse sqlx::Row;\nconst Q: &str = \"SELECT 1\";",
        ),
        (
            "src/room/tests.rs",
            "//! X.\nconst Q: &str = \"UPDATE rooms\";",
        ),
        (
            "src/room/mod.rs",
            "//! X: todo!\n// SELECT 1\nconst T: char = '\"'; const S: &str = r#\"dbg!(\"#;",
        ),
    ] {
        assert_none(&tidy::faults(path, text));
    }
}
