//! One question: it is written or said aloud, judged, and looked at; in a free sitting, with cards, or in a mock interview.

mod draw;

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::KeyEvent;
use ratatui::layout::{Position, Rect};

use crate::session::practice::{Evidence, Question, Said, Unfinished, millis};
use crate::session::view::SimTime;
use crate::tui::desk::{Asked, Desk, Graded, Reply, Sitting};
use crate::tui::draw::Pen;
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page};
use crate::tui::panels::prompt;
use crate::tui::text;
use crate::tui::theme::{Glyphs, Ink};
use crate::tui::widgets::editor::Editor;
use crate::tui::widgets::scroll::Scroll;

use super::cards::CardsDone;
use super::claims::ClaimsPage;
use super::report::ReportPage;
use super::{Queue, graded};

/// A draft is kept when nothing was typed for so long, and at the latest so long after a change.
const PAUSE: Duration = Duration::from_millis(700);
const LATEST: Duration = Duration::from_secs(5);

enum Phase {
    Writing,
    Speaking,
    /// Point by point; the selected one.
    Rating(usize),
    Judged(Box<Graded>),
}

pub struct Ask {
    sitting: Sitting,
    asked: Asked,
    /// Questions that come after this one, in a free sitting.
    queue: Queue,
    phase: Phase,
    editor: Editor,
    spent: Duration,
    /// What the interview's clock showed when this was asked.
    before: Duration,
    held: bool,
    /// Since the last key, and since the first change that is not kept.
    quiet: Duration,
    unkept: Option<Duration>,
    /// Why the draft cannot be kept.
    trouble: Option<String>,
    /// Handing in nothing was asked for once.
    warned: bool,
    older: Vec<Arc<str>>,
    older_at: Option<usize>,
    stashed: String,
    said: Vec<Option<Said>>,
    /// The lab that shows it.
    lab: Option<(Arc<str>, SimTime)>,
    /// 0 none, then 20 s, 1 min, 3 min.
    model: usize,
    scroll: Scroll,
    /// The model answer was asked for: it is scrolled into sight.
    to_model: std::cell::Cell<bool>,
    first: std::cell::Cell<usize>,
}

impl Ask {
    fn new(sitting: Sitting, asked: Asked, queue: Queue, desk: &dyn Desk) -> Self {
        let points = asked.rubric().count();
        let mut ask = Self {
            sitting,
            queue,
            phase: Phase::Writing,
            editor: Editor::default(),
            spent: Duration::ZERO,
            before: Duration::ZERO,
            held: false,
            quiet: Duration::ZERO,
            unkept: None,
            trouble: None,
            warned: false,
            older: Vec::new(),
            older_at: None,
            stashed: String::new(),
            said: vec![None; points],
            lab: desk.see(&asked.question.evidence),
            model: 0,
            scroll: Scroll::default(),
            to_model: std::cell::Cell::new(false),
            first: std::cell::Cell::new(0),
            asked,
        };
        if let Some(begun) = desk.draft(sitting, &ask.asked) {
            ask.take_up(&begun);
        }
        if !ask.asked.follow_up {
            ask.older = desk.history(&ask.asked.question.id);
        }
        ask
    }

    /// Goes on with what was left.
    fn take_up(&mut self, begun: &Unfinished) {
        self.editor = Editor::new(&begun.text);
        self.editor.settle();
        for (slot, said) in self.said.iter_mut().zip(&begun.said) {
            *slot = *said;
        }
        if begun.aloud {
            let last = self.said.len().saturating_sub(1);
            self.phase = begun.rating.map_or(Phase::Speaking, |at| Phase::Rating(at.min(last)));
        }
        // In an interview its own clock counts.
        if self.sitting != Sitting::Interview {
            self.spent = begun.spent();
        }
    }

