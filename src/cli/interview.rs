//! `wheelhouse interview`: a mock interview, line by line where there is no screen for it.

use std::io::{BufRead, IsTerminal, Write};
use std::time::{Duration, Instant};

use anyhow::anyhow;

use crate::session::practice::print::paragraph;
use crate::session::practice::{Graded, InterviewSetup, Library, Practice, PracticeOptions, Prompt, Said, Unfinished};
use crate::tui::clock;

use super::args::{Common, InterviewArgs};
use super::{Outcome, play, print, width};

pub fn run(args: &InterviewArgs, common: &Common) -> Outcome {
    let setup = InterviewSetup {
        role: args.role,
        level: args.level,
        minutes: args.minutes,
        topics: args.topics.iter().map(|t| t.as_str().into()).collect(),
    };
    let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if !terminal && !args.plain {
        return print(&orientation(&setup, common)?);
    }
    if !args.plain {
        // What is not said on the command line is chosen on the screen.
        let said = args.new || setup != InterviewSetup::default();
        return play::practice(said.then_some(setup), args.profile.clone(), common);
    }
    let options = PracticeOptions { profile: args.profile.clone(), ..common.practice() };
    let mut practice = Practice::open(&options, &clock::now()).map_err(|e| anyhow!(e))?;
    practice.troubles().iter().for_each(|t| eprintln!("warning: {t}\n"));
    let began = match practice.interview() {
        Some(sitting) if !args.new && !sitting.over() => {
            println!("The interview that was interrupted goes on (--new begins another).\n");
            sitting.elapsed()
        }
        _ => {
            practice.begin_interview(&setup, &clock::now()).map_err(|e| anyhow!(e))?;
            Duration::ZERO
        }
    };
    let mut talk = Talk {
        practice,
        watch: Watch::from(began),
        aloud: args.aloud,
        typed: std::io::stdin().is_terminal(),
        input: std::io::stdin().lock(),
        width: width(),
    };
    talk.interview()
}

/// Without a terminal: what there would be.
fn orientation(setup: &InterviewSetup, common: &Common) -> anyhow::Result<String> {
    let library = Library::open(&common.practice());
    for topic in &setup.topics {
        library.topic(topic).map_err(|e| anyhow!(e))?;
    }
    let topics = if setup.topics.is_empty() { format!("{} topics", library.bank.topics().len()) } else { setup.topics.join(", ") };
    let mut out = String::new();
    let what = format!(
        "A mock interview: {}, level {}, {} minutes; questions from {topics}, the weak ones more often, and follow-ups on what was missed. \
         At the end a report: strengths, gaps, what to run tonight, what to say next time.",
        setup.role.title().to_lowercase(),
        setup.level.word(),
        setup.minutes,
    );
    paragraph(&mut out, "", "", &what, width());
    out.push_str(
        "\nIn a terminal:  wheelhouse interview\n\
         Line by line:   wheelhouse interview --plain        (reads answers from standard input)\n\
         One question:   wheelhouse questions ID\n",
    );
    Ok(out)
}

/// The interview's clock: what an earlier sitting has used, and what has passed since.
struct Watch {
    before: Duration,
    since: Instant,
}

impl Watch {
    #[expect(clippy::disallowed_methods, reason = "an interview is held in real time")]
    fn from(before: Duration) -> Self {
        Self { before, since: Instant::now() }
    }
    fn elapsed(&self) -> Duration {
        self.before + self.since.elapsed()
    }
}

/// An interview over lines.
struct Talk<R> {
    practice: Practice,
    watch: Watch,
    aloud: bool,
    /// Somebody sits at the keyboard.
    typed: bool,
    input: R,
    width: usize,
}

impl<R: BufRead> Talk<R> {
    fn interview(&mut self) -> Outcome {
        let how =
            if self.aloud { "Say your answer aloud, press Enter, and rate it" } else { "Type your answer; an empty line hands it in" };
        println!("{how}. `skip` passes, `end` ends.\n");
        while let Some(prompt) = self.practice.interview().and_then(|s| s.prompt().cloned()) {
            // What was said before an interruption stands.
            let mut begun = self.practice.interview().map(|s| s.unfinished().clone()).unwrap_or_default();
            self.ask(&prompt, &begun);
            // Who had begun to rate has spoken.
            let given = if self.aloud && begun.rating.is_some() { Some(String::new()) } else { self.listen(&mut begun)? };
            let Some(given) = given else { return self.interrupted() };
            let elapsed = self.watch.elapsed();
            let graded = match given.trim() {
                "end" => break,
                "skip" => self.practice.skip_interview(elapsed, &clock::now()),
                _ if self.aloud => {
                    let Some(said) = self.rate(&prompt, begun)? else { return self.interrupted() };
                    self.practice.rate_interview(&said, self.watch.elapsed(), &clock::now())
                }
                _ => self.practice.answer_interview(&given, elapsed, &clock::now()),
            };
            let graded = graded.map_err(|e| anyhow!(e))?;
            print(&marks(&graded, &given, self.width))?;
            println!();
        }
        let report = self.practice.end_interview().map_err(|e| anyhow!(e))?;
        match report {
            Some(report) => print(&self.practice.report_text(&report, self.width)),
            None => Ok(0),
        }
    }

