//! What keys and clicks do, told by what is on screen afterwards.

use crossterm::event::MouseEventKind;

use super::Screen;
use crate::session::view::SimTime;
use crate::session::{OpenOptions, Session};
use crate::tui::keys::Context;

/// A real lab at a moment.
fn real(name: &str, seconds: u64, width: u16, height: u16) -> Screen {
    let mut session = Session::open(name, &OpenOptions::default()).unwrap();
    session.jump_to(SimTime::from_secs(seconds));
    let mut s = Screen::home(width, height);
    s.app.enter(Box::new(session));
    // Questions that were asked on the way are passed over.
    s.press("<wait><esc><esc><esc><esc>");
    s
}

#[test]
fn a_commands_whole_output_opens_from_its_journal_line() {
    let mut s = real("hello-pod", 52, 120, 36);
    s.press("<tab><tab><tab>/describe<enter><enter>").shows("Labels:").shows("run=hello").shows("00:50 kubectl describe pod hello");
    s.press("G").shows("Started").press("q").hides("Labels:");
    // Its output's own line does the same, and long lines are reached sideways.
    let mut s = real("hello-pod", 52, 80, 24);
    s.press("<tab><tab>/Output<enter><enter>").shows("Name:").press("l").hides("Name:").press("h").shows("Name:");
}

#[test]
fn what_has_no_panel_is_told_whole_and_not_called_gone() {
    let mut s = real("node-down", 190, 120, 36);
    s.press("<tab>/requests a second<enter><enter>");
    s.shows("about   traffic shoppers").shows("answered").hides("not there");
}

#[test]
fn the_narration_can_be_read_whole() {
    let mut s = real("service-discovery", 185, 80, 24);
    s.shows("r: all of it").press("r");
    s.shows("An Ingress without a controller and a policy without an enforcer: both are").shows("one of").shows("sixty megabytes");
    s.press("g").shows("Names, addresses and ports in both worlds.").press("q").hides("Names, addresses");
}

#[test]
fn an_answered_question_is_only_gone_on_from() {
    let mut s = Screen::lab(120, 36);
    s.press("n").shows("Enter that is my answer").shows("Esc skip");
    s.press("2<end>").shows("What happened").shows("Enter go on").hides("that is my answer").hides("Esc skip");
}

#[test]
fn the_fault_menu_is_readable_on_the_smallest_screen() {
    for (width, height) in [(60, 16), (60, 24), (80, 24)] {
        let mut s = real("node-down", 30, width, height);
        s.press("f").shows("host-1").shows("node-down: host-1 in docker, node-1 in kubernetes");
        s.shows(if width < 80 { "no end" } else { "until repaired" }).shows("kubernetes");
    }
    let mut s = real("node-down", 30, 120, 36);
    s.press("fjj").shows("node-pause: host-1 in docker, node-1 in kubernetes");
    s.press("f").shows("host-1 freezes; node-1 freezes");
}

#[test]
fn a_question_asks_at_its_moment_only() {
    let at = |name: &str, seconds: u64| {
        let mut session = Session::open(name, &OpenOptions::default()).unwrap();
        session.jump_to(SimTime::from_secs(seconds));
        let mut s = Screen::home(80, 24);
        s.app.enter(Box::new(session));
        s.draw();
        s
    };
    // It was asked at 01:50; now the answer stands on the screen.
    let mut s = at("node-down", 180);
    s.hides("What will happen?").press(":3").hides("What will happen?").shows("> 3");
    s.press("<esc>f").hides("What will happen?").press("<esc>");
    // Back, and to it.
    s.press("<home>n").press("n").shows("00:01:50.000").shows("What will happen?");
    s.press("<esc>").shows("skipped");
    let mut s = at("container-crash", 70);
    s.press(",,,,,,").hides("What will happen?");
    // At its moment it is drawn with the jump.
    at("node-down", 110).shows("What will happen?").press("3").shows("you said: after about six minutes");
    // A click on the timeline.
    let mut s = at("node-down", 60);
    let bar = s.text().lines().nth(22).unwrap().find("12:00").unwrap() as u16;
    s.click(bar - 20, 22).hides("What will happen?").press("f").hides("What will happen?");
}

#[test]
fn a_question_waits_while_somebody_types() {
    let mut session = Session::open("node-down", &OpenOptions::default()).unwrap();
    session.jump_to(SimTime::from_secs(105));
    let mut s = Screen::home(80, 24);
    s.app.enter(Box::new(session));
    s.press(":kubectl get <f5><wait>").shows("00:01:50.000").hides("What will happen?").shows("a question waits: Esc");
    s.press("pods 2").shows("> kubectl get pods 2").hides("What will happen?");
    s.press("<bs><bs><enter>").shows("NAME").hides("What will happen?");
    s.press("<esc>").shows("What will happen?").press("2").shows("you said: after about 50 seconds");
}