    /// What is kept of it.
    fn begun(&self) -> Unfinished {
        let rating = if let Phase::Rating(at) = self.phase { Some(at) } else { None };
        Unfinished {
            text: self.editor.text().to_string(),
            spent_ms: millis(self.spent),
            aloud: rating.is_some() || matches!(self.phase, Phase::Speaking),
            rating,
            said: if self.said.iter().any(Option::is_some) { self.said.clone() } else { Vec::new() },
        }
    }

    /// A question of one's own choice, and those to be asked after it.
    pub fn free(question: &Arc<Question>, queue: Queue, desk: &dyn Desk) -> Self {
        let mut ask = Self::new(Sitting::Free, Asked::main(question), queue, desk);
        // Its follow-up was left: the answer that led to it stands here again.
        if matches!(ask.phase, Phase::Writing)
            && ask.editor.is_empty()
            && let Some((graded, words)) = desk.left_follow_up(&question.id)
        {
            ask.editor = Editor::new(&words);
            ask.phase = Phase::Judged(Box::new(graded));
        }
        ask
    }
    /// The same, said aloud.
    pub fn aloud(question: &Arc<Question>, queue: Queue, desk: &dyn Desk) -> Self {
        let mut ask = Self::free(question, queue, desk);
        if matches!(ask.phase, Phase::Writing) {
            ask.phase = Phase::Speaking;
        }
        ask
    }
    pub fn card(question: &Arc<Question>, desk: &dyn Desk) -> Self {
        Self::new(Sitting::Cards, Asked::main(question), Vec::new(), desk)
    }
    /// What the interview asks now; None if it is over.
    pub fn interview(before: Duration, desk: &dyn Desk) -> Option<Self> {
        let (asked, ..) = desk.interview(before)?;
        Some(Self { before, ..Self::new(Sitting::Interview, asked, Vec::new(), desk) })
    }

    /// What the interview's clock shows.
    fn elapsed(&self) -> Duration {
        self.before + self.spent
    }

    fn judged(&self) -> Option<&Graded> {
        if let Phase::Judged(g) = &self.phase { Some(g) } else { None }
    }

    fn hand_in(&mut self, reply: Option<Reply>, desk: &mut dyn Desk) -> Go {
        let text = self.editor.text().to_string();
        let reply = reply.unwrap_or(Reply::Typed(&text));
        match desk.answer(self.sitting, &self.asked, reply, self.spent, self.elapsed()) {
            Ok(graded) => {
                self.phase = Phase::Judged(Box::new(graded));
                self.unkept = None;
                self.scroll.reset();
                self.model = usize::from(matches!(reply, Reply::Passed));
                Go::Stay
            }
            Err(why) => Go::Complain(why),
        }
    }

    fn submit(&mut self, desk: &mut dyn Desk) -> Go {
        if !self.editor.is_empty() {
            return self.hand_in(None, desk);
        }
        if std::mem::replace(&mut self.warned, true) {
            return self.hand_in(Some(Reply::Passed), desk);
        }
        Go::Say("nothing is written; ctrl-d again passes and shows the answer".into())
    }

    /// An earlier or a later answer into the box; beyond the latest stands what was being written.
    fn leaf(&mut self, by: isize) -> Go {
        if self.older.is_empty() {
            return Go::Say("no earlier answer to this question".into());
        }
        let to = match (self.older_at, by) {
            (None, 1) => Some(0),
            (None, _) => return Go::Stay,
            (Some(0), -1) => None,
            (Some(n), by) => Some(n.saturating_add_signed(by).min(self.older.len() - 1)),
        };
        if self.older_at.is_none() {
            self.stashed = self.editor.text().to_string();
        }
        self.older_at = to;
        let text = to.map_or(self.stashed.clone(), |n| self.older[n].to_string());
        self.editor.set(&text);
        self.changed();
        Go::Stay
    }

    fn changed(&mut self) {
        self.quiet = Duration::ZERO;
        self.warned = false;
        self.unkept.get_or_insert(Duration::ZERO);
    }

