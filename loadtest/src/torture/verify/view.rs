//! What each viewer saw against the log: no gap, no repeat, nothing else, over every resume.

use super::case::{Case, Log, Sight};
use super::{Rule, Violation};
use crate::torture::history::Hash;

/// What is counted of the viewers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Events that viewers got.
    pub deliveries: u64,
    /// Resumes that went on where they had been.
    pub exact: u64,
    /// Resumes that were told to begin anew, and positions that were reset.
    pub reset: u64,
}

/// See the module.
pub fn check(case: &Case, found: &mut Vec<Violation>) -> Seen {
    let mut seen = Seen::default();
    for ((who, room), sights) in &case.views {
        let Some(log) = case.log(room) else { continue };
        let mut eye = Eye {
            name: format!("{who} in {room}"),
            log,
            position: None,
            highest: 0,
            found,
            seen: &mut seen,
        };
        sights.iter().for_each(|sight| eye.see(sight));
        eye.end();
    }
    seen
}

struct Eye<'a> {
    name: String,
    log: &'a Log,
    /// The last event it has.
    position: Option<u64>,
    /// The newest that it ever had.
    highest: u64,
    found: &'a mut Vec<Violation>,
    seen: &'a mut Seen,
}

impl Eye<'_> {
    fn see(&mut self, sight: &Sight) {
        match sight {
            Sight::Joined {
                conn,
                had: Some(had),
                after,
                recovered: true,
            } => {
                self.seen.exact += 1;
                if after != had {
                    self.broken(
                        Rule::ViewGap,
                        format!("connection {conn} resumed at {had} and was taken to {after}"),
                    );
                }
                self.position = Some(*after);
            }
            Sight::Joined { had, after, .. } => {
                if let Some(had) = had {
                    self.reset(*had, *after);
                }
                self.begin(*after);
            }
            Sight::Reset { position } => {
                self.reset(self.position.unwrap_or(0), *position);
                self.begin(*position);
            }
            Sight::Saw { from, hashes } => {
                for (seq, hash) in (*from..).zip(hashes) {
                    self.event(seq, *hash);
                }
            }
        }
    }

    /// It was told to forget what it has, though no fault of the run takes a log away.
    fn reset(&mut self, had: u64, after: u64) {
        self.seen.reset += 1;
        let what = format!("it had {had} and was told to forget it and to begin at {after}");
        self.broken(Rule::Reset, what);
    }

    fn begin(&mut self, at: u64) {
        (self.position, self.highest) = (Some(at), at);
    }

    fn event(&mut self, seq: u64, hash: Hash) {
        self.seen.deliveries += 1;
        match self.position {
            None => self.broken(Rule::ViewGap, format!("{seq} came before it had joined")),
            Some(last) if seq > last + 1 => {
                self.broken(Rule::ViewGap, format!("{seq} came after {last}"))
            }
            Some(last) if seq <= last && seq <= self.highest => {
                self.broken(Rule::ViewTwice, format!("{seq} came again after {last}"));
            }
            _ => {}
        }
        self.position = Some(seq);
        self.highest = self.highest.max(seq);
        let index = (seq as usize).checked_sub(1);
        let there = index.and_then(|index| self.log.events.get(index));
        match there {
            Some((at, _, stands)) if *at == seq && *stands == hash => {}
            Some(_) => self.broken(
                Rule::ViewDiffers,
                format!("{seq} is not what stands in the log"),
            ),
            None => self.broken(Rule::ViewDiffers, format!("{seq} is not in the log")),
        }
    }

    /// Nothing comes any more.
    fn end(&mut self) {
        if let Some(last) = self.position
            && last < self.log.head
        {
            self.broken(Rule::ViewGap, format!("it has {last} of {}", self.log.head));
        }
    }

    fn broken(&mut self, rule: Rule, what: String) {
        self.found
            .push(rule.broken(format!("{}: {what}", self.name)));
    }
}
