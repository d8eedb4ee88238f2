//! How near the grader comes to people: labelled answers, and the figures that say it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use wheelhouse::document::{Dialect, Node, Source, parse_one};
use wheelhouse::study::bank::{Bank, Question};
use wheelhouse::study::grade::{Grade, Grader};

/// An answer that one or two people have judged; the mean of both counts.
pub struct Labelled {
    pub question: Arc<Question>,
    pub kind: String,
    pub score: f64,
    /// The ids that at least one found asserted.
    pub misconceptions: Vec<String>,
    /// How far each point is made, 0 to 1.
    pub made: Vec<f64>,
    pub answer: String,
}

/// All answers of a folder, in the order of its files.
pub fn read(folder: &Path, bank: &Bank) -> Result<Vec<Labelled>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<_> =
        entries.filter_map(|e| e.ok().map(|e| e.path())).filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    let mut out = Vec::new();
    for file in files {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(&file).map_err(|e| format!("{name}: {e}"))?;
        let root = parse_one(&Source::new(name.clone(), text), Dialect::Scenario).map_err(|e| format!("{name}: {e}"))?;
        for node in root.as_list().unwrap_or_default() {
            out.push(labelled(node, bank).map_err(|e| format!("{name}: {e}"))?);
        }
    }
    Ok(out)
}

fn labelled<'n>(node: &'n Node, bank: &Bank) -> Result<Labelled, String> {
    let text = |node: &'n Node, key: &str| node.get(key).and_then(Node::scalar_text).ok_or_else(|| format!("an answer without `{key}`"));
    let list = |node: &Node, key: &str| -> Vec<String> {
        node.get(key).and_then(Node::as_list).unwrap_or_default().iter().filter_map(|n| n.scalar_text().map(String::from)).collect()
    };
    let id = text(node, "question")?;
    let question = bank.get(id).cloned().ok_or_else(|| format!("no question `{id}`"))?;
    let judges: Vec<&Node> = std::iter::once(node).chain(node.get("second")).collect();
    let (mut score, mut made, mut misconceptions) = (0.0, vec![0.0; question.points.len()], Vec::new());
    for judge in &judges {
        let share = 1.0 / judges.len() as f64;
        score += share * text(judge, "score")?.parse::<f64>().map_err(|e| format!("{id}: score: {e}"))?;
        for (key, amount) in [("covered", share), ("partly", share / 2.0)] {
            for point in list(judge, key) {
                *point.parse::<usize>().ok().and_then(|p| made.get_mut(p)).ok_or_else(|| format!("{id}: no point {point}"))? += amount;
            }
        }
        misconceptions.extend(list(judge, "misconceptions"));
    }
    misconceptions.sort();
    misconceptions.dedup();
    Ok(Labelled { kind: text(node, "kind")?.to_string(), answer: text(node, "answer")?.to_string(), question, score, misconceptions, made })
}

/// What grading them gave, beside what people said.
pub struct Figures {
    pub n: usize,
    pub spearman: f64,
    /// Median, lowest and highest of the grades by kind, with the people's median and how many.
    pub kinds: Vec<(String, usize, f64, f64, f64, f64)>,
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    pub soup_max: f64,
    pub excellent: f64,
    pub off_topic: f64,
    /// Mean distance in points.
    pub error: f64,
}

pub fn grade_all(grader: &Grader, answers: &[Labelled]) -> Vec<Grade> {
    let mut rubrics = BTreeMap::new();
    answers.iter().map(|a| rubrics.entry(&a.question.id).or_insert_with(|| grader.rubric(&a.question)).grade(&a.answer)).collect()
}

pub fn figures(answers: &[Labelled], grades: &[Grade]) -> Figures {
    let people: Vec<f64> = answers.iter().map(|a| a.score).collect();
    let ours: Vec<f64> = grades.iter().map(|g| f64::from(g.score)).collect();
    let (mut hit, mut said, mut meant) = (0.0, 0.0, 0.0);
    for (a, g) in answers.iter().zip(grades) {
        said += g.misconceptions.len() as f64;
        meant += a.misconceptions.len() as f64;
        hit += g.misconceptions.iter().filter(|m| a.misconceptions.iter().any(|x| **x == *m.id)).count() as f64;
    }
    let mut names: Vec<&String> = answers.iter().map(|a| &a.kind).collect();
    names.sort();
    names.dedup();
    let of =
        |kind: &str, values: &[f64]| -> Vec<f64> { answers.iter().zip(values).filter(|(a, _)| a.kind == kind).map(|(_, v)| *v).collect() };
    let kinds = names
        .iter()
        .map(|k| {
            let mine = of(k, &ours);
            let (low, high) = (mine.iter().copied().fold(100.0, f64::min), mine.iter().copied().fold(0.0, f64::max));
            ((*k).clone(), mine.len(), median(&of(k, &people)), median(&mine), low, high)
        })
        .collect();
    Figures {
        n: answers.len(),
        spearman: spearman(&people, &ours),
        kinds,
        precision: hit / said.max(1.0),
        recall: hit / meant.max(1.0),
        f1: 2.0 * hit / (said + meant).max(1.0),
        soup_max: of("soup", &ours).into_iter().fold(0.0, f64::max),
        excellent: median(&of("excellent", &ours)),
        off_topic: median(&of("off-topic", &ours)),
        error: people.iter().zip(&ours).map(|(a, b)| (a - b).abs()).sum::<f64>() / people.len().max(1) as f64,
    }
}

fn median(values: &[f64]) -> f64 {
    let mut v = values.to_vec();
    v.sort_by(f64::total_cmp);
    match v.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => v[n / 2],
        n => f64::midpoint(v[n / 2 - 1], v[n / 2]),
    }
}

/// Rank correlation; equal values share their mean rank.
pub fn spearman(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (ranks(a), ranks(b));
    let mean = (a.len() as f64 + 1.0) / 2.0;
    let sum = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(p, q)| (p - mean) * (q - mean)).sum::<f64>();
    sum(&a, &b) / (sum(&a, &a) * sum(&b, &b)).sqrt()
}

pub fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|i, j| values[*i].total_cmp(&values[*j]));
    let mut out = vec![0.0; values.len()];
    let mut from = 0;
    while from < order.len() {
        let mut to = from;
        while to < order.len() && values[order[to]] == values[order[from]] {
            to += 1;
        }
        for i in &order[from..to] {
            out[*i] = (from + to + 1) as f64 / 2.0;
        }
        from = to;
    }
    out
}
