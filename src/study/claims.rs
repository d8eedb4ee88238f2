//! The catalogue of claims: what people say about Docker and Kubernetes, whether it is so, and what to say instead.
//!
//! Built into the program from `assets/claims`, one file per theme, in the order of the file names. A claim that a run can show carries
//! the scenario's name and two texts over its measured results; they are compiled by the session, which alone knows facts and runs.

use std::sync::Arc;

use include_dir::{Dir, include_dir};

use crate::document::{Diagnostic, Diagnostics, Dialect, Field, Reader, Source, Span, Value, nearest, parse_one};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/claims");

/// Claims one file may hold.
const CLAIMS_MAX: usize = 500;
/// Bytes one text may have.
const TEXT_MAX: usize = 2_000;

/// Whether what people say is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    True,
    /// So, if something is added that the claim leaves out.
    TrueWithConditions,
    Myth,
}

impl Verdict {
    pub const WORDS: &'static [(&'static str, Self)] =
        &[("true", Self::True), ("true-with-conditions", Self::TrueWithConditions), ("myth", Self::Myth)];

    pub fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, v)| *v == self).map_or("", |(w, _)| w)
    }
}

/// A text and where it stands, to be compiled by whoever knows its language.
#[derive(Clone, Debug)]
pub struct Placed {
    pub text: Arc<str>,
    pub span: Span,
}

/// How a run shows a claim.
#[derive(Clone, Debug)]
pub struct Shows {
    /// A built-in scenario.
    pub scenario: Placed,
    /// The moment at which it is looked at (`3m`); the end of the run unless said otherwise.
    pub at: Option<Placed>,
    /// A condition over the run's facts: true if the run bears the verdict out.
    pub condition: Placed,
    /// What was measured, with `{expressions}`.
    pub measured: Placed,
}

/// One thing people say.
#[derive(Clone, Debug)]
pub struct Claim {
    /// `G-05`; a misconception has its word from the question bank: `instant-failover`.
    pub id: Arc<str>,
    /// The id of its theme.
    pub theme: Arc<str>,
    pub statement: Arc<str>,
    pub verdict: Verdict,
    /// What is really so.
    pub correction: Arc<str>,
    /// One sentence to say in an interview.
    pub sentence: Arc<str>,
    /// Ids of questions it helps to answer.
    pub questions: Vec<Arc<str>>,
    /// None: no run shows it yet.
    pub shows: Option<Shows>,
}

/// One file of claims.
#[derive(Clone, Debug)]
pub struct Theme {
    pub id: Arc<str>,
    pub title: Arc<str>,
    /// What the theme is about, in a sentence.
    pub about: Arc<str>,
    /// Ids in the order of the file.
    pub claims: Vec<Arc<str>>,
}

/// All claims, in the order of the files.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    pub themes: Vec<Theme>,
    pub claims: Vec<Claim>,
}

impl Claims {
    /// The catalogue inside the program.
    ///
    /// # Errors
    /// Everything that is wrong with its files, with places.
    pub fn built_in() -> Result<Self, Diagnostics> {
        let mut files: Vec<_> = BUILT_IN.files().filter_map(|f| Some((f.path().to_str()?, f.contents_utf8()?))).collect();
        files.sort_unstable();
        let sources: Vec<_> = files.into_iter().map(|(name, text)| Source::new(format!("assets/claims/{name}"), text)).collect();
        Self::read(&sources)
    }

    /// Reads files of claims.
    ///
    /// # Errors
    /// Everything that is wrong with them, with places.
    pub fn read(sources: &[Arc<Source>]) -> Result<Self, Diagnostics> {
        let sink = Diagnostics::new();
        let mut all = Self::default();
        let mut places: Vec<(Arc<str>, Span)> = Vec::new();
        for source in sources {
            match parse_one(source, Dialect::Scenario) {
                Ok(root) => {
                    if let Some(r) = Reader::new(&root, "a file of claims", &sink) {
                        all.file(r, &sink, &mut places);
                    }
                }
                Err(d) => sink.push(*d),
            }
        }
        if sink.has_errors() { Err(sink) } else { Ok(all) }
    }

