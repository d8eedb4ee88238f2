//! The whole cluster with real kubelets, machines and traffic.

use std::sync::Arc;

use wheelhouse::kernel::journal::Entry;
use wheelhouse::kernel::{Cx, Journal, RecordType, SimDuration, SimTime};
use wheelhouse::model::fault::CopyCount;
use wheelhouse::model::image::Layer;
use wheelhouse::model::{AppSpec, Component, FailReason, Fault, FaultKind, FaultTarget, ImageRef, ImageSpec, LinkEnd, OnTerm};
use wheelhouse::worlds::kubernetes::api::meta::Key;
use wheelhouse::worlds::kubernetes::api::object::{Deployment, EndpointSlice, Event, Pod, Service};
use wheelhouse::worlds::kubernetes::{Kubernetes, KubernetesSetup, NodeSetup};
use wheelhouse::worlds::{Arrival, World};

const S: fn(u64) -> SimTime = SimTime::from_secs;

const SHOP: &str = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  replicas: 3
  selector: {matchLabels: {app: shop}}
  template:
    metadata: {labels: {app: shop}}
    spec:
      topologySpreadConstraints:
      - {maxSkew: 1, topologyKey: kubernetes.io/hostname, whenUnsatisfiable: ScheduleAnyway, labelSelector: {matchLabels: {app: shop}}}
      containers:
      - name: shop
        image: registry.example/shop:1.4.0
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /ready, port: 8080}, periodSeconds: 2}
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec:
  type: NodePort
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
";

fn image(name: &str) -> ImageSpec {
    let app = AppSpec {
        startup: SimDuration::from_secs(2),
        port: Some(8080),
        on_term: OnTerm::Drain(SimDuration::from_secs(2)),
        ..AppSpec::default()
    };
    ImageSpec {
        reference: ImageRef::new(name),
        size: 180_000_000,
        layers: vec![Layer { digest: "sha256:1".into(), bytes: 180_000_000 }],
        app: Arc::new(app),
        described: true,
        missing: false,
        preloaded: false,
        private: false,
        user: None,
    }
}

/// A lab of one world: events up to a moment, with 90 requests per second.
struct Live {
    world: Kubernetes,
    journal: Journal,
    now: SimTime,
    rps: u32,
    keep_alive: bool,
}

impl Live {
    fn new(nodes: usize, manifests: &str) -> Self {
        Self::with(nodes, manifests, ["registry.example/shop:1.4.0", "registry.example/shop:1.5.0"].map(image).to_vec())
    }
    fn with(nodes: usize, manifests: &str, images: Vec<ImageSpec>) -> Self {
        let setup = KubernetesSetup {
            nodes: (1..=nodes).map(|n| NodeSetup::new(format!("node-{n}"))).collect(),
            manifests: vec![("shop.yaml".into(), manifests.into())],
            ..KubernetesSetup::default()
        };
        let world = Kubernetes::new(setup, images, 7).expect("a good setup");
        let mut live = Self { world, journal: Journal::default(), now: SimTime::ZERO, rps: 90, keep_alive: false };
        live.cx(|w, cx| w.deploy(cx));
        live
    }
    fn cx<R>(&mut self, f: impl FnOnce(&mut Kubernetes, &mut Cx) -> R) -> R {
        let mut cx = Cx { now: self.now, world: "kubernetes", journal: &mut self.journal, cause: None };
        f(&mut self.world, &mut cx)
    }
    fn run(&mut self, until: SimTime) {
        const TICK: SimDuration = SimDuration::from_millis(100);
        while self.now < until {
            let tick = self.now + TICK;
            while self.world.next_at().is_some_and(|at| at <= tick) {
                self.now = self.world.next_at().expect("some");
                self.cx(|w, cx| w.step(cx));
            }
            self.now = tick;
            if self.rps > 0 {
                let arrival = Arrival {
                    stream: "shoppers".into(),
                    to: "shop".into(),
                    count: self.rps / 10,
                    timeout: SimDuration::from_secs(2),
                    keep_alive: self.keep_alive,
                };
                self.cx(|w, cx| w.route(&arrival, cx));
            }
            self.world.settle_requests(tick);
        }
    }
    fn inject(&mut self, id: &str, kind: FaultKind, target: FaultTarget) -> Fault {
        let fault = Fault { id: id.into(), kind, target, lasts: None };
        let f = fault.clone();
        self.cx(|w, cx| {
            let about = wheelhouse::kernel::ObjectRef::new("Fault", "", f.id.clone());
            cx.record_as_cause(Entry::new(RecordType::Fault, "lab", f.kind.word(), about, "it strikes"));
            w.inject(&f, cx)
        })
        .expect("a fault that strikes");
        fault
    }
    fn heal(&mut self, fault: &Fault) {
        let f = fault.clone();
        self.cx(|w, cx| w.heal(&f, cx));
    }
    fn pods(&self) -> Vec<Arc<Pod>> {
        self.world.store().in_namespace::<Pod>("default").cloned().collect()
    }
    fn ready(&self) -> usize {
        self.pods().iter().filter(|p| p.is_ready() && p.is_active()).count()
    }
    fn failed(&self) -> u64 {
        self.world.ledger().total.failed
    }
    fn first(&self, from: SimTime, what: impl Fn(&wheelhouse::kernel::Record) -> bool) -> Option<f64> {
        self.journal.records().iter().find(|r| r.at >= from && what(r)).map(|r| r.at.since(from).as_secs_f64())
    }
    fn story(&self) -> String {
        self.journal
            .records()
            .iter()
            .map(|r| format!("{} {} {} {} {}\n", r.at.as_secs_f64(), r.actor, r.reason, r.object, r.message))
            .collect()
    }
}

