//! `check`: is this file right, what of it is simulated, and is a drill a drill?

use std::sync::Arc;

use crate::document::Diagnostic;
use crate::kernel::{SimDuration, SimTime};
use crate::scenario::file::{Entry, Scenario, Solve};
use crate::scenario::report::{self, Checked, FileKind};
use crate::study::deck::shelf;

use super::documents::Worlds;
use super::facts::LabFacts;
use super::{OpenOptions, Session};

/// Checks files of any kind and built-in scenarios by name: (text, exit status).
pub fn check(names: &[String], options: &OpenOptions, decks: Option<&std::path::Path>) -> (String, i32) {
    let all = names.iter().map(|name| report::check_one(name, &options.catalogue(), &Worlds));
    print(all.map(|c| on_the_shelf(with_drill(c, options), decks)).collect())
}

/// A deck that is sound by itself is left out all the same if another of the folder has its ids.
fn on_the_shelf(checked: Checked, decks: Option<&std::path::Path>) -> Checked {
    if checked.kind == FileKind::Deck && !checked.findings.has_errors() {
        checked.findings.extend(shelf::open(decks).why_left_out(&checked.name).unwrap_or_default().iter().cloned());
    }
    checked
}

/// Checks bytes that are no file.
pub fn bytes(name: &str, bytes: &[u8], options: &OpenOptions) -> (String, i32) {
    match crate::document::Source::from_bytes(name, bytes) {
        Ok(source) => {
            let opened = crate::scenario::Opened::text(name, &source.text, crate::scenario::Folder::Nothing);
            print(vec![with_drill(report::check_opened(&opened, &options.catalogue(), &Worlds), options)])
        }
        Err(d) => (d.render(false), 2),
    }
}

fn print(all: Vec<Checked>) -> (String, i32) {
    let code = if all.iter().any(|c| c.findings.has_errors()) { 2 } else { 0 };
    (all.iter().map(|c| c.render(false)).collect(), code)
}

/// A drill is played twice: with its solution it must be solved, and doing nothing must not solve it.
fn with_drill(checked: Checked, options: &OpenOptions) -> Checked {
    if let Some(scenario) = checked.scenario.as_ref().filter(|_| !checked.findings.has_errors()) {
        match super::build::worlds(scenario, scenario.seed, &[]) {
            Ok(worlds) => checked.findings.extend(super::commands::misread(scenario, &worlds).into_vec()),
            // Variables, side files and the like: what only comes up when everything is put together.
            Err(why) => checked.findings.push(Diagnostic::error(why.trim().trim_start_matches("error: ").to_string())),
        }
        if checked.findings.has_errors() {
            return checked;
        }
    }
    if let Some((scenario, solve)) = checked.scenario.as_ref().and_then(|s| s.solve.as_ref().map(|solve| (s, solve))) {
        let wrong = |why: String| checked.findings.push(Diagnostic::error(why).at(&solve.goal.span()));
        match (play(scenario, &[], options), play(scenario, &steps(solve), options)) {
            (Err(why), _) | (_, Err(why)) => wrong(why),
            (Ok(nothing), _) if nothing.reached => wrong("doing nothing reaches the goal: this is no drill".into()),
            (_, Ok(solved)) if !solved.reached => wrong("the solution does not reach the goal by the end".into()),
            (_, Ok(solved)) => {
                for lost in &solved.lost {
                    wrong(format!("the solution does not keep what must be kept: {lost}"));
                }
                if !solved.cause {
                    wrong("the answer to `cause` is none of its choices".into());
                }
            }
        }
    }
    checked
}

/// The solution's commands with their times: counted from the last thing the timeline does to the worlds.
fn steps(solve: &Solve) -> Vec<(SimDuration, String)> {
    let mut at = SimDuration::ZERO;
    solve
        .solution
        .iter()
        .map(|s| {
            at += s.wait;
            (at, s.command.to_string())
        })
        .collect()
}

/// How a drill ended.
struct Played {
    /// The goal holds at the end.
    reached: bool,
    lost: Vec<String>,
    /// The cause has an answer that can be chosen.
    cause: bool,
}

/// Plays the drill with these commands.
fn play(scenario: &Scenario, steps: &[(SimDuration, String)], options: &OpenOptions) -> Result<Played, String> {
    let mut scenario = scenario.clone();
    // What somebody did in a saved session is not the drill.
    scenario.timeline.retain(Entry::is_planned);
    let mut session = Session::start(Arc::new(scenario.clone()), options)?;
    let begin = session.trouble_begins();
    for (after, command) in steps {
        session.jump_to((begin + *after).max(session.now()));
        let reply = session.command(command);
        if reply.exit != 0 {
            return Err(format!("the solution's command `{command}` fails: {}", reply.error.trim()));
        }
        // Somebody who types waits for the prompt, and not for ever.
        let until = session.now() + super::console::PATIENCE;
        while session.lab.slots.iter().any(|s| s.running) && session.next_at().is_some_and(|at| at <= until) {
            session.step();
        }
    }
    session.jump_to(SimTime::MAX);
    let facts = LabFacts { lab: &session.lab, journal: &session.journal };
    let cause = scenario.solve.as_ref().and_then(|s| s.cause.as_ref()).is_none_or(|ask| facts.choice_of(ask).is_some());
    let lost = session.lab.drill_view(&session.journal).map(|d| d.lost).unwrap_or_default();
    Ok(Played { reached: session.goal_holds()?, lost: lost.into_iter().map(|(at, text)| format!("{text} (at {at})")).collect(), cause })
}
