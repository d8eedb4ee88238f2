//! What a process does with signals.

use crate::kernel::Map;

use super::compile::Code;

/// What a handled signal does.
#[derive(Clone, Debug)]
pub(super) enum Trap {
    Ignore,
    Run(Code),
}

/// Caught and ignored signals by number.
#[derive(Clone, Debug, Default)]
pub(super) struct Traps(Map<u8, Trap>);

impl Traps {
    pub fn get(&self, sig: &u8) -> Option<&Trap> {
        self.0.get(sig)
    }
    pub fn insert(&mut self, sig: u8, t: Trap) {
        self.0.insert(sig, t);
    }
    pub fn remove(&mut self, sig: &u8) -> Option<Trap> {
        self.0.remove(sig)
    }
    /// What a child or a new program inherits: caught signals fall back to their default, ignored ones stay ignored.
    pub fn retain_ignored(&mut self) {
        self.0 = self.0.iter().filter(|(_, t)| matches!(t, Trap::Ignore)).map(|(s, t)| (*s, t.clone())).collect();
    }
}
