//! Expressions: CEL, the language Kubernetes itself uses for rules, over the facts of a run.
//!
//! The `cel` crate parses and expands macros. Evaluation is ours, for two reasons found by trying: its functions must be `'static`, so
//! they cannot look into a borrowed run, and it has no budget, so nested macros over lists from a hostile file would hang.

mod compile;
mod eval;
mod outlook;
mod template;
#[cfg(test)]
mod tests;
pub mod value;

use std::fmt;
use std::sync::Arc;

use crate::document::{Diagnostic, Span};

use super::facts::{FactInfo, Facts, Type};

pub use eval::EvalError;
pub use template::{Template, Text};
pub use value::{Value, percent};

/// Bytes one expression may have.
pub const LENGTH_MAX: usize = 4_000;

/// A compiled expression; cheap to clone.
#[derive(Clone)]
pub struct Expression {
    inner: Arc<Inner>,
}

struct Inner {
    text: Arc<str>,
    root: Piece,
    uses: Vec<FactUse>,
    /// Where it stands, and the whole decoded scalar it is part of with its place in that.
    place: Place,
    returns: Type,
}

/// Where an expression stands: the scalar's place, its text, and the offset of the expression in that text.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub span: Span,
    pub scalar: Arc<str>,
    pub offset: usize,
}

impl Place {
    pub fn span(&self, at: (u32, u32)) -> Span {
        self.span.within(&self.scalar, self.offset + at.0 as usize..self.offset + at.1 as usize)
    }
}

/// One use of a fact.
#[derive(Clone, Debug)]
pub struct FactUse {
    /// None for facts of the lab.
    pub world: Option<Arc<str>>,
    pub info: &'static FactInfo,
    /// Arguments that are literals, with their places; None for computed ones.
    pub literals: Vec<Option<(Arc<str>, Span)>>,
    pub span: Span,
}

/// A node of the expression and its byte range in the text.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub ex: Ex,
    pub at: (u32, u32),
}

