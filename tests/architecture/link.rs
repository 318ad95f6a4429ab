//! Links between our pages: each leads to a file, and to a heading in it.

use crate::source::root;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Links of a page that lead nowhere.
pub(crate) fn faults(path: &str, text: &str) -> Vec<String> {
    let page = root().join(path);
    let folder = page.parent().expect("a folder");
    let dead = targets(text).filter(|target| !leads(target, text, folder));
    dead.map(|target| format!("{path}: nothing is at {target}"))
        .collect()
}

/// What the page links to, code and other sites left out.
fn targets(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    let links = prose.flat_map(|prose| prose.split("](").skip(1));
    let targets = links.filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

fn leads(target: &str, text: &str, folder: &Path) -> bool {
    match target.split_once('#') {
        None => folder.join(target).exists(),
        Some(("", anchor)) => anchors(text).contains(anchor),
        Some((file, anchor)) => {
            fs::read_to_string(folder.join(file)).is_ok_and(|text| anchors(&text).contains(anchor))
        }
    }
}

/// The anchors that GitHub makes of headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let prose: String = text.split("```").step_by(2).collect();
    let headings = prose.lines().filter(|line| line.starts_with('#'));
    let keep = |c: &char| c.is_alphanumeric() || " -_".contains(*c);
    headings
        .map(|line| line.trim_start_matches('#').trim().to_lowercase())
        .map(|words| {
            words
                .chars()
                .filter(keep)
                .collect::<String>()
                .replace(' ', "-")
        })
        .collect()
}
