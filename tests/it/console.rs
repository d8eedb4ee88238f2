//! kubectl against a cluster that lives: commands that change it, and commands that go on while it moves.

use std::sync::Arc;

use wheelhouse::kernel::{Cx, Journal, RecordType, SimDuration, SimTime};
use wheelhouse::model::image::Layer;
use wheelhouse::model::{AppSpec, ImageRef, ImageSpec};
use wheelhouse::worlds::kubernetes::kinds::KINDS;
use wheelhouse::worlds::kubernetes::{Kubernetes, KubernetesSetup, NodeSetup};
use wheelhouse::worlds::{Files, Output, World};

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
  selector: {app: shop}
  ports: [{port: 80, targetPort: 8080}]
";

struct Folder;

impl Files for Folder {
    fn read(&self, path: &str) -> Result<String, String> {
        match path {
            "shop.yaml" => Ok(SHOP.into()),
            "scaled.yaml" => Ok(SHOP.replace("replicas: 3", "replicas: 4")),
            "budget.yaml" => Ok("apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: shop}\nspec: {minAvailable: 3, selector: {matchLabels: {app: shop}}}\n".into()),
            "broken.yaml" => Ok(SHOP.replace("app: shop}}\n  template", "app: other}}\n  template")),
            "dir/a.yaml" => Ok("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {k: v}\n".into()),
            "dir/sub/b.yaml" => Ok("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n".into()),
            "odd.yaml" => Ok("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: odd}\nspec: {x: 1}\n".into()),
            _ => Err(format!("the path \"{path}\" does not exist")),
        }
    }
    fn list(&self, path: &str, deep: bool) -> Result<Option<Vec<String>>, String> {
        Ok(match (path, deep) {
            ("dir", false) => Some(vec!["dir/a.yaml".into()]),
            ("dir", true) => Some(vec!["dir/a.yaml".into(), "dir/sub/b.yaml".into()]),
            ("empty", _) => Some(Vec::new()),
            _ => None,
        })
    }
}

struct Live {
    world: Kubernetes,
    journal: Journal,
    now: SimTime,
}

impl Live {
    fn new(nodes: usize) -> Self {
        let image = |name: &str| ImageSpec {
            reference: ImageRef::new(name),
            size: 180_000_000,
            layers: vec![Layer { digest: "sha256:1".into(), bytes: 180_000_000 }],
            app: Arc::new(AppSpec { startup: SimDuration::from_secs(2), port: Some(8080), ..AppSpec::default() }),
            described: true,
            missing: false,
            preloaded: false,
            private: false,
            user: None,
        };
        let setup =
            KubernetesSetup { nodes: (1..=nodes).map(|n| NodeSetup::new(format!("node-{n}"))).collect(), ..KubernetesSetup::default() };
        let images = ["registry.example/shop:1.4.0", "registry.example/shop:1.5.0", "busybox"].map(image).to_vec();
        let world = Kubernetes::new(setup, images, 7).expect("a good setup");
        let mut live = Self { world, journal: Journal::default(), now: SimTime::ZERO };
        live.cx(|w, cx| w.deploy(cx));
        live.run(S(5));
        live
    }
    fn cx<R>(&mut self, f: impl FnOnce(&mut Kubernetes, &mut Cx) -> R) -> R {
        let mut cx = Cx { now: self.now, world: "kubernetes", journal: &mut self.journal, cause: None };
        f(&mut self.world, &mut cx)
    }
    fn run(&mut self, until: SimTime) {
        while let Some(at) = self.world.next_at().filter(|at| *at <= until) {
            self.now = at;
            self.cx(|w, cx| w.step(cx));
        }
        self.now = until;
    }
    /// Types a command; one that goes on is followed for at most ten minutes.
    fn kubectl(&mut self, line: &str) -> Output {
        let mut out = self.begin(line);
        let end = self.now + SimDuration::from_secs(600);
        while out.running && self.now < end {
            self.run(self.now + SimDuration::from_millis(100));
            self.poll(&mut out);
        }
        out
    }
    fn begin(&mut self, line: &str) -> Output {
        let argv = shell_words::split(&format!("kubectl {line}")).expect("words");
        self.cx(|w, cx| w.console(&argv, &Folder, cx))
    }
    fn poll(&mut self, out: &mut Output) {
        let more = self.cx(|w, cx| w.console_poll(cx));
        out.stdout.push_str(&more.stdout);
        out.stderr.push_str(&more.stderr);
        (out.exit, out.running) = (more.exit, more.running);
    }
    /// A command that must succeed.
    fn ok(&mut self, line: &str) -> String {
        let out = self.kubectl(line);
        assert_eq!((out.exit, out.running), (0, false), "{line}: {}{}", out.stdout, out.stderr);
        out.stdout
    }
    /// A command that must fail: what it says.
    fn refused(&mut self, line: &str) -> String {
        let out = self.kubectl(line);
        assert_ne!(out.exit, 0, "{line}: {}", out.stdout);
        out.stderr
    }
    fn with_shop(nodes: usize) -> Self {
        let mut live = Self::new(nodes);
        live.ok("apply -f shop.yaml");
        live.ok("rollout status deploy/shop");
        live
    }
}

