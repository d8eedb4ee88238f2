//! What the kubelet knows of one pod: its containers' instances, probes, back-offs, and where its worker is in its work.

use std::collections::VecDeque;
use std::sync::Arc;

use k8s_openapi::api::core::v1 as core;

use crate::kernel::{SimTime, Token};
use crate::machine::ContainerId;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Object, Pod, PodStatus, Terminated};

use super::backoff::BackOff;
use super::kill::Kill;
use super::probes::Probe;

/// One pod's worker (pkg/kubelet/pod_workers.go): serial, never goes back a stage.
#[derive(Clone, Debug)]
pub(super) struct Worker {
    pub uid: Name,
    pub key: Key,
    /// As last seen in the API.
    pub pod: Arc<Pod>,
    /// Init containers in order, then the others in order.
    pub slots: Vec<Slot>,
    pub inits: usize,
    /// The status manager's version, which may be ahead of the API's.
    pub status: PodStatus,
    /// The API has not got it yet.
    pub dirty: bool,
    pub stage: Stage,
    /// The sync that is going on.
    pub sync: Option<Sync>,
    /// The next sync.
    pub wake: Option<(SimTime, Token)>,
    /// Something asked for a sync while one was going on.
    pub pending: bool,
    /// When the last sync ended: the next one needs a newer look at the runtime.
    pub synced: Option<SimTime>,
    /// The runtime was looked at after the last sync ended.
    pub fresh: bool,
    pub sandbox: Sandbox,
    /// Counts sandboxes: containers of an older one are dead.
    pub sandboxes: u32,
    pub ip: Option<Name>,
    /// Guards against timers of steps that were given up.
    pub step: u32,
    /// The shortest grace asked for, in seconds.
    pub grace_s: Option<i64>,
    /// Failed pulls of this pod, by image.
    pub pulls: Vec<super::image::FailedPull>,
    /// Probe workers were started.
    pub probing: bool,
    /// Deleted from the API by force, or by somebody else: nothing is left to report to.
    pub gone: bool,
    /// Why the kubelet itself ended it: reason and message of the status.
    pub evicted: Option<(Name, Name)>,
    /// Volumes that are not mounted: when the next try is due.
    pub mount_tries: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Syncing,
    /// It waits for a look at the runtime, then stops everything.
    Ending,
    Terminating,
    Terminated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sandbox {
    None,
    Ready,
    Dead,
}

/// One declared container.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub name: Name,
    pub kind: SlotKind,
    pub current: Option<Instance>,
    pub previous: Option<Instance>,
    pub back_off: Option<BackOff>,
    /// Why it could not be started lately (pkg/kubelet/reason_cache.go).
    pub reason: Option<(Name, Option<Name>)>,
    pub probes: [Option<Probe>; 3],
    pub kill: Option<Kill>,
    /// When the newest dead instance ended, as the sync that is going on saw it.
    pub seen_end: Option<SimTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlotKind {
    Init,
    Sidecar,
    Regular,
}

/// One life of a container.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    pub id: ContainerId,
    /// `containerd://…`
    pub name: Name,
    pub image: Name,
    pub image_id: Name,
    pub attempt: u32,
    pub sandbox: u32,
    /// Hash of the image it was made from: a change means a new container.
    pub of_image: Name,
    pub state: Life,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Life {
    Created,
    Running { since: SimTime },
    Ended(Terminated),
}

/// A SyncPod that is going on.
#[derive(Clone, Debug, Default)]
pub(super) struct Sync {
    pub steps: VecDeque<Step>,
    pub wait: Wait,
    /// The runtime was changed.
    pub worked: bool,
    pub failed: bool,
    /// The earliest end of a crash back-off that refused a start.
    pub back_off_ends: Option<SimTime>,
}

/// What a sync waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Wait {
    #[default]
    Nothing,
    Timer,
    Start(usize),
    /// In the queue of pulls, or being pulled.
    Pull(usize),
    Stop(usize),
    /// All containers that run.
    StopAll,
}

/// Parts of a sync, in order (pkg/kubelet/kuberuntime/kuberuntime_manager.go, SyncPod).
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    Mount,
    /// Compares and decides.
    Plan,
    KillAll,
    /// Everything is stopped: the sandbox goes too.
    SandboxGone,
    Kill {
        slot: usize,
        why: super::kill::Why,
    },
    Sandbox,
    SandboxReady,
    Start(usize),
    Image(usize),
    Create(usize),
    Launch(usize),
    HookDone {
        slot: usize,
        failed: Option<Name>,
    },
}