fn host(name: &str) -> FaultTarget {
    FaultTarget::Host(name.into())
}

#[test]
fn a_shop_comes_up_and_serves() {
    let mut live = Live::new(3, SHOP);
    live.rps = 0;
    live.run(S(20));
    assert_eq!(live.ready(), 3, "{}", live.story());
    assert!(live.world.settled());
    let copies = live.world.copies();
    assert_eq!((copies.declared, copies.serving), (3, 3));
    live.rps = 90;
    live.run(S(60));
    assert_eq!(live.failed(), 0);
    let ok = live.world.ledger().total.ok;
    assert!((3500..=3600).contains(&ok), "{ok}");
    let view = live.world.view(live.now);
    assert_eq!(view.hosts.len(), 3);
    assert!(view.hosts.iter().all(|h| &*h.word == "Ready" && h.copies.len() == 1), "{view:#?}");
    assert!(view.hosts.iter().all(|h| h.copies[0].serving_rps > 15), "{view:#?}");
}

/// A named target port that no container has: endpoints without a port, and nobody to connect to.
#[test]
fn a_port_that_no_container_has_is_refused() {
    let mut live = Live::new(3, &SHOP.replace("targetPort: 8080", "targetPort: web"));
    live.run(S(30));
    assert_eq!(live.ready(), 3, "{}", live.story());
    let total = &live.world.ledger().total;
    assert_eq!((total.ok, total.failed), (0, 90 * 30));
    let reasons: Vec<FailReason> = total.failed_by_reason.keys().copied().collect();
    assert_eq!(reasons, [FailReason::NoEndpoint]);
    let slices: Vec<_> = live.world.store().in_namespace::<EndpointSlice>("default").filter(|s| s.meta.name.starts_with("shop")).collect();
    assert_eq!(slices.iter().map(|s| (s.endpoints.len(), s.ports.len())).collect::<Vec<_>>(), [(3, 0)]);
    let mut say = |words: &str| {
        let words: Vec<String> = words.split(' ').map(String::from).collect();
        live.cx(|w, cx| w.console(&words, &wheelhouse::worlds::NoFiles, cx)).stdout
    };
    assert!(say("kubectl get endpointslices").contains("   <unset>   10."));
    assert!(say("kubectl describe svc shop").contains("TargetPort:               web/TCP\n"));
}

