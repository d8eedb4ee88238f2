//! The real binary in a pseudo-terminal: it opens, plays, leaves, and gives the terminal back however it ends.
#![expect(clippy::disallowed_methods, reason = "a terminal is read on a thread and waited for by the wall clock")]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Far more than anything here takes; only a hanging program reaches it.
const PATIENCE: Duration = Duration::from_secs(30);

struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Box<dyn Write + Send>,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// Everything the program sent, to look for what a screen does not keep.
    sent: Vec<u8>,
    /// The test's own folder: nothing is written into the source tree. None: the test looks after it.
    folder: Option<PathBuf>,
}

impl Terminal {
    fn open(name: &str, args: &[&str], columns: u16, rows: u16) -> Self {
        Self::open_with(name, args, columns, rows, &[])
    }

    fn open_with(name: &str, args: &[&str], columns: u16, rows: u16, env: &[(&str, &str)]) -> Self {
        let folder = std::env::temp_dir().join(format!("wheelhouse-pty-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut terminal = Self::within(&folder, args, columns, rows, env);
        terminal.folder = Some(folder);
        terminal
    }

    /// In a folder that stays: the program can be started there again.
    fn within(folder: &Path, args: &[&str], columns: u16, rows: u16, env: &[(&str, &str)]) -> Self {
        let pty = native_pty_system().openpty(PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_wheelhouse"));
        command.args(args);
        command.cwd(folder);
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR");
        // Nobody's own progress is touched, and every day is the same.
        command.env("HOME", folder);
        command.env("XDG_DATA_HOME", folder);
        command.env("WHEELHOUSE_NOW", "2026-11-21T18:00:00Z");
        for (name, value) in env {
            command.env(name, value);
        }
        let child = pty.slave.spawn_command(command).unwrap();
        drop(pty.slave);
        let mut reader = pty.master.try_clone_reader().unwrap();
        let writer = pty.master.take_writer().unwrap();
        let (send, bytes) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 8192];
            while let Ok(n) = reader.read(&mut buffer) {
                if n == 0 || send.send(buffer[..n].to_vec()).is_err() {
                    break;
                }
            }
        });
        let screen = vt100::Parser::new(size(rows), size(columns), 0);
        Self { child, master: pty.master, writer, bytes, screen, sent: Vec::new(), folder: None }
    }

    /// Takes what has arrived; false if the program has closed its terminal.
    fn take(&mut self, wait: Duration) -> bool {
        match self.bytes.recv_timeout(wait) {
            Ok(bytes) => {
                self.screen.process(&bytes);
                self.sent.extend(bytes);
                true
            }
            Err(RecvTimeoutError::Timeout) => true,
            Err(RecvTimeoutError::Disconnected) => false,
        }
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    #[track_caller]
    fn until(&mut self, what: &str, shown: impl Fn(&str) -> bool) {
        let started = Instant::now();
        while !shown(&self.text()) {
            let open = self.take(Duration::from_millis(50));
            assert!(open && started.elapsed() < PATIENCE, "never saw {what} on\n{}", self.text());
        }
    }
    #[track_caller]
    fn sees(&mut self, words: &str) {
        self.until(words, |t| t.contains(words));
    }

    /// Waits until the frame is complete: nothing more comes for a moment.
    fn settles(&mut self) {
        while self.bytes.recv_timeout(Duration::from_millis(300)).is_ok_and(|bytes| {
            self.screen.process(&bytes);
            self.sent.extend(bytes);
            true
        }) {}
    }

    fn press(&mut self, keys: &str) {
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
    }

    /// Waits for the end and returns the exit code; then the terminal must be as it was.
    #[track_caller]
    fn ends(&mut self) -> u32 {
        let started = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end\n{}", self.text());
            self.take(Duration::from_millis(20));
        };
        self.settles();
        status.exit_code()
    }

    #[track_caller]
    fn is_restored(&self) {
        let screen = self.screen.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is still on");
        assert!(!screen.hide_cursor(), "the cursor is still hidden");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse is still captured");
        assert!(!screen.bracketed_paste(), "bracketed paste is still on");
    }
}

fn size(n: u16) -> std::num::NonZero<u16> {
    std::num::NonZero::new(n).unwrap()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}

#[test]
fn home_opens_a_lab_which_plays_and_gives_the_terminal_back() {
    let mut t = Terminal::open("home", &[], 120, 36);
    t.sees("wheelhouse");
    t.sees("Labs");
    assert!(t.screen.screen().alternate_screen());
    t.press("/three in the morning");
    t.sees("1 found");
    t.press("\r");
    t.sees("‖ 8×");
    t.sees("Kubernetes");
    t.press("]]]] ");
    t.sees("▶ 125×");
    // Time passes: the clock leaves its first second.
    t.until("a moving clock", |text| !text.contains("00:00:00."));
    t.press("q");
    t.sees("Continue");
    t.press("q");
    assert_eq!(t.ends(), 0);
    t.is_restored();
}

#[test]
fn a_named_lab_opens_at_once_and_takes_commands() {
    let mut t = Terminal::open("command", &["play", "node-down"], 100, 30);
    t.sees("A machine dies");
    t.press("n");
    t.sees("What will happen?");
    t.press("2:kubectl get pods\r");
    t.sees("READY");
    t.settles();
    // Escape and a letter at once would be alt and that letter.
    t.press("\u{1b}");
    t.settles();
    t.press("q");
    t.sees("Continue");
    t.press("q");
    assert_eq!(t.ends(), 0);
    t.is_restored();
}

