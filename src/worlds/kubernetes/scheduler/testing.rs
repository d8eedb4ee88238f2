//! Small pods and nodes for the tests of this folder.
use std::sync::Arc;

use serde_json::{Value, json};

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::meta::Meta;
use crate::worlds::kubernetes::api::object::{Object, Pod};
use crate::worlds::kubernetes::kinds;

use super::cache::Cache;
use super::pod::PodInfo;

/// An object from JSON.
pub fn object(value: Value) -> Object {
    kinds::from_json(&value).expect("a valid object")
}

pub fn info_of(pod: Pod) -> Arc<PodInfo> {
    Cache::default().pod_info(&Arc::new(pod))
}

fn pod(name: &str, priority: i32) -> Pod {
    let value = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default"},
        "spec": {"priority": priority, "containers": [{"name": "c", "image": "x"}]}});
    let Object::Pod(pod) = object(value) else { panic!("a pod") };
    let mut pod = Pod::clone(&pod);
    pod.meta = Meta { uid: name.into(), ..pod.meta };
    pod
}

/// A pod with this name and priority.
pub fn named(name: &str, priority: i32) -> Arc<PodInfo> {
    info_of(pod(name, priority))
}

/// A running pod.
pub fn pod_info(priority: i32, started: SimTime) -> Arc<PodInfo> {
    let mut p = pod("p", priority);
    p.status.start_time = Some(started);
    info_of(p)
}
