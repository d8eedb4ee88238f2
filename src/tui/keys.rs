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
    Scheduler,
    Decision,
    Question,
    /// The same once the run has answered it.
    Answered,
    Cause,
    Debrief,
    Notice,
    Help,
    // practice
    Menu,
    Pick,
    /// A box where people write.
    Answer,
    /// Speaking, while the clock runs.
    Aloud,
    /// Rating oneself against the rubric.
    Rubric,
    Graded,
    Setup,
    Report,
    Order,
    Place,
    Predict,
    Claims,
    Progress,
    Profiles,
    /// A name or a date.
    Entry,
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
            Self::Scheduler => "Scheduler",
            Self::Decision => "Scheduling decision",
            Self::Question => "Question",
            Self::Answered => "Answered question",
            Self::Cause => "Cause of a drill",
            Self::Debrief => "Debrief",
            Self::Notice => "Notice",
            Self::Help => "Help",
            Self::Menu => "Practice",
            Self::Pick => "Questions",
            Self::Answer => "Answer box",
            Self::Aloud => "Said aloud",
            Self::Rubric => "Rating yourself",
            Self::Graded => "Graded answer",
            Self::Setup => "Before the interview",
            Self::Report => "Report",
            Self::Order => "Whiteboard: order",
            Self::Place => "Whiteboard: sides",
            Self::Predict => "Prediction",
            Self::Claims => "Claims",
            Self::Progress => "Progress",
            Self::Profiles => "Profiles",
            Self::Entry => "Name or date",
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
            Self::Scheduler => &[Self::Scheduler, Self::Time, Self::Moving, Self::Anywhere],
            Self::Decision => &[Self::Decision, Self::Moving, Self::Anywhere],
            Self::Question => &[Self::Question, Self::Moving, Self::Anywhere],
            Self::Answered => &[Self::Answered, Self::Moving, Self::Anywhere],
            Self::Cause => &[Self::Cause, Self::Moving, Self::Anywhere],
            Self::Debrief => &[Self::Debrief, Self::Moving, Self::Anywhere],
            Self::Notice => &[Self::Notice, Self::Moving, Self::Anywhere],
            Self::Help => &[Self::Help, Self::Moving, Self::Anywhere],
            Self::Answer => &[Self::Answer],
            Self::Entry => &[Self::Entry],
            Self::Menu => &[Self::Menu, Self::Moving, Self::Anywhere],
            Self::Pick => &[Self::Pick, Self::Moving, Self::Anywhere],
            Self::Aloud => &[Self::Aloud, Self::Moving, Self::Anywhere],
            Self::Rubric => &[Self::Rubric, Self::Moving, Self::Anywhere],
            Self::Graded => &[Self::Graded, Self::Moving, Self::Anywhere],
            Self::Setup => &[Self::Setup, Self::Moving, Self::Anywhere],
            Self::Report => &[Self::Report, Self::Moving, Self::Anywhere],
            Self::Order => &[Self::Order, Self::Moving, Self::Anywhere],
            Self::Place => &[Self::Place, Self::Moving, Self::Anywhere],
            Self::Predict => &[Self::Predict, Self::Moving, Self::Anywhere],
            Self::Claims => &[Self::Claims, Self::Moving, Self::Anywhere],
            Self::Progress => &[Self::Progress, Self::Moving, Self::Anywhere],
            Self::Profiles => &[Self::Profiles, Self::Moving, Self::Anywhere],
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
    row(C::Home, &[key(KeyCode::Enter)], M::Accept, "open", 1, "Open the selected lab, or go on where you left."),
    row(C::Home, &[ch('p')], M::Practise, "practise", 2, "Interview practice: cards, questions, mock interview, drills."),
    row(C::Home, &[ch('c')], M::Claims, "claims", 3, "What people say about Docker and Kubernetes, and whether it is so."),
    row(C::Home, &[ch('g')], M::Progress, "progress", 4, "Your progress, and the plan to your interview."),
    row(C::Home, &[ch('/')], M::Filter, "search", 5, "Search titles, names and topics as you type."),
    row(C::Home, &[ch('q')], M::Quit, "quit", 6, "Leave the program."),
    row(C::Home, &[ch('l')], M::Labs, "labs", 0, "To the list of all labs."),
    row(C::Home, &[key(KeyCode::Tab)], M::NextPane, "tracks", 0, "Between tracks and labs; on a narrow screen, the next track."),
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
    row(C::Lab, &[ch('p')], M::Scheduler, "scheduler", 0, "The scheduler: who waits for a machine and for what, and every decision."),
    row(C::Lab, &[ch('r')], M::Story, "story", 0, "Read all that the narrator said, the latest last."),
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
        "The next tab: describe, yaml, logs, events, scheduling, related, actions.",
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
    // Scheduler
    row(C::Scheduler, &[key(KeyCode::Enter)], M::Accept, "decision", 1, "The decision about this pod, with every number."),
    row(C::Scheduler, &[ch('i')], M::Inspect, "inspect", 2, "Everything about this pod."),
    row(C::Scheduler, &[ch('w')], M::Why, "why", 3, "Why this decision was due."),
    row(C::Scheduler, &[ch('t')], M::Jump, "go there", 4, "Go to the moment of this decision."),
    row(C::Scheduler, &[ch('q'), ch('p')], M::Back, "close", 5, "Close the panel."),
    row(C::Decision, &[key(KeyCode::Enter), ch('i')], M::Accept, "inspect", 1, "Everything about this pod."),
    row(C::Decision, &[ch('w')], M::Why, "why", 2, "Why this decision was due."),
    row(C::Decision, &[ch('t')], M::Jump, "go there", 3, "Go to the moment of this decision."),
    row(C::Decision, &[ch('q')], M::Back, "close", 4, "Close the panel."),
    // Question
    row(C::Question, &[key(KeyCode::Enter)], M::Accept, "that is my answer", 1, "Answer with the selected choice, or go on."),
    row(C::Question, &[ch(' ')], M::PlayPause, "go on", 0, "Go on, once the answer is shown; it never answers for you."),
    row(C::Question, &[key(KeyCode::Esc)], M::Back, "skip", 2, "Go on without an answer."),
    row(C::Answered, &[key(KeyCode::Enter), key(KeyCode::Esc), ch(' '), ch('q')], M::Accept, "go on", 1, "Close the answer and go on."),
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
    row(C::Notice, &[key(KeyCode::Right), ch('l')], M::Right, "to the right", 0, "The right part of lines that are too long."),
    row(C::Notice, &[key(KeyCode::Left), ch('h')], M::Left, "to the left", 0, "Back to their left part."),
    // Help
    row(C::Help, &[ch('q'), key(KeyCode::Enter)], M::Back, "close", 1, "Close help."),
    // Practice
    row(C::Menu, &[key(KeyCode::Enter)], M::Accept, "open", 1, "Begin what is selected."),
    row(C::Menu, &[ch('q')], M::Back, "home", 2, "Back to the home screen."),
    row(C::Pick, &[key(KeyCode::Enter)], M::Accept, "answer", 1, "Answer the selected question."),
    row(C::Pick, &[ch('a')], M::Aloud, "say it aloud", 2, "Answer the selected question aloud."),
    row(C::Pick, &[ch('/')], M::Filter, "search", 3, "Search the questions as you type."),
    row(C::Pick, &[key(KeyCode::Tab)], M::NextPane, "topic", 4, "Only the next topic."),
    row(C::Pick, &[key(KeyCode::BackTab)], M::PreviousPane, "topic before", 0, "Only the topic before."),
    row(C::Pick, &[ch('v')], M::Level, "level", 5, "Only the next level: junior, mid, senior, scenario, all."),
    row(C::Pick, &[ch('q')], M::Back, "back", 6, "Back to the menu."),
    // Writing
    row(C::Answer, &[ctrl('d')], M::Submit, "done", 1, "Hand the answer in. With nothing written, twice: pass, and see the answer."),
    row(C::Answer, &[ctrl('t')], M::Aloud, "say it aloud", 2, "Speak instead of writing."),
    row(C::Answer, &[key(KeyCode::Esc)], M::Back, "leave", 3, "Leave; what you wrote is kept and stands here when you come back."),
    row(C::Answer, &[ctrl('z')], M::Undo, "undo", 4, "Take the last words back."),
    row(C::Answer, &[ctrl('y')], M::Redo, "redo", 0, "Give them again."),
    row(C::Answer, &[ctrl('p')], M::Older, "earlier answer", 5, "Your earlier answer to this question."),
    row(C::Answer, &[ctrl('n')], M::Newer, "later answer", 0, "The answer after that, and at last what you were writing."),
    row(C::Answer, &[ctrl('c')], M::Quit, "home", 0, "To the home screen; what you wrote is kept."),
    row(C::Answer, &[key(KeyCode::F(1))], M::Help, "help", 0, "These pages."),
    row(C::Answer, &[ctrl('l')], M::Redraw, "redraw", 0, "Draw the whole screen again."),
    // Speaking
    row(C::Aloud, &[ch(' '), key(KeyCode::Enter)], M::Accept, "I have said it", 1, "Show the rubric."),
    row(C::Aloud, &[ch('p')], M::PlayPause, "hold", 2, "Hold the clock, or let it run."),
    row(C::Aloud, &[ch('t'), ctrl('t')], M::Aloud, "write instead", 3, "Write the answer."),
    row(C::Aloud, &[ch('q')], M::Back, "leave", 4, "Leave; the time you spoke is kept, and the clock goes on when you come back."),
    row(C::Rubric, &[ch('1')], M::Choose(1), "not said", 1, "The selected point was not in your answer."),
    row(C::Rubric, &[ch('2')], M::Choose(2), "partly", 2, "You said half of it, or vaguely."),
    row(C::Rubric, &[ch('3')], M::Choose(3), "said", 3, "You said it."),
    row(C::Rubric, &[key(KeyCode::Enter)], M::Accept, "done", 4, "Keep the rating; points without one count as not said."),
    row(C::Rubric, &[ch('m')], M::Model, "model answer", 5, "The model answer: 20 seconds, one minute, three minutes, none."),
    row(C::Rubric, &[ch('q')], M::Back, "leave", 0, "Leave; the ratings so far are kept and stand here when you come back."),
    // The graded answer
    row(C::Graded, &[key(KeyCode::Enter), ch(' '), ch('n')], M::Next, "go on", 1, "The next question."),
    row(C::Graded, &[ch('s')], M::Evidence, "see it", 2, "Open the lab at the moment that shows it; q comes back here."),
    row(C::Graded, &[ch('m')], M::Model, "model answer", 3, "The model answer in the next length: 20 seconds, one minute, three minutes."),
    row(C::Graded, &[ch('f')], M::FollowUp, "follow-up", 4, "Answer what an interviewer would ask now."),
    row(C::Graded, &[ch('c')], M::Claims, "claims", 5, "The claims that belong to this question."),
    row(C::Graded, &[ch('r')], M::Again, "again", 6, "Answer the same question again."),
    row(C::Graded, &[ch('q')], M::Back, "back", 7, "Back to where you came from."),
    // The mock interview
    row(C::Setup, &[key(KeyCode::Enter)], M::Accept, "begin", 1, "Begin the interview."),
    row(C::Setup, &[key(KeyCode::Right), ch('l'), key(KeyCode::Tab), ch(' ')], M::Right, "change", 2, "The next choice in this row."),
    row(C::Setup, &[ch('q')], M::Back, "back", 3, "Back to the menu."),
    row(C::Report, &[key(KeyCode::Enter)], M::Accept, "open", 1, "Open the selected lab or claim."),
    row(C::Report, &[ctrl('s')], M::Save, "save", 2, "Save the report as a text file."),
    row(C::Report, &[ch('q')], M::Back, "done", 3, "Back to the menu."),
    // Drills
    row(C::Order, &[ch('K')], M::MoveUp, "move up", 2, "Move the selected step up."),
    row(C::Order, &[ch('J')], M::MoveDown, "move down", 1, "Move the selected step down."),
    row(C::Order, &[ch(' ')], M::Grab, "pick up", 3, "Pick the step up, so that the arrow keys move it; again puts it down."),
    row(C::Order, &[key(KeyCode::Enter)], M::Accept, "done", 4, "This is the order."),
    row(C::Order, &[ch('s')], M::Evidence, "see it", 0, "Open the lab that shows it, once the order is judged."),
    row(C::Order, &[ch('r')], M::Again, "again", 0, "Once it is judged: try again."),
    row(C::Order, &[ch('q')], M::Back, "back", 5, "Back to the list; the order stands here when you come back."),
    row(C::Place, &[ch('a')], M::Side(0), "first side", 0, "This belongs to the first side."),
    row(C::Place, &[ch('b')], M::Side(1), "second side", 0, "To the second."),
    row(C::Place, &[ch('c')], M::Side(2), "third side", 0, "To the third."),
    row(C::Place, &[ch('d')], M::Side(3), "fourth side", 0, "To the fourth."),
    row(C::Place, &[key(KeyCode::Enter)], M::Accept, "done", 1, "Everything is where it belongs."),
    row(C::Place, &[ch('r')], M::Again, "again", 0, "Once it is judged: try again."),
    row(C::Place, &[ch('q')], M::Back, "back", 2, "Back to the list; the round goes on from here the next time."),
    row(
        C::Predict,
        &[key(KeyCode::Enter)],
        M::Accept,
        "that is my answer",
        1,
        "Answer with the selected choice; then, the next prediction.",
    ),
    row(C::Predict, &[ch('n')], M::Next, "pass", 2, "See the answer without choosing; then, the next prediction."),
    row(C::Predict, &[ch('s')], M::Evidence, "see it", 3, "Open the lab just before it happens; q comes back here."),
    row(C::Predict, &[ch('q')], M::Back, "back", 4, "Back to the menu; the series goes on from here the next time."),
    // Claims
    row(C::Claims, &[ch('v')], M::Verify, "measure it", 1, "Run the scenario that shows this claim, and say what was measured."),
    row(C::Claims, &[ch('s')], M::Evidence, "see it", 2, "Open the lab that shows it; q comes back here."),
    row(C::Claims, &[key(KeyCode::Enter)], M::Accept, "practise", 3, "Answer the questions that this claim helps with."),
    row(C::Claims, &[key(KeyCode::Tab)], M::NextPane, "theme", 4, "The next theme."),
    row(C::Claims, &[key(KeyCode::BackTab)], M::PreviousPane, "theme before", 0, "The theme before."),
    row(C::Claims, &[ch('V')], M::VerifyAll, "measure all", 0, "Run every scenario that shows a claim of this theme."),
    row(C::Claims, &[ch('/')], M::Filter, "search", 5, "Search statements as you type."),
    row(C::Claims, &[ch('q')], M::Back, "back", 6, "Back to where you came from."),
    // Progress and profiles
    row(C::Progress, &[ch('d')], M::Date, "interview date", 1, "Set the day of your interview, and get a plan to it."),
    row(C::Progress, &[key(KeyCode::Enter), ch('p')], M::Practise, "practise", 2, "The cards that are due."),
    row(C::Progress, &[ch('q')], M::Back, "back", 3, "Back to where you came from."),
    row(C::Profiles, &[key(KeyCode::Enter)], M::Accept, "use", 1, "Use the selected profile, from now on."),
    row(C::Profiles, &[ch('n')], M::New, "new", 2, "Make a profile and use it."),
    row(C::Profiles, &[ch('r')], M::Rename, "rename", 3, "Another name for the profile in use."),
    row(C::Profiles, &[ch('d')], M::Date, "interview date", 4, "Set the day of the interview of the profile in use."),
    row(C::Profiles, &[ch('q')], M::Back, "back", 5, "Back to the menu."),
    row(C::Entry, &[key(KeyCode::Enter)], M::Submit, "keep", 1, "Take what is written."),
    row(C::Entry, &[key(KeyCode::Esc), ctrl('c')], M::Back, "never mind", 2, "Change nothing."),
    // Lists and texts
    row(C::Moving, &[key(KeyCode::Up), ch('k')], M::Up, "up", 0, "The line above."),
    row(C::Moving, &[key(KeyCode::Down), ch('j')], M::Down, "down", 0, "The line below."),
    row(C::Moving, &[key(KeyCode::Left), ch('h')], M::Left, "left", 0, "To the left: the copy, tab or pane before."),
    row(C::Moving, &[key(KeyCode::Right), ch('l')], M::Right, "right", 0, "To the right."),
    row(C::Moving, &[key(KeyCode::PageUp), ctrl('u'), ctrl('b')], M::PageUp, "page up", 0, "A page up."),
    row(C::Moving, &[key(KeyCode::PageDown), ctrl('d'), ctrl('f')], M::PageDown, "page down", 0, "A page down."),
    row(C::Moving, &[ch('g'), key(KeyCode::Home)], M::Top, "top", 0, "To the first line."),
    row(C::Moving, &[ch('G'), key(KeyCode::End)], M::Bottom, "bottom", 0, "To the last line; a journal follows along from there."),
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

/// True where letters are written, not commands.
pub const fn types(context: Context) -> bool {
    matches!(context, Context::Prompt | Context::Filter | Context::Answer | Context::Entry)
}

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
