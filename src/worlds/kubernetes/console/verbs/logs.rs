//! `kubectl logs`. Follows: kubectl/pkg/cmd/logs/logs.go; reference 6.10.

use std::sync::Arc;

use crate::kernel::{List, SimDuration, SimTime};
use crate::machine::{HostState, Machine};
use crate::model::fault::LinkEnd;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::{Ctl, Kubernetes};

use super::super::args::{Args, Flag, flag, short_flag, short_text, text};
use super::super::fields;
use super::super::labels::Labels;
use super::super::resource;
use super::super::running::{self, Io, Ongoing};
use super::super::shell::{Done, Failure, Item, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[
    short_flag("follow", 'f'),
    short_flag("previous", 'p'),
    text("tail"),
    text("since"),
    text("since-time"),
    flag("timestamps"),
    short_text("container", 'c'),
    short_text("selector", 'l'),
    flag("all-containers"),
    flag("all-pods"),
    flag("prefix"),
    flag("ignore-errors"),
    text("max-log-requests"),
    text("limit-bytes"),
    text("pod-running-timeout"),
];

/// kubectl looks for new lines when they come; here so often.
const LOOK: SimDuration = SimDuration::from_millis(250);

/// The pods that a word means, newest readiest first for workloads (polymorphichelpers, GetFirstPod).
pub(super) fn pods_of(sh: &mut Shell, word: &str) -> Result<Vec<Item>, Failure> {
    let words = if word.contains('/') { vec![word.to_string()] } else { vec!["pods".to_string(), word.to_string()] };
    let item = resource::find(sh, &Args::default(), &words)?.strict()?.into_iter().next().ok_or_else(resource::nothing_given)?;
    if item.kind == Kind::Pod {
        return Ok(vec![item]);
    }
    let selector = match item.kind {
        Kind::Service | Kind::ReplicationController => Labels::from_map(&item.json["spec"]["selector"]),
        Kind::Deployment | Kind::ReplicaSet | Kind::StatefulSet | Kind::DaemonSet | Kind::Job => {
            Labels::from_json(&item.json["spec"]["selector"])
        }
        _ => {
            return Err(Failure::error(format_args!(
                "cannot get the logs from {}: selector for {} not implemented",
                item.kind.info().kind,
                item.kind.info().kind
            )));
        }
    };
    if selector.is_empty() {
        return Err(Failure::error(format_args!("{} has no selector", item.title())));
    }
    let namespace = item.namespace().to_string();
    let mut pods: Vec<Item> = sh.list(Kind::Pod, Some(&namespace)).into_iter().filter(|p| selector.matches(p)).collect();
    // controller.ActivePods: bound before unbound, running before pending, ready before not ready, then the older ready time.
    pods.sort_by_key(|p| {
        let Object::Pod(pod) = &p.object else { return (true, 3, true, SimTime::MAX) };
        (
            pod.node.is_none(),
            u8::from(pod.status.phase != crate::worlds::kubernetes::api::object::PodPhase::Running),
            !pod.is_ready(),
            pod.meta.created,
        )
    });
    if pods.is_empty() {
        return Err(Failure::error("timed out waiting for the condition"));
    }
    Ok(pods)
}

/// The container a command means: named, or by annotation, or the first, with a note if there are several.
pub(super) fn container_of(sh: &mut Shell, pod: &Pod, named: Option<&str>, quiet: bool) -> Result<String, Failure> {
    let all: Vec<&str> = pod.spec.containers.iter().chain(pod.spec.init_containers.iter().flatten()).map(|c| c.name.as_str()).collect();
    if let Some(name) = named {
        if !all.contains(&name) {
            return Err(Failure::error(format_args!("container {name} is not valid for pod {}", pod.meta.name)));
        }
        return Ok(name.to_string());
    }
    if let Some(name) = pod.meta.annotation("kubectl.kubernetes.io/default-container").filter(|n| all.contains(n)) {
        return Ok(name.to_string());
    }
    let first = all.first().copied().unwrap_or_default().to_string();
    if all.len() > 1 && !quiet {
        let inits = pod.spec.init_containers.as_ref().map_or(0, Vec::len);
        let names: Vec<String> =
            all.iter().enumerate().map(|(i, n)| if i >= all.len() - inits { format!("{n} (init)") } else { (*n).to_string() }).collect();
        sh.warn(format!("Defaulted container \"{first}\" out of: {}", names.join(", ")));
    }
    Ok(first)
}

/// The kubelet does not answer: its machine is down or cut off.
pub(super) fn check_kubelet(world: &Kubernetes, pod: &Pod, container: &str, what: &str) -> Result<(), Failure> {
    let Some(node) = &pod.node else { return Ok(()) };
    let Some(object) = world.api.store.typed::<crate::worlds::kubernetes::api::object::Node>(&Key::new("", node.clone())) else {
        // pkg/kubelet/client/kubelet_client.go: the node is looked up under the pod's resource.
        return Err(Failure::new(format!("Error from server (NotFound): pods \"{node}\" not found")));
    };
    let up = world.machine.host(node).is_some_and(|h| h.state == HostState::Up);
    let connected = world.machine.network.connected(&LinkEnd::Host(node.clone()), &LinkEnd::ControlPlane);
    if up && connected && world.kubelets.get(node).is_some_and(|k| k.is_running()) {
        return Ok(());
    }
    let address = object.addresses.iter().find(|(k, _)| &**k == "InternalIP").map_or(node.to_string(), |(_, a)| a.to_string());
    let why = if up && connected { "connect: connection refused" } else { "i/o timeout" };
    Err(Failure::new(format!(
        "Error from server: Get \"https://{address}:10250/{what}/{}/{}/{container}\": dial tcp {address}:10250: {why}",
        pod.meta.namespace, pod.meta.name
    )))
}

/// Lines of one container.
#[derive(Clone, Debug)]
struct Source {
    pod: Arc<Pod>,
    container: String,
    previous: bool,
    /// Stands before every line.
    prefix: String,
    timestamps: bool,
    /// Only lines from then on.
    since: SimTime,
    /// How many lines were printed.
    seen: usize,
}

impl Source {
    fn lines(&self, world: &Parts) -> Result<List<(SimTime, Arc<str>)>, Failure> {
        let Some(kubelet) = self.pod.node.as_ref().and_then(|n| world.kubelets.get(n)) else { return Ok(List::new()) };
        kubelet
            .logs(world.machine, &self.pod, &self.container, self.previous)
            .map_err(|e| Failure::new(format!("Error from server (BadRequest): {e}")))
    }
    fn print(&self, at: SimTime, line: &str, epoch: crate::worlds::kubernetes::api::meta::Epoch) -> String {
        let stamp = if self.timestamps {
            let nanos = epoch.micro_time(at).0;
            format!("{nanos:.9} ")
        } else {
            String::new()
        };
        format!("{}{stamp}{}\n", self.prefix, line.strip_suffix('\n').unwrap_or(line))
    }
}

/// What reading a log needs of the world.
struct Parts<'a> {
    kubelets: &'a crate::kernel::Map<crate::worlds::kubernetes::api::meta::Name, crate::worlds::kubernetes::kubelet::Kubelet>,
    machine: &'a Machine,
}

