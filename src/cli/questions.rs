//! `wheelhouse questions`: the bank, or one question with everything that goes with it.

use anyhow::anyhow;

use crate::session::practice::{Library, print as text};

use super::args::{Common, ListFormat, QuestionsArgs};
use super::{Outcome, print, width};

pub fn run(args: &QuestionsArgs, common: &Common) -> Outcome {
    let library = Library::open(&common.practice());
    library.left_out().iter().for_each(|line| eprintln!("warning: {line}"));
    let json = args.format == ListFormat::Json;
    if let Some(id) = &args.question {
        let question = library.question(id).map_err(|e| anyhow!(e))?;
        return print(&if json {
            format!("{:#}\n", text::question_json(question))
        } else {
            text::question(&library.bank, question, width())
        });
    }
    let topic = args.topic.as_deref().map(|t| library.topic(t)).transpose().map_err(|e| anyhow!(e))?;
    let filter = text::Filter { topic, level: args.level };
    print(&if json { format!("{:#}\n", text::list_json(&library.bank, filter)) } else { text::list(&library.bank, filter, width()) })
}