#[derive(Clone, Debug)]
pub(super) enum Ex {
    Literal(Value),
    Variable(Arc<str>),
    Fact {
        world: Option<Arc<str>>,
        info: &'static FactInfo,
        args: Vec<Piece>,
    },
    Field {
        of: Box<Piece>,
        name: String,
        test: bool,
    },
    Index(Box<Piece>, Box<Piece>),
    List(Vec<Piece>),
    Map(Vec<(Piece, Piece)>),
    Binary(Op, Box<Piece>, Box<Piece>),
    Not(Box<Piece>),
    Negate(Box<Piece>),
    /// CEL's `@not_strictly_false`, which macros use.
    NotFalse(Box<Piece>),
    Choose(Box<Piece>, Box<Piece>, Box<Piece>),
    Call(Builtin, Vec<Piece>),
    Fold {
        range: Box<Piece>,
        var: Arc<str>,
        accu: Arc<str>,
        init: Box<Piece>,
        go_on: Box<Piece>,
        step: Box<Piece>,
        result: Box<Piece>,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    And,
    Or,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    In,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Builtin {
    Size,
    Duration,
    Last,
    StartsWith,
    EndsWith,
    Contains,
    Int,
    Double,
    String,
    Min,
    Max,
}

impl Expression {
    /// Compiles a whole scalar that stands at `span`.
    ///
    /// # Errors
    /// Everything wrong with it, with columns inside the expression: syntax, unknown names, facts and arguments, kinds that cannot
    /// be compared.
    pub fn compile(text: &str, span: &Span) -> Result<Self, Vec<Diagnostic>> {
        compile::compile(text, Place { span: span.clone(), scalar: text.into(), offset: 0 })
    }

    /// As [`Self::compile`], and refuses what cannot be a yes or no.
    ///
    /// # Errors
    /// As [`Self::compile`].
    pub fn condition(text: &str, span: &Span) -> Result<Self, Vec<Diagnostic>> {
        let e = Self::compile(text, span)?;
        match e.returns() {
            Type::Bool | Type::Any => Ok(e),
            other => Err(vec![
                Diagnostic::error(format!("expected a condition, found {}", compile::type_word(other)))
                    .at(&e.span())
                    .label("this is not true or false")
                    .help("compare it, for example with >= or =="),
            ]),
        }
    }

    pub fn text(&self) -> &str {
        &self.inner.text
    }
    /// Where it stands in the file.
    pub fn span(&self) -> Span {
        self.inner.place.span((0, self.inner.text.len() as u32))
    }
    /// The facts it asks for.
    pub fn uses(&self) -> &[FactUse] {
        &self.inner.uses
    }
    /// What kind of value comes out, as far as can be told without running it.
    pub fn returns(&self) -> Type {
        self.inner.returns
    }

    /// It asks something of a world that takes no part in the run.
    pub fn asks_absent(&self, facts: &dyn Facts) -> bool {
        self.inner.uses.iter().filter_map(|u| u.world.as_deref()).any(|w| facts.absent(w))
    }

    /// The value now.
    ///
    /// # Errors
    /// A sentence with its place inside the expression; also when the step budget is used up.
    pub fn eval(&self, facts: &dyn Facts) -> Result<Value, EvalError> {
        eval::Run::new(facts).eval(&self.inner.root)
    }

    /// The value that it has now and keeps for the rest of the run, whatever still happens; None while that is open.
    pub fn certain(&self, facts: &dyn Facts) -> Option<Value> {
        match outlook::outlook(&self.inner.root, facts) {
            outlook::Outlook::Sure(v) => Some(v),
            outlook::Outlook::Within(low, high) if low == high && low.is_finite() => Some(Value::Float(low)),
            _ => None,
        }
    }

    /// The truth now.
    ///
    /// # Errors
    /// A sentence; also if the value is no truth value.
    pub fn holds(&self, facts: &dyn Facts) -> Result<bool, String> {
        match self.eval(facts) {
            Ok(Value::Bool(b)) => Ok(b),
            Ok(v) => Err(format!("expected true or false, found {}", v.kind())),
            Err(e) => Err(e.message),
        }
    }

    /// The facts it asks for with their values now: `kubernetes.ready('deployment/shop') = 2, …`. For reports on what failed.
    pub fn evidence(&self, facts: &dyn Facts) -> String {
        let mut seen: Vec<String> = Vec::new();
        self.inner.root.walk(&mut |p| {
            let Ex::Fact { args, info, .. } = &p.ex else { return };
            // Facts over a macro's variable have no single value; collections are too long.
            if info.returns == Type::List || args.iter().any(|a| !matches!(a.ex, Ex::Literal(_) | Ex::Call(..))) {
                return;
            }
            let text = self.inner.text.get(p.at.0 as usize..p.at.1 as usize).unwrap_or(info.name);
            let value = match eval::Run::new(facts).eval(p) {
                Ok(v) => v.people(),
                Err(e) => e.message,
            };
            let line = format!("{text} = {value}");
            if !seen.contains(&line) {
                seen.push(line);
            }
        });
        seen.join(", ")
    }
}

impl Piece {
    /// This piece and everything below it.
    fn walk(&self, f: &mut dyn FnMut(&Piece)) {
        f(self);
        match &self.ex {
            Ex::Literal(_) | Ex::Variable(_) => {}
            Ex::Fact { args, .. } | Ex::List(args) | Ex::Call(_, args) => args.iter().for_each(|a| a.walk(f)),
            Ex::Field { of, .. } | Ex::Not(of) | Ex::Negate(of) | Ex::NotFalse(of) => of.walk(f),
            Ex::Index(a, b) | Ex::Binary(_, a, b) => [a, b].iter().for_each(|p| p.walk(f)),
            Ex::Map(entries) => entries.iter().for_each(|(k, v)| [k, v].iter().for_each(|p| p.walk(f))),
            Ex::Choose(a, b, c) => [a, b, c].iter().for_each(|p| p.walk(f)),
            Ex::Fold { range, init, go_on, step, result, .. } => [range, init, go_on, step, result].iter().for_each(|p| p.walk(f)),
        }
    }
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.inner.text == other.inner.text
    }
}
impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expression({})", self.inner.text)
    }
}
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.text)
    }
}
