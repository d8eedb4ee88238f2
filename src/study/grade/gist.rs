//! What the words of the whole answer have to do with one another and with the rubric: is it about the question, are facts hung on the
//! right subject, does it come nearer to something false than to anything true?

use std::collections::BTreeMap;

use super::lexicon::Word;
use super::rubric::Phrase;
use super::scene::{Grid, Scene, tell};

pub fn relevance(scene: &Scene, own: &[Word]) -> f32 {
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
pub fn binding(scene: &Scene, points: &[Vec<Phrase>], words: &[Word]) -> (f32, f32) {
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

impl Scene<'_> {
    pub fn falsehood(&self, points: usize, grids: &[Grid], spoiled: &[Grid], truth: &Grid) -> [f32; 3] {
        let both = |g: &Grid, w: usize| g.best_match[w] + g.best_meaning[w];
        let (mut mean, mut most, mut share, mut all) = (0.0, -1.0_f32, 0.0, 0.0);
        for (w, window) in self.windows.iter().enumerate() {
            let (first, last) = (&self.tokens[window.start], &self.tokens[window.end - 1]);
            let whole = first.sentence == last.sentence
                && (window.start == 0 || self.tokens[window.start - 1].sentence != first.sentence)
                && (window.end == self.tokens.len() || self.tokens[window.end].sentence != last.sentence);
            if !whole {
                continue;
            }
            let top = |g: &mut dyn Iterator<Item = &Grid>| g.map(|g| both(g, w)).fold(0.0, f32::max);
            let right = top(&mut grids[..points].iter().chain(&spoiled[points..])).max(both(truth, w));
            let wrong = top(&mut spoiled[..points].iter().chain(&grids[points..]));
            let weight: f32 = self.at[window.clone()].iter().map(|i| tell(&self.said[*i])).sum();
            let margin = wrong - right;
            mean += weight * margin.clamp(-0.5, 0.5);
            share += if margin > 0.0 { weight } else { 0.0 };
            most = most.max(margin);
            all += weight;
        }
        if all > 0.0 { [mean / all, most, share / all] } else { [-0.2, -0.2, 0.0] }
    }

    pub fn density(&self, points: &[Vec<Phrase>]) -> f32 {
        let (mut near, mut all) = (0.0, 0.0);
        for window in self.windows.iter().filter(|w| self.tokens[w.start].clause == self.tokens[w.end - 1].clause) {
            let weight: f32 = self.at[window.clone()].iter().map(|i| self.said[*i].weight).sum();
            near += weight * points.iter().flatten().map(|p| self.fit(p, window).precision).fold(0.0, f32::max);
            all += weight;
        }
        if all > 0.0 { near / all } else { 0.0 }
    }

    pub fn coherence(&self, points: &[Vec<Phrase>]) -> f32 {
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
}
