//! `wheelhouse check` of manifests: the server's own words with a place in the file, and what is accepted but not simulated.

use std::sync::Arc;

use serde_json::Value;

use crate::document::{Diagnostic, Node, Source, Span, nearest};
use crate::worlds::kubernetes::Config;
use crate::worlds::kubernetes::kinds::{self, Coverage, Kind, coverage};

use super::manifest::{self, Manifest, Problem};
use super::object::Namespace;
use super::request::{self, FieldValidation, Request};
use super::{Api, ApiError};

/// Everything to say about a file of manifests, document by document.
pub fn check(source: &Arc<Source>) -> Vec<Diagnostic> {
    let (manifests, problems) = manifest::load(source, true);
    all(&manifests, problems)
}

/// The same for one parsed document (`List`s are unfolded).
pub fn check_node(name: &str, document: &Node) -> Vec<Diagnostic> {
    let (manifests, problems) = manifest::of_node(name, document);
    all(&manifests, problems)
}

fn all(manifests: &[Manifest], problems: Vec<Problem>) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = problems.into_iter().map(of_problem).collect();
    for m in manifests {
        object(m, manifests, &mut out);
    }
    out
}

fn of_problem(p: Problem) -> Diagnostic {
    // The second line of kubectl's text is advice for clusters with custom resources, of which there are none here.
    let mut d = Diagnostic::error(p.message.lines().next().unwrap_or_default());
    if let Some(span) = &p.span {
        d = d.at(span);
    }
    match p.help {
        Some(help) => d.help(help),
        None => d,
    }
}

fn object(m: &Manifest, all: &[Manifest], out: &mut Vec<Diagnostic>) {
    match kinds::decode_as(m.kind, &m.value) {
        Err(wrong) => {
            let span = m.node.find(&wrong.path);
            out.push(Diagnostic::error(wrong.message).at(&span).label(format!("`{}`", wrong.path)));
            return;
        }
        Ok(decoded) => {
            for u in &decoded.unknown {
                let name = u.path.rsplit('.').next().unwrap_or(&u.path);
                let d = Diagnostic::error(format!("strict decoding error: unknown field \"{}\"", u.path)).at(&key_span(&m.node, &u.path));
                out.push(match nearest(name, u.known.iter().copied()) {
                    Some(near) => d.help(format!("did you mean `{near}`?")),
                    None => d,
                });
            }
        }
    }
    match trial(m, all) {
        Ok(warnings) => {
            let at = |w: &str| place(&m.node, w.split(':').next().unwrap_or_default(), "");
            out.extend(warnings.into_iter().map(|w| Diagnostic::warning(&w).at(&at(&w))));
        }
        Err(e) if e.causes.is_empty() => {
            // It may be that another file brings what is missing.
            let missing = e.reason == "Forbidden";
            let d = if missing { Diagnostic::warning(e.message) } else { Diagnostic::error(e.message) };
            out.push(d.at(&m.node.find("metadata.name")));
        }
        Err(e) => {
            for c in e.causes {
                out.push(Diagnostic::error(format!("{}: {}", c.field, c.body)).at(&place(&m.node, &c.field, &c.body)));
            }
        }
    }
    let info = m.kind.info();
    if !info.simulated {
        let what = format!("accepted, not simulated: {} (stored and shown, nothing acts on it)", info.kind);
        out.push(Diagnostic::note(what).at(&m.node.find("kind")));
    } else {
        let mut notes = Vec::new();
        unsimulated(m.kind, &m.value, &m.node, "", "", &mut notes);
        notes.sort_by_key(|d| d.span.as_ref().map(|s| s.start));
        out.extend(notes);
    }
}

/// What pods name and admission asks for.
const NAMED: &[Kind] = &[Kind::PriorityClass, Kind::RuntimeClass, Kind::ServiceAccount];