#[test]
fn a_dead_node_costs_fifty_seconds_and_is_replaced_after_six_minutes() {
    let mut live = Live::new(3, SHOP);
    live.rps = 0;
    live.run(S(60));
    live.rps = 90;
    live.run(S(120));
    assert_eq!(live.failed(), 0);
    let fault = live.inject("blackout", FaultKind::NodeDown, host("node-2"));
    live.run(S(720));
    let unknown = live.first(S(120), |r| r.reason == "MODIFIED" && r.message.contains("Ready is Unknown")).expect("noticed");
    assert!((40.0..=60.0).contains(&unknown), "{unknown}");
    let evicted = live.first(S(120), |r| r.message.starts_with("Marking for deletion Pod")).expect("evicted");
    assert!((evicted - unknown - 300.0).abs() < 1.0, "{evicted} {unknown}");
    assert_eq!(live.ready(), 3);
    let ledger = live.world.ledger();
    let timeouts = ledger.total.failed_by_reason.get(&FailReason::Timeout).copied().unwrap_or(0);
    assert_eq!(timeouts, ledger.total.failed, "{:?}", ledger.total.failed_by_reason);
    // A third of 90 requests per second until the endpoint is out.
    assert!((1200..=1900).contains(&timeouts), "{timeouts}");
    assert!(ledger.impaired_s() as f64 - unknown < 5.0, "{} {unknown}", ledger.impaired_s());
    // The pod on the dead node stays Terminating until the node is back.
    assert_eq!(live.pods().iter().filter(|p| p.meta.is_deleting()).count(), 1);
    live.heal(&fault);
    live.run(S(900));
    assert_eq!((live.pods().len(), live.ready()), (3, 3), "{}", live.story());
    // The chain of causes leads back to a root.
    let record = live.journal.records().iter().rev().find(|r| r.reason == "SuccessfulCreate").expect("there").id;
    let chain = live.journal.causes(record);
    assert!(chain.len() > 5 && chain.last().is_some_and(|r| r.kind == RecordType::Fault), "{chain:#?}");
}

#[test]
fn a_crash_heals_in_seconds() {
    let mut live = Live::new(3, SHOP);
    live.run(S(60));
    let before = live.failed();
    live.inject("crash", FaultKind::Crash { code: 1 }, FaultTarget::Copies { of: "shop".into(), count: CopyCount::One });
    live.run(S(90));
    assert_eq!(live.ready(), 3);
    let failed = live.failed() - before;
    assert!(failed > 0 && failed < 200, "{failed}");
    let restarts: u32 = live.pods().iter().flat_map(|p| p.status.containers.iter()).map(|c| c.restart_count).sum();
    assert_eq!(restarts, 1);
}

#[test]
fn a_rollout_loses_nothing_or_next_to_nothing() {
    let mut live = Live::new(3, SHOP);
    live.run(S(60));
    let before = live.failed();
    live.cx(|w, cx| {
        let d = w.store().typed::<Deployment>(&Key::new("default", "shop")).expect("there");
        let mut copy = Deployment::clone(d);
        let spec = Arc::make_mut(&mut copy.spec).template.spec.as_mut().expect("a spec");
        spec.containers[0].image = Some("registry.example/shop:1.5.0".into());
        w.act("you", cx, |ctl| ctl.update(copy, true, "kubectl set image").expect("updated"));
    });
    live.run(S(150));
    assert_eq!(live.ready(), 3);
    assert!(live.pods().iter().all(|p| p.spec.containers[0].image.as_deref() == Some("registry.example/shop:1.5.0")));
    // Without preStop, an app that closes its listener at SIGTERM refuses what the proxies still send it.
    let failed = live.failed() - before;
    assert!(failed < 60, "{failed}");
}

#[test]
fn a_cut_off_node_keeps_serving_what_reaches_it() {
    let mut live = Live::new(3, SHOP);
    live.run(S(60));
    let before = live.failed();
    let fault = live.inject("cut", FaultKind::Partition { from: LinkEnd::ControlPlane }, host("node-3"));
    live.run(S(300));
    assert_eq!(live.failed(), before, "the data path is whole");
    let node = live.world.view(live.now).hosts[2].clone();
    assert_eq!(&*node.word, "NotReady");
    live.heal(&fault);
    live.run(S(340));
    assert_eq!(&*live.world.view(live.now).hosts[2].word, "Ready");
    assert_eq!(live.ready(), 3, "{}", live.story());
}

