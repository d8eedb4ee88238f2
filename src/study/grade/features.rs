//! What an answer has to do with each point and each misconception of its question: numbers, and the words they come from.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::bank::Question;
use super::examples::{self, Does, Example};
use super::gist;
use super::lexicon::{Lexicon, Word};
use super::manner::{manner, soup};
use super::pairs::{self, Pairs};
use super::scene::{Phrase, Scene, mean, tell};
use super::text::{AsWritten, Token, parse, windows};

/// Names of the numbers, in their order: first those of the target itself, then those of the answer as a whole ([`CONTEXT`]).
pub const NAMES: [&str; 49] = [
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
    "lead_spoiled",
    "spoiled",
    "lead_idle",
    "lead_spoiled_all",
    "pairs",
    "pairs3",
    "pairs_spoiled",
    "pairs_lead",
    "false_mean",
    "false_most",
    "false_share",
    "pairs_right",
    "pairs_wrong",
    "bound",
    "misbound",
    "coherence",
    "density",
    "relevance",
    "substance",
    "misconceptions",
    "points",
];

/// From here on the numbers are those of the answer as a whole: whoever mixes up three facts has hardly got the fourth right.
pub const CONTEXT: usize = 36;

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
    /// Sentence by sentence, how much nearer it comes to something false than to anything true: the mean, the greatest, and the share of
    /// sentences that do.
    pub falsehood: [f32; 3],
    /// How it is written: the share of small words that only sentences have, words to a clause, joining signs (`=`, `→`, `:`) to a word.
    pub manner: [f32; 3],
    /// Of the pairs of words that its sentences join: the share that true sentences join too, and the share that only false ones do.
    pub pairs: [f32; 2],
    /// How far clauses are about one point of the rubric, whatever they leave out: terse answers are tight.
    pub density: f32,
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
        let pairs = Pairs::of(&tokens, |i| &own.words[words[i].0]);
        Phrase { pairs, sum: words.iter().map(|w| w.1).sum::<f32>().max(1e-3), tokens, words, meaning }
    };

    let examples: Vec<Example> = examples::of(&question.id).collect();
    let given = |id: &str, does: Does| -> Vec<&str> { examples.iter().filter(|e| e.does == does && e.id == id).map(|e| e.text).collect() };
    let phrases = |own: &mut Words, texts: &mut dyn Iterator<Item = &str>| -> Vec<Phrase> {
        texts.map(|s| made(own, parse(s, &AsWritten))).filter(|p| !p.words.is_empty()).collect()
    };
    // What each target is said with, and what sounds like it and is not it.
    let (mut rubric, mut spoiled): (Vec<Vec<Phrase>>, Vec<Vec<Phrase>>) = (Vec::new(), Vec::new());
    for point in &question.points {
        let own_words = point.say.iter().chain([&point.text]).map(|s| &**s);
        rubric.push(phrases(&mut own, &mut own_words.chain(given(&point.id, Does::Makes))));
        spoiled.push(phrases(&mut own, &mut given(&point.id, Does::Spoils).into_iter()));
    }
    for wrong in &question.misconceptions {
        let own_words = lexicon.beliefs(wrong).chain([&wrong.text]).map(|s| &**s);
        rubric.push(phrases(&mut own, &mut own_words.chain(given(&wrong.id, Does::Asserts))));
        spoiled.push(phrases(&mut own, &mut given(&wrong.id, Does::Denies).into_iter()));
    }
    let idle = phrases(&mut own, &mut given("", Does::Idles).into_iter());
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
    let scene = Scene {
        tokens: &tokens,
        at: &at,
        said: &said.words,
        near: &near,
        excludes: &excludes,
        windows: windows(&tokens),
        pairs: Pairs::of(&tokens, |i| &said.words[at[i]]).set(),
    };
    let (soup, substance) = (soup(answer, &tokens, &said.words, &at), at.iter().map(|i| tell(&said.words[*i])).sum::<f32>());
    let relevance = gist::relevance(&scene, &own.words);
    let (mut targets, falsehood) =
        if tokens.is_empty() { (Vec::new(), [0.0; 3]) } else { scene.targets(question, &rubric, &spoiled, &idle, &truths, soup) };
    let coherence = scene.coherence(&rubric[..question.points.len()]);
    let (bound, misbound) = gist::binding(&scene, &rubric[..question.points.len()], &own.words);
    let manner = manner(answer, &tokens);
    let points = question.points.len();
    let right = rubric[..points].iter().chain(&spoiled[points..]).flatten().chain(&truths).map(|p| &p.pairs);
    let wrong = spoiled[..points].iter().chain(&rubric[points..]).flatten().map(|p| &p.pairs);
    let pairs = pairs::shares(&Pairs::of(&tokens, |i| &said.words[at[i]]), right, wrong);
    let density = scene.density(&rubric[..question.points.len()]);
    let context = [
        falsehood[0],
        falsehood[1],
        falsehood[2],
        pairs[0],
        pairs[1],
        bound,
        misbound,
        coherence,
        density,
        relevance,
        substance,
        question.misconceptions.len() as f32,
        points as f32,
    ];
    for target in &mut targets {
        target.numbers[CONTEXT..].copy_from_slice(&context);
    }
    Measured { tokens, targets, soup, substance, relevance, coherence, bound, misbound, falsehood, pairs, manner, density }
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
