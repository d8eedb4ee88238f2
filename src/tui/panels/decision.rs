//! One decision of the scheduler, as it was made then: opened from a journal line, from a pod, or from the queue.

use ratatui::layout::Rect;

use crate::session::view::{ObjectRef, RecordId, RecordType, SimTime, Waiting, Weighing};
use crate::tui::draw::{Pen, centred};
use crate::tui::keys::Context;
use crate::tui::lab::Lab;
use crate::tui::message::Message;
use crate::tui::panel::{Flow, Panel, surface};
use crate::tui::panels::{inspect::Inspect, why::Why};
use crate::tui::theme::Ink;
use crate::tui::widgets::weighing::{self, WeighingView};

pub struct Decision {
    world: &'static str,
    object: ObjectRef,
    /// None: it is what would be decided now.
    record: Option<RecordId>,
    title: String,
    seen: Weighing,
    view: WeighingView,
    /// Where it waits, if it does.
    waits: Option<Waiting>,
}

impl Decision {
    /// The decision a journal line tells of; None if the line tells of none.
    pub fn of_record(lab: &Lab, id: RecordId) -> Option<Self> {
        let record = lab.record(id).filter(|r| r.kind == RecordType::Decision)?;
        let seen = lab.door.weighed(id)?;
        let clock = record.at.clock_millis();
        let title = format!("Scheduling · {} at {clock}", record.object);
        Some(Self {
            world: record.world,
            object: record.object.clone(),
            record: Some(id),
            title,
            seen,
            view: WeighingView::default(),
            waits: None,
        })
    }

    /// What would be decided about a waiting copy if it were tried now.
    pub fn of_now(lab: &Lab, world: &'static str, object: &ObjectRef) -> Option<Self> {
        let seen = lab.door.weigh(world, object)?;
        let waits = lab.door.waiting(world).into_iter().find(|w| w.object == *object);
        let title = format!("Scheduling · {object}, if it were tried now");
        Some(Self { world, object: object.clone(), record: None, title, seen, view: WeighingView::default(), waits })
    }
}

impl Panel for Decision {
    fn context(&self) -> Context {
        Context::Decision
    }

    fn update(&mut self, message: Message, lab: Option<&mut Lab>) -> Flow {
        let Some(lab) = lab else { return Flow::Close };
        match (message, self.record) {
            (Message::Back | Message::Quit, _) => Flow::Close,
            (Message::Accept, _) => match Inspect::new(lab, self.world, &self.object) {
                Some(panel) => Flow::Open(Box::new(panel)),
                None => {
                    lab.complain(format!("{} is not there any more", self.object));
                    Flow::Stay
                }
            },
            (Message::Why, Some(id)) => Flow::Open(Box::new(Why::new(lab, id))),
            (Message::Jump, Some(id)) => {
                lab.jump_to_record(id);
                Flow::Close
            }
            (m, _) if self.view.scroll.update(m) => Flow::Stay,
            _ => Flow::Pass,
        }
    }

    fn wheel(&mut self, lines: isize) {
        self.view.scroll.by(lines);
    }

    fn draw(&self, pen: &mut Pen, screen: Rect, lab: Option<&Lab>) {
        let width = screen.width.saturating_sub(if screen.width > 100 { 8 } else { 2 }).min(170);
        let height = screen.height.saturating_sub(4);
        let area = centred(Rect { y: screen.y + 1, height, ..screen }, width, height);
        let inner = surface(pen, area, &self.title, Context::Decision);
        let accent = pen.theme.world(self.world);
        pen.right(Rect { width: area.width - 2, ..area }, area.y, &[(" kube-scheduler ", accent)]);
        let now = lab.map_or(SimTime::ZERO, |l| l.view.now);
        let mut lead = self.waits.as_ref().map(|w| weighing::waiting(pen, w, now, inner.width)).unwrap_or_default();
        if self.record.is_none() {
            lead.push(vec![("tried at this moment, this would come of it:".to_string(), pen.ink(Ink::Dim))]);
        }
        let body = Rect { y: inner.y + 1, height: inner.height.saturating_sub(1), ..inner };
        self.view.draw(pen, body, lead, Some(&self.seen));
    }
}
