//! Programs the engine runs inside containers.

use std::sync::Arc;

use crate::machine::ExecResult;

use super::container::Cid;
use super::roads::EngineRoads;
use super::{Cx, Docker};

impl Docker {
    /// `docker exec`
    pub(crate) fn run_in(&mut self, cid: Cid, argv: &[Arc<str>], cx: &mut Cx) -> ExecResult {
        let Self { machine, engines, containers, by_machine, .. } = self;
        match containers.get(&cid).and_then(|c| c.machine) {
            Some(id) => machine.exec(id, argv, cx.now, &EngineRoads { engines, containers, by_machine }),
            None => ExecResult { code: 1, ..ExecResult::default() },
        }
    }
}
