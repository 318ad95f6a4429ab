//! Makes `docs/configuration.md` of the files in `config/`, and holds it and `.env.example` to them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

const PAGE: &str = "docs/configuration.md";
const REFRESH: &str = "GENERIC_CORP_REFRESH=1 cargo test --test configuration";

const HEAD: &str = r#"# Configuration

Every setting has a default: the hub runs without a file. Where one is to be different, later ones win:

1. the defaults below, from [`config/default.toml`](../config/default.toml), which are part of the binary
2. a file of the same form, with only what differs: `generic-corp --config hub.toml`, or `GENERIC_CORP_CONFIG`
3. the environment: `GENERIC_CORP__SECTION__KEY`, for instance `GENERIC_CORP__SERVER__PORT=9000`; a list is separated by commas

`generic-corp config check` reads them as the hub would, tells every fault at once, and shows the result with secrets masked. An unknown key is refused by its name. Settings are read at the start; a change needs a restart, which no client notices but by a reconnect.

What an operator sets first is in [`.env.example`](../.env.example).

"#;

const PLANS: &str = r#"## Plans

A plan says what an organization may use. New organizations get `tenancy.default_plan`. `tenancy.plans_file` names a file in the form of [`config/plans.toml`](../config/plans.toml), which then takes the place of all of these. How a connection's rates are counted is in [protocol.md](protocol.md#quotas).

"#;

/// A key of a TOML file: its section, its value as written, and the comment above it.
struct Setting {
    section: String,
    key: String,
    value: String,
    comment: String,
}

fn read(path: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The settings of a file. Our own files are plain: one line a key, comments above.
fn settings(text: &str) -> Vec<Setting> {
    let (mut found, mut section, mut comment) = (Vec::new(), String::new(), String::new());
    for line in text.lines().map(str::trim) {
        if let Some(words) = line.strip_prefix("# ") {
            comment.push_str(if comment.is_empty() { "" } else { " " });
            comment.push_str(words);
            continue;
        }
        if let Some(name) = line.strip_prefix('[') {
            section = name.trim_end_matches(']').to_owned();
        } else if let Some((key, value)) = line.split_once(" = ") {
            found.push(Setting {
                section: section.clone(),
                key: key.to_owned(),
                value: value.to_owned(),
                comment: std::mem::take(&mut comment),
            });
        }
        comment.clear();
    }
    found
}

/// The page as it should be.
fn generated() -> String {
    let mut page = format!(
        "<!-- Made of config/default.toml and config/plans.toml; to refresh it:\n{REFRESH} -->\n{HEAD}"
    );
    let mut section = String::new();
    for setting in settings(&read("config/default.toml")) {
        if setting.section != section {
            section = setting.section;
            let _ = write!(
                page,
                "## `[{section}]`\n\n| key | default | |\n| --- | --- | --- |\n"
            );
        }
        let Setting {
            key,
            value,
            comment,
            ..
        } = setting;
        assert!(
            !comment.is_empty(),
            "config/default.toml: explain {section}.{key}"
        );
        let _ = writeln!(page, "| `{key}` | `{value}` | {comment} |");
    }
    // A blank line before each further section.
    let page = page.replace(" |\n## ", " |\n\n## ");
    format!("{page}\n{PLANS}{}", plans())
}

/// A row a key, a column a plan.
fn plans() -> String {
    let settings = settings(&read("config/plans.toml"));
    let mut names: Vec<&str> = settings.iter().map(|s| s.section.as_str()).collect();
    names.dedup();
    let columns: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let mut table = format!(
        "| key | {} | |\n| --- |{} --- |\n",
        columns.join(" | "),
        " ---: |".repeat(names.len())
    );
    for first in settings.iter().filter(|s| s.section == names[0]) {
        let values = names.iter().map(|name| {
            let value = settings
                .iter()
                .find(|s| s.section == *name && s.key == first.key);
            // A limit that a plan does not name is none.
            value.map_or("none".to_owned(), |value| {
                value.value.replace('_', ",").replace('"', "")
            })
        });
        let values: Vec<String> = values.collect();
        let (key, comment) = (&first.key, &first.comment);
        assert!(!comment.is_empty(), "config/plans.toml: explain {key}");
        let _ = writeln!(table, "| `{key}` | {} | {comment} |", values.join(" | "));
    }
    table
}

#[test]
fn the_page_is_fresh() {
    let fresh = generated();
    if std::env::var_os("GENERIC_CORP_REFRESH").is_some() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(PAGE);
        fs::write(path, &fresh).expect("the page is written");
    }
    assert!(
        read(PAGE) == fresh,
        "{PAGE} is out of date; refresh it with\n  {REFRESH}"
    );
}

#[test]
fn the_example_of_an_environment_names_real_settings() {
    let known: BTreeSet<String> = settings(&read("config/default.toml"))
        .iter()
        .map(|s| format!("GENERIC_CORP__{}__{}", s.section, s.key).to_uppercase())
        .collect();
    let example = read(".env.example");
    let mut named = 0;
    for line in example.lines() {
        let line = line.trim_start_matches('#');
        if let Some((name, _)) = line
            .split_once('=')
            .filter(|_| line.starts_with("GENERIC_CORP__"))
        {
            assert!(
                known.contains(name),
                ".env.example: there is no setting {name}"
            );
            named += 1;
        }
    }
    assert!(named > 5, "the example is not empty");
}
