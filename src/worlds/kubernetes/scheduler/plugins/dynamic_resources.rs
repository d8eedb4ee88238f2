//! Resource claims (pkg/scheduler/framework/plugins/dynamicresources). Claims themselves are not simulated; without them the plugin
//! scores 0 everywhere and, when nothing fits, says that there is nothing to deallocate.

use crate::worlds::kubernetes::scheduler::framework::{Cx, Filtered, Plugin, PostFilter, Score};
use crate::worlds::kubernetes::scheduler::index::NodeIx;

pub struct DynamicResources;

struct Scoring;

impl Plugin for DynamicResources {
    fn name(&self) -> &'static str {
        "DynamicResources"
    }
    fn scores(&self) -> bool {
        true
    }
    fn post_filter(&self, _run: &mut Filtered) -> Option<PostFilter> {
        Some(PostFilter { message: "no new claims to deallocate".into(), made_room: None, equally_good: vec![], clears_nomination: false })
    }
    fn pre_score<'a>(&self, _cx: &'a Cx<'a>, _feasible: &'a [NodeIx]) -> Option<Box<dyn Score + 'a>> {
        Some(Box::new(Scoring))
    }
}

impl Score for Scoring {
    fn score(&self, _nodes: &[NodeIx], out: &mut [i64]) {
        out.fill(0);
    }
}