#[test]
fn apply_says_what_it_did() {
    let mut live = Live::new(2);
    assert_eq!(
        live.ok("apply -f shop.yaml --dry-run=server"),
        "deployment.apps/shop created (server dry run)\nservice/shop created (server dry run)\n"
    );
    assert_eq!(live.ok("apply -f shop.yaml"), "deployment.apps/shop created\nservice/shop created\n");
    assert_eq!(live.ok("apply -f shop.yaml"), "deployment.apps/shop unchanged\nservice/shop unchanged\n");
    assert_eq!(live.ok("apply -f scaled.yaml"), "deployment.apps/shop configured\nservice/shop unchanged\n");
    assert_eq!(live.ok("get deploy shop -o jsonpath={.spec.replicas}"), "4");
    assert!(live.refused("apply -f broken.yaml").contains("field is immutable"));
    assert_eq!(live.refused("apply -f none.yaml"), "error: the path \"none.yaml\" does not exist\n");
}

#[test]
fn a_rollout_is_followed_to_its_end() {
    let mut live = Live::with_shop(2);
    assert_eq!(live.ok("set image deploy/shop shop=registry.example/shop:1.5.0"), "deployment.apps/shop image updated\n");
    let said = live.ok("rollout status deployment/shop");
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("Waiting for deployment"), "{said}");
    assert!(
        said.contains("out of 3 new replicas have been updated...") && said.contains("old replicas are pending termination..."),
        "{said}"
    );
    assert_eq!(lines.last(), Some(&"deployment \"shop\" successfully rolled out"));
    assert_eq!(
        live.ok("rollout history deploy/shop"),
        "deployment.apps/shop \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n\n"
    );
    assert!(live.ok("rollout history deploy/shop --revision=2").contains("    Image:\tregistry.example/shop:1.5.0\n"));
    assert_eq!(live.ok("rollout undo deploy/shop"), "deployment.apps/shop rolled back\n");
    live.ok("rollout status deploy/shop");
    assert_eq!(live.ok("get deploy shop -o jsonpath={.spec.template.spec.containers[0].image}"), "registry.example/shop:1.4.0");
    assert_eq!(live.refused("rollout undo deploy/shop --to-revision=9"), "error: unable to find specified revision 9 in history\n");
    assert_eq!(live.ok("rollout restart deploy/shop"), "deployment.apps/shop restarted\n");
    live.ok("rollout status deploy/shop");
    let text = live.ok("describe deploy shop");
    assert!(text.contains("NewReplicaSet:   shop-") && text.contains("ScalingReplicaSet"), "{text}");
}

