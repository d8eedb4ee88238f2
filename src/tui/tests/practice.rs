//! Practice as a person meets it: keys, then what is on screen; every page at three sizes, without colour, in ASCII.

use super::Screen;
use crate::tui::desk::{Left, LeftWhat};
use crate::tui::keys::Context;
use crate::tui::theme::{ASCII, Depth, Theme, UNICODE};

const ANSWER: &str = "After about a minute there is no heartbeat and the node is marked unknown, then it gets a taint and the pods are \
moved immediately to another node, where they are recreated.";

/// Every page, and the keys that lead there from the home screen.
fn scenes() -> Vec<(&'static str, String)> {
    let scene = |name, keys: &str| (name, keys.to_string());
    vec![
        scene("menu", "p"),
        scene("questions", "p2j"),
        scene("questions_search", "p2/etcd"),
        ("writing", format!("p2<enter>{ANSWER}")),
        ("graded", format!("p2<enter>{ANSWER}<c-d>")),
        ("graded_model", format!("p2<enter>{ANSWER}<c-d>mG")),
        scene("aloud", "p2a<wait><wait>"),
        scene("rating", "p2a 32"),
        scene("rated", "p2a 3212<enter>"),
        scene("setup", "p3l"),
        ("interview", format!("p3<enter>{ANSWER}<wait>")),
        ("interview_graded", format!("p3<enter>{ANSWER}<wait><c-d>")),
        scene("report", "p3<enter><c-d><c-d><enter><c-d><c-d><enter><c-d><c-d><enter><c-d><c-d><enter>"),
        scene("cards_done", "p1<c-d><c-d><enter><c-d><c-d><enter>"),
        scene("predict", "p4j"),
        scene("predicted", "p41<wait><wait>"),
        scene("boards", "p5"),
        scene("order", "p5j<enter>j "),
        scene("ordered", "p5j<enter><enter>"),
        scene("sides", "p5<enter>a"),
        scene("claims", "c<tab><tab>"),
        scene("claims_measured", "c<tab><tab>v<wait><wait>"),
        scene("progress", "g"),
        scene("progress_date", "gd28 nov<enter>"),
        scene("profiles", "p8n"),
    ]
}

#[test]
fn pages_at_three_sizes() {
    for (w, h) in [(80, 24), (120, 36), (200, 60)] {
        for (name, keys) in scenes() {
            let mut screen = Screen::home(w, h);
            screen.press(&keys);
            insta::with_settings!({omit_expression => true, prepend_module_to_snapshot => false}, {
                insta::assert_snapshot!(format!("practice_{name}_{w}x{h}"), screen.text());
            });
        }
    }
}

#[test]
fn pages_without_colour_and_in_ascii() {
    use ratatui::style::{Color, Modifier};
    for (name, keys) in scenes() {
        let mut s = Screen::with(120, 36, Theme { depth: Depth::None, light: false, glyphs: &UNICODE });
        s.press(&keys);
        for cell in &s.terminal.backend().buffer().content {
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset), "{name}: {:?}", cell.symbol());
        }
        if name == "graded" {
            let marked = |m: Modifier, word: &str| {
                let text = s.text();
                let (y, line) = text.lines().enumerate().find(|(_, l)| l.contains(word)).unwrap();
                let x = line[..line.find(word).unwrap()].chars().count();
                s.terminal.backend().buffer()[(x as u16, y as u16)].modifier.contains(m)
            };
            assert!(marked(Modifier::UNDERLINED, "heartbeat and the"), "proving words are lit");
            assert!(marked(Modifier::REVERSED, "moved immediately"), "wrong ones differently");
        }
        let mut s = Screen::with(120, 36, Theme { depth: Depth::True, light: false, glyphs: &ASCII });
        s.press(&keys);
        assert!(s.text().is_ascii(), "{name}:\n{}", s.text());
    }
}

