//! How an answer is written, whatever it says: lists or sentences, denials, reports of what others think.

use super::lexicon::Word;
use super::text::Token;

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
pub const REPORTS: &[&str] = &[
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

pub fn denies(tokens: &[Token]) -> bool {
    tokens.iter().any(|t| DENIALS.contains(&t.word.as_str()))
        || tokens.windows(2).any(|p| DENIAL_PAIRS.contains(&(p[0].word.as_str(), p[1].word.as_str())))
}

/// The share of sentences that are lists: many telling words, hardly any that join them.
pub fn soup(answer: &str, tokens: &[Token], words: &[Word], at: &[usize]) -> f32 {
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

/// See [`super::features::Measured::manner`].
pub fn manner(answer: &str, tokens: &[Token]) -> [f32; 3] {
    let Some(last) = tokens.last() else { return [0.0; 3] };
    let words = tokens.len() as f32;
    let glue = tokens.iter().filter(|t| GLUE.contains(&t.word.as_str())).count() as f32;
    [glue / words, words / (last.clause + 1) as f32, answer.matches(['=', '→', ':', '(', '>']).count() as f32 / words]
}
