//! Label and field selectors. Follows: apimachinery/pkg/labels/selector.go, fields/selector.go; reference 6.8.

use serde_json::Value;

use crate::worlds::kubernetes::kinds::Kind;

use super::shell::{Failure, Item, at, plain};

/// `a=b,c in (d,e),!f`: all must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Labels(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    op: Op,
}

#[derive(Clone, Debug, PartialEq)]
enum Op {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
    Greater(i64),
    Less(i64),
}

impl Labels {
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let fail = |why: String| Failure::error(format_args!("unable to parse requirement: {why}"));
        let mut out = Vec::new();
        for part in split(text) {
            let part = part.trim();
            if part.is_empty() {
                continue;
            }
            let req = |key: &str, op| Requirement { key: key.trim().into(), op };
            let set = |rest: &str| -> Option<Vec<String>> {
                let inner = rest.trim().strip_prefix('(')?.strip_suffix(')')?;
                Some(inner.split(',').map(|v| v.trim().to_string()).collect())
            };
            let requirement = if let Some((k, v)) = part.split_once("!=") {
                req(k, Op::NotIn(vec![v.trim().into()]))
            } else if let Some((k, v)) = part.split_once("==").or_else(|| part.split_once('=')) {
                req(k, Op::In(vec![v.trim().into()]))
            } else if let Some((k, v)) =
                part.split_once(" notin ").or_else(|| part.split_once(" notin(").map(|(k, _)| (k, &part[k.len() + 6..])))
            {
                req(k, Op::NotIn(set(v).ok_or_else(|| fail(format!("found '{}', expected: '('", v.trim())))?))
            } else if let Some((k, v)) = part.split_once(" in ").or_else(|| part.split_once(" in(").map(|(k, _)| (k, &part[k.len() + 3..])))
            {
                req(k, Op::In(set(v).ok_or_else(|| fail(format!("found '{}', expected: '('", v.trim())))?))
            } else if let Some(k) = part.strip_prefix('!') {
                req(k, Op::Missing)
            } else if let Some((k, v)) = part.split_once('>') {
                req(k, Op::Greater(v.trim().parse().map_err(|_| fail("for 'Gt', 'Lt' operators, the value must be an integer".into()))?))
            } else if let Some((k, v)) = part.split_once('<') {
                req(k, Op::Less(v.trim().parse().map_err(|_| fail("for 'Gt', 'Lt' operators, the value must be an integer".into()))?))
            } else if let Some((_, rest)) = part.split_once(' ') {
                return Err(fail(format!(
                    "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                    rest.split(' ').next().unwrap_or_default()
                )));
            } else {
                req(part, Op::Exists)
            };
            if requirement.key.is_empty() {
                return Err(fail("found '=', expected: !, identifier, or 'end of string'".into()));
            }
            out.push(requirement);
        }
        Ok(Self(out))
    }

    /// From a `LabelSelector` in JSON (`matchLabels`, `matchExpressions`).
    pub fn from_json(selector: &Value) -> Self {
        let mut out = Vec::new();
        for (k, v) in selector["matchLabels"].as_object().into_iter().flatten() {
            out.push(Requirement { key: k.clone(), op: Op::In(vec![plain(v)]) });
        }
        for e in selector["matchExpressions"].as_array().into_iter().flatten() {
            let values = || e["values"].as_array().into_iter().flatten().map(plain).collect::<Vec<_>>();
            let op = match e["operator"].as_str().unwrap_or_default() {
                "In" => Op::In(values()),
                "NotIn" => Op::NotIn(values()),
                "DoesNotExist" => Op::Missing,
                _ => Op::Exists,
            };
            out.push(Requirement { key: plain(&e["key"]), op });
        }
        Self(out)
    }

    /// From a plain map (`spec.selector` of a Service).
    pub fn from_map(map: &Value) -> Self {
        Self(map.as_object().into_iter().flatten().map(|(k, v)| Requirement { key: k.clone(), op: Op::In(vec![plain(v)]) }).collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn matches(&self, item: &Item) -> bool {
        self.fits(|key| item.object.meta().label(key))
    }

    pub fn fits<'l>(&self, label: impl Fn(&str) -> Option<&'l str>) -> bool {
        self.0.iter().all(|r| {
            let value = label(&r.key);
            match &r.op {
                Op::In(list) => value.is_some_and(|v| list.iter().any(|l| l == v)),
                Op::NotIn(list) => value.is_none_or(|v| !list.iter().any(|l| l == v)),
                Op::Exists => value.is_some(),
                Op::Missing => value.is_none(),
                Op::Greater(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *n),
                Op::Less(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *n),
            }
        })
    }
}

/// Commas inside brackets do not separate.
fn split(text: &str) -> Vec<&str> {
    let (mut out, mut depth, mut from) = (Vec::new(), 0usize, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                out.push(&text[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    out.push(&text[from..]);
    out
}

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

    /// The kind's lists can be filtered by these fields.
    pub fn check(&self, kind: Kind) -> Result<(), Failure> {
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
            let i = kind.info();
            let gv = if i.group.is_empty() { format!("/{}", i.version) } else { i.api_version() };
            let all: Vec<String> = self.0.iter().map(|(k, e, v)| format!("{k}{}{v}", if *e { "=" } else { "!=" })).collect();
            return Err(Failure::new(format!(
                "Error from server (BadRequest): Unable to find \"{gv}, Resource={}\" that match label selector \"\", field selector \"{}\": {why}",
                i.plural,
                all.join(",")
            )));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_selectors() {
        let label = |k: &str| match k {
            "app" => Some("web"),
            "n" => Some("5"),
            _ => None,
        };
        for (text, fits) in [
            ("app=web", true),
            ("app==web,n=5", true),
            ("app!=web", false),
            ("none!=x", true),
            ("app in (a, web)", true),
            ("app notin (a,web)", false),
            ("app", true),
            ("!app", false),
            ("!none,n>4", true),
            ("n<5", false),
            ("", true),
        ] {
            assert_eq!(Labels::parse(text).unwrap().fits(label), fits, "{text}");
        }
        assert!(Labels::parse("app in web").is_err());
        assert!(Labels::parse("a b").is_err());
    }
}
