//! Roles, and what each is asked about.

use serde::{Deserialize, Serialize};

/// For whom the questions are chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    Developer,
    Platform,
    Sre,
    Architect,
    /// Everything alike.
    Any,
}

impl Role {
    pub const ALL: [Self; 5] = [Self::Developer, Self::Platform, Self::Sre, Self::Architect, Self::Any];

    /// On the command line.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Developer => "developer",
            Self::Platform => "platform",
            Self::Sre => "sre",
            Self::Architect => "architect",
            Self::Any => "any",
        }
    }
    /// On the screen.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Developer => "Developer",
            Self::Platform => "Platform engineer",
            Self::Sre => "Site reliability engineer",
            Self::Architect => "Architect",
            Self::Any => "Any role",
        }
    }

    /// How much this role is asked about a topic.
    pub(super) fn interest(self, topic: &str) -> u64 {
        let row = INTEREST.iter().find(|(t, _)| *t == topic).map_or([INTEREST_ELSE; 4], |(_, row)| *row);
        if self == Self::Any { INTEREST_ELSE } else { row[self as usize] }
    }
}

/// How much each role is asked about a topic, 1 to 6: developer, platform, sre, architect.
const INTEREST: &[(&str, [u64; 4])] = &[
    ("api", [1, 6, 3, 2]),
    ("architecture", [2, 4, 3, 6]),
    ("basics", [5, 3, 2, 4]),
    ("communication", [2, 1, 3, 6]),
    ("compose", [5, 1, 1, 3]),
    ("debugging", [6, 5, 6, 1]),
    ("docker", [5, 2, 3, 2]),
    ("failure", [3, 5, 6, 6]),
    ("health", [6, 3, 6, 2]),
    ("images", [6, 3, 2, 2]),
    ("networking", [3, 6, 5, 4]),
    ("operations", [2, 6, 5, 4]),
    ("resources", [4, 5, 5, 3]),
    ("rollouts", [5, 4, 5, 3]),
    ("runtime", [2, 4, 3, 2]),
    ("scaling", [3, 5, 6, 5]),
    ("scheduling", [1, 6, 4, 2]),
    ("security", [2, 6, 3, 5]),
    ("storage", [2, 5, 4, 5]),
    ("workloads", [5, 5, 4, 3]),
];
/// Topics that are not in the table (decks of one's own).
const INTEREST_ELSE: u64 = 3;
