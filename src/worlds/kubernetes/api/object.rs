//! The objects of the API. What users write keeps the official types (`k8s-openapi`) behind shared pointers; what lives in large
//! numbers (pods, nodes, endpoints, leases, events) is compact and put together into full API objects at the edge (`kinds/`).

use std::sync::Arc;

use k8s_openapi::api::apps::v1 as apps;
use k8s_openapi::api::core::v1 as core;
use serde_json::Value;

use crate::kernel::{ObjectRef, SimTime};

use super::meta::{Key, Meta, Name};
use crate::worlds::kubernetes::kinds::Kind;

/// Any object, cheap to clone. One variant per kind that components handle in their own types; every other kind is `Generic`.
#[derive(Clone, Debug, PartialEq)]
pub enum Object {
    Pod(Arc<Pod>),
    Node(Arc<Node>),
    ReplicaSet(Arc<ReplicaSet>),
    Deployment(Arc<Deployment>),
    Service(Arc<Service>),
    EndpointSlice(Arc<EndpointSlice>),
    Lease(Arc<Lease>),
    Event(Arc<Event>),
    Namespace(Arc<Namespace>),
    Generic(Arc<Generic>),
}

/// `v1/Pod`
#[derive(Clone, Debug)]
pub struct Pod {
    pub meta: Meta,
    /// As admitted, without `nodeName`; pods of one template share it.
    pub spec: Arc<core::PodSpec>,
    /// `spec.nodeName`
    pub node: Option<Name>,
    pub status: PodStatus,
}

impl PartialEq for Pod {
    /// Specs are large and shared: the same pointer is the same spec.
    fn eq(&self, other: &Self) -> bool {
        self.meta == other.meta
            && self.node == other.node
            && self.status == other.status
            && (Arc::ptr_eq(&self.spec, &other.spec) || self.spec == other.spec)
    }
}

/// `status` of a pod.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PodStatus {
    pub phase: PodPhase,
    pub conditions: Vec<Condition>,
    pub init_containers: Vec<ContainerStatus>,
    pub containers: Vec<ContainerStatus>,
    pub pod_ip: Option<Name>,
    pub host_ip: Option<Name>,
    pub start_time: Option<SimTime>,
    pub reason: Option<Name>,
    pub message: Option<Name>,
    /// Set at creation, never changes.
    pub qos: Qos,
    pub nominated_node: Option<Name>,
    pub observed_generation: i64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum PodPhase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
    Unknown,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Qos {
    Guaranteed,
    Burstable,
    #[default]
    BestEffort,
}

/// One of `conditions` (pods, nodes).
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    pub kind: Name,
    pub status: Tri,
    pub reason: Option<Name>,
    pub message: Option<Name>,
    pub last_transition: SimTime,
    /// Nodes: `lastHeartbeatTime`.
    pub last_heartbeat: Option<SimTime>,
    /// Pods since 1.34: the generation this condition speaks of.
    pub observed_generation: Option<i64>,
}

/// True, False, Unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tri {
    True,
    False,
    Unknown,
}