    fn ask(&self, prompt: &Prompt, begun: &Unfinished) {
        let (elapsed, sitting) = (self.watch.elapsed(), self.practice.interview());
        let left = sitting.map_or(Duration::ZERO, |s| s.left(elapsed)).as_secs();
        let about = sitting.map_or(0, |s| s.about(elapsed)).max(prompt.number);
        let what =
            if prompt.follow_up.is_some() { "Follow-up".to_string() } else { format!("Question {} of about {about}", prompt.number) };
        println!(
            "{what} · {} · {} · {:02}:{:02} left\n  {}",
            prompt.question.topic,
            prompt.question.level.word(),
            left / 60,
            left % 60,
            prompt.text
        );
        if !begun.text.is_empty() && !self.aloud {
            println!("Your answer so far:\n{}", begun.text.trim_end());
        }
        if !(self.aloud && begun.rating.is_some()) {
            self.prompt("> ");
        }
    }

    /// A prompt, and room for the answer; where nobody types, a line of its own.
    fn prompt(&self, text: &str) {
        if self.typed {
            print!("{text}");
            let _ = std::io::stdout().flush();
        } else {
            println!("{text}");
        }
    }

    /// Keeps what was said or rated so far.
    fn keep(&mut self, begun: &Unfinished) -> anyhow::Result<()> {
        let elapsed = self.watch.elapsed();
        self.practice.keep_interview(begun, elapsed, &clock::now()).map_err(|e| anyhow!(e))
    }

    /// Lines up to an empty one, after those that were begun; aloud, a single line. None: the input has ended and nothing was said.
    fn listen(&mut self, begun: &mut Unfinished) -> anyhow::Result<Option<String>> {
        let mut first = true;
        loop {
            let mut line = Vec::new();
            if self.input.read_until(b'\n', &mut line)? == 0 {
                return Ok((!first && !begun.text.trim().is_empty()).then(|| begun.text.clone()));
            }
            let line = String::from_utf8_lossy(&line);
            let word = line.trim();
            if self.aloud || (first && matches!(word, "skip" | "end")) {
                return Ok(Some(word.to_string()));
            }
            if word.is_empty() {
                // An empty line before anything was said is no answer.
                if begun.text.trim().is_empty() {
                    continue;
                }
                return Ok(Some(begun.text.clone()));
            }
            first = false;
            begun.text.push_str(&line);
            self.keep(begun)?;
        }
    }

    /// The person's own rating of the points asked for, but for those that were rated before.
    fn rate(&mut self, prompt: &Prompt, mut begun: Unfinished) -> anyhow::Result<Option<Vec<Said>>> {
        println!("  Did you say this? y yes, p partly, n no");
        let rated = begun.said.iter().take_while(|s| s.is_some()).count();
        begun.said.truncate(rated);
        begun.aloud = true;
        for id in &prompt.points[rated.min(prompt.points.len())..] {
            begun.rating = Some(begun.said.len());
            self.keep(&begun)?;
            let Some(point) = prompt.question.point(id) else { continue };
            let said = loop {
                self.prompt(&format!("  {} ", point.text));
                let mut line = Vec::new();
                if self.input.read_until(b'\n', &mut line)? == 0 {
                    return Ok(None);
                }
                match line.trim_ascii().to_ascii_lowercase().as_slice() {
                    b"y" | b"yes" => break Said::Yes,
                    b"p" | b"partly" => break Said::Partly,
                    b"n" | b"no" => break Said::No,
                    b"end" => return Ok(None),
                    _ => println!("  y, p or n, please; end keeps the interview for the next time"),
                }
            };
            begun.said.push(Some(said));
        }
        Ok(Some(begun.said.into_iter().flatten().collect()))
    }

    /// The input ended: the interview is kept and goes on the next time.
    fn interrupted(&mut self) -> Outcome {
        let begun = self.practice.interview().map(|s| s.unfinished().clone()).unwrap_or_default();
        self.keep(&begun)?;
        println!("\nThe interview is kept; `wheelhouse interview` goes on with this question.");
        Ok(0)
    }
}

/// An answer's marks in lines.
fn marks(graded: &Graded, answer: &str, width: usize) -> String {
    let mut out = format!("  {}\n", graded.score);
    for p in &graded.points {
        let mark = match p.degree {
            70.. => "✔",
            40.. => "◐",
            _ => "✖",
        };
        paragraph(&mut out, &format!("  {mark} "), "    ", &p.text, width);
        let words: Vec<&str> = p.evidence.iter().filter_map(|r| answer.get(r.clone())).collect();
        if !words.is_empty() {
            paragraph(&mut out, "    ", "    ", &format!("\"{}\"", words.join(" … ")), width);
        }
    }
    for m in &graded.misconceptions {
        paragraph(&mut out, "  ⚠ ", "    ", &m.text, width);
        paragraph(&mut out, "    ", "    ", &m.correction, width);
    }
    if !graded.next.is_empty() {
        paragraph(&mut out, "  next time: ", "    ", &graded.next, width);
    }
    out
}
