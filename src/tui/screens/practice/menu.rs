//! The menu of practice: the modes, what each is good for, and where one stands.

use ratatui::layout::{Position, Rect};

use crate::session::progress::short_date;
use crate::tui::desk::{Desk, LeftWhat, Overview};
use crate::tui::draw::{Pen, Spot};
use crate::tui::keys::Context;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page, count, whole};
use crate::tui::panels::prompt;
use crate::tui::text;
use crate::tui::theme::Ink;
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::{List, Scroll};

use super::ask::Ask;
use super::cards::CardsDone;
use super::claims::ClaimsPage;
use super::order::Boards;
use super::pick::Pick;
use super::predict::PredictPage;
use super::profiles::Profiles;
use super::progress::ProgressPage;
use super::report::ReportPage;
use super::setup::Setup;
use super::{READABLE, TWO_COLUMNS, select};

/// Title, and what it is good for.
const MODES: [(&str, &str); 8] = [
    (
        "Flash cards",
        "What is due today, then some new ones. Each is answered, turned and rated; what went badly comes again in the same sitting. Ten minutes a day keep what you have learned.",
    ),
    (
        "Answer a question",
        "Choose by topic, level or a word. Write the answer or say it aloud; it is judged point by point, with the words that prove each point, and shown in a lab where one shows it.",
    ),
    (
        "Mock interview",
        "For a role and a level, in 15, 30 or 45 minutes. What you leave out is asked again. At the end: strengths, gaps, and what to run tonight.",
    ),
    ("Predict what happens", "A moment in a lab: what happens next, and when? The scenario is run to see who is right."),
    ("Whiteboard", "Put a chain of events in order, or every component on the side where it belongs."),
    (
        "Claims",
        "What people say about Docker and Kubernetes, whether it is so, and one sentence to say instead. Many can be measured in front of you.",
    ),
    ("Progress", "What comes due, what is kept, topics and levels, and the plan to the day of your interview."),
    ("Profile", "Several people, or several interviews, each with progress of their own."),
];

/// The row of a mode.
const fn row_of(what: &LeftWhat) -> usize {
    match what {
        LeftWhat::Cards => 0,
        LeftWhat::Answer(..) => 1,
        LeftWhat::Predictions => 3,
        LeftWhat::Board(..) | LeftWhat::Sides => 4,
    }
}

/// The pages that go on with what was left last, the lowest first.
pub fn go_on(what: &LeftWhat, desk: &mut dyn Desk) -> Vec<Box<dyn Page>> {
    let mut pages: Vec<Box<dyn Page>> = Vec::new();
    let top = match what {
        LeftWhat::Cards | LeftWhat::Predictions => Menu { list: List::at(row_of(what)), ..Menu::new(desk) }.open(desk),
        // The list begins with what was left last.
        LeftWhat::Answer(..) => {
            let pick = Pick::new(desk);
            let top = pick.open(false, desk);
            pages.push(Box::new(pick));
            top
        }
        LeftWhat::Board(..) | LeftWhat::Sides => {
            let boards = Boards::new(desk);
            let top = boards.open(desk);
            pages.push(Box::new(boards));
            top
        }
    };
    if let Go::Open(page) = top {
        pages.push(page);
    }
    pages
}

pub struct Menu {
    list: List,
    over: Overview,
    /// What stands below or beside the list.
    scroll: Scroll,
}

impl Menu {
    pub fn new(desk: &dyn Desk) -> Self {
        Self { list: List::default(), over: desk.overview(), scroll: Scroll::default() }
    }

    fn open(&mut self, desk: &mut dyn Desk) -> Go {
        match self.list.cursor {
            0 => {
                desk.begin_cards();
                match desk.card() {
                    Some(question) => Go::Open(Box::new(Ask::card(&question, desk))),
                    None => Go::Open(Box::new(CardsDone::new(desk))),
                }
            }
            1 => Go::Open(Box::new(Pick::new(desk))),
            2 if desk.has_interview() => {
                match Ask::interview(desk.interview_elapsed(), desk) {
                    Some(ask) => Go::Open(Box::new(ask)),
                    // Nothing is left to ask: what is left is the report.
                    None => match desk.end_interview() {
                        Some(report) => Go::Open(Box::new(ReportPage::new(report))),
                        None => Go::Open(Box::new(Setup::new(desk))),
                    },
                }
            }
            2 => Go::Open(Box::new(Setup::new(desk))),
            3 => PredictPage::begin(desk),
            4 => Go::Open(Box::new(Boards::new(desk))),
            5 => Go::Open(Box::new(ClaimsPage::new(desk))),
            6 => Go::Open(Box::new(ProgressPage::new(desk))),
            _ => Go::Open(Box::new(Profiles::new(desk))),
        }
    }

