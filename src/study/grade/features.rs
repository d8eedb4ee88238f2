//! What an answer has to do with each point and each misconception of its question: numbers, and the words they come from.

use std::collections::BTreeSet;
use std::ops::Range;

use super::gist;
use super::manner::{manner, soup};
use super::pairs::{self, Pairs};
use super::rubric::{Rubric, Words};
use super::scene::{Scene, tell};
use super::text::{Token, parse, windows};

/// Names of the numbers, in their order: first those of the target itself, then those of the answer as a whole ([`CONTEXT`]).
pub const NAMES: [&str; 60] = [
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
    "learned",
    "learned_net",
    "learned_wrong",
    "learned_wrong_net",
    "learned_at",
    "learned_wrong_at",
    "learned_across",
    "learned_lead",
    "learned3",
    "learned_true",
    "learned_false",
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
pub const CONTEXT: usize = 47;

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

/// What is said again in the same words is not said twice: of equal sentences and clauses the first counts. Short clauses may well come
/// twice, unless little else comes.
fn once(tokens: Vec<Token>) -> Vec<Token> {
    let tokens = firsts(&firsts(&tokens, |t| t.sentence, CLAUSE_LEAST), |t| t.clause, CLAUSE_LEAST);
    let bare = firsts(&tokens, |t| t.clause, 1);
    if bare.len() * 2 < tokens.len() { bare } else { tokens }
}

fn firsts(tokens: &[Token], unit: fn(&Token) -> usize, least: usize) -> Vec<Token> {
    let mut seen = BTreeSet::new();
    let kept = tokens.chunk_by(|a, b| unit(a) == unit(b)).filter(|words| {
        let said: Vec<&str> = words.iter().map(|t| t.word.as_str()).collect();
        said.len() < least || seen.insert(said)
    });
    kept.flatten().cloned().collect()
}

/// Words of the shortest clause that nobody says twice.
const CLAUSE_LEAST: usize = 3;

/// Lays an answer beside the rubric.
pub fn measure(rubric: &Rubric, answer: &str) -> Measured {
    let question = rubric.question;
    let tokens = once(parse(answer, rubric.lexicon));
    let mut said = Words::default();
    let at: Vec<usize> = tokens.iter().map(|t| said.put(rubric.lexicon, t)).collect();
    let said = said.words;
    let near: Vec<Vec<f32>> = rubric.words.iter().map(|a| said.iter().map(|b| a.nearness(b)).collect()).collect();
    let excludes: Vec<Vec<bool>> = rubric.words.iter().map(|a| said.iter().map(|b| a.excludes(b)).collect()).collect();
    let joined = Pairs::of(&tokens, |i| &said[at[i]]);
    let scene = Scene {
        rubric,
        tokens: &tokens,
        at: &at,
        said: &said,
        near: &near,
        excludes: &excludes,
        windows: windows(&tokens),
        pairs: joined.set(),
    };
    let (soup, substance) = (soup(answer, &tokens, &said, &at), at.iter().map(|i| tell(&said[*i])).sum::<f32>());
    let relevance = gist::relevance(&scene, &rubric.words);
    let (mut targets, falsehood) = if tokens.is_empty() { (Vec::new(), [0.0; 3]) } else { scene.targets(soup) };
    let points = question.points.len();
    let (made, asserted) = rubric.said.split_at(points);
    let (unmade, denied) = rubric.spoiled.split_at(points);
    let coherence = scene.coherence(made);
    let (bound, misbound) = gist::binding(&scene, made, &rubric.words);
    let manner = manner(answer, &tokens);
    let right = made.iter().chain(denied).flatten().chain(&rubric.truths).map(|p| &p.pairs);
    let wrong = unmade.iter().chain(asserted).flatten().map(|p| &p.pairs);
    let pairs = pairs::shares(&joined, right, wrong);
    let density = scene.density(made);
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
