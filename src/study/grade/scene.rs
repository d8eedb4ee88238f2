//! An answer laid beside the rubric: every phrase against every stretch of it, and what that says of one target.

use std::collections::BTreeSet;
use std::ops::Range;

use super::features::{CONTEXT, NAMES, Target};
use super::learned::traits;
use super::lexicon::Word;
use super::manner::{REPORTS, denies};
use super::pairs::Pair;
use super::rubric::{Phrase, Rubric};
use super::text::{Token, is_negation};
use super::vectors::{self, DIMENSIONS, Vector};

pub fn tell(word: &Word) -> f32 {
    if word.tells() { word.weight } else { 0.0 }
}

pub fn mean<'a>(words: impl Iterator<Item = &'a Word>) -> Vector {
    let mut sum = [0.0; DIMENSIONS];
    for word in words {
        for (s, v) in sum.iter_mut().zip(&word.vector) {
            *s += v * word.weight;
        }
    }
    vectors::normalised(&sum)
}
/// The answer laid beside the rubric.
pub struct Scene<'a> {
    pub rubric: &'a Rubric<'a>,
    pub tokens: &'a [Token],
    pub at: &'a [usize],
    pub said: &'a [Word],
    /// Rubric word × answer word.
    pub near: &'a [Vec<f32>],
    pub excludes: &'a [Vec<bool>],
    pub windows: Vec<Range<usize>>,
    pub pairs: BTreeSet<Pair>,
}

/// What a word is worth that stands under a negation there and under none here, or the other way round.
const TURNED: f32 = 0.5;

/// What a match loses that needs two sentences.
const ACROSS: f32 = 0.85;

/// How a phrase lies in a window.
#[derive(Clone, Copy, Default)]
pub struct Fit {
    pub recall: f32,
    pub precision: f32,
    pub harmonic: f32,
}

/// All phrases of a target against all windows.
pub struct Grid {
    pub fits: Vec<Vec<Fit>>,
    pub meaning: Vec<Vec<f32>>,
    /// Per window, over the phrases.
    pub best_match: Vec<f32>,
    pub best_meaning: Vec<f32>,
}

/// The whole rubric laid beside the answer.
struct Laid {
    grids: Vec<Grid>,
    spoiled: Vec<Grid>,
    idle: Grid,
    truth: Grid,
    /// Per window, what was learnt says of each target.
    heard: Vec<Vec<f32>>,
    /// Per window, and of all: the words in one line.
    joined: Vec<String>,
    whole: String,
    soup: f32,
}

