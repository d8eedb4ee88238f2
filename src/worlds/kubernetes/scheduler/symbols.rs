//! Strings as numbers: labels, namespaces, image and resource names are compared millions of times per second.

use crate::kernel::{List, Map};
use crate::worlds::kubernetes::api::meta::Name;

/// A string of the scheduler's cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sym(pub(super) u32);

/// Label pairs, ordered by key.
pub type LabelSet = std::sync::Arc<[(Sym, Sym)]>;

/// Every string met so far. Numbers are given in order of first sight, so equal inputs give equal numbers.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    ids: Map<Name, Sym>,
    names: List<(Name, Option<i64>)>,
}

impl Symbols {
    pub fn sym(&mut self, text: &str) -> Sym {
        if let Some(s) = self.ids.get(text) {
            return *s;
        }
        let s = Sym(self.names.len() as u32);
        let name: Name = text.into();
        self.ids.insert(name.clone(), s);
        // strconv.ParseInt(…, 10, 64), as Gt and Lt read a label's value.
        self.names.push_back((name, text.parse().ok()));
        s
    }

    /// The number of a string, if it was ever met.
    pub fn find(&self, text: &str) -> Option<Sym> {
        self.ids.get(text).copied()
    }

    pub fn name(&self, s: Sym) -> &Name {
        &self.names[s.0 as usize].0
    }

    /// The string read as a whole number.
    pub fn number(&self, s: Sym) -> Option<i64> {
        self.names[s.0 as usize].1
    }

    pub fn label_set<'a>(&mut self, labels: impl Iterator<Item = (&'a str, &'a str)>) -> LabelSet {
        let mut pairs: Vec<_> = labels.map(|(k, v)| (self.sym(k), self.sym(v))).collect();
        pairs.sort_unstable();
        pairs.into()
    }
}

/// The value of a label.
pub fn label(labels: &[(Sym, Sym)], key: Sym) -> Option<Sym> {
    // Objects carry a handful of labels; a scan beats a search.
    labels.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
}
