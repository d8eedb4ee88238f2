//! `wheelhouse grade`: what one answer to one question is worth.

use std::io::{IsTerminal, Read};

use anyhow::{Context, anyhow};

use crate::session::practice::{Library, grading};

use super::args::{Common, GradeArgs, ListFormat};
use super::{Outcome, print, width};

/// More than any answer; what is longer is not one.
const MOST: u64 = 1 << 20;

pub fn run(args: &GradeArgs, common: &Common) -> Outcome {
    let library = Library::open(&common.practice());
    library.left_out().iter().for_each(|line| eprintln!("warning: {line}"));
    let question = library.question(&args.question).map_err(|e| anyhow!(e))?;
    let answer = read(&args.answer, &question.question)?;
    let grade = library.grader().grade(question, &answer);
    print(&match args.format {
        ListFormat::Json => format!("{:#}\n", grading::json(question, &answer, &grade)),
        ListFormat::Text => grading::text(question, &answer, &grade, width()),
    })
}

fn read(name: &str, asked: &str) -> anyhow::Result<String> {
    let mut bytes = Vec::new();
    if name == "-" {
        if std::io::stdin().is_terminal() {
            eprintln!("{asked}\n(your answer; end it with ctrl-d)");
        }
        std::io::stdin().lock().take(MOST + 1).read_to_end(&mut bytes).context("error: cannot read the answer")?;
    } else {
        let file = std::fs::File::open(name).with_context(|| format!("error: cannot read the answer {name}"))?;
        file.take(MOST + 1).read_to_end(&mut bytes).with_context(|| format!("error: cannot read the answer {name}"))?;
    }
    if bytes.len() as u64 > MOST {
        return Err(anyhow!("error: the answer is longer than {} KiB; an answer is something one can say", MOST >> 10));
    }
    String::from_utf8(bytes).map_err(|e| anyhow!("error: the answer is not UTF-8 text (byte {})", e.utf8_error().valid_up_to()))
}
