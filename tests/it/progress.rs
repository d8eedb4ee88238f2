//! The real binary and its progress file: killed in the middle of reviews, handed damaged files, used as people use it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// The binary; `.ci/run` names the release build, which starts faster.
fn binary() -> PathBuf {
    std::env::var_os("WHEELHOUSE_BIN").map_or(env!("CARGO_BIN_EXE_wheelhouse").into(), PathBuf::from)
}

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wheelhouse-progress-{}-{name}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn command(file: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(["progress"]).args(args).env("WHEELHOUSE_PROGRESS", file).env_remove("WHEELHOUSE_NOW").env("NO_COLOR", "1");
    command.env("WHEELHOUSE_DECKS", file.parent().unwrap().join("no-decks"));
    command
}

fn run_on(file: &Path, day: &str, args: &[&str]) -> Output {
    command(file, args).env("WHEELHOUSE_NOW", format!("{day}T18:00:00Z")).output().unwrap()
}

/// What a call prints if it goes well.
fn ok(file: &Path, day: &str, args: &[&str]) -> String {
    let out = run_on(file, day, args);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(out.stdout), text(out.stderr));
    assert!(out.status.success(), "{args:?}: {stdout}{stderr}");
    stdout
}

/// What a call says if it is refused.
fn refused(file: &Path, args: &[&str]) -> String {
    let out = run_on(file, "2026-11-20", args);
    assert_eq!(out.status.code(), Some(2), "{args:?}");
    String::from_utf8(out.stderr).unwrap()
}

const QUESTIONS: [&str; 3] = ["labels-selectors", "node-fails-3am", "pod-vs-container"];

/// The question ids that the loop uses, from the program itself.
fn ids(file: &Path) -> Vec<String> {
    let mut list = Command::new(binary());
    let out =
        list.args(["questions", "--format", "json"]).env("WHEELHOUSE_DECKS", file.parent().unwrap().join("no-decks")).output().unwrap();
    let all: serde_json::Value = serde_json::from_slice(&out.stdout).unwrap();
    all.as_array().unwrap().iter().map(|q| q["id"].as_str().unwrap().to_string()).collect()
}

/// A small generator, so that every run of the test kills at the same offsets.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % n
    }
}

