//! An answer as tokens: words in one spelling, each with its bytes, its clause and sentence, and whether a negation reaches it.

use std::ops::Range;

use super::stem::stem;

/// One word of a text.
#[derive(Clone, Debug)]
pub struct Token {
    /// Where it stands in the text as it was given.
    pub range: Range<usize>,
    /// In lower case, contractions taken apart (`doesn't` is `does`, `not`), spelling put right.
    pub word: String,
    pub stem: String,
    /// Index of its clause; counts on over sentences.
    pub clause: usize,
    pub sentence: usize,
    /// In reach of a negation of its clause.
    pub negated: bool,
}

/// Words that turn round what follows them.
const NEGATIONS: &[&str] = &[
    "not", "no", "never", "cannot", "nobody", "nothing", "none", "neither", "nor", "without", "nowhere", "hardly", "barely", "rarely",
    "lacks", "lack", "instead", "unable", "fails", "fail", "false", "wrong", "myth", "untrue", "stop", "stops",
];

/// Words with which a new clause begins.
const JOINTS: &[&str] = &[
    "but", "because", "so", "while", "whereas", "although", "though", "unless", "except", "and", "or", "then", "if", "when", "which",
    "who", "that",
];

/// Contractions that people write without the apostrophe, and those that do not follow the rule.
const CONTRACTIONS: &[(&str, &[&str])] = &[
    ("cannot", &["can", "not"]),
    ("cant", &["can", "not"]),
    ("can't", &["can", "not"]),
    ("won't", &["will", "not"]),
    ("wont", &["will", "not"]),
    ("dont", &["do", "not"]),
    ("doesnt", &["does", "not"]),
    ("isnt", &["is", "not"]),
    ("arent", &["are", "not"]),
    ("wasnt", &["was", "not"]),
    ("werent", &["were", "not"]),
    ("didnt", &["did", "not"]),
    ("hasnt", &["has", "not"]),
    ("havent", &["have", "not"]),
    ("couldnt", &["could", "not"]),
    ("wouldnt", &["would", "not"]),
    ("shouldnt", &["should", "not"]),
    ("ain't", &["is", "not"]),
    ("aint", &["is", "not"]),
    ("gonna", &["going", "to"]),
    ("wanna", &["want", "to"]),
    ("gotta", &["have", "to"]),
];

/// How many words a negation reaches.
const REACH: u8 = 7;

pub fn is_negation(word: &str) -> bool {
    NEGATIONS.contains(&word)
}

/// Puts one word right, if it is known to be written wrong.
pub trait Spelling {
    fn corrected(&self, word: &str) -> Option<String>;
}

/// For texts that are taken as they are.
pub struct AsWritten;

impl Spelling for AsWritten {
    fn corrected(&self, _: &str) -> Option<String> {
        None
    }
}

pub fn parse(text: &str, spelling: &dyn Spelling) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let (mut clause, mut sentence) = (0, 0);
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        if !c.is_alphanumeric() {
            match c {
                '.' | '!' | '?' | ';' | '\n' | '→' => {
                    sentence += 1;
                    clause += 1;
                }
                ',' | ':' | '(' | ')' | '—' | '–' => clause += 1,
                '-' if text[..start].ends_with(' ') && text[start..].trim_start_matches('-').starts_with(' ') => clause += 1,
                _ => {}
            }
            continue;
        }
        let mut end = start + c.len_utf8();
        while let Some(&(at, c)) = chars.peek() {
            let inside = matches!(c, '-' | '_' | '.' | '/' | '\'' | '’' | '‘')
                && text[at + c.len_utf8()..].chars().next().is_some_and(char::is_alphanumeric);
            if !c.is_alphanumeric() && !inside {
                break;
            }
            end = at + c.len_utf8();
            chars.next();
        }
        for (range, word) in words(text, start..end) {
            let joint = JOINTS.contains(&word.as_str());
            if joint && tokens.last().is_some_and(|t| t.clause == clause) {
                clause += 1;
            }
            let word = spelling.corrected(&word).unwrap_or(word);
            tokens.push(Token { range, stem: stem(&word), word, clause, sentence, negated: false });
        }
    }
    negate(&mut tokens);
    deny_what_is_quoted(&mut tokens);
    tokens
}

