//! A cluster from objects, as the scheduler would find it after its first list.

use std::sync::Arc;

use k8s_openapi::api::core::v1::Toleration;

use crate::kernel::{Map, SimTime};
use crate::worlds::kubernetes::api::meta::{Key, Name};
use crate::worlds::kubernetes::api::object::{Object, Pod};

use super::super::NAME;
use super::super::cache::Cache;
use super::super::cycle::{Decided, Outcome, Position, PreFiltered, decide, pre_filters};
use super::super::decision::Decision;
use super::super::objects::WATCHED;
use super::super::plugins::volume_binding::to_bind;
use super::super::pod::PodInfo;
use super::super::profile::Profile;
use super::super::volume_binder::assume;

/// A cluster at rest: nothing moves but what is decided.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub cache: Cache,
    pub profile: Profile,
    position: Position,
    /// Waiting pods in queue order.
    pub pending: Vec<Arc<PodInfo>>,
    /// Every pod by key, for nearest names.
    pub pods: Vec<Key>,
    /// Pods that are neither placed nor in the queue, and why.
    pub passed_over: Map<Key, String>,
    pub now: SimTime,
}

impl Cluster {
    /// The order of the objects does not matter, except among pods of equal priority and creation time.
    pub fn new(objects: &[Object], profile: Profile) -> Self {
        let mut cache = Cache::default();
        let mut now = SimTime::ZERO;
        // As the API server lists them: nodes by name.
        let mut nodes: Vec<_> = objects.iter().filter_map(|o| if let Object::Node(n) = o { Some(n) } else { None }).collect();
        nodes.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
        // A namespace that is not among the objects has the label that the server gives to each.
        for object in objects.iter().filter(|o| matches!(o, Object::Pod(_))) {
            label_namespace(&mut cache, &object.meta().namespace, std::iter::empty());
        }
        for object in objects {
            if let Object::Namespace(n) = object {
                label_namespace(&mut cache, &n.meta.name, n.meta.labels.iter().map(|(k, v)| (&**k, &**v)));
            } else if WATCHED.contains(&object.kind()) {
                cache.objects.put(object);
            }
        }
        for n in nodes {
            cache.put_node(n);
        }
        let mut pods: Vec<(usize, &Arc<Pod>)> =
            objects.iter().filter_map(|o| if let Object::Pod(p) = o { Some(p) } else { None }).enumerate().collect();
        // Earlier pods first; a dump without creation times keeps its order.
        pods.sort_by_key(|(i, p)| (p.meta.created, *i));
        let mut pending = vec![];
        let mut keys = vec![];
        let mut passed_over = Map::new();
        for (i, pod) in pods {
            now = now.max(pod.meta.created).max(pod.status.start_time.unwrap_or_default());
            keys.push(pod.meta.key());
            if pod.is_finished() {
                passed_over.insert(pod.meta.key(), "has finished; nothing of it is scheduled any more".to_string());
                continue;
            }
            let pod = admitted(pod, i);
            let info = cache.pod_info(&pod);
            match &pod.node {
                Some(node) => cache.put_pod(&info, node),
                None => {
                    let other = pod.spec.scheduler_name.as_deref().filter(|n| !n.is_empty() && *n != NAME);
                    let why = match other {
                        Some(other) => format!("is for another scheduler, {other}"),
                        // schedule_one.go skipPodSchedule
                        None if pod.meta.is_deleting() => "is being deleted; the scheduler skips it".into(),
                        None => String::new(),
                    };
                    if !why.is_empty() {
                        passed_over.insert(pod.meta.key(), why);
                        continue;
                    }
                    if let Some(node) = &pod.status.nominated_node {
                        cache.nominate(&info, node);
                    }
                    pending.push(info);
                }
            }
        }
        // What no server has taken yet comes last of its priority: it would be created now.
        let fresh = |p: &PodInfo| p.pod.meta.created == SimTime::ZERO;
        pending.sort_by_key(|p| (std::cmp::Reverse(p.priority), fresh(p)));
        Self { cache, profile, position: Position::default(), pending, pods: keys, passed_over, now }
    }

    /// A cluster as a running scheduler sees it.
    pub(in super::super) fn at(cache: Cache, profile: Profile, position: Position, now: SimTime) -> Self {
        Self { cache, profile, position, pending: vec![], pods: vec![], passed_over: Map::new(), now }
    }

