//! The words of the subject: how much each tells, how each is spelt, which stand for one another and which never do.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use crate::document::{Dialect, Node, Source, parse_one};

use super::super::bank::{Misconception, Question};
use super::stem::stem;
use super::text::{AsWritten, Spelling, Token, parse};
use super::vectors::{self, Vector, Vectors};

static GROUPS: &str = include_str!("../../../assets/grading/lexicon.yaml");

/// Words that say nothing by themselves.
const STOP: &str = "a an the and or but of to in on at by for with from as is are was were be been being it its this that these those i \
    you he she we they me my your our their them his her do does did have has had will would can could should may might must shall so then \
    than there here what which who whom how if when while because about into out up down over again just also too very really like well \
    okay ok yes yeah um uh basically actually simply kind sort some any each all more most such only own same s t m re ve d ll don one \
    thing things get gets got";

/// What a stop word weighs.
const FAINT: f32 = 0.05;
/// Two words of one group.
const SYNONYM: f32 = 0.8;

#[derive(Default)]
struct Groups {
    same: BTreeMap<String, Vec<usize>>,
    apart: BTreeMap<String, Vec<usize>>,
}

fn groups() -> &'static Groups {
    static READ: OnceLock<Groups> = OnceLock::new();
    READ.get_or_init(|| {
        let source = Source::new("assets/grading/lexicon.yaml", GROUPS);
        // The file is part of the program and tested below.
        let Ok(root) = parse_one(&source, Dialect::Scenario) else { return Groups::default() };
        Groups { same: index(&root, "same"), apart: index(&root, "apart") }
    })
}

fn index(root: &Node, key: &str) -> BTreeMap<String, Vec<usize>> {
    let mut out: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, group) in root.get(key).and_then(Node::as_list).unwrap_or_default().iter().enumerate() {
        for word in group.as_list().unwrap_or_default().iter().filter_map(Node::scalar_text) {
            let of = out.entry(stem(word)).or_default();
            if of.last() != Some(&i) {
                of.push(i);
            }
        }
    }
    out
}

/// A word as the comparison sees it.
#[derive(Clone)]
pub struct Word {
    pub stem: String,
    pub vector: Vector,
    /// 0 to 1: how much it tells.
    pub weight: f32,
    same: Vec<usize>,
    apart: Vec<usize>,
    sense: u32,
}

impl Word {
    /// Whether it says anything by itself.
    pub fn tells(&self) -> bool {
        self.weight > FAINT * 2.0
    }

    /// A number that it shares with the words that stand for it.
    pub fn sense(&self) -> u32 {
        self.sense
    }

    /// Whether the two exclude each other: whoever says one has not said the other.
    pub fn excludes(&self, other: &Self) -> bool {
        self.stem != other.stem && self.apart.iter().any(|g| other.apart.contains(g))
    }

    /// 0 to 1.
    pub fn nearness(&self, other: &Self) -> f32 {
        if self.stem == other.stem {
            return 1.0;
        }
        if !other.tells() || !self.tells() || self.excludes(other) {
            return 0.0;
        }
        if self.same.iter().any(|g| other.same.contains(g)) { SYNONYM } else { 0.0 }
    }
}

/// The words of a bank of questions.
pub struct Lexicon {
    /// In how many sentences of the bank a stem occurs.
    documents: BTreeMap<String, u32>,
    sentences: u32,
    /// Words of the bank and how often they occur: what a misspelt word may have been meant to be.
    words: BTreeMap<String, u32>,
    /// How people put a misconception, from all questions that list it.
    beliefs: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    stop: BTreeSet<String>,
}