/// `containerStatuses[]`
#[derive(Clone, Debug, PartialEq)]
pub struct ContainerStatus {
    pub name: Name,
    pub image: Name,
    pub image_id: Name,
    pub container_id: Option<Name>,
    pub ready: bool,
    pub started: Option<bool>,
    pub restart_count: u32,
    pub state: ContainerState,
    pub last_state: Option<Terminated>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ContainerState {
    Waiting { reason: Name, message: Option<Name> },
    Running { started_at: SimTime },
    Terminated(Terminated),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Terminated {
    pub exit_code: i32,
    pub signal: Option<i32>,
    /// `Completed`, `Error`, `OOMKilled`, `ContainerStatusUnknown`, …
    pub reason: Name,
    pub message: Option<Name>,
    pub started_at: Option<SimTime>,
    pub finished_at: Option<SimTime>,
    pub container_id: Option<Name>,
}

/// `v1/Node`
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub meta: Meta,
    pub unschedulable: bool,
    pub taints: Arc<Vec<Taint>>,
    pub pod_cidr: Option<Name>,
    pub provider_id: Option<Name>,
    /// Resource name → quantity as written (`4`, `16Gi`, `110`).
    pub capacity: Arc<Vec<(Name, Name)>>,
    pub allocatable: Arc<Vec<(Name, Name)>>,
    pub conditions: Vec<Condition>,
    /// (type, address): `InternalIP`, `Hostname`.
    pub addresses: Arc<Vec<(Name, Name)>>,
    /// Images on its disk, as the kubelet reports them: names and bytes.
    pub images: Arc<Vec<NodeImage>>,
    /// `status.declaredFeatures`: what its kubelet can do beyond what every kubelet can. Ours declares nothing.
    pub declared: Arc<[Name]>,
    /// `status.nodeInfo`, as printed by `get nodes -o wide` and `describe`.
    pub info: Arc<core::NodeSystemInfo>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeImage {
    pub names: Vec<Name>,
    pub bytes: i64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taint {
    pub key: Name,
    pub value: Name,
    pub effect: TaintEffect,
    pub time_added: Option<SimTime>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TaintEffect {
    NoSchedule,
    PreferNoSchedule,
    NoExecute,
}

/// `apps/v1/ReplicaSet`
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicaSet {
    pub meta: Meta,
    pub spec: Arc<apps::ReplicaSetSpec>,
    /// The template's pod spec as pods share it (`spec.template.spec`).
    pub pod_spec: Arc<core::PodSpec>,
    pub replicas: i32,
    pub status: apps::ReplicaSetStatus,
}

/// `apps/v1/Deployment`
#[derive(Clone, Debug, PartialEq)]
pub struct Deployment {
    pub meta: Meta,
    pub spec: Arc<apps::DeploymentSpec>,
    pub status: apps::DeploymentStatus,
}

/// `v1/Service`
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub meta: Meta,
    pub spec: Arc<core::ServiceSpec>,
    pub status: core::ServiceStatus,
}

/// `discovery.k8s.io/v1/EndpointSlice`
#[derive(Clone, Debug, PartialEq)]
pub struct EndpointSlice {
    pub meta: Meta,
    pub address_type: Name,
    /// (name, port, protocol)
    pub ports: Arc<Vec<(Name, i32, Name)>>,
    pub endpoints: Vec<Endpoint>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Endpoint {
    pub address: Name,
    pub ready: bool,
    pub serving: bool,
    pub terminating: bool,
    pub node: Option<Name>,
    pub zone: Option<Name>,
    /// The pod behind it: key and uid.
    pub target: Option<(Key, Name)>,
}

/// `coordination.k8s.io/v1/Lease`
#[derive(Clone, Debug, PartialEq)]
pub struct Lease {
    pub meta: Meta,
    pub holder: Name,
    pub duration_s: i32,
    /// Unset on node leases: the kubelet does not write it.
    pub acquire: Option<SimTime>,
    pub renew: SimTime,
}

/// `v1/Event`
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub meta: Meta,
    pub about: ObjectRef,
    pub about_uid: Name,
    /// `spec.containers{web}` or empty.
    pub field_path: Name,
    pub warning: bool,
    pub reason: Name,
    pub message: Name,
    /// The reporting component and host.
    pub component: Name,
    pub host: Name,
    pub count: u32,
    pub first: SimTime,
    pub last: SimTime,
    /// Written through the events.k8s.io API (scheduler): no count is shown.
    pub series: bool,
}

/// `v1/Namespace`
#[derive(Clone, Debug, PartialEq)]
pub struct Namespace {
    pub meta: Meta,
    pub terminating: bool,
}

/// Any other kind, as JSON without `metadata`, `apiVersion` and `kind`.
#[derive(Clone, Debug, PartialEq)]
pub struct Generic {
    pub kind: Kind,
    pub meta: Meta,
    pub body: Arc<Value>,
}

macro_rules! each {
    ($self:expr, $o:ident => $e:expr) => {
        match $self {
            Object::Pod($o) => $e,
            Object::Node($o) => $e,
            Object::ReplicaSet($o) => $e,
            Object::Deployment($o) => $e,
            Object::Service($o) => $e,
            Object::EndpointSlice($o) => $e,
            Object::Lease($o) => $e,
            Object::Event($o) => $e,
            Object::Namespace($o) => $e,
            Object::Generic($o) => $e,
        }
    };
}

impl Object {
    pub fn meta(&self) -> &Meta {
        each!(self, o => &o.meta)
    }
    /// The metadata for changing; copies the object if it is shared.
    pub fn meta_mut(&mut self) -> &mut Meta {
        each!(self, o => &mut Arc::make_mut(o).meta)
    }
    pub fn kind(&self) -> Kind {
        match self {
            Self::Pod(_) => Kind::Pod,
            Self::Node(_) => Kind::Node,
            Self::ReplicaSet(_) => Kind::ReplicaSet,
            Self::Deployment(_) => Kind::Deployment,
            Self::Service(_) => Kind::Service,
            Self::EndpointSlice(_) => Kind::EndpointSlice,
            Self::Lease(_) => Kind::Lease,
            Self::Event(_) => Kind::Event,
            Self::Namespace(_) => Kind::Namespace,
            Self::Generic(g) => g.kind,
        }
    }
    pub fn key(&self) -> Key {
        self.meta().key()
    }
    /// How the journal names it.
    pub fn reference(&self) -> ObjectRef {
        let m = self.meta();
        ObjectRef::new(self.kind().info().kind, m.namespace.clone(), m.name.clone())
    }
}

macro_rules! typed {
    ($($t:ident),*) => {$(
        impl From<$t> for Object {
            fn from(o: $t) -> Self { Object::$t(Arc::new(o)) }
        }
        impl Typed for $t {
            const KIND: Kind = Kind::$t;
            fn of(o: &Object) -> Option<&Arc<Self>> { if let Object::$t(x) = o { Some(x) } else { None } }
        }
    )*};
}
typed!(Pod, Node, ReplicaSet, Deployment, Service, EndpointSlice, Lease, Event, Namespace);

impl From<Generic> for Object {
    fn from(o: Generic) -> Self {
        Object::Generic(Arc::new(o))
    }
}

/// Kinds with a type of their own.
pub trait Typed: Sized {
    const KIND: Kind;
    fn of(o: &Object) -> Option<&Arc<Self>>;
}

impl PodStatus {
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| &*c.kind == kind)
    }
    /// Condition `Ready` is True.
    pub fn is_ready(&self) -> bool {
        self.condition("Ready").is_some_and(|c| c.status == Tri::True)
    }
}

impl Pod {
    /// Neither finished nor being deleted (pkg/controller/controller_utils.go, IsPodActive).
    pub fn is_active(&self) -> bool {
        !self.is_finished() && !self.meta.is_deleting()
    }
    /// Succeeded or Failed.
    pub fn is_finished(&self) -> bool {
        matches!(self.status.phase, PodPhase::Succeeded | PodPhase::Failed)
    }
    pub fn is_ready(&self) -> bool {
        self.status.is_ready()
    }
    /// Ready for at least `min_ready_s`.
    pub fn is_available(&self, min_ready_s: i32, now: SimTime) -> bool {
        self.status.condition("Ready").is_some_and(|c| {
            c.status == Tri::True
                && (min_ready_s <= 0 || c.last_transition + crate::kernel::SimDuration::from_secs(min_ready_s as u64) <= now)
        })
    }
}

impl Node {
    /// A node of which nothing but the name is known.
    pub fn named(name: Name) -> Self {
        Self {
            meta: Meta { name, ..Meta::default() },
            unschedulable: false,
            taints: Arc::default(),
            pod_cidr: None,
            provider_id: None,
            capacity: Arc::default(),
            allocatable: Arc::default(),
            conditions: Vec::new(),
            addresses: Arc::default(),
            images: Arc::default(),
            declared: Arc::default(),
            info: Arc::default(),
        }
    }
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions.iter().find(|c| &*c.kind == kind)
    }
    /// The allocatable quantity of a resource, as written.
    pub fn allocatable(&self, resource: &str) -> Option<&str> {
        self.allocatable.iter().find(|(k, _)| &**k == resource).map(|(_, v)| &**v)
    }
}
