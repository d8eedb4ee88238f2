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
