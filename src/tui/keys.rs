//! The one table of keys: what a key does where, in a word and in a sentence. Help and footer are made from it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::message::Message;

/// Where a key is pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    Anywhere,
    /// Lists and texts.
    Moving,
    Home,
    Lab,
    /// The time keys; they work in the lab and behind most of its panels.
    Time,
    Prompt,
    Filter,
    Faults,
    Inspect,
    Why,
    Question,
    Cause,
    Debrief,
    Notice,
    Help,
}

impl Context {
    /// The heading in help.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Moving => "Lists and texts",
            Self::Home => "Home",
            Self::Lab => "Lab",
            Self::Time => "Time",
            Self::Prompt => "Command line",
            Self::Filter => "Search",
            Self::Faults => "Fault menu",
            Self::Inspect => "Inspect",
            Self::Why => "Why",
            Self::Question => "Question",
            Self::Cause => "Cause of a drill",
            Self::Debrief => "Debrief",
            Self::Notice => "Notice",
            Self::Help => "Help",
        }
    }

    /// The tables that apply here, nearest first.
    pub const fn tables(self) -> &'static [Self] {
        match self {
            Self::Lab => &[Self::Lab, Self::Time, Self::Moving, Self::Anywhere],
            Self::Home => &[Self::Home, Self::Moving, Self::Anywhere],
            Self::Prompt => &[Self::Prompt],
            Self::Filter => &[Self::Filter],
            Self::Faults => &[Self::Faults, Self::Moving, Self::Anywhere],
            Self::Inspect => &[Self::Inspect, Self::Time, Self::Moving, Self::Anywhere],
            Self::Why => &[Self::Why, Self::Time, Self::Moving, Self::Anywhere],
            Self::Question => &[Self::Question, Self::Moving, Self::Anywhere],
            Self::Cause => &[Self::Cause, Self::Moving, Self::Anywhere],
            Self::Debrief => &[Self::Debrief, Self::Moving, Self::Anywhere],
            Self::Notice => &[Self::Notice, Self::Moving, Self::Anywhere],
            Self::Help => &[Self::Help, Self::Moving, Self::Anywhere],
            Self::Anywhere | Self::Moving | Self::Time => &[Self::Moving, Self::Anywhere],
        }
    }
}

/// A key with the modifiers that matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key {
    pub code: KeyCode,
    pub ctrl: bool,
}

const fn ch(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: false }
}
const fn ctrl(c: char) -> Key {
    Key { code: KeyCode::Char(c), ctrl: true }
}
const fn key(code: KeyCode) -> Key {
    Key { code, ctrl: false }
}

impl Key {
    pub fn of(event: &KeyEvent) -> Self {
        Self { code: event.code, ctrl: event.modifiers.contains(KeyModifiers::CONTROL) }
    }

    /// As printed in help.
    pub fn name(self) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "space".to_string(),
            KeyCode::Char(c) => c.to_string(),
            KeyCode::Enter => "Enter".into(),
            KeyCode::Esc => "Esc".into(),
            KeyCode::Tab => "Tab".into(),
            KeyCode::BackTab => "shift-Tab".into(),
            KeyCode::Up => "↑".into(),
            KeyCode::Down => "↓".into(),
            KeyCode::Left => "←".into(),
            KeyCode::Right => "→".into(),
            KeyCode::PageUp => "PgUp".into(),
            KeyCode::PageDown => "PgDn".into(),
            KeyCode::Home => "Home".into(),
            KeyCode::End => "End".into(),
            KeyCode::Backspace => "Backspace".into(),
            KeyCode::F(n) => format!("F{n}"),
            other => format!("{other:?}"),
        };
        if self.ctrl { format!("ctrl-{name}") } else { name }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Binding {
    pub context: Context,
    pub keys: &'static [Key],
    pub message: Message,
    /// One or two words for the footer.
    pub label: &'static str,
    /// A sentence for help.
    pub help: &'static str,
    /// Order in the footer; 0 keeps it out.
    pub hint: u8,
}

const fn row(context: Context, keys: &'static [Key], message: Message, label: &'static str, hint: u8, help: &'static str) -> Binding {
    Binding { context, keys, message, label, help, hint }
}

use Context as C;
use Message as M;