#[test]
fn pages_survive_any_size_and_every_key() {
    for (name, keys) in scenes() {
        let mut s = Screen::home(80, 24);
        s.press(&keys);
        for (w, h) in [(1, 1), (60, 16), (61, 17), (99, 20), (112, 24), (300, 100), (80, 24)] {
            s.resize(w, h);
            s.press("<wait><pgdn><pgup>");
        }
        for key in "jkhlgGmsfnrvVdJKabc123 /?".chars() {
            s.press(&key.to_string()).press("<wait>");
        }
        s.press("<c-c><c-c><c-c>");
        let _ = name;
    }
}

#[test]
fn an_answer_is_judged_with_the_words_that_prove_it() {
    let mut s = Screen::home(80, 24);
    s.press("p").shows("Flash cards").shows("11 due").press("2").shows("3 questions").press("<enter>");
    s.shows("A node dies at three in the morning").press(ANSWER).shows("words");
    s.press("<c-d>").shows("75  ").shows("good").shows("hard").shows("comes again on 24 Nov").shows("“heartbeat”");
    s.press("<pgdn>").shows("missing The pods stay for 300 seconds");
    s.shows("not so: you said “moved immediately”").shows("elsewhere; until then the others");
    s.press("G").shows("Follow-up").shows("node-down at 2m50s").shows("m shows how it can be said");
    s.press("gm").shows("five minutes later").press("m").shows("The endpoints shrink at once");
    assert_eq!(s.log.borrow().handed_in.len(), 1);
}

#[test]
fn the_lab_opens_at_the_moment_and_gives_the_place_back() {
    for back in ["q", "<esc>", "<c-c>"] {
        let mut s = Screen::home(120, 36);
        s.press(&format!("p2<enter>{ANSWER}<c-d>mjj"));
        let before = s.text();
        s.press("s").shows("00:02:50.000").shows("q goes back to practice").hides("What will happen?");
        s.press(" <wait>").press(back);
        assert_eq!(s.text(), before, "{back}");
    }
}

#[test]
fn a_lab_that_was_open_is_open_again() {
    let mut s = Screen::home(120, 36);
    s.press("/three<enter>n<esc>q").shows("paused at 01:50");
    s.press("p2<enter><c-d><c-d>s").shows("00:02:50.000").press("q").press("<esc><esc><esc>");
    s.shows("paused at 01:50").press("<enter>").shows("00:01:50.000");
}

#[test]
fn what_is_half_written_outlives_everything() {
    let mut s = Screen::home(80, 24);
    s.press("p2<enter>the node is").shows("3 words").hides("kept").press("<wait>").shows("kept");
    // Killed: nothing was said to the program.
    let mut s = Screen::again(80, 24, Theme::default(), s.log.clone());
    s.press("p2<enter>").shows("the node is").press(" lost");
    // Left with ctrl-c before anything was kept.
    s.press("<c-c>").shows("Continue").press("p").shows("the node is lost");
    s.press("<c-c>");
    let mut s = Screen::again(80, 24, Theme::default(), s.log.clone());
    s.press("p2<enter>").shows("the node is lost").press("<c-d>").shows("Your answer");
    // Handed in: the box is empty the next time.
    s.press("q<enter>").shows("your answer, as you would say it");
}

#[test]
fn a_full_disk_is_told_and_costs_no_word() {
    let mut s = Screen::home(80, 24);
    s.log.borrow_mut().disk_full = true;
    s.press("p2<enter>the node is lost<wait>").shows("not kept: disk full");
    s.press("<c-d>").shows("cannot be written").shows("the node is lost");
    s.log.borrow_mut().disk_full = false;
    s.press("<wait>").press("x").press("<c-d>").shows("Your answer");
}