    /// No clock runs here that could keep it later.
    fn rate(&mut self, at: usize, said: Said, next: usize, desk: &mut dyn Desk) {
        if let Some(slot) = self.said.get_mut(at) {
            *slot = Some(said);
            self.phase = Phase::Rating(next.min(self.said.len() - 1));
            self.changed();
            self.keep(desk);
        }
    }

    fn next(&mut self, desk: &mut dyn Desk) -> Go {
        match self.sitting {
            Sitting::Free => {
                while !self.queue.is_empty() {
                    let id = self.queue.remove(0);
                    if let Some(question) = desk.bank().get(&id).cloned() {
                        let queue = std::mem::take(&mut self.queue);
                        return Go::Replace(Box::new(Self::free(&question, queue, desk)));
                    }
                }
                Go::Back
            }
            Sitting::Cards => match desk.card() {
                Some(question) => Go::Replace(Box::new(Self::card(&question, desk))),
                None => Go::Replace(Box::new(CardsDone::new(desk))),
            },
            Sitting::Interview => match Self::interview(self.elapsed(), desk) {
                Some(next) => Go::Replace(Box::new(next)),
                None => match desk.end_interview() {
                    Some(report) => Go::Replace(Box::new(ReportPage::new(report))),
                    None => Go::Back,
                },
            },
        }
    }

    fn update_judged(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        match message {
            Message::Next | Message::Accept => self.next(desk),
            Message::Evidence => match (&self.lab, &self.asked.question.evidence) {
                (Some((name, at)), _) => Go::Lab(name.clone(), *at),
                (None, Evidence::None(why)) => Go::Say(why.to_string()),
                (None, _) => Go::Say("no run shows this one yet".into()),
            },
            Message::Model => {
                self.model = self.model % 3 + 1;
                self.to_model.set(true);
                Go::Stay
            }
            // In an interview the follow-up comes by itself.
            Message::FollowUp if self.sitting != Sitting::Interview => match self.judged().and_then(|g| g.follow_up.clone()) {
                // On top: leaving it comes back to this answer and its marks.
                Some(asked) => Go::Open(Box::new(Self::new(Sitting::Free, asked, Vec::new(), desk))),
                None => Go::Say("nothing is left to follow up".into()),
            },
            Message::Claims => match ClaimsPage::of_question(&self.asked.question, desk) {
                Some(page) => Go::Open(Box::new(page)),
                None => Go::Say("no claim belongs to this question".into()),
            },
            Message::Again if self.sitting == Sitting::Free => {
                let queue = std::mem::take(&mut self.queue);
                Go::Replace(Box::new(Self::new(Sitting::Free, Asked::main(&self.asked.question), queue, desk)))
            }
            Message::Back => Go::Back,
            m => {
                self.scroll.update(m);
                Go::Stay
            }
        }
    }

    /// Topic, level, and where in the interview we are.
    fn about(&self, desk: &dyn Desk, dot: &str) -> String {
        let q = &self.asked.question;
        let topic = desk.bank().topic(&q.topic).map_or(q.topic.clone(), |t| t.title.clone());
        let about = format!("{topic} {dot} {}", super::level(q.level));
        let follow = if self.asked.follow_up { format!("follow-up {dot} ") } else { String::new() };
        match self.sitting {
            Sitting::Interview if self.judged().is_none() => match desk.interview(self.elapsed()) {
                Some((_, n, of)) => format!("{follow}question {n} of about {of} {dot} {about}"),
                None => about,
            },
            _ => follow + &about,
        }
    }
}

impl Page for Ask {
    fn context(&self) -> Context {
        match self.phase {
            Phase::Writing => Context::Answer,
            Phase::Speaking => Context::Aloud,
            Phase::Rating(_) => Context::Rubric,
            Phase::Judged(_) => Context::Graded,
        }
    }

    fn crumb(&self) -> String {
        match self.sitting {
            Sitting::Free if self.asked.follow_up => "Follow-up".into(),
            Sitting::Free => "Answer".into(),
            Sitting::Cards => "Cards".into(),
            Sitting::Interview => "Mock interview".into(),
        }
    }