/// The words of one written word: parts of compounds, contractions taken apart.
fn words(text: &str, range: Range<usize>) -> Vec<(Range<usize>, String)> {
    let whole: String = text[range.clone()].to_lowercase().replace(['’', '‘'], "'");
    if let Some((_, parts)) = CONTRACTIONS.iter().find(|(c, _)| *c == whole) {
        return parts.iter().map(|p| (range.clone(), (*p).to_string())).collect();
    }
    if let Some(base) = whole.strip_suffix("n't") {
        return vec![(range.clone(), base.to_string()), (range, "not".to_string())];
    }
    for (ending, second) in [("'re", "are"), ("'ve", "have"), ("'ll", "will"), ("'m", "am"), ("'d", "would")] {
        if let Some(base) = whole.strip_suffix(ending).filter(|b| !b.is_empty()) {
            return vec![(range.clone(), base.to_string()), (range, second.to_string())];
        }
    }
    // Lower case may have another length than what was written; then the word stays whole.
    if whole.len() != range.len() || whole.starts_with("cri-") || whole.starts_with("kube-") || whole.contains("://") {
        return vec![(range, whole.strip_suffix("'s").unwrap_or(&whole).to_string())];
    }
    let mut out = Vec::new();
    let mut from = 0;
    for part in whole.split(['-', '/']) {
        let bare = part.strip_suffix("'s").unwrap_or(part);
        if !bare.is_empty() {
            out.push((range.start + from..range.start + from + part.len(), bare.to_string()));
        }
        from += part.len() + 1;
    }
    out
}

fn negate(tokens: &mut [Token]) {
    let (mut left, mut clause) = (0_u8, usize::MAX);
    for token in tokens {
        if token.clause != clause {
            left = 0;
            clause = token.clause;
        }
        if left > 0 && token.word != "only" {
            token.negated = true;
            left -= 1;
        }
        if is_negation(&token.word) {
            left = REACH;
        }
    }
}

/// Words of a verdict on what somebody says.
const VERDICTS: &[&str] = &["wrong", "false", "untrue", "myth", "nonsense", "misconception", "mistake", "rubbish"];
/// Words of a good verdict, which a negation turns round.
const GOOD: &[&str] = &["true", "so", "right", "correct", "case", "how", "say", "claim", "think", "believe"];
/// What a verdict is about.
const IT: &[&str] = &["that", "this", "it", "which", "they"];
/// Longer sentences are no mere verdict, and longer ends none either.
const VERDICT_MOST: usize = 7;

/// Whether these words only say that something is not so: "that's wrong", "no, that isn't how it is", "it doesn't".
fn rejects(words: &[Token]) -> bool {
    let has = |list: &[&str]| words.iter().any(|t| list.contains(&t.word.as_str()));
    let not = has(&["not", "never"]);
    let bare = words.len() <= 4 && words.last().is_some_and(|t| t.word == "not");
    has(VERDICTS) && !not || not && has(GOOD) && has(IT) || bare && has(IT)
}

/// What is put up only to be denied, by a frame ("it's a myth that …"), by the end of its sentence or by the next one ("that is wrong"), is
/// under a negation as a whole.
fn deny_what_is_quoted(tokens: &mut [Token]) {
    let sentences = runs(tokens, |t| t.sentence);
    for (n, s) in sentences.iter().enumerate() {
        let words = &tokens[s.clone()];
        let frame = words.iter().take(VERDICT_MOST + 3).position(|t| t.word == "that").filter(|at| *at > 0 && rejects(&words[..=*at]));
        let end = words.len().saturating_sub(VERDICT_MOST);
        let turn = (end..words.len()).find(|i| *i > 2 && matches!(words[*i].word.as_str(), "but" | "which") && rejects(&words[*i..]));
        let next = sentences.get(n + 1).map(|next| &tokens[next.clone()]);
        let refuted = next.is_some_and(|next| next.len() <= VERDICT_MOST && rejects(next)) && !rejects(words);
        let quoted = match (frame, turn) {
            (Some(at), _) => s.start + at + 1..s.end,
            (None, Some(at)) => s.start..s.start + at,
            (None, None) if refuted => s.clone(),
            _ => continue,
        };
        for token in &mut tokens[quoted] {
            token.negated = true;
        }
    }
}

