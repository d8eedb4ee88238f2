//! Counts that are kept up to date instead of being counted anew for every pod: how many pods a selector matches, per node and per
//! topology domain, and how many pods hold an affinity term, per domain.
//!
//! A selector's counts are built when a pod first asks for them and from then on follow every placement.

use std::sync::Arc;

use crate::kernel::Map;

use super::selector::{Scope, Selector};
use super::symbols::{LabelSet, Sym, Symbols, label};

/// A node's place in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeIx(pub u32);

macro_rules! index {
    ($($(#[$m:meta])* $t:ident),*) => {$(
        $(#[$m])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub struct $t(pub(super) u32);
    )*};
}
index!(
    /// A topology key in use.
    TopoIx,
    /// A counted selector.
    SelIx,
    /// A distinct affinity term of placed pods.
    TermIx,
    /// A namespace and a set of labels that pods share.
    ClassIx
);

const NONE: u32 = u32::MAX;

/// Which domain each node is in, for one topology key.
#[derive(Clone, Debug)]
pub struct Topology {
    pub key: Sym,
    domain_of: Vec<u32>,
    domains: Map<Sym, u32>,
    /// Nodes per domain; 0 = the domain is free for another value.
    pub nodes_in: Vec<u32>,
    free: Vec<u32>,
    /// Nodes without the label.
    pub missing: u32,
}

impl Topology {
    fn new(key: Sym) -> Self {
        Self { key, domain_of: vec![], domains: Map::new(), nodes_in: vec![], free: vec![], missing: 0 }
    }
    #[inline]
    pub fn domain(&self, node: NodeIx) -> Option<usize> {
        match self.domain_of.get(node.0 as usize) {
            None | Some(&NONE) => None,
            Some(d) => Some(*d as usize),
        }
    }
    /// Domains that have nodes.
    pub fn live(&self) -> usize {
        self.domains.len()
    }
    fn enter(&mut self, node: NodeIx, labels: &[(Sym, Sym)]) {
        let n = node.0 as usize;
        if self.domain_of.len() <= n {
            self.domain_of.resize(n + 1, NONE);
        }
        let Some(value) = label(labels, self.key) else {
            self.missing += 1;
            self.domain_of[n] = NONE;
            return;
        };
        let d = match self.domains.get(&value) {
            Some(d) => *d,
            None => {
                let d = self.free.pop().unwrap_or_else(|| {
                    self.nodes_in.push(0);
                    self.nodes_in.len() as u32 - 1
                });
                self.domains.insert(value, d);
                d
            }
        };
        self.nodes_in[d as usize] += 1;
        self.domain_of[n] = d;
    }
    fn leave(&mut self, node: NodeIx, labels: &[(Sym, Sym)]) {
        let Some(d) = self.domain(node) else {
            self.missing -= 1;
            return;
        };
        self.domain_of[node.0 as usize] = NONE;
        self.nodes_in[d] -= 1;
        if self.nodes_in[d] == 0 {
            if let Some(value) = label(labels, self.key) {
                self.domains.remove(&value);
            }
            self.free.push(d as u32);
        }
    }
}

/// A number per domain.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    by_domain: Vec<i32>,
    pub total: i64,
}

impl Counts {
    #[inline]
    pub fn get(&self, domain: usize) -> i32 {
        self.by_domain.get(domain).copied().unwrap_or(0)
    }
    pub fn add(&mut self, domain: usize, n: i32) {
        if self.by_domain.len() <= domain {
            self.by_domain.resize(domain + 1, 0);
        }
        self.by_domain[domain] += n;
        self.total += i64::from(n);
    }
}

/// What is counted: pods that match every part.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SelectorKey {
    pub parts: Vec<(Scope, Selector)>,
    /// Terminating pods do not count (topology spread), or do (affinity).
    pub live: bool,
}

#[derive(Clone, Debug)]
pub struct SelectorIndex {
    key: SelectorKey,
    built: bool,
    per_node: Vec<i32>,
    by_topology: Vec<(TopoIx, Counts)>,
}

