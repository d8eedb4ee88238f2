//! Practice within the program: the desk is opened when it is needed, pages open labs and get their place back.

use std::sync::Arc;

use super::{App, Screen};
use crate::session::practice::InterviewSetup;
use crate::session::view::SimTime;
use crate::tui::desk::{LeftWhat, Place};
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::page::{Go, Page};
use crate::tui::panels::notice::Notice;
use crate::tui::screens::practice::ask::Ask;
use crate::tui::screens::practice::claims::ClaimsPage;
use crate::tui::screens::practice::menu::{self, Menu};
use crate::tui::screens::practice::progress::ProgressPage;
use crate::tui::screens::practice::report::ReportPage;
use crate::tui::screens::practice::setup::Setup;

impl App {
    /// Opens bank and records, if that was not done yet; the home screen then tells where one stands.
    pub fn wake(&mut self) {
        if self.desk.is_none() {
            match self.house.desk() {
                Ok(desk) => self.desk = Some(desk),
                Err(why) => return self.panels.push(Box::new(Notice::new("Practice cannot be opened", &why))),
            }
        }
        self.look_at_home();
        self.dirty = true;
    }

    /// After the first frame of the home screen: where one stands is looked up.
    pub fn rouse(&mut self) {
        if self.screen == Screen::Home {
            self.wake();
        }
    }

    /// What the home screen tells is looked up again.
    pub(super) fn look_at_home(&mut self) {
        let Some(desk) = self.desk.as_deref() else { return };
        let page = self.pages.top().map(Page::crumb).filter(|_| self.pages.depth() > 1);
        self.home.set_standing(desk.overview(), page, desk.left_lab());
    }

    /// Something half done is kept: the program is about to end.
    pub fn keep(&mut self) {
        self.keep_place();
        if let Some(desk) = self.desk.as_deref_mut() {
            self.pages.keep(desk);
        }
    }

    /// The open lab can be gone on with another day.
    pub(super) fn keep_place(&mut self) {
        let (Some(desk), Some(lab)) = (self.desk.as_deref_mut(), self.lab.as_ref().filter(|_| self.visit.is_none())) else { return };
        // A file of one's own may be elsewhere another day.
        if self.home.has(&lab.view.scenario) && lab.view.now > SimTime::ZERO {
            let place = Place { scenario: lab.view.scenario.clone(), title: lab.view.title.clone(), at: lab.view.now };
            desk.keep_lab(Some(&place).filter(|_| !lab.view.finished));
        }
    }

    /// Opens the lab of another day where it was left; what its predictions asked until then has been answered.
    pub(super) fn go_on(&mut self) {
        let Some(place) = self.desk.as_deref().and_then(|d| d.left_lab()) else { return };
        match self.house.open(&place.scenario) {
            Ok(door) => {
                self.enter(door);
                self.travel_to(place.at);
            }
            Err(why) => self.panels.push(Box::new(Notice::new(format!("{} cannot be opened", place.scenario), &why))),
        }
    }

    /// The open lab at a moment, without the questions that came before it.
    fn travel_to(&mut self, at: SimTime) {
        let Some(lab) = &mut self.lab else { return };
        lab.door.jump_to(at.min(lab.door.end()));
        lab.touch();
        lab.refresh();
        let asked: Vec<String> = lab.view.question.iter().chain(&lab.view.answered).map(|q| q.id.clone()).collect();
        lab.settled.extend(asked);
    }

    /// A page for practice, on top of the menu.
    fn begin(&mut self, page: Option<Box<dyn Page>>) {
        let Some(desk) = self.desk.as_deref_mut() else { return };
        if self.pages.is_empty() {
            let menu = Menu::new(desk);
            self.pages.open(Box::new(menu), desk);
        }
        if let Some(page) = page {
            self.pages.open(page, desk);
        }
        self.screen = Screen::Practice;
        self.dirty = true;
    }

    /// To the menu, or to the page that is still open.
    pub fn practise(&mut self) {
        self.wake();
        self.begin(None);
    }

    /// To the page before a mock interview.
    pub fn prepare_interview(&mut self, setup: &InterviewSetup) {
        self.wake();
        let page = self.desk.as_deref().map(|desk| Box::new(Setup::with(setup, desk)) as Box<dyn Page>);
        self.begin(page);
    }

