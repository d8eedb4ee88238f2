//! The strict reader: every error of a deck in one go, each with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::document::{Diagnostic, Diagnostics, Dialect, Field, Node, Reader, SimDuration, Source, Span, parse_one};

use super::super::bank::{Answers, Evidence, FollowUp, Level, Misconception, Point, Question, Topic};
use super::{Deck, EvidencePlace, place};

/// Bytes of one text.
const TEXT_MAX: usize = 20_000;
const QUESTIONS_MAX: usize = 1_000;
/// Points, misconceptions and follow-ups of one question, phrasings of one point.
const PARTS_MAX: usize = 40;
/// An evidence's moment lies in a scenario, and the longest of those lasts a leap year.
const MOMENT_MAX: SimDuration = SimDuration::from_secs(366 * 86_400);

/// True if a document looks like a deck rather than a scenario or a manifest.
pub fn is_deck(node: &Node) -> bool {
    let has = |key| node.entry(key).is_some();
    let other = ["wheelhouse", "worlds", "apiVersion", "kind", "services"].into_iter().any(has);
    !other && (has("topic") || node.get("questions").is_some_and(|q| q.as_list().is_some()))
}

/// Reads a deck.
///
/// # Errors
/// Everything that is wrong, with places.
pub fn read(source: &Arc<Source>) -> Result<Deck, Diagnostics> {
    let root = parse_one(source, Dialect::Scenario)?;
    if root.is_null() {
        return Err(Diagnostic::error(format!("{}: expected a deck of questions, found nothing", source.name)).into());
    }
    let sink = Diagnostics::new();
    let deck = Loader { sink: &sink }.deck(&root);
    match deck {
        Some(deck) if !sink.has_errors() => Ok(Deck { notes: sink.into_vec(), ..deck }),
        _ => {
            debug_assert!(sink.has_errors(), "a deck that cannot be read says why");
            Err(sink)
        }
    }
}

struct Loader<'a> {
    sink: &'a Diagnostics,
}

/// Ids that must differ from each other.
struct Ids<'a> {
    what: &'static str,
    seen: BTreeMap<&'a str, Span>,
}

impl<'a> Loader<'a> {
    fn deck(&self, root: &'a Node) -> Option<Deck> {
        let r = Reader::new(root, "a deck", self.sink)?;
        let topic = r.req("topic").and_then(|f| self.id(&f));
        let title = r.req("title").and_then(|f| self.line(&f));
        let fields = r.req("questions").map(|f| self.some(&f, QUESTIONS_MAX)).unwrap_or_default();
        r.finish();
        let topic = topic.unwrap_or_default();
        let mut ids = Ids { what: "question", seen: BTreeMap::new() };
        let mut out = Deck {
            topic: Topic { id: topic.clone(), title: title.unwrap_or_default(), questions: Vec::new() },
            questions: Vec::new(),
            ids: Vec::new(),
            evidence: Vec::new(),
            notes: Vec::new(),
        };
        for field in &fields {
            if let Some((question, id, evidence)) = self.question(field, &topic, &mut ids) {
                out.topic.questions.push(question.id.clone());
                out.questions.push(Arc::new(question));
                out.ids.push(id);
                out.evidence.extend(evidence);
            }
        }
        Some(out)
    }

    fn question(&self, field: &Field<'a>, topic: &Arc<str>, ids: &mut Ids<'a>) -> Option<(Question, Span, Option<EvidencePlace>)> {
        let r = field.reader("a question")?;
        let id = r.req("id");
        let id_place = r.key_span("id");
        let place = id.as_ref().map_or(id_place, |f| place(f.node));
        let id = id.and_then(|f| self.unique(&f, ids)).unwrap_or_default();
        let question = r.req("question").and_then(|f| self.text(&f)).unwrap_or_default();
        let level = r.req("level").and_then(|f| f.word(Level::WORDS)).unwrap_or(Level::Mid);
        let mut point_ids = Ids { what: "point", seen: BTreeMap::new() };
        let points: Vec<Point> = match r.req("points") {
            Some(f) => self.some(&f, PARTS_MAX).iter().filter_map(|f| self.point(f, &mut point_ids)).collect(),
            None => Vec::new(),
        };
        let mut wrong_ids = Ids { what: "misconception", seen: BTreeMap::new() };
        let misconceptions = self.each(r.opt("misconceptions"), |f| self.misconception(f, &mut wrong_ids));
        let names: Vec<&str> = point_ids.seen.keys().copied().collect();
        let follow_ups = self.each(r.opt("follow-ups"), |f| self.follow_up(f, &names));
        let answers = r.req("answers").and_then(|f| self.answers(&f));
        let (evidence, named) = match r.opt("evidence") {
            Some(f) => self.evidence(&f, &id),
            None => (Evidence::None("This question names no evidence.".into()), None),
        };
        r.finish();
        let empty = || Answers { short: "".into(), medium: "".into(), long: "".into() };
        let answers = answers.unwrap_or_else(empty);
        let topic = topic.clone();
        Some((Question { id, question, level, topic, points, misconceptions, follow_ups, answers, evidence }, place, named))
    }