    /// What stands beside a mode.
    fn beside(&self, row: usize) -> String {
        let o = &self.over;
        if let Some(left) = o.left.iter().find(|l| row_of(&l.what) == row) {
            return match &left.what {
                LeftWhat::Board(_, title) => format!("go on: {title}"),
                LeftWhat::Answer(..) => {
                    let begun = o.left.iter().filter(|l| matches!(l.what, LeftWhat::Answer(..))).count();
                    if begun == 1 { "go on: an answer begun".into() } else { format!("go on: {begun} answers begun") }
                }
                _ => format!("go on: {}", left.at),
            };
        }
        match row {
            0 if o.due > 0 => format!("{} due", o.due),
            0 => "nothing due".into(),
            1 => format!("{} never asked", text::number(o.unseen as u64)),
            2 => o.interview_open.clone().map_or(String::new(), |w| format!("go on: {w}")),
            6 => match (o.days_left, o.per_day) {
                (Some(0), _) => "the interview is today".into(),
                (Some(n), Some((today, done))) => format!("{} to go, {done} of {today} done today", count(n as usize, "day")),
                _ if o.streak > 0 => count(o.streak, "day") + " in a row",
                _ => String::new(),
            },
            7 => o.profile.to_string(),
            _ => String::new(),
        }
    }
}

/// Where one stands, in a sentence or two.
pub fn standing(o: &Overview) -> String {
    let mut words = vec![if o.due == 0 { "nothing due today".to_string() } else { format!("{} due today", o.due) }];
    if o.streak > 0 {
        words.push(count(o.streak, "day") + " in a row");
    }
    if let Some(date) = o.interview {
        words.push(format!("interview {}", short_date(date)));
        words.push(format!("ready {}", whole(o.readiness)));
    }
    words.join("   ")
}

impl Page for Menu {
    fn context(&self) -> Context {
        Context::Menu
    }
    fn crumb(&self) -> String {
        "Practice".into()
    }
    fn corner(&self, _desk: &dyn Desk, _glyphs: &crate::tui::theme::Glyphs) -> Vec<(String, Ink)> {
        vec![(self.over.profile.to_string(), Ink::Dim)]
    }
    fn update(&mut self, message: Message, desk: &mut dyn Desk) -> Go {
        match message {
            Message::Accept | Message::Right => self.open(desk),
            Message::Back => Go::Back,
            Message::Choose(n) if usize::from(n) <= MODES.len() => {
                self.list.cursor = usize::from(n) - 1;
                self.open(desk)
            }
            Message::PageUp | Message::PageDown if self.scroll.overflows() => {
                self.scroll.update(message);
                Go::Stay
            }
            m => {
                if self.list.update(m, MODES.len()) {
                    self.scroll.reset();
                }
                Go::Stay
            }
        }
    }
    fn hints(&self) -> Vec<(String, &'static str, Message)> {
        let mut all = prompt::hints(Context::Menu);
        if self.scroll.overflows() {
            all.insert(1, ("PgDn".into(), "read on", Message::PageDown));
        }
        all
    }
    fn click(&mut self, _column: usize, row: usize, desk: &mut dyn Desk) -> Go {
        self.list.cursor = row;
        self.open(desk)
    }
    fn wheel(&mut self, lines: isize) {
        self.list.by(lines.signum(), MODES.len());
    }
    fn refresh(&mut self, desk: &mut dyn Desk) {
        self.over = desk.overview();
    }
    fn draw(&self, pen: &mut Pen, body: Rect, desk: &dyn Desk) -> Option<Position> {
        let (dim, plain, strong, faint) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Strong), pen.ink(Ink::Faint));
        let wide = body.width >= TWO_COLUMNS;
        let words = standing(&self.over);
        pen.put(body.x + 1, body.y, body.width, &words, dim);
        let width = if wide { (body.width / 2).min(70) } else { body.width };
        let air = if body.height >= 30 { 2 } else { 1 };
        let list = Rect { y: body.y + 2, width, ..body };
        for (i, (title, _)) in MODES.iter().enumerate() {
            let y = list.y + u16::try_from(i).unwrap_or(0) * air;
            if y >= body.bottom() {
                break;
            }
            let row = Rect { y, height: 1, ..list };
            let number = format!("{} ", i + 1);
            let used =
                pen.line(row.x + 1, y, row.width - 1, &[(&number, faint), (title, if i == self.list.cursor { strong } else { plain })]);
            let beside = self.beside(i) + " ";
            pen.right(Rect { x: row.x + used + 2, width: row.width.saturating_sub(used + 2), ..row }, y, &[(&beside, dim)]);
            select(pen, row, i == self.list.cursor);
            pen.spots.add(row, Spot::Panel(0, i));
        }
        let below = list.y + u16::try_from(MODES.len()).unwrap_or(8) * air + 1;
        let area = if wide {
            Rect { x: body.x + width + 4, y: list.y, width: body.width.saturating_sub(width + 4).min(READABLE), ..body }
        } else {
            Rect { x: body.x + 1, y: below, width: body.width.saturating_sub(2), height: body.bottom().saturating_sub(below) }
        };
        if wide {
            for y in list.y..list.y + u16::try_from(MODES.len()).unwrap_or(8) * air {
                pen.put(area.x - 2, y, 1, pen.theme.glyphs.split, faint);
            }
        }
        let mut doc = Doc::new(area.width.saturating_sub(1));
        let (title, about) = MODES[self.list.cursor.min(MODES.len() - 1)];
        if wide {
            doc.line(&[(title, strong)]);
            doc.gap();
        }
        doc.para(0, about, plain);
        for warning in desk.warnings() {
            doc.gap();
            doc.hang(0, &[(pen.theme.glyphs.warn, pen.ink(Ink::Warn)), (" ", plain)], &warning, plain);
        }
        doc.draw(pen, area, &self.scroll);
        None
    }
}
