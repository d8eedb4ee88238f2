//! What `s` does: the lab at the moment that proves an answer.

use std::sync::Arc;

use crate::kernel::SimTime;
use crate::study::bank::Evidence;

use super::super::Session;
use super::{Practice, library};

/// A lab at a moment.
#[derive(Clone, Debug, PartialEq)]
pub struct LabAt {
    /// Name of the scenario.
    pub scenario: Arc<str>,
    pub at: SimTime,
    /// What to look at there.
    pub look: Arc<str>,
}

/// What there is to see for an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum See {
    Lab(LabAt),
    /// A claim by id.
    Claim(Arc<str>),
    /// Nothing yet; the sentence says so.
    Nothing(Arc<str>),
}

impl See {
    /// The command that shows it, for texts: `wheelhouse play node-down --at 2m50s`.
    pub fn command(&self) -> Option<String> {
        match self {
            Self::Lab(lab) => Some(format!("wheelhouse play {} --at {}", lab.scenario, lab.at.since(SimTime::ZERO))),
            Self::Claim(id) => Some(format!("wheelhouse claims {id}")),
            Self::Nothing(_) => None,
        }
    }
}

impl Practice {
    /// What there is to see for a piece of evidence.
    pub fn see(&self, evidence: &Evidence) -> See {
        match evidence {
            Evidence::Scenario { name, at, look } => match library::moment(at) {
                Some(at) => See::Lab(LabAt { scenario: name.clone(), at, look: look.clone() }),
                None => See::Nothing(format!("The moment {at} of {name} cannot be read.").into()),
            },
            Evidence::Claim(id) => See::Claim(id.clone()),
            Evidence::None(why) => See::Nothing(why.clone()),
        }
    }

    /// Opens the lab there: play goes on from that moment, and everything before it can be stepped back to.
    ///
    /// # Errors
    /// The rendered diagnostics of a scenario that does not exist or cannot be read.
    pub fn open_lab(&self, lab: &LabAt) -> Result<Session, String> {
        let mut session = Session::open(&lab.scenario, &self.open)?;
        session.jump_to(lab.at);
        Ok(session)
    }
}
