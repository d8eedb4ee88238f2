//! Label and node selectors, compiled (staging/src/k8s.io/apimachinery/pkg/labels/selector.go,
//! staging/src/k8s.io/component-helpers/scheduling/corev1/nodeaffinity/nodeaffinity.go).

use k8s_openapi::api::core::v1 as core;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use super::symbols::{LabelSet, Sym, Symbols, label};

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Op {
    In(Vec<Sym>),
    NotIn(Vec<Sym>),
    Exists,
    DoesNotExist,
    Gt(i64),
    Lt(i64),
    /// An operand that cannot be read matches nothing.
    Never,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Requirement {
    pub key: Sym,
    pub op: Op,
}

impl Requirement {
    pub fn matches(&self, labels: &[(Sym, Sym)], symbols: &Symbols) -> bool {
        let value = label(labels, self.key);
        match (&self.op, value) {
            (Op::In(values), Some(v)) => values.contains(&v),
            (Op::NotIn(values), Some(v)) => !values.contains(&v),
            (Op::NotIn(_) | Op::DoesNotExist, None) => true,
            (Op::Exists, v) => v.is_some(),
            (Op::Gt(n), Some(v)) => symbols.number(v).is_some_and(|v| v > *n),
            (Op::Lt(n), Some(v)) => symbols.number(v).is_some_and(|v| v < *n),
            _ => false,
        }
    }
}

/// A label selector. `Requirements([])` selects everything.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    Nothing,
    Requirements(Vec<Requirement>),
}

impl Selector {
    pub fn everything() -> Self {
        Self::Requirements(vec![])
    }
    pub fn is_everything(&self) -> bool {
        matches!(self, Self::Requirements(r) if r.is_empty())
    }
    pub fn matches(&self, labels: &[(Sym, Sym)], symbols: &Symbols) -> bool {
        match self {
            Self::Nothing => false,
            Self::Requirements(all) => all.iter().all(|r| r.matches(labels, symbols)),
        }
    }
    /// Narrows the selector. A selector of nothing with more requirements selects by those alone (mergeLabelSetWithSelector).
    pub fn and(self, more: impl IntoIterator<Item = Requirement>) -> Self {
        let mut all = match self {
            Self::Nothing => vec![],
            Self::Requirements(all) => all,
        };
        all.extend(more);
        all.sort();
        all.dedup();
        Self::Requirements(all)
    }

    /// An absent selector selects nothing, an empty one everything (meta/v1 LabelSelectorAsSelector).
    pub fn of(selector: Option<&LabelSelector>, symbols: &mut Symbols) -> Self {
        let Some(s) = selector else { return Self::Nothing };
        let mut all: Vec<Requirement> =
            s.match_labels.iter().flatten().map(|(k, v)| Requirement { key: symbols.sym(k), op: Op::In(vec![symbols.sym(v)]) }).collect();
        for e in s.match_expressions.iter().flatten() {
            let key = symbols.sym(&e.key);
            let mut values: Vec<Sym> = e.values.iter().flatten().map(|v| symbols.sym(v)).collect();
            values.sort_unstable();
            values.dedup();
            let op = match e.operator.as_str() {
                "In" => Op::In(values),
                "NotIn" => Op::NotIn(values),
                "Exists" => Op::Exists,
                "DoesNotExist" => Op::DoesNotExist,
                _ => Op::Never,
            };
            all.push(Requirement { key, op });
        }
        all.sort();
        all.dedup();
        Self::Requirements(all)
    }

    /// A selector of exact pairs.
    pub fn of_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>, symbols: &mut Symbols) -> Self {
        let mut all: Vec<Requirement> = pairs.map(|(k, v)| Requirement { key: symbols.sym(k), op: Op::In(vec![symbols.sym(v)]) }).collect();
        all.sort();
        Self::Requirements(all)
    }
}

/// One `nodeSelectorTerm`: expressions over labels and names. An empty term matches nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeTerm {
    expressions: Vec<Requirement>,
    /// `matchFields` over metadata.name: (In?, names)
    fields: Vec<(bool, Vec<Sym>)>,
    empty: bool,
}

impl NodeTerm {
    pub fn of(term: &core::NodeSelectorTerm, symbols: &mut Symbols) -> Self {
        let expressions: Vec<_> = term.match_expressions.iter().flatten().map(|r| node_requirement(r, symbols)).collect();
        let fields: Vec<_> = term
            .match_fields
            .iter()
            .flatten()
            .map(|r| (r.operator == "In", r.values.iter().flatten().map(|v| symbols.sym(v)).collect()))
            .collect();
        Self { empty: expressions.is_empty() && fields.is_empty(), expressions, fields }
    }
    pub fn is_empty(&self) -> bool {
        self.empty
    }
    pub fn matches(&self, name: Sym, labels: &[(Sym, Sym)], symbols: &Symbols) -> bool {
        !self.empty
            && self.expressions.iter().all(|r| r.matches(labels, symbols))
            && self.fields.iter().all(|(wanted, names)| names.contains(&name) == *wanted)
    }
    /// The node names to which `metadata.name` terms narrow this term; None if there are none.
    pub fn names(&self) -> Option<Vec<Sym>> {
        let mut names: Option<Vec<Sym>> = None;
        for (wanted, list) in &self.fields {
            if *wanted {
                names = Some(match names {
                    None => list.clone(),
                    Some(n) => n.into_iter().filter(|x| list.contains(x)).collect(),
                });
            }
        }
        names
    }
}

