//! What an expression can ask: every fact by name, with its arguments, so that `check` knows them without running anything.

use serde_json::Value as Json;

/// Answers facts during a run; the session implements it.
pub trait Facts {
    /// A fact of a world (`kubernetes`, `docker`), or of the lab (None).
    ///
    /// Arguments are JSON strings; a window `last('1m')` arrives as `{"last": 60.0}` (seconds). The answer follows [`FactInfo::returns`]:
    /// durations as seconds, or null for "never happened"; ratios as 0–1; collections as lists of flat objects.
    ///
    /// # Errors
    /// A sentence for people.
    fn call(&self, world: Option<&str>, name: &str, args: &[Json]) -> Result<Json, String>;

    /// The world takes no part in this run, though the scenario has it: there is nothing to tell of it.
    fn absent(&self, _world: &str) -> bool {
        false
    }

    /// What the fact can still become until the end of the run.
    fn still(&self, _world: Option<&str>, _name: &str, _args: &[Json]) -> Still {
        Still::Open
    }
}

/// What a fact can still become.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Still {
    /// It stays as it is.
    Final,
    /// A count that only grows, or a duration (in seconds) that is not over: not less than this.
    AtLeast(f64),
    /// Anything.
    Open,
}

/// Where a fact lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every world: `docker.availability`.
    Worlds,
    /// In one world only.
    World(&'static str),
    /// Stands alone: `now`.
    Lab,
}

/// What an argument names; literals are checked against the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// `kind/name`: `deployment/shop`, `pod/web-1`; in the docker world also a bare name of a service or container (`shop`, `shop-1`).
    Object,
    /// The `id` of a fault of the timeline.
    Fault,
    /// The name of a traffic stream.
    Stream,
    /// `last('1m')`.
    Window,
    /// The `id` of a question of the timeline.
    Question,
    /// The `id` of any entry of the timeline.
    Entry,
    Text,
}

/// What comes back, and thereby how it is compared and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    Bool,
    /// A whole number.
    Int,
    Number,
    /// 0–1, printed as a percentage.
    Ratio,
    /// Seconds in JSON; null = never.
    Duration,
    Text,
    /// A list of flat objects.
    List,
    Window,
    Any,
}

/// One fact.
#[derive(Debug)]
pub struct FactInfo {
    pub name: &'static str,
    pub scope: Scope,
    /// All parameters; those from `required` on may be left out.
    pub params: &'static [Param],
    pub required: usize,
    pub returns: Type,
    /// One line for help and documentation.
    pub about: &'static str,
}

const fn fact(name: &'static str, scope: Scope, params: &'static [Param], required: usize, returns: Type, about: &'static str) -> FactInfo {
    FactInfo { name, scope, params, required, returns, about }
}

use Param::{Entry, Fault, Object, Question, Stream, Text, Window};
use Scope::{Lab, World, Worlds};

const KUBERNETES: Scope = World("kubernetes");
const DOCKER: Scope = World("docker");

