//! How near the grader comes to people.
//!
//! ```text
//! cargo run --release --example grading                 the tuning answers
//! cargo run --release --example grading -- --held-out   those that nobody tunes on
//! cargo run --release --example grading -- --blind      240 to all questions, by somebody who had never seen the program
//! cargo run --release --example grading -- --fresh      240 more, by others
//! … --worst                                             and the twenty greatest disagreements
//! … --features                                          the numbers behind the grades as JSON, for assets/grading/fit.py
//! ```

mod figures;

use std::collections::BTreeMap;
use std::path::Path;

use figures::{figures, grade_all, ranks, read};
use wheelhouse::study::deck::shelf::built_in;
use wheelhouse::study::grade::{Grader, features, overall};

fn main() -> Result<(), String> {
    let has = |flag: &str| std::env::args().any(|a| a == flag);
    let which = ["held-out", "blind", "fresh"].into_iter().find(|w| has(&format!("--{w}"))).unwrap_or("tuning");
    let bank = &built_in().bank;
    let answers = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers").join(which), bank)?;
    let grader = Grader::new(bank);
    if has("--features") {
        let mut rubrics = BTreeMap::new();
        for a in &answers {
            let m = rubrics.entry(&a.question.id).or_insert_with(|| grader.rubric(&a.question)).measure(&a.answer);
            let targets: Vec<_> = m.targets.iter().map(|t| t.numbers.to_vec()).collect();
            let line = serde_json::json!({
                "question": &*a.question.id, "kind": a.kind, "score": a.score, "made": a.made,
                "misconceptions": a.misconceptions, "points": a.question.points.len(),
                "slugs": a.question.misconceptions.iter().map(|m| m.id.to_string()).collect::<Vec<_>>(),
                "names": features::NAMES.to_vec(), "whole": overall::NAMES.to_vec(), "targets": targets,
                "tokens": m.tokens.len(), "substance": m.substance, "relevance": m.relevance,
                "soup": m.soup, "coherence": m.coherence, "bound": m.bound, "misbound": m.misbound, "density": m.density,
                "falsehood": m.falsehood, "pairs": m.pairs, "manner": m.manner,
            });
            println!("{line}");
        }
        return Ok(());
    }
    let grades = grade_all(&grader, &answers);
    let f = figures(&answers, &grades);
    println!("{which}: {} answers to {} questions", f.n, {
        let mut ids: Vec<_> = answers.iter().map(|a| &a.question.id).collect();
        ids.sort();
        ids.dedup();
        ids.len()
    });
    println!("rank correlation        {:.3}", f.spearman);
    println!("mean distance           {:.1} points", f.error);
    println!("misconceptions          F1 {:.3}  precision {:.3}  recall {:.3}", f.f1, f.precision, f.recall);
    println!("keyword soup            at most {:.0}", f.soup_max);
    println!("excellent, median       {:.0}", f.excellent);
    println!("off-topic, median       {:.0}", f.off_topic);
    println!("\n{:<15}{:>4}  {:>6}  {:>6}  {:>4}–{:<4}", "kind", "n", "people", "grader", "low", "high");
    for (kind, n, people, ours, low, high) in &f.kinds {
        println!("{kind:<15}{n:>4}  {people:>6.0}  {ours:>6.0}  {low:>4.0}–{high:<4.0}");
    }
    if has("--worst") {
        let people = ranks(&answers.iter().map(|a| a.score).collect::<Vec<_>>());
        let ours = ranks(&grades.iter().map(|g| f64::from(g.score)).collect::<Vec<_>>());
        let mut order: Vec<usize> = (0..answers.len()).collect();
        order.sort_by(|i, j| (people[*j] - ours[*j]).abs().total_cmp(&(people[*i] - ours[*i]).abs()));
        for i in order.into_iter().take(20) {
            let (a, g) = (&answers[i], &grades[i]);
            let said: Vec<_> = g.misconceptions.iter().map(|m| &*m.id).collect();
            println!(
                "\n{} · {} · people {} · grader {} · misconceptions {:?}, found {said:?}",
                a.question.id, a.kind, a.score, g.score, a.misconceptions
            );
            println!("{}", a.answer.trim());
        }
    }
    Ok(())
}
