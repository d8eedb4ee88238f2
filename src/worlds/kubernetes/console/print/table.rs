//! Tables of `kubectl get`: which columns a kind has, and how they are printed.
//! Follows: pkg/printers/internalversion/printers.go (columns), cli-runtime/pkg/printers/tableprinter.go.

use crate::kernel::SimTime;
use crate::worlds::kubernetes::api::meta::Epoch;
use crate::worlds::kubernetes::kinds::Kind;

use super::super::shell::{Item, pairs_at};
use super::{cells, cells_cluster, tabs};

/// What a row depends on besides its object.
#[derive(Clone, Copy, Debug)]
pub(in crate::worlds::kubernetes::console) struct Moment {
    pub now: SimTime,
    pub epoch: Epoch,
    pub wide: bool,
}

pub(super) type Cells = fn(&Item, Moment) -> Vec<String>;

/// A kind's columns: those always shown, those added by `-o wide`, and the cells in that order.
pub(super) struct Columns {
    pub kinds: &'static [Kind],
    pub normal: &'static [&'static str],
    pub wide: &'static [&'static str],
    pub cells: Cells,
}

const fn columns(kinds: &'static [Kind], normal: &'static [&'static str], wide: &'static [&'static str], cells: Cells) -> Columns {
    Columns { kinds, normal, wide, cells }
}

const TEMPLATE: &[&str] = &["CONTAINERS", "IMAGES", "SELECTOR"];

#[rustfmt::skip]
const TABLE: &[Columns] = &[
    columns(&[Kind::Pod], &["NAME", "READY", "STATUS", "RESTARTS", "AGE"], &["IP", "NODE", "NOMINATED NODE", "READINESS GATES"], cells::pod),
    columns(&[Kind::Deployment], &["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"], TEMPLATE, cells::deployment),
    columns(&[Kind::ReplicaSet, Kind::ReplicationController], &["NAME", "DESIRED", "CURRENT", "READY", "AGE"], TEMPLATE, cells::replica_set),
    columns(&[Kind::StatefulSet], &["NAME", "READY", "AGE"], &["CONTAINERS", "IMAGES"], cells::stateful_set),
    columns(&[Kind::DaemonSet], &["NAME", "DESIRED", "CURRENT", "READY", "UP-TO-DATE", "AVAILABLE", "NODE SELECTOR", "AGE"], TEMPLATE, cells::daemon_set),
    columns(&[Kind::Job], &["NAME", "STATUS", "COMPLETIONS", "DURATION", "AGE"], TEMPLATE, cells::job),
    columns(&[Kind::CronJob], &["NAME", "SCHEDULE", "TIMEZONE", "SUSPEND", "ACTIVE", "LAST SCHEDULE", "AGE"], TEMPLATE, cells::cron_job),
    columns(&[Kind::Service], &["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-IP", "PORT(S)", "AGE"], &["SELECTOR"], cells::service),
    columns(&[Kind::Endpoints], &["NAME", "ENDPOINTS", "AGE"], &[], cells::endpoints),
    columns(&[Kind::EndpointSlice], &["NAME", "ADDRESSTYPE", "PORTS", "ENDPOINTS", "AGE"], &[], cells::endpoint_slice),
    columns(&[Kind::Ingress], &["NAME", "CLASS", "HOSTS", "ADDRESS", "PORTS", "AGE"], &[], cells::ingress),
    columns(&[Kind::HorizontalPodAutoscaler], &["NAME", "REFERENCE", "TARGETS", "MINPODS", "MAXPODS", "REPLICAS", "AGE"], &[], cells::hpa),
    columns(&[Kind::PodDisruptionBudget], &["NAME", "MIN AVAILABLE", "MAX UNAVAILABLE", "ALLOWED DISRUPTIONS", "AGE"], &[], cells::pdb),
    columns(&[Kind::Node], &["NAME", "STATUS", "ROLES", "AGE", "VERSION"], &["INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"], cells_cluster::node),
    columns(&[Kind::Event], &["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], &[], cells_cluster::event),
    columns(&[Kind::PersistentVolume], &["NAME", "CAPACITY", "ACCESS MODES", "RECLAIM POLICY", "STATUS", "CLAIM", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "REASON", "AGE"], &["VOLUMEMODE"], cells_cluster::pv),
    columns(&[Kind::PersistentVolumeClaim], &["NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "AGE"], &["VOLUMEMODE"], cells_cluster::pvc),
    columns(&[Kind::StorageClass], &["NAME", "PROVISIONER", "RECLAIMPOLICY", "VOLUMEBINDINGMODE", "ALLOWVOLUMEEXPANSION", "AGE"], &[], cells_cluster::storage_class),
    columns(&[Kind::IngressClass], &["NAME", "CONTROLLER", "PARAMETERS", "AGE"], &[], cells_cluster::ingress_class),
    columns(&[Kind::ConfigMap], &["NAME", "DATA", "AGE"], &[], cells_cluster::config_map),
    columns(&[Kind::Secret], &["NAME", "TYPE", "DATA", "AGE"], &[], cells_cluster::secret),
    columns(&[Kind::Namespace], &["NAME", "STATUS", "AGE"], &[], cells_cluster::namespace),
    columns(&[Kind::ResourceQuota], &["NAME", "REQUEST", "LIMIT", "AGE"], &[], cells_cluster::quota),
    columns(&[Kind::NetworkPolicy], &["NAME", "POD-SELECTOR", "AGE"], &[], cells_cluster::network_policy),
    columns(&[Kind::ServiceAccount], &["NAME", "AGE"], &[], cells_cluster::name_age),
    columns(&[Kind::Lease], &["NAME", "HOLDER", "AGE"], &[], cells_cluster::lease),
    columns(&[Kind::PriorityClass], &["NAME", "VALUE", "GLOBAL-DEFAULT", "AGE", "PREEMPTIONPOLICY"], &[], cells_cluster::priority_class),
    columns(&[Kind::RuntimeClass], &["NAME", "HANDLER", "AGE"], &[], cells_cluster::runtime_class),
    columns(&[Kind::CsiNode], &["NAME", "DRIVERS", "AGE"], &[], cells_cluster::csi_node),
    columns(&[Kind::CsiDriver], &["NAME", "ATTACHREQUIRED", "PODINFOONMOUNT", "STORAGECAPACITY", "TOKENREQUESTS", "REQUIRESREPUBLISH", "MODES", "AGE"], &[], cells_cluster::csi_driver),
    columns(&[Kind::CsiStorageCapacity], &["NAME", "STORAGECLASSNAME", "CAPACITY"], &[], cells_cluster::csi_storage_capacity),
    columns(&[Kind::VolumeAttachment], &["NAME", "ATTACHER", "PV", "NODE", "ATTACHED", "AGE"], &[], cells_cluster::volume_attachment),
    columns(&[Kind::ControllerRevision], &["NAME", "CONTROLLER", "REVISION", "AGE"], &[], cells_cluster::controller_revision),
    columns(&[Kind::RoleBinding, Kind::ClusterRoleBinding], &["NAME", "ROLE", "AGE"], &["USERS", "GROUPS", "SERVICEACCOUNTS"], cells_cluster::role_binding),
    // The generic table of kinds without columns of their own.
    columns(&[Kind::Role, Kind::ClusterRole, Kind::LimitRange], &["NAME", "CREATED AT"], &[], cells_cluster::name_created),
];

/// How a table is to be printed.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::worlds::kubernetes::console) struct Options<'a> {
    pub wide: bool,
    pub headers: bool,
    pub namespaces: bool,
    /// Names with their kind in front.
    pub kinds: bool,
    pub labels: bool,
    /// `-L`
    pub label_columns: &'a [String],
}

/// Header and rows, as texts with tabs.
pub(in crate::worlds::kubernetes::console) fn rows(kind: Kind, items: &[Item], now: SimTime, epoch: Epoch, o: Options) -> Vec<Vec<String>> {
    let moment = Moment { now, epoch, wide: o.wide };
    let found = TABLE.iter().find(|c| c.kinds.contains(&kind));
    let (normal, wide, cells): (_, &[&str], Cells) = match found {
        Some(c) => (c.normal, c.wide, c.cells),
        None => (&["NAME", "AGE"][..], &[], cells_cluster::name_age),
    };
    let mut out = Vec::with_capacity(items.len() + 1);
    if o.headers {
        let mut header: Vec<String> = Vec::new();
        if o.namespaces {
            header.push("NAMESPACE".into());
        }
        header.extend(normal.iter().map(|h| (*h).to_string()));
        if o.wide {
            if kind == Kind::Event {
                header.insert(header.len() - 1, "SUBOBJECT".into());
                header.insert(header.len() - 1, "SOURCE".into());
                header.extend(["FIRST SEEN", "COUNT", "NAME"].map(String::from));
            } else {
                header.extend(wide.iter().map(|h| (*h).to_string()));
            }
        }
        for l in o.label_columns {
            header.push(l.rsplit('/').next().unwrap_or_default().to_ascii_uppercase());
        }
        if o.labels {
            header.push("LABELS".into());
        }
        out.push(header);
    }
    for item in items {
        let mut row = Vec::new();
        if o.namespaces {
            row.push(item.namespace().to_string());
        }
        let mut all = cells(item, moment);
        if kind != Kind::Event {
            all.truncate(normal.len() + if o.wide { wide.len() } else { 0 });
        }
        if o.kinds {
            // Of an Event only the wide form shows the name.
            let name = if kind != Kind::Event { all.first_mut() } else { all.last_mut().filter(|_| o.wide) };
            if let Some(name) = name {
                *name = format!("{}/{name}", kind.info().singular_resource());
            }
        }
        row.extend(all);
        for l in o.label_columns {
            row.push(item.object.meta().label(l).unwrap_or("").to_string());
        }
        if o.labels {
            let labels: Vec<String> = pairs_at(&item.json, "metadata.labels").iter().map(|(k, v)| format!("{k}={v}")).collect();
            row.push(if labels.is_empty() { "<none>".into() } else { labels.join(",") });
        }
        out.push(row);
    }
    out
}

/// Rows as text. Line ends inside cells would break the table; kubectl cuts there.
pub(in crate::worlds::kubernetes::console) fn print(rows: &[Vec<String>]) -> String {
    let mut text = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|c| match c.find(['\n', '\r', '\x0c']) {
                Some(i) => format!("{}...", &c[..i]),
                None => c.clone(),
            })
            .collect();
        text.push_str(&cells.join("\t"));
        text.push('\n');
    }
    tabs::layout(&text, tabs::GET)
}