#[test]
fn home_opens_a_lab_and_keeps_it_open() {
    let mut s = Screen::home(100, 30);
    s.press("/three<enter>").shows("A machine dies at three in the morning").shows("‖ 8×");
    s.press("n<esc>q").shows("Continue").shows("paused at 01:50");
    s.press("<enter>").shows("00:01:50.000");
    s.press("<esc>");
    s.press("qq");
    assert!(s.app.quit);
}

#[test]
fn home_search_narrows_as_people_type_and_esc_forgets_it() {
    let mut s = Screen::home(100, 30);
    s.press("/rollout").hides("A process exits").shows("2 found");
    s.press("<esc>").shows("A process exits");
}

#[test]
fn a_broken_scenario_says_where() {
    let mut s = Screen::home(100, 30);
    s.press("/error<enter>").shows("broken.yaml:7:1").shows("did you mean `traffic`?");
    s.press("<enter>").hides("broken.yaml:7:1");
}

#[test]
fn play_stops_where_the_narrator_stops_and_goes_on() {
    let mut s = Screen::lab(120, 36);
    s.press(" ").shows("▶ 8×");
    s.press(&"<wait>".repeat(9)).shows("space: go on").shows("00:01:00.000").shows("‖ 8×");
    s.press(" ").hides("space: go on");
    s.press(&"<wait>".repeat(7)).shows("What will happen?");
}

#[test]
fn an_answer_is_kept_and_judged_at_the_end() {
    let mut s = Screen::lab(120, 36);
    s.press("n2");
    assert_eq!(s.log.borrow().answers, [1]);
    s.hides("What will happen?");
    s.press("<end>").shows("What happened").shows("✖ It went otherwise.").shows("tolerate an unreachable node");
    s.press("<enter>").shows("Debrief").shows("✖ No request fails").shows("1 500 failed, the first at 02:00");
    s.press("R").shows("00:00:00.000").hides("Debrief");
}

#[test]
fn a_prediction_can_be_looked_up_ahead() {
    let mut s = Screen::lab(80, 24);
    s.press("a").shows("no prediction of yours");
    s.press("n2").shows("you said: after about 50 s; the run will show it · a: look ahead");
    s.press("a").shows("What is going to happen").shows("✖ It went otherwise. Measured at 07:50.");
    s.press("<enter>").hides("What is going to happen").shows("00:01:50.000");
    s.press("<end>").hides("What happened").shows("Debrief");
}

#[test]
fn a_skipped_question_is_answered_by_the_run_and_counts_for_nothing() {
    let mut s = Screen::lab(120, 36);
    s.press("n<esc>").hides("What will happen?").shows("skipped, so it does not count");
    s.press(".").hides("What will happen?");
    s.press("<end>").shows("What happened").shows("You did not answer.").shows("tolerate an unreachable node");
    s.press("<enter>").shows("Debrief").shows("Skipped: node-2 dies now.").hides("You predicted").hides("predictions were right");
    assert!(s.log.borrow().answers.is_empty());
}

#[test]
fn speed_has_ends() {
    let mut s = Screen::lab(120, 36);
    s.press("]]]]]]]]]]]]]]]]").shows("‖ 1000×");
    s.press("[[[[[[[[[[[[[[[[[[").shows("‖ 0.25×");
}

#[test]
fn faults_go_where_the_menu_says() {
    let mut s = Screen::lab(120, 36);
    // crash on shop, in kubernetes only, for 30 s
    s.press("fjj<enter><enter>jj<enter>jj<enter>");
    assert_eq!(s.log.borrow().injected, ["crash on shop in kubernetes for Some(SimDuration(30000000000))"]);
    s.shows("crash on shop in kubernetes").hides("Break something");
    // At once, with what is selected: the first fault on the first target everywhere.
    s.press("ff");
    assert_eq!(s.log.borrow().injected[1], "node-down on host-1 in all for None");
}

#[test]
fn the_menu_shows_the_command_that_does_the_same() {
    let mut s = Screen::lab(120, 36);
    s.press("fjj").shows("by hand: docker exec shop-1 kill 1 (one of them)").hides("docker kill");
    s.press("<esc>f").shows("node-down: host-1 in docker").shows("a machine loses power, until repaired");
}

#[test]
fn why_walks_to_the_root_and_travels() {
    let mut s = Screen::lab(120, 36);
    s.press("n1<end><enter><enter>").hides("Debrief");
    s.press("<tab><tab><tab>").press("w").shows("Why").shows("blackout");
    s.press("kk").press("t").hides("Why").shows("00:07:50.000");
}

#[test]
fn inspect_walks_and_offers_commands() {
    let mut s = Screen::lab(120, 36);
    s.press("jj<enter>").shows("container host-1/shop-1").shows("Namespace:");
    s.press("2").shows("line0: 0").press("G").shows("line59: 59");
    s.press("5<enter>").shows("Deployment default/shop");
    s.press("<bs>").shows("container host-1/shop-1");
    s.press("6j<enter>").shows("> kubectl rollout restart deployment/shop").hides("Namespace:");
}