    fn point(&self, field: &Field<'a>, ids: &mut Ids<'a>) -> Option<Point> {
        let r = field.reader("a point")?;
        let id = r.req("id").and_then(|f| self.unique(&f, ids));
        let text = r.req("text").and_then(|f| self.text(&f));
        let say = self.texts(r.opt("say"));
        let concepts = self.each(r.opt("concepts"), |f| {
            let words = self.texts(Some(f.clone()));
            if words.is_empty() && f.node.as_list().is_some() {
                f.fail("a group of words is empty");
            }
            Some(words)
        });
        if say.is_empty() && !r.has("say") {
            self.sink.push(
                Diagnostic::note("this point has no `say`: answers are compared with its text alone")
                    .at(r.span())
                    .help("add three to five sentences that people would use for it"),
            );
        }
        r.finish();
        Some(Point { id: id?, text: text?, say, concepts })
    }

    fn misconception(&self, field: &Field<'a>, ids: &mut Ids<'a>) -> Option<Misconception> {
        let r = field.reader("a misconception")?;
        let id = r.req("id").and_then(|f| self.unique(&f, ids));
        let text = r.req("text").and_then(|f| self.text(&f));
        let say = self.texts(r.opt("say"));
        let correction = r.req("correction").and_then(|f| self.text(&f));
        r.finish();
        Some(Misconception { id: id?, text: text?, say, correction: correction? })
    }

    fn follow_up(&self, field: &Field<'a>, points: &[&str]) -> Option<FollowUp> {
        let r = field.reader("a follow-up")?;
        let ask = r.req("ask").and_then(|f| self.text(&f));
        let mut missed = Vec::new();
        for f in r.req("missed").map(|f| f.list(PARTS_MAX)).unwrap_or_default() {
            let Some(name) = f.text() else { continue };
            if points.contains(&name) {
                missed.push(name.into());
            } else {
                let d = Diagnostic::error(format!("this question has no point `{name}`")).at(&place(f.node));
                self.sink.push(d.one_of(name, points));
            }
        }
        r.finish();
        Some(FollowUp { ask: ask?, missed })
    }

    fn answers(&self, field: &Field<'a>) -> Option<Answers> {
        let r = field.reader("the block of model answers")?;
        let short = r.req("short").and_then(|f| self.text(&f));
        let medium = r.opt("medium").and_then(|f| self.text(&f));
        let long = r.opt("long").and_then(|f| self.text(&f));
        r.finish();
        let short = short?;
        let medium = medium.unwrap_or_else(|| short.clone());
        Some(Answers { long: long.unwrap_or_else(|| medium.clone()), medium, short })
    }

