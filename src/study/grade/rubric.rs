//! A question as the grader sees it: every way of saying each point and each misconception, what sounds like it and is not it, and what
//! is learnt from all these sentences.

use std::collections::BTreeMap;

use super::super::bank::Question;
use super::examples::{self, Does, Example};
use super::learned::{Learned, Lesson, traits};
use super::lexicon::{Lexicon, Word};
use super::pairs::Pairs;
use super::scene::mean;
use super::text::{AsWritten, Token, parse};
use super::vectors::Vector;

/// One way of saying a target.
pub struct Phrase {
    pub tokens: Vec<Token>,
    /// Index into the rubric's words, weight.
    pub words: Vec<(usize, f32)>,
    pub sum: f32,
    pub meaning: Vector,
    pub pairs: Pairs,
}

/// All different words of a text, and for every token which it is.
#[derive(Default)]
pub struct Words {
    pub words: Vec<Word>,
    index: BTreeMap<String, usize>,
}

impl Words {
    pub fn put(&mut self, lexicon: &Lexicon, token: &Token) -> usize {
        if let Some(i) = self.index.get(&token.word) {
            return *i;
        }
        self.words.push(lexicon.word(token));
        self.index.insert(token.word.clone(), self.words.len() - 1);
        self.words.len() - 1
    }
}

pub struct Rubric<'a> {
    pub lexicon: &'a Lexicon,
    pub question: &'a Question,
    pub words: Vec<Word>,
    /// Points in the order of the question, then misconceptions: what each is said with,
    pub said: Vec<Vec<Phrase>>,
    /// and what sounds like it and is not it.
    pub spoiled: Vec<Vec<Phrase>>,
    /// Neither here nor there.
    pub idle: Vec<Phrase>,
    /// The spoken answer and the corrections, sentence by sentence.
    pub truths: Vec<Phrase>,
    pub learned: Learned,
}

/// What the question itself says is worth half: repeating it proves little.
const ASKED: f32 = 0.5;

impl<'a> Rubric<'a> {
    pub fn of(lexicon: &'a Lexicon, question: &'a Question) -> Self {
        let asked: Vec<String> = parse(&question.question, &AsWritten).into_iter().map(|t| t.stem).collect();
        let mut own = Words::default();
        let mut made = |tokens: Vec<Token>| {
            let words: Vec<(usize, f32)> = tokens
                .iter()
                .map(|t| {
                    let i = own.put(lexicon, t);
                    let weight = own.words[i].weight;
                    (i, if asked.contains(&t.stem) { weight * ASKED } else { weight })
                })
                .collect();
            let meaning = mean(words.iter().map(|(i, _)| &own.words[*i]));
            let pairs = Pairs::of(&tokens, |i| &own.words[words[i].0]);
            Phrase { pairs, sum: words.iter().map(|w| w.1).sum::<f32>().max(1e-3), tokens, words, meaning }
        };
        let examples: Vec<Example> = examples::of(&question.id).collect();
        let given =
            |id: &str, does: Does| -> Vec<&str> { examples.iter().filter(|e| e.does == does && e.id == id).map(|e| e.text).collect() };
        let mut phrases = |texts: &mut dyn Iterator<Item = &str>| -> Vec<Phrase> {
            texts.map(|s| made(parse(s, &AsWritten))).filter(|p| !p.words.is_empty()).collect()
        };
        let (mut said, mut spoiled): (Vec<Vec<Phrase>>, Vec<Vec<Phrase>>) = (Vec::new(), Vec::new());
        for point in &question.points {
            let texts = point.say.iter().chain([&point.text]).map(|s| &**s);
            said.push(phrases(&mut texts.chain(given(&point.id, Does::Makes))));
            spoiled.push(phrases(&mut given(&point.id, Does::Spoils).into_iter()));
        }
        for wrong in &question.misconceptions {
            let texts = lexicon.beliefs(wrong).chain([&wrong.text]).map(|s| &**s);
            said.push(phrases(&mut texts.chain(given(&wrong.id, Does::Asserts))));
            spoiled.push(phrases(&mut given(&wrong.id, Does::Denies).into_iter()));
        }
        let idle = phrases(&mut given("", Does::Idles).into_iter());
        let mut truths = Vec::new();
        for text in [&question.answers.medium].into_iter().chain(question.misconceptions.iter().map(|m| &m.correction)) {
            truths.extend(parse(text, &AsWritten).chunk_by(|a, b| a.sentence == b.sentence).map(|s| made(s.to_vec())));
        }
        truths.retain(|p| p.words.len() > 2);
        let words = own.words;
        weigh_by_distinction(&mut said, &words);
        let learned = learn(&said, &spoiled, &idle, &words);
        Self { lexicon, question, words, said, spoiled, idle, truths, learned }
    }
}

/// Outputs: each point and each misconception, in that order, then each of them said wrongly or denied. What is said under a negation is
/// said wrongly, or denied.
fn learn(said: &[Vec<Phrase>], spoiled: &[Vec<Phrase>], idle: &[Phrase], words: &[Word]) -> Learned {
    let lesson = |p: &Phrase, negated: bool, outputs: Vec<usize>| {
        let mut tokens = p.tokens.clone();
        tokens.iter_mut().for_each(|t| t.negated |= negated);
        Lesson { traits: traits(&tokens, |i| &words[p.words[i].0]), meaning: p.meaning, outputs }
    };
    let mut lessons: Vec<Lesson> = idle.iter().map(|p| lesson(p, false, Vec::new())).collect();
    for (o, phrases) in said.iter().chain(spoiled).enumerate() {
        for phrase in phrases {
            lessons.push(lesson(phrase, false, vec![o]));
        }
    }
    Learned::from(&lessons, said.len() * 2)
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