impl SelectorIndex {
    #[inline]
    pub fn on_node(&self, node: NodeIx) -> i32 {
        self.per_node.get(node.0 as usize).copied().unwrap_or(0)
    }
    /// The counts per domain of a topology that [`Indexes::want`] asked for.
    pub fn domains(&self, topology: TopoIx) -> &Counts {
        static EMPTY: Counts = Counts { by_domain: Vec::new(), total: 0 };
        self.by_topology.iter().find(|(t, _)| *t == topology).map_or(&EMPTY, |(_, c)| c)
    }
    fn add(&mut self, node: NodeIx, n: i32, topologies: &[Arc<Topology>]) {
        let at = node.0 as usize;
        if self.per_node.len() <= at {
            self.per_node.resize(at + 1, 0);
        }
        self.per_node[at] += n;
        for (t, counts) in &mut self.by_topology {
            if let Some(d) = topologies[t.0 as usize].domain(node) {
                counts.add(d, n);
            }
        }
    }
}

/// How an affinity term of a placed pod acts on others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TermKind {
    /// Keeps matching pods out of the domain.
    RequiredAnti,
    /// Draws matching pods with hardPodAffinityWeight.
    Required,
    /// Draws (positive) or repels (negative) with its weight.
    Preferred(i32),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TermKey {
    pub kind: TermKind,
    pub topology: TopoIx,
    pub scope: Scope,
    pub selector: Selector,
}

#[derive(Clone, Debug)]
pub struct TermIndex {
    pub key: TermKey,
    /// Placed pods that hold the term.
    pub holders: Counts,
}

/// Pods with equal namespace and labels.
#[derive(Clone, Debug)]
pub struct Class {
    pub namespace: Sym,
    pub labels: LabelSet,
    /// Counted selectors that match, among the first `.1` of those built.
    selectors: (Vec<SelIx>, usize),
    /// Terms that match, among the first `.1`.
    terms: (Vec<TermIx>, usize),
}

/// What the indexes need to know of a pod.
pub struct Counted<'a> {
    pub class: ClassIx,
    pub terms: &'a [TermIx],
    pub terminating: bool,
}

/// More selectors than this and all counts are dropped and built anew as needed.
const MAX_BUILT: usize = 1024;

/// All counts.
#[derive(Clone, Debug, Default)]
pub struct Indexes {
    pub topologies: Vec<Arc<Topology>>,
    topology_ids: Map<Sym, TopoIx>,
    selectors: Vec<Arc<SelectorIndex>>,
    selector_ids: Map<SelectorKey, SelIx>,
    built: Vec<SelIx>,
    terms: Vec<Arc<TermIndex>>,
    term_ids: Map<TermKey, TermIx>,
    classes: Arc<Vec<Arc<Class>>>,
    class_ids: Map<(Sym, LabelSet), ClassIx>,
    /// Labels of namespaces.
    pub namespaces: Map<Sym, LabelSet>,
}

impl Indexes {
    pub fn topology(&self, t: TopoIx) -> &Topology {
        &self.topologies[t.0 as usize]
    }
    pub fn selector(&self, s: SelIx) -> &SelectorIndex {
        &self.selectors[s.0 as usize]
    }
    pub fn term(&self, t: TermIx) -> &TermIndex {
        &self.terms[t.0 as usize]
    }
    pub fn class(&self, c: ClassIx) -> &Class {
        &self.classes[c.0 as usize]
    }
    /// The placed pods' terms that match pods of this class; brought up to date by [`Indexes::refresh_terms`].
    pub fn terms_matching(&self, c: ClassIx) -> impl Iterator<Item = (TermIx, &TermIndex)> {
        self.class(c).terms.0.iter().map(|t| (*t, self.term(*t)))
    }