/// One process that records reviews until it is killed. Returns the acknowledgements that came out of it.
fn record_and_kill(file: &Path, lines: &str, random: &mut Random) -> Vec<String> {
    let mut child: Child =
        command(file, &["record", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    // Less than a pipe holds: the writer never waits for a reader that is dead.
    child.stdin.take().unwrap().write_all(lines.as_bytes()).unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    // Most are killed among their reviews, some at any instant after their start: while the file is opened, or made.
    if random.below(10) > 0 {
        out.read_line(&mut text).unwrap();
        wait(Duration::from_micros(random.below(60_000)));
    } else {
        wait(Duration::from_micros(random.below(120_000)));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    out.read_to_string(&mut text).unwrap();
    // A line that was cut off was not acknowledged.
    let complete = text.rfind('\n').map_or("", |end| &text[..=end]);
    complete.lines().map(String::from).collect()
}

#[expect(clippy::disallowed_methods, reason = "the instant of a kill is the point of the test")]
fn wait(time: Duration) {
    std::thread::sleep(time);
}

/// All reviews in a file, as the lines that acknowledged them.
fn stored(file: &Path) -> Vec<String> {
    let conn = Connection::open(file).unwrap();
    let verdict: String = conn.query_row("PRAGMA integrity_check", [], |r| r.get(0)).unwrap();
    assert_eq!(verdict, "ok", "{}", file.display());
    if conn.query_row("SELECT count(*) FROM sqlite_schema", [], |r| r.get::<_, i64>(0)).unwrap() == 0 {
        return vec![]; // killed before the tables were made
    }
    let mut select = conn.prepare("SELECT at, question, score, rating FROM review ORDER BY at, id").unwrap();
    let line = |r: &rusqlite::Row| -> rusqlite::Result<String> {
        let at = jiff::Timestamp::from_microsecond(r.get(0)?).unwrap();
        Ok(format!("recorded {at} {} {} {}", r.get::<_, String>(1)?, r.get::<_, i64>(2)?, r.get::<_, String>(3)?))
    };
    select.query_map([], line).unwrap().map(Result::unwrap).collect()
}

/// Kills the program in the middle of reviews, again and again: every acknowledged review is there, and at most one more.
/// `WHEELHOUSE_KILLS` says how often (`.ci/run`: a thousand times).
#[test]
fn no_acknowledged_review_is_lost_to_a_kill() {
    let kills: u64 = std::env::var("WHEELHOUSE_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(40);
    let folder = Folder::new("kill");
    let questions = ids(&folder.file("x"));
    let mut random = Random(20_261_128);
    let (mut acknowledged, mut extra, mut in_a_write, mut before_any) = (0, 0, 0, 0);
    let mut known: Vec<String> = vec![];
    let mut file = folder.file("0.db");
    for n in 0..kills {
        // A fresh file now and then: it stays quick to check, and the making of a file is killed as well.
        if n % 25 == 0 {
            file = folder.file(&format!("{n}.db"));
            known.clear();
        }
        let lines: String =
            (0..300).map(|i| format!("{} {}\n", questions[(n as usize * 7 + i) % questions.len()], random.below(101))).collect();
        let said = record_and_kill(&file, &lines, &mut random);
        in_a_write += u64::from(file.with_extension("db-journal").exists());
        before_any += u64::from(said.is_empty());
        let now = if file.exists() { stored(&file) } else { vec![] };
        let new: Vec<&String> = now.iter().filter(|line| known.binary_search(line).is_err()).collect();
        for line in known.iter().chain(&said) {
            assert!(now.contains(line), "kill {n}: lost: {line}");
        }
        assert!(new.len() <= said.len() + 1, "kill {n}: {} stored, {} acknowledged", new.len(), said.len());
        acknowledged += said.len();
        extra += new.len() - said.len();
        known = now;
        known.sort();
    }
    println!(
        "{kills} kills: {acknowledged} reviews acknowledged, 0 lost, {extra} stored but not yet acknowledged; \
         {in_a_write} kills hit an unfinished write, {before_any} came before any review"
    );
    // The test must have hit what it is about.
    assert!(acknowledged as u64 >= kills / 2, "{acknowledged}");
    assert!(kills < 40 || in_a_write > 0, "no kill hit a write");
}

#[test]
fn a_week_of_practice_from_the_command_line() {
    let folder = Folder::new("week");
    let file = folder.file("p.db");
    assert!(ok(&file, "2026-11-20", &[]).contains("Nothing practised yet"));
    let plan = ok(&file, "2026-11-20", &["plan", "--date", "2026-11-28"]);
    assert!(plan.contains("Interview on Saturday, 28 November 2026, in 8 days"), "{plan}");
    for words in [&["28", "November"][..], &["in", "8", "days"], &["nov 28"], &["+8"]] {
        assert_eq!(ok(&file, "2026-11-20", &[&["plan", "--date"], words].concat()), plan, "{words:?}");
    }
    let why = refused(&file, &["plan", "--date", "soon"]);
    assert!(why.contains("error: `soon` is no day; write 28 nov, 2026-11-28, tomorrow, in 6 days or friday\n"), "{why}");
    let line = ok(&file, "2026-11-20", &["record", QUESTIONS[0], "--score", "50"]);
    assert_eq!(line, format!("recorded 2026-11-20T18:00:00Z {} 50 hard\n", QUESTIONS[0]));
    ok(&file, "2026-11-20", &["record", QUESTIONS[1], "--rating", "easy", "--mode", "card"]);
    let due = |day| {
        let json: serde_json::Value = serde_json::from_str(&ok(&file, day, &["due", "--format", "json"])).unwrap();
        json["due"].as_array().unwrap().iter().map(|q| q["question"].as_str().unwrap().to_string()).collect::<Vec<_>>()
    };
    assert_eq!(due("2026-11-20"), Vec::<String>::new());
    assert_eq!(due("2026-11-21"), [QUESTIONS[0]]);
    assert_eq!(due("2026-11-28"), [QUESTIONS[0], QUESTIONS[1]]);
    let page: serde_json::Value = serde_json::from_str(&ok(&file, "2026-11-21", &["--format", "json"])).unwrap();
    assert_eq!((&page["seen"], &page["plan"]["days_left"], &page["due"]), (&2.into(), &7.into(), &1.into()), "{page}");
    assert!(refused(&file, &["plan", "--date", "2026-01-01"]).contains("is over"));
    assert!(refused(&file, &["record", "labels-selector", "--score", "50"]).contains("did you mean `labels-selectors`"));
    let deck = ok(&file, "2026-11-20", &["anki", "-"]);
    assert!(deck.starts_with("#separator:tab\n#html:false\n") && deck.contains("\"wheelhouse/labels-selectors\"\t"));
}

#[test]
fn lines_are_recorded_until_one_is_wrong() {
    let folder = Folder::new("lines");
    let file = folder.file("p.db");
    let mut child = command(&file, &["record", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let text = format!("{} 70\n\n{} 10 good\n{} 170\n{} 5\n", QUESTIONS[0], QUESTIONS[0], QUESTIONS[0], QUESTIONS[0]);
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let out = child.wait_with_output().unwrap();
    assert_eq!((out.status.code(), String::from_utf8_lossy(&out.stdout).lines().count()), (Some(2), 2));
    assert!(String::from_utf8_lossy(&out.stderr).contains("line 4: a score goes from 0 to 100"));
    assert_eq!(stored(&file).len(), 2);
    let mut child = command(&file, &["record", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"labels-selectors 70\nlabels-selector 70\n").unwrap();
    let out = child.wait_with_output().unwrap();
    let why = String::from_utf8_lossy(&out.stderr);
    assert!(refused(&file, &["record", "-", "--score", "5"]).contains("every line has its own score"));
    assert!(why.contains("error: line 2: there is no question `labels-selector`; did you mean `labels-selectors`"), "{why}");
    assert_eq!((out.status.code(), stored(&file).len()), (Some(2), 3));
}

#[test]
fn an_export_moves_to_another_machine() {
    let folder = Folder::new("move");
    let (here, there, copy) = (folder.file("here.db"), folder.file("there.db"), folder.file("copy.json"));
    ok(&here, "2026-11-20", &["record", QUESTIONS[0], "--score", "50"]);
    ok(&here, "2026-11-20", &["profile", "new", "Anna"]);
    ok(&here, "2026-11-20", &["record", QUESTIONS[1], "--score", "90"]);
    ok(&here, "2026-11-20", &["export", copy.to_str().unwrap()]);
    let said = ok(&there, "2026-11-21", &["import", copy.to_str().unwrap()]);
    assert!(said.contains("2 reviews new"), "{said}");
    assert!(ok(&there, "2026-11-21", &["import", copy.to_str().unwrap()]).contains("0 reviews new, 2 known already"));
    assert_eq!(ok(&there, "2026-11-22", &["export", "-"]), std::fs::read_to_string(&copy).unwrap());
    assert_eq!(ok(&there, "2026-11-22", &["profiles"]).lines().filter(|l| l.starts_with("* Anna")).count(), 1);
    // Over another file only when asked to.
    let before = std::fs::read(&copy).unwrap();
    for verb in ["export", "anki"] {
        let why = refused(&there, &[verb, copy.to_str().unwrap()]);
        assert!(why.contains("is there already; --force writes over it"), "{why}");
    }
    assert_eq!(std::fs::read(&copy).unwrap(), before);
    let deck = folder.file("deck.txt");
    ok(&there, "2026-11-22", &["anki", deck.to_str().unwrap()]);
    ok(&there, "2026-11-22", &["export", deck.to_str().unwrap(), "--force"]);
    assert_eq!(std::fs::read(&deck).unwrap(), before);
    assert!(refused(&there, &["export", "/dev/null", "--force"]).contains("is no file"));
    assert!(refused(&there, &["export", std::env::temp_dir().to_str().unwrap(), "--force"]).contains("is a folder"));
    // Never over a progress file, and never half.
    assert!(refused(&here, &["export", here.to_str().unwrap()]).contains("is a database"));
    assert!(refused(&here, &["export", folder.file("no/such/x.json").to_str().unwrap()]).contains("cannot write"));
    std::fs::write(&copy, &std::fs::read(&copy).unwrap()[..100]).unwrap();
    assert!(refused(&there, &["import", copy.to_str().unwrap()]).contains("nothing was imported"));
}

#[test]
fn emptying_and_deleting_want_a_yes() {
    let folder = Folder::new("yes");
    let file = folder.file("p.db");
    ok(&file, "2026-11-20", &["record", QUESTIONS[0], "--score", "50"]);
    for verb in ["reset", "delete"] {
        assert!(refused(&file, &["profile", verb, "default"]).contains("--yes"));
        assert!(refused(&file, &["profile", verb, "defalt", "--yes"]).contains("did you mean 'default'"));
    }
    assert_eq!(stored(&file).len(), 1);
    ok(&file, "2026-11-20", &["profile", "rename", "default", "me"]);
    assert!(ok(&file, "2026-11-20", &["profile", "reset", "me", "--yes"]).contains("1 reviews are gone"));
    assert!(ok(&file, "2026-11-20", &["profile", "delete", "me", "--yes"]).contains("'default' is in use"));
    assert!(refused(&file, &["--profile", "me"]).contains("there is no profile 'me'; `wheelhouse progress profiles` lists them"));
}

#[test]
fn damaged_newer_and_foreign_files_are_refused_and_left_alone() {
    let folder = Folder::new("bad");
    let good = folder.file("good.db");
    ok(&good, "2026-11-20", &["record", QUESTIONS[0], "--score", "50"]);
    let newer = folder.file("newer.db");
    std::fs::copy(&good, &newer).unwrap();
    Connection::open_with_flags(&newer, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap().pragma_update(None, "user_version", 7).unwrap();
    let damaged = folder.file("damaged.db");
    let mut bytes = std::fs::read(&good).unwrap();
    let end = bytes.len();
    bytes[8192..end].fill(0x5a);
    std::fs::write(&damaged, bytes).unwrap();
    let foreign = folder.file("foreign.db");
    std::fs::write(&foreign, "a diary").unwrap();
    for (file, says) in [(newer, "newer wheelhouse"), (damaged, "damaged"), (foreign, "not a progress file")] {
        let before = std::fs::read(&file).unwrap();
        for args in
            [&[][..], &["due"], &["record", QUESTIONS[0], "--score", "5"], &["profiles"], &["export", "-"], &["profile", "new", "x"]]
        {
            let why = refused(&file, args);
            assert!(why.contains(says) && why.contains(file.to_str().unwrap()), "{args:?}: {why}");
            // Plain words; what the library says stands in brackets at the end.
            let plain = why.rsplit_once("\n  (").map_or(&*why, |(plain, _)| plain).to_lowercase();
            assert!(!["sqlite", "database", "malformed", "btree"].iter().any(|word| plain.contains(word)), "{why}");
        }
        assert_eq!(std::fs::read(&file).unwrap(), before, "{}", file.display());
    }
    let missing = folder.file("no/such/p.db");
    assert!(refused(&missing, &[]).contains("cannot be written"));
    assert!(!missing.exists());
}
