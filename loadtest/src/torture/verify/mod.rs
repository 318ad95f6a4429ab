//! The checker: pure functions over a history, each of which says what it found broken.

mod case;
mod figure;
mod log;
mod rest;
mod stream;
#[cfg(test)]
mod tests;
mod verdict;
mod view;

pub use rest::LIVENESS;
pub use verdict::Verdict;

use case::Case;
use figure::Figures;
use std::path::Path;
use view::Seen;

/// What must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// What was acked stands at its `seq`, with its content.
    Lost,
    /// A key stands in a log once.
    Twice,
    /// A log has `seq` 1, 2, 3… up to its head.
    LogGap,
    /// Every node shows the same.
    Differs,
    /// What was refused is not in the log.
    Refused,
    /// What nobody published is not in the log.
    Stranger,
    /// What was sent together over one connection stands in that order.
    Order,
    /// A viewer misses nothing.
    ViewGap,
    /// A viewer gets nothing twice, and nothing late.
    ViewTwice,
    /// A viewer sees what stands in the log.
    ViewDiffers,
    /// Nobody is told to forget what is still there.
    Reset,
    /// A stream has the bytes that were written, and all that were acked.
    StreamBytes,
    /// A stream has one beginning and one end.
    StreamEnds,
    /// What was counted is what is there.
    Usage,
    /// After the last fault everything works.
    Life,
    /// No node ends by itself.
    Failed,
    /// Everything that is to be checked was read.
    Unread,
}

impl Rule {
    /// All of them, in the order of a verdict.
    pub const ALL: [Self; 17] = [
        Self::Lost,
        Self::Twice,
        Self::LogGap,
        Self::Differs,
        Self::Refused,
        Self::Stranger,
        Self::Order,
        Self::ViewGap,
        Self::ViewTwice,
        Self::ViewDiffers,
        Self::Reset,
        Self::StreamBytes,
        Self::StreamEnds,
        Self::Usage,
        Self::Life,
        Self::Failed,
        Self::Unread,
    ];

    /// What must hold, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Lost => "lost: acked events stand at their seq",
            Self::Twice => "duplicate: each key stands once",
            Self::LogGap => "gaps: a log is 1, 2, 3… to its head",
            Self::Differs => "every node shows the same",
            Self::Refused => "what was refused is not there",
            Self::Stranger => "what nobody published is not there",
            Self::Order => "reordered: as a connection sent it",
            Self::ViewGap => "viewers miss nothing",
            Self::ViewTwice => "viewers get nothing twice or reordered",
            Self::ViewDiffers => "viewers see what is in the log",
            Self::Reset => "resumes go on where they were",
            Self::StreamBytes => "streams have every acked byte, unchanged",
            Self::StreamEnds => "streams begin and end once",
            Self::Usage => "usage is what is there",
            Self::Life => "everything works again in time",
            Self::Failed => "no node ends by itself",
            Self::Unread => "all of it was read",
        }
    }

    fn broken(self, what: String) -> Violation {
        Violation { rule: self, what }
    }
}

/// Something that does not hold.
#[derive(Clone, Debug)]
pub struct Violation {
    /// Which rule it breaks.
    pub rule: Rule,
    /// How, for people.
    pub what: String,
}

/// Checks the history in this file.
///
/// # Errors
/// When it cannot be read, or ends too early to say anything.
pub fn check(path: &Path) -> anyhow::Result<Verdict> {
    let case = Case::read(path)?;
    let (violations, seen) = judge(&case);
    Ok(Verdict {
        what: case.what.clone(),
        seed: case.seed,
        nodes: case.nodes,
        figures: Figures::of(&case),
        violations,
        seen,
    })
}

fn judge(case: &Case) -> (Vec<Violation>, Seen) {
    let mut found = Vec::new();
    log::check_logs(case, &mut found);
    log::check_attempts(case, &mut found);
    log::check_order(case, &mut found);
    let seen = view::check(case, &mut found);
    stream::check(case, &mut found);
    rest::check_usage(case, &mut found);
    rest::check_life(case, &mut found);
    (found, seen)
}
