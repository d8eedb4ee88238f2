//! Floor 7, the command line: one file per command. Thin: it parses, calls the session, prints, and maps outcomes to exit codes.
//!
//! Exit codes: 0 all went well, 1 some expectation failed, 2 the input is bad.

mod args;
mod check;
mod claims;
mod grade;
mod interview;
mod list;
mod play;
mod progress;
mod questions;
mod run;
mod schedule;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Args, Command};

/// What a command ended with.
pub(crate) type Outcome = anyhow::Result<u8>;

/// Runs the program with these arguments.
pub fn main(argv: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args = match Args::try_parse_from(argv) {
        Ok(args) => args,
        Err(e) => {
            let _ = e.print();
            return ExitCode::from(if e.use_stderr() { 2 } else { 0 });
        }
    };
    let outcome = match args.command {
        None => play::home(&args.common),
        Some(Command::Play(a)) => play::run(&a, &args.common),
        Some(Command::Run(a)) => run::run(&a, &args.common),
        Some(Command::List(a)) => list::run(&a, &args.common),
        Some(Command::Check(a)) => check::run(&a, &args.common),
        Some(Command::Schedule(a)) => schedule::run(&a, &args.common),
        Some(Command::Questions(a)) => questions::run(&a, &args.common),
        Some(Command::Progress(a)) => progress::run(&a, &args.common),
        Some(Command::Interview(a)) => interview::run(&a, &args.common),
        Some(Command::Grade(a)) => grade::run(&a, &args.common),
        Some(Command::Schema(a)) => print(&match a.of {
            args::SchemaOf::Scenario => crate::session::catalogue::schema(),
            args::SchemaOf::Deck => crate::session::catalogue::deck_schema(),
        }),
        Some(Command::Claims(a)) => claims::run(&a),
        Some(Command::Completions { shell }) => {
            let mut out = Vec::new();
            clap_complete::generate(shell, &mut Args::command(), "wheelhouse", &mut out);
            print(&String::from_utf8_lossy(&out))
        }
        Some(Command::Man) => man(),
    };
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(e) if broken_pipe(&e) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{}", format!("{e:#}").trim_end());
            ExitCode::from(2)
        }
    }
}

fn man() -> Outcome {
    let mut out = Vec::new();
    clap_mangen::Man::new(Args::command()).render(&mut out)?;
    print(&String::from_utf8_lossy(&out))
}

/// Writes to standard output; a closed pipe (`| head`) is no error of ours.
pub(crate) fn print(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    if !text.is_empty() && !text.ends_with('\n') {
        out.write_all(b"\n")?;
    }
    out.flush()?;
    Ok(0)
}

/// Columns for running text: the terminal's, within reason; 100 where there is none.
pub(crate) fn width() -> usize {
    let terminal = std::io::stdout().is_terminal();
    let width = if terminal { crossterm::terminal::size().map_or(100, |(w, _)| usize::from(w)) } else { 100 };
    width.clamp(60, 110)
}

fn broken_pipe(e: &anyhow::Error) -> bool {
    e.chain().filter_map(|c| c.downcast_ref::<std::io::Error>()).any(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
}
