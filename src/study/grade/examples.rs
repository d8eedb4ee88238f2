//! What people say about the built-in questions: sentences that make a point or get it wrong, that assert a misconception or deny it
//! (`assets/grading/sentences.txt`). The grader lays answers beside them; the bank itself stays short enough to read.

use std::collections::BTreeMap;
use std::sync::OnceLock;

static SENTENCES: &str = include_str!("../../../assets/grading/sentences.txt");

/// What a sentence does to its point or misconception.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Makes the point.
    Makes,
    /// Sounds like the point and is false.
    Spoils,
    /// Asserts the misconception.
    Asserts,
    /// Denies the misconception, or says something true in its words.
    Denies,
    /// Neither makes a point nor asserts anything wrong.
    Idles,
}

/// One sentence: what it does, the id of the point or misconception (empty for idle ones), its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    pub does: Does,
    pub id: &'static str,
    pub text: &'static str,
}

/// The sentences of one question; none for a question of somebody's own.
pub fn of(question: &str) -> impl Iterator<Item = Example> {
    static INDEX: OnceLock<BTreeMap<&'static str, &'static str>> = OnceLock::new();
    let index = INDEX.get_or_init(|| SENTENCES.split("\n? ").skip(1).filter_map(|block| block.split_once('\n')).collect());
    index.get(question).copied().unwrap_or_default().lines().filter_map(example)
}

fn example(line: &'static str) -> Option<Example> {
    let (mark, rest) = line.split_once(' ')?;
    let does = match mark {
        "+" => Does::Makes,
        "-" => Does::Spoils,
        "!" => Does::Asserts,
        "~" => Does::Denies,
        "." => return Some(Example { does: Does::Idles, id: "", text: rest }),
        _ => return None,
    };
    let (id, text) = rest.split_once(": ")?;
    Some(Example { does, id, text })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::deck::shelf::built_in;

    #[test]
    fn every_line_is_read_and_belongs_to_the_bank() {
        let mut read = 0;
        for question in built_in().bank.questions() {
            for example in of(&question.id) {
                read += 1;
                let known = match example.does {
                    Does::Makes | Does::Spoils => question.points.iter().any(|p| *p.id == *example.id),
                    Does::Asserts | Does::Denies => question.misconceptions.iter().any(|m| *m.id == *example.id),
                    Does::Idles => true,
                };
                assert!(known, "{}: {example:?}", question.id);
            }
        }
        let written = SENTENCES.lines().filter(|l| !l.starts_with(['#', '?'])).count();
        assert_eq!(read, written);
    }

    #[test]
    fn a_question_of_ones_own_has_none() {
        assert_eq!(of("no-such-question").count(), 0);
    }
}
