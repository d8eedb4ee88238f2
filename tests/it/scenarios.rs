//! Every built-in scenario, headless: its expectations hold, its journal repeats byte for byte, every record has a root.

use wheelhouse::session::view::{RecordType, SimTime};
use wheelhouse::session::{OpenOptions, catalogue, report};

fn run(name: &str) -> report::Report {
    report::run(name, &OpenOptions::default(), None, &mut |_, _| {}).unwrap_or_else(|e| panic!("{name}: {e}"))
}

#[test]
fn expectations_hold_and_journals_repeat() {
    let mut wrong = String::new();
    for card in catalogue::cards(&OpenOptions::default()) {
        let (one, two) = (run(&card.name), run(&card.name));
        assert!(one.digest() == two.digest(), "{}: the journal of a second run differs", card.name);
        for e in one.view.expectations.iter().filter(|e| e.passed != Some(true)) {
            wrong.push_str(&format!("{}: {} ({} {}): {}\n", card.name, e.say, e.mode, e.expr, e.detail));
        }
        for w in &one.view.worlds {
            let s = &w.score;
            assert_eq!(s.sent, s.ok + s.failed + s.in_flight, "{}: requests of {} are not conserved", card.name, w.view.name);
        }
        for line in &one.view.debrief {
            if line.contains('(') && line.contains("no ") {
                wrong.push_str(&format!("{}: a debrief value is missing: {line}\n", card.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The digests of all journals, as committed. A change of behaviour changes some: look at the journals, then write the file anew with
/// `WHEELHOUSE_BLESS=1 cargo test --test it golden`.
#[test]
fn golden_journals() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/journals.txt");
    let mut now = String::new();
    for card in catalogue::cards(&OpenOptions::default()) {
        let report = run(&card.name);
        now.push_str(&format!("{} {} {} records\n", report.digest(), card.name, report.records));
    }
    if std::env::var_os("WHEELHOUSE_BLESS").is_some() {
        std::fs::write(&file, &now).unwrap();
    }
    let golden = std::fs::read_to_string(&file).unwrap_or_default().replace("\r\n", "\n");
    assert_eq!(golden, now, "journals differ from tests/golden/journals.txt");
}

#[test]
fn every_record_has_a_root() {
    use wheelhouse::session::Session;
    for card in catalogue::cards(&OpenOptions::default()) {
        let mut s = Session::open(&card.name, &OpenOptions::default()).unwrap();
        s.jump_to(SimTime::MAX);
        for r in s.records() {
            let root = s.why(r.id).into_iter().next().expect("a chain holds at least the record itself").record;
            let ok = matches!(root.kind, RecordType::Story | RecordType::Fault | RecordType::Command);
            assert!(ok, "{}: record {:?} ({}: {}) begins with {}: {}", card.name, r.id, r.actor, r.message, root.actor, root.message);
        }
    }
}
