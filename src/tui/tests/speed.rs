//! Large labs: what is out of sight must not be looked at. (No test asserts a time; `benches/` measures.)

use super::Screen;
use super::fixture::{Fake, large};

fn big(hosts: usize, copies: usize) -> Screen {
    let mut s = Screen::home(200, 60);
    s.app.enter(Box::new(Fake::with(Default::default(), Some(large(hosts, copies)))));
    s.draw();
    s
}

#[test]
fn a_hundred_machines_are_signs_and_scroll_to_the_end() {
    let mut s = big(100, 30);
    s.press("z").shows("node-0 ").hides("node-99").shows("●●●▲●●");
    s.press("G").shows("node-99");
    s.press("g").shows("node-0 ");
    s.press("<pgdn><pgdn>").hides("node-0 ");
}

#[test]
fn names_can_be_had_and_every_copy_reached() {
    let mut s = big(4, 30);
    s.press("ddd").press("d").shows("shop-0-29");
    s.press("jjjl").press("<enter>").shows("Pod default/shop-0-");
}

#[test]
#[ignore = "prints a measurement: cargo test --release --lib tui::tests::speed -- --ignored --nocapture"]
#[expect(clippy::disallowed_methods, reason = "a measurement")]
fn frame_time() {
    for (hosts, copies) in [(100, 30), (5000, 30)] {
        let mut s = big(hosts, copies);
        let started = std::time::Instant::now();
        for _ in 0..100 {
            s.draw();
        }
        println!("{hosts} machines, {} copies: {:?} a frame", hosts * copies, started.elapsed() / 100);
    }
}
