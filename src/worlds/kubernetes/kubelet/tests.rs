//! Whole clusters with real kubelets: power cuts, stopped agents, cut networks, full disks.

use std::sync::Arc;

use crate::kernel::journal::Entry;
use crate::kernel::{Cx, Journal, ObjectRef, RecordType, SimDuration, SimTime};
use crate::model::fault::CopyCount;
use crate::model::{Fault, FaultKind, FaultTarget, LinkEnd};
use crate::worlds::World;
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{ContainerState, Event, Lease, Node, Pod, PodPhase, Tri};
use crate::worlds::kubernetes::kinds::Kind;
use crate::worlds::kubernetes::kinds::pod_word::status_word;
use crate::worlds::kubernetes::{Kubernetes, KubernetesSetup, NodeSetup};

const S: fn(u64) -> SimTime = SimTime::from_secs;

struct Lab {
    world: Kubernetes,
    journal: Journal,
    now: SimTime,
    steps: u64,
}

impl Lab {
    fn new(nodes: usize, manifest: &str) -> Self {
        let setup = KubernetesSetup {
            nodes: (1..=nodes).map(|n| NodeSetup::new(format!("n{n}"))).collect(),
            manifests: vec![("test".into(), manifest.into())],
            ..KubernetesSetup::default()
        };
        let mut lab = Self {
            world: Kubernetes::new(setup, Vec::new(), 7).expect("a cluster"),
            journal: Journal::default(),
            now: SimTime::ZERO,
            steps: 0,
        };
        lab.cx(|w, cx| w.deploy(cx));
        lab
    }
    fn cx<R>(&mut self, f: impl FnOnce(&mut Kubernetes, &mut Cx) -> R) -> R {
        let mut cx = Cx { now: self.now, world: "kubernetes", journal: &mut self.journal, cause: None };
        f(&mut self.world, &mut cx)
    }
    fn run(&mut self, to: SimTime) {
        while let Some(at) = self.world.next_at().filter(|t| *t <= to) {
            self.now = at;
            self.steps += 1;
            self.cx(|w, cx| w.step(cx));
        }
        self.now = to;
    }
    fn fault(&mut self, kind: FaultKind, host: &str) -> Fault {
        let fault = Fault { id: "f".into(), kind, target: FaultTarget::Host(host.into()), lasts: None };
        self.cx(|w, cx| w.inject(&fault, cx)).expect("a fault");
        fault
    }
    fn heal(&mut self, fault: &Fault) {
        self.cx(|w, cx| w.heal(fault, cx));
    }
    fn pods(&self) -> Vec<Arc<Pod>> {
        self.world.store().in_namespace::<Pod>("default").cloned().collect()
    }
    fn pod(&self, name: &str) -> Arc<Pod> {
        self.world.store().typed::<Pod>(&Key::new("default", name)).expect("the pod").clone()
    }
    fn node(&self, name: &str) -> Arc<Node> {
        self.world.store().typed::<Node>(&Key::new("", name)).expect("the node").clone()
    }
    fn reasons(&self, about: &str) -> Vec<String> {
        let mut all: Vec<_> = self.world.store().all::<Event>().filter(|e| *e.about.name == *about).collect();
        all.sort_by_key(|e| e.meta.resource_version);
        all.iter().map(|e| e.reason.to_string()).collect()
    }
}

fn one(name: &str, rest: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}}}\nspec:\n  nodeName: n1\n  containers:\n  - name: c\n    image: app:1\n{rest}"
    )
}

fn deployment(replicas: u32) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  selector: {{matchLabels: {{app: web}}}}\n  \
         template:\n    metadata: {{labels: {{app: web}}}}\n    spec:\n      containers:\n      - name: web\n        image: web:1\n        \
         readinessProbe: {{httpGet: {{path: /ready, port: 80}}}}\n"
    )
}

#[test]
fn a_deployment_comes_up_everywhere() {
    let mut lab = Lab::new(3, &deployment(6));
    lab.run(S(30));
    let pods = lab.pods();
    assert_eq!((pods.len(), pods.iter().filter(|p| p.is_ready()).count()), (6, 6));
    assert!(pods.iter().all(|p| status_word(p) == "Running" && p.status.pod_ip.is_some()));
    let ips: std::collections::BTreeSet<_> = pods.iter().map(|p| p.status.pod_ip.clone()).collect();
    assert_eq!(ips.len(), 6, "every pod has an address of its own");
    assert!(lab.world.settled());
    // Settled seconds cost next to nothing: leases and readiness probes only.
    let before = lab.steps;
    lab.run(S(90));
    assert!(lab.steps - before < 600, "{} events in a quiet minute", lab.steps - before);
}

