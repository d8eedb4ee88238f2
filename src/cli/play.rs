//! `wheelhouse` and `wheelhouse play`: the terminal interface.

use std::io::IsTerminal;

use anyhow::{Context, anyhow};

use crate::session::Session;
use crate::session::practice::InterviewSetup;
use crate::tui;
use crate::tui::theme::Depth;

use super::args::{Colour, Common, PlayArgs};
use super::{Outcome, print};

/// The home screen; without a terminal, a short orientation.
pub fn home(common: &Common) -> Outcome {
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return print(&orientation());
    }
    tui::run(tui::Start::Home, options(common)).context("the terminal")?;
    Ok(0)
}

/// The lab with a scenario.
pub fn run(args: &PlayArgs, common: &Common) -> Outcome {
    let Some(scenario) = &args.scenario else { return home(common) };
    let mut session = Session::open(scenario, &args.open.options(common)).map_err(|e| anyhow!(e))?;
    if let Some(at) = args.at {
        session.jump_to(at);
    }
    if !std::io::stdout().is_terminal() || !std::io::stdin().is_terminal() {
        return Err(anyhow!("error: play needs a terminal; without one use `wheelhouse run {scenario}`"));
    }
    tui::run(tui::Start::Lab(Box::new(session)), options(common)).context("the terminal")?;
    Ok(0)
}

/// The menu of practice; with a setup, the page before a mock interview.
pub fn practice(setup: Option<InterviewSetup>, profile: Option<String>, common: &Common) -> Outcome {
    let mut options = options(common);
    options.practice.profile = profile;
    tui::run(tui::Start::Practice(setup), options).context("the terminal")?;
    Ok(0)
}

fn options(common: &Common) -> tui::Options {
    tui::Options {
        depth: match common.colour {
            Colour::Auto => None,
            Colour::Truecolor => Some(Depth::True),
            Colour::C256 => Some(Depth::Indexed),
            Colour::C16 => Some(Depth::Sixteen),
            Colour::None => Some(Depth::None),
        },
        ascii: common.ascii,
        open: common.options(),
        practice: common.practice(),
        ..tui::Options::default()
    }
}

fn orientation() -> String {
    let mut out = String::from(
        "wheelhouse: a Docker-only world and a Kubernetes world side by side, the same app, the same traffic, the same faults.\n\n\
         In a terminal:\n  wheelhouse                   the home screen\n  wheelhouse play node-down    one scenario in the lab\n\n\
         Without a terminal:\n  wheelhouse run node-down     play it headless and report\n  wheelhouse list              every scenario\n  \
         wheelhouse check FILE        scenarios, manifests, compose files\n  wheelhouse --help            everything else\n\nScenarios:",
    );
    for card in crate::session::catalogue::cards(&crate::session::OpenOptions::default()) {
        out.push_str(&format!("\n  {:<20} {}", card.name, card.title));
    }
    out
}