#[test]
fn nothing_written_is_asked_about_once() {
    let mut s = Screen::home(80, 24);
    s.press("p2<enter><c-d>").shows("nothing is written");
    assert!(s.log.borrow().handed_in.is_empty());
    s.press("<c-d>").shows("nothing yet").shows("missing");
    assert_eq!(s.log.borrow().handed_in, ["node-fails-3am Passed"]);
    // The next question of the list, and the end of it.
    s.press("<enter>").shows("What is etcd for").press("<c-d><c-d>n").shows("readiness").press("<c-d><c-d>n").shows("3 questions");
}

#[test]
fn undo_redo_and_earlier_answers() {
    let mut s = Screen::home(80, 24);
    s.press("p2j<enter>one two").press("<c-z>").hides("one two").shows("one").press("<c-y>").shows("one two");
    s.press("<c-p>").shows("It holds the state.").press("<c-p>").shows("A database.").press("<c-p>").shows("A database.");
    s.press("<c-n>").shows("It holds the state.").press("<c-n>").shows("one two");
    s.app.handle(&crossterm::event::Event::Paste("\nand\tmore\r\nlines".into()));
    s.draw();
    s.shows("and more").shows("lines");
}

#[test]
fn said_aloud_and_rated_with_one_hand() {
    let mut s = Screen::home(80, 24);
    s.press("p2a").shows("00:00").press("<wait><wait>").shows("00:02").press("p<wait>").shows("00:02").press("p<wait>").shows("00:03");
    s.press(" ").shows("Which of these did you say?").press("321").shows("said").shows("partly").shows("missing");
    s.press("kk3").press("<enter>").shows("50  ").shows("by your own judgement");
    assert_eq!(s.log.borrow().handed_in, ["node-fails-3am Rated([Yes, Yes, No, No])"]);
    // Between writing and speaking.
    let mut s = Screen::home(80, 24);
    s.press("p2<enter>some words<c-t>").shows("Say it aloud").press("t").shows("some words");
}

#[test]
fn follow_ups_are_answered_on_what_was_missed() {
    let mut s = Screen::home(80, 24);
    s.press("p2<enter>heartbeat taint<c-d>f").shows("So why did users see errors").press("300 recreated<c-d>").shows("100  ");
    s.shows("changes no date").hides("The node gets a taint");
}

#[test]
fn cards_go_on_until_the_last() {
    let mut s = Screen::home(80, 24);
    s.press("p1").shows("2 to go").press("heartbeat<c-d>").shows("25  ").press(" ").shows("1 to go").shows("etcd");
    s.press("heartbeat taint 300 recreated<c-d>").shows("the last one").press(" ").shows("That was the last card").shows("62 on average");
    s.press("<enter>").shows("Flash cards");
}

#[test]
fn an_interview_can_be_about_one_topic() {
    let mut s = Screen::home(80, 24);
    s.press("p3").shows("About").hides("failure").press("jjj").shows("failure").press("l<enter>").shows("question 1");
    assert_eq!(s.log.borrow().topics, ["failure".into()]);
}

#[test]
fn an_interview_from_the_first_question_to_the_report() {
    let mut s = Screen::home(100, 30);
    s.press("p3").shows("For whom").press("l").press("jj3<enter>").shows("45:00 left").shows("question 1 of about 2");
    s.press("<wait><wait>heartbeat taint").shows("44:58 left").press("<c-d>").shows("50  ").shows("“So why did users");
    // The clock stands still while one reads.
    s.press("<wait><wait>")
        .shows("44:58 left")
        .press("<enter>")
        .shows("follow-up")
        .press("300 recreated<c-d><enter>")
        .shows("question 2 of about 2");
    // Interrupted: it waits on the home screen, also after a restart.
    s.press("half an answer<c-c>").shows("Continue").shows("Mock interview");
    let mut s = Screen::again(100, 30, Theme::default(), s.log.clone());
    s.shows("Continue  Mock interview").shows("question 2").press("<enter>").shows("half an answer").shows("44:58 left");
    s.press("<c-d><enter>")
        .press("<c-d><c-d><enter>")
        .shows("Tonight")
        .shows("What was missing")
        .shows("00:00:0".trim_end_matches("00:00:0"));
    s.press("<c-s>").shows("saved as interview-report-1.txt");
    assert!(s.log.borrow().kept[0].contains("Next time: Say that the pods stay for 300 seconds."));
    s.press("<enter>").shows("00:02:50.000").press("q").shows("Tonight");
    s.press("j<enter>").shows("Kubernetes moves pods at once").press("<esc>").shows("Tonight").press("q").shows("Flash cards");
}