    fn file(&mut self, r: Reader, sink: &Diagnostics, places: &mut Vec<(Arc<str>, Span)>) {
        let id = r.req("theme").and_then(|f| name(&f)).unwrap_or_default();
        if self.themes.iter().any(|t| t.id == id) {
            sink.push(Diagnostic::error(format!("another file has the theme `{id}`")).at(&r.key_span("theme")));
        }
        let title = r.req("title").and_then(|f| text(&f)).unwrap_or_default();
        let about = r.req("about").and_then(|f| text(&f)).unwrap_or_default();
        let mut theme = Theme { id: id.clone(), title, about, claims: Vec::new() };
        for f in r.req("claims").map(|f| f.list(CLAIMS_MAX)).unwrap_or_default() {
            let Some(claim) = f.reader("a claim").and_then(|r| claim(r, &id, sink)) else { continue };
            match places.iter().find(|(other, _)| *other == claim.id) {
                Some((_, first)) => {
                    let d = Diagnostic::error(format!("the claim `{}` is there twice", claim.id)).at(&f.span().first_line());
                    sink.push(d.related(first, "first here"));
                }
                None => places.push((claim.id.clone(), f.span().first_line())),
            }
            theme.claims.push(claim.id.clone());
            self.claims.push(claim);
        }
        self.themes.push(theme);
        r.finish();
    }

    pub fn get(&self, id: &str) -> Option<&Claim> {
        self.claims.iter().find(|c| c.id.eq_ignore_ascii_case(id))
    }

    pub fn theme(&self, id: &str) -> Option<&Theme> {
        self.themes.iter().find(|t| t.id.eq_ignore_ascii_case(id))
    }

    /// The claims a question links to.
    pub fn of_question<'a>(&'a self, question: &'a str) -> impl Iterator<Item = &'a Claim> {
        self.claims.iter().filter(move |c| c.questions.iter().any(|q| **q == *question))
    }

    /// The id that somebody who typed `word` may have meant.
    pub fn nearest(&self, word: &str) -> Option<&str> {
        let all = self.claims.iter().map(|c| &*c.id);
        // `G5` and `g-5` mean G-05.
        let bare: String = word.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        let short = |id: &str| id.split_once('-').map(|(s, n)| format!("{s}{}", n.trim_start_matches('0')));
        all.clone().find(|id| short(id).as_deref() == Some(&bare)).or_else(|| nearest(word, all))
    }
}

fn claim(r: Reader, theme: &Arc<str>, sink: &Diagnostics) -> Option<Claim> {
    let id = r.req("id").and_then(|f| name(&f));
    let statement = r.req("statement").and_then(|f| text(&f));
    let verdict = r.req("verdict").and_then(|f| verdict(&f));
    let correction = r.req("correction").and_then(|f| text(&f));
    let sentence = r.req("sentence").and_then(|f| text(&f));
    let questions = r.opt("questions").map(|f| f.list(50).iter().filter_map(name).collect()).unwrap_or_default();
    let shows = shows(&r, sink);
    r.finish();
    Some(Claim {
        id: id?,
        theme: theme.clone(),
        statement: statement?,
        verdict: verdict?,
        correction: correction?,
        sentence: sentence?,
        questions,
        shows,
    })
}

/// All of `scenario`, `shows` and `measured`, or none.
fn shows(r: &Reader, sink: &Diagnostics) -> Option<Shows> {
    let [scenario, condition, measured] = ["scenario", "shows", "measured"].map(|key| r.opt(key).and_then(|f| placed(&f)));
    let at = r.opt("at").and_then(|f| placed(&f));
    match (scenario, condition, measured) {
        (Some(scenario), Some(condition), Some(measured)) => Some(Shows { scenario, at, condition, measured }),
        (None, None, None) if at.is_none() => None,
        (scenario, condition, _) => {
            let missing = if scenario.is_none() {
                "scenario"
            } else if condition.is_none() {
                "shows"
            } else {
                "measured"
            };
            let d = Diagnostic::error(format!("a claim that a run shows needs `scenario`, `shows` and `measured`; `{missing}` is missing"));
            sink.push(d.at(r.span()));
            None
        }
    }
}

fn verdict(f: &Field) -> Option<Verdict> {
    // The bare word `true` is a truth value in YAML.
    if matches!(f.node.value, Value::Bool(true)) { Some(Verdict::True) } else { f.word(Verdict::WORDS) }
}

