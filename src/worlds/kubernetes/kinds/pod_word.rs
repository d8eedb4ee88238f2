//! The READY, STATUS and RESTARTS columns of a pod (pkg/printers/internalversion/printers.go, printPod). Pure.

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::object::{ContainerState, ContainerStatus, Pod, PodPhase, Terminated, Tri};

/// What a person reads of a pod at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodWord {
    /// `Running`, `CrashLoopBackOff`, `Init:0/2`, `Terminating`, …
    pub status: String,
    /// Ready regular containers and sidecars.
    pub ready: u32,
    /// Regular containers and sidecars declared.
    pub total: u32,
    pub restarts: u32,
    /// When a container last ended before it was started again.
    pub last_restart: Option<SimTime>,
}

/// The STATUS column.
pub fn status_word(pod: &Pod) -> String {
    pod_word(pod).status
}

/// STATUS, READY and RESTARTS together: they come from one walk over the container statuses.
pub fn pod_word(pod: &Pod) -> PodWord {
    let status = &pod.status;
    let inits = pod.spec.init_containers.as_deref().unwrap_or_default();
    let is_sidecar = |name: &str| inits.iter().any(|c| c.name == name && c.restart_policy.as_deref() == Some("Always"));
    let sidecars = inits.iter().filter(|c| is_sidecar(&c.name)).count();

    let mut word = status.reason.as_deref().filter(|r| !r.is_empty()).unwrap_or(phase_word(status.phase)).to_string();
    if status.condition("PodScheduled").is_some_and(|c| c.reason.as_deref() == Some("SchedulingGated")) {
        word = "SchedulingGated".into();
    }

    let mut all = Tally::default();
    let mut of_sidecars = Tally::default();
    let mut initializing = false;
    for (i, c) in status.init_containers.iter().enumerate() {
        let sidecar = is_sidecar(&c.name);
        all.restarted(c);
        if sidecar {
            of_sidecars.restarted(c);
        }
        match &c.state {
            ContainerState::Terminated(t) if t.exit_code == 0 => continue,
            _ if sidecar && c.started == Some(true) => {
                all.ready += u32::from(c.ready);
                continue;
            }
            ContainerState::Terminated(t) => word = format!("Init:{}", exit_word(t)),
            ContainerState::Waiting { reason, .. } if !reason.is_empty() && &**reason != "PodInitializing" => {
                word = format!("Init:{reason}")
            }
            _ => word = format!("Init:{i}/{}", inits.len()),
        }
        initializing = true;
        break;
    }

    if !initializing || status.condition("Initialized").is_some_and(|c| c.status == Tri::True) {
        (all.restarts, all.last) = (of_sidecars.restarts, of_sidecars.last);
        let mut running = false;
        let mut error = None;
        for c in status.containers.iter().rev() {
            all.restarted(c);
            match &c.state {
                ContainerState::Waiting { reason, .. } if !reason.is_empty() => word = reason.to_string(),
                ContainerState::Terminated(t) => {
                    word = exit_word(t);
                    if t.exit_code != 0 {
                        error = Some(word.clone());
                    }
                }
                ContainerState::Running { .. } if c.ready => {
                    running = true;
                    all.ready += 1;
                }
                _ => {}
            }
        }
        if word == "Completed" {
            if running && status.is_ready() {
                word = "Running".into();
            } else if let Some(error) = error {
                word = error;
            } else if running {
                word = "NotReady".into();
            }
        }
    }

    if pod.meta.is_deleting() {
        if status.reason.as_deref() == Some("NodeLost") {
            word = "Unknown".into();
        } else if !pod.is_finished() {
            word = "Terminating".into();
        }
    }
    PodWord {
        status: word,
        ready: all.ready,
        total: (pod.spec.containers.len() + sidecars) as u32,
        restarts: all.restarts,
        last_restart: all.last,
    }
}

#[derive(Default)]
struct Tally {
    ready: u32,
    restarts: u32,
    last: Option<SimTime>,
}

impl Tally {
    fn restarted(&mut self, c: &ContainerStatus) {
        self.restarts += c.restart_count;
        self.last = self.last.max(c.last_state.as_ref().and_then(|t| t.finished_at));
    }
}

fn exit_word(t: &Terminated) -> String {
    match (&*t.reason, t.signal.filter(|s| *s != 0)) {
        ("", Some(signal)) => format!("Signal:{signal}"),
        ("", None) => format!("ExitCode:{}", t.exit_code),
        (reason, _) => reason.to_string(),
    }
}