#[test]
fn every_change_is_in_the_journal_with_its_author() {
    let mut live = Live::with_shop(1);
    let before = live.journal.len();
    live.ok("scale deploy shop --replicas=5");
    let record = live.journal.records()[before..].iter().find(|r| r.kind == RecordType::Change).cloned().expect("a change");
    assert_eq!((&*record.actor, record.object.to_string().as_str()), ("you", "Deployment default/shop"));
    assert_eq!(&*record.message, "kubectl scale: replicas 3 → 5");
    assert!(record.fields().iter().any(|f| f.path == "spec.replicas"));
    let before = live.journal.len();
    live.ok("get pods -o wide");
    live.ok("describe pods");
    assert_eq!(live.journal.len(), before, "looking changes nothing");
}

#[test]
fn delete_waits_until_the_pod_is_gone() {
    let mut live = Live::with_shop(1);
    let name = live.ok("get pods -o jsonpath={.items[0].metadata.name}");
    let out = live.begin(&format!("delete pod {name}"));
    assert_eq!((out.stdout.as_str(), out.running), (format!("pod \"{name}\" deleted\n").as_str(), true));
    let mut out = out;
    while out.running {
        live.run(live.now + SimDuration::from_millis(100));
        live.poll(&mut out);
    }
    assert!(live.refused(&format!("get pod {name}")).contains("NotFound"));
    let name = live.ok("get pods -o jsonpath={.items[0].metadata.name}");
    let out = live.kubectl(&format!("delete pod {name} --force --grace-period=0"));
    assert!(out.stderr.starts_with("Warning: Immediate deletion"));
    assert_eq!(out.stdout, format!("pod \"{name}\" force deleted\n"));
    assert!(live.refused(&format!("get pod {name}")).contains("NotFound"));
    assert!(live.refused("delete pods").contains("no name was specified"));
}

#[test]
fn drain_respects_budgets_and_moves_everything() {
    let mut live = Live::with_shop(2);
    live.ok("apply -f budget.yaml");
    live.run(live.now + SimDuration::from_secs(10));
    let mut out = live.begin("drain node-1 --ignore-daemonsets");
    assert!(out.running, "{}{}", out.stdout, out.stderr);
    assert!(out.stdout.starts_with("node/node-1 cordoned\nevicting pod default/shop-"), "{}", out.stdout);
    assert!(
        out.stderr.contains("(will retry after 5s): Cannot evict pod as it would violate the pod's disruption budget."),
        "{}",
        out.stderr
    );
    live.run(live.now + SimDuration::from_secs(20));
    live.poll(&mut out);
    assert!(out.running, "nothing may go");
    live.cx(|w, _| w.console_interrupt());
    live.ok("delete pdb shop");
    let said = live.ok("drain node-1 --ignore-daemonsets");
    assert!(said.starts_with("node/node-1 already cordoned\n") && said.ends_with(" evicted\nnode/node-1 drained\n"), "{said}");
    live.ok("rollout status deploy/shop");
    let nodes = live.ok("get pods -o jsonpath={.items[*].spec.nodeName}");
    assert_eq!(nodes, "node-2 node-2 node-2");
    assert!(live.ok("get nodes").contains("Ready,SchedulingDisabled"));
    assert_eq!(live.ok("uncordon node-1"), "node/node-1 uncordoned\n");
}

#[test]
fn drain_of_no_node_says_nothing_and_of_two_choices_says_so() {
    let mut live = Live::with_shop(1);
    let out = live.kubectl("drain -l disk=ssd");
    assert_eq!((out.exit, &*out.stdout, &*out.stderr), (0, "", ""));
    let out = live.kubectl("drain node-1 -l disk=ssd");
    assert!(out.exit == 1 && out.stderr.contains("cannot specify both a node name and a --selector option"), "{}", out.stderr);
}

#[test]
fn drain_refuses_what_nobody_would_replace() {
    let mut live = Live::with_shop(1);
    live.ok("run lonely --image=busybox --command -- sleep 1000");
    live.ok("wait --for=condition=Ready pod/lonely --timeout=60s");
    let out = live.kubectl("drain node-1");
    assert_eq!((out.exit, out.stdout.as_str()), (1, "node/node-1 cordoned\n"));
    let why = "cannot delete Pods that declare no controller (use --force to override): default/lonely";
    let text = format!(
        "error: unable to drain node \"node-1\" due to error: {why}, continuing command...\nThere are pending nodes to be drained:\n node-1\n{why}\n"
    );
    assert_eq!(out.stderr, text);
    assert_eq!(live.kubectl("drain node-1 --force").stderr, "Warning: deleting Pods that declare no controller: default/lonely\n");
}

