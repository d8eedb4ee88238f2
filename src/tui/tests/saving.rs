//! What ctrl-s writes can be played, with everything it needs.

use crate::session::view::SimTime;
use crate::session::{OpenOptions, Session};

#[test]
fn a_saved_session_plays_again_wherever_it_lies() {
    let place = std::env::temp_dir().join(format!("wheelhouse-saved-{}", std::process::id()));
    std::fs::create_dir_all(&place).unwrap();
    for (name, files) in [("node-down", 2), ("hello-pod", 2), ("what-survives", 2), ("pvc-pending", 4)] {
        let mut played = Session::open(name, &OpenOptions::default()).unwrap();
        played.jump_to(SimTime::from_secs(30));
        let (word, target) = ("kubectl", "get nodes");
        played.command(&format!("{word} {target}"));
        let side = played.side_files();
        assert_eq!(side.len(), files, "{name}: {:?}", side.iter().map(|f| &f.0).collect::<Vec<_>>());
        let path = crate::tui::keep_folder(&place, name, &played.save(), &side).unwrap();
        let again = Session::open(path.to_str().unwrap(), &OpenOptions::default());
        let mut again = again.unwrap_or_else(|e| panic!("{name}: {e}"));
        for s in [&mut played, &mut again] {
            s.jump_to(SimTime::from_secs(200));
        }
        // Only the place of a text in the file is another.
        let told = |s: &Session| {
            s.records()
                .iter()
                .filter(|r| !r.message.contains(".yaml:"))
                .map(|r| format!("{} {} {}", r.at, r.actor, r.message))
                .collect::<Vec<_>>()
        };
        let (told, again) = (told(&played), told(&again));
        let other = told.iter().zip(&again).find(|(a, b)| a != b);
        assert!(told.len() == again.len() && other.is_none(), "{name}: {other:?}");
    }
    // The next one lies beside it.
    let second = crate::tui::keep_folder(&place, "node-down", "wheelhouse: 1\n", &[]).unwrap();
    assert!(second.ends_with("node-down-session-2/node-down-session-2.yaml"), "{}", second.display());
    std::fs::remove_dir_all(&place).unwrap();
}
