//! What ships inside the binary: every scenario loads, tells a story, asks, expects something, and has a debrief.

use wheelhouse::scenario::{Catalogue, Scenario};

#[test]
fn every_scenario_is_complete() {
    let catalogue = Catalogue::built_in();
    let mut wrong = String::new();
    for name in catalogue.names().unwrap() {
        let opened = catalogue.open(&name).map_err(|d| d.render(false)).unwrap();
        let s = match Scenario::load(&opened, &[]) {
            Ok(loaded) => loaded.scenario,
            Err(d) => {
                wrong.push_str(&d.render(false));
                continue;
            }
        };
        let asks = s.timeline.iter().filter(|e| e.ask.is_some()).count();
        let says = s.timeline.iter().filter(|e| e.say.is_some()).count();
        if asks == 0 || says == 0 || s.expect.is_empty() || s.debrief.is_empty() {
            wrong.push_str(&format!(
                "{name}: {asks} questions, {says} narrations, {} expectations, {} debrief lines\n",
                s.expect.len(),
                s.debrief.len()
            ));
        }
        for need in &s.needs {
            if catalogue.open(need).is_err() {
                wrong.push_str(&format!("{name} needs {need}, which does not exist\n"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