#[test]
fn watching_prints_a_line_for_every_change() {
    let mut live = Live::with_shop(1);
    let mut out = live.begin("get pods -w");
    assert!(out.running && out.stdout.lines().count() == 4, "{}", out.stdout);
    live.ok("scale deploy shop --replicas=4");
    assert!(!live.cx(|w, cx| w.console_poll(cx)).running, "a new command ends the one that went on");
    out = live.begin("get pods -w --no-headers");
    live.run(live.now + SimDuration::from_secs(20));
    live.poll(&mut out);
    assert!(out.running);
    let words: Vec<&str> = out.stdout.lines().skip(4).filter_map(|l| l.split_whitespace().nth(2)).collect();
    assert_eq!(words.last(), Some(&"Running"), "{}", out.stdout);
    let column = |l: &str| l.find("Running").or_else(|| l.find("ContainerCreating")).or_else(|| l.find("Pending"));
    let columns: Vec<_> = out.stdout.lines().filter_map(column).collect();
    assert!(columns.windows(2).all(|w| w[0] == w[1]), "columns stay where they are: {}", out.stdout);
}

#[test]
fn logs_and_exec_reach_the_program() {
    let mut live = Live::new(1);
    live.ok("run talker --image=busybox --command -- sh -c 'echo one; echo two; sleep 5; echo three; sleep 1000'");
    live.ok("wait --for=condition=Ready pod/talker --timeout=60s");
    assert_eq!(live.ok("logs talker"), "one\ntwo\n");
    assert_eq!(live.ok("logs talker --tail=1"), "two\n");
    let mut out = live.begin("logs -f talker");
    live.run(live.now + SimDuration::from_secs(10));
    live.poll(&mut out);
    assert_eq!((out.stdout.as_str(), out.running), ("one\ntwo\nthree\n", true));
    live.cx(|w, _| w.console_interrupt());
    assert_eq!(live.ok("exec talker -- echo hello"), "hello\n");
    let out = live.kubectl("exec talker -- sh -c 'exit 3'");
    assert_eq!((out.exit, out.stderr.as_str()), (3, "command terminated with exit code 3\n"));
    assert_eq!(
        live.refused("logs talker --previous"),
        "Error from server (BadRequest): previous terminated container \"talker\" in pod \"talker\" not found\n"
    );
    assert!(live.refused("exec talker").contains("you must specify at least one command"));
}

#[test]
fn wait_ends_when_it_comes_true_or_in_time() {
    let mut live = Live::with_shop(1);
    live.ok("scale deploy shop --replicas=5");
    assert_eq!(live.ok("wait --for=condition=Available deploy/shop"), "deployment.apps/shop condition met\n");
    assert_eq!(live.ok("wait '--for=jsonpath={.status.readyReplicas}=5' deploy/shop"), "deployment.apps/shop condition met\n");
    let out = live.kubectl("wait --for=delete deploy/shop --timeout=3s");
    assert_eq!((out.exit, out.stderr.as_str()), (1, "error: timed out waiting for the condition on deployments/shop\n"));
    assert_eq!(live.refused("wait --for=condition=Ready pod/none"), "Error from server (NotFound): pods \"none\" not found\n");
}

#[test]
fn a_dead_api_server_is_told_as_kubectl_tells_it() {
    let mut live = Live::with_shop(1);
    live.world.api_mut().up = false;
    let text = "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n";
    for line in [
        "get pods",
        "apply -f shop.yaml",
        "scale deploy shop --replicas=1",
        "describe node",
        "delete pod x",
        "create ns a",
        "logs x",
        "rollout status deploy/shop",
    ] {
        assert_eq!(live.refused(line), text, "{line}");
    }
}

