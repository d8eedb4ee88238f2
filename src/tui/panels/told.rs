//! Texts that are too long for their place on the lab screen: what a command printed, a journal line about something that has no panel
//! of its own, what the narrator said.

use std::fmt::Write as _;

use crate::session::view::{Record, RecordId, RecordType};
use crate::tui::lab::Lab;
use crate::tui::panels::notice::Notice;
use crate::tui::text;

/// What the scenario and the clients are made of: they have no panel of their own.
const WITHOUT_PANEL: &[&str] = &["", "app", "component", "image", "operator", "proxy", "traffic", "zone"];

/// Everything a command has printed so far, from the command's own line or from one of its output; None for other records.
pub fn output(lab: &Lab, id: RecordId) -> Option<Notice> {
    let chosen = lab.record(id)?;
    let command = match &*chosen.reason {
        "Output" => lab.record(chosen.cause?)?,
        "Command" => chosen,
        _ => return None,
    };
    if command.kind != RecordType::Command {
        return None;
    }
    let text = |r: &Record, key: &str| r.data.as_ref()?.get(key)?.as_str().map(String::from);
    let (mut words, mut exit) = (String::new(), 0);
    let answers = |r: &&std::sync::Arc<Record>| r.reason == "Output" && r.cause == Some(command.id);
    for r in lab.door.records().iter().skip(usize::try_from(command.id.0).unwrap_or(0)).filter(answers) {
        for stream in ["stdout", "stderr"] {
            words.push_str(&text(r, stream).unwrap_or_default());
        }
        exit = r.data.as_ref().and_then(|d| d.get("exit")).and_then(serde_json::Value::as_i64).unwrap_or(exit);
    }
    if words.trim().is_empty() {
        words = "it printed nothing\n".into();
    }
    if exit != 0 {
        let gap = if words.ends_with('\n') { "" } else { "\n" };
        let _ = write!(words, "{gap}\nexit status {exit}\n");
    }
    Some(Notice::wide(format!("{} {}", command.at.clock(), command.message), &words))
}

/// A journal line about something that cannot be inspected: all of it, and why there is no more.
pub fn record(lab: &Lab, id: RecordId) -> Option<Notice> {
    let r = lab.record(id)?;
    let mut words = format!("{}\n\n{:<8}{}\n", r.message, "who", r.actor);
    if !r.object.name.is_empty() {
        let _ = writeln!(words, "{:<8}{}", "about", r.object);
    }
    let _ = writeln!(words, "{:<8}{}", "when", r.at.clock_millis());
    match &*r.object.kind {
        "traffic" => words.push_str(&numbers(lab, r.world)),
        kind if WITHOUT_PANEL.contains(&kind) => {}
        _ => {
            let _ = write!(words, "\n{} is not there any more.\n", r.object);
        }
    }
    words.push_str("\nw in the journal tells why it happened.\n");
    Some(Notice::new(text::world_title(r.world), &words))
}

/// The requests of a world as its scoreboard counts them.
fn numbers(lab: &Lab, world: &str) -> String {
    let mut words = String::new();
    for panel in lab.view.worlds.iter().filter(|w| world == "lab" || w.view.name == world) {
        let s = &panel.score;
        let (sent, ok, failed) = (text::number(s.sent), text::number(s.ok), text::number(s.failed));
        let _ = writeln!(words, "\n{}, all streams: {sent} sent, {ok} answered, {failed} failed", text::world_title(panel.view.name));
        for (reason, n) in &s.failed_by_reason {
            let _ = writeln!(words, "  {reason}: {}", text::number(*n));
        }
    }
    words
}

/// What the scenario is about, and all that the narrator has said, the latest last and in sight.
pub fn story(lab: &Lab) -> Notice {
    let mut words = String::new();
    if !lab.view.summary.is_empty() {
        let _ = writeln!(words, "{}", lab.view.summary);
    }
    for (at, said) in &lab.view.story {
        let _ = writeln!(words, "\n{} {said}", at.clock());
    }
    let notice = Notice::new("Story", &words);
    notice.to_end();
    notice
}