/// A text for people: not empty, on one line once folded.
fn text(f: &Field) -> Option<Arc<str>> {
    let text = f.text()?.trim();
    if text.is_empty() || text.len() > TEXT_MAX || text.contains('\n') {
        f.fail(format!("expected one paragraph of at most {TEXT_MAX} bytes"));
        return None;
    }
    Some(text.into())
}

fn placed(f: &Field) -> Option<Placed> {
    Some(Placed { text: f.text()?.into(), span: f.span().clone() })
}

/// An id: letters, digits, `-` and `.`.
fn name(f: &Field) -> Option<Arc<str>> {
    let text = f.text()?;
    let sound = (1..=63).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
    if !sound {
        f.fail(format!("`{text}` is no id; use letters, digits, `-` and `.`, at most 63"));
        return None;
    }
    Some(text.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Claims, String> {
        Claims::read(&[Source::new("claims.yaml", text)]).map_err(|d| d.render(false))
    }

    const ONE: &str =
        "theme: a\ntitle: A\nabout: About a.\nclaims:\n- {id: A-01, statement: S, verdict: true, correction: C, sentence: T}\n";

    #[test]
    fn a_sound_file() {
        let c = read(&format!(
            "{ONE}- id: A-02\n  statement: S\n  verdict: myth\n  correction: C\n  sentence: T\n  questions: [q-1]\n  scenario: s\n  at: 3m\n  shows: now > duration('1s')\n  measured: \"{{now}}\"\n"
        ))
        .unwrap();
        assert_eq!(c.get("a-01").map(|c| c.verdict), Some(Verdict::True));
        let two = c.get("A-02").unwrap();
        assert_eq!((two.verdict.word(), &*two.shows.as_ref().unwrap().scenario.text), ("myth", "s"));
        assert_eq!(c.of_question("q-1").map(|c| &*c.id).collect::<Vec<_>>(), ["A-02"]);
        assert_eq!(&*c.themes[0].claims[1], "A-02");
        assert_eq!(c.nearest("a2"), Some("A-02"));
        assert_eq!(c.nearest("A-2"), Some("A-02"));
    }

    #[test]
    fn what_is_wrong_has_a_place() {
        let bad = [
            (ONE.replace("verdict: true", "verdict: maybe"), "claims.yaml:5", "true, true-with-conditions or myth"),
            (ONE.replace("statement: S", "statment: S"), "claims.yaml:5", "did you mean `statement`"),
            (ONE.replace("statement: S", "statement: ''"), "claims.yaml:5", "one paragraph"),
            (format!("{ONE}- {{id: A-01, statement: S, verdict: true, correction: C, sentence: T}}\n"), "claims.yaml:6", "is there twice"),
            (ONE.replace("sentence: T", "sentence: T, scenario: s"), "claims.yaml:5", "`shows` is missing"),
            (ONE.replace("sentence: T", "sentence: T, at: 3m"), "claims.yaml:5", "`scenario` is missing"),
            (ONE.replace("id: A-01", "id: A 01"), "claims.yaml:5", "is no id"),
            (ONE.replace("theme: a\n", ""), "claims.yaml:1", "needs the field `theme`"),
            ("[]".into(), "claims.yaml:1", "expected a file of claims"),
        ];
        for (text, place, why) in bad {
            let e = read(&text).expect_err(&text);
            assert!(e.contains(place) && e.contains(why), "{text}\n{e}");
        }
    }

    #[test]
    fn two_files_with_one_theme() {
        let e = Claims::read(&[Source::new("1.yaml", ONE), Source::new("2.yaml", ONE)]).unwrap_err().render(false);
        assert!(e.contains("another file has the theme `a`") && e.contains("2.yaml:5"), "{e}");
    }

    #[test]
    fn the_built_in_files_are_sound_and_complete() {
        let all = Claims::built_in().unwrap_or_else(|d| panic!("{}", d.render(false)));
        for c in &all.claims {
            for (what, text) in [("statement", &c.statement), ("correction", &c.correction), ("sentence", &c.sentence)] {
                assert!(text.ends_with(['.', '?', '!', '"']), "{}: the {what} ends in the middle: {text}", c.id);
            }
            assert!(!c.questions.is_empty() || matches!(&*c.theme, "myths" | "pictures"), "{} belongs to no question", c.id);
            assert!(c.sentence.len() <= 330, "{}: {} bytes are no sentence to say", c.id, c.sentence.len());
        }
    }
}
