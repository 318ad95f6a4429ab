//! The five who are at work in the demo.

/// A bot of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Principal engineer; the host of the demo.
    Sable,
    /// Full-stack developer.
    DeVonte,
    /// Site reliability engineer.
    Yuki,
    /// Data engineer.
    Graham,
    /// Chief executive.
    Marcus,
}

impl Who {
    /// Everyone.
    pub const ALL: [Self; 5] = [
        Self::Sable,
        Self::DeVonte,
        Self::Yuki,
        Self::Graham,
        Self::Marcus,
    ];

    /// The name to be mentioned by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Sable => "sable",
            Self::DeVonte => "devonte",
            Self::Yuki => "yuki",
            Self::Graham => "graham",
            Self::Marcus => "marcus",
        }
    }

    /// What the agent is for.
    pub fn title(self) -> &'static str {
        match self {
            Self::Sable => "Principal Engineer",
            Self::DeVonte => "Full-Stack Developer",
            Self::Yuki => "Site Reliability Engineer",
            Self::Graham => "Data Engineer",
            Self::Marcus => "Chief Executive",
        }
    }
}
