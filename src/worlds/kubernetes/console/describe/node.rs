//! `describe node`

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::quantity::parse_milli;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::kinds::Kind;

use super::super::print::{age, cells_cluster};
use super::super::shell::{Item, list_at, plain, text_at};
use super::{Scene, Writer, annotations, containers, created, events, labels};

pub(super) fn node(w: &mut Writer, scene: &Scene, item: &Item) {
    let v = &item.json;
    let (spec, status) = (&v["spec"], &v["status"]);
    w.field(0, "Name", item.name());
    w.field(0, "Roles", cells_cluster::roles(v));
    labels(w, 0, "Labels", &v["metadata"]["labels"]);
    annotations(w, 0, "Annotations", &v["metadata"]["annotations"]);
    w.field(0, "CreationTimestamp", created(item));
    taints(w, spec);
    w.field(0, "Unschedulable", spec["unschedulable"].as_bool().unwrap_or(false).to_string());
    lease(w, scene, item);
    let conditions = list_at(status, "conditions");
    if !conditions.is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for c in conditions {
            let (beat, turn) = (age::long(text_at(c, "lastHeartbeatTime")), age::long(text_at(c, "lastTransitionTime")));
            let text = |k: &str| text_at(c, k);
            w.line(1, format!("{} \t{} \t{beat} \t{turn} \t{} \t{}", text("type"), text("status"), text("reason"), text("message")));
        }
    }
    w.line(0, "Addresses:");
    for a in list_at(status, "addresses") {
        w.field(1, text_at(a, "type"), text_at(a, "address"));
    }
    for (title, field) in [("Capacity", "capacity"), ("Allocatable", "allocatable")] {
        let list = containers::quantities(&status[field]);
        if !list.is_empty() {
            w.line(0, format!("{title}:"));
            for (k, q) in list {
                w.field(1, &k, q);
            }
        }
    }
    w.line(0, "System Info:");
    for (title, field) in [
        ("Machine ID", "machineID"),
        ("System UUID", "systemUUID"),
        ("Boot ID", "bootID"),
        ("Kernel Version", "kernelVersion"),
        ("OS Image", "osImage"),
        ("Operating System", "operatingSystem"),
        ("Architecture", "architecture"),
        ("Container Runtime Version", "containerRuntimeVersion"),
        ("Kubelet Version", "kubeletVersion"),
        ("Kube-Proxy Version", "kubeProxyVersion"),
    ] {
        w.field(1, title, text_at(&status["nodeInfo"], field));
    }
    w.some(0, "PodCIDR", text_at(spec, "podCIDR"));
    w.some(0, "PodCIDRs", list_at(spec, "podCIDRs").iter().map(plain).collect::<Vec<_>>().join(","));
    w.some(0, "ProviderID", text_at(spec, "providerID"));
    resources(w, scene, item);
    events::events(w, scene, item);
}

fn taints(w: &mut Writer, spec: &Value) {
    let mut list: Vec<String> = list_at(spec, "taints")
        .iter()
        .map(|t| match text_at(t, "value") {
            "" => format!("{}:{}", text_at(t, "key"), text_at(t, "effect")),
            v => format!("{}={v}:{}", text_at(t, "key"), text_at(t, "effect")),
        })
        .collect();
    // printTaintsMultilineWithIndent: by key and effect.
    list.sort();
    if list.is_empty() {
        w.field(0, "Taints", "<none>");
    }
    for (i, t) in list.iter().enumerate() {
        if i == 0 {
            w.field(0, "Taints", t);
        } else {
            w.line(0, format!("\t{t}"));
        }
    }
}

fn lease(w: &mut Writer, scene: &Scene, item: &Item) {
    let Some(lease) = scene.api.store.get(Kind::Lease, &Key::new("kube-node-lease", item.name())) else {
        w.field(0, "Lease", format!("Failed to get lease: leases.coordination.k8s.io \"{}\" not found", item.name()));
        return;
    };
    let spec = &scene.item(lease).json["spec"];
    let or_unset = |t: String| if t.is_empty() { "<unset>".to_string() } else { t };
    let time = |k: &str| if text_at(spec, k).is_empty() { String::new() } else { age::long(text_at(spec, k)) };
    w.line(0, "Lease:");
    w.field(1, "HolderIdentity", or_unset(text_at(spec, "holderIdentity").to_string()));
    w.field(1, "AcquireTime", or_unset(time("acquireTime")));
    w.field(1, "RenewTime", or_unset(time("renewTime")));
}

/// Amounts in thousandths, with the form in which they are printed.
#[derive(Clone, Copy, Debug, Default)]
struct Amount {
    milli: i128,
    binary: bool,
}

impl Amount {
    fn parse(text: &str) -> Self {
        Self { milli: parse_milli(text).unwrap_or(0), binary: text.ends_with('i') }
    }
    /// A sum keeps the form of its first part that is not zero (Quantity.Add).
    fn add(&mut self, other: Self) {
        if self.milli == 0 {
            self.binary = other.binary;
        }
        self.milli += other.milli;
    }
    fn max(self, other: Self) -> Self {
        if other.milli > self.milli { other } else { self }
    }
}

/// Quantity.CanonicalizeBytes
impl std::fmt::Display for Amount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const BINARY: &[&str] = &["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
        const DECIMAL: &[&str] = &["", "k", "M", "G", "T", "P", "E"];
        if self.milli % 1000 != 0 {
            return write!(f, "{}m", self.milli);
        }
        let (mut n, mut step) = (self.milli / 1000, 0);
        let binary = self.binary && n.abs() >= 1024;
        let (base, names) = if binary { (1024, BINARY) } else { (1000, DECIMAL) };
        while n != 0 && n % base == 0 && step + 1 < names.len() {
            n /= base;
            step += 1;
        }
        write!(f, "{n}{}", names[step])
    }
}