#[test]
fn the_lease_is_renewed_and_tells_who_lives() {
    let mut lab = Lab::new(1, "");
    lab.run(S(35));
    let key = Key::new("kube-node-lease", "n1");
    let lease = lab.world.store().typed::<Lease>(&key).expect("a lease").clone();
    assert_eq!((lease.duration_s, &*lease.holder, lease.acquire), (40, "n1", None));
    assert!(lease.renew >= S(25), "{:?}", lease.renew);
    let node = lab.node("n1");
    let said: Vec<_> = node.conditions.iter().map(|c| (&*c.kind, c.status, c.reason.as_deref().unwrap_or(""))).collect();
    assert_eq!(said[0], ("MemoryPressure", Tri::False, "KubeletHasSufficientMemory"));
    assert_eq!(said[3], ("Ready", Tri::True, "KubeletReady"));
    assert_eq!(node.allocatable("memory"), Some("16674816Ki"), "16 GiB less 100 MiB");
}

#[test]
fn after_a_power_cut_everything_is_started_again() {
    let mut lab = Lab::new(1, &one("p", "    command: [sleep, \"3600\"]\n"));
    lab.run(S(20));
    let address = lab.pod("p").status.pod_ip.clone();
    let fault = lab.fault(FaultKind::NodeDown, "n1");
    lab.run(S(40));
    assert_eq!(status_word(&lab.pod("p")), "Running", "nobody can know yet");
    lab.heal(&fault);
    lab.run(S(120));
    let p = lab.pod("p");
    assert!(p.is_ready() && p.status.pod_ip != address);
    let c = &p.status.containers[0];
    let last = c.last_state.as_ref().expect("it died");
    assert_eq!((c.restart_count, last.exit_code, &*last.reason), (1, 255, "Unknown"));
    assert!(lab.reasons("p").contains(&"SandboxChanged".to_string()));
    assert!(lab.reasons("n1").contains(&"Rebooted".to_string()));
    assert!(lab.node("n1").condition("Ready").is_some_and(|c| c.status == Tri::True));
}

#[test]
fn a_cut_node_tells_what_happened_when_it_is_back() {
    let mut lab = Lab::new(2, &one("p", "    command: [sh, -c, \"sleep 40; exit 1\"]\n"));
    lab.run(S(20));
    let fault = lab.fault(FaultKind::Partition { from: LinkEnd::ControlPlane }, "n1");
    lab.run(S(100));
    assert_eq!(lab.pod("p").status.containers[0].restart_count, 0, "what the API heard last");
    assert!(!lab.pod("p").is_ready(), "the node controller says so");
    lab.heal(&fault);
    lab.run(S(125));
    let p = lab.pod("p");
    assert!(p.status.containers[0].restart_count >= 1, "it went on without the API");
    assert!(lab.node("n1").condition("Ready").is_some_and(|c| c.status == Tri::True));
}

#[test]
fn containers_outlive_their_kubelet() {
    let mut lab = Lab::new(1, &one("p", "    command: [sh, -c, \"sleep 30; exit 3\"]\n"));
    lab.run(S(20));
    lab.world.kubelets.get_mut("n1").expect("there").stop();
    lab.run(S(60));
    assert_eq!(lab.pod("p").status.containers[0].restart_count, 0);
    lab.cx(|w, cx| w.with_kubelet(&"n1".into(), cx, |k, ctl| k.start(ctl)));
    lab.run(S(62));
    let c = lab.pod("p").status.containers[0].clone();
    assert_eq!(c.restart_count, 1, "the death was found, and the container started again");
    assert_eq!(c.last_state.expect("it died").exit_code, 3);
    assert!(matches!(c.state, ContainerState::Running { .. }));
}

#[test]
fn a_pod_deleted_by_force_is_stopped_all_the_same() {
    let mut lab = Lab::new(1, &one("p", ""));
    lab.run(S(10));
    let words = "kubectl delete pod p --grace-period=0 --force".split(' ').map(String::from).collect::<Vec<_>>();
    lab.cx(|w, cx| w.console(&words, &crate::worlds::NoFiles, cx));
    lab.run(S(60));
    assert!(lab.pods().is_empty());
    assert_eq!(lab.reasons("p").last().map(String::as_str), Some("Killing"), "the kubelet tells, though the pod is gone");
}