#[test]
fn the_picture_follows_the_size_of_the_terminal() {
    let mut t = Terminal::open("size", &["play", "node-down"], 120, 36);
    t.sees("seed 7");
    t.settles();
    t.screen.screen_mut().set_size(size(12), size(50));
    t.master.resize(PtySize { rows: 12, cols: 50, pixel_width: 0, pixel_height: 0 }).unwrap();
    t.sees("at least 60×16");
    t.settles();
    t.screen.screen_mut().set_size(size(24), size(80));
    t.master.resize(PtySize { rows: 24, cols: 80, pixel_width: 0, pixel_height: 0 }).unwrap();
    t.sees("Kubernetes");
}

#[test]
fn a_poor_terminal_gets_what_it_can_show() {
    for env in [("LC_ALL", "C"), ("TERM", "linux")] {
        let mut t = Terminal::open_with("poor", &["play", "node-down"], 100, 30, &[env]);
        t.sees("A machine dies");
        t.settles();
        assert!(t.text().is_ascii(), "{env:?}\n{}", t.text());
    }
    let mut t = Terminal::open_with("dumb", &["play", "node-down"], 100, 30, &[("TERM", "dumb")]);
    assert_eq!(t.ends(), 2);
    assert!(t.text().contains("wheelhouse run SCENARIO"), "{}", t.text());
    t.is_restored();
}

#[test]
#[cfg(unix)]
fn a_signal_gives_the_terminal_back() {
    for (signal, status) in [("TERM", 143), ("HUP", 129), ("INT", 130), ("QUIT", 131)] {
        let mut t = Terminal::open(&format!("signal-{signal}"), &["play", "node-down"], 100, 30);
        t.sees("A machine dies");
        let id = t.child.process_id().unwrap();
        let sent = std::process::Command::new("kill").args([format!("-{signal}"), id.to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(t.ends(), status, "{signal}");
        t.is_restored();
    }
}

#[test]
#[cfg(unix)]
fn it_sleeps_and_wakes() {
    let mut t = Terminal::open("sleep", &["play", "node-down"], 100, 30);
    t.sees("A machine dies");
    t.press("\u{1a}");
    let started = Instant::now();
    while t.screen.screen().alternate_screen() {
        t.take(Duration::from_millis(20));
        assert!(started.elapsed() < PATIENCE, "ctrl-z does not give the screen back");
    }
    let id = t.child.process_id().unwrap();
    let started = Instant::now();
    while !t.screen.screen().alternate_screen() {
        // It gives the screen back first and stops then: waking it too early does nothing, so it is woken until it is awake.
        std::process::Command::new("kill").args(["-CONT".to_string(), id.to_string()]).status().unwrap();
        t.take(Duration::from_millis(100));
        assert!(started.elapsed() < PATIENCE, "it does not wake");
    }
    t.sees("A machine dies");
}

#[test]
#[cfg(debug_assertions)]
fn a_panic_gives_the_terminal_back_and_can_be_read() {
    let mut t = Terminal::open_with("panic", &["play", "node-down"], 100, 30, &[("WHEELHOUSE_TEST_PANIC", "1")]);
    t.sees("A machine dies");
    // F12
    t.press("\u{1b}[24~");
    assert_ne!(t.ends(), 0);
    t.is_restored();
    t.sees("a panic on request");
}

#[test]
fn no_colour_is_honoured() {
    let mut t = Terminal::open("plain", &["play", "node-down", "--colour", "none"], 100, 30);
    t.sees("A machine dies");
    let text = String::from_utf8_lossy(&t.sent).into_owned();
    assert!(!text.contains("38;2;") && !text.contains("38;5;"), "colours were sent");
    t.press("q");
    t.sees("Continue");
}

/// A sitting as it happens: half an answer, a kill, ctrl-c, the rest of it, the mark, a look at the lab, and what is kept in the end.
#[test]
#[cfg(unix)]
fn practice_outlives_a_kill_and_ctrl_c() {
    let folder = std::env::temp_dir().join(format!("wheelhouse-pty-practice-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let open = || Terminal::within(&folder, &["interview"], 100, 30, &[]);
    let to_question = |t: &mut Terminal| {
        t.sees("Flash cards");
        t.press("2");
        t.sees("questions");
        t.press("/node-fails-3am");
        t.sees("1 question");
        t.press("\r");
        t.settles();
        t.press("\r");
        t.sees("A server dies at three in the morning");
    };

    let mut t = open();
    to_question(&mut t);
    t.press("After about fifty seconds the heartbeats are missed");
    t.sees("kept");
    // Killed without a word of warning.
    t.child.kill().unwrap();
    t.ends();
    drop(t);

    let mut t = open();
    to_question(&mut t);
    t.sees("the heartbeats are missed");
    t.press(" and the node is NotReady.\u{3}");
    t.sees("Continue");
    t.press("\u{3}");
    assert_eq!(t.ends(), 0);
    t.is_restored();
    drop(t);

    let mut t = open();
    to_question(&mut t);
    t.sees("and the node is NotReady.");
    t.press("\u{4}");
    t.sees("What belongs in it");
    t.sees("“fifty seconds the heartbeats");
    t.sees("comes again");
    t.settles();
    // Blanks at the end of a line depend on what stood there before.
    let tidy = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    let judged = tidy(&t.text());
    t.press("s");
    t.sees("q goes back to practice");
    t.press("q");
    t.until("the same place again", |text| tidy(text) == judged);
    t.press("\u{3}");
    t.sees("Continue");
    t.press("q");
    assert_eq!(t.ends(), 0);
    drop(t);

    let mut t = Terminal::within(&folder, &["progress"], 100, 60, &[]);
    t.until("one question seen", |text| text.contains("Seen            1  of"));
    t.ends();
    let _ = std::fs::remove_dir_all(&folder);
}