pub(in super::super) fn run(sh: &mut Shell, args: &Args) -> Done {
    let follow = args.on("follow");
    let selector = args.get("selector");
    if args.words.is_empty() && selector.is_none() {
        return Err(Failure::error(
            "expected 'logs [-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]'.\nPOD or TYPE/NAME is a required argument for the logs command\nSee 'kubectl logs -h' for help and examples",
        ));
    }
    if selector.is_some() && !args.words.is_empty() {
        return Err(Failure::error("only a selector (-l) or a POD name is allowed"));
    }
    sh.check_up()?;
    let pods: Vec<Item> = match (args.words.as_slice(), selector) {
        ([word, ..], _) => {
            let mut pods = pods_of(sh, word)?;
            if pods.len() > 1 && !args.on("all-pods") {
                pods.truncate(1);
                let all = pods_of(sh, word)?.len();
                sh.warn(format!("Found {all} pods, using pod/{}", pods[0].name()));
            }
            pods
        }
        ([], Some(l)) => {
            let labels = Labels::parse(l).map_err(|why| fields::refused(Kind::Pod, l, "", &why))?;
            let namespace = sh.namespace.clone();
            let pods: Vec<Item> = sh.list(Kind::Pod, Some(&namespace)).into_iter().filter(|p| labels.matches(p)).collect();
            if pods.is_empty() {
                sh.warn(format!("No resources found in {namespace} namespace."));
            }
            pods
        }
        ([], None) => Vec::new(),
    };
    let tail = match args.int("tail") {
        Some(n) if n < -1 => return Err(Failure::error("--tail must be greater than or equal to -1")),
        Some(n) => usize::try_from(n).ok(),
        // logs.go: a selector shows ten lines of each.
        None => selector.map(|_| 10),
    };
    let since = match args.get("since") {
        Some(d) => SimTime::from_nanos(sh.now().as_nanos().saturating_sub(SimDuration::parse(d).map_err(Failure::error)?.as_nanos())),
        None => args.get("since-time").and_then(|t| sh.epoch().parse(t)).unwrap_or_default(),
    };
    let mut sources = Vec::new();
    for item in &pods {
        let Object::Pod(pod) = &item.object else { continue };
        let names: Vec<String> = if args.on("all-containers") {
            pod.spec.init_containers.iter().flatten().chain(&pod.spec.containers).map(|c| c.name.clone()).collect()
        } else {
            let named = args.get("container").or(args.words.get(1).map(String::as_str));
            vec![container_of(sh, pod, named, false)?]
        };
        for container in names {
            check_kubelet(sh.world, pod, &container, "containerLogs")?;
            let prefix = if args.on("prefix") { format!("[pod/{}/{container}] ", pod.meta.name) } else { String::new() };
            let (previous, timestamps) = (args.on("previous"), args.on("timestamps"));
            sources.push(Source { pod: pod.clone(), container, previous, prefix, timestamps, since, seen: 0 });
        }
    }
    for s in &mut sources {
        let world = Parts { kubelets: &sh.world.kubelets, machine: &sh.world.machine };
        let lines = s.lines(&world)?;
        let fitting: Vec<_> = lines.iter().filter(|(at, _)| *at >= s.since).collect();
        let skip = tail.map_or(0, |t| fitting.len().saturating_sub(t));
        let text: String = fitting.into_iter().skip(skip).map(|(at, l)| s.print(*at, l, sh.epoch())).collect();
        sh.out.push_str(&text);
        s.seen = lines.len();
    }
    if follow && !sources.is_empty() {
        return running::start(sh, Tail { sources });
    }
    Ok(())
}

