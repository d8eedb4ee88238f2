//! What keys do in the lab, and in a line that is typed there.

use super::App;
use crate::tui::console::{Completed, Purpose, complete};
use crate::tui::lab::{Focus, Lab, STEPS};
use crate::tui::message::Message;
use crate::tui::panel::Panel;
use crate::tui::panels::scheduler::Scheduler as SchedulerPanel;
use crate::tui::panels::{
    cause::Cause, debrief::Debrief, decision::Decision, fault_menu::FaultMenu, inspect::Inspect, question::Question, told, why::Why,
};
use crate::tui::screens::lab as lab_screen;

impl App {
    pub(super) fn update_lab(&mut self, message: Message) {
        let Some(lab) = &mut self.lab else { return };
        if let Some(line) = &lab.line {
            let purpose = line.purpose;
            return self.update_line(purpose, message);
        }
        match message {
            Message::Quit => self.leave_lab(),
            Message::Back if !lab.filter.is_empty() => lab.set_filter(""),
            Message::Back if self.visit.is_some() => self.leave_lab(),
            // Closing a panel twice must not cost anybody the lab.
            Message::Back => lab.say("q: to the home screen"),
            Message::PlayPause => lab.play_pause(),
            Message::Forward => lab.forward(),
            Message::Backward => lab.backward(),
            Message::Faster => lab.set_speed(true),
            Message::Slower => lab.set_speed(false),
            Message::ToStart => lab.to_start(),
            Message::ToEnd => lab.to_end(),
            Message::NextMark => lab.next_mark(),
            Message::PreviousMark => lab.previous_mark(),
            Message::NextStepSize => lab.cycle_step(1),
            Message::PreviousStepSize => lab.cycle_step(STEPS.len() - 1),
            Message::Restart => lab.restart(),
            Message::Jump => {
                if let Some(id) = lab.selected_record() {
                    lab.jump_to_record(id);
                }
            }
            Message::Faults => {
                let menu = FaultMenu::new(lab);
                self.panels.push(Box::new(menu));
            }
            Message::Why => self.why(),
            Message::Scheduler => {
                let panel = SchedulerPanel::new(lab);
                self.panels.push(Box::new(panel));
            }
            Message::Inspect | Message::Accept => self.inspect(),
            Message::Prompt => lab.open_line(Purpose::Command, ""),
            Message::Filter => {
                let text = lab.filter.clone();
                lab.open_line(Purpose::Filter, &text);
            }
            Message::Breakpoint => {
                let text = lab.drafted.clone().or_else(|| lab.breakpoint.clone()).unwrap_or_default();
                lab.open_line(Purpose::Breakpoint, &text);
            }
            Message::Save => self.save(),
            Message::Changes => lab.toggle_changes(),
            Message::Zoom => lab.zoom = !lab.zoom,
            Message::Density => lab.toggle_density(),
            Message::Story => {
                let notice = told::story(lab);
                self.panels.push(Box::new(notice));
            }
            Message::Debrief => self.panels.push(Box::new(Debrief::default())),
            Message::LookAhead => self.look_ahead(),
            Message::Hint => lab.hint(),
            Message::Cause => self.cause(),
            Message::NextPane => self.focus_next(1),
            Message::PreviousPane => self.focus_next(-1),
            m => self.move_in_lab(m),
        }
    }

    fn move_in_lab(&mut self, message: Message) {
        let Some(lab) = &mut self.lab else { return };
        match lab.focus {
            Focus::World(n) => {
                if let (Some(pane), Some(world)) = (lab.worlds.get_mut(n), lab.view.worlds.get(n)) {
                    pane.update(message, &world.view);
                }
                lab.touch();
            }
            Focus::Journal(n) => {
                let worlds = lab.view.worlds.len();
                match message {
                    Message::Left if n < worlds => lab.focus = Focus::Journal(n.saturating_sub(1)),
                    Message::Right if n < worlds => lab.focus = Focus::Journal((n + 1).min(worlds - 1)),
                    m => {
                        if let Some(pane) = lab.journals.get_mut(n) {
                            pane.update(m);
                        }
                    }
                }
            }
        }
    }

    fn focus_next(&mut self, by: isize) {
        let Some(lab) = &mut self.lab else { return };
        // A zoomed world still lets Tab reach the others.
        let zoomed = std::mem::take(&mut lab.zoom);
        let panes = lab_screen::Layout::new(self.area, lab).panes(lab.view.worlds.len());
        lab.zoom = zoomed;
        let at = panes.iter().position(|p| *p == lab.focus).unwrap_or(0);
        let next = (at + panes.len()).saturating_add_signed(by) % panes.len().max(1);
        lab.focus = panes.get(next).copied().unwrap_or(Focus::World(0));
    }