#[test]
fn a_full_disk_evicts() {
    let mut lab = Lab::new(1, &one("p", "    command: [sleep, \"3600\"]\n"));
    lab.run(S(20));
    lab.fault(FaultKind::DiskFull, "n1");
    lab.run(S(40));
    let p = lab.pod("p");
    assert_eq!((p.status.phase, p.status.reason.as_deref()), (PodPhase::Failed, Some("Evicted")));
    assert!(p.status.condition("DisruptionTarget").is_some_and(|c| c.reason.as_deref() == Some("TerminationByKubelet")));
    assert!(lab.node("n1").condition("DiskPressure").is_some_and(|c| c.status == Tri::True));
    assert!(lab.reasons("n1").contains(&"NodeHasDiskPressure".to_string()));
}

#[test]
fn a_pod_that_does_not_fit_is_refused() {
    let mut lab = Lab::new(1, &one("p", "    resources: {requests: {cpu: \"64\"}}\n"));
    lab.run(S(5));
    let p = lab.pod("p");
    assert_eq!((p.status.phase, p.status.reason.as_deref()), (PodPhase::Failed, Some("OutOfcpu")));
    assert_eq!(
        p.status.message.as_deref(),
        Some("Pod was rejected: Node didn't have enough resource: cpu, requested: 64000, used: 0, capacity: 4000")
    );
}

#[test]
fn a_rollout_leaves_nothing_behind() {
    let mut lab = Lab::new(3, &deployment(4));
    lab.run(S(30));
    let keys: Vec<Key> = lab.pods().iter().map(|p| p.meta.key()).collect();
    for key in keys {
        lab.cx(|w, cx| w.with("you", cx, |_, ctl| ctl.delete(Kind::Pod, &key, Default::default(), "test").expect("deleted")));
        let to = lab.now + SimDuration::from_secs(40);
        lab.run(to);
    }
    assert_eq!(lab.pods().iter().filter(|p| p.is_ready()).count(), 4);
    let running = lab.world.machine.containers().filter(|c| c.is_running()).count();
    let all = lab.world.machine.containers().count();
    assert_eq!((running, all), (4, 4), "the machines hold what the API declares, and nothing else");
    let known: usize = lab.world.kubelets.values().map(|k| k.pods.len()).sum();
    assert_eq!(known, 4);
}