#[test]
fn every_object_can_be_shown_in_every_way() {
    let mut live = Live::with_shop(2);
    live.run(live.now + SimDuration::from_secs(60));
    for info in KINDS {
        for line in ["get", "get -o wide", "get -o yaml", "get -o json", "get -o name", "get --show-labels", "describe"] {
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            live.ok(&format!("{verb} {} -A {rest}", info.plural));
        }
    }
    // What is printed as YAML can be read again, and means the same.
    let json: serde_json::Value = serde_json::from_str(&live.ok("get all -o json")).expect("json");
    let yaml = live.ok("get all -o yaml");
    let source = wheelhouse::document::Source::new("all.yaml", yaml.as_str());
    let back = wheelhouse::document::parse_one(&source, wheelhouse::document::Dialect::Kubernetes).expect("yaml").to_json();
    assert_eq!(back, json);
}

/// Endpoints objects: nothing reads them, people still ask for them.
#[test]
fn endpoints_are_shown_with_the_servers_warning() {
    let mut c = Live::with_shop(3);
    let warning = "Warning: v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice\n";
    let all = c.kubectl("get ep");
    assert_eq!((all.exit, all.stderr.as_str()), (0, warning));
    let lines: Vec<&str> = all.stdout.lines().collect();
    assert_eq!(lines[0].split_whitespace().collect::<Vec<_>>(), ["NAME", "ENDPOINTS", "AGE"]);
    assert!(lines[1].starts_with("kubernetes   172.18.255.254:6443") && !all.stdout.contains("<unknown>"), "{}", all.stdout);
    let slices = c.ok("get endpointslices -l kubernetes.io/service-name=shop -o jsonpath={.items[0].endpoints[*].addresses[0]}");
    let mut addresses: Vec<String> = slices.split(' ').map(|a| format!("{a}:8080")).collect();
    addresses.sort();
    let shown = lines.iter().find(|l| l.starts_with("shop ")).expect("the shop").split_whitespace().nth(1).expect("addresses");
    assert_eq!(shown, addresses.join(","));
    let yaml = c.kubectl("get endpoints shop -o yaml").stdout;
    assert!(yaml.contains("endpoints.kubernetes.io/managed-by: endpoint-controller") && yaml.contains("nodeName: node-"), "{yaml}");
    c.ok("create service clusterip lonely --tcp=80:80");
    assert!(c.ok("get ep lonely").lines().nth(1).expect("a line").starts_with("lonely   <none>"));
    assert!(c.ok("describe svc kubernetes").contains("172.18.255.254:6443"));
}

/// Whatever discovery lists, `get` answers for it.
#[test]
fn every_resource_that_is_listed_is_known() {
    let mut c = Live::with_shop(1);
    let all = c.ok("api-resources -o name");
    for name in all.lines() {
        let out = c.kubectl(&format!("get {name}"));
        assert!(!out.stderr.contains("doesn't have a resource type"), "{name}: {}", out.stderr);
    }
    assert_eq!(c.kubectl("get cs").stderr, "error: componentstatuses are not simulated in this world\n");
    assert!(c.kubectl("get bindings").stderr.contains("the server does not allow this method"));
}

#[test]
fn mistakes_get_kubectls_own_words() {
    let mut live = Live::with_shop(1);
    for (line, text) in [
        ("gte pods", "error: unknown command \"gte\" for \"kubectl\"\n\nDid you mean this?\n\tget\n\n"),
        ("get pods --bogus", "error: unknown flag: --bogus\nSee 'kubectl get --help' for usage.\n"),
        (
            "get deploy/shop svc",
            "error: there is no need to specify a resource type as a separate argument when passing arguments in resource/name form (e.g. 'kubectl get resource/<resource_name>' instead of 'kubectl get resource resource/<resource_name>'\n",
        ),
        ("get pods x -A", "error: a resource cannot be retrieved by name across all namespaces\n"),
        (
            "edit deploy/shop",
            "error: there is no editor in this world; change the object with: kubectl patch deploy/shop -p '{\"spec\":{…}}', or kubectl apply -f FILE\n",
        ),
        ("set image deploy/shop", "error: at least one image update is required\n"),
        ("get pods --context=other", "error: context \"other\" does not exist\n"),
        (
            "port-forward svc/shop 80",
            "error: kubectl port-forward (there is no network between your machine and this world) is not simulated in this world\n",
        ),
    ] {
        assert_eq!(live.refused(line), text, "{line}");
    }
    assert_eq!(live.kubectl("get cronjobs").stderr, "No resources found in default namespace.\n");
    live.ok("config set-context --current --namespace=kube-system");
    assert_eq!(live.kubectl("get cronjobs").stderr, "No resources found in kube-system namespace.\n");
    assert!(live.ok("config get-contexts").contains("kube-system"));
}