/// `logs -f`
#[derive(Clone, Debug)]
struct Tail {
    sources: Vec<Source>,
}

impl Ongoing for Tail {
    fn clone_box(&self) -> Box<dyn Ongoing> {
        Box::new(self.clone())
    }
    fn begin(&mut self, io: &mut Io, _: &mut Ctl) {
        io.wake_after(LOOK);
    }
    fn look(&mut self, io: &mut Io, world: &Kubernetes) {
        let parts = Parts { kubelets: &world.kubelets, machine: &world.machine };
        let mut over = true;
        for s in &mut self.sources {
            if let Ok(lines) = s.lines(&parts) {
                for (at, l) in lines.iter().skip(s.seen) {
                    io.out.push_str(&s.print(*at, l, world.api.epoch));
                }
                s.seen = lines.len();
            }
            // The stream ends with its container: when it has ended, or started again.
            let now = world.api.store.typed::<Pod>(&s.pod.meta.key()).filter(|p| p.meta.uid == s.pod.meta.uid);
            let restarts = |p: &Pod| p.status.containers.iter().find(|c| *c.name == *s.container).map_or(0, |c| c.restart_count);
            over &= now.is_none_or(|p| p.is_finished() || restarts(p) > restarts(&s.pod));
        }
        if over {
            io.done();
        } else {
            io.wake_after(LOOK);
        }
    }
}