impl Scene<'_> {
    pub fn targets(&self, soup: f32) -> (Vec<Target>, [f32; 3]) {
        let meanings: Vec<Vector> = self.windows.iter().map(|w| mean(self.at[w.clone()].iter().map(|i| &self.said[*i]))).collect();
        let grids = |all: &[Vec<Phrase>]| -> Vec<Grid> { all.iter().map(|phrases| self.grid(phrases, &meanings)).collect() };
        let heard = |(w, m): (&Range<usize>, &Vector)| {
            self.rubric.learned.says(&traits(&self.tokens[w.clone()], |i| &self.said[self.at[w.start + i]]), m)
        };
        let laid = Laid {
            grids: grids(&self.rubric.said),
            spoiled: grids(&self.rubric.spoiled),
            idle: self.grid(&self.rubric.idle, &meanings),
            truth: self.grid(&self.rubric.truths, &meanings),
            heard: self.windows.iter().zip(&meanings).map(heard).collect(),
            joined: self.windows.iter().map(|w| self.joined(w.clone())).collect(),
            whole: self.joined(0..self.tokens.len()),
            soup,
        };
        let falsehood = self.falsehood(self.rubric.question.points.len(), &laid.grids, &laid.spoiled, &laid.truth);
        ((0..self.rubric.said.len()).map(|t| self.target(t, &laid)).collect(), falsehood)
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
    pub fn fit(&self, phrase: &Phrase, window: &Range<usize>) -> Fit {
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

    fn target(&self, t: usize, laid: &Laid) -> Target {
        let Laid { grids, spoiled, idle, truth, heard, joined, whole, soup } = laid;
        let points = self.rubric.question.points.len();
        let concepts = self.rubric.question.points.get(t).map(|p| p.concepts.as_slice()).unwrap_or_default();
        let phrases = &self.rubric.said[t];
        let grid = &grids[t];
        let both = |g: &Grid, w: usize| g.best_match[w] + g.best_meaning[w];
        let (at, best) = (0..self.windows.len()).map(|w| (w, both(grid, w))).fold((0, 0.0), |a, b| if b.1 > a.1 { b } else { a });
        let window = self.windows[at].clone();
        let phrase_at = (0..phrases.len()).fold(0, |a, b| if grid.fits[b][at].harmonic > grid.fits[a][at].harmonic { b } else { a });

        let recalls = descending(grid.fits.iter().map(|f| f.iter().map(|f| f.recall).fold(0.0, f32::max)));
        let pairs = |phrases: &[Phrase]| descending(phrases.iter().map(|p| p.pairs.recall(&self.pairs)));
        let paired = pairs(phrases);
        let paired_wrong = pairs(&self.rubric.spoiled[t]);
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
        let own = [
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
            *soup,
            exact / f32::max(total, 0.3),
            f32::from(u8::from(around.iter().any(|t| REPORTS.contains(&t.word.as_str())))),
            both(truth, at) - best,
            libm::logf(self.tokens.len() as f32),
            chatter,
            grid.fits.get(phrase_at).map_or(0.0, |f| f[at].precision),
            both(&spoiled[t], at) - best,
            (0..self.windows.len()).map(|w| both(&spoiled[t], w) - both(grid, w)).fold(-2.0, f32::max),
            both(idle, at) - best,
            spoiled[if t < points { 0..points } else { points..grids.len() }].iter().map(|g| both(g, at)).fold(0.0, f32::max) - best,
            paired[0],
            mean3(&paired),
            paired_wrong[0],
            mean3(&paired) - mean3(&paired_wrong),
        ];
        let learned = heard_of(t, points, heard);
        let mut numbers = [0.0; NAMES.len()];
        numbers[..own.len()].copy_from_slice(&own);
        numbers[own.len()..CONTEXT].copy_from_slice(&learned);
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

/// What the sentences of the question taught, of one target: over all stretches, and of the one that says it best.
fn heard_of(t: usize, points: usize, heard: &[Vec<f32>]) -> [f32; CONTEXT - 36] {
    let targets = heard.first().map_or(0, |h| h.len() / 2);
    let most = |get: &dyn Fn(&[f32]) -> f32| heard.iter().map(|h| get(h)).fold(f32::NEG_INFINITY, f32::max);
    let (makes, wrongs) = (|h: &[f32]| h[t], |h: &[f32]| h[targets + t]);
    let at = heard.iter().fold(&heard[0], |a, b| if makes(b) - wrongs(b) > makes(a) - wrongs(a) { b } else { a });
    let top = |range: Range<usize>| range.filter(|o| *o != t).map(|o| at[o]).fold(0.0, f32::max);
    // The least true of the stretches that are about this target.
    let about = |h: &[f32]| makes(h) + wrongs(h);
    let enough = most(&about) - most(&about).abs() / 2.0;
    let near = |get: &dyn Fn(&[f32]) -> f32| heard.iter().filter(|h| about(h) >= enough).map(|h| get(h)).fold(f32::INFINITY, f32::min);
    let across = if t < points { top(points..targets) } else { top(0..points) };
    [
        most(&makes),
        most(&|h| makes(h) - wrongs(h)),
        most(&wrongs),
        most(&|h| wrongs(h) - makes(h)),
        makes(at),
        wrongs(at),
        across,
        makes(at) - top(0..points),
        mean3(&descending(heard.iter().map(|h| makes(h)))),
        truth(at, points),
        near(&|h| truth(h, points)),
    ]
}

/// How far a stretch is rather true than false, whatever it is about.
fn truth(heard: &[f32], points: usize) -> f32 {
    let (said, turned) = heard.split_at(heard.len() / 2);
    let sum = |part: &[f32]| part.iter().sum::<f32>();
    sum(&said[..points]) + sum(&turned[points..]) - sum(&said[points..]) - sum(&turned[..points])
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
