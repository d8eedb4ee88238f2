//! Node-pressure eviction: too little memory, a full disk. Follows: pkg/kubelet/eviction/{eviction_manager,helpers}.go.
//!
//! The real loop runs every 10 s; here it runs with the lease, which beats as often.

use crate::kernel::{RecordId, SimDuration, SimTime};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Name;

use super::Kubelet;
use super::admission::request;
use super::node::MEMORY_RESERVE;
use super::worker::{Stage, Worker};

/// pkg/kubelet/apis/config/v1beta1/defaults.go, evictionPressureTransitionPeriod: a condition stays so long after its cause
const HOLD: SimDuration = SimDuration::from_secs(300);
/// pkg/kubelet/eviction/eviction_manager.go: grace of a hard eviction, in seconds
const GRACE_S: i64 = 1;
/// Priority from which a pod is critical (pkg/apis/scheduling/types.go, SystemCriticalPriority).
const CRITICAL: i32 = 2_000_000_000;

/// A container's name, what it uses and what it asked for, in bytes.
type Overrun = (Name, i64, i64);

/// When pressure was last observed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pressure {
    memory: Option<SimTime>,
    disk: Option<SimTime>,
    /// What is wrong with the machine, if somebody said so.
    pub cause: Option<RecordId>,
}

impl Pressure {
    pub fn memory(&self) -> bool {
        self.memory.is_some()
    }
    pub fn disk(&self) -> bool {
        self.disk.is_some()
    }
    /// The condition that keeps new pods out.
    pub fn word(&self) -> Option<&'static str> {
        if self.disk() { Some("DiskPressure") } else { self.memory().then_some("MemoryPressure") }
    }
}

fn observe(since: &mut Option<SimTime>, met: bool, now: SimTime) -> bool {
    if met {
        *since = Some(now);
    } else if since.is_some_and(|t| t + HOLD <= now) {
        *since = None;
    }
    met
}

impl Kubelet {
    /// Looks at the machine and evicts at most one pod.
    pub(super) fn manage_pressure(&mut self, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let Some(host) = ctl.machine.host(&self.node) else { return };
        let (total, full) = (host.spec.memory as i64, host.disk_full);
        let available = total - ctl.machine.memory_used(&self.node, now) as i64;
        let before = (self.pressure.memory(), self.pressure.disk());
        let short = observe(&mut self.pressure.memory, available < MEMORY_RESERVE, now);
        let filled = observe(&mut self.pressure.disk, full, now);
        let after = (self.pressure.memory(), self.pressure.disk());
        if after != before && after != (false, false) {
            ctl.cx.cause = ctl.cx.cause.max(self.pressure.cause);
        }
        let words = [
            (before.0, after.0, "NodeHasInsufficientMemory", "NodeHasSufficientMemory"),
            (before.1, after.1, "NodeHasDiskPressure", "NodeHasNoDiskPressure"),
        ];
        for (was, is, bad, good) in words {
            if was != is {
                self.node_is_now(if is { bad } else { good }, ctl);
            }
        }
        let resource = if short { "memory" } else { "ephemeral-storage" };
        if !short && !filled {
            return;
        }
        ctl.cx.cause = ctl.cx.cause.max(self.pressure.cause);
        self.say_reclaim(resource, ctl);
        if let Some((uid, usage)) = self.first_victim(resource, ctl) {
            let available = if short { format!("{}Ki", available.max(0) / 1024) } else { "0".into() };
            let threshold = if short { "100Mi" } else { "10%" };
            let mut message =
                format!("The node was low on resource: {resource}. Threshold quantity: {threshold}, available: {available}. ");
            for (container, used, asked) in usage {
                message.push_str(&format!(
                    "Container {container} was using {}Ki, request is {}, has larger consumption of {resource}. ",
                    used / 1024,
                    if asked == 0 { "0".into() } else { format!("{}Ki", asked / 1024) }
                ));
            }
            self.with(&uid, ctl, |k, w, ctl| k.evict(w, "Evicted", &message, Some(GRACE_S), ctl));
        }
    }

    /// The pod that goes first, and its containers that use more than they asked for.
    fn first_victim(&self, resource: &str, ctl: &Ctl) -> Option<(Name, Vec<Overrun>)> {
        let now = ctl.cx.now;
        let used = |w: &Worker| -> i64 {
            if resource != "memory" {
                return 0;
            }
            w.slots.iter().filter_map(|s| s.current.as_ref()).map(|i| ctl.machine.container_usage(i.id, now).1 as i64).sum()
        };
        let candidates = self.pods.values().filter(|w| {
            matches!(w.stage, Stage::Syncing) && w.evicted.is_none() && w.any_running() && w.pod.spec.priority.unwrap_or(0) < CRITICAL
        });
        // Over its request first, then lower priority, then the larger overrun.
        let victim = candidates.min_by_key(|w| {
            let over = used(w) - request(&w.pod.spec, resource);
            (over <= 0, w.pod.spec.priority.unwrap_or(0), -over, w.key.clone())
        })?;
        let mut usage = Vec::new();
        for (i, s) in victim.slots.iter().enumerate() {
            let Some(c) = s.current.as_ref() else { continue };
            let bytes = if resource == "memory" { ctl.machine.container_usage(c.id, now).1 as i64 } else { 0 };
            let own = victim.spec(i).resources.as_ref().and_then(|r| r.requests.as_ref()).and_then(|r| r.get(resource));
            let asked = own.and_then(|q| crate::model::quantity::parse_units(&q.0).ok()).unwrap_or(0);
            if bytes > asked {
                usage.push((s.name.clone(), bytes, asked));
            }
        }
        Some((victim.uid.clone(), usage))
    }

    fn say_reclaim(&self, resource: &str, ctl: &mut Ctl) {
        self.say_of_node(true, "EvictionThresholdMet", &format!("Attempting to reclaim {resource}"), ctl);
    }
}