fn phase_word(phase: PodPhase) -> &'static str {
    match phase {
        PodPhase::Pending => "Pending",
        PodPhase::Running => "Running",
        PodPhase::Succeeded => "Succeeded",
        PodPhase::Failed => "Failed",
        PodPhase::Unknown => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worlds::kubernetes::api::meta::{Deletion, Meta};
    use crate::worlds::kubernetes::api::object::{Condition, PodStatus};
    use k8s_openapi::api::core::v1 as core;
    use std::sync::Arc;

    fn container(name: &str, state: ContainerState, ready: bool, restarts: u32) -> ContainerStatus {
        ContainerStatus {
            name: name.into(),
            image: "i".into(),
            image_id: "".into(),
            container_id: None,
            ready,
            started: Some(matches!(state, ContainerState::Running { .. })),
            restart_count: restarts,
            state,
            last_state: None,
        }
    }
    fn running() -> ContainerState {
        ContainerState::Running { started_at: SimTime::ZERO }
    }
    fn waiting(reason: &str) -> ContainerState {
        ContainerState::Waiting { reason: reason.into(), message: None }
    }
    fn ended(code: i32, reason: &str) -> ContainerState {
        ContainerState::Terminated(Terminated {
            exit_code: code,
            signal: None,
            reason: reason.into(),
            message: None,
            started_at: None,
            finished_at: None,
            container_id: None,
        })
    }
    fn pod(phase: PodPhase, inits: Vec<ContainerStatus>, containers: Vec<ContainerStatus>, sidecar: bool) -> Pod {
        let declare = |c: &ContainerStatus, always: bool| core::Container {
            name: c.name.to_string(),
            restart_policy: always.then(|| "Always".to_string()),
            ..Default::default()
        };
        let spec = core::PodSpec {
            init_containers: Some(inits.iter().map(|c| declare(c, sidecar)).collect()),
            containers: containers.iter().map(|c| declare(c, false)).collect(),
            ..Default::default()
        };
        let status = PodStatus { phase, init_containers: inits, containers, ..PodStatus::default() };
        Pod { meta: Meta::default(), spec: Arc::new(spec), node: None, status }
    }
    fn with_condition(mut p: Pod, kind: &str) -> Pod {
        p.status.conditions.push(Condition {
            kind: kind.into(),
            status: Tri::True,
            reason: None,
            message: None,
            last_transition: SimTime::ZERO,
            last_heartbeat: None,
            observed_generation: None,
        });
        p
    }
    fn line(p: &Pod) -> String {
        let w = pod_word(p);
        format!("{}/{} {} {}", w.ready, w.total, w.status, w.restarts)
    }

    #[test]
    fn the_reference_table() {
        let two = |a, b| pod(PodPhase::Running, vec![], vec![container("a", a, true, 3), container("b", b, true, 3)], false);
        assert_eq!(line(&two(running(), waiting(""))), "1/2 Running 6");
        assert_eq!(line(&two(waiting("W"), ended(0, "T"))), "0/2 W 6");
        assert_eq!(line(&two(ended(0, "Completed"), running())), "1/2 NotReady 6");
        assert_eq!(line(&with_condition(two(ended(0, "Completed"), running()), "Ready")), "1/2 Running 6");
        assert_eq!(line(&two(ended(1, "podCrash"), running())), "1/2 podCrash 6");
    }

    #[test]
    fn inits_come_first_and_sidecars_count_as_ready() {
        let main = || vec![container("c", waiting("PodInitializing"), false, 0)];
        let p = pod(PodPhase::Pending, vec![container("i", running(), false, 3)], main(), false);
        assert_eq!(line(&p), "0/1 Init:0/1 3");
        let inits = vec![container("i", ended(0, "Completed"), true, 2), container("j", waiting("CrashLoopBackOff"), false, 3)];
        assert_eq!(line(&pod(PodPhase::Pending, inits, main(), false)), "0/1 Init:CrashLoopBackOff 5");
        let p = pod(PodPhase::Running, vec![container("s", running(), true, 1)], vec![container("c", running(), true, 4)], true);
        assert_eq!(line(&p), "2/2 Running 5");
    }

    #[test]
    fn deletion_shows_unless_the_pod_is_finished() {
        let mut p = pod(PodPhase::Running, vec![], vec![container("c", running(), true, 0)], false);
        p.meta.deletion = Some(Deletion { at: SimTime::ZERO, grace_s: 30 });
        assert_eq!(line(&p), "1/1 Terminating 0");
        p.status.phase = PodPhase::Succeeded;
        p.status.containers[0].state = ended(0, "Completed");
        assert_eq!(line(&p), "0/1 Completed 0");
        p.status.phase = PodPhase::Running;
        p.status.reason = Some("NodeLost".into());
        assert_eq!(line(&p), "0/1 Unknown 0");
    }
}