fn node_requirement(r: &core::NodeSelectorRequirement, symbols: &mut Symbols) -> Requirement {
    let number = || r.values.as_ref().filter(|v| v.len() == 1).and_then(|v| v[0].parse().ok());
    let key = symbols.sym(&r.key);
    let mut values = || r.values.iter().flatten().map(|v| symbols.sym(v)).collect();
    let op = match r.operator.as_str() {
        "In" => Op::In(values()),
        "NotIn" => Op::NotIn(values()),
        "Exists" => Op::Exists,
        "DoesNotExist" => Op::DoesNotExist,
        "Gt" => number().map_or(Op::Never, Op::Gt),
        "Lt" => number().map_or(Op::Never, Op::Lt),
        _ => Op::Never,
    };
    Requirement { key, op }
}

/// `nodeSelector` and required node affinity together: what a node must have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeRequirements {
    pub selector: Vec<Requirement>,
    /// ORed; None = no required affinity, Some([]) matches nothing.
    pub terms: Option<Vec<NodeTerm>>,
}

impl NodeRequirements {
    pub fn of(spec: &core::PodSpec, symbols: &mut Symbols) -> Self {
        let selector = spec
            .node_selector
            .iter()
            .flatten()
            .map(|(k, v)| Requirement { key: symbols.sym(k), op: Op::In(vec![symbols.sym(v)]) })
            .collect();
        let required = spec
            .affinity
            .as_ref()
            .and_then(|a| a.node_affinity.as_ref())
            .and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref());
        let terms = required.map(|r| r.node_selector_terms.iter().map(|t| NodeTerm::of(t, symbols)).collect());
        Self { selector, terms }
    }
    pub fn is_empty(&self) -> bool {
        self.selector.is_empty() && self.terms.is_none()
    }
    pub fn matches(&self, name: Sym, labels: &[(Sym, Sym)], symbols: &Symbols) -> bool {
        self.selector.iter().all(|r| r.matches(labels, symbols))
            && self.terms.as_ref().is_none_or(|terms| terms.iter().any(|t| t.matches(name, labels, symbols)))
    }
}

/// In which namespaces an affinity term looks: named ones, and those whose labels a selector matches.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scope {
    pub namespaces: Vec<Sym>,
    pub selector: Selector,
}

impl Scope {
    pub fn one(namespace: Sym) -> Self {
        Self { namespaces: vec![namespace], selector: Selector::Nothing }
    }
    pub fn matches(&self, namespace: Sym, labels: Option<&LabelSet>, symbols: &Symbols) -> bool {
        self.namespaces.contains(&namespace) || self.selector.matches(labels.map_or(&[], |l| &l[..]), symbols)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_on_present_absent_and_numeric_labels() {
        let mut s = Symbols::default();
        let labels = s.label_set([("a", "1"), ("n", "7"), ("w", "x")].into_iter());
        let mut node = |key: &str, operator: &str, values: &[&str]| {
            node_requirement(
                &core::NodeSelectorRequirement {
                    key: key.into(),
                    operator: operator.into(),
                    values: Some(values.iter().map(|v| v.to_string()).collect()),
                },
                &mut s,
            )
        };
        let cases = [
            (node("a", "In", &["1", "2"]), true),
            (node("a", "NotIn", &["1"]), false),
            (node("z", "NotIn", &["1"]), true),
            (node("z", "In", &["1"]), false),
            (node("a", "Exists", &[]), true),
            (node("z", "DoesNotExist", &[]), true),
            (node("n", "Gt", &["6"]), true),
            (node("n", "Gt", &["7"]), false),
            (node("n", "Lt", &["8"]), true),
            (node("w", "Lt", &["8"]), false),
            (node("n", "Lt", &["many"]), false),
        ];
        for (r, expected) in cases {
            assert_eq!(r.matches(&labels, &s), expected, "{r:?}");
        }
    }

    #[test]
    fn absent_selects_nothing_empty_everything() {
        let mut s = Symbols::default();
        assert!(!Selector::of(None, &mut s).matches(&[], &s));
        assert!(Selector::of(Some(&LabelSelector::default()), &mut s).matches(&[], &s));
        let term = NodeTerm::of(&core::NodeSelectorTerm::default(), &mut s);
        let n = s.sym("n");
        assert!(!term.matches(n, &[], &s), "an empty term matches nothing");
    }
}