impl Worker {
    pub fn new(pod: Arc<Pod>) -> Self {
        let spec = &pod.spec;
        let inits = spec.init_containers.as_deref().unwrap_or_default();
        let slot = |c: &core::Container, kind| Slot {
            name: c.name.as_str().into(),
            kind,
            current: None,
            previous: None,
            back_off: None,
            reason: None,
            probes: [None, None, None],
            kill: None,
            seen_end: None,
        };
        let kind = |c: &core::Container| match c.restart_policy.as_deref() {
            Some("Always") => SlotKind::Sidecar,
            _ => SlotKind::Init,
        };
        let slots = inits.iter().map(|c| slot(c, kind(c))).chain(spec.containers.iter().map(|c| slot(c, SlotKind::Regular))).collect();
        Self {
            uid: pod.meta.uid.clone(),
            key: pod.meta.key(),
            inits: inits.len(),
            slots,
            status: pod.status.clone(),
            dirty: false,
            stage: Stage::Syncing,
            sync: None,
            wake: None,
            pending: false,
            synced: None,
            fresh: true,
            sandbox: Sandbox::None,
            sandboxes: 0,
            ip: None,
            step: 0,
            grace_s: None,
            pulls: Vec::new(),
            probing: false,
            gone: false,
            evicted: None,
            mount_tries: 0,
            pod,
        }
    }

    /// What was declared of a container.
    pub fn spec(&self, slot: usize) -> &core::Container {
        let inits = self.pod.spec.init_containers.as_deref().unwrap_or_default();
        inits.get(slot).unwrap_or_else(|| &self.pod.spec.containers[slot - self.inits])
    }

    /// The object that events are about.
    pub fn object(&self) -> Object {
        Object::Pod(self.pod.clone())
    }

    /// `spec.containers{web}`
    pub fn field(&self, slot: usize) -> String {
        let list = if slot < self.inits { "initContainers" } else { "containers" };
        format!("spec.{list}{{{}}}", self.slots[slot].name)
    }

    /// `web_default(3f2a…)`: how messages name a pod.
    pub fn full_name(&self) -> String {
        format!("{}_{}({})", self.key.name, self.key.namespace, self.uid)
    }

    pub fn is_deleting(&self) -> bool {
        self.pod.meta.is_deleting() || self.gone
    }

    pub fn restart_policy(&self) -> &str {
        self.pod.spec.restart_policy.as_deref().unwrap_or("Always")
    }

    /// Would this container be started (again), given how it last ended (pkg/kubelet/container/helpers.go, ShouldContainerBeRestarted)?
    pub fn would_restart(&self, slot: usize) -> bool {
        if self.is_deleting() {
            return false;
        }
        match self.slots[slot].current.as_ref().map(|i| &i.state) {
            None | Some(Life::Created) => true,
            Some(Life::Running { .. }) => false,
            Some(Life::Ended(t)) => self.restarts_on(slot, t.exit_code),
        }
    }

    /// The restart policy's answer to an exit code (pkg/api/v1/pod/util.go, ContainerShouldRestart).
    pub fn restarts_on(&self, slot: usize, code: i32) -> bool {
        let c = self.spec(slot);
        for rule in c.restart_policy_rules.iter().flatten() {
            let Some(codes) = &rule.exit_codes else { continue };
            let listed = codes.values.iter().flatten().any(|v| *v == code);
            if (codes.operator == "In") == listed {
                return true;
            }
        }
        match c.restart_policy.as_deref().unwrap_or(self.restart_policy()) {
            "Always" => true,
            "OnFailure" => code != 0,
            // An init container of a pod that never restarts may fail only once.
            _ => false,
        }
    }

    pub fn any_running(&self) -> bool {
        self.slots.iter().any(Slot::is_running)
    }

    /// The address, if it is not the host's.
    pub fn is_host_network(&self) -> bool {
        self.pod.spec.host_network == Some(true)
    }
}

impl Slot {
    pub fn is_running(&self) -> bool {
        matches!(self.current.as_ref().map(|i| &i.state), Some(Life::Running { .. }))
    }
    /// The newest instance that has ended.
    pub fn last_end(&self) -> Option<SimTime> {
        self.current.iter().chain(&self.previous).find_map(|i| i.ended()).and_then(|t| t.finished_at)
    }
}

impl Instance {
    pub fn ended(&self) -> Option<&Terminated> {
        if let Life::Ended(t) = &self.state { Some(t) } else { None }
    }
}
