use crate::document::Source;

use super::super::super::deck::shelf;
use super::load::{Drills, built_in, read};
use super::*;

fn chain(ranks: &[usize]) -> Chain {
    let step =
        |(i, rank): (usize, &usize)| Step { id: format!("s{i}").into(), text: "t".into(), why: format!("why {i}").into(), rank: *rank };
    let steps = ranks.iter().enumerate().map(step).collect();
    Chain { id: "c".into(), title: "c".into(), ask: "?".into(), topic: "t".into(), questions: vec![], evidence: None, steps }
}

#[test]
fn the_score_is_kendalls_tau() {
    let c = chain(&[0, 1, 2, 3, 4]);
    assert_eq!(judge(&c, &[0, 1, 2, 3, 4]), Ordered { score: 100, pairs: 10, right: 10, misplaced: vec![] });
    let swapped = judge(&c, &[0, 2, 1, 3, 4]);
    assert_eq!((swapped.score, swapped.right), (80, 9));
    assert_eq!(judge(&c, &[4, 3, 2, 1, 0]).score, 0);
    assert_eq!(judge(&c, &[4, 0, 1, 2, 3]).score, 20);
    assert_eq!(judge(&c, &[0, 0, 1, 2, 3]).score, 0, "not an order at all");
    assert_eq!(judge(&c, &[0, 1]).score, 0);
    // The mean over all orders of four is what guessing earns.
    let four = chain(&[0, 1, 2, 3]);
    let mut sum = 0;
    for a in 0..4 {
        for b in (0..4).filter(|b| *b != a) {
            for c in (0..4).filter(|c| *c != a && *c != b) {
                sum += u32::from(judge(&four, &[a, b, c, 6 - a - b - c]).score);
            }
        }
    }
    assert!(sum / 24 < 25, "guessing earns {}", sum / 24);
}

#[test]
fn only_what_must_move_is_misplaced() {
    let c = chain(&[0, 1, 2, 3, 4]);
    let moved = judge(&c, &[1, 2, 3, 0, 4]);
    assert_eq!(moved.misplaced, [Misplaced { step: 0, after: vec![], why: "why 0".into() }]);
    let late = judge(&c, &[0, 1, 3, 4, 2]);
    assert_eq!(late.misplaced.iter().map(|m| (m.step, m.after.clone())).collect::<Vec<_>>(), [(2, vec![1])]);
}

#[test]
fn steps_side_by_side_have_no_order() {
    let c = chain(&[0, 1, 1, 2]);
    for order in [[0, 1, 2, 3], [0, 2, 1, 3]] {
        let judged = judge(&c, &order);
        assert_eq!((judged.score, judged.pairs), (100, 5));
        assert!(judged.misplaced.is_empty());
    }
    let wrong = judge(&c, &[0, 1, 3, 2]);
    assert_eq!((wrong.score, wrong.misplaced.len()), (60, 1), "{wrong:?}");
}

#[test]
fn boards_are_shuffled_by_the_seed_and_moved_by_hand() {
    let c = &built_in().chains[0];
    let mut board = Board::new(c, 1);
    assert_eq!(board, Board::new(c, 1));
    assert_ne!(board, Board::new(c, 2));
    assert!(judge(c, &board.order).score < 50);
    for at in 0..c.steps.len() {
        let from = board.order.iter().position(|s| *s == at).unwrap();
        board.shift(from, at);
    }
    assert_eq!(judge(c, &board.order).score, 100);
    board.shift(99, 0);
    board.shift(0, 99);
    assert_eq!(board.order.last(), Some(&0));
}

#[test]
fn the_built_in_drills_are_sound() {
    let drills = built_in();
    let broken: Vec<String> = drills.broken.iter().map(ToString::to_string).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
    assert!(drills.chains.len() >= 12 && drills.components.len() >= 30, "{} {}", drills.chains.len(), drills.components.len());
    let bank = &shelf::built_in().bank;
    for c in &drills.chains {
        assert!((5..=14).contains(&c.steps.len()), "{}: {} steps", c.id, c.steps.len());
        assert!(bank.topic(&c.topic).is_some(), "{}: no topic {}", c.id, c.topic);
        for q in &c.questions {
            assert!(bank.get(q).is_some(), "{}: no question {q}", c.id);
        }
    }
    for (word, side) in Side::WORDS {
        assert!(drills.components.iter().filter(|c| c.side == *side).count() >= 5, "few components: {word}");
    }
}

#[test]
fn mistakes_have_places() {
    let sound = "chains:\n  - id: a\n    title: A\n    ask: A?\n    topic: t\n    steps:\n      - {id: x, text: X, why: W}\n      - together:\n          \
                 - {id: y, text: Y, why: W}\n          - {id: z, text: Z, why: W}\n      - {id: v, text: V, why: W}\ncomponents:\n  \
                 - {id: b, text: B, side: both, why: W}\n";
    let mut drills = Drills::default();
    read(&Source::new("w.yaml", sound), &mut drills).unwrap();
    assert_eq!(drills.chains[0].steps.iter().map(|s| s.rank).collect::<Vec<_>>(), [0, 1, 1, 2]);
    for (from, to, expected) in [
        ("side: both", "side: bothh", "w.yaml:13:28: error: `side`: expected docker, kubernetes, both or neither, found `bothh`"),
        ("id: z", "id: y", "there is a step `y` already"),
        ("id: b,", "id: a,", "there is a drill `a` already"),
        ("          - {id: z, text: Z, why: W}\n", "", "one step alone is not side by side"),
        ("ask: A?", "aks: A?", "a chain has no field `aks`"),
        (", why: W}\ncomponents", "}\ncomponents", "a step needs the field `why`"),
    ] {
        assert!(sound.contains(from), "{from}");
        let found = read(&Source::new("w.yaml", sound.replacen(from, to, 1)), &mut Drills::default()).unwrap_err();
        let all: Vec<String> = found.into_vec().iter().map(ToString::to_string).collect();
        assert!(all.iter().any(|e| e.contains(expected)), "{expected}: {all:#?}");
    }
}

#[test]
fn components_are_placed_with_partial_credit() {
    let all = &built_in().components;
    let mut p = Placement::new(all, 10, 5);
    assert_eq!((p.total(), p.score()), (10, None));
    while let Some(c) = p.current(all) {
        let side = c.side;
        let said = if p.done().count() == 0 { Side::Both } else { side };
        p.place(all, said);
    }
    assert_eq!(p.done().count(), 10);
    let first = p.done().next().unwrap().2;
    assert_eq!(p.score(), Some(90 + first / 10));
    assert_eq!((Side::Both.worth(Side::Docker), Side::Docker.worth(Side::Both), Side::Docker.worth(Side::Kubernetes)), (50, 50, 0));
    assert_eq!((Side::Neither.worth(Side::Both), Side::Neither.worth(Side::Neither)), (0, 100));
    assert_eq!(p.place(all, Side::Both), None);
}