/// A server-side dry run in a cluster that has the namespaces which the file names, and its classes and accounts.
fn trial(m: &Manifest, all: &[Manifest]) -> Result<Vec<String>, ApiError> {
    let mut api = Api::new(0);
    let named = m.value["metadata"]["namespace"].as_str().filter(|n| !n.is_empty());
    for name in ["default", "kube-system"].into_iter().chain(named) {
        let meta = super::meta::Meta { name: name.into(), ..Default::default() };
        if m.kind != Kind::Namespace {
            api.store.put(Namespace { meta, terminating: false }.into(), None);
        }
    }
    for other in all.iter().filter(|o| NAMED.contains(&o.kind) && m.kind == Kind::Pod) {
        if let Ok(mut object) = kinds::from_json(&other.value) {
            if object.meta().namespace.is_empty() && other.kind.info().namespaced {
                object.meta_mut().namespace = "default".into();
            }
            api.store.put(object, None);
        }
    }
    let config = Config::default();
    let mut request = Request { config: &config, unknown_fields: FieldValidation::Ignore, write: None };
    request::create(&mut api, &m.value, &mut request).map(|d| d.warnings)
}

/// Where the field stands that the server has named, in what it says of it (`Invalid value: "x": …`): in a map, the entry with that key
/// or value.
pub(in crate::worlds::kubernetes) fn place(node: &Node, field: &str, said: &str) -> Span {
    // The server's own slips: it leaves `metadata` out of the paths of a template's labels, and looks for a node's taints in it.
    let path =
        field.replace("template.labels", "template.metadata.labels").replace("template.annotations", "template.metadata.annotations");
    let path = path.replace("metadata.taints", "spec.taints");
    let quoted = said.strip_prefix("Invalid value: \"").and_then(|rest| rest.split_once("\": ")).map(|(value, _)| value);
    let entry = quoted.zip(node.at(&path).and_then(Node::as_map)).and_then(|(value, map)| {
        map.iter().find_map(|(k, v)| match v.as_str() {
            _ if &*k.text == value => Some(&k.span),
            Some(text) if text == value => Some(&v.span),
            _ => None,
        })
    });
    entry.cloned().unwrap_or_else(|| node.find(&path))
}

/// The key of a field rather than its value.
pub(in crate::worlds::kubernetes) fn key_span(node: &Node, path: &str) -> Span {
    let (parent, name) = path.rsplit_once('.').unwrap_or(("", path));
    let holder = if parent.is_empty() { Some(node) } else { node.at(parent) };
    holder.and_then(|n| n.entry(name)).map_or_else(|| node.find(path), |(k, _)| k.span.clone())
}

/// Whether anything acts on this value of the field at `path` (without indices).
fn coverage_of(kind: Kind, path: &str, value: &Value) -> Coverage {
    match (kind, path, value.as_str()) {
        // Volumes of such a class are made by people.
        (Kind::StorageClass, "provisioner", Some("kubernetes.io/no-provisioner")) => Coverage::Full,
        // Nobody empties volumes.
        (Kind::PersistentVolume, "spec.persistentVolumeReclaimPolicy", Some("Recycle")) => Coverage::None,
        _ => coverage(kind, path),
    }
}

/// Notes for the topmost fields that nothing acts on.
fn unsimulated(kind: Kind, value: &Value, node: &Node, path: &str, plain: &str, out: &mut Vec<Diagnostic>) {
    match value {
        Value::Object(fields) => {
            for (key, v) in fields {
                let join = |p: &str| if p.is_empty() { key.clone() } else { format!("{p}.{key}") };
                let (here, plain) = (join(path), join(plain));
                match coverage_of(kind, &plain, v) {
                    Coverage::Full => {}
                    Coverage::Below => unsimulated(kind, v, node, &here, &plain, out),
                    Coverage::None => {
                        let known = node.at(&here).is_some();
                        if known && !is_unknown(kind, node, &here) {
                            out.push(Diagnostic::note(format!("accepted, not simulated: {here}")).at(&key_span(node, &here)));
                        }
                    }
                }
            }
        }
        Value::Array(list) => {
            for (i, v) in list.iter().enumerate() {
                unsimulated(kind, v, node, &format!("{path}[{i}]"), plain, out);
            }
        }
        _ => {}
    }
}