#[test]
fn logs_of_this_and_the_last_life() {
    let mut lab = Lab::new(1, &one("p", "    command: [sh, -c, \"echo life $HOSTNAME; sleep 5; exit 1\"]\n"));
    lab.run(S(14));
    let (pod, kubelet) = (lab.pod("p"), &lab.world.kubelets[&Name::from("n1")]);
    let text = |previous| {
        let log = kubelet.logs(&lab.world.machine, &pod, "c", previous).expect("a log");
        log.iter().map(|(_, l)| l.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(text(false), ["life p"]);
    assert_eq!(text(true), ["life p"]);
    let wrong = kubelet.logs(&lab.world.machine, &pod, "x", false).expect_err("no such container");
    assert_eq!(wrong, "container x is not valid for pod p");
}

#[test]
fn ninety_pods_at_rest_cost_little_and_say_nothing() {
    let mut lab = Lab::new(10, &deployment(90));
    lab.run(S(60));
    assert_eq!(lab.pods().iter().filter(|p| p.is_ready()).count(), 90);
    let (up, records) = (lab.steps, lab.journal.len());
    lab.run(S(120));
    let quiet = lab.steps - up;
    assert!(quiet < 1_000, "{quiet} events in a quiet minute: ten kubelets have their periods, ninety pods none of their own");
    assert_eq!(lab.journal.len(), records, "nothing changes, so nothing is written");
}

#[test]
fn a_hang_is_the_cause_of_the_restart() {
    let probe = "    livenessProbe: {httpGet: {path: /health, port: 80}, periodSeconds: 5, failureThreshold: 2}\n";
    let mut lab = Lab::new(1, &one("p", probe));
    lab.run(S(30));
    let root = lab.cx(|w, cx| {
        let entry = Entry::new(RecordType::Fault, "lab", "Hang", ObjectRef::new("Fault", "", "f"), "p hangs");
        cx.record_as_cause(entry);
        let target = FaultTarget::Copies { of: "p".into(), count: CopyCount::All };
        let fault = Fault { id: "f".into(), kind: FaultKind::Hang, target, lasts: None };
        w.inject(&fault, cx).expect("a fault");
        cx.cause
    });
    lab.run(S(90));
    assert!(lab.pod("p").status.containers[0].restart_count >= 1);
    for reason in ["Unhealthy", "Killing", "Started"] {
        let last = lab.journal.records().iter().rfind(|r| r.reason == reason).expect("an event");
        assert!(lab.journal.causes(last.id).iter().any(|r| Some(r.id) == root), "{reason} leads back to the fault");
    }
}

/// `one`, in an image that is a shell and little else.
fn small(name: &str, rest: &str) -> String {
    one(name, rest).replace("app:1", "busybox:1.36")
}

impl Lab {
    fn said(&self, about: &str, reason: &str) -> Vec<String> {
        let mut all: Vec<_> = self.world.store().all::<Event>().filter(|e| *e.about.name == *about && *e.reason == *reason).collect();
        all.sort_by_key(|e| e.meta.resource_version);
        all.iter().map(|e| e.message.to_string()).collect()
    }
}

#[test]
fn a_probe_that_cannot_be_asked_counts_neither_way() {
    let sleeps = "    command: [sleep, \"3600\"]\n";
    let probe = |kind: &str| format!("{sleeps}    {kind}: {{exec: {{command: [/nope]}}, periodSeconds: 2, failureThreshold: 1}}\n");
    for (kind, word, ready, started) in [
        ("livenessProbe", "Liveness", true, Some(true)),
        ("readinessProbe", "Readiness", false, Some(true)),
        ("startupProbe", "Startup", false, Some(false)),
    ] {
        let mut lab = Lab::new(1, &small("p", &probe(kind)));
        lab.run(S(60));
        let c = &lab.pod("p").status.containers[0];
        assert_eq!((c.restart_count, c.ready, c.started), (0, ready, started), "{kind}");
        let said = lab.said("p", "Unhealthy");
        let head = format!(
            "{word} probe errored and resulted in unknown state: rpc error: code = Unknown desc = failed to exec in container: failed to start exec \""
        );
        let tail = "\": OCI runtime exec failed: exec failed: unable to start container process: exec: \"/nope\": stat /nope: no such file or directory: unknown";
        assert!(said.first().is_some_and(|s| s.starts_with(&head) && s.ends_with(tail)), "{said:#?}");
    }
    let unknown = "    livenessProbe: {httpGet: {port: web}, periodSeconds: 2, failureThreshold: 1}\n";
    let mut lab = Lab::new(1, &small("p", &format!("{sleeps}{unknown}")));
    lab.run(S(30));
    assert_eq!(lab.pod("p").status.containers[0].restart_count, 0);
    let said = lab.said("p", "Unhealthy");
    assert_eq!(said[0], "Liveness probe errored and resulted in unknown state: strconv.Atoi: parsing \"web\": invalid syntax");
}

#[test]
fn a_hook_that_fails_tells_what_the_kubelet_learned() {
    let error = |hook: &str| {
        let rest = format!("    command: [sleep, \"3600\"]\n    lifecycle: {{postStart: {hook}}}\n");
        let mut lab = Lab::new(1, &small("p", &rest));
        for t in 1..120 {
            lab.run(S(t));
            let p = lab.pod("p");
            if let Some(ContainerState::Waiting { reason, message: Some(m) }) = p.status.containers.first().map(|c| &c.state)
                && **reason == *"PostStartHookError"
            {
                let (head, tail) = m.split_once(" failed - error: ").expect("the error");
                let head = head.replace(&*p.meta.uid, "UID");
                return format!("{head} | {}", tail.replace(p.status.pod_ip.as_deref().unwrap_or("?"), "IP"));
            }
        }
        panic!("the hook did not fail: {:?}", lab.reasons("p"))
    };
    assert_eq!(
        error("{httpGet: {port: 8080}}"),
        "HTTP lifecycle hook (/) for Container \"c\" in Pod \"p_default(UID)\" | Get \"http://IP:8080/\": dial tcp IP:8080: connect: connection refused"
    );
    assert_eq!(
        error("{exec: {command: [sh, -c, \"echo no; exit 3\"]}}"),
        "Exec lifecycle hook ([sh -c echo no; exit 3]) for Container \"c\" in Pod \"p_default(UID)\" | command 'sh -c echo no; exit 3' exited with 3: no\n, message: \"no\\n\""
    );
    let said = error("{exec: {command: [/nope]}}");
    let head = "Exec lifecycle hook ([/nope]) for Container \"c\" in Pod \"p_default(UID)\" | rpc error: code = Unknown desc = failed to exec in container: failed to start exec \"";
    let tail = "exec: \"/nope\": stat /nope: no such file or directory: unknown, message: \"\"";
    assert!(said.starts_with(head) && said.ends_with(tail), "{said}");
}

#[test]
fn a_gated_pod_says_so_from_the_start() {
    let gated = one("p", "  schedulingGates: [{name: example.com/quota}]\n").replace("  nodeName: n1\n", "");
    let mut lab = Lab::new(1, &gated);
    lab.run(S(10));
    let p = lab.pod("p");
    let c = p.status.condition("PodScheduled").expect("a condition");
    let message = "Scheduling is blocked due to non-empty scheduling gates";
    assert_eq!((c.status, c.reason.as_deref(), c.message.as_deref()), (Tri::False, Some("SchedulingGated"), Some(message)));
    assert_eq!((status_word(&p).as_str(), lab.reasons("p").len()), ("SchedulingGated", 0));
    let words = ["kubectl", "patch", "pod", "p", "--type=json", "-p", "[{\"op\":\"remove\",\"path\":\"/spec/schedulingGates\"}]"];
    lab.cx(|w, cx| w.console(&words.map(String::from), &crate::worlds::NoFiles, cx));
    lab.run(S(30));
    assert_eq!(status_word(&lab.pod("p")), "Running");
}

#[test]
fn nobody_runs_as_root_who_must_not() {
    for (context, why) in [
        ("{runAsNonRoot: true}", "container has runAsNonRoot and image will run as root"),
        ("{runAsNonRoot: true, runAsUser: 0}", "container's runAsUser breaks non-root policy"),
    ] {
        let mut lab = Lab::new(1, &one("p", &format!("    securityContext: {context}\n")));
        lab.run(S(30));
        let p = lab.pod("p");
        assert_eq!(status_word(&p), "CreateContainerConfigError", "{context}");
        let ContainerState::Waiting { message, .. } = &p.status.containers[0].state else { panic!("it waits") };
        let said = format!("{why} (pod: \"p_default({})\", container: c)", p.meta.uid);
        assert_eq!(message.as_deref(), Some(&*said));
        assert!(lab.said("p", "Failed").contains(&format!("Error: {said}")));
    }
    let mut lab = Lab::new(1, &one("p", "    securityContext: {runAsNonRoot: true, runAsUser: 1000}\n"));
    lab.run(S(30));
    assert_eq!(status_word(&lab.pod("p")), "Running");
}

#[test]
fn a_host_path_is_what_its_type_says() {
    let with = |name: &str, path: &str, kind: &str| {
        let volume = format!("  volumes: [{{name: data, hostPath: {{path: {path}, type: {kind}}}}}]\n");
        one(name, "    volumeMounts: [{name: data, mountPath: /d}]\n") + &volume
    };
    for (path, kind, wrong) in [
        ("/nope", "Directory", Some("directory")),
        ("/nope", "File", Some("file")),
        ("/nope", "Socket", Some("socket file")),
        ("/etc/hosts", "Directory", Some("directory")),
        ("/dev/sda", "BlockDevice", Some("block device")),
        ("/var/log", "Directory", None),
        ("/nope", "DirectoryOrCreate", None),
        ("/nope", "FileOrCreate", None),
        ("/dev/null", "CharDevice", None),
    ] {
        let mut lab = Lab::new(1, &with("p", path, kind));
        lab.run(S(30));
        let said = lab.said("p", "FailedMount");
        match wrong {
            None => assert_eq!((status_word(&lab.pod("p")).as_str(), said.len()), ("Running", 0), "{path} {kind}"),
            Some(what) => {
                assert_eq!(status_word(&lab.pod("p")), "ContainerCreating", "{path} {kind}");
                let text = format!("MountVolume.SetUp failed for volume \"data\" : hostPath type check failed: {path} is not a {what}");
                assert_eq!(said[0], text);
            }
        }
    }
    // What one pod made is there for the next.
    let both = format!("{}---\n{}", with("a", "/srv/data", "DirectoryOrCreate"), with("b", "/srv/data", "Directory"));
    let mut lab = Lab::new(1, &both);
    lab.run(S(60));
    assert_eq!(status_word(&lab.pod("b")), "Running");
}

/// The runtime has no start of a process that never was, and answers 0.
#[test]
fn what_could_not_start_started_in_1970() {
    let mut lab = Lab::new(1, &small("p", "    command: [/nope]\n"));
    lab.run(S(15));
    let mut say = |line: &str| {
        let words: Vec<String> = line.split(' ').map(String::from).collect();
        lab.cx(|w, cx| w.console(&words, &crate::worlds::NoFiles, cx)).stdout
    };
    let last = say("kubectl get pod p -o jsonpath={.status.containerStatuses[0].lastState.terminated.startedAt}");
    assert_eq!(last, "1970-01-01T00:00:00Z");
    say("kubectl label pod p a=b");
    assert!(say("kubectl describe pod p").contains("Started:      Thu, 01 Jan 1970 00:00:00 +0000\n"));
}