/// Every key of the program.
pub const KEYS: &[Binding] = &[
    // Home
    row(C::Home, &[key(KeyCode::Enter), ch('l')], M::Accept, "open", 1, "Open the selected lab."),
    row(C::Home, &[ch('/')], M::Filter, "search", 2, "Search titles, names and topics as you type."),
    row(C::Home, &[key(KeyCode::Tab)], M::NextPane, "tracks", 3, "Between tracks and labs; on a narrow screen, the next track."),
    row(C::Home, &[ch('q')], M::Quit, "quit", 9, "Leave the program."),
    // Time
    row(
        C::Time,
        &[ch(' '), key(KeyCode::F(5))],
        M::PlayPause,
        "play",
        2,
        "Let time run, or hold it. Also goes on after the narrator paused.",
    ),
    row(C::Time, &[ch('.')], M::Forward, "step", 3, "One step forward, of the size that s sets."),
    row(C::Time, &[ch(',')], M::Backward, "back", 4, "One step back."),
    row(C::Time, &[ch(']')], M::Faster, "faster", 0, "Time runs faster, up to 1000×."),
    row(C::Time, &[ch('[')], M::Slower, "slower", 0, "Time runs slower, down to 0.25×."),
    row(C::Time, &[ch('n')], M::NextMark, "next mark", 0, "To the next fault or question."),
    row(C::Time, &[ch('N')], M::PreviousMark, "previous mark", 0, "To the fault or question before."),
    row(C::Time, &[key(KeyCode::Home)], M::ToStart, "start", 0, "Back to the start."),
    row(C::Time, &[key(KeyCode::End)], M::ToEnd, "end", 0, "To the end of the scenario."),
    row(C::Time, &[ch('s')], M::NextStepSize, "step size", 0, "Step size: event, change, actor of the selected line, milestone."),
    row(C::Time, &[ch('S')], M::PreviousStepSize, "step size", 0, "The step size before."),
    row(C::Time, &[ch('R')], M::Restart, "restart", 0, "Start this scenario again with the same seed."),
    // Lab
    row(C::Lab, &[ch(':')], M::Prompt, "command", 1, "Type a docker or kubectl command."),
    row(C::Lab, &[ch('f')], M::Faults, "faults", 5, "Break something: choose fault, target, worlds and duration."),
    row(C::Lab, &[key(KeyCode::Enter)], M::Inspect, "inspect", 6, "Everything about what is selected."),
    row(C::Lab, &[ch('w')], M::Why, "why", 7, "Why did the selected journal line happen?"),
    row(C::Lab, &[ch('/')], M::Filter, "filter", 0, "Show only journal lines that contain a text."),
    row(C::Lab, &[ch('c')], M::Changes, "changes", 0, "Show every change of an object in the journal, or only what matters."),
    row(C::Lab, &[ch('t')], M::Jump, "go there", 0, "Go to the moment of the selected journal line."),
    row(C::Lab, &[key(KeyCode::Tab)], M::NextPane, "next pane", 8, "Focus the next pane."),
    row(C::Lab, &[key(KeyCode::BackTab)], M::PreviousPane, "previous pane", 0, "Focus the pane before."),
    row(C::Lab, &[ch('z')], M::Zoom, "zoom", 0, "Give the focused world the whole width, or share it again."),
    row(C::Lab, &[ch('d')], M::Density, "density", 0, "One line for each copy, or one sign."),
    row(C::Lab, &[ch('B')], M::Breakpoint, "breakpoint", 0, "Stop when a CEL expression becomes true; empty removes it."),
    row(C::Lab, &[ch('a')], M::LookAhead, "look ahead", 0, "Play a copy ahead: the answer to your last prediction."),
    row(C::Lab, &[ch('H')], M::Hint, "hint", 0, "In a drill: the next hint."),
    row(C::Lab, &[ch('C')], M::Cause, "cause", 0, "In a drill: say what the cause is."),
    row(C::Lab, &[ch('D')], M::Debrief, "debrief", 0, "Expectations and scores so far."),
    row(C::Lab, &[ctrl('s')], M::Save, "save", 0, "Save what happened here, with your commands and faults, as a scenario file."),
    row(C::Lab, &[ch('q')], M::Quit, "home", 0, "Back to the home screen; from there, q leaves."),
    // The command line
    row(C::Prompt, &[key(KeyCode::Enter)], M::Submit, "run", 1, "Run the command."),
    row(C::Prompt, &[key(KeyCode::Tab)], M::Complete, "complete", 2, "Complete the word, or list what could follow."),
    row(C::Prompt, &[key(KeyCode::Up)], M::Older, "older", 3, "The command before."),
    row(C::Prompt, &[key(KeyCode::Down)], M::Newer, "newer", 0, "The command after."),
    row(C::Prompt, &[key(KeyCode::PageUp)], M::PageUp, "scroll", 4, "Scroll the output up."),
    row(C::Prompt, &[key(KeyCode::PageDown)], M::PageDown, "scroll", 0, "Scroll the output down."),
    row(C::Prompt, &[ctrl('c')], M::Interrupt, "stop", 5, "Stop the running command, or clear the line."),
    row(C::Prompt, &[ctrl('l')], M::ClearOutput, "clear", 0, "Clear the output."),
    row(C::Prompt, &[key(KeyCode::F(5))], M::PlayPause, "play", 6, "Let time run, or hold it, while you type."),
    row(C::Prompt, &[key(KeyCode::Esc)], M::Back, "close", 7, "Close the command line."),
    // Search
    row(C::Filter, &[key(KeyCode::Enter)], M::Submit, "keep", 1, "Keep the search and go back to the list."),
    row(C::Filter, &[key(KeyCode::Up)], M::Up, "up", 0, "The line above."),
    row(C::Filter, &[key(KeyCode::Down)], M::Down, "down", 0, "The line below."),
    row(C::Filter, &[ctrl('c'), key(KeyCode::Esc)], M::Back, "clear", 2, "Forget the search."),
    // Fault menu
    row(C::Faults, &[key(KeyCode::Enter)], M::Accept, "next", 1, "Take this one and go to the next column; in the last column, do it."),
    row(C::Faults, &[key(KeyCode::Right), ch('l'), key(KeyCode::Tab)], M::Right, "next column", 2, "The next column."),
    row(C::Faults, &[key(KeyCode::Left), ch('h'), key(KeyCode::BackTab)], M::Left, "column before", 3, "The column before."),
    row(C::Faults, &[ch('f')], M::Faults, "do it now", 4, "Do it at once with what is selected."),
    row(C::Faults, &[ch('q')], M::Back, "close", 5, "Break nothing."),
    // Inspect
    row(
        C::Inspect,
        &[key(KeyCode::Tab), key(KeyCode::Right), ch('l')],
        M::Right,
        "next tab",
        1,
        "The next tab: describe, yaml, logs, events, related, actions.",
    ),
    row(C::Inspect, &[key(KeyCode::BackTab), key(KeyCode::Left), ch('h')], M::Left, "tab before", 0, "The tab before."),
    row(
        C::Inspect,
        &[key(KeyCode::Enter)],
        M::Accept,
        "open",
        2,
        "Walk to the related object, or put the action's command on the command line.",
    ),
    row(C::Inspect, &[key(KeyCode::Backspace)], M::Older, "object before", 3, "Back to the object you came from."),
    row(C::Inspect, &[ch(':')], M::Prompt, "command", 0, "Type a docker or kubectl command."),
    row(C::Inspect, &[ch('q')], M::Back, "close", 4, "Close the panel."),
    // Why
    row(C::Why, &[key(KeyCode::Enter)], M::Accept, "inspect", 1, "Inspect the object of this link."),
    row(C::Why, &[ch('t')], M::Jump, "go there", 2, "Go to the moment of this link."),
    row(C::Why, &[ch('q')], M::Back, "close", 3, "Close the panel."),
    // Question
    row(C::Question, &[key(KeyCode::Enter)], M::Accept, "that is my answer", 1, "Answer with the selected choice, or go on."),
    row(C::Question, &[ch(' ')], M::PlayPause, "go on", 0, "Go on, once the answer is shown; it never answers for you."),
    row(C::Question, &[key(KeyCode::Esc)], M::Back, "skip", 2, "Go on without an answer."),
    // The cause of a drill
    row(
        C::Cause,
        &[key(KeyCode::Enter)],
        M::Accept,
        "that is it",
        1,
        "Name the selected cause; without choices, first the fault, then what it hit.",
    ),
    row(C::Cause, &[key(KeyCode::Left), key(KeyCode::Backspace)], M::Left, "back", 2, "Back to the faults."),
    row(C::Cause, &[key(KeyCode::Esc), ch('q')], M::Back, "not yet", 3, "Look further; C asks again."),
    // Debrief
    row(C::Debrief, &[ch('R')], M::Restart, "replay", 1, "Start this scenario again with the same seed."),
    row(C::Debrief, &[key(KeyCode::Enter), key(KeyCode::Esc)], M::Back, "look around", 2, "Close the debrief; the lab stays as it is."),
    row(C::Debrief, &[ctrl('s')], M::Save, "save", 3, "Save what happened here as a scenario file."),
    row(C::Debrief, &[ch('q')], M::Quit, "home", 4, "Back to the home screen."),
    // Notice
    row(C::Notice, &[key(KeyCode::Enter), ch(' '), ch('q')], M::Back, "close", 1, "Close the notice."),
    // Help
    row(C::Help, &[ch('q'), key(KeyCode::Enter)], M::Back, "close", 1, "Close help."),
    // Lists and texts
    row(C::Moving, &[key(KeyCode::Up), ch('k')], M::Up, "up", 0, "The line above."),
    row(C::Moving, &[key(KeyCode::Down), ch('j')], M::Down, "down", 0, "The line below."),
    row(C::Moving, &[key(KeyCode::Left), ch('h')], M::Left, "left", 0, "To the left: the copy, tab or pane before."),
    row(C::Moving, &[key(KeyCode::Right), ch('l')], M::Right, "right", 0, "To the right."),
    row(C::Moving, &[key(KeyCode::PageUp), ctrl('u'), ctrl('b')], M::PageUp, "page up", 0, "A page up."),
    row(C::Moving, &[key(KeyCode::PageDown), ctrl('d'), ctrl('f')], M::PageDown, "page down", 0, "A page down."),
    row(C::Moving, &[ch('g')], M::Top, "top", 0, "To the first line."),
    row(C::Moving, &[ch('G')], M::Bottom, "bottom", 0, "To the last line; a journal follows along from there."),
    row(C::Moving, &[ch('1')], M::Choose(1), "choose", 0, "1 to 9: the choice, tab or action with that number."),
    row(C::Moving, &[ch('2')], M::Choose(2), "", 0, ""),
    row(C::Moving, &[ch('3')], M::Choose(3), "", 0, ""),
    row(C::Moving, &[ch('4')], M::Choose(4), "", 0, ""),
    row(C::Moving, &[ch('5')], M::Choose(5), "", 0, ""),
    row(C::Moving, &[ch('6')], M::Choose(6), "", 0, ""),
    row(C::Moving, &[ch('7')], M::Choose(7), "", 0, ""),
    row(C::Moving, &[ch('8')], M::Choose(8), "", 0, ""),
    row(C::Moving, &[ch('9')], M::Choose(9), "", 0, ""),
    // Anywhere
    row(C::Anywhere, &[ch('?'), key(KeyCode::F(1))], M::Help, "help", 9, "These pages."),
    row(C::Anywhere, &[key(KeyCode::Esc)], M::Back, "back", 0, "Close what is open; on the home screen, back to the open lab."),
    row(C::Anywhere, &[ctrl('c')], M::Quit, "quit", 0, "Leave what is open; on the home screen, the program."),
    row(C::Anywhere, &[ctrl('z')], M::Suspend, "suspend", 0, "Put the program to sleep; fg wakes it."),
    row(C::Anywhere, &[ctrl('l')], M::Redraw, "redraw", 0, "Draw the whole screen again."),
];