#[test]
fn the_command_line_completes_remembers_and_streams() {
    let mut s = Screen::lab(120, 36);
    s.press("n1:kub<tab>").shows("> kubectl ");
    s.press("de<tab>").shows("delete  describe");
    s.press("<c-c>kubectl get pods<enter>").shows("shop-7d9f-m4v7c   1/1");
    s.press("<up>").shows("> kubectl get pods");
    s.press("<c-c>kubectl rollout status deployment/shop<enter>").shows("F5 lets it run");
    s.press("<f5><wait>").shows("still waiting");
    s.press("<c-c>").shows("^C");
    s.press("<esc>").hides("^C");
    assert_eq!(s.log.borrow().commands.len(), 2);
}

#[test]
fn journals_filter_and_show_changes() {
    let mut s = Screen::lab(120, 50);
    s.press("n1<end><enter><enter>").shows("Ready=Unknown").hides("Container started");
    s.press("c").shows("Container started");
    s.press("/evict").hides("Ready=Unknown").shows("Marking for deletion");
    s.press("<enter>").shows("journal /evict").press("<esc>").shows("Ready=Unknown");
}

#[test]
fn a_breakpoint_stops_time_and_a_wrong_one_says_so() {
    let mut s = Screen::lab(120, 36);
    s.press("Bnonsense<enter>").shows("undeclared reference");
    s.press("B")
        .shows("stop when nonsense")
        .press("<c-u>true<enter>")
        .shows("break on")
        .press("n1 ]]]]]]<wait><wait>")
        .shows("00:02:50.000")
        .shows("breakpoint: true");
}

#[test]
fn q_and_ctrl_c_close_what_is_open_first() {
    let mut s = Screen::lab(120, 36);
    s.press("n<esc>");
    for open in ["<enter>", "w", "f", "?"] {
        for close in ["q", "<c-c>", "<esc>"] {
            s.press(open);
            assert_ne!(s.app.context(), Context::Lab, "{open}");
            s.press(close);
            assert_eq!(s.app.context(), Context::Lab, "{open} {close}");
        }
    }
    s.press("<c-c>").shows("Continue").press("<c-c>");
    assert!(s.app.quit);
}

#[test]
fn a_paste_is_typed_and_never_run() {
    let mut s = Screen::lab(120, 36);
    s.press(":");
    s.app.handle(&crossterm::event::Event::Paste("kubectl get pods\nkubectl delete pod x\n".into()));
    s.draw();
    s.shows("> kubectl get pods kubectl delete pod x");
    assert!(s.log.borrow().commands.is_empty());
}

#[test]
fn saving_says_where() {
    let mut s = Screen::lab(120, 36);
    s.press("<c-s>").shows("wheelhouse play node-down-session-1.yaml");
    assert_eq!(s.log.borrow().kept.len(), 1);
}

#[test]
fn steps_have_sizes_and_go_both_ways() {
    let mut s = Screen::lab(120, 36);
    s.press("...").shows("00:00:06.000").press(",").shows("00:00:05.000");
    s.press("s").shows("step change").press("sss").hides("step change");
}

#[test]
fn the_mouse_travels_selects_and_scrolls() {
    let mut s = Screen::lab(120, 36);
    let bar = s.text().lines().nth(34).unwrap().chars().position(|c| c == '◆').unwrap() as u16;
    s.click(bar + 20, 34).hides("00:00:00.000");
    s.press("<esc>").shows("skipped").click_on("node-3").click_on("node-3").shows("Node node-3");
    // A key puts the notice away that lies over the foot.
    s.press("<esc><tab>");
    s.click_on("? help").shows("Help").mouse(MouseEventKind::ScrollDown, 60, 20);
    s.press("<esc>").click_on("f faults").shows("Break something");
    // A click beside the panel closes it.
    s.click(0, 0).hides("Break something");
}

#[test]
fn tab_goes_through_the_panes_of_each_layout() {
    for (w, h, panes) in [(120, 36, 4), (80, 24, 3)] {
        let mut s = Screen::lab(w, h);
        let first = s.app.lab().unwrap().focus;
        for _ in 1..panes {
            s.press("<tab>");
            assert_ne!(s.app.lab().unwrap().focus, first);
        }
        s.press("<tab>");
        assert_eq!(s.app.lab().unwrap().focus, first);
    }
}

#[test]
fn a_world_can_have_the_whole_width() {
    let mut s = Screen::lab(80, 24);
    s.press("<tab>z").shows("Kubernetes").hides("Docker");
    s.press("<tab>z").shows("Docker").shows("Kubernetes");
}

#[test]
fn any_size_is_survived() {
    let mut s = Screen::lab(120, 36);
    s.press("n1:kubectl get pods<enter><esc>");
    for (w, h) in [(1, 1), (59, 16), (60, 15), (60, 16), (61, 17), (99, 20), (100, 24), (300, 100), (80, 24)] {
        for keys in ["", "?", "f", "w", "<enter>", "D", ":", "/"] {
            s.resize(w, h);
            s.press(keys).press("<esc>");
        }
    }
    s.resize(40, 10).shows("wants at least 60×16");
    s.resize(80, 24).shows("Kubernetes");
}