/// Reported as an unknown field already.
fn is_unknown(kind: Kind, node: &Node, path: &str) -> bool {
    kinds::decode_as(kind, &node.to_json()).is_ok_and(|d| d.unknown.iter().any(|u| u.path == path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        check(&Source::new("x.yaml", text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_broken_sample() {
        let text = "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: fraud\n  namespace: fraud\nspec:\n  selector:\n    matchLabels: {app: f}\n  template:\n    spec:\n      containers:\n      - {name: f, image: f:1}\n";
        assert_eq!(
            lines(text),
            ["x.yaml:9:3: error: spec.template.metadata.labels: Invalid value: null: `selector` does not match template `labels`"]
        );
    }

    #[test]
    fn typos_and_edges() {
        let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  hostAliases: []\n  containers:\n  - name: c\n    imag: x\n    image: x:1\n    stdin: true\n";
        assert_eq!(
            lines(text),
            [
                "x.yaml:8:5: error: strict decoding error: unknown field \"spec.containers[0].imag\"; did you mean `image`?",
                "x.yaml:5:3: note: accepted, not simulated: spec.hostAliases",
                "x.yaml:10:5: note: accepted, not simulated: spec.containers[0].stdin",
            ]
        );
        assert_eq!(
            lines("apiVersion: apps/v1\nkind: Deploymnt\nmetadata: {name: d}\n"),
            [
                "x.yaml:2:7: error: resource mapping not found for name: \"d\" namespace: \"\" from \"x.yaml\": no matches for kind \"Deploymnt\" in version \"apps/v1\"; did you mean `Deployment`?"
            ]
        );
        let wrong = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec:\n  replicas: three\n";
        assert_eq!(
            lines(wrong),
            [
                "x.yaml:5:13: error: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32 (`spec.replicas`)"
            ]
        );
        let stored = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: q}\nspec: {podSelector: {}}\n";
        assert!(lines(stored)[0].contains("note: accepted, not simulated: NetworkPolicy"), "{:?}", lines(stored));
        // What the file itself brings is there.
        let class =
            |kind: &str, group: &str, rest: &str| format!("apiVersion: {group}\nkind: {kind}\nmetadata: {{name: gold}}\n{rest}\n---\n");
        let pod = |class: &str| {
            format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: p}}\nspec: {{{class}, containers: [{{name: c, image: x, imagePullPolicy: Always}}]}}\n"
            )
        };
        for (class, field, missing) in [
            (class("PriorityClass", "scheduling.k8s.io/v1", "value: 7"), "priorityClassName", "no PriorityClass with name lead was found"),
            (class("RuntimeClass", "node.k8s.io/v1", "handler: h"), "runtimeClassName", "pod rejected: RuntimeClass \"lead\" not found"),
            (class("ServiceAccount", "v1", ""), "serviceAccountName", "serviceaccount \"lead\" not found"),
        ] {
            let said = |name: &str| lines(&format!("{class}{}", pod(&format!("{field}: {name}")))).join("\n");
            assert!(!said("gold").contains("forbidden"), "{}", said("gold"));
            assert!(said("lead").contains(missing), "{}", said("lead"));
        }
        // Volumes that people make are bound; nobody makes any.
        let class = |provisioner: &str| {
            lines(&format!(
                "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {{name: c}}\nprovisioner: {provisioner}\nvolumeBindingMode: WaitForFirstConsumer\n"
            ))
        };
        assert!(class("kubernetes.io/no-provisioner").is_empty());
        assert_eq!(class("ebs.csi.aws.com"), ["x.yaml:4:1: note: accepted, not simulated: provisioner"]);
        let volume = |policy: &str| {
            lines(&format!(
                "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: v}}\nspec:\n  capacity: {{storage: 1Gi}}\n  accessModes: [ReadWriteOnce]\n  \
                 hostPath: {{path: /data}}\n  persistentVolumeReclaimPolicy: {policy}\n"
            ))
        };
        assert!(volume("Delete").is_empty());
        assert_eq!(volume("Recycle"), ["x.yaml:8:3: note: accepted, not simulated: spec.persistentVolumeReclaimPolicy"]);
    }
}