#[test]
fn predictions_are_measured_and_can_be_watched() {
    let mut s = Screen::home(80, 24);
    s.press("p4").shows("1 of 2").shows("When does its replacement").press("jj<enter>").shows("being played").press("<wait><wait>");
    s.shows("So it went.").shows("1 of 1 right").shows("6 m 10 s").press("s").shows("00:02:00.000").press("q").shows("So it went.");
    s.press("<enter>").shows("2 of 2").press("n<wait><wait>").shows("after about 6 min").press("<enter>").shows("That was the last one");
    s.press("<enter>").shows("Flash cards");
}

#[test]
fn steps_are_moved_with_letters_arrows_and_the_mouse() {
    let mut s = Screen::home(80, 24);
    s.press("p5j<enter>").shows("in which order?").press("<enter>").shows("you had it at 1").shows("The toleration runs out");
    s.press("r").press("JJJ");
    assert_eq!(s.log.borrow().board.clone().unwrap().0, [0, 1, 2, 3]);
    s.press("<enter>").shows("100  ").press("s").shows("00:02:50.000").press("q");
    s.press("r").press(" jjj ").press("<enter>").shows("100  ");
    s.press("r").click_on("After 300 s").click_on("Its pods leave").shows("4  After 300 s");
}

/// Left with q, with ctrl-c and quit, or killed: every mode goes on where it was.
#[test]
fn what_was_begun_goes_on_in_every_mode() {
    let leave = |keys: &str, how: &str| {
        let mut s = Screen::home(80, 24);
        s.press(keys).press(how);
        Screen::again(80, 24, Theme::default(), s.log.clone())
    };
    for how in ["", "q", "<esc>", "<c-c>", "<c-c><c-c>"] {
        leave("p2a<wait><wait> 32", how).press("p2a").shows("Which of these did you say?").shows("said").shows("partly").press("1<enter>");
        leave("p41<wait><wait>", how).press("p4").shows("2 of 2");
        leave("p5<enter>a", how).press("p5<enter>").shows("2 of 2").shows("It was placed before.");
        leave("p5j<enter><wait>J", how).press("p5j<enter>").shows(" 2  After 300 s");
    }
    for how in ["<wait><wait><wait><wait><wait><wait>", "<wait><wait><wait><wait><wait>q", "<wait><wait><wait><wait><wait><c-c>"] {
        leave("p2a", how).press("p2a").shows("Say it aloud").shows("00:05");
    }
    // The clock of a whiteboard goes on, too.
    leave("p5j<enter>J<wait><wait>", "q").press("p5j<enter>").shows("00:02");
    // Looked at and left: nothing was begun.
    leave("p2a", "q").press("p2<enter>").shows("your answer, as you would say it");
}

#[test]
fn home_and_menu_lead_to_what_was_left() {
    let left = |what, at: &str| {
        let s = Screen::home(80, 24);
        let answer = Left { what: LeftWhat::Answer("etcd".into(), "What is etcd for?".into()), at: "an answer begun".into() };
        s.log.borrow_mut().left = vec![Left { what, at: at.into() }, answer];
        Screen::again(80, 24, Theme::default(), s.log.clone())
    };
    let mut s = left(LeftWhat::Predictions, "4 of 10 done");
    s.shows("Continue  Predict what happens").shows("4 of 10 done").press("p").shows("go on: 4 of 10 done").shows("go on: an answer begun");
    s.press("2").shows("begun").press("<enter>").shows("What is etcd for");
    for (what, on, below) in [
        (LeftWhat::Predictions, "When does its replacement", "Flash cards"),
        (LeftWhat::Cards, "2 to go", "Flash cards"),
        (LeftWhat::Board("node-death".into(), "A node dies".into()), "in which order?", "A node dies"),
        (LeftWhat::Sides, "1 of 2", "Docker's side"),
        (LeftWhat::Answer("probes".into(), "Probes?".into()), "readiness and a liveness", "3 questions"),
    ] {
        left(what, "so far").press("<enter>").shows(on).press("<esc>").shows(below);
    }
}

