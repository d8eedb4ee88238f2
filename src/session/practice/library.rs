//! The bank with what proves it: decks from everywhere, and whether the scenarios and claims they point to exist.

use std::sync::{Arc, OnceLock};

use crate::document::{Diagnostic, Diagnostics, Node, Span};
use crate::kernel::SimTime;
use crate::scenario::{Catalogue, Opened, Scenario};
use crate::study::bank::{Bank, Evidence, Question};
use crate::study::claims::Claims;
use crate::study::deck::{self, Deck, EvidencePlace, shelf};

use super::PracticeOptions;

/// Every question at hand.
#[derive(Clone, Debug)]
pub struct Library {
    pub bank: Bank,
    /// Decks that were left out, with what is wrong. Practice goes on without them.
    pub broken: Vec<Broken>,
    /// Topics that come from the person's own folder, alone or in part.
    pub own: Vec<Arc<str>>,
}

/// A deck that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The file.
    pub name: String,
    pub errors: usize,
    /// What is wrong with the folder of decks as a whole; of a file `wheelhouse check` tells.
    pub folder: Option<String>,
}

impl Library {
    /// The built-in decks and the person's own. Never fails: what cannot be read is in `broken`.
    pub fn open(options: &PracticeOptions) -> Self {
        let shelf = shelf::open(options.decks.as_deref());
        let broken = shelf.broken.iter().map(|b| Broken {
            name: b.name.clone(),
            errors: b.why.len(),
            folder: b.folder.then(|| b.why.iter().map(|d| d.message.clone()).collect::<Vec<_>>().join("; ")),
        });
        let broken = broken.collect();
        Self { bank: shelf.bank, broken, own: shelf.own }
    }

    /// That decks were left out, a line for all of them together; what is wrong with each is told by `wheelhouse check`.
    pub fn left_out(&self) -> Vec<String> {
        const NAMED: usize = 3;
        let mut out: Vec<String> = self.broken.iter().filter_map(|b| b.folder.clone()).collect();
        let decks: Vec<&Broken> = self.broken.iter().filter(|b| b.folder.is_none()).collect();
        let errors = match decks.iter().map(|b| b.errors).sum() {
            1 => "1 error".to_string(),
            n => format!("{n} errors"),
        };
        let names: Vec<String> = decks.iter().take(NAMED).map(|b| shell_word(&b.name)).collect();
        let check = format!("`wheelhouse check {}` says what is wrong", names.join(" "));
        match decks.len() {
            0 => {}
            1 => out.push(format!("a deck is left out ({errors}); {check}")),
            n if n <= NAMED => out.push(format!("{n} decks are left out ({errors}); {check}")),
            n => out.push(format!("{n} decks are left out ({errors}); {check} with the first of them")),
        }
        out
    }

    /// A question by id.
    ///
    /// # Errors
    /// Says that there is none, with the nearest ids.
    pub fn question(&self, id: &str) -> Result<&Arc<Question>, String> {
        self.bank.get(id).ok_or_else(|| {
            let near = self.bank.nearest(id, 3);
            let shown: String = id.chars().take(80).collect();
            match near.as_slice() {
                [] => format!("error: there is no question `{shown}`; `wheelhouse questions` lists them\n"),
                near => format!("error: there is no question `{shown}`; did you mean {}?\n", or(near)),
            }
        })
    }

    /// A topic's id, by id.
    ///
    /// # Errors
    /// Says that there is none, with those there are.
    pub fn topic(&self, id: &str) -> Result<&str, String> {
        self.bank.topic(id).map(|t| &*t.id).ok_or_else(|| {
            let ids: Vec<&str> = self.bank.topics().iter().map(|t| &*t.id).collect();
            Diagnostic::error(format!("there is no topic `{id}`")).one_of(id, &ids).to_string() + "\n"
        })
    }
}

