//! What an answer has to do with each point and each misconception of its question: numbers, and the words they come from.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::bank::Question;
use super::lexicon::{Lexicon, Word};
use super::text::{AsWritten, Token, is_negation, parse, windows};
use super::vectors::{self, DIMENSIONS, Vector};

/// Names of the numbers, in their order.
pub const NAMES: [&str; 28] = [
    "recall",
    "recall3",
    "match",
    "match3",
    "meaning",
    "meaning3",
    "topic",
    "turned",
    "best",
    "lead",
    "match_over",
    "meaning_over",
    "concepts",
    "concepts_near",
    "denied",
    "negations",
    "lead_points",
    "lead_wrong",
    "length",
    "swapped",
    "joined",
    "soup",
    "exact",
    "reported",
    "lead_truth",
    "answer",
    "chatter",
    "tightness",
];

/// How one target (a point or a misconception) stands.
pub struct Target {
    pub numbers: [f32; NAMES.len()],
    /// The stretch of tokens that says it best.
    pub window: Range<usize>,
    /// The tokens in it that match.
    pub matched: Vec<usize>,
    /// Another stretch that says the same turned round.
    pub against: Option<Range<usize>>,
}

pub struct Measured {
    pub tokens: Vec<Token>,
    /// Points in the order of the question, then misconceptions.
    pub targets: Vec<Target>,
    /// How much of the answer is a list of words, 0 to 1.
    pub soup: f32,
    /// Weight of all words that tell something.
    pub substance: f32,
    /// How much of that weight is near to the question's subject.
    pub relevance: f32,
    /// How far the words of each clause belong to one and the same thing of the rubric: low where facts are mixed up.
    pub coherence: f32,
    /// How well what clauses say fits the point their subject belongs to, and how much better it fits another.
    pub bound: f32,
    pub misbound: f32,
    /// How far clauses are about one point of the rubric, whatever they leave out: terse answers are tight.
    pub density: f32,
}

/// One way of saying a target.
struct Phrase {
    tokens: Vec<Token>,
    /// Index into the rubric's words, weight.
    words: Vec<(usize, f32)>,
    sum: f32,
    meaning: Vector,
}

/// Words that deny what stands beside them.
const DENIALS: &[&str] = &[
    "myth",
    "untrue",
    "misconception",
    "mistaken",
    "misunderstanding",
    "incorrect",
    "contrary",
    "nonsense",
    "misleading",
    "misread",
    "confuse",
    "confused",
    "disagree",
    "rumour",
    "rumor",
    "fallacy",
    "mixed",
];

/// Pairs of words that do.
const DENIAL_PAIRS: &[(&str, &str)] = &[
    ("not", "true"),
    ("is", "wrong"),
    ("are", "wrong"),
    ("that", "wrong"),
    ("is", "false"),
    ("not", "correct"),
    ("not", "so"),
    ("mix", "up"),
    ("not", "mean"),
    ("not", "believe"),
    ("not", "think"),
];

/// Words that report what others think.
const REPORTS: &[&str] = &[
    "people",
    "colleague",
    "somebody",
    "someone",
    "assume",
    "assumes",
    "believe",
    "believes",
    "claim",
    "claims",
    "heard",
    "think",
    "thinks",
    "thought",
    "expect",
];

/// Small words that only sentences have.
const GLUE: &[&str] = &[
    "is", "are", "was", "be", "it", "you", "i", "we", "they", "that", "which", "so", "because", "when", "if", "then", "has", "have", "do",
    "does", "not", "can", "will", "would", "to", "a", "an", "the", "my", "your", "them", "its", "gets", "get", "there", "this", "no",
];

fn denies(tokens: &[Token]) -> bool {
    tokens.iter().any(|t| DENIALS.contains(&t.word.as_str()))
        || tokens.windows(2).any(|p| DENIAL_PAIRS.contains(&(p[0].word.as_str(), p[1].word.as_str())))
}

/// All different words of a text, and for every token which it is.
#[derive(Default)]
struct Words {
    words: Vec<Word>,
    index: BTreeMap<String, usize>,
}

