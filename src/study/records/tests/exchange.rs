//! Export and import: complete, byte-equal, and merging without loss or doubles.

use proptest::prelude::*;

use super::super::store::insert;
use super::*;

fn full() -> Records {
    let mut records = Records::in_memory(&noon(START)).unwrap();
    for n in 0..5 {
        let new = NewReview {
            points: vec![PointResult { point: "a".into(), degree: n * 20 }],
            misconceptions: if n == 2 { vec!["m".into()] } else { vec![] },
            answer: Some(format!("line one\n\"line\" {n} \u{2028} ü \u{1f600}\u{7}").into()),
            took: Some(std::time::Duration::from_secs(61)),
            ..NewReview::new(format!("q{n}"), Mode::ALL[n as usize], n * 25)
        };
        records.record(&new, &[], &noon(day(u32::from(n)))).unwrap();
    }
    records.keep_draft("interview", "{\"asked\":3}", &noon(day(5))).unwrap();
    records.set_interview(Some(day(20)), &noon(day(2))).unwrap();
    records.create("Änne", &noon(day(3))).unwrap();
    records.choose("Änne", true).unwrap();
    records.record(&NewReview::new("q1", Mode::Card, 30), &[], &noon(day(4))).unwrap();
    records
}

#[test]
fn an_export_of_an_import_is_the_export() {
    let text = full().export().unwrap();
    // An empty file that is older, or younger, than what it takes in.
    for when in [noon(day(300)), noon(date(2020, 1, 1))] {
        let mut fresh = Records::in_memory(&when).unwrap();
        let done = fresh.import(&text, "x.json", &when).unwrap();
        assert_eq!((done.reviews, done.known, done.drafts), (6, 0, 1));
        assert_eq!(fresh.export().unwrap(), text);
        assert_eq!(&*fresh.profile().name, "default", "nobody is moved to another profile in the middle of a run");
        let again = fresh.import(&text, "x.json", &when).unwrap();
        assert_eq!(again, Imported { known: 6, ..Imported::default() });
        assert_eq!(fresh.export().unwrap(), text);
    }
    // And where `default` is not among the imported.
    let mut only = full();
    only.delete("default", &noon(START)).unwrap();
    let text = only.export().unwrap();
    let mut fresh = Records::in_memory(&noon(day(9))).unwrap();
    fresh.import(&text, "x.json", &noon(day(9))).unwrap();
    assert_eq!((fresh.export().unwrap(), &*fresh.profile().name), (text, "Änne"));
}

#[test]
fn an_import_keeps_what_was_set_here() {
    let mut here = Records::in_memory(&noon(START)).unwrap();
    here.record(&NewReview::new("mine", Mode::Card, 1), &[], &noon(START)).unwrap();
    here.set_interview(Some(day(3)), &noon(START)).unwrap();
    here.keep_draft("interview", "later", &noon(day(9))).unwrap();
    let done = here.import(&full().export().unwrap(), "x", &noon(day(9))).unwrap();
    assert_eq!((done.profiles, done.reviews, done.drafts), (1, 6, 0));
    assert_eq!(here.profile().interview, Some(day(3)));
    assert_eq!(&*here.draft("interview").unwrap().unwrap().body, "later");
    assert_eq!(here.reviews().unwrap().len(), 6, "one of its own and five");
}

#[test]
fn what_is_no_export_imports_nothing() {
    let text = full().export().unwrap();
    let mut here = Records::in_memory(&noon(START)).unwrap();
    let cases = [
        (String::new(), "EOF"),
        ("[]".into(), "invalid"),
        ("{}".into(), "wheelhouse_progress is missing"),
        (text.replace("\"wheelhouse_progress\": 1", "\"wheelhouse_progress\": 7"), "newer wheelhouse"),
        (text.replace("\"score\": 75", "\"score\": 175"), "0 to 100"),
        (text.replace("\"score\": 75", "\"score\": -1"), "line"),
        (text.replace("\"rating\": \"good\"", "\"rating\": \"great\""), "great"),
        (text.replace("\"took_ms\"", "\"took\""), "unknown field"),
        (text.replace("Änne", "Default"), "twice"),
        (text.replace("\"q3\"", "\"\""), "the question's id"),
        (text.replace("2026-11-05T12:00:00Z", "2026-11-05T12:00:00.0000001Z"), "microsecond"),
        (text[..text.len() / 2].to_string(), "line"),
    ];
    for (bad, expected) in cases {
        let before = here.export().unwrap();
        let error = here.import(&bad, "bad.json", &noon(START)).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("bad.json"), "{expected}: {error}");
        assert_eq!(here.export().unwrap(), before);
    }
}

fn any_review() -> impl Strategy<Value = Review> {
    // Few values, so that equal reviews and equal moments happen.
    (0..3u8, 0..3u32, 0..3u8, prop::option::of(0..2u8)).prop_map(|(q, d, score, answer)| Review {
        answer: answer.map(|a| format!("a{a}").into()),
        ..review(&format!("q{q}"), day(d), score * 40)
    })
}

fn holding(reviews: &[Review]) -> Records {
    let records = Records::in_memory(&noon(START)).unwrap();
    for r in reviews {
        insert(&records.conn, records.profile().id, r).unwrap();
    }
    records
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn merging_is_a_union(
        a in prop::collection::vec(any_review(), 0..12),
        b in prop::collection::vec(any_review(), 0..12),
        c in prop::collection::vec(any_review(), 0..12),
    ) {
        let now = noon(day(50));
        let texts = [&a, &b, &c].map(|r| holding(r).export().unwrap());
        let merged = |order: &[usize]| {
            let mut records = holding([&a, &b, &c][order[0]]);
            for i in &order[1..] {
                records.import(&texts[*i], "x", &now).unwrap();
            }
            records
        };
        let mut all: Vec<_> = a.iter().chain(&b).chain(&c).cloned().collect();
        all.sort_by_key(|r| (r.at, r.id()));
        all.dedup();
        let one = merged(&[0, 1, 2]);
        prop_assert_eq!(one.reviews().unwrap(), all, "none lost, none twice");
        let text = one.export().unwrap();
        for order in [&[2, 1, 0][..], &[1, 0, 2, 0, 1], &[0, 0, 2, 1, 2]] {
            prop_assert_eq!(&merged(order).export().unwrap(), &text);
        }
        // And back into one of the sources.
        let mut back = holding(&b);
        back.import(&text, "x", &now).unwrap();
        prop_assert_eq!(back.export().unwrap(), text);
    }
}