    pub(super) fn why(&mut self) {
        let Some(lab) = &mut self.lab else { return };
        match lab.selected_record() {
            Some(id) => {
                let panel = Why::new(lab, id);
                self.panels.push(Box::new(panel));
            }
            None => lab.complain("nothing has happened yet; play a little first"),
        }
    }

    pub(super) fn inspect(&mut self) {
        let Some(lab) = &mut self.lab else { return };
        // A decision's line opens the decision.
        if let (Focus::Journal(_), Some(id)) = (lab.focus, lab.selected_record())
            && let Some(panel) = Decision::of_record(lab, id)
        {
            return self.panels.push(Box::new(panel));
        }
        // So does a command's line its whole output.
        if let (Focus::Journal(_), Some(id)) = (lab.focus, lab.selected_record())
            && let Some(panel) = told::output(lab, id)
        {
            return self.panels.push(Box::new(panel));
        }
        let Some((world, object)) = lab.selected_object() else { return };
        lab.look(world, &object);
        match (Inspect::new(lab, world, &object), lab.focus, lab.selected_record()) {
            (Some(panel), ..) => self.panels.push(Box::new(panel)),
            (None, Focus::Journal(_), Some(id)) => self.panels.extend(told::record(lab, id).map(|p| Box::new(p) as Box<dyn Panel>)),
            (None, ..) => lab.complain(format!("{object} is not there any more; w tells why")),
        }
    }

    /// The answer to the last prediction that is still open.
    fn look_ahead(&mut self) {
        let Some(lab) = &mut self.lab else { return };
        let Some(open) = lab.view.answered.iter().rev().find(|q| q.known_at.is_none()).map(|q| q.id.clone()) else {
            return lab.complain("no prediction of yours waits for its answer");
        };
        lab.player.playing = false;
        match lab.door.look_ahead(&open) {
            Some(asked) if asked.answer.is_some() => self.panels.push(Box::new(Question::ahead(asked))),
            Some(_) => lab.say("this run will have no answer to that"),
            None => lab.say("this lab is too large to be played ahead; let it run"),
        }
    }

    fn cause(&mut self) {
        let Some(lab) = &mut self.lab else { return };
        match &lab.view.drill {
            None => lab.complain("causes are named in drills; this scenario is none"),
            Some(d) if d.began.is_none() => lab.say("no trouble yet; let time run"),
            Some(_) => {
                lab.player.playing = false;
                let panel = Cause::new(lab);
                self.panels.extend(panel.map(|p| Box::new(p) as Box<dyn Panel>));
            }
        }
    }

    pub(super) fn save(&mut self) {
        let Some(lab) = &mut self.lab else { return };
        let text = lab.door.save();
        match self.house.keep(&lab.view.scenario, &text, &lab.door.side_files()) {
            Ok(path) => lab.say(format!("saved; play it with: wheelhouse play {}", path.display())),
            Err(e) => lab.complain(format!("cannot be saved: {e}")),
        }
    }

    /// A message while a line is being typed.
    fn update_line(&mut self, purpose: Purpose, message: Message) {
        let Some(lab) = &mut self.lab else { return };
        let Some(line) = &mut lab.line else { return };
        let value = line.input.value().to_string();
        let retype = |lab: &mut Lab, text: String| lab.open_line(Purpose::Command, &text);
        match (purpose, message) {
            (Purpose::Command, Message::Submit) => {
                lab.run_command(&value);
                retype(lab, String::new());
            }
            (Purpose::Command, Message::Complete) => match complete(&value, &lab.door.complete(&value)) {
                Completed::Line(full) => retype(lab, full),
                Completed::Choices(words) => lab.console.say(&words.join("  ")),
                Completed::Nothing => {}
            },
            (Purpose::Command, Message::Older) => {
                if let Some(text) = lab.console.older(&value) {
                    retype(lab, text);
                }
            }
            (Purpose::Command, Message::Newer) => {
                if let Some(text) = lab.console.newer() {
                    retype(lab, text);
                }
            }
            (Purpose::Command, Message::Interrupt) => {
                if lab.console.running {
                    lab.interrupt();
                } else if value.is_empty() {
                    lab.line = None;
                } else {
                    retype(lab, String::new());
                }
            }
            (Purpose::Command, Message::ClearOutput) => lab.console.clear(),
            (Purpose::Command, m @ (Message::PageUp | Message::PageDown)) => {
                lab.console.scroll.update(m);
            }
            (Purpose::Filter, Message::Submit) => lab.line = None,
            (Purpose::Filter, Message::Back) => {
                lab.line = None;
                lab.set_filter("");
            }
            (Purpose::Filter, m @ (Message::Up | Message::Down)) => self.move_in_lab(m),
            (Purpose::Breakpoint, Message::Submit) => {
                lab.line = None;
                lab.set_breakpoint(&value);
            }
            (_, Message::PlayPause) => lab.play_pause(),
            (_, Message::Back | Message::Interrupt) => lab.line = None,
            _ => {}
        }
    }
}