impl Words {
    fn put(&mut self, lexicon: &Lexicon, token: &Token) -> usize {
        if let Some(i) = self.index.get(&token.word) {
            return *i;
        }
        self.words.push(lexicon.word(token));
        self.index.insert(token.word.clone(), self.words.len() - 1);
        self.words.len() - 1
    }
}

/// What the question itself says is worth half: repeating it proves little.
const ASKED: f32 = 0.5;

pub fn measure(lexicon: &Lexicon, question: &Question, answer: &str) -> Measured {
    let tokens = parse(answer, lexicon);
    let mut said = Words::default();
    let at: Vec<usize> = tokens.iter().map(|t| said.put(lexicon, t)).collect();
    let asked: Vec<String> = parse(&question.question, &AsWritten).into_iter().map(|t| t.stem).collect();

    let mut own = Words::default();
    let made = |own: &mut Words, tokens: Vec<Token>| {
        let words: Vec<(usize, f32)> = tokens
            .iter()
            .map(|t| {
                let i = own.put(lexicon, t);
                let weight = own.words[i].weight;
                (i, if asked.contains(&t.stem) { weight * ASKED } else { weight })
            })
            .collect();
        let meaning = mean(words.iter().map(|(i, _)| &own.words[*i]));
        Phrase { sum: words.iter().map(|w| w.1).sum::<f32>().max(1e-3), tokens, words, meaning }
    };

    let mut rubric: Vec<Vec<Phrase>> = Vec::new();
    for point in &question.points {
        rubric.push(
            point.say.iter().chain([&point.text]).map(|s| made(&mut own, parse(s, &AsWritten))).filter(|p| !p.words.is_empty()).collect(),
        );
    }
    for wrong in &question.misconceptions {
        rubric.push(
            lexicon
                .beliefs(wrong)
                .chain([&wrong.text])
                .map(|s| made(&mut own, parse(s, &AsWritten)))
                .filter(|p| !p.words.is_empty())
                .collect(),
        );
    }
    weigh_by_distinction(&mut rubric, &own.words);
    let spoken = parse(&question.answers.medium, &AsWritten);
    let mut truths: Vec<Phrase> = spoken.chunk_by(|a, b| a.sentence == b.sentence).map(|s| made(&mut own, s.to_vec())).collect();
    for wrong in &question.misconceptions {
        let correct = parse(&wrong.correction, &AsWritten);
        truths.extend(correct.chunk_by(|a, b| a.sentence == b.sentence).map(|s| made(&mut own, s.to_vec())));
    }
    truths.retain(|p| p.words.len() > 2);

    let near: Vec<Vec<f32>> = own.words.iter().map(|a| said.words.iter().map(|b| a.nearness(b)).collect()).collect();
    let excludes: Vec<Vec<bool>> = own.words.iter().map(|a| said.words.iter().map(|b| a.excludes(b)).collect()).collect();
    let scene = Scene { tokens: &tokens, at: &at, said: &said.words, near: &near, excludes: &excludes, windows: windows(&tokens) };
    let (soup, substance) = (soup(answer, &tokens, &said.words, &at), at.iter().map(|i| tell(&said.words[*i])).sum::<f32>());
    let relevance = relevance(&scene, &own.words);
    let targets = if tokens.is_empty() { Vec::new() } else { scene.targets(question, &rubric, &truths, soup) };
    let coherence = scene.coherence(&rubric[..question.points.len()]);
    let (bound, misbound) = binding(&scene, &rubric[..question.points.len()], &own.words);
    let density = scene.density(&rubric[..question.points.len()]);
    Measured { tokens, targets, soup, substance, relevance, coherence, bound, misbound, density }
}

