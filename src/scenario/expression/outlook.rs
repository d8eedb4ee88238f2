//! What an expression can still become as its run goes on: the moment from which an answer is certain, long before the end.
//!
//! Counts only grow, and a recovery that has not come by now takes at least until now; `recovered_after('x') > duration('5m')` is
//! therefore certain five minutes after the fault, and `failed > 0 ? 1 : 0` with the first failure. Everything else is open until the end.

use super::super::facts::{Facts, Still};
use super::eval::Run;
use super::value::Value;
use super::{Ex, Op, Piece};

/// A value as far as it is certain.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outlook {
    Sure(Value),
    /// A number, or a duration in nanoseconds, from here to there.
    Within(f64, f64),
    Open,
}

impl Outlook {
    fn bounds(&self) -> Option<(f64, f64)> {
        match self {
            Self::Within(low, high) => Some((*low, *high)),
            Self::Sure(Value::Duration(ns)) => Some((*ns as f64, *ns as f64)),
            Self::Sure(Value::Never) => Some((f64::INFINITY, f64::INFINITY)),
            Self::Sure(v) => v.as_number().map(|n| (n, n)),
            Self::Open => None,
        }
    }
    fn truth(&self) -> Option<bool> {
        if let Self::Sure(Value::Bool(b)) = self { Some(*b) } else { None }
    }
    fn of(truth: Option<bool>) -> Self {
        truth.map_or(Self::Open, |b| Self::Sure(Value::Bool(b)))
    }
}

/// What `p` can still become.
pub(super) fn outlook(p: &Piece, facts: &dyn Facts) -> Outlook {
    match &p.ex {
        Ex::Fact { world, info, args } => {
            let Ok(args) = args.iter().map(|a| Run::new(facts).eval(a).map(|v| v.to_arg())).collect::<Result<Vec<_>, _>>() else {
                return Outlook::Open;
            };
            match facts.still(world.as_deref(), info.name, &args) {
                Still::Open => Outlook::Open,
                Still::AtLeast(n) if info.returns == super::super::facts::Type::Duration => Outlook::Within(n * 1e9, f64::INFINITY),
                Still::AtLeast(n) => Outlook::Within(n, f64::INFINITY),
                Still::Final => Run::new(facts).eval(p).map_or(Outlook::Open, Outlook::Sure),
            }
        }
        Ex::Not(a) => Outlook::of(outlook(a, facts).truth().map(|b| !b)),
        Ex::Binary(op @ (Op::And | Op::Or), a, b) => {
            let decides = *op == Op::Or;
            let (a, b) = (outlook(a, facts).truth(), outlook(b, facts).truth());
            Outlook::of(if a == Some(decides) || b == Some(decides) { Some(decides) } else { a.and(b) })
        }
        Ex::Binary(op @ (Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual | Op::Equal | Op::NotEqual), a, b) => {
            let (left, right) = (outlook(a, facts), outlook(b, facts));
            if let (Outlook::Sure(_), Outlook::Sure(_)) = (&left, &right) {
                return Run::new(facts).eval(p).map_or(Outlook::Open, Outlook::Sure);
            }
            let (Some(a), Some(b)) = (left.bounds(), right.bounds()) else { return Outlook::Open };
            Outlook::of(compare(*op, a, b))
        }
        Ex::Binary(op @ (Op::Add | Op::Subtract), a, b) => {
            let (left, right) = (outlook(a, facts), outlook(b, facts));
            if let (Outlook::Sure(_), Outlook::Sure(_)) = (&left, &right) {
                return Run::new(facts).eval(p).map_or(Outlook::Open, Outlook::Sure);
            }
            let (Some((a, x)), Some((b, y))) = (left.bounds(), right.bounds()) else { return Outlook::Open };
            let (low, high) = if *op == Op::Add { (a + b, x + y) } else { (a - y, x - b) };
            // Infinity minus infinity is no number, and says nothing.
            if low.is_nan() || high.is_nan() { Outlook::Open } else { Outlook::Within(low, high) }
        }
        Ex::Choose(c, yes, no) => match outlook(c, facts).truth() {
            Some(true) => outlook(yes, facts),
            Some(false) => outlook(no, facts),
            None => match (outlook(yes, facts), outlook(no, facts)) {
                (a, b) if a == b => a,
                (a, b) => match (a.bounds(), b.bounds()) {
                    (Some(a), Some(b)) => Outlook::Within(a.0.min(b.0), a.1.max(b.1)),
                    _ => Outlook::Open,
                },
            },
        },
        _ => {
            // Lists, texts, macros: certain if everything they ask for is.
            let mut certain = true;
            p.walk(&mut |q| {
                if let Ex::Fact { world, info, args } = &q.ex {
                    let literal = |a: &Piece| if let Ex::Literal(v) = &a.ex { Some(v.to_arg()) } else { None };
                    let args: Option<Vec<_>> = args.iter().map(literal).collect();
                    certain &= args.is_some_and(|args| facts.still(world.as_deref(), info.name, &args) == Still::Final);
                }
            });
            if certain { Run::new(facts).eval(p).map_or(Outlook::Open, Outlook::Sure) } else { Outlook::Open }
        }
    }
}

/// The truth of a comparison between two intervals, if every value in them gives the same.
fn compare(op: Op, (a, x): (f64, f64), (b, y): (f64, f64)) -> Option<bool> {
    let decided = |yes: bool, no: bool| {
        if yes {
            Some(true)
        } else if no {
            Some(false)
        } else {
            None
        }
    };
    match op {
        Op::Less => decided(x < b, a >= y),
        Op::LessEqual => decided(x <= b, a > y),
        Op::Greater => decided(a > y, x <= b),
        Op::GreaterEqual => decided(a >= y, x < b),
        Op::Equal => decided(false, x < b || y < a),
        _ => decided(x < b || y < a, false),
    }
}
