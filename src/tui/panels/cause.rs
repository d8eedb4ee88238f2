//! What is it? The learner names a drill's cause: one of the file's choices, or any fault and what it hit.

use ratatui::layout::Rect;

use crate::session::Named;
use crate::session::view::{Cause as View, FaultChoice, FaultNamed};
use crate::tui::draw::{Pen, Spot, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::scroll::List;

pub struct Cause {
    view: View,
    list: List,
    /// Every fault there is, where the cause is named freely.
    faults: Vec<FaultChoice>,
    /// The fault that was chosen, and what it could have hit.
    hit: Option<(usize, Vec<String>)>,
    /// What was said of the last choice.
    said: Option<(bool, String)>,
}

impl Cause {
    /// None outside drills.
    pub fn new(lab: &Lab) -> Option<Self> {
        let drill = lab.view.drill.as_ref()?;
        let faults = if matches!(drill.cause, View::Free { .. }) { lab.door.faults() } else { Vec::new() };
        let said = drill.cause.is_named().then(|| (true, drill.because.clone()));
        Some(Self { view: drill.cause.clone(), list: List::default(), faults, hit: None, said })
    }

    fn question(&self) -> String {
        match (&self.view, &self.hit) {
            (View::Choices { text, .. }, _) => text.clone(),
            (View::Free { .. }, None) => "What has happened?".into(),
            (View::Free { .. }, Some((fault, _))) => format!("{}: where?", self.faults[*fault].about),
        }
    }

    /// The rows with what is known of each: None, or whether it is the cause.
    fn rows(&self) -> Vec<(String, Option<bool>)> {
        match (&self.view, &self.hit) {
            (View::Choices { choices, wrong, named, .. }, _) => {
                let known = |i| if *named == Some(i) { Some(true) } else { wrong.contains(&i).then_some(false) };
                choices.iter().enumerate().map(|(i, c)| (c.clone(), known(i))).collect()
            }
            (View::Free { named, .. }, None) => {
                let known = |f: &FaultChoice| named.as_ref().filter(|n| n.word == f.word).map(|_| true);
                self.faults.iter().map(|f| (format!("{}: {}", f.word, f.about), known(f))).collect()
            }
            (View::Free { wrong, named }, Some((fault, targets))) => {
                let word = self.faults[*fault].word;
                let is = |n: &FaultNamed, t: &str| n.word == word && n.target == t;
                let known = |t: &str| {
                    if named.as_ref().is_some_and(|n| is(n, t)) { Some(true) } else { wrong.iter().any(|n| is(n, t)).then_some(false) }
                };
                targets.iter().map(|t| (if t.is_empty() { "everything".into() } else { t.clone() }, known(t))).collect()
            }
        }
    }

    fn choose(&mut self, lab: &mut Lab) -> Flow {
        if self.view.is_named() {
            return Flow::Close;
        }
        let at = self.list.cursor;
        let named = match (&self.view, &self.hit) {
            (View::Choices { .. }, _) => Named::Choice(at),
            (View::Free { .. }, None) => {
                let Some(fault) = self.faults.get(at) else { return Flow::Stay };
                let targets: Vec<String> = lab.door.fault_targets(fault.word, None).iter().map(ToString::to_string).collect();
                self.hit = Some((at, if targets.is_empty() { vec![String::new()] } else { targets }));
                self.list = List::default();
                self.said = None;
                return Flow::Stay;
            }
            (View::Free { .. }, Some((fault, targets))) => {
                let Some(target) = targets.get(at) else { return Flow::Stay };
                Named::Fault(FaultNamed { word: self.faults[*fault].word.to_string(), target: target.clone() })
            }
        };
        let right = lab.door.name_cause(named);
        lab.touch();
        lab.refresh();
        if let Some(drill) = &lab.view.drill {
            self.view = drill.cause.clone();
            self.said = Some((right, if right { drill.because.clone() } else { String::new() }));
        }
        Flow::Stay
    }
}

impl Panel for Cause {
    fn context(&self) -> Context {
        Context::Cause
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        let total = self.rows().len();
        match message {
            Message::Accept => self.choose(lab),
            Message::Back | Message::Quit => Flow::Close,
            Message::Left => {
                if let Some((fault, _)) = self.hit.take() {
                    self.list = List::at(fault);
                }
                Flow::Stay
            }
            Message::Choose(n) if usize::from(n) <= total && !self.view.is_named() => {
                self.list.cursor = usize::from(n) - 1;
                self.choose(lab)
            }
            m => {
                if self.list.update(m, total) {
                    self.said = self.said.take().filter(|(right, _)| *right);
                }
                Flow::Stay
            }
        }
    }

    fn click(&mut self, _column: usize, row: usize, lab: Option<&mut Lab>) -> Flow {
        if self.list.cursor == row
            && let Some(lab) = lab
        {
            return self.choose(lab);
        }
        self.list.cursor = row;
        Flow::Stay
    }

    fn wheel(&mut self, lines: isize) {
        self.list.by(lines, self.rows().len());
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, _lab: Option<&Lab>) {
        let width = screen.width.saturating_sub(6).min(84);
        let columns = usize::from(width.saturating_sub(6)).max(20);
        let question = text::wrap(&self.question(), columns);
        let rows: Vec<(Vec<String>, Option<bool>)> =
            self.rows().into_iter().map(|(words, known)| (text::wrap(&words, columns.saturating_sub(4)), known)).collect();
        let verdict: Vec<String> = match &self.said {
            None => Vec::new(),
            Some((true, because)) => {
                let mut lines = vec!["That is the cause.".to_string()];
                lines.extend(text::wrap(because, columns).into_iter().filter(|l| !l.is_empty()));
                lines
            }
            Some((false, _)) => vec!["That is not it.".to_string()],
        };
        let below = if verdict.is_empty() { 0 } else { verdict.len() + 1 };
        let all: usize = rows.iter().map(|(lines, _)| lines.len()).sum();
        let height = u16::try_from(question.len() + 1 + all + below + 4).unwrap_or(u16::MAX).min(screen.height.saturating_sub(2));
        let area = centred(screen, width, height);
        let inner = surface(pen, area, "What is the cause?", Context::Cause);
        let inner = Rect { x: inner.x + 1, y: inner.y + 1, width: inner.width.saturating_sub(2), height: inner.height.saturating_sub(2) };
        let (story, plain, dim) = (pen.ink(Ink::Story), pen.ink(Ink::Text), pen.ink(Ink::Dim));
        let mut y = inner.y;
        for line in question.iter().take(usize::from(inner.height)) {
            pen.put(inner.x, y, inner.width, line, story);
            y += 1;
        }
        y += 1;
        // The list scrolls where not all fits; the selected row is always there.
        let room = usize::from(inner.bottom().saturating_sub(y)).saturating_sub(below);
        let mut first = 0;
        let tall = |first: usize| rows.get(first..=self.list.cursor).map_or(0, |part| part.iter().map(|(l, _)| l.len()).sum());
        while first < self.list.cursor && tall(first) > room {
            first += 1;
        }
        let bottom = y + u16::try_from(room).unwrap_or(0);
        for (n, (lines, known)) in rows.iter().enumerate().skip(first) {
            let (sign, ink) = match known {
                Some(true) => (pen.theme.glyphs.ok, Ink::Good),
                Some(false) => (pen.theme.glyphs.no, Ink::Dim),
                None => (" ", Ink::Text),
            };
            let style = pen.ink(ink);
            let top = y;
            for (i, line) in lines.iter().enumerate().take_while(|(i, _)| y + u16::try_from(*i).unwrap_or(0) < bottom) {
                let at = y + u16::try_from(i).unwrap_or(0);
                if i == 0 {
                    pen.put(inner.x, at, 1, sign, style);
                }
                pen.put(inner.x + 3, at, inner.width.saturating_sub(3), line, style);
            }
            y += u16::try_from(lines.len()).unwrap_or(1);
            if top < bottom {
                let place = Rect { y: top, height: y.min(bottom) - top, ..inner };
                if n == self.list.cursor && !self.view.is_named() {
                    let selected = pen.ink(Ink::Selected);
                    pen.wash(place, selected);
                }
                pen.spots.add(place, Spot::Panel(0, n));
            }
        }
        for (y, (i, line)) in (y.min(bottom) + 1..inner.bottom()).zip(verdict.iter().enumerate()) {
            let right = matches!(self.said, Some((true, _)));
            let style = if i > 0 { plain } else { pen.ink(if right { Ink::Good } else { Ink::Bad }) };
            let sign = if i > 0 {
                ""
            } else if right {
                pen.theme.glyphs.ok
            } else {
                pen.theme.glyphs.no
            };
            let lead = pen.line(inner.x, y, 3, &[(sign, style), (if sign.is_empty() { "" } else { " " }, dim)]);
            pen.put(inner.x + lead, y, inner.width.saturating_sub(lead), line, style);
        }
    }
}
