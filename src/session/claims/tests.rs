//! The built-in claims against the built-in scenarios.

use crate::document::Source;

use super::*;
use crate::session::{OpenOptions, Session, catalogue as scenarios};

fn claims(text: &str) -> Claims {
    Claims::read(&[Source::new("c.yaml", text)]).unwrap_or_else(|d| panic!("{}", d.render(false)))
}

fn one(scenario: &str, at: &str, condition: &str, measured: &str) -> Claims {
    claims(&format!(
        "theme: t\ntitle: T\nabout: T.\nclaims:\n- id: T-01\n  statement: S\n  verdict: myth\n  correction: C\n  sentence: S\n  scenario: {scenario}\n{at}  shows: \"{condition}\"\n  measured: \"{measured}\"\n"
    ))
}

#[test]
fn a_claim_is_asked_at_its_moment() {
    let c = one("web-3-replicas", "  at: 1m1s\n", "kubernetes.happened('human-delete') == 1 && now == duration('61s')", "{now}");
    let found = Verification::new(&c.claims).unwrap().run();
    assert!(found[0].holds, "{:?}", found[0]);
    assert_eq!(found[0].measured, "1m 1s");
}

#[test]
fn a_claim_can_fail() {
    let c = one("web-3-replicas", "", "kubernetes.ready('deployment/web') == 4", "{kubernetes.ready('deployment/web')} are ready");
    let found = Verification::new(&c.claims).unwrap().run();
    assert!(!found[0].holds);
    assert_eq!(found[0].measured, "3 are ready");
    assert!(found[0].evidence.contains("kubernetes.ready('deployment/web') = 3"), "{}", found[0].evidence);
    let text = text(&c, &c.claims.iter().collect::<Vec<_>>(), Some(&found), true);
    assert!(text.contains("not shown by web-3-replicas: 3 are ready"), "{text}");
    assert!(text.contains("1 claim: 0 true ✔, 0 true with conditions ~, 1 myth ✖. Runs looked at 1 and bear out 0."), "{text}");
}

#[test]
fn bad_expressions_have_a_place() {
    for (c, why) in [
        (one("web-3-replicsa", "", "now > duration('1s')", "x"), "c.yaml:10"),
        (one("web-3-replicas", "", "kubernetes.redy('deployment/web') == 1", "x"), "has no fact `redy`"),
        (one("web-3-replicas", "", "kubernetes.recovered_after('opps') > now", "x"), "there is no fault `opps`"),
        (one("web-3-replicas", "", "docker.output('nothing') == ''", "x"), "there is no entry `nothing`"),
        (one("web-3-replicas", "  at: 9m\n", "now > duration('1s')", "x"), "the scenario ends at"),
        (one("web-3-replicas", "", "1 == 1", "x"), "asks nothing of the run"),
        (one("bad-rollout-drill", "", "docker.serving == 1", "x"), "does not take part"),
    ] {
        let e = Verification::new(&c.claims).err().unwrap_or_default();
        assert!(e.contains(why) && e.contains("c.yaml:1"), "{why}\n{e}");
    }
}

#[test]
fn a_face_can_go_on_drawing() {
    let c = one("web-3-replicas", "", "kubernetes.ready('deployment/web') == 3", "{now}");
    let mut v = Verification::new(&c.claims).unwrap();
    let mut calls = 0;
    while v.advance(50) {
        calls += 1;
        if let Some(p) = v.progress() {
            assert!(p.now <= p.end && (p.decided, p.total) == (0, 1));
        }
    }
    assert!(calls > 5, "{calls} calls");
    assert!(v.finding("T-01").is_some_and(|f| f.holds));
    assert!(!v.advance(50), "nothing is left to do");
}

#[test]
fn ids_and_themes_are_found_or_named() {
    let all = catalogue().unwrap();
    let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(select(&all, &ids(&["g-05", "A-01"]), None).unwrap().iter().map(|c| &*c.id).collect::<Vec<_>>(), ["A-01", "G-05"]);
    assert!(select(&all, &ids(&["G5"]), None).unwrap_err().contains("did you mean G-05?"));
    assert!(select(&all, &[], Some("healng")).unwrap_err().contains("did you mean healing?"));
    assert_eq!(select(&all, &ids(&["G-05"]), Some("cost")).unwrap_err(), "error: G-05 is in the theme healing, not in cost");
    assert!(select(&all, &[], Some("healing")).unwrap().iter().all(|c| &*c.theme == "healing"));
    assert_eq!(select(&all, &[], None).unwrap().len(), all.claims.len());
}

/// What asks something of a run must not be true of a run in which nothing has happened yet.
#[test]
fn no_claim_holds_before_anything_happened() {
    let all = catalogue().unwrap();
    let mut wrong = Vec::new();
    for c in &all.claims {
        let Some(shows) = &c.shows else { continue };
        let session = Session::open(&shows.scenario.text, &OpenOptions::default()).unwrap();
        let facts = crate::session::facts::LabFacts { lab: &session.lab, journal: &session.journal };
        let condition = crate::scenario::Expression::condition(&shows.condition.text, &shows.condition.span).unwrap();
        if condition.holds(&facts) == Ok(true) {
            wrong.push(format!("{}: {}", c.id, shows.condition.text));
        }
    }
    assert!(wrong.is_empty(), "true of a run that has not begun:\n{}", wrong.join("\n"));
}

#[test]
fn scenarios_name_claims_that_exist() {
    let all = catalogue().unwrap();
    for card in scenarios::cards(&OpenOptions::default()) {
        let scenario = scenarios::load(&card.name, &OpenOptions::default()).unwrap();
        for id in &scenario.claims {
            assert!(all.get(id).is_some(), "{}: there is no claim {id}", card.name);
        }
    }
}

#[test]
fn questions_and_claims_know_each_other() {
    let all = catalogue().unwrap();
    let bank = &crate::study::deck::shelf::built_in().bank;
    let mut wrong = Vec::new();
    for c in &all.claims {
        let unknown = c.questions.iter().filter(|q| bank.get(q).is_none());
        wrong.extend(unknown.map(|q| format!("{}: there is no question {q}", c.id)));
    }
    for q in bank.questions() {
        if let crate::study::bank::Evidence::Claim(id) = &q.evidence
            && all.get(id).is_none()
        {
            wrong.push(format!("{}: there is no claim {id}", q.id));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
