//! Chains and components from `assets/whiteboard`, read as strictly as decks are.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use include_dir::{Dir, include_dir};

use crate::document::{Diagnostic, Diagnostics, Dialect, Field, Node, Reader, SimDuration, Source, parse_one};

use super::super::super::bank::Evidence;
use super::{Chain, Component, Side, Step};

static BUILT_IN: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/assets/whiteboard");

/// Every drill there is.
#[derive(Clone, Debug, Default)]
pub struct Drills {
    pub chains: Vec<Chain>,
    pub components: Vec<Component>,
    /// What is wrong with the files; empty as long as the tests pass.
    pub broken: Vec<Diagnostic>,
}

impl Drills {
    pub fn chain(&self, id: &str) -> Option<&Chain> {
        self.chains.iter().find(|c| &*c.id == id)
    }
}

/// The built-in drills. Read once per process.
pub fn built_in() -> &'static Drills {
    static DRILLS: OnceLock<Drills> = OnceLock::new();
    DRILLS.get_or_init(|| {
        let mut drills = Drills::default();
        let mut files: Vec<_> = BUILT_IN.files().collect();
        files.sort_by_key(|f| f.path());
        for file in files {
            let name = format!("assets/whiteboard/{}", file.path().display());
            let read = Source::from_bytes(name, file.contents()).map_err(Diagnostics::from).and_then(|s| read(&s, &mut drills));
            if let Err(why) = read {
                drills.broken.extend(why.into_vec());
            }
        }
        drills
    })
}

/// Adds a file's drills.
///
/// # Errors
/// Everything that is wrong, with places; nothing is added then.
pub fn read(source: &Arc<Source>, into: &mut Drills) -> Result<(), Diagnostics> {
    let root = parse_one(source, Dialect::Scenario)?;
    let sink = Diagnostics::new();
    let known = |id: &str| into.chains.iter().any(|c| &*c.id == id) || into.components.iter().any(|c| &*c.id == id);
    let mut seen: BTreeSet<Arc<str>> = BTreeSet::new();
    let mut fresh = |f: &Field, id: Option<Arc<str>>| {
        let id = id?;
        if known(&id) || !seen.insert(id.clone()) {
            f.fail(format!("there is a drill `{id}` already"));
        }
        Some(id)
    };
    let mut chains = Vec::new();
    let mut components = Vec::new();
    if let Some(r) = Reader::new(&root, "a file of drills", &sink) {
        for f in r.opt("chains").map(|f| f.list(200)).unwrap_or_default() {
            chains.extend(chain(&f, &mut fresh));
        }
        for f in r.opt("components").map(|f| f.list(500)).unwrap_or_default() {
            components.extend(component(&f, &mut fresh));
        }
        r.finish();
    }
    if sink.has_errors() {
        return Err(sink);
    }
    into.chains.extend(chains);
    into.components.extend(components);
    Ok(())
}

type Fresh<'f, 'a> = dyn FnMut(&Field<'a>, Option<Arc<str>>) -> Option<Arc<str>> + 'f;

fn text(f: Field) -> Option<Arc<str>> {
    let text = f.text()?.trim();
    if text.is_empty() {
        f.fail("the text is empty");
    }
    Some(text.into())
}

fn chain<'a>(f: &Field<'a>, fresh: &mut Fresh<'_, 'a>) -> Option<Chain> {
    let r = f.reader("a chain")?;
    let id = r.req("id").and_then(|f| fresh(&f, text(f.clone())));
    let title = r.req("title").and_then(text);
    let ask = r.req("ask").and_then(text);
    let topic = r.req("topic").and_then(text);
    let questions = r.opt("questions").map(|f| f.list(40)).unwrap_or_default().into_iter().filter_map(text).collect();
    let evidence = r.opt("evidence").and_then(|f| evidence(&f));
    let list = r.req("steps").map(|f| f.list(40)).unwrap_or_default();
    let mut steps: Vec<Step> = Vec::new();
    for (rank, f) in list.iter().enumerate() {
        match f.node.get("together") {
            Some(node) => together(f, node, rank, &mut steps),
            None => steps.extend(step(f, rank)),
        }
    }
    for (i, s) in steps.iter().enumerate() {
        if steps[..i].iter().any(|o| o.id == s.id) {
            f.fail(format!("there is a step `{}` already", s.id));
        }
    }
    if list.len() < 3 {
        f.fail("a chain has at least three steps");
    }
    r.finish();
    Some(Chain { id: id?, title: title?, ask: ask?, topic: topic?, questions, evidence, steps })
}

/// Steps that happen side by side.
fn together<'a>(f: &Field<'a>, node: &'a Node, rank: usize, steps: &mut Vec<Step>) {
    let Some(r) = f.reader("steps side by side") else { return };
    let list = r.req("together").map(|f| f.list(10)).unwrap_or_default();
    if list.len() < 2 && node.as_list().is_some() {
        f.fail("one step alone is not side by side with anything");
    }
    steps.extend(list.iter().filter_map(|f| step(f, rank)));
    r.finish();
}

fn step(f: &Field, rank: usize) -> Option<Step> {
    let r = f.reader("a step")?;
    let (id, said, why) = (r.req("id").and_then(text), r.req("text").and_then(text), r.req("why").and_then(text));
    r.finish();
    Some(Step { id: id?, text: said?, why: why?, rank })
}

fn component<'a>(f: &Field<'a>, fresh: &mut Fresh<'_, 'a>) -> Option<Component> {
    let r = f.reader("a component")?;
    let id = r.req("id").and_then(|f| fresh(&f, text(f.clone())));
    let said = r.req("text").and_then(text);
    let side = r.req("side").and_then(|f| f.word(Side::WORDS));
    let why = r.req("why").and_then(text);
    r.finish();
    Some(Component { id: id?, text: said?, side: side?, why: why? })
}

fn evidence(f: &Field) -> Option<Evidence> {
    let r = f.reader("a chain's evidence")?;
    let name = r.req("scenario").and_then(text);
    let at = r.req("at");
    let moment = at.and_then(|f| f.duration(SimDuration::from_secs(366 * 86_400)).and(text(f)));
    let look = r.req("look").and_then(text);
    r.finish();
    Some(Evidence::Scenario { name: name?, at: moment?, look: look? })
}