#[test]
fn without_api_server_nothing_changes_and_traffic_flows() {
    let mut live = Live::new(3, SHOP);
    live.run(S(60));
    let before = live.failed();
    let fault = live.inject("api", FaultKind::ComponentDown, FaultTarget::Component(Component::ApiServer));
    live.run(S(400));
    assert_eq!(live.failed(), before);
    live.heal(&fault);
    live.run(S(500));
    assert_eq!(live.ready(), 3);
    let events = live.world.store().all::<Event>().filter(|e| &*e.reason == "NodeNotReady").count();
    assert_eq!(events, 0, "every node gets its full grace again");
}

#[test]
fn dns_matters_to_clients_inside_only() {
    let mut live = Live::new(3, SHOP);
    live.run(S(60));
    let before = live.failed();
    let fault = live.inject("dns", FaultKind::DnsDown, FaultTarget::World);
    live.run(S(70));
    assert_eq!(live.failed(), before, "clients outside come by a node port");
    live.heal(&fault);
    live.cx(|w, cx| {
        let s = w.store().typed::<Service>(&Key::new("default", "shop")).expect("there");
        let mut copy = Service::clone(s);
        Arc::make_mut(&mut copy.spec).type_ = Some("ClusterIP".into());
        w.act("you", cx, |ctl| ctl.update(copy, true, "inside only").expect("updated"));
    });
    live.run(S(80));
    live.inject("dns", FaultKind::DnsDown, FaultTarget::World);
    live.run(S(90));
    let failed = live.world.ledger().total.failed_by_reason.get(&FailReason::Dns).copied().unwrap_or(0);
    assert!(failed > 600, "{failed}");
}

#[test]
fn kept_connections_stay_with_their_pod() {
    let mut live = Live::new(3, SHOP);
    live.rps = 0;
    live.run(S(60));
    (live.rps, live.keep_alive) = (90, true);
    live.run(S(70));
    let fault = live.inject("dns", FaultKind::DnsDown, FaultTarget::World);
    live.run(S(90));
    assert_eq!(live.failed(), 0);
    live.heal(&fault);
    live.inject("hang", FaultKind::Hang, FaultTarget::Copies { of: "shop".into(), count: CopyCount::One });
    live.run(S(100));
    assert!(live.failed() > 0);
    assert_eq!(live.ready(), 2, "readiness fails");
}

#[test]
fn a_program_that_needs_a_name_fails_until_it_resolves() {
    let mut shop = image("registry.example/shop:1.4.0");
    Arc::make_mut(&mut shop.app).needs = vec!["db".into()];
    let mut live = Live::with(1, SHOP, vec![shop, image("registry.example/db:1")]);
    live.rps = 0;
    live.run(S(40));
    assert_eq!(live.ready(), 0);
    let db = r"
apiVersion: apps/v1
kind: Deployment
metadata: {name: db, namespace: default}
spec:
  selector: {matchLabels: {app: db}}
  template: {metadata: {labels: {app: db}}, spec: {containers: [{name: db, image: 'registry.example/db:1'}]}}
";
    let service =
        r"{apiVersion: v1, kind: Service, metadata: {name: db, namespace: default}, spec: {selector: {app: db}, ports: [{port: 8080}]}}";
    for text in [db, service] {
        let source = wheelhouse::document::Source::new("db.yaml", text);
        let node = wheelhouse::document::parse_one(&source, wheelhouse::document::Dialect::Kubernetes).expect("YAML");
        let object = wheelhouse::worlds::kubernetes::kinds::from_json(&node.to_json()).expect("an object");
        live.cx(|w, cx| w.act("you", cx, |ctl| ctl.create(object, "applied").expect("created")));
    }
    live.run(S(200));
    assert_eq!(live.ready(), 4, "{}", live.story());
}