    fn corner(&self, desk: &dyn Desk, glyphs: &Glyphs) -> Vec<(String, Ink)> {
        let mut out = Vec::new();
        if self.sitting == Sitting::Cards {
            let left = desk.cards_left();
            let words = if left == 0 { "the last one".to_string() } else { format!("{left} to go") };
            out.push((words + "   ", Ink::Dim));
        }
        if self.sitting == Sitting::Interview {
            let budget = desk.interview_budget();
            let left = budget.saturating_sub(self.elapsed());
            let share = left.as_secs() * 8 / budget.as_secs().max(1);
            let full = usize::try_from(share).unwrap_or(8).min(8);
            let bar = format!("{}{}", glyphs.full.repeat(full), glyphs.empty.repeat(8 - full));
            if left.is_zero() {
                out.push(("time is up, finish the sentence".into(), Ink::Warn));
            } else {
                let ink = if left < Duration::from_secs(120) { Ink::Warn } else { Ink::Strong };
                out.extend([(format!("{} left ", text::clock(left.as_secs())), ink), (bar, Ink::Dim)]);
            }
        } else {
            let ink = if self.judged().is_some() { Ink::Dim } else { Ink::Strong };
            out.push((text::clock(self.spent.as_secs()), ink));
        }
        out
    }

    fn hints(&self) -> Vec<(String, &'static str, Message)> {
        let mut all = prompt::hints(self.context());
        let Some(graded) = self.judged() else {
            all.retain(|h| h.2 != Message::Older || !self.older.is_empty());
            return all;
        };
        let free = self.sitting != Sitting::Interview;
        all.retain(|h| match h.2 {
            Message::Evidence => self.lab.is_some(),
            Message::FollowUp => free && graded.follow_up.is_some(),
            Message::Again => self.sitting == Sitting::Free,
            _ => true,
        });
        all
    }

    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        match (&self.phase, message) {
            (Phase::Judged(_), m) => self.update_judged(m, desk),
            (Phase::Rating(at), m) => {
                let at = *at;
                match m {
                    Message::Choose(1) => self.rate(at, Said::No, at + 1, desk),
                    Message::Choose(2) => self.rate(at, Said::Partly, at + 1, desk),
                    Message::Choose(3) => self.rate(at, Said::Yes, at + 1, desk),
                    Message::Up => self.phase = Phase::Rating(at.saturating_sub(1)),
                    Message::Down => self.phase = Phase::Rating((at + 1).min(self.said.len().saturating_sub(1))),
                    Message::Top => self.phase = Phase::Rating(0),
                    Message::Bottom => self.phase = Phase::Rating(self.said.len().saturating_sub(1)),
                    Message::Model => self.model = (self.model + 1) % 4,
                    Message::Accept => {
                        let said: Vec<Said> = self.said.iter().map(|s| s.unwrap_or_default()).collect();
                        return self.hand_in(Some(Reply::Rated(&said)), desk);
                    }
                    Message::Back => return Go::Back,
                    _ => {}
                }
                Go::Stay
            }
            (Phase::Speaking, m) => {
                match m {
                    Message::Accept => {
                        self.phase = Phase::Rating(0);
                        self.changed();
                        self.keep(desk);
                    }
                    Message::PlayPause => self.held = !self.held,
                    Message::Aloud => {
                        self.phase = Phase::Writing;
                        self.changed();
                    }
                    Message::Back => return Go::Back,
                    _ => {}
                }
                Go::Stay
            }
            (Phase::Writing, m) => match m {
                Message::Submit => self.submit(desk),
                Message::Aloud => {
                    self.phase = Phase::Speaking;
                    self.changed();
                    self.keep(desk);
                    Go::Stay
                }
                Message::Undo | Message::Redo => {
                    let done = if m == Message::Undo { self.editor.undo() } else { self.editor.redo() };
                    if done {
                        self.changed();
                    }
                    Go::Stay
                }
                Message::Older => self.leaf(1),
                Message::Newer => self.leaf(-1),
                Message::Back => Go::Back,
                _ => Go::Stay,
            },
        }
    }

    fn typed(&mut self, key: &KeyEvent) {
        if matches!(self.phase, Phase::Writing) {
            let before = self.editor.text().len();
            if self.editor.key(key) && (self.editor.text().len() != before || self.unkept.is_some()) {
                self.changed();
            }
        }
    }

    fn paste(&mut self, words: &str) {
        if matches!(self.phase, Phase::Writing) {
            self.editor.paste(words);
            self.changed();
        }
    }

    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        if let Phase::Rating(at) = self.phase {
            // A second click turns the rating: no, partly, yes.
            if at == row {
                let turned = self.said.get(row).copied().flatten().map_or(Said::Yes, Said::turned);
                self.rate(row, turned, row, desk);
            } else {
                self.phase = Phase::Rating(row.min(self.said.len().saturating_sub(1)));
            }
        }
        Go::Stay
    }

    fn wheel(&mut self, lines: isize) {
        match &self.phase {
            Phase::Writing => self.editor.scroll(lines),
            Phase::Judged(_) => self.scroll.by(lines),
            Phase::Rating(_) | Phase::Speaking => {}
        }
    }

    fn is_moving(&self) -> bool {
        matches!(self.phase, Phase::Writing) || matches!(self.phase, Phase::Speaking) && !self.held
    }

    fn tick(&mut self, dt: Duration, desk: &mut dyn Desk) -> bool {
        let before = self.spent.as_secs();
        self.spent += dt;
        let mut changed = before != self.spent.as_secs();
        let speaking = matches!(self.phase, Phase::Speaking);
        if speaking {
            // The time that was spoken is kept, too.
            self.unkept.get_or_insert(Duration::ZERO);
        }
        if let Some(since) = &mut self.unkept {
            *since += dt;
            self.quiet += dt;
            if self.quiet >= PAUSE && !speaking || *since >= LATEST {
                self.keep(desk);
                changed = true;
            }
        }
        changed
    }

    fn keep(&mut self, desk: &mut dyn Desk) {
        // In an interview the clock is kept, too.
        let wanted = self.unkept.is_some() || self.sitting == Sitting::Interview;
        if wanted && self.judged().is_none() {
            match desk.keep_draft(self.sitting, &self.asked, &self.begun(), self.elapsed()) {
                Ok(()) => {
                    self.unkept = None;
                    self.trouble = None;
                }
                Err(why) => {
                    // Tried again after the next pause.
                    self.trouble = Some(why);
                    self.unkept = Some(Duration::ZERO);
                    self.quiet = Duration::ZERO;
                }
            }
        }
    }

    fn draw(&self, pen: &mut Pen, body: Rect, desk: &dyn Desk) -> Option<Position> {
        let dim = pen.ink(Ink::Dim);
        let dot = pen.theme.glyphs.dot;
        if let Phase::Judged(g) = &self.phase {
            let about = self.about(desk, dot);
            let shown = graded::Shown {
                asked: &self.asked,
                graded: g,
                answer: self.editor.text(),
                rated: self.said.iter().any(Option::is_some),
                model: self.model,
                to_model: &self.to_model,
                lab: self.lab.as_ref(),
                about: &about,
                interview: self.sitting == Sitting::Interview,
                today: desk.today(),
            };
            graded::draw(pen, body, &shown, &self.scroll);
            return None;
        }
        let about = self.about(desk, dot);
        if !matches!(self.phase, Phase::Rating(_)) {
            pen.put(body.x + 2, body.y, body.width.saturating_sub(2), &about, dim);
        }
        match self.phase {
            Phase::Writing => return Some(self.draw_writing(pen, body)),
            Phase::Speaking => self.draw_speaking(pen, body),
            Phase::Rating(at) => self.draw_rating(pen, body, at),
            Phase::Judged(_) => {}
        }
        None
    }
}
