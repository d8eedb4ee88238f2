//! Letting time run: how far each frame goes, without ever making a key wait.

use std::time::{Duration, Instant};

use crate::session::view::{SimDuration, Stop};

use super::door::Door;

/// Virtual seconds for one real second.
pub const SPEEDS: [f64; 13] = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 125.0, 250.0, 500.0, 1000.0];
const USUAL: usize = 5;
/// Real time that a frame may spend in the simulation; drawing and keys get the rest.
const BUDGET: Duration = Duration::from_millis(8);
/// A slice between two looks at the real clock.
const SLICE: Duration = Duration::from_millis(1);

#[derive(Debug)]
pub struct Player {
    pub playing: bool,
    speed: usize,
    /// Events for one slice; adapts to how long they take.
    slice: u64,
    /// Share of the wished speed that was reached lately, in 0..=1.
    reached: f64,
}

impl Default for Player {
    fn default() -> Self {
        Self { playing: false, speed: USUAL, slice: 256, reached: 1.0 }
    }
}

impl Player {
    pub fn speed(&self) -> f64 {
        SPEEDS[self.speed]
    }

    /// The speed actually reached, if the machine cannot keep up.
    pub fn limited(&self) -> Option<f64> {
        (self.playing && self.reached < 0.85).then(|| self.speed() * self.reached)
    }

    pub fn change_speed(&mut self, faster: bool) -> f64 {
        self.speed = if faster { (self.speed + 1).min(SPEEDS.len() - 1) } else { self.speed.saturating_sub(1) };
        self.reached = 1.0;
        self.speed()
    }

    /// Advances by a frame of `dt`. Returns why time stopped, if it did.
    #[expect(clippy::disallowed_methods, reason = "a face: keys must not wait for the simulation")]
    pub fn advance(&mut self, door: &mut dyn Door, dt: Duration) -> Option<Stop> {
        let from = door.now();
        let wish = SimDuration::from_secs_f64(dt.as_secs_f64() * self.speed());
        let target = (from + wish).min(door.end());
        let started = Instant::now();
        let mut before = started;
        let stop = loop {
            match door.advance(target, self.slice) {
                Stop::Budget => {
                    let now = Instant::now();
                    let took = now - before;
                    before = now;
                    if took < SLICE / 2 {
                        self.slice = (self.slice * 2).min(1 << 20);
                    } else if took > SLICE * 2 {
                        self.slice = (self.slice / 2).max(8);
                    }
                    if now - started >= BUDGET {
                        break None;
                    }
                }
                Stop::Reached if door.finished() => break Some(Stop::End),
                Stop::Reached => break None,
                stop => break Some(stop),
            }
        };
        let share = if wish.as_nanos() == 0 || target < from + wish { 1.0 } else { (door.now() - from).as_secs_f64() / wish.as_secs_f64() };
        self.reached = self.reached * 0.9 + share.min(1.0) * 0.1;
        stop
    }
}