    pub(super) fn browse_claims(&mut self) {
        self.wake();
        let page = self.desk.as_deref().map(|desk| Box::new(ClaimsPage::new(desk)) as Box<dyn Page>);
        self.begin(page);
    }

    pub(super) fn show_progress(&mut self) {
        self.wake();
        let page = self.desk.as_deref().map(|desk| Box::new(ProgressPage::new(desk)) as Box<dyn Page>);
        self.begin(page);
    }

    /// The mock interview that was left, today or another day.
    pub(super) fn resume_interview(&mut self) {
        self.wake();
        let Some(desk) = self.desk.as_deref_mut().filter(|d| d.has_interview()) else { return };
        let page: Option<Box<dyn Page>> = match Ask::interview(desk.interview_elapsed(), desk) {
            Some(ask) => Some(Box::new(ask)),
            None => desk.end_interview().map(|report| Box::new(ReportPage::new(report)) as Box<dyn Page>),
        };
        self.begin(page);
    }

    /// What else of practice was left.
    pub(super) fn resume(&mut self, what: &LeftWhat) {
        let Some(desk) = self.desk.as_deref_mut() else { return };
        let pages = menu::go_on(what, desk);
        self.begin(None);
        for page in pages {
            self.begin(Some(page));
        }
    }

    /// A program may stay open overnight.
    pub fn turn_day(&mut self) {
        let Some(desk) = self.desk.as_deref_mut() else { return };
        if desk.turn_day() {
            if let Some(page) = self.pages.top_mut() {
                page.refresh(desk);
            }
            self.look_at_home();
            self.dirty = true;
        }
    }

    pub(super) fn update_practice(&mut self, message: Message) {
        // ctrl-c leaves for the home screen from anywhere; nothing is lost, and the place waits there.
        if message == Message::Quit {
            self.keep();
            self.screen = Screen::Home;
            return self.look_at_home();
        }
        let (Some(desk), Some(page)) = (self.desk.as_deref_mut(), self.pages.top_mut()) else { return };
        let go = page.update(message, desk);
        self.go(go);
    }

    pub(super) fn click_page(&mut self, column: usize, row: usize) {
        let (Some(desk), Some(page)) = (self.desk.as_deref_mut(), self.pages.top_mut()) else { return };
        let go = page.click(column, row, desk);
        self.go(go);
    }

    fn go(&mut self, go: Go) {
        let Some(desk) = self.desk.as_deref_mut() else { return };
        match go {
            Go::Stay => {}
            Go::Back => {
                self.pages.close(desk);
                if self.pages.is_empty() {
                    self.screen = Screen::Home;
                    self.look_at_home();
                }
            }
            Go::Open(page) => self.pages.open(page, desk),
            Go::Replace(page) => self.pages.replace(page, desk),
            Go::Say(words) => self.pages.say(words, false),
            Go::Complain(words) => self.pages.say(words, true),
            Go::Save(name, text) => match self.house.keep_text(&name, &text) {
                Ok(path) => self.pages.say(format!("saved as {}", path.display()), false),
                Err(e) => self.pages.say(format!("cannot be saved: {e}"), true),
            },
            Go::Lab(name, at) => self.visit_lab(&name, at),
        }
    }

    /// A lab at a moment, from a page: its questions and the lab that was open before step aside.
    fn visit_lab(&mut self, name: &Arc<str>, at: SimTime) {
        match self.house.open(name) {
            Ok(door) => {
                if let Some(desk) = self.desk.as_deref_mut() {
                    self.pages.keep(desk);
                }
                self.visit = Some(self.lab.replace(Lab::new(door)));
                self.travel_to(at);
                if let Some(lab) = &mut self.lab {
                    lab.say("this is the moment; space lets time run, q goes back to practice");
                }
                self.screen = Screen::Lab;
                self.dirty = true;
            }
            Err(why) => self.panels.push(Box::new(Notice::new(format!("{name} cannot be opened"), &why))),
        }
    }

    /// Out of the lab: to the page it was opened from, or to the home screen.
    pub(super) fn leave_lab(&mut self) {
        match self.visit.take() {
            Some(before) => {
                self.panels.clear();
                self.lab = before;
                self.screen = Screen::Practice;
                self.dirty = true;
            }
            None => self.go_home(),
        }
    }
}