impl Lexicon {
    pub fn of<'a>(questions: impl IntoIterator<Item = &'a Arc<Question>>) -> Self {
        let mut out = Self {
            documents: BTreeMap::new(),
            sentences: 0,
            words: BTreeMap::new(),
            beliefs: BTreeMap::new(),
            stop: STOP.split_whitespace().map(String::from).collect(),
        };
        for question in questions {
            let points = question.points.iter().flat_map(|p| p.say.iter().chain([&p.text]));
            let wrong = question.misconceptions.iter().flat_map(|m| m.say.iter().chain([&m.text]));
            for m in &question.misconceptions {
                let known = out.beliefs.entry(m.id.clone()).or_default();
                for say in &m.say {
                    if !known.contains(say) {
                        known.push(say.clone());
                    }
                }
            }
            for sentence in points.chain(wrong) {
                out.learn(&parse(sentence, &AsWritten));
            }
        }
        out
    }

    fn learn(&mut self, tokens: &[Token]) {
        self.sentences += 1;
        let stems: BTreeSet<&str> = tokens.iter().map(|t| t.stem.as_str()).collect();
        for stem in stems {
            *self.documents.entry(stem.to_string()).or_default() += 1;
        }
        for token in tokens {
            *self.words.entry(token.word.clone()).or_default() += 1;
        }
    }

    /// How people put a misconception: the question's own phrases, then those of other questions that list it too.
    pub fn beliefs<'a>(&'a self, wrong: &'a Misconception) -> impl Iterator<Item = &'a Arc<str>> {
        let elsewhere = self.beliefs.get(&wrong.id).map(Vec::as_slice).unwrap_or_default();
        wrong.say.iter().chain(elsewhere.iter().filter(|s| !wrong.say.contains(s)))
    }

    /// The weight of a stem: rare words of the bank tell more.
    fn weight(&self, stem: &str) -> f32 {
        if self.stop.contains(stem) {
            return FAINT;
        }
        let all = self.sentences.max(2) as f32;
        let with = 1.0 + self.documents.get(stem).copied().unwrap_or(0) as f32;
        (libm::logf(all / with) / libm::logf(all)).clamp(FAINT, 1.0)
    }

    pub fn word(&self, token: &Token) -> Word {
        let groups = groups();
        let of = |map: &BTreeMap<String, Vec<usize>>| map.get(&token.stem).cloned().unwrap_or_default();
        let same = of(&groups.same);
        let sense = same.first().map_or_else(|| fingerprint(&token.stem) | 1 << 31, |g| u32::try_from(*g).unwrap_or(0));
        Word {
            sense,
            vector: vectors::normalised(&Vectors::embedded().of(&token.word)),
            weight: self.weight(&token.stem),
            same,
            apart: of(&groups.apart),
            stem: token.stem.clone(),
        }
    }
}

/// FNV-1a over the bytes.
fn fingerprint(word: &str) -> u32 {
    word.bytes().fold(0x811c_9dc5, |h, b| (h ^ u32::from(b)).wrapping_mul(0x0100_0193))
}

impl Spelling for Lexicon {
    fn corrected(&self, word: &str) -> Option<String> {
        if word.len() < 4 || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
            return None;
        }
        if self.words.contains_key(word) || Vectors::embedded().knows(word) || self.documents.contains_key(&stem(word)) {
            return None;
        }
        // Two slips are forgiven in long words.
        let slips = if word.len() >= 8 { 2 } else { 1 };
        let first = &word[..1];
        self.words
            .range(first.to_string()..)
            .take_while(|(w, _)| w.starts_with(first))
            .filter(|(w, _)| w.len() >= 4 && w.len().abs_diff(word.len()) <= slips)
            .map(|(w, n)| (strsim::osa_distance(w, word), u32::MAX - n, w))
            .filter(|(d, _, _)| *d <= slips)
            .min()
            .map(|(_, _, w)| w.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::deck::shelf::built_in;

    fn lexicon() -> Lexicon {
        Lexicon::of(built_in().bank.questions())
    }

    fn word(l: &Lexicon, w: &str) -> Word {
        l.word(&parse(w, &AsWritten)[0])
    }

    #[test]
    fn groups_are_read() {
        assert!(groups().same.len() > 100 && groups().apart.len() > 50);
    }

    #[test]
    fn misspelt_words_are_put_right_and_others_stay() {
        let l = lexicon();
        for (wrong, right) in [("deploymnet", "deployment"), ("readyness", "readiness"), ("contanier", "container"), ("usualy", "usually")]
        {
            assert_eq!(l.corrected(wrong).as_deref(), Some(right));
        }
        for fine in ["oven", "bakery", "kubelet", "v1", "lyon"] {
            assert_eq!(l.corrected(fine), None, "{fine}");
        }
    }

    #[test]
    fn what_stands_for_another_is_near_and_what_excludes_it_is_not() {
        let l = lexicon();
        assert!(word(&l, "box").nearness(&word(&l, "node")) >= SYNONYM);
        assert_eq!(word(&l, "docker").nearness(&word(&l, "kubernetes")), 0.0);
        assert!(word(&l, "before").excludes(&word(&l, "after")));
    }
}
