//! `kubectl describe`: one function per kind, and a generic one for the rest. Follows: kubectl/pkg/describe/describe.go.

mod configuration;
mod containers;
mod events;
mod generic;
mod network;
mod node;
mod pod;
mod scaling;
mod storage;
mod volumes;
mod workloads;

use serde_json::Value;

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::Api;
use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::kinds::{self, Kind};

use super::print::{age, tabs};
use super::shell::{Item, text_at};

pub(super) use containers::pod_template;

/// Where a description takes its facts from.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub api: &'a Api,
    pub now: SimTime,
    pub events: bool,
}

impl<'a> Scene<'a> {
    pub fn new(api: &'a Api, now: SimTime) -> Self {
        Self { api, now, events: true }
    }
    fn item(&self, object: &Object) -> Item {
        Item { kind: object.kind(), object: object.clone(), json: kinds::to_json_at(object, self.api.epoch) }
    }
    fn list(&self, kind: Kind, namespace: &str) -> Vec<Item> {
        match kind.info().namespaced && !namespace.is_empty() {
            true => self.api.store.namespaced(kind, namespace).map(|o| self.item(o)).collect(),
            false => self.api.store.list(kind).map(|o| self.item(o)).collect(),
        }
    }
    /// Age of a timestamp.
    fn age(&self, timestamp: &str) -> String {
        age::since(timestamp, self.now, self.api.epoch)
    }
}

/// Text with tabs, in parts that are laid out separately.
#[derive(Debug, Default)]
pub(super) struct Writer {
    done: String,
    pending: String,
}

impl Writer {
    /// A line, indented by so many levels of two spaces.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.pending.extend(std::iter::repeat_n(' ', level * 2));
        self.pending.push_str(text.as_ref());
        self.pending.push('\n');
    }
    /// `Name:\tvalue`
    pub fn field(&mut self, level: usize, name: &str, value: impl AsRef<str>) {
        self.line(level, format!("{name}:\t{}", value.as_ref()));
    }
    /// The same if the value is not empty.
    pub fn some(&mut self, level: usize, name: &str, value: impl AsRef<str>) {
        if !value.as_ref().is_empty() {
            self.field(level, name, value);
        }
    }
    /// What follows gets columns of its own.
    pub fn flush(&mut self) {
        let text = std::mem::take(&mut self.pending);
        if !text.is_empty() {
            self.done.push_str(&tabs::layout(&text, tabs::DESCRIBE));
        }
    }
    pub fn finish(mut self) -> String {
        self.flush();
        self.done
    }
    /// The text with its tabs.
    pub fn raw(self) -> String {
        self.pending
    }
}

pub(super) type Describe = fn(&mut Writer, &Scene, &Item);

/// The kinds that are described in a way of their own.
const TABLE: &[(&[Kind], Describe)] = &[
    (&[Kind::Pod], pod::pod),
    (&[Kind::Node], node::node),
    (&[Kind::Deployment], workloads::deployment),
    (&[Kind::ReplicaSet, Kind::ReplicationController], workloads::replica_set),
    (&[Kind::StatefulSet], workloads::stateful_set),
    (&[Kind::DaemonSet], workloads::daemon_set),
    (&[Kind::Job], workloads::job),
    (&[Kind::CronJob], workloads::cron_job),
    (&[Kind::Service], network::service),
    (&[Kind::Ingress], network::ingress),
    (&[Kind::IngressClass], network::ingress_class),
    (&[Kind::NetworkPolicy], network::network_policy),
    (&[Kind::EndpointSlice], network::endpoint_slice),
    (&[Kind::Endpoints], network::endpoints),
    (&[Kind::HorizontalPodAutoscaler], scaling::autoscaler),
    (&[Kind::PodDisruptionBudget], scaling::budget),
    (&[Kind::PriorityClass], scaling::priority_class),
    (&[Kind::Namespace], configuration::namespace),
    (&[Kind::ConfigMap], configuration::config_map),
    (&[Kind::Secret], configuration::secret),
    (&[Kind::ResourceQuota], configuration::quota),
    (&[Kind::LimitRange], configuration::limit_range),
    (&[Kind::ServiceAccount], configuration::service_account),
    (&[Kind::Role, Kind::ClusterRole], configuration::role),
    (&[Kind::RoleBinding, Kind::ClusterRoleBinding], configuration::role_binding),
    (&[Kind::PersistentVolumeClaim], storage::claim),
    (&[Kind::PersistentVolume], storage::volume),
    (&[Kind::StorageClass], storage::class),
];