#[test]
fn the_next_word_is_known() {
    let mut live = Live::with_shop(1);
    let complete = |live: &Live, line: &str| {
        let argv: Vec<String> = line.split(' ').map(String::from).collect();
        live.world.complete(&argv)
    };
    assert_eq!(complete(&live, "kubectl ro"), ["rollout"]);
    assert_eq!(complete(&live, "kubectl rollout st"), ["status"]);
    assert_eq!(complete(&live, "kubectl get deploy s"), ["shop"]);
    assert_eq!(complete(&live, "kubectl rollout status deploy/"), ["deploy/shop"]);
    assert_eq!(complete(&live, "kubectl drain "), ["node-1"]);
    assert_eq!(complete(&live, "kubectl -n kube-"), ["kube-node-lease", "kube-public", "kube-system"]);
    assert!(complete(&live, "kubectl get --sh").contains(&"--show-labels".to_string()));
    live.ok("get pods");
}

/// Words that mean something, and words that mean harm.
const WORDS: &[&str] = &[
    "get",
    "describe",
    "delete",
    "scale",
    "set",
    "image",
    "env",
    "resources",
    "rollout",
    "status",
    "history",
    "undo",
    "restart",
    "label",
    "annotate",
    "taint",
    "drain",
    "cordon",
    "logs",
    "exec",
    "run",
    "expose",
    "autoscale",
    "patch",
    "wait",
    "create",
    "deployment",
    "configmap",
    "secret",
    "generic",
    "job",
    "explain",
    "events",
    "top",
    "auth",
    "can-i",
    "config",
    "set-context",
    "apply",
    "replace",
    "pods",
    "deploy",
    "svc",
    "nodes",
    "all",
    "pods,svc",
    "shop",
    "deploy/shop",
    "pod/x",
    "node-1",
    "a=b",
    "a-",
    "a=b:NoSchedule",
    "shop=img",
    "*=x",
    "--",
    "-",
    "-o",
    "yaml",
    "json",
    "name",
    "jsonpath={.items[*].metadata.name}",
    "jsonpath={range .items[*]}{.kind}{end}",
    "jsonpath={..",
    "jsonpath={.a[?(@.b==",
    "custom-columns=A:.b",
    "go-template={{range .items}}",
    "-l",
    "app=shop",
    "app in (a",
    "!",
    ",",
    "--field-selector",
    "status.phase=Running",
    "--sort-by",
    ".metadata.name",
    "{",
    "}",
    "[",
    "-A",
    "-w",
    "-n",
    "kube-system",
    "--replicas",
    "--replicas=99999999999",
    "-1",
    "3",
    "--image=a b",
    "--image",
    "--all",
    "--force",
    "--grace-period=0",
    "--dry-run=client",
    "-p",
    "{\"spec\":{\"replicas\":null}}",
    "[{\"op\":\"add\"}]",
    "--type=json",
    "--for=condition=",
    "--for=jsonpath={}=",
    "--timeout=5s",
    "--timeout=-",
    "-f",
    "shop.yaml",
    "--port=0",
    "--min=1",
    "--max=0",
    "--to-revision=99",
    "--revision=-5",
    "--tail=-9",
    "--since=1h",
    "-c",
    "ä",
    "\u{0}",
    "\u{202e}",
    "",
    "=",
    "/",
    "a/b/c",
    "--=",
    "-é",
    "--image=ä",
];

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]
    #[test]
    fn nonsense_is_answered_and_never_panics(verb in 0..40usize, picks in proptest::collection::vec(0..WORDS.len(), 0..8)) {
        thread_local! {
            static LIVE: std::cell::RefCell<Live> = std::cell::RefCell::new(Live::with_shop(1));
        }
        LIVE.with_borrow(|live| {
            let mut live = Live { world: live.world.clone(), journal: live.journal.clone(), now: live.now };
            let mut argv = vec!["kubectl".to_string()];
            argv.push(WORDS[verb].to_string());
            argv.extend(picks.iter().map(|i| WORDS[*i].to_string()));
            let out = live.cx(|w, cx| w.console(&argv, &Folder, cx));
            assert!(out.exit == 0 || !out.stderr.is_empty(), "{argv:?} failed without a word");
            assert!(out.stdout.is_empty() || out.stdout.ends_with('\n') || argv.iter().any(|a| a.contains("path") || a.contains("template")));
            live.world.complete(&argv);
            live.run(live.now + SimDuration::from_secs(20));
            live.cx(|w, cx| w.console_poll(cx));
        });
    }
}

