//! What a person did in a session that was saved.

use crate::document::{Diagnostic, Field, Value};
use crate::model::fault::FAULTS;

use super::super::facts::WORLDS;
use super::super::file::{Did, Setup};
use super::Loader;

const SORTS: [&str; 6] = ["answer", "skip", "hint", "cause", "look", "interrupt"];

impl<'a> Loader<'a> {
    /// `{hint: true}`, `{answer: {when: 2}}`, `{cause: {kind: hang, on: shop}}`: exactly one thing.
    pub(super) fn did(&self, field: &Field<'a>, setup: &Setup) -> Option<Did> {
        let r = field.reader("something a person did")?;
        let answer = r.opt("answer").and_then(|f| self.answered(&f));
        let skip = r.opt("skip").and_then(|f| self.name(&f)).map(|question| Did::Answer { question, choice: None });
        let hint = r.opt("hint").and_then(|f| self.only_true(&f)).map(|()| Did::Hint);
        let interrupt = r.opt("interrupt").and_then(|f| self.only_true(&f)).map(|()| Did::Interrupt);
        let cause = r.opt("cause").and_then(|f| self.named(&f));
        let look = r.opt("look").and_then(|f| self.look(&f, setup));
        let given: Vec<&str> = SORTS.into_iter().filter(|k| r.has(k)).collect();
        match given.as_slice() {
            [] => field.wrong("one of answer, skip, hint, cause, look or interrupt"),
            [_] => {}
            [first, second, ..] => {
                let d = Diagnostic::error(format!("`{first}` and `{second}` are two things; write two entries"));
                self.sink.push(d.at(&r.key_span(second)));
            }
        }
        r.finish();
        answer.or(skip).or(hint).or(interrupt).or(cause).or(look)
    }

    fn only_true(&self, field: &Field<'a>) -> Option<()> {
        match field.boolean()? {
            true => Some(()),
            false => {
                field.fail("this can only be true");
                None
            }
        }
    }

    /// `{when: 2}`: the question's id, and the choice from 0.
    fn answered(&self, field: &Field<'a>) -> Option<Did> {
        let all: Vec<_> = field.map(2);
        let [(key, f)] = all.as_slice() else {
            field.wrong("one question with the number of a choice");
            return None;
        };
        let choice = f.whole(0, 8)? as usize;
        Some(Did::Answer { question: key.text.clone(), choice: Some(choice) })
    }

    /// The number of a choice, or `{kind: hang, on: shop}`.
    fn named(&self, field: &Field<'a>) -> Option<Did> {
        if let Value::Int(_) = field.node.value {
            return Some(Did::Cause(field.whole(0, 8)? as usize));
        }
        let r = field.reader("a named cause")?;
        let words: Vec<(&'static str, &'static str)> = FAULTS.iter().map(|f| (f.word, f.word)).collect();
        let kind = r.req("kind").and_then(|f| f.word(&words));
        let on = r.opt("on").and_then(|f| f.text()).unwrap_or_default();
        r.finish();
        Some(Did::Fault { kind: kind?.into(), on: on.into() })
    }

    fn look(&self, field: &Field<'a>, setup: &Setup) -> Option<Did> {
        let r = field.reader("a look at an object")?;
        let words: Vec<(&'static str, &'static str)> = WORLDS.iter().map(|w| (*w, *w)).collect();
        let world = r.req("world").and_then(|f| {
            let world = f.word(&words)?;
            if !setup.worlds().contains(&world) && !self.sink.has_errors() {
                f.fail(format!("the world {world} does not take part in this scenario"));
            }
            Some(world)
        });
        let kind = r.req("kind").and_then(|f| f.text());
        let namespace = r.opt("in").and_then(|f| f.text()).unwrap_or_default();
        let name = r.req("name").and_then(|f| f.text());
        r.finish();
        Some(Did::Look { world: world?, kind: kind?.into(), namespace: namespace.into(), name: name?.into() })
    }
}