/// The whole description of one object.
pub(super) fn describe(scene: &Scene, object: &Object) -> String {
    let item = scene.item(object);
    let mut w = Writer::default();
    match TABLE.iter().find(|(kinds, _)| kinds.contains(&item.kind)) {
        Some((_, f)) => f(&mut w, scene, &item),
        None => generic::generic(&mut w, scene, &item),
    }
    w.finish()
}

/// A map of texts, one pair a line. Follows printLabelsMultiline.
fn labels(w: &mut Writer, level: usize, title: &str, map: &Value) {
    let mut pairs: Vec<String> =
        map.as_object().into_iter().flatten().map(|(k, v)| format!("{k}={}", v.as_str().unwrap_or_default())).collect();
    pairs.sort();
    if pairs.is_empty() {
        w.field(level, title, "<none>");
    }
    for (i, p) in pairs.iter().enumerate() {
        if i == 0 {
            w.field(level, title, p);
        } else {
            w.line(level, format!("\t{p}"));
        }
    }
}

/// Annotations that describe does not show (describe.go, skipAnnotations).
const SKIPPED: &[&str] = &["kubectl.kubernetes.io/last-applied-configuration"];

/// Annotations; long ones stand on lines of their own. Follows printAnnotationsMultiline.
fn annotations(w: &mut Writer, level: usize, title: &str, map: &Value) {
    let mut pairs: Vec<(&str, &str)> =
        map.as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v.as_str().unwrap_or_default())).collect();
    pairs.sort_unstable();
    let shown: Vec<_> = pairs.into_iter().filter(|(k, _)| !SKIPPED.contains(k)).collect();
    if shown.is_empty() {
        w.field(level, title, "<none>");
    }
    for (i, (k, v)) in shown.into_iter().enumerate() {
        let head = if i == 0 { format!("{title}:\t") } else { "\t".to_string() };
        let value = v.strip_suffix('\n').unwrap_or(v);
        // maxAnnotationLen
        if value.len() + k.len() + 2 < 140 && !value.contains('\n') {
            w.line(level, format!("{head}{k}: {value}"));
        } else {
            w.line(level, format!("{head}{k}:"));
            for line in value.split('\n') {
                let short: String = line.chars().take(140).collect();
                let dots = if short.len() < line.len() { "..." } else { "" };
                w.line(level, format!("\t  {short}{dots}"));
            }
        }
    }
}

fn none_if_empty(text: &str) -> &str {
    if text.is_empty() { "<none>" } else { text }
}

/// `Name`, `Namespace`, labels and annotations.
fn head(w: &mut Writer, item: &Item) {
    w.field(0, "Name", item.name());
    if item.kind.info().namespaced {
        w.field(0, "Namespace", item.namespace());
    }
    labels(w, 0, "Labels", &item.json["metadata"]["labels"]);
    annotations(w, 0, "Annotations", &item.json["metadata"]["annotations"]);
}

/// `Kind/name` of the managing owner.
fn controlled_by(item: &Item) -> String {
    item.object.meta().controller().map_or(String::new(), |c| format!("{}/{}", c.kind, c.name))
}

fn created(item: &Item) -> String {
    age::long(text_at(&item.json, "metadata.creationTimestamp"))
}
