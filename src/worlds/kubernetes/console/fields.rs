//! Field selectors. Follows: apimachinery/pkg/fields/selector.go; reference 6.8.

use crate::worlds::kubernetes::kinds::Kind;

use super::shell::{Failure, Item, at, plain};

/// `metadata.name=a,status.phase!=Running`: all must hold.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Vec<(String, bool, String)>);

/// Fields that lists of a kind can be filtered by, besides name and namespace (each type's registered conversion).
const KNOWN: &[(Kind, &[&str])] = &[
    (
        Kind::Pod,
        &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.podIPs",
            "status.nominatedNodeName",
        ],
    ),
    (Kind::Node, &["spec.unschedulable"]),
    (
        Kind::Event,
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
    ),
    (Kind::Namespace, &["status.phase"]),
    (Kind::Secret, &["type"]),
    (Kind::Service, &["spec.clusterIP", "spec.type"]),
    (Kind::ReplicationController, &["status.replicas"]),
    (Kind::ReplicaSet, &["status.replicas"]),
    (Kind::Job, &["status.successful"]),
];

impl Fields {
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mut out = Vec::new();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            let (key, equal, value) = if let Some((k, v)) = part.split_once("!=") {
                (k, false, v)
            } else if let Some((k, v)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (k, true, v)
            } else {
                return Err(Failure::error(format_args!("invalid selector: '{part}'; can't understand '{part}'")));
            };
            out.push((key.to_string(), equal, value.to_string()));
        }
        Ok(Self(out))
    }

    /// The kind's lists can be filtered by these fields; `labels` is the other selector as typed.
    pub fn check(&self, kind: Kind, labels: &str) -> Result<(), Failure> {
        let known = KNOWN.iter().find(|(k, _)| *k == kind).map(|(_, l)| *l);
        for (key, _, _) in &self.0 {
            let general = key == "metadata.name" || (key == "metadata.namespace" && kind.info().namespaced);
            if general || known.is_some_and(|l| l.contains(&key.as_str())) {
                continue;
            }
            let why = match known {
                Some(_) => format!("field label not supported: {key}"),
                None => format!("\"{key}\" is not a known field selector: only \"metadata.name\", \"metadata.namespace\""),
            };
            let all: Vec<String> = self.0.iter().map(|(k, e, v)| format!("{k}{}{v}", if *e { "=" } else { "!=" })).collect();
            return Err(refused(kind, labels, &all.join(","), &why));
        }
        Ok(())
    }

    pub fn matches(&self, item: &Item) -> bool {
        self.0.iter().all(|(key, equal, value)| {
            let actual = match (item.kind, key.as_str()) {
                (Kind::Event, "source") => plain(&item.json["source"]["component"]),
                (Kind::Node, "spec.unschedulable") => item.json["spec"]["unschedulable"].as_bool().unwrap_or(false).to_string(),
                (Kind::Pod, "spec.hostNetwork") => item.json["spec"]["hostNetwork"].as_bool().unwrap_or(false).to_string(),
                _ => plain(at(&item.json, key)),
            };
            (actual == *value) == *equal
        })
    }
}

/// The server cannot read a selector of a list (cli-runtime/pkg/resource/selector.go).
pub(super) fn refused(kind: Kind, labels: &str, fields: &str, why: &str) -> Failure {
    let i = kind.info();
    let gv = if i.group.is_empty() { format!("/{}", i.version) } else { i.api_version() };
    Failure::new(format!(
        "Error from server (BadRequest): Unable to find \"{gv}, Resource={}\" that match label selector {labels:?}, field selector {fields:?}: {why}",
        i.plural
    ))
}