    /// Decides about one pod, changing nothing but the kept counts.
    pub fn decide(&mut self, pod: &PodInfo) -> (Outcome, Decision) {
        let outcome = self.outcome(pod);
        let decision = Decision::of(&outcome, pod, &self.cache, &self.profile);
        (outcome, decision)
    }

    /// The bare result of a cycle.
    pub fn outcome(&mut self, pod: &PodInfo) -> Outcome {
        decide(&mut self.cache, pod, &self.profile, &mut self.position, self.now, None)
    }

    /// What each plugin's PreFilter says of a pod now.
    pub fn pre_filters(&mut self, pod: &PodInfo) -> Vec<(&'static str, PreFiltered)> {
        pre_filters(&mut self.cache, pod, &self.profile)
    }

    /// Why the pod does not even enter the queue.
    pub fn gate(&self, pod: &PodInfo) -> Option<String> {
        self.profile.enabled().find_map(|(_, p)| p.pre_enqueue(pod))
    }

    /// A pod that is not in the files, compiled.
    pub fn compile(&mut self, pod: &Arc<Pod>) -> Arc<PodInfo> {
        self.cache.pod_info(pod)
    }

    /// Decides about a pod and places it, without a record of why: what the scheduler does when nobody looks. None if nothing fits.
    pub fn place(&mut self, pod: &Arc<PodInfo>) -> Option<Name> {
        let Decided::Node(ix) = self.outcome(pod).decided else { return None };
        let node = self.cache.node(ix).name().clone();
        self.cache.put_pod(pod, &node);
        Some(node)
    }

    /// Decides about a pod and lets the cluster move on as it would until the next cycle: the pod is placed, or nominated; its victims are
    /// still there, as they end in their own time.
    pub fn advance(&mut self, pod: &Arc<PodInfo>) -> Decision {
        let (outcome, decision) = self.decide(pod);
        self.cache.forget_nomination(pod.uid());
        match (outcome.decided, outcome.preemption) {
            (Decided::Node(ix), _) => {
                let node: Name = self.cache.node(ix).name().clone();
                for chosen in to_bind(pod, &self.cache, self.cache.node(ix)) {
                    assume(&mut self.cache.objects, &chosen, &node);
                }
                self.cache.put_pod(pod, &node);
            }
            (_, Some(candidate)) => {
                let node: Name = self.cache.node(candidate.node).name().clone();
                self.cache.nominate(pod, &node);
            }
            _ => {}
        }
        decision
    }
}

/// The labels of a namespace, and the one of its name (pkg/apis/core/v1/defaults.go).
fn label_namespace<'a>(cache: &mut Cache, name: &'a str, labels: impl Iterator<Item = (&'a str, &'a str)>) {
    const NAME_LABEL: &str = "kubernetes.io/metadata.name";
    let labels = cache.symbols.label_set(labels.filter(|(k, _)| *k != NAME_LABEL).chain([(NAME_LABEL, name)]));
    let name = cache.symbols.sym(name);
    cache.indexes.set_namespace(name, Some(labels));
}

/// What the API server would have written into the pod: a uid, and tolerations of unready and unreachable nodes
/// (plugin/pkg/admission/defaulttolerationseconds).
fn admitted(pod: &Arc<Pod>, n: usize) -> Arc<Pod> {
    let tolerations = || pod.spec.tolerations.iter().flatten();
    let missing: Vec<&str> = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        .into_iter()
        .filter(|key| {
            let all = |text: &Option<String>, wanted: &str| text.as_deref().is_none_or(|t| t.is_empty() || t == wanted);
            !tolerations().any(|t| all(&t.key, key) && all(&t.effect, "NoExecute"))
        })
        .collect();
    let waits = pod.node.is_none() && !missing.is_empty();
    if !pod.meta.uid.is_empty() && !waits {
        return pod.clone();
    }
    let mut pod = Pod::clone(pod);
    if pod.meta.uid.is_empty() {
        pod.meta.uid = format!("file-{n}").into();
    }
    if waits {
        let added = missing.iter().map(|key| Toleration {
            key: Some(key.to_string()),
            operator: Some("Exists".into()),
            effect: Some("NoExecute".into()),
            toleration_seconds: Some(300),
            value: None,
        });
        Arc::make_mut(&mut pod.spec).tolerations.get_or_insert_default().extend(added);
    }
    Arc::new(pod)
}