/// Every fact there is. Facts without required arguments can be written as properties: `docker.availability`.
pub const FACTS: &[FactInfo] = &[
    fact("availability", Worlds, &[Stream, Window], 0, Type::Ratio, "share of answered requests: ok / (ok + failed)"),
    fact("sent", Worlds, &[Stream, Window], 0, Type::Int, "requests sent"),
    fact("ok", Worlds, &[Stream, Window], 0, Type::Int, "requests answered well"),
    fact("failed", Worlds, &[Stream, Window], 0, Type::Int, "requests that failed"),
    fact("in_flight", Worlds, &[Stream], 0, Type::Int, "requests whose outcome is not known yet"),
    fact("downtime_s", Worlds, &[], 0, Type::Int, "seconds in which more than half of the requests failed"),
    fact("impaired_s", Worlds, &[], 0, Type::Int, "seconds in which any request failed"),
    fact("longest_outage_s", Worlds, &[], 0, Type::Int, "the longest run of seconds with failing requests"),
    fact("p50_ms", Worlds, &[], 0, Type::Number, "median latency in milliseconds"),
    fact("p99_ms", Worlds, &[], 0, Type::Number, "99th percentile of latency in milliseconds"),
    fact("manual_actions", Worlds, &[], 0, Type::Int, "commands that people typed or the operator carried out"),
    fact("detected_after", Worlds, &[Fault], 1, Type::Duration, "from the fault to the first reaction of this world"),
    fact("recovered_after", Worlds, &[Fault], 1, Type::Duration, "from the fault until everything declared serves again"),
    fact("declared", Worlds, &[], 0, Type::Int, "copies declared over the whole app"),
    fact("serving", Worlds, &[], 0, Type::Int, "copies that can serve right now"),
    fact("settled", Worlds, &[], 0, Type::Bool, "no controller has anything left to do"),
    fact("happened", Worlds, &[Text, Text], 1, Type::Int, "journal records with this reason so far, by anyone or by this actor"),
    fact(
        "happened_after",
        Worlds,
        &[Entry, Text],
        2,
        Type::Duration,
        "from a timeline entry to the first record with this reason after it",
    ),
    fact("lowest", Worlds, &[Object, Text, Entry], 3, Type::Int, "the smallest value of a field of this object from a timeline entry on"),
    fact("highest", Worlds, &[Object, Text, Entry], 3, Type::Int, "the largest value of a field of this object from a timeline entry on"),
    fact("output", Worlds, &[Entry], 1, Type::Text, "what the command of a timeline entry printed"),
    fact("exit_status", Worlds, &[Entry], 1, Type::Int, "the exit status of the command of a timeline entry"),
    fact("ready", Worlds, &[Object], 1, Type::Int, "copies of this object that are ready"),
    fact("replicas", Worlds, &[Object], 1, Type::Int, "copies this object wants"),
    fact("restarts", Worlds, &[Object], 1, Type::Int, "restarts of this object's copies"),
    fact(
        "last_exit_code",
        Worlds,
        &[Object],
        1,
        Type::Int,
        "the exit code with which a copy of this object ended last, though it runs again; -1 if none has",
    ),
    fact("exists", Worlds, &[Object], 1, Type::Bool, "the object is there"),
    fact("deleted", Worlds, &[Object], 1, Type::Bool, "somebody deleted the object during the run"),
    fact("uid", Worlds, &[Object], 1, Type::Text, "the object's uid or container id"),
    fact("same_uid", Worlds, &[Object], 1, Type::Bool, "it is still the object that was there at the start"),
    fact("image", Worlds, &[Object], 1, Type::Text, "the image it runs"),
    fact("hosts", Worlds, &[], 0, Type::List, "machines: name, status, zone"),
    fact("updated", KUBERNETES, &[Object], 1, Type::Int, "copies of a Deployment that run its present template"),
    fact("available", KUBERNETES, &[Object], 1, Type::Int, "copies that have been ready for minReadySeconds"),
    fact("endpoints", KUBERNETES, &[Object], 1, Type::Int, "ready endpoints of a Service"),
    fact("revision", KUBERNETES, &[Object], 1, Type::Int, "the revision of a Deployment or ReplicaSet"),
    fact(
        "condition",
        KUBERNETES,
        &[Object, Text],
        2,
        Type::Text,
        "the status of a condition of this type: True, False, Unknown or nothing",
    ),
    fact(
        "pods",
        KUBERNETES,
        &[],
        0,
        Type::List,
        "pods: name, namespace, app, node, phase, reason, ready, restarts, ip, terminating, image",
    ),
    fact("nodes", KUBERNETES, &[], 0, Type::List, "nodes: name, ready, status, zone, taints, unschedulable, pods"),
    fact(
        "deployments",
        KUBERNETES,
        &[],
        0,
        Type::List,
        "Deployments: name, namespace, replicas, ready, updated, available, image, revision",
    ),
    fact("services", KUBERNETES, &[], 0, Type::List, "Services: name, namespace, type, cluster_ip, external_ip, endpoints"),
    fact("events", KUBERNETES, &[], 0, Type::List, "Events: reason, message, count, type, kind, object, component, age_s"),
    fact("running", DOCKER, &[Object], 1, Type::Int, "containers of this service or name that run"),
    fact("status", DOCKER, &[Object], 1, Type::Text, "the state of a container: created, running, exited, gone"),
    fact("health", DOCKER, &[Object], 1, Type::Text, "the health of a container: none, starting, healthy, unhealthy"),
    fact("exit_code", DOCKER, &[Object], 1, Type::Int, "the exit code of a container"),
    fact("oom_killed", DOCKER, &[Object], 1, Type::Bool, "the kernel killed it at its memory limit"),
    fact("containers", DOCKER, &[], 0, Type::List, "containers: name, host, service, state, health, restarts, exit_code, image"),
    fact("images", DOCKER, &[], 0, Type::List, "images on the hosts: host, name, size"),
    fact("volumes", DOCKER, &[], 0, Type::List, "volumes on the hosts: host, name, bytes"),
    fact("proxy_backends", DOCKER, &[], 0, Type::List, "the hosts behind the proxy: host, up"),
    fact("same_uid", Lab, &[Object], 1, Type::Bool, "as kubernetes.same_uid"),
    fact("now", Lab, &[], 0, Type::Duration, "virtual time since the start"),
    fact("answered_right", Lab, &[Question], 1, Type::Bool, "the person's prediction was right"),
];

/// The worlds an expression can name.
pub const WORLDS: &[&str] = &["docker", "kubernetes"];

impl FactInfo {
    /// The fact of this name in a world, or in the lab for None.
    pub fn find(world: Option<&str>, name: &str) -> Option<&'static Self> {
        FACTS.iter().find(|f| f.name == name && f.is_in(world))
    }

    pub fn is_in(&self, world: Option<&str>) -> bool {
        match (self.scope, world) {
            (Scope::Lab, None) | (Scope::Worlds, Some(_)) => true,
            (Scope::World(here), Some(world)) => here == world,
            _ => false,
        }
    }

    /// `failed(stream, last)`: for error messages and help.
    pub fn signature(&self) -> String {
        if self.params.is_empty() {
            return self.name.to_string();
        }
        let word = |p: &Param| match p {
            Param::Object => "'kind/name'",
            Param::Fault => "'fault id'",
            Param::Stream => "'stream'",
            Param::Window => "last('1m')",
            Param::Question => "'question id'",
            Param::Entry => "'entry id'",
            Param::Text => "'text'",
        };
        let words: Vec<String> = self
            .params
            .iter()
            .enumerate()
            .map(|(i, p)| if i < self.required { word(p).into() } else { format!("[{}]", word(p)) })
            .collect();
        format!("{}({})", self.name, words.join(", "))
    }
}
