//! The question bank: what a question is, whoever wrote it, and the bank that holds them all.

use std::collections::BTreeMap;
use std::sync::Arc;

/// How much experience a question asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Junior,
    Mid,
    Senior,
    /// A story to reason through, not a fact to know.
    Scenario,
}

impl Level {
    /// The words in files and on the command line, easiest first.
    pub const WORDS: &[(&str, Self)] =
        &[("junior", Self::Junior), ("mid", Self::Mid), ("senior", Self::Senior), ("scenario", Self::Scenario)];

    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// One thing a good answer says.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Unique within its question.
    pub id: Arc<str>,
    /// The point, as the rubric shows it.
    pub text: Arc<str>,
    /// The same, in words people use.
    pub say: Vec<Arc<str>>,
    /// Words of which an answer that makes the point uses at least one from each group.
    pub concepts: Vec<Vec<Arc<str>>>,
}

/// One wrong belief that answers to this question often carry.
#[derive(Clone, Debug, PartialEq)]
pub struct Misconception {
    pub id: Arc<str>,
    /// What the person believes ("Claims that …").
    pub text: Arc<str>,
    /// How people put it.
    pub say: Vec<Arc<str>>,
    /// What is true instead.
    pub correction: Arc<str>,
}

/// A question an interviewer asks next.
#[derive(Clone, Debug, PartialEq)]
pub struct FollowUp {
    pub ask: Arc<str>,
    /// Ids of the points whose absence makes this the question to ask. Empty: it leads further, after a complete answer.
    pub missed: Vec<Arc<str>>,
}

/// Model answers, to be spoken in about 20 seconds, one minute, three minutes. A deck may leave out the longer ones: they are then
/// the same text as the next shorter.
#[derive(Clone, Debug, PartialEq)]
pub struct Answers {
    pub short: Arc<str>,
    pub medium: Arc<str>,
    pub long: Arc<str>,
}

/// What proves the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// A moment in a built-in scenario (`at` as written: `2m50s`), and what to look at.
    Scenario { name: Arc<str>, at: Arc<str>, look: Arc<str> },
    /// A claim by id, `G-05`.
    Claim(Arc<str>),
    /// Nothing shows it yet; the sentence says so.
    None(Arc<str>),
}

/// One interview question with everything that goes with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub id: Arc<str>,
    pub question: Arc<str>,
    pub level: Level,
    /// The file's topic: `failure`.
    pub topic: Arc<str>,
    pub points: Vec<Point>,
    pub misconceptions: Vec<Misconception>,
    pub follow_ups: Vec<FollowUp>,
    pub answers: Answers,
    pub evidence: Evidence,
}

impl Question {
    pub fn point(&self, id: &str) -> Option<&Point> {
        self.points.iter().find(|p| &*p.id == id)
    }
    pub fn misconception(&self, id: &str) -> Option<&Misconception> {
        self.misconceptions.iter().find(|m| &*m.id == id)
    }
    /// The follow-up an interviewer would ask after an answer that missed these points: the one that aims at most of them, the first
    /// of equals. `asked` are positions in `follow_ups` that are used up.
    pub fn follow_up_for(&self, missing: &[Arc<str>], asked: &[usize]) -> Option<usize> {
        let aims = |f: &FollowUp| f.missed.iter().filter(|id| missing.contains(id)).count();
        let open = self.follow_ups.iter().enumerate().filter(|(i, _)| !asked.contains(i));
        let mut best = None;
        for (i, f) in open {
            let n = aims(f);
            if n > 0 && best.is_none_or(|(most, _)| n > most) {
                best = Some((n, i));
            }
        }
        best.map(|(_, i)| i)
    }
}

/// A file of questions.
#[derive(Clone, Debug, PartialEq)]
pub struct Topic {
    pub id: Arc<str>,
    pub title: Arc<str>,
    /// Ids, in the order of the file.
    pub questions: Vec<Arc<str>>,
}

/// All questions at hand, topic by topic, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Bank {
    topics: Vec<Topic>,
    questions: Vec<Arc<Question>>,
    by_id: BTreeMap<Arc<str>, usize>,
}

impl Bank {
    pub fn topics(&self) -> &[Topic] {
        &self.topics
    }
    pub fn topic(&self, id: &str) -> Option<&Topic> {
        self.topics.iter().find(|t| &*t.id == id)
    }
    /// Every question, topic by topic.
    pub fn questions(&self) -> &[Arc<Question>] {
        &self.questions
    }
    pub fn get(&self, id: &str) -> Option<&Arc<Question>> {
        self.by_id.get(id).map(|i| &self.questions[*i])
    }
    pub fn in_topic<'b>(&'b self, topic: &'b str) -> impl Iterator<Item = &'b Arc<Question>> {
        self.topic(topic).into_iter().flat_map(|t| t.questions.iter().filter_map(|id| self.get(id)))
    }