#[test]
fn a_follow_up_is_left_for_the_answer_it_came_from() {
    for keys in ["<esc>", "well<esc>", "300 recreated<c-d><enter>", "300 recreated<c-d>q"] {
        let mut s = Screen::home(80, 24);
        s.press("p2<enter>heartbeat taint<c-d>f").shows("So why did users see errors").press(keys);
        s.shows("50  ").shows("“heartbeat”").press("<enter>").shows("What is etcd for");
        // The same with cards: the sitting goes on.
        let mut s = Screen::home(80, 24);
        s.press("p1heartbeat taint<c-d>f").shows("So why did users see errors").press(keys);
        s.shows("50  ").press("<enter>").shows("1 to go").shows("What is etcd for");
    }
}

#[test]
fn a_follow_up_that_was_left_is_found_again() {
    for how in ["<wait>", "<c-c><c-c>", "<esc>"] {
        let mut s = Screen::home(80, 24);
        s.press("p2<enter>heartbeat taint<c-d>fit stays for").press(how);
        let mut s = Screen::again(80, 24, Theme::default(), s.log.clone());
        s.press("p2<enter>")
            .shows("50  ")
            .shows("what was said then")
            .press("f")
            .shows("it stays for")
            .press(" 300 recreated<c-d>")
            .shows("100  ");
        let mut s = Screen::again(80, 24, Theme::default(), s.log.clone());
        s.press("p2<enter>").shows("your answer, as you would say it");
    }
}

#[test]
fn a_day_begins_while_the_program_is_open() {
    let mut s = Screen::home(80, 24);
    s.press("p").shows("11 due today");
    s.app.take_dirty();
    s.app.turn_day();
    assert!(!s.app.take_dirty(), "the same day");
    s.log.borrow_mut().day = Some("2026-11-22".parse().unwrap());
    s.app.turn_day();
    assert!(s.app.take_dirty(), "it is drawn again");
    s.press("<wait>").shows("17 due today").press("q").shows("17 due today");
}

#[test]
fn components_go_to_their_sides() {
    let mut s = Screen::home(80, 24);
    s.press("p5<enter>").shows("1 of 2").shows("kubelet").press("a").shows("Kubernetes, not Docker").shows("2 of 2");
    s.click_on("Docker").shows("again").shows("It runs on every node").press("q").shows("A node dies");
}

#[test]
fn claims_are_browsed_measured_and_practised() {
    let mut s = Screen::home(100, 30);
    s.press("c").shows("4 claims").shows("with conditions").shows("myth").press("v").shows("no run shows this one yet");
    s.press("<tab><tab>").shows("2 claims").shows("v runs").press("v").press("<wait>").shows("measured  The new pod was ready 6 m 10 s");
    s.press("s").shows("00:0").press("q").shows("measured");
    s.press("<enter>").shows("1 question").press("<enter>").shows("A node dies at three").press("<esc><esc>").shows("2 claims");
    s.press("<tab>/moves<enter>")
        .shows("1 claim")
        .press("<esc>")
        .shows("4 claims")
        .press("<esc>")
        .shows("Practice")
        .press("<esc>")
        .shows("Labs");
}