/// A word that stands in every other point as well proves little: it weighs less than one that belongs to this target alone.
fn weigh_by_distinction(rubric: &mut [Vec<Phrase>], words: &[Word]) {
    let targets = rubric.len();
    let mut uses: BTreeMap<String, Vec<f32>> = BTreeMap::new();
    for (t, phrases) in rubric.iter().enumerate() {
        let one = 1.0 / phrases.len().max(1) as f32;
        for phrase in phrases {
            let mut stems: Vec<&String> = phrase.words.iter().map(|(i, _)| &words[*i].stem).collect();
            stems.sort();
            stems.dedup();
            for stem in stems {
                uses.entry(stem.clone()).or_insert_with(|| vec![0.0; targets])[t] += one;
            }
        }
    }
    for (t, phrases) in rubric.iter_mut().enumerate() {
        for phrase in phrases {
            for (i, weight) in &mut phrase.words {
                let Some(shares) = uses.get(&words[*i].stem) else { continue };
                let elsewhere: f32 = shares.iter().enumerate().filter(|(o, _)| *o != t).map(|(_, s)| s).sum();
                *weight *= 1.0 - COMMON * elsewhere / (targets.max(2) - 1) as f32;
            }
            phrase.sum = phrase.words.iter().map(|w| w.1).sum::<f32>().max(1e-3);
        }
    }
}

/// What a word loses that stands in every phrase of all other targets.
const COMMON: f32 = 0.7;

fn tell(word: &Word) -> f32 {
    if word.tells() { word.weight } else { 0.0 }
}

fn mean<'a>(words: impl Iterator<Item = &'a Word>) -> Vector {
    let mut sum = [0.0; DIMENSIONS];
    for word in words {
        for (s, v) in sum.iter_mut().zip(&word.vector) {
            *s += v * word.weight;
        }
    }
    vectors::normalised(&sum)
}

/// The share of sentences that are lists: many telling words, hardly any that join them.
fn soup(answer: &str, tokens: &[Token], words: &[Word], at: &[usize]) -> f32 {
    let (mut lists, mut all) = (0.0, 0.0);
    let mut from = 0;
    while from < tokens.len() {
        let mut to = from;
        while to < tokens.len() && tokens[to].sentence == tokens[from].sentence {
            to += 1;
        }
        let glue = tokens[from..to].iter().filter(|t| GLUE.contains(&t.word.as_str())).count() as f32;
        let telling = at[from..to].iter().filter(|i| words[**i].tells()).count() as f32;
        let clauses = (tokens[to - 1].clause - tokens[from].clause + 1) as f32;
        let length = (to - from) as f32;
        // Colons, equals signs and arrows say how things belong together, if there are not many things to each.
        let written = &answer[tokens[from].range.start..tokens.get(to).map_or(answer.len(), |t| t.range.start)];
        let marks = written.matches(['=', '→', ':', '(', '>']).count() as f32;
        let related = marks > 0.0 && clauses / (marks + 1.0) <= 3.0;
        let bare = glue / length;
        let enumerated = length >= 4.0 && bare < 0.16 && length / clauses < 3.5 && telling / length > 0.6;
        let strung = length >= 8.0 && bare < 0.06 && telling / length > 0.75;
        let word_by_word = length < 4.0 && glue == 0.0 && telling == length;
        if !related && (enumerated || strung || word_by_word) {
            lists += length;
        }
        all += length;
        from = to;
    }
    if all > 0.0 { lists / all } else { 0.0 }
}

fn relevance(scene: &Scene, own: &[Word]) -> f32 {
    let (mut near, mut all) = (0.0, 0.0);
    for i in scene.at {
        let weight = tell(&scene.said[*i]);
        all += weight;
        let best = (0..own.len()).filter(|o| own[*o].tells()).map(|o| scene.near[o][*i]).fold(0.0, f32::max);
        near += weight * best;
    }
    if all > 0.0 { near / all } else { 0.0 }
}