#[test]
fn files_of_folders_and_fields_that_are_unknown() {
    let mut l = Live::new(1);
    l.run(S(1));
    assert_eq!(l.kubectl("apply -f dir").stdout, "configmap/a created\n");
    assert_eq!(l.kubectl("apply -f dir -R").stdout, "configmap/a unchanged\nconfigmap/b created\n");
    assert_eq!(l.kubectl("apply -f empty").stderr, "error: error reading [empty]: recognized file extensions are [.json .yaml .yml]\n");
    assert_eq!(l.kubectl("delete -R -f dir").stdout, "configmap \"a\" deleted\nconfigmap \"b\" deleted\n");
    assert!(l.kubectl("create -f https://example.com/x.yaml").stderr.contains("cannot be fetched"));
    assert!(l.kubectl("apply -f odd.yaml").stderr.contains("strict decoding error: unknown field \"spec\""));
    assert_eq!(
        l.kubectl("apply -f odd.yaml --validate=maybe").stderr,
        "error: invalid - validate option \"maybe\"; must be one of: strict (or true), warn, ignore (or false)\n"
    );
    let warned = l.kubectl("create -f odd.yaml --validate=warn --dry-run=server");
    assert_eq!(warned.stderr, "Warning: unknown field \"spec\"\n");
    assert_eq!(l.kubectl("apply -f odd.yaml --validate=false").stdout, "configmap/odd created\n");
    let stale = l.kubectl("label cm odd a=b --resource-version=1");
    assert!(
        stale.exit == 1 && stale.stderr.starts_with("Error from server (Conflict): Operation cannot be fulfilled on configmaps \"odd\""),
        "{}",
        stale.stderr
    );
    assert_eq!(l.kubectl("diff -f odd.yaml").stderr, "error: kubectl diff is not simulated in this world\n");
}

#[test]
fn selectors_that_cannot_be_read_are_refused_by_the_server() {
    let mut l = Live::new(1);
    for verb in ["get pods", "delete pods", "get pods -w", "logs"] {
        let mut argv: Vec<String> = verb.split(' ').map(String::from).collect();
        argv.insert(0, "kubectl".into());
        argv.extend(["-l".to_string(), "app=(".to_string()]);
        let out = l.cx(|w, cx| w.console(&argv, &Folder, cx));
        assert_eq!(
            (out.stderr.as_str(), out.exit),
            (
                "Error from server (BadRequest): Unable to find \"/v1, Resource=pods\" that match label selector \"app=(\", field selector \"\": unable to parse requirement: found '(', expected: identifier\n",
                1
            ),
            "{verb}"
        );
    }
    let out = l.cx(|w, cx| w.console(&["foo".to_string(), "get".to_string(), "pods".to_string()], &Folder, cx));
    assert_eq!((out.stderr.as_str(), out.exit), ("foo: command not found\n", 127));
}
