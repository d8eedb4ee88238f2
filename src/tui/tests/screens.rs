//! Every screen at three sizes.

use super::Screen;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

/// Takes a picture of a scene at every size.
fn shots(name: &str, scene: impl Fn(&mut Screen)) {
    for (w, h) in SIZES {
        let mut screen = Screen::lab(w, h);
        scene(&mut screen);
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("{name}_{w}x{h}"), screen.text());
        });
    }
}

#[test]
fn home() {
    for (w, h) in SIZES {
        let screen = Screen::home(w, h);
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("home_{w}x{h}"), screen.text());
        });
    }
}

#[test]
fn lab_at_the_start() {
    shots("lab_start", |_| {});
}

#[test]
fn lab_running() {
    shots("lab_running", |s| {
        s.press(" <wait><wait><wait>");
    });
}

#[test]
fn lab_failing() {
    // Past the question, past the fault, past the moment Kubernetes notices.
    shots("lab_failing", |s| {
        s.press("nn<enter>").press(" ").press(&"<wait>".repeat(9));
    });
}

#[test]
fn lab_paused_by_the_narrator() {
    shots("lab_paused", |s| {
        s.press(" ").press(&"<wait>".repeat(8));
    });
}

#[test]
fn help() {
    shots("help", |s| {
        s.press("?");
    });
}

#[test]
fn fault_menu() {
    shots("fault_menu", |s| {
        s.press("fjj<enter><enter>");
    });
}

#[test]
fn question() {
    shots("question", |s| {
        s.press("nj");
    });
}

#[test]
fn inspect() {
    shots("inspect", |s| {
        s.press("jj<enter>");
    });
}

#[test]
fn why() {
    shots("why", |s| {
        s.press("nn2<end>").press("<esc><esc><tab><tab><tab>G").press("w");
    });
}

#[test]
fn debrief() {
    shots("debrief", |s| {
        s.press("n3<end>").press("<enter>");
    });
}

#[test]
fn commands() {
    shots("commands", |s| {
        s.press("n1:kubectl get pods<enter>nonsense<enter>kubectl rollout status deployment/shop<enter>kub");
    });
}

/// A drill half way: two hints, a wrong cause, and the list of causes open.
#[test]
fn drill() {
    shots_of("bad-rollout-drill", "drill", |s| {
        s.press("n<esc>").press("HC1");
    });
}

/// Where no choices are given, any fault can be named; first what, then where.
#[test]
fn drill_named_freely() {
    shots_of("frozen-drill", "drill_free", |s| {
        s.press("n<esc>n").press(" ").press(&"<wait>".repeat(6)).press("C").press("jjjjj<enter>");
    });
}

#[test]
fn drill_solved() {
    shots_of("bad-rollout-drill", "drill_solved", |s| {
        s.press("n<esc>").press("C2<enter>").press(":kubectl rollout undo deployment/shop<enter><esc>").press("n");
    });
}

/// Pictures of a real lab.
fn shots_of(scenario: &str, name: &str, scene: impl Fn(&mut Screen)) {
    use crate::session::{OpenOptions, Session};
    for (w, h) in SIZES {
        let mut screen = Screen::home(w, h);
        screen.app.enter(Box::new(Session::open(scenario, &OpenOptions::default()).unwrap()));
        screen.draw();
        scene(&mut screen);
        insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("{name}_{w}x{h}"), screen.text());
        });
    }
}