/// A file name as a shell takes it.
fn shell_word(name: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "/._-+=:@,~".contains(c);
    if name.chars().all(plain) { name.into() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

/// "`a`, `b` or `c`"
fn or(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.as_slice() {
        [one] => one.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
        [] => String::new(),
    }
}

/// Checks a file that looks like a deck: what it is, and everything that is wrong. None if it is something else.
pub(in crate::session) fn check(documents: &[Node], opened: &Opened, catalogue: &Catalogue) -> Option<(String, Diagnostics)> {
    documents.first().filter(|d| deck::is_deck(d))?;
    Some(match deck::read(&opened.source) {
        Err(findings) => (String::new(), findings),
        Ok(deck) => {
            let findings = Diagnostics::from(deck.notes.clone());
            taken(&deck, opened, &findings);
            findings.extend(deck.evidence.iter().filter_map(|e| missing(e, catalogue)));
            (deck.summary(), findings)
        }
    })
}

/// A deck of one's own must not use an id of the built-in ones, unless it is one of them.
fn taken(deck: &Deck, opened: &Opened, findings: &Diagnostics) {
    let built_in = &shelf::built_in().bank;
    let ours = shelf::is_built_in(&opened.source);
    for (q, span) in deck.questions.iter().zip(&deck.ids).filter(|_| !ours) {
        if let Some(known) = built_in.get(&q.id) {
            let d = Diagnostic::error(format!("there is a built-in question `{}` already, in the topic {}", q.id, known.topic)).at(span);
            findings.push(d.help("give it another id: progress is kept under it"));
        }
    }
}

/// What is wrong with a piece of evidence: nothing, or a scenario, a moment or a claim that does not exist.
pub(in crate::session) fn missing(place: &EvidencePlace, catalogue: &Catalogue) -> Option<Diagnostic> {
    match &place.evidence {
        Evidence::Scenario { name, at, .. } => scenario(place, name, at, catalogue),
        Evidence::Claim(id) => {
            let claims = claims();
            let near = claims.get(id).is_none().then(|| Diagnostic::error(format!("there is no claim `{id}`")).at(&place.name))?;
            Some(match claims.nearest(id) {
                Some(other) => near.help(format!("did you mean `{other}`?")),
                None => near.help("`wheelhouse claims` lists them"),
            })
        }
        Evidence::None(_) => None,
    }
}

/// The built-in claims. Read once per process.
pub(super) fn claims() -> &'static Claims {
    static CLAIMS: OnceLock<Claims> = OnceLock::new();
    CLAIMS.get_or_init(|| Claims::built_in().unwrap_or_default())
}

fn scenario(place: &EvidencePlace, name: &str, at: &str, catalogue: &Catalogue) -> Option<Diagnostic> {
    let names = catalogue.names().unwrap_or_default();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let opened = match catalogue.open(name) {
        Ok(opened) if names.contains(&name) => opened,
        _ => return Some(Diagnostic::error(format!("there is no scenario `{name}`")).at(&place.name).one_of(name, &names)),
    };
    let wrong = |text: String, span: &Span| Some(Diagnostic::error(text).at(span));
    let at_place = place.at.as_ref().unwrap_or(&place.name);
    match (Scenario::load(&opened, &[]), moment(at)) {
        (Err(_), _) => wrong(format!("the scenario `{name}` cannot be read"), &place.name),
        (_, None) => wrong(format!("`{at}` is no moment"), at_place),
        (Ok(s), Some(at)) if at > SimTime::ZERO + s.scenario.duration => {
            wrong(format!("the scenario `{name}` ends after {}", s.scenario.duration), at_place)
        }
        _ => None,
    }
}

/// The moment of a piece of evidence, as written there.
pub fn moment(at: &str) -> Option<SimTime> {
    crate::kernel::SimDuration::parse(at).ok().map(|d| SimTime::ZERO + d)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every scenario, every moment and every claim that a built-in question names.
    #[test]
    fn built_in_evidence_exists() {
        let catalogue = Catalogue::built_in();
        let places = &shelf::built_in().evidence;
        assert!(places.len() > 100, "{}", places.len());
        let wrong: Vec<String> = places.iter().filter_map(|p| missing(p, &catalogue)).map(|d| d.to_string()).collect();
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn many_broken_decks_are_one_line() {
        let deck = |name: &str| Broken { name: name.into(), errors: 4, folder: None };
        let library = |broken: Vec<Broken>| Library { bank: Bank::default(), broken, own: vec![] };
        assert_eq!(library(vec![]).left_out(), Vec::<String>::new());
        let two = library(vec![deck("/d/a.yaml"), deck("/my d/b.yaml")]).left_out();
        assert_eq!(two, ["2 decks are left out (8 errors); `wheelhouse check /d/a.yaml '/my d/b.yaml'` says what is wrong"]);
        let many = library((0..500).map(|n| deck(&format!("/d/{n}.yaml"))).collect()).left_out();
        let says = "500 decks are left out (2000 errors); `wheelhouse check /d/0.yaml /d/1.yaml /d/2.yaml` says what is wrong with the first of them";
        assert_eq!(many, [says]);
        let gone = Broken { folder: Some("/d: the folder of decks cannot be read: gone".into()), ..deck("/d") };
        assert_eq!(library(vec![gone]).left_out(), ["/d: the folder of decks cannot be read: gone"]);
    }

    #[test]
    fn mistyped_questions_and_topics() {
        let library = Library { bank: shelf::built_in().bank.clone(), broken: vec![], own: vec![] };
        assert!(library.question("node-fails-3am").is_ok());
        let why = library.question("node-fials-3am").unwrap_err();
        assert!(why.starts_with("error: there is no question `node-fials-3am`; did you mean `node-fails-3am`"), "{why}");
        assert!(library.question("zzzzzz").unwrap_err().contains("`wheelhouse questions` lists them"));
        assert!(library.topic("failrue").unwrap_err().contains("did you mean `failure`?"));
    }
}
