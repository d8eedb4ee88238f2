//! The bank as a text file that Anki imports: front the question, back the key points and the short answer.
//!
//! Each note carries its question's id as Anki's own identity, so that a later import brings the notes up to date and doubles none.

use crate::study::bank::{Level, Question};

/// The deck, one note a question.
pub fn deck<'q>(questions: impl IntoIterator<Item = &'q Question>) -> String {
    let mut out = String::from(
        "#separator:tab\n#html:false\n#notetype:Basic\n#deck:wheelhouse\n#columns:Id\tFront\tBack\tTags\n#guid column:1\n#tags column:4\n",
    );
    for q in questions {
        let level = match q.level {
            Level::Junior => "junior",
            Level::Mid => "mid",
            Level::Senior => "senior",
            Level::Scenario => "scenario",
        };
        let mut back = String::new();
        for point in &q.points {
            back += &format!("- {}\n", point.text.trim());
        }
        back += &format!("\n{}", q.answers.short.trim());
        let tags = format!("wheelhouse::{}::{level}", tag(&q.topic));
        let fields = [format!("wheelhouse/{}", q.id), q.question.trim().to_string(), back, tags];
        out += &fields.map(|f| quoted(&f)).join("\t");
        out.push('\n');
    }
    out
}

/// A field may hold tabs, line ends and quotes when it stands in quotes, with its own doubled.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace("\r\n", "\n").replace('"', "\"\""))
}

/// A space would end a tag.
fn tag(word: &str) -> String {
    word.split_whitespace().collect::<Vec<_>>().join("-")
}
