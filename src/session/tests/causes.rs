//! What the journal gives as causes across the lab.

use super::*;

#[test]
fn a_recovery_is_owed_to_what_brought_it() {
    // Kubernetes: the rules leave the dead machine out; Docker: the container runs again.
    for (scenario, world, remedy) in [("node-down", "kubernetes", "RulesProgrammed"), ("container-crash", "docker", "State")] {
        let mut s = Session::open(scenario, &OpenOptions::default()).unwrap();
        to_end(&mut s);
        let records = s.journal.records();
        let recovered = records.iter().find(|r| r.world == world && &*r.reason == "Recovered").unwrap();
        let chain: Vec<_> = s.journal.causes(recovered.id).iter().map(|r| r.reason.to_string()).collect();
        assert!(chain.iter().any(|r| r == remedy), "{scenario}: {chain:?}");
    }
}

#[test]
fn what_is_told_at_once_knows_what_was_noticed() {
    let mut s = Session::open("node-down", &OpenOptions::default()).unwrap();
    to_end(&mut s);
    let told: Vec<_> = s.journal.records().iter().filter(|r| &*r.reason == "Say").map(|r| r.message.to_string()).collect();
    assert!(told.iter().any(|t| t.starts_with("Kubernetes noticed after 45s")), "{told:#?}");
}
