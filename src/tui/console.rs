//! The line where people type, and what their commands answered.

use tui_input::Input;

use crate::session::view::Reply;

use super::widgets::scroll::Scroll;

/// What the typed line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    Command,
    Filter,
    Breakpoint,
}

/// A line being typed.
#[derive(Debug)]
pub struct Line {
    pub purpose: Purpose,
    pub input: Input,
}

impl Line {
    pub fn new(purpose: Purpose, text: &str) -> Self {
        Self { purpose, input: Input::new(text.to_string()) }
    }
}

/// How an output line came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Typed,
    Output,
    Error,
}

/// Output kept for scrolling; older lines are forgotten.
const KEPT: usize = 5_000;
const HISTORY: usize = 500;

/// Commands and answers.
#[derive(Debug, Default)]
pub struct Console {
    pub lines: Vec<(Tone, String)>,
    pub scroll: Scroll,
    pub running: bool,
    history: Vec<String>,
    /// Where in the history the arrow keys are; the end is the line being typed.
    place: usize,
    draft: String,
    /// The newest output line has no line end yet.
    unfinished: bool,
}

impl Console {
    pub fn typed(&mut self, line: &str) {
        if self.history.last().is_none_or(|l| l != line) {
            self.history.push(line.to_string());
            if self.history.len() > HISTORY {
                self.history.remove(0);
            }
        }
        self.place = self.history.len();
        self.draft.clear();
        self.unfinished = false;
        self.push(Tone::Typed, line.to_string());
    }

    pub fn answer(&mut self, reply: &Reply) {
        self.running = reply.running;
        self.add(Tone::Output, &reply.text);
        self.add(Tone::Error, &reply.error);
    }

    /// Says something in the output that no command printed.
    pub fn say(&mut self, text: &str) {
        self.unfinished = false;
        self.add(Tone::Output, text);
        self.unfinished = false;
    }

    fn add(&mut self, tone: Tone, text: &str) {
        if text.is_empty() {
            return;
        }
        let open = !text.ends_with('\n');
        for (i, line) in text.lines().enumerate() {
            match self.lines.last_mut() {
                // A stream goes on where it stopped.
                Some((t, last)) if i == 0 && self.unfinished && *t == tone => last.push_str(&super::text::plain(line)),
                _ => self.push(tone, line.to_string()),
            }
        }
        // A finished command's last line is finished, whatever it ended with.
        self.unfinished = open && self.running;
    }

    fn push(&mut self, tone: Tone, line: String) {
        // Kept as it is drawn: tabs spread, nothing that could move the terminal's cursor.
        self.lines.push((tone, super::text::plain(&line).into_owned()));
        if self.lines.len() > KEPT {
            self.lines.drain(..KEPT / 10);
        }
        self.scroll.to_end();
    }

    pub fn clear(&mut self) {
        self.lines.clear();
        self.scroll.reset();
    }

    /// The command before the one shown.
    pub fn older(&mut self, current: &str) -> Option<String> {
        if self.place == self.history.len() {
            self.draft = current.to_string();
        }
        self.place = self.place.checked_sub(1)?;
        self.history.get(self.place).cloned()
    }

    /// The command after, and at the end what was being typed.
    pub fn newer(&mut self) -> Option<String> {
        if self.place >= self.history.len() {
            return None;
        }
        self.place += 1;
        Some(self.history.get(self.place).cloned().unwrap_or_else(|| self.draft.clone()))
    }
}

/// The completed line, or what could follow.
#[derive(Debug, PartialEq, Eq)]
pub enum Completed {
    Line(String),
    Choices(Vec<String>),
    Nothing,
}

/// Replaces the last word by the longest beginning that all candidates share.
pub fn complete(line: &str, candidates: &[String]) -> Completed {
    let word_at = line.rfind(char::is_whitespace).map_or(0, |i| i + 1);
    let (head, word) = line.split_at(word_at);
    let fitting: Vec<&String> = candidates.iter().filter(|c| c.starts_with(word)).collect();
    match fitting.as_slice() {
        [] => Completed::Nothing,
        [one] if one.ends_with(['=', '/']) => Completed::Line(format!("{head}{one}")),
        [one] => Completed::Line(format!("{head}{one} ")),
        [first, rest @ ..] => {
            let shared = rest.iter().fold(first.as_str(), |shared, c| {
                let same =
                    shared.char_indices().zip(c.chars()).find(|((_, a), b)| a != b).map_or(shared.len().min(c.len()), |((i, _), _)| i);
                &shared[..same]
            });
            if shared.len() > word.len() {
                Completed::Line(format!("{head}{shared}"))
            } else {
                Completed::Choices(fitting.into_iter().cloned().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|w| (*w).to_string()).collect()
    }

    #[test]
    fn completes_as_far_as_it_is_sure() {
        assert_eq!(complete("kub", &words(&["kubectl"])), Completed::Line("kubectl ".into()));
        assert_eq!(complete("kubectl de", &words(&["delete", "describe"])), Completed::Choices(words(&["delete", "describe"])));
        assert_eq!(complete("kubectl rollout s", &words(&["status", "start"])), Completed::Line("kubectl rollout sta".into()));
        assert_eq!(complete("kubectl get pods ", &words(&["web-1", "web-2"])), Completed::Line("kubectl get pods web-".into()));
        assert_eq!(complete("x", &words(&[])), Completed::Nothing);
    }

    #[test]
    fn arrows_walk_the_history_and_keep_the_draft() {
        let mut c = Console::default();
        c.typed("docker ps");
        c.typed("docker ps");
        c.typed("kubectl get pods");
        assert_eq!(c.older("doc").as_deref(), Some("kubectl get pods"));
        assert_eq!(c.older("").as_deref(), Some("docker ps"));
        assert_eq!(c.older(""), None);
        assert_eq!(c.newer().as_deref(), Some("kubectl get pods"));
        assert_eq!(c.newer().as_deref(), Some("doc"), "what was being typed is not lost");
        assert_eq!(c.newer(), None);
    }

    #[test]
    fn a_stream_continues_its_line() {
        let mut c = Console::default();
        c.answer(&Reply { text: "Waiting".into(), running: true, ..Reply::default() });
        c.answer(&Reply { text: " for 1 of 3\ndone\n".into(), ..Reply::default() });
        assert_eq!(c.lines.iter().map(|l| l.1.as_str()).collect::<Vec<_>>(), ["Waiting for 1 of 3", "done"]);
        assert!(!c.running);
    }
}
