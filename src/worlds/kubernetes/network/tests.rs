//! Connections from inside pods, in whole clusters.

use std::sync::Arc;

use crate::kernel::{Cx, Journal, SimDuration, SimTime};
use crate::machine::ExecResult;
use crate::model::{AppSpec, Fault, FaultKind, FaultTarget, ImageRef, ImageSpec};
use crate::worlds::World;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::Pod;
use crate::worlds::kubernetes::{Kubernetes, KubernetesSetup, NodeSetup};

use super::roads::ClusterRoads;

const MANIFEST: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: db, labels: {app: db}}
spec:
  containers: [{name: c, image: "db:1", readinessProbe: {tcpSocket: {port: 5432}, periodSeconds: 1}}]
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: wrong}
spec: {selector: {app: db}, ports: [{port: 80, targetPort: 9999}]}
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {selector: {app: nobody}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: headless}
spec: {clusterIP: None, selector: {app: db}, ports: [{port: 5432}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  securityContext: {runAsUser: 1001}
  containers:
  - name: c
    image: "local/bb:1"
    workingDir: /srv
    command: [sh, -c, "until nc -z db 5432; do sleep 1; done; echo connected; sleep 9999"]
---
apiVersion: v1
kind: Pod
metadata: {name: late}
spec:
  enableServiceLinks: false
  initContainers: [{name: wait, image: "local/bb:1", command: [sleep, "60"]}]
  containers: [{name: c, image: "local/bb:1", command: [sleep, "9999"]}]
"#;

struct Lab {
    world: Kubernetes,
    journal: Journal,
    now: SimTime,
}

impl Lab {
    fn new() -> Self {
        let setup = KubernetesSetup {
            nodes: (1..=2).map(|n| NodeSetup::new(format!("n{n}"))).collect(),
            manifests: vec![("test".into(), MANIFEST.into())],
            ..KubernetesSetup::default()
        };
        let image = ImageSpec {
            reference: ImageRef::new("db:1"),
            size: 1_000_000,
            layers: Vec::new(),
            app: Arc::new(AppSpec { port: Some(5432), startup: SimDuration::from_secs(30), ..AppSpec::default() }),
            described: true,
            missing: false,
            preloaded: true,
            private: false,
            user: None,
        };
        let world = Kubernetes::new(setup, vec![image], 7).expect("a cluster");
        let mut lab = Self { world, journal: Journal::default(), now: SimTime::ZERO };
        lab.cx(|w, cx| w.deploy(cx));
        lab
    }
    fn cx<R>(&mut self, f: impl FnOnce(&mut Kubernetes, &mut Cx) -> R) -> R {
        let mut cx = Cx { now: self.now, world: "kubernetes", journal: &mut self.journal, cause: None };
        f(&mut self.world, &mut cx)
    }
    fn run(&mut self, seconds: u64) {
        let to = SimTime::from_secs(seconds);
        while let Some(at) = self.world.next_at().filter(|t| *t <= to) {
            self.now = at;
            self.cx(|w, cx| w.step(cx));
        }
        self.now = to;
    }
    fn exec(&mut self, pod: &str, line: &str) -> ExecResult {
        let p = self.world.store().typed::<Pod>(&Key::new("default", pod)).expect("the pod").clone();
        let node = p.node.clone().expect("a node");
        let all = self.world.pod_containers(&p.meta.uid, &node);
        let id = all.iter().find(|(name, _)| &**name == "c").expect("its container").1;
        let (w, now) = (&mut self.world, self.now);
        let roads = ClusterRoads { store: &w.api.store, network: &w.network, api_up: true };
        w.machine.exec(id, &["sh".into(), "-c".into(), line.into()], now, &roads)
    }
    fn said(&self, pod: &str) -> Vec<String> {
        let p = self.world.store().typed::<Pod>(&Key::new("default", pod)).expect("the pod");
        let all = self.world.pod_containers(&p.meta.uid, p.node.as_ref().expect("a node"));
        all.iter().flat_map(|(_, id)| self.world.machine.logs(*id)).map(|(_, l)| l.to_string()).collect()
    }
}

#[test]
fn a_connection_goes_to_whoever_listens_behind_the_service() {
    let mut lab = Lab::new();
    lab.run(20);
    assert!(lab.said("web").is_empty(), "the database is not up yet");
    let refused = |r: ExecResult| r.stderr.contains("Connection refused");
    assert!(refused(lab.exec("web", "wget -qO- http://db:5432")), "no endpoint yet");
    lab.run(60);
    assert_eq!(lab.said("web"), ["connected"]);
    assert_eq!(lab.exec("web", "wget -qO- http://db:5432").stdout, "ok\n");
    assert_eq!(lab.exec("web", "wget -qO- http://headless:5432").stdout, "ok\n");
    assert!(refused(lab.exec("web", "wget -qO- http://wrong")), "nobody listens on the target port");
    assert!(refused(lab.exec("web", "wget -qO- http://empty")), "rules reject where there is no endpoint");
    let lost = lab.exec("web", "wget -T 3 -qO- http://db:81");
    assert_eq!(lost.stderr, "wget: download timed out\n", "a cluster address answers on declared ports only");
    assert!(refused(lab.exec("web", "wget -qO- http://$(hostname -i):81")));
    assert_eq!(lab.exec("web", "nc -z kubernetes 443").code, 0);
    assert_eq!(lab.exec("web", "wget -qO- http://db.other:5432").stderr, "wget: bad address 'db.other:5432'\n");
    assert_eq!(lab.exec("web", "wget -qO- http://db.default.svc:5432").stdout, "ok\n");
}

#[test]
fn a_pod_finds_names_and_variables_around_it() {
    let mut lab = Lab::new();
    lab.run(60);
    let ip = |lab: &mut Lab, name: &str| {
        lab.exec("web", &format!("getent hosts {name}")).stdout.split(' ').next().unwrap_or_default().to_string()
    };
    let (db, empty) = (ip(&mut lab, "db"), ip(&mut lab, "empty"));
    assert!(db.starts_with("10.") && empty.starts_with("10.") && db != empty, "{db} {empty}");
    assert_eq!(
        lab.exec("web", "cat /etc/resolv.conf").stdout,
        "search default.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\noptions ndots:5\n"
    );
    let found = lab.exec("web", "nslookup db").stdout;
    assert!(found.contains(&format!("Name:\tdb.default.svc.cluster.local\nAddress: {db}\n")), "{found}");
    assert_eq!(lab.exec("web", "echo $DB_SERVICE_HOST $DB_SERVICE_PORT; pwd; id -u").stdout, format!("{db} 5432\n/srv\n1001\n"));
    assert!(lab.exec("web", "hostname -i").stdout.starts_with("10.244."));
    let ps = lab.exec("web", "ps").stdout;
    assert!(ps.contains("    1 1001      0:00 sh -c until") && ps.contains("ps\n"), "{ps}");
    assert_eq!(lab.exec("web", "ping -c 1 -W 1 db").code, 1, "the address of a Service is no machine");
    assert_eq!(lab.exec("web", "ping -c 1 headless").code, 0);
    lab.run(90);
    assert_eq!(lab.exec("late", "echo $DB_SERVICE_HOST$KUBERNETES_SERVICE_PORT").stdout, "443\n", "no links, but the API server");
    let fault = Fault { id: "dns".into(), kind: FaultKind::DnsDown, target: FaultTarget::World, lasts: None };
    lab.cx(|w, cx| w.inject(&fault, cx)).expect("a fault");
    assert_eq!(lab.exec("web", "nslookup db").stdout, ";; connection timed out; no servers could be reached\n\n");
    assert_eq!(lab.exec("web", &format!("wget -qO- http://{db}:5432")).stdout, "ok\n", "addresses need no server");
}