/// What a key means here.
pub fn find(context: Context, event: &KeyEvent) -> Option<Message> {
    let pressed = Key::of(event);
    context.tables().iter().find_map(|table| KEYS.iter().find(|b| b.context == *table && b.keys.contains(&pressed)).map(|b| b.message))
}

/// The footer's entries for a context: first key and label, most useful first.
pub fn hints(context: Context) -> Vec<&'static Binding> {
    let mut found: Vec<(usize, &Binding)> = Vec::new();
    for (depth, table) in context.tables().iter().enumerate() {
        found.extend(KEYS.iter().filter(|b| b.context == *table && b.hint > 0).map(|b| (depth, b)));
    }
    // In the lab time is as near as anything; a panel's own keys come before those of what lies below.
    found.sort_by_key(|(depth, b)| if context == Context::Lab { (0, b.hint) } else { (*depth, b.hint) });
    found.into_iter().map(|(_, b)| b).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_means_two_things_in_one_table() {
        for (i, a) in KEYS.iter().enumerate() {
            for b in &KEYS[i + 1..] {
                if a.context == b.context {
                    for key in a.keys {
                        assert!(!b.keys.contains(key), "{:?}: {} is taken twice", a.context, key.name());
                    }
                }
            }
        }
    }

    #[test]
    fn every_key_is_explained() {
        for b in KEYS {
            let digit = matches!(b.message, Message::Choose(n) if n > 1);
            assert!(digit || (!b.label.is_empty() && b.help.ends_with(['.', '?'])), "{:?} {:?}", b.context, b.message);
        }
    }

    #[test]
    fn nearer_tables_win() {
        let press = |context, code| find(context, &KeyEvent::new(code, KeyModifiers::NONE));
        assert_eq!(press(Context::Lab, KeyCode::Home), Some(Message::ToStart));
        assert_eq!(press(Context::Notice, KeyCode::Char(' ')), Some(Message::Back));
        assert_eq!(press(Context::Inspect, KeyCode::Char(' ')), Some(Message::PlayPause));
        assert_eq!(press(Context::Prompt, KeyCode::Char('q')), None, "letters are typed");
    }
}
