//! The grader against labelled answers: what was reached must not be lost.

use std::path::Path;

use wheelhouse::study::deck::shelf::built_in;
use wheelhouse::study::grade::Grader;

#[allow(dead_code)]
#[path = "../../examples/grading/figures.rs"]
mod figures;

#[test]
fn the_grader_stays_as_near_to_people_as_it_was() {
    let bank = &built_in().bank;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/answers/tuning");
    // The answers to every twelfth question are enough to see a loss, and do not keep a debug build busy for minutes.
    let some: Vec<_> = bank.questions().iter().map(|q| q.id.clone()).step_by(12).collect();
    let answers: Vec<_> = figures::read(&folder, bank).unwrap().into_iter().filter(|a| some.contains(&a.question.id)).collect();
    assert!(answers.len() >= 150, "{}", answers.len());
    let f = figures::figures(&answers, &figures::grade_all(&Grader::new(bank), &answers));
    assert!(f.spearman >= 0.92, "rank correlation {:.3}", f.spearman);
    assert!(f.f1 >= 0.88, "misconceptions F1 {:.3}", f.f1);
    assert!(f.soup_max <= 40.0, "keyword soup {:.0}", f.soup_max);
    assert!(f.excellent >= 75.0, "excellent {:.0}", f.excellent);
    assert!(f.off_topic <= 6.0, "off-topic {:.0}", f.off_topic);
}

#[test]
fn any_text_is_graded() {
    let bank = &built_in().bank;
    let grader = Grader::new(bank);
    let question = bank.get("liveness-readiness").unwrap();
    let nothing = grader.grade(question, "");
    assert_eq!((nothing.score, nothing.covered.len(), nothing.missing.len()), (0, 0, question.points.len()));
    assert!(nothing.next.contains("nothing to grade"));
    let odd = ["   \n\t", "?!… — «»", "日本語の答え", "\u{0}\u{1F600}", "a", "no", "İİİİ ßß ﬁ", "''''''", "----/////"];
    for text in odd {
        assert!(grader.grade(question, text).score <= 10, "{text:?}");
    }
    let long = "Liveness restarts the container, readiness takes the pod out of the Service. ".repeat(1_300);
    let no_stops = "liveness restarts the container ".repeat(3_200);
    for text in [long, no_stops] {
        assert!(text.len() >= 100_000);
        let grade = grader.grade(question, &text);
        for range in grade.covered.iter().flat_map(|c| &c.evidence).chain(grade.misconceptions.iter().flat_map(|m| &m.evidence)) {
            assert!(text.get(range.clone()).is_some());
        }
    }
}

#[test]
fn the_same_answer_gets_the_same_grade() {
    let bank = &built_in().bank;
    let question = bank.get("docker-vs-kubernetes").unwrap();
    let answer = "Docker packs an app into an image, Kubernetes runs many containers over many machines and heals them.";
    assert_eq!(Grader::new(bank).grade(question, answer), Grader::new(bank).grade(question, answer));
}

#[test]
fn denied_is_not_asserted() {
    let bank = &built_in().bank;
    let grader = Grader::new(bank);
    let question = bank.get("liveness-readiness").unwrap();
    let found = |answer: &str| -> Vec<String> { grader.grade(question, answer).misconceptions.iter().map(|m| m.id.to_string()).collect() };
    assert!(found("If the readiness probe fails, Kubernetes restarts the container.").contains(&"readiness-restarts".to_string()));
    let denial = "Liveness restarts a stuck container. Readiness decides about traffic; it never restarts the container.";
    assert_eq!(found(denial), Vec::<String>::new());
}