/// Key words of each point: many of its phrases have them, hardly any of another point.
fn keys(points: &[Vec<Phrase>], words: &[Word]) -> BTreeMap<String, usize> {
    let mut shares: BTreeMap<&str, Vec<f32>> = BTreeMap::new();
    for (t, phrases) in points.iter().enumerate() {
        for phrase in phrases {
            let mut stems: Vec<&str> = phrase.words.iter().filter(|w| words[w.0].tells()).map(|w| words[w.0].stem.as_str()).collect();
            stems.sort_unstable();
            stems.dedup();
            for stem in stems {
                shares.entry(stem).or_insert_with(|| vec![0.0; points.len()])[t] += 1.0 / phrases.len() as f32;
            }
        }
    }
    let mut out = BTreeMap::new();
    for (stem, shares) in shares {
        let best = (0..shares.len()).fold(0, |a, b| if shares[b] > shares[a] { b } else { a });
        let next = (0..shares.len()).filter(|t| *t != best).map(|t| shares[t]).fold(0.0, f32::max);
        if shares[best] >= 0.35 && next <= shares[best] * 0.45 {
            out.insert(stem.to_string(), best);
        }
    }
    out
}

/// Facts hung on the wrong subject ("readiness restarts the container"): for each clause, does what it says fit the point that its
/// subject belongs to, or another?
fn binding(scene: &Scene, points: &[Vec<Phrase>], words: &[Word]) -> (f32, f32) {
    let keys = keys(points, words);
    let (mut right, mut wrong, mut all) = (0.0, 0.0, 0.0);
    let mut subject: Option<(usize, usize, usize)> = None;
    let mut from = 0;
    while from < scene.tokens.len() {
        let (clause, sentence) = (scene.tokens[from].clause, scene.tokens[from].sentence);
        let mut to = from;
        while to < scene.tokens.len() && scene.tokens[to].clause == clause {
            to += 1;
        }
        if let Some((j, owner)) = (from..to).find_map(|j| keys.get(&scene.tokens[j].stem).map(|o| (j, *o))) {
            subject = Some((j, owner, sentence));
        }
        if let Some((at, owner, _)) = subject.filter(|s| s.2 == sentence) {
            let name = &scene.tokens[at].stem;
            let rest: Vec<usize> = (from..to).filter(|j| scene.tokens[*j].stem != *name && scene.said[scene.at[*j]].tells()).collect();
            let weight: f32 = rest.iter().map(|j| scene.said[scene.at[*j]].weight).sum();
            if weight > 0.4 {
                let fits = |phrase: &Phrase| -> f32 {
                    let said: f32 = rest
                        .iter()
                        .map(|j| {
                            phrase.words.iter().map(|w| scene.near[w.0][scene.at[*j]]).fold(0.0, f32::max) * scene.said[scene.at[*j]].weight
                        })
                        .sum();
                    said / weight
                };
                let own = points[owner].iter().map(fits).fold(0.0, f32::max);
                let strangers = points.iter().enumerate().filter(|(t, _)| *t != owner).flat_map(|(_, p)| p);
                let without = strangers.filter(|p| !p.words.iter().any(|w| words[w.0].stem == *name));
                let other = without.map(fits).fold(0.0, f32::max);
                right += weight * own;
                wrong += weight * (other - own).max(0.0);
                all += weight;
            }
        }
        from = to;
    }
    if all > 0.0 { (right / all, wrong / all) } else { (0.5, 0.1) }
}

/// The answer laid beside the rubric.
struct Scene<'a> {
    tokens: &'a [Token],
    at: &'a [usize],
    said: &'a [Word],
    /// Rubric word × answer word.
    near: &'a [Vec<f32>],
    excludes: &'a [Vec<bool>],
    windows: Vec<Range<usize>>,
}

/// What a word is worth that stands under a negation there and under none here, or the other way round.
const TURNED: f32 = 0.5;

/// What a match loses that needs two sentences.
const ACROSS: f32 = 0.85;

/// How a phrase lies in a window.
#[derive(Clone, Copy, Default)]
struct Fit {
    recall: f32,
    precision: f32,
    harmonic: f32,
}

/// All phrases of a target against all windows.
struct Grid {
    fits: Vec<Vec<Fit>>,
    meaning: Vec<Vec<f32>>,
    /// Per window, over the phrases.
    best_match: Vec<f32>,
    best_meaning: Vec<f32>,
}