    /// Exactly one of: a moment in a scenario, a claim, a sentence that says why there is none.
    fn evidence(&self, field: &Field<'a>, question: &Arc<str>) -> (Evidence, Option<EvidencePlace>) {
        let nothing = (Evidence::None("".into()), None);
        let Some(r) = field.reader("the evidence") else { return nothing };
        let (scenario, claim, none) = (r.opt("scenario"), r.opt("claim"), r.opt("none"));
        let (at, look) = (r.opt("at"), r.opt("look"));
        if [&scenario, &claim, &none].iter().filter(|f| f.is_some()).count() != 1 {
            let d = Diagnostic::error("evidence is exactly one of `scenario`, `claim` and `none`").at(r.span());
            self.sink.push(d.help("for example: evidence: {scenario: node-down, at: 2m50s, look: \"The node turns NotReady.\"}"));
        }
        for (name, field) in [("at", &at), ("look", &look)] {
            match field {
                Some(_) if scenario.is_none() => {
                    let d = Diagnostic::error(format!("`{name}` has a meaning only with `scenario`")).at(&r.key_span(name));
                    self.sink.push(d);
                }
                None if scenario.is_some() => {
                    let d = Diagnostic::error(format!("evidence in a scenario needs the field `{name}`")).at(r.span());
                    self.sink.push(d.label(format!("`{name}` is missing")));
                }
                _ => {}
            }
        }
        let moment = at.as_ref().and_then(|f| f.duration(MOMENT_MAX).and(f.node.scalar_text()).map(Arc::from));
        let look = look.and_then(|f| self.text(&f));
        let found = match (&scenario, &claim, &none) {
            (Some(f), None, None) => self.id(f).zip(moment.zip(look)).map(|(name, (at, look))| (Evidence::Scenario { name, at, look }, f)),
            (None, Some(f), None) => self.claim(f).map(|id| (Evidence::Claim(id), f)),
            (None, None, Some(f)) => {
                let said = self.text(f).map(Evidence::None);
                r.finish();
                return (said.unwrap_or(nothing.0), None);
            }
            _ => None,
        };
        r.finish();
        let Some((evidence, field)) = found else { return nothing };
        let at = at.map(|f| place(f.node));
        let named = EvidencePlace { question: question.clone(), evidence: evidence.clone(), name: place(field.node), at };
        (evidence, Some(named))
    }

    fn claim(&self, field: &Field<'a>) -> Option<Arc<str>> {
        let text = field.text()?;
        let parts = text.split_once('-');
        let letter = parts.is_some_and(|(l, _)| (1..=3).contains(&l.len()) && l.chars().all(|c| c.is_ascii_uppercase()));
        let number = parts.is_some_and(|(_, n)| (1..=4).contains(&n.len()) && n.chars().all(|c| c.is_ascii_digit()));
        if !(letter && number) {
            field.fail(format!("`{text}` is no claim; claims are named like G-05"));
            return None;
        }
        Some(text.into())
    }

    /// The entries of a list that must have some.
    fn some(&self, field: &Field<'a>, max: usize) -> Vec<Field<'a>> {
        let list = field.list(max);
        if list.is_empty() && field.node.as_list().is_some() {
            field.fail("the list is empty");
        }
        list
    }

    fn each<T>(&self, field: Option<Field<'a>>, mut one: impl FnMut(&Field<'a>) -> Option<T>) -> Vec<T> {
        let list = field.map(|f| f.list(PARTS_MAX)).unwrap_or_default();
        list.iter().filter_map(&mut one).collect()
    }

    fn texts(&self, field: Option<Field<'a>>) -> Vec<Arc<str>> {
        field.map(|f| f.list(PARTS_MAX)).unwrap_or_default().iter().filter_map(|f| self.text(f)).collect()
    }

    /// A text with something in it.
    fn text(&self, field: &Field<'a>) -> Option<Arc<str>> {
        let text = field.text()?.trim();
        if text.is_empty() {
            field.fail("the text is empty");
            return None;
        }
        if text.len() > TEXT_MAX {
            field.fail(format!("a text has at most {TEXT_MAX} bytes, this one has {}", text.len()));
            return None;
        }
        Some(text.into())
    }

    fn line(&self, field: &Field<'a>) -> Option<Arc<str>> {
        let text = self.text(field)?;
        if text.contains('\n') || text.chars().count() > 100 {
            field.fail("expected one line of at most 100 characters");
            return None;
        }
        Some(text)
    }

    fn id(&self, field: &Field<'a>) -> Option<Arc<str>> {
        let text = field.text()?;
        let sound =
            (1..=63).contains(&text.len()) && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'));
        if !sound || text.starts_with(['-', '.']) || text.ends_with(['-', '.']) {
            field.fail(format!("`{text}` is no id; use small letters, digits, `-` and `.`, at most 63"));
            return None;
        }
        Some(text.into())
    }

    fn unique(&self, field: &Field<'a>, ids: &mut Ids<'a>) -> Option<Arc<str>> {
        let id = self.id(field)?;
        let here = place(field.node);
        if let Some(first) = ids.seen.get(&*id) {
            let d = Diagnostic::error(format!("there is a {} `{id}` already", ids.what)).at(&here).label("used twice");
            self.sink.push(d.related(first, "first used here"));
            return None;
        }
        if let Some(text) = field.node.as_str() {
            ids.seen.insert(text, here);
        }
        Some(id)
    }
}
