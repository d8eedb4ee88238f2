//! What `s` does: the lab at the moment that proves an answer.

use std::sync::Arc;

use crate::kernel::SimTime;
use crate::study::bank::Evidence;
use crate::study::claims::Shows;

use super::super::{Session, catalogue};
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
    /// A claim, and the lab that shows it at its moment, if a run does.
    Claim {
        id: Arc<str>,
        statement: Arc<str>,
        lab: Option<LabAt>,
    },
    /// Nothing yet; the sentence says so.
    Nothing(Arc<str>),
}

impl See {
    /// The command that shows it, for texts: `wheelhouse play node-down --at 2m50s`.
    pub fn command(&self) -> Option<String> {
        match self {
            Self::Lab(lab) => Some(format!("wheelhouse play {} --at {}", lab.scenario, lab.at.since(SimTime::ZERO))),
            Self::Claim { id, .. } => Some(format!("wheelhouse claims {id}")),
            Self::Nothing(_) => None,
        }
    }

    /// The lab to open, if there is one.
    pub fn lab(&self) -> Option<&LabAt> {
        match self {
            Self::Lab(lab) => Some(lab),
            Self::Claim { lab, .. } => lab.as_ref(),
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
            Evidence::Claim(id) => match library::claims().get(id) {
                Some(claim) => See::Claim {
                    id: id.clone(),
                    statement: claim.statement.clone(),
                    lab: claim.shows.as_ref().and_then(|s| self.shown(s, &claim.sentence)),
                },
                None => See::Nothing(format!("There is no claim {id}.").into()),
            },
            Evidence::None(why) => See::Nothing(why.clone()),
        }
    }

    /// The lab that shows a claim: at the moment it is looked at, else at the end of the run.
    fn shown(&self, shows: &Shows, sentence: &Arc<str>) -> Option<LabAt> {
        let scenario = &shows.scenario.text;
        let at = match &shows.at {
            Some(at) => library::moment(&at.text)?,
            None => SimTime::ZERO + catalogue::load(scenario, &self.open).ok()?.duration,
        };
        Some(LabAt { scenario: scenario.clone(), at, look: sentence.clone() })
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