type Amounts = BTreeMap<String, Amount>;

/// What a pod asks for: its containers together, or its largest init container if that is more (component-helpers/resource).
fn pod_amounts(spec: &Value, field: &str) -> Amounts {
    let mut total = Amounts::new();
    let each = |c: &Value| containers::quantities(&c["resources"][field]);
    for c in list_at(spec, "containers") {
        for (k, q) in each(c) {
            total.entry(k).or_default().add(Amount::parse(&q));
        }
    }
    let mut sidecars = Amounts::new();
    let mut inits = Amounts::new();
    for c in list_at(spec, "initContainers") {
        let always = c["restartPolicy"] == "Always";
        for (k, q) in each(c) {
            let q = Amount::parse(&q);
            if always {
                sidecars.entry(k.clone()).or_default().add(q);
                total.entry(k).or_default().add(q);
            } else {
                let mut now = sidecars.get(&k).copied().unwrap_or_default();
                now.add(q);
                let slot = inits.entry(k).or_default();
                *slot = slot.max(now);
            }
        }
    }
    for (k, q) in inits {
        let slot = total.entry(k).or_default();
        *slot = slot.max(q);
    }
    for (k, q) in containers::quantities(&spec["overhead"]) {
        // A pod without a limit has none with overhead either.
        if field == "requests" || total.get(&k).is_some_and(|own| own.milli != 0) {
            total.entry(k).or_default().add(Amount::parse(&q));
        }
    }
    total
}

fn resources(w: &mut Writer, scene: &Scene, item: &Item) {
    let pods: Vec<Item> = scene
        .list(Kind::Pod, "")
        .into_iter()
        .filter(|p| p.json["spec"]["nodeName"] == item.name() && !matches!(text_at(&p.json, "status.phase"), "Succeeded" | "Failed"))
        .collect();
    let status = &item.json["status"];
    let room = if status["allocatable"].as_object().is_some_and(|m| !m.is_empty()) { &status["allocatable"] } else { &status["capacity"] };
    let share = |name: &str, q: Amount| {
        let all = Amount::parse(&plain(&room[name])).milli;
        let percent = if all == 0 { 0 } else { (q.milli as f64 / all as f64 * 100.0) as i64 };
        format!("{q} ({percent}%)")
    };
    w.line(0, format!("Non-terminated Pods:\t({} in total)", pods.len()));
    w.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    w.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let (mut requests, mut limits) = (Amounts::new(), Amounts::new());
    for p in &pods {
        let (r, l) = (pod_amounts(&p.json["spec"], "requests"), pod_amounts(&p.json["spec"], "limits"));
        let of = |m: &Amounts, k: &str| share(k, m.get(k).copied().unwrap_or_default());
        let age = scene.age(text_at(&p.json, "metadata.creationTimestamp"));
        let cells = [of(&r, "cpu"), of(&l, "cpu"), of(&r, "memory"), of(&l, "memory")];
        w.line(1, format!("{}\t{}\t\t{}\t{age}", p.namespace(), p.name(), cells.join("\t")));
        for (sum, part) in [(&mut requests, r), (&mut limits, l)] {
            for (k, q) in part {
                sum.entry(k).or_default().add(q);
            }
        }
    }
    w.line(0, "Allocated resources:");
    w.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    w.line(1, "Resource\tRequests\tLimits");
    w.line(1, "--------\t--------\t------");
    let of = |m: &Amounts, k: &str| m.get(k).copied().unwrap_or_default();
    for k in ["cpu", "memory", "ephemeral-storage"] {
        w.line(1, format!("{k}\t{}\t{}", share(k, of(&requests, k)), share(k, of(&limits, k))));
    }
    // Extended resources and huge pages that the node has.
    let others = containers::quantities(room).into_iter().map(|(k, _)| k);
    for k in others.filter(|k| k.starts_with("hugepages-") || k.contains('/')) {
        if k.starts_with("hugepages-") {
            w.line(1, format!("{k}\t{}\t{}", share(&k, of(&requests, &k)), share(&k, of(&limits, &k))));
        } else {
            w.line(1, format!("{k}\t{}\t{}", of(&requests, &k), of(&limits, &k)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_keep_their_form() {
        let sum = |list: &[&str]| {
            let mut total = Amount::default();
            list.iter().for_each(|q| total.add(Amount::parse(q)));
            total.to_string()
        };
        assert_eq!(sum(&["100m", "250m"]), "350m");
        assert_eq!(sum(&["500m", "500m"]), "1");
        assert_eq!(sum(&["64Mi", "64Mi"]), "128Mi");
        assert_eq!(sum(&["1Gi", "512Mi"]), "1536Mi");
        assert_eq!(sum(&["1500", "500"]), "2k");
        assert_eq!(sum(&[]), "0");
    }
    #[test]
    fn overhead_adds_to_requests_and_to_limits_that_are_there() {
        let spec = serde_json::json!({"overhead": {"cpu": "250m", "memory": "100Mi"},
            "containers": [{"name": "c", "resources": {"requests": {"cpu": "1"}, "limits": {"cpu": "2"}}}]});
        let said = |field| pod_amounts(&spec, field).iter().map(|(k, a)| format!("{k} {a}")).collect::<Vec<_>>().join(", ");
        assert_eq!((said("requests").as_str(), said("limits").as_str()), ("cpu 1250m, memory 100Mi", "cpu 2250m"));
    }
}