/// Stretches of tokens in which one thing may be said: one to three clauses, one or two sentences.
pub fn windows(tokens: &[Token]) -> Vec<Range<usize>> {
    let clauses = runs(tokens, |t| t.clause);
    let sentences = runs(tokens, |t| t.sentence);
    let mut out = Vec::new();
    for (runs, most, longest) in [(&clauses, 3, 40), (&sentences, 2, 60)] {
        for first in 0..runs.len() {
            for last in first..runs.len().min(first + most) {
                let window = runs[first].start..runs[last].end;
                if window.len() >= 2 && window.len() <= longest {
                    out.push(window);
                }
            }
        }
    }
    // Somebody who uses no full stops is read in steps.
    for sentence in sentences.iter().filter(|s| s.len() > 60) {
        let mut at = sentence.start;
        while at < sentence.end {
            out.push(at..(at + 30).min(sentence.end));
            at += 15;
        }
    }
    out.sort_by_key(|w| (w.start, w.end));
    out.dedup();
    if out.is_empty() && !tokens.is_empty() {
        out.push(0..tokens.len());
    }
    out
}

fn runs(tokens: &[Token], key: impl Fn(&Token) -> usize) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        match out.last_mut() {
            Some(run) if key(&tokens[run.start]) == key(token) => run.end = i + 1,
            _ => out.push(i..i + 1),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<String> {
        parse(text, &AsWritten).into_iter().map(|t| t.word).collect()
    }

    #[test]
    fn contractions_and_compounds_are_taken_apart() {
        assert_eq!(
            words_of("It doesn’t auto-scale; you can't use CRI-O's"),
            ["it", "does", "not", "auto", "scale", "you", "can", "not", "use", "cri-o"]
        );
    }

    #[test]
    fn ranges_are_the_bytes_of_the_original() {
        let text = "Zürich’s nodes don't self-heal → İ ok";
        for token in parse(text, &AsWritten) {
            assert!(text.get(token.range.clone()).is_some(), "{token:?}");
        }
        let heal = parse(text, &AsWritten).into_iter().find(|t| t.word == "heal").map(|t| t.range);
        assert_eq!(heal.map(|r| &text[r]), Some("heal"));
    }

    #[test]
    fn a_negation_reaches_to_the_end_of_its_clause() {
        let tokens = parse("Kubernetes does not build images, but it runs containers", &AsWritten);
        let negated: Vec<_> = tokens.iter().filter(|t| t.negated).map(|t| t.word.as_str()).collect();
        assert_eq!(negated, ["build", "images"]);
    }

    #[test]
    fn what_is_quoted_to_be_denied_is_negated() {
        for text in [
            "It's a myth that pods move.",
            "It is wrong to say that pods move.",
            "I would never say that pods move.",
            "It's not true that pods move.",
            "Some people think that pods move. That's wrong.",
            "Many think pods move, but that isn't so.",
            "Many believe pods move, which is false.",
            "Pods move? No, that's not how it is.",
            "People say pods move. They don't.",
        ] {
            let tokens = parse(text, &AsWritten);
            assert!(tokens.iter().find(|t| t.word == "move").is_some_and(|t| t.negated), "{text}");
        }
        for text in [
            "I think that pods move.",
            "Pods move, that is right.",
            "Pods move. That is how it is.",
            "It is clear that pods move. It takes a while.",
        ] {
            let tokens = parse(text, &AsWritten);
            assert!(tokens.iter().find(|t| t.word == "move").is_some_and(|t| !t.negated), "{text}");
        }
    }

    #[test]
    fn windows_cover_clauses_and_sentences() {
        let tokens = parse("Pods die, new ones come. That is all.", &AsWritten);
        let windows = windows(&tokens);
        assert!(windows.contains(&(0..2)) && windows.contains(&(0..5)) && windows.contains(&(5..8)), "{windows:?}");
    }
}