    /// Adds a file's questions; a topic that is there already grows. Questions whose id is taken are left out, and their ids returned.
    pub fn add(&mut self, topic: Topic, questions: Vec<Arc<Question>>) -> Vec<Arc<str>> {
        let mut taken = Vec::new();
        let mut fresh: Vec<Arc<Question>> = Vec::new();
        for q in questions {
            if self.by_id.contains_key(&q.id) || fresh.iter().any(|f| f.id == q.id) { taken.push(q.id.clone()) } else { fresh.push(q) }
        }
        let ids: Vec<Arc<str>> = fresh.iter().map(|q| q.id.clone()).collect();
        match self.topics.iter_mut().find(|t| t.id == topic.id) {
            Some(known) => known.questions.extend(ids),
            None => self.topics.push(Topic { questions: ids, ..topic }),
        }
        self.questions.extend(fresh);
        // Topic by topic, however the files came.
        let rank: BTreeMap<Arc<str>, usize> = self.topics.iter().enumerate().map(|(i, t)| (t.id.clone(), i)).collect();
        self.questions.sort_by_key(|q| rank.get(&q.topic).copied().unwrap_or(usize::MAX));
        self.by_id = self.questions.iter().enumerate().map(|(i, q)| (q.id.clone(), i)).collect();
        taken
    }

    /// The ids that a mistyped one was most probably meant to be, the nearest first, at most `n`.
    pub fn nearest(&self, word: &str, n: usize) -> Vec<&str> {
        nearest_ids(word, self.questions.iter().map(|q| &*q.id), n)
    }
}

/// The candidates nearest to a word: few edits away for its length, or with a part in common (`3am` in `node-fails-3am`).
pub fn nearest_ids<'c>(word: &str, candidates: impl Iterator<Item = &'c str>, n: usize) -> Vec<&'c str> {
    // Longer than any id can be: nothing is near, and the distance would cost much.
    if word.len() > 80 {
        return Vec::new();
    }
    let word = word.trim().to_lowercase().replace(['_', ' '], "-");
    let parts: Vec<&str> = word.split('-').filter(|p| p.len() >= 3).collect();
    let mut ranked: Vec<(usize, &str)> = Vec::new();
    for c in candidates {
        let edits = strsim::damerau_levenshtein(&word, c);
        let common = c.split('-').filter(|p| parts.iter().any(|q| q == p)).count();
        let near = edits <= word.chars().count() / 3 + 1;
        if near || common > 0 {
            ranked.push(((edits * 2).saturating_sub(common * 5), c));
        }
    }
    ranked.sort();
    ranked.into_iter().take(n).map(|(_, c)| c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(id: &str, topic: &str) -> Arc<Question> {
        let point = |id: &str| Point { id: id.into(), text: "t".into(), say: vec![], concepts: vec![] };
        Arc::new(Question {
            id: id.into(),
            question: "?".into(),
            level: Level::Mid,
            topic: topic.into(),
            points: vec![point("a"), point("b"), point("c")],
            misconceptions: vec![],
            follow_ups: vec![
                FollowUp { ask: "one".into(), missed: vec!["a".into()] },
                FollowUp { ask: "two".into(), missed: vec!["a".into(), "b".into()] },
            ],
            answers: Answers { short: "s".into(), medium: "m".into(), long: "l".into() },
            evidence: Evidence::None("no".into()),
        })
    }
    fn topic(id: &str) -> Topic {
        Topic { id: id.into(), title: id.into(), questions: vec![] }
    }

    #[test]
    fn topics_grow_and_ids_stay_unique() {
        let mut bank = Bank::default();
        assert!(bank.add(topic("x"), vec![question("one", "x")]).is_empty());
        assert!(bank.add(topic("y"), vec![question("two", "y")]).is_empty());
        let taken = bank.add(topic("x"), vec![question("three", "x"), question("two", "x"), question("three", "x")]);
        assert_eq!(taken.iter().map(|t| &**t).collect::<Vec<_>>(), ["two", "three"]);
        assert_eq!(bank.questions().iter().map(|q| &*q.id).collect::<Vec<_>>(), ["one", "three", "two"]);
        assert_eq!(&*bank.get("two").unwrap().topic, "y");
        assert_eq!(bank.in_topic("x").count(), 2);
    }

    #[test]
    fn follow_ups_aim_at_what_was_missed() {
        let q = question("one", "x");
        assert_eq!(q.follow_up_for(&["a".into()], &[]), Some(0));
        assert_eq!(q.follow_up_for(&["a".into(), "b".into()], &[]), Some(1));
        assert_eq!(q.follow_up_for(&["a".into(), "b".into()], &[1]), Some(0));
        assert_eq!(q.follow_up_for(&["c".into()], &[]), None);
    }

    #[test]
    fn mistyped_ids() {
        let ids = ["node-fails-3am", "node-pressure", "what-is-a-pod"];
        assert_eq!(nearest_ids("node-fials-3am", ids.into_iter(), 3), ["node-fails-3am", "node-pressure"]);
        assert_eq!(nearest_ids("what is a pod", ids.into_iter(), 1), ["what-is-a-pod"]);
        assert!(nearest_ids("zebra", ids.into_iter(), 3).is_empty());
        assert!(nearest_ids(&"x".repeat(100_000), ids.into_iter(), 3).is_empty());
    }
}