    pub fn class_of(&mut self, namespace: Sym, labels: LabelSet) -> ClassIx {
        if let Some(c) = self.class_ids.get(&(namespace, labels.clone())) {
            return *c;
        }
        let ix = ClassIx(self.classes.len() as u32);
        self.class_ids.insert((namespace, labels.clone()), ix);
        Arc::make_mut(&mut self.classes).push(Arc::new(Class { namespace, labels, selectors: (vec![], 0), terms: (vec![], 0) }));
        ix
    }

    /// Registers a topology key; `nodes` are those alive, with their labels.
    pub fn topology_of<'a>(&mut self, key: Sym, nodes: impl Iterator<Item = (NodeIx, &'a [(Sym, Sym)])>) -> TopoIx {
        if let Some(t) = self.topology_ids.get(&key) {
            return *t;
        }
        let ix = TopoIx(self.topologies.len() as u32);
        let mut topology = Topology::new(key);
        for (node, labels) in nodes {
            topology.enter(node, labels);
        }
        self.topologies.push(Arc::new(topology));
        self.topology_ids.insert(key, ix);
        ix
    }

    pub fn term_of(&mut self, key: TermKey) -> TermIx {
        if let Some(t) = self.term_ids.get(&key) {
            return *t;
        }
        let ix = TermIx(self.terms.len() as u32);
        self.term_ids.insert(key.clone(), ix);
        self.terms.push(Arc::new(TermIndex { key, holders: Counts::default() }));
        ix
    }

    pub fn selector_of(&mut self, key: SelectorKey) -> SelIx {
        if let Some(s) = self.selector_ids.get(&key) {
            return *s;
        }
        let ix = SelIx(self.selectors.len() as u32);
        self.selector_ids.insert(key.clone(), ix);
        self.selectors.push(Arc::new(SelectorIndex { key, built: false, per_node: vec![], by_topology: vec![] }));
        ix
    }

    /// Whether a selector matches pods of a class.
    pub fn matches(&self, key: &SelectorKey, class: &Class, symbols: &Symbols) -> bool {
        key.parts.iter().all(|(scope, selector)| self.part_matches(scope, selector, class, symbols))
    }
    pub fn part_matches(&self, scope: &Scope, selector: &Selector, class: &Class, symbols: &Symbols) -> bool {
        scope.matches(class.namespace, self.namespaces.get(&class.namespace), symbols) && selector.matches(&class.labels, symbols)
    }
    pub fn selector_matches(&self, s: SelIx, c: ClassIx, symbols: &Symbols) -> bool {
        self.matches(&self.selector(s).key, self.class(c), symbols)
    }

    /// Makes a selector's counts available, also per domain of `topology`. `placed` are all pods on nodes.
    pub fn want<'a, I: Iterator<Item = (NodeIx, Counted<'a>)>>(
        &mut self,
        s: SelIx,
        topology: Option<TopoIx>,
        placed: impl FnOnce() -> I,
        symbols: &Symbols,
    ) {
        let at = s.0 as usize;
        if !self.selectors[at].built {
            if self.built.len() >= MAX_BUILT {
                self.forget_built();
            }
            let key = self.selectors[at].key.clone();
            let matching: Vec<bool> = self.classes.iter().map(|c| self.matches(&key, c, symbols)).collect();
            let index = Arc::make_mut(&mut self.selectors[at]);
            index.per_node.clear();
            index.by_topology.clear();
            for (node, pod) in placed() {
                if matching[pod.class.0 as usize] && !(key.live && pod.terminating) {
                    index.add(node, 1, &self.topologies);
                }
            }
            index.built = true;
            self.built.push(s);
        }
        if let Some(t) = topology
            && !self.selectors[at].by_topology.iter().any(|(x, _)| *x == t)
        {
            let topology = self.topologies[t.0 as usize].clone();
            let index = Arc::make_mut(&mut self.selectors[at]);
            let mut counts = Counts::default();
            for (n, count) in index.per_node.iter().enumerate().filter(|(_, c)| **c != 0) {
                if let Some(d) = topology.domain(NodeIx(n as u32)) {
                    counts.add(d, *count);
                }
            }
            index.by_topology.push((t, counts));
        }
    }

    fn forget_built(&mut self) {
        for s in std::mem::take(&mut self.built) {
            let index = Arc::make_mut(&mut self.selectors[s.0 as usize]);
            index.built = false;
            index.per_node = vec![];
            index.by_topology = vec![];
        }
        self.forget_matches();
    }

    /// Forgets which selectors and terms match which class (a namespace's labels changed).
    fn forget_matches(&mut self) {
        for c in Arc::make_mut(&mut self.classes) {
            let c = Arc::make_mut(c);
            c.selectors = (vec![], 0);
            c.terms = (vec![], 0);
        }
    }

    /// A namespace has these labels now. Selectors over namespaces are counted anew when next asked for.
    pub fn set_namespace(&mut self, namespace: Sym, labels: Option<LabelSet>) {
        let changed = match labels {
            Some(l) if self.namespaces.get(&namespace) == Some(&l) => false,
            Some(l) => {
                self.namespaces.insert(namespace, l);
                true
            }
            None => self.namespaces.remove(&namespace).is_some(),
        };
        if changed {
            self.forget_built();
        }
    }

    /// Brings a class's list of matching terms up to date.
    pub fn refresh_terms(&mut self, c: ClassIx, symbols: &Symbols) {
        let class = &self.classes[c.0 as usize];
        let seen = class.terms.1;
        if seen == self.terms.len() {
            return;
        }
        let new: Vec<TermIx> = (seen..self.terms.len())
            .filter(|t| self.part_matches(&self.terms[*t].key.scope, &self.terms[*t].key.selector, class, symbols))
            .map(|t| TermIx(t as u32))
            .collect();
        let total = self.terms.len();
        let class = Arc::make_mut(&mut Arc::make_mut(&mut self.classes)[c.0 as usize]);
        class.terms.0.extend(new);
        class.terms.1 = total;
    }

    fn refresh_selectors(&mut self, c: ClassIx, symbols: &Symbols) {
        let class = &self.classes[c.0 as usize];
        let seen = class.selectors.1;
        if seen == self.built.len() {
            return;
        }
        let new: Vec<SelIx> =
            self.built[seen..].iter().copied().filter(|s| self.matches(&self.selectors[s.0 as usize].key, class, symbols)).collect();
        let total = self.built.len();
        let class = Arc::make_mut(&mut Arc::make_mut(&mut self.classes)[c.0 as usize]);
        class.selectors.0.extend(new);
        class.selectors.1 = total;
    }

    /// A pod comes to (`n` = 1) or leaves (−1) a node.
    pub fn count(&mut self, pod: &Counted, node: NodeIx, n: i32, symbols: &Symbols) {
        for t in pod.terms {
            let term = &self.terms[t.0 as usize];
            if let Some(d) = self.topologies[term.key.topology.0 as usize].domain(node) {
                Arc::make_mut(&mut self.terms[t.0 as usize]).holders.add(d, n);
            }
        }
        self.refresh_selectors(pod.class, symbols);
        let Self { classes, selectors, topologies, .. } = self;
        for s in &classes[pod.class.0 as usize].selectors.0 {
            let index = &mut selectors[s.0 as usize];
            if !(index.key.live && pod.terminating) {
                Arc::make_mut(index).add(node, n, topologies);
            }
        }
    }

    /// A node appears (its pods are counted afterwards).
    pub fn node_enters(&mut self, node: NodeIx, labels: &[(Sym, Sym)]) {
        for t in &mut self.topologies {
            Arc::make_mut(t).enter(node, labels);
        }
    }
    /// A node goes (its pods were taken out of the counts before).
    pub fn node_leaves(&mut self, node: NodeIx, labels: &[(Sym, Sym)]) {
        for t in &mut self.topologies {
            Arc::make_mut(t).leave(node, labels);
        }
    }
}
