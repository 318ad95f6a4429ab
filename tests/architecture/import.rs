//! The table of the document, and what the code imports.

use crate::source::{bare, tokens, without_tests};
use std::collections::{BTreeMap, BTreeSet};

/// The document that has the table.
pub(crate) const DOCUMENT: &str = "docs/ARCHITECTURE.md";
const HEADING: &str = "## Who may import whom";
/// Folders of crates that stand in the table like modules.
const CRATES: [(&str, &str); 3] = [
    ("protocol/src/", "protocol"),
    ("clients/rust/src/", "client"),
    ("loadtest/src/", "loadtest"),
];

/// Modules, and what each may import or does.
pub(crate) type Graph = BTreeMap<String, BTreeSet<String>>;

/// One file's import of a module.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Import {
    from: String,
    to: String,
    file: String,
}

/// The rows of the table: a module, and what it may import.
pub(crate) fn table(document: &str) -> Graph {
    let begin = document.find(HEADING).expect("the document has the table");
    let rows = document[begin + HEADING.len()..].lines();
    let rows = rows.take_while(|line| !line.starts_with("## "));
    let mut table = Graph::new();
    for row in rows.filter(|line| line.starts_with("| `")) {
        let mut cells = row.trim_matches('|').split('|').map(quoted);
        let modules = cells.next().unwrap_or_default();
        let may = cells.next().unwrap_or_default();
        for module in modules {
            table.insert(module, may.clone());
        }
    }
    table
}

/// The words in backticks.
fn quoted(cell: &str) -> BTreeSet<String> {
    cell.split('`')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

/// The module that a file belongs to, and how deep below the crate's root it lies. Tests belong to none.
pub(crate) fn place(path: &str) -> Option<(String, usize)> {
    let is_test = path.split('/').any(|part| part == "tests")
        || path.ends_with("tests.rs")
        || path.ends_with("src/lib.rs");
    if is_test {
        return None;
    }
    if let Some((_, name)) = CRATES.iter().find(|(folder, _)| path.starts_with(folder)) {
        return Some(((*name).to_owned(), usize::MAX));
    }
    let inner = path.strip_prefix("src/")?.trim_end_matches(".rs");
    let parts: Vec<&str> = inner.split('/').filter(|part| *part != "mod").collect();
    Some((parts.first()?.to_string(), parts.len()))
}

/// The modules that a file imports, its own left out.
pub(crate) fn imports(path: &str, text: &str) -> Vec<Import> {
    let Some((module, depth)) = place(path) else {
        return Vec::new();
    };
    let own_crate = CRATES.iter().any(|(_, name)| *name == module);
    let tokens = tokens(&without_tests(&bare(text, false)));
    let mut found = BTreeSet::new();
    for at in 0..tokens.len() {
        let begins = at == 0 || tokens[at - 1] != "::";
        match tokens[at].as_str() {
            "generic_corp_client" => drop(found.insert("client".to_owned())),
            "generic_corp_protocol" => drop(found.insert("protocol".to_owned())),
            "crate" if begins && !own_crate => named(&tokens[at + 1..], &mut found),
            "generic_corp" if begins => named(&tokens[at + 1..], &mut found),
            "super" if begins => {
                let supers = tokens[at..].chunks(2).take_while(|pair| pair[0] == "super");
                let supers = supers.count();
                if supers == depth {
                    named(&tokens[at + 2 * supers - 1..], &mut found);
                }
            }
            _ => {}
        }
    }
    found.remove(&module);
    let import = |to| Import {
        from: module.clone(),
        to,
        file: path.to_owned(),
    };
    found.into_iter().map(import).collect()
}

/// The first names after `::`: one, or those of a group.
fn named(tokens: &[String], found: &mut BTreeSet<String>) {
    let [colons, first, rest @ ..] = tokens else {
        return;
    };
    if colons != "::" {
        return;
    }
    if first != "{" {
        found.insert(first.clone());
        return;
    }
    let (mut depth, mut begins) = (1, true);
    for token in rest {
        match token.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            "," => begins = depth == 1,
            name if begins && depth == 1 => {
                found.insert(name.to_owned());
                begins = false;
            }
            _ => {}
        }
        if depth == 0 {
            return;
        }
    }
}

/// What the table forbids, and every circle.
pub(crate) fn faults(table: &Graph, imports: &[Import]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut real = Graph::new();
    for Import { from, to, file } in imports {
        // The contract itself is everybody's.
        let may = table.get(from).is_none_or(|may| may.contains(to)) || to == "protocol";
        if !may {
            faults.push(format!("{DOCUMENT} forbids: {from} imports {to} ({file})"));
        }
        real.entry(from.clone()).or_default().insert(to.clone());
    }
    for (where_, graph) in [("the code", &real), (DOCUMENT, table)] {
        if let Some(circle) = circle(graph) {
            faults.push(format!("{where_} has a circle: {}", circle.join(" -> ")));
        }
    }
    faults
}

/// Modules that stand in the table or in the code alone.
pub(crate) fn strangers(table: &Graph, modules: &BTreeSet<String>) -> Vec<String> {
    let missing = modules.iter().filter(|name| !table.contains_key(*name));
    let gone = table.keys().filter(|name| !modules.contains(*name));
    missing
        .map(|name| format!("{DOCUMENT} does not list: {name}"))
        .chain(gone.map(|name| format!("{DOCUMENT} lists what is not there: {name}")))
        .collect()
}

/// Takes modules away that import nothing which is left; what cannot be taken away stands in a circle.
fn circle(graph: &Graph) -> Option<Vec<String>> {
    let mut left = graph.clone();
    loop {
        let names: BTreeSet<String> = left.keys().cloned().collect();
        let before = left.len();
        left.retain(|_, to| to.iter().any(|name| names.contains(name)));
        if left.len() == before {
            break;
        }
    }
    let mut walk = vec![left.keys().next()?.clone()];
    loop {
        let last = walk.last()?;
        let next = left[last].iter().find(|name| left.contains_key(*name))?;
        let seen = walk.iter().position(|name| name == next);
        walk.push(next.clone());
        if let Some(begin) = seen {
            return Some(walk.split_off(begin));
        }
    }
}