#[test]
fn progress_has_a_plan_to_a_day() {
    let mut s = Screen::home(100, 40);
    s.press("g").shows("31 of 183 seen").shows("85 % of 20 repetitions").shows("sets the day of your interview").shows("Networking");
    s.press("dnever<enter>").shows("is no day").press("<c-c>").press("d28 nov<enter>").shows("7 days to go");
    assert_eq!(s.log.borrow().interview.unwrap().to_string(), "2026-11-28");
    s.press("qq").shows("28 Nov in 7 days").shows("68 %");
    // Beside the profile's name stands as much of it as there is room for.
    let mut s = Screen::again(80, 24, Theme::default(), s.log.clone());
    s.press("p8").shows("default   ").shows("11 due today   4 days in a row");
    let mut s = Screen::again(60, 16, Theme::default(), s.log.clone());
    s.press("p8").shows("default   ").shows("11 due today   4 days in a row");
}

#[test]
fn warnings_can_be_read_to_the_end() {
    for (w, h) in [(60, 16), (80, 24), (120, 36)] {
        let mut s = Screen::home(w, h);
        s.log.borrow_mut().warnings = vec![
            "the progress file is damaged\n  it was left as it is\n".to_string() + &"very much so ".repeat(40),
            "a deck is left out (last word)".into(),
        ];
        s.press("p").shows("Flash cards");
        if h < 36 {
            s.shows("PgDn read on").shows("┃");
        }
        s.press(&"<pgdn>".repeat(20)).shows("(last word)").press("gj").shows("Choose by topic");
    }
}

/// Every topic with every level, to the last column and the last row, at any size.
#[test]
fn the_heat_map_is_complete() {
    for (w, h) in [(60, 16), (80, 24), (112, 24), (120, 36), (200, 60)] {
        let mut s = Screen::home(w, h);
        s.log.borrow_mut().topics_more = 30;
        s.press("g");
        let mut seen = s.text();
        for _ in 0..12 {
            s.press("<pgdn>");
            seen += &s.text();
        }
        let rows: Vec<&str> = seen.lines().filter(|l| l.contains("60 %")).collect();
        assert!(rows.iter().all(|l| l.trim_end_matches(['┃', ' ']).ends_with("60 % ◑")), "{w}×{h}: {rows:#?}");
        assert!(seen.contains("traffic from outside") || seen.contains("from outside"), "{w}×{h}: a long title goes on below:\n{seen}");
        for n in 0..30 {
            assert!(seen.contains(&format!("Topic {n} ")), "{w}×{h}: topic {n} is missing\n{seen}");
        }
        assert!(seen.contains("● solid"), "{w}×{h}: the legend\n{seen}");
        if h < 36 {
            s.press("g").shows("┃");
        }
    }
}

#[test]
fn profiles_are_made_and_changed() {
    let mut s = Screen::home(80, 24);
    s.shows("default profile").press("p8").shows("Anna").press("n<enter>").shows("it is empty").press("Bo<enter>").shows("Bo");
    s.press("q").shows("Bo").press("8").press("gk<enter>").press("8").press("rAnne<enter>").shows("Anne").press("qq");
    s.shows("Anne profile");
}

#[test]
fn help_and_the_mouse_reach_everything() {
    let mut s = Screen::home(80, 24);
    s.press("p?").shows("Begin what is selected").press("<esc>").click_on("Mock interview").shows("For whom");
    s.click_on("senior").click_on("Enter begin").shows("30:00 left").click_on("F1 help").shows("Hand the answer in");
    s.press("<esc>").click_on("Esc leave").shows("Flash cards").click_on("q home").shows("Labs");
    assert_eq!(s.app.context(), Context::Home);
}

#[test]
fn a_lab_that_was_left_goes_on_another_day() {
    let mut s = Screen::home(100, 30);
    s.press("/three<enter>n<esc>").shows("00:01:50.000");
    // The terminal is closed.
    s.app.keep();
    let mut s = Screen::again(100, 30, Theme::default(), s.log.clone());
    s.shows("Continue  A machine dies").shows("left at 01:50").press("<enter>").shows("00:01:50.000").hides("What will happen?");
}