impl Scene<'_> {
    fn targets(&self, question: &Question, rubric: &[Vec<Phrase>], truths: &[Phrase], soup: f32) -> Vec<Target> {
        let meanings: Vec<Vector> = self.windows.iter().map(|w| mean(self.at[w.clone()].iter().map(|i| &self.said[*i]))).collect();
        let grids: Vec<Grid> = rubric.iter().map(|phrases| self.grid(phrases, &meanings)).collect();
        let truth = self.grid(truths, &meanings);
        let joined: Vec<String> = self.windows.iter().map(|w| self.joined(w.clone())).collect();
        let whole = self.joined(0..self.tokens.len());
        let points = question.points.len();
        (0..rubric.len())
            .map(|t| {
                let concepts = question.points.get(t).map(|p| p.concepts.as_slice()).unwrap_or_default();
                self.target(t, points, &rubric[t], &grids, &truth, concepts, &joined, &whole, soup)
            })
            .collect()
    }

    fn density(&self, points: &[Vec<Phrase>]) -> f32 {
        let (mut near, mut all) = (0.0, 0.0);
        for window in self.windows.iter().filter(|w| self.tokens[w.start].clause == self.tokens[w.end - 1].clause) {
            let weight: f32 = self.at[window.clone()].iter().map(|i| self.said[*i].weight).sum();
            near += weight * points.iter().flatten().map(|p| self.fit(p, window).precision).fold(0.0, f32::max);
            all += weight;
        }
        if all > 0.0 { near / all } else { 0.0 }
    }

    fn coherence(&self, points: &[Vec<Phrase>]) -> f32 {
        let mut any = vec![0.0_f32; self.said.len()];
        for (own, _) in points.iter().flatten().flat_map(|p| &p.words) {
            for (a, n) in any.iter_mut().zip(&self.near[*own]) {
                *a = a.max(*n);
            }
        }
        let (mut one, mut all) = (0.0, 0.0);
        for window in self.windows.iter().filter(|w| w.len() >= 3 && self.tokens[w.start].clause == self.tokens[w.end - 1].clause) {
            let weight: f32 = self.at[window.clone()].iter().map(|i| self.said[*i].weight).sum();
            let best = points.iter().flatten().map(|p| self.fit(p, window).precision).fold(0.0, f32::max);
            one += best * weight;
            all += self.at[window.clone()].iter().map(|i| self.said[*i].weight * any[*i]).sum::<f32>();
        }
        if all > 0.0 { (one / all).min(1.0) } else { 0.0 }
    }

    fn joined(&self, window: Range<usize>) -> String {
        let mut out = String::from(" ");
        for token in &self.tokens[window] {
            out.push_str(&token.word);
            out.push(' ');
        }
        out
    }

    fn grid(&self, phrases: &[Phrase], meanings: &[Vector]) -> Grid {
        let fits: Vec<Vec<Fit>> = phrases.iter().map(|p| self.windows.iter().map(|w| self.fit(p, w)).collect()).collect();
        let meaning: Vec<Vec<f32>> = phrases.iter().map(|p| meanings.iter().map(|m| vectors::dot(&p.meaning, m)).collect()).collect();
        let best = |get: &dyn Fn(usize, usize) -> f32| -> Vec<f32> {
            (0..self.windows.len()).map(|w| (0..phrases.len()).map(|p| get(p, w)).fold(0.0, f32::max)).collect()
        };
        let best_match = best(&|p, w| fits[p][w].harmonic);
        let best_meaning = best(&|p, w| meaning[p][w]);
        Grid { fits, meaning, best_match, best_meaning }
    }

    /// How much of the phrase is said in the window, and how much of the window is about the phrase.
    fn fit(&self, phrase: &Phrase, window: &Range<usize>) -> Fit {
        let mut recall = 0.0;
        let mut back = vec![0.0_f32; window.len()];
        for ((own, weight), token) in phrase.words.iter().zip(&phrase.tokens) {
            let row = &self.near[*own];
            let mut best = 0.0_f32;
            let mut k = 0;
            while k < back.len() {
                let mut n = row[self.at[window.start + k]];
                if self.tokens[window.start + k].negated != token.negated {
                    n *= TURNED;
                }
                if n > best {
                    best = n;
                }
                if n > back[k] {
                    back[k] = n;
                }
                k += 1;
            }
            recall += best * weight;
        }
        recall /= phrase.sum;
        if self.tokens[window.start].sentence != self.tokens[window.end - 1].sentence {
            recall *= ACROSS;
        }
        let (mut covered, mut all) = (0.0, 0.0);
        for (k, n) in back.iter().enumerate() {
            let weight = self.said[self.at[window.start + k]].weight;
            covered += n * weight;
            all += weight;
        }
        let precision = covered / all.max(0.3);
        Fit { recall, precision, harmonic: 2.0 * recall * precision / (recall + precision).max(1e-6) }
    }

    /// For every word of the phrase the token of the window that says it, and how well.
    fn aligned(&self, phrase: &Phrase, window: &Range<usize>) -> Vec<Option<(usize, f32)>> {
        phrase
            .words
            .iter()
            .map(|(own, _)| {
                let best = window.clone().map(|j| (j, self.near[*own][self.at[j]])).fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a });
                (best.1 > 0.5).then_some(best)
            })
            .collect()
    }

    #[allow(clippy::too_many_arguments)]
    fn target(
        &self,
        t: usize,
        points: usize,
        phrases: &[Phrase],
        grids: &[Grid],
        truth: &Grid,
        concepts: &[Vec<std::sync::Arc<str>>],
        joined: &[String],
        whole: &str,
        soup: f32,
    ) -> Target {
        let grid = &grids[t];
        let both = |g: &Grid, w: usize| g.best_match[w] + g.best_meaning[w];
        let (at, best) = (0..self.windows.len()).map(|w| (w, both(grid, w))).fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a });
        let window = self.windows[at].clone();
        let phrase_at = (0..phrases.len()).fold(0, |a, b| if grid.fits[b][at].harmonic > grid.fits[a][at].harmonic { b } else { a });

        let recalls = descending(grid.fits.iter().map(|f| f.iter().map(|f| f.recall).fold(0.0, f32::max)));
        let matches = descending(grid.fits.iter().map(|f| f.iter().map(|f| f.harmonic).fold(0.0, f32::max)));
        let meanings = descending(grid.meaning.iter().map(|m| m.iter().copied().fold(0.0, f32::max)));
        let rows = grid.meaning.len().max(1) as f32;
        let topic = (0..self.windows.len()).map(|w| grid.meaning.iter().map(|m| m[w]).sum::<f32>() / rows).fold(0.0, f32::max);
        let others = |range: Range<usize>| range.filter(|o| *o != t).map(|o| both(&grids[o], at)).fold(0.0, f32::max);
        let over = |get: &dyn Fn(&Grid) -> f32| {
            let all: Vec<f32> = (0..grids.len()).filter(|o| *o != t).map(|o| get(&grids[o])).collect();
            if all.is_empty() { 0.0 } else { all.iter().sum::<f32>() / all.len() as f32 }
        };
        let top = |v: &[f32]| v.iter().copied().fold(0.0, f32::max);
        let share = |text: &str| {
            if concepts.is_empty() {
                return 0.5;
            }
            let hit = concepts.iter().filter(|g| g.iter().any(|c| text.contains(&c.to_lowercase()))).count();
            hit as f32 / concepts.len() as f32
        };

        let phrase = phrases.get(phrase_at);
        let aligned = phrase.map(|p| self.aligned(p, &window)).unwrap_or_default();
        let (mut turned, mut weighed, mut swapped, mut total, mut exact) = (0.0, 0.0, 0.0, 0.0, 0.0);
        let (mut pairs, mut joint) = (0.0, 0.0);
        if let Some(phrase) = phrase {
            let mut last: Option<(usize, Option<usize>)> = None;
            for (k, (own, weight)) in phrase.words.iter().enumerate() {
                total += weight;
                if let Some((j, near)) = aligned[k] {
                    weighed += weight * near;
                    if near > 0.99 {
                        exact += weight;
                    }
                    if self.tokens[j].negated != phrase.tokens[k].negated {
                        turned += weight * near;
                    }
                } else if window.clone().any(|j| self.excludes[*own][self.at[j]]) {
                    swapped += weight;
                }
                if *weight > 0.12 {
                    let clause = phrase.tokens[k].clause;
                    let here = aligned[k].map(|a| a.0);
                    if let Some((_, place)) = last.filter(|l| l.0 == clause) {
                        pairs += 1.0;
                        if let (Some(a), Some(b)) = (place, here) {
                            if self.tokens[a].clause == self.tokens[b].clause && a <= b {
                                joint += 1.0;
                            } else if self.tokens[a].sentence == self.tokens[b].sentence {
                                joint += 0.5;
                            }
                        }
                    }
                    last = Some((clause, here));
                }
            }
        }
        let words = &self.tokens[window.clone()];
        // A long answer comes near to everything by chance.
        let chatter = libm::logf(self.tokens.len() as f32) * recalls[0];
        // Who denies or reports may do it in the clause before or after.
        let around = &self.tokens[window.start.saturating_sub(8)..(window.end + 6).min(self.tokens.len())];
        let numbers = [
            recalls[0],
            mean3(&recalls),
            matches[0],
            mean3(&matches),
            meanings[0],
            mean3(&meanings),
            topic,
            turned / weighed.max(0.3),
            best,
            best - others(0..grids.len()),
            top(&grid.best_match) - over(&|g| top(&g.best_match)),
            top(&grid.best_meaning) - over(&|g| top(&g.best_meaning)),
            share(whole),
            share(&joined[at]),
            f32::from(u8::from(denies(around))),
            words.iter().filter(|t| is_negation(&t.word)).count() as f32,
            others(0..points) - best,
            others(points..grids.len()) - best,
            window.len() as f32,
            swapped / f32::max(total, 0.3),
            if pairs > 0.0 { joint / pairs } else { 0.5 },
            soup,
            exact / f32::max(total, 0.3),
            f32::from(u8::from(around.iter().any(|t| REPORTS.contains(&t.word.as_str())))),
            both(truth, at) - best,
            libm::logf(self.tokens.len() as f32),
            chatter,
            grid.fits.get(phrase_at).map_or(0.0, |f| f[at].precision),
        ];
        let mut matched: Vec<usize> = aligned.iter().flatten().map(|a| a.0).filter(|j| self.said[self.at[*j]].tells()).collect();
        matched.sort_unstable();
        matched.dedup();
        let against = phrase.and_then(|p| self.against(p, &window, &grid.fits[phrase_at], at));
        Target { numbers, window, matched, against }
    }

    /// A stretch beside the window in which the phrase is said as well, and denied where the window asserts it (or the other way round).
    fn against(&self, phrase: &Phrase, window: &Range<usize>, fits: &[Fit], at: usize) -> Option<Range<usize>> {
        let turned = |w: &Range<usize>| {
            let (mut with, mut all) = (0.0, 0.0);
            for ((_, weight), (place, token)) in phrase.words.iter().zip(self.aligned(phrase, w).iter().zip(&phrase.tokens)) {
                if let Some((j, near)) = place {
                    all += weight * near;
                    if self.tokens[*j].negated != token.negated {
                        with += weight * near;
                    }
                }
            }
            if all > 0.0 { with / all } else { 0.0 }
        };
        let apart = |w: &Range<usize>| w.end <= window.start || w.start >= window.end;
        let here = turned(window);
        (0..self.windows.len())
            .filter(|w| apart(&self.windows[*w]) && fits[*w].recall >= 0.6 && fits[*w].harmonic >= 0.8 * fits[at].harmonic)
            .find(|w| (turned(&self.windows[*w]) - here).abs() > 0.6)
            .map(|w| self.windows[w].clone())
    }
}

fn descending(values: impl Iterator<Item = f32>) -> Vec<f32> {
    let mut out: Vec<f32> = values.collect();
    out.sort_by(|a, b| b.total_cmp(a));
    if out.is_empty() {
        out.push(0.0);
    }
    out
}

fn mean3(descending: &[f32]) -> f32 {
    let first = &descending[..descending.len().min(3)];
    first.iter().sum::<f32>() / first.len() as f32
}
