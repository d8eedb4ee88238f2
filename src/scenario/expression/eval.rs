//! Running an expression: over borrowed facts, with a budget, so that no expression from the web can hang a run.

use std::sync::Arc;

use super::super::facts::Facts;
use super::value::Value;
use super::{Builtin, Ex, Op, Piece};

/// Steps one evaluation may take.
const FUEL: u64 = 2_000_000;

/// Why an expression has no value, and where in it.
#[derive(Clone, Debug, PartialEq)]
pub struct EvalError {
    pub message: String,
    /// Byte range inside the expression.
    pub at: (u32, u32),
}

pub(super) struct Run<'f> {
    pub facts: &'f dyn Facts,
    pub fuel: u64,
    vars: Vec<(Arc<str>, Value)>,
}

type Res = Result<Value, EvalError>;

impl<'f> Run<'f> {
    pub fn new(facts: &'f dyn Facts) -> Self {
        Self { facts, fuel: FUEL, vars: Vec::new() }
    }

    pub fn eval(&mut self, p: &Piece) -> Res {
        let fail = |message: String| Err(EvalError { message, at: p.at });
        if self.fuel == 0 {
            return fail("this takes too long to work out".into());
        }
        self.fuel -= 1;
        match &p.ex {
            Ex::Literal(v) => Ok(v.clone()),
            Ex::Variable(name) => match self.vars.iter().rev().find(|(n, _)| n == name) {
                Some((_, v)) => Ok(v.clone()),
                None => fail(format!("`{name}` is not known here")),
            },
            Ex::Fact { world, info, args } => {
                let args = args.iter().map(|a| self.eval(a).map(|v| v.to_arg())).collect::<Result<Vec<_>, _>>()?;
                let answer = self.facts.call(world.as_deref(), info.name, &args);
                let named = || world.as_deref().map_or_else(|| info.name.to_string(), |w| format!("{w}.{}", info.name));
                match answer.and_then(|json| {
                    if let serde_json::Value::Array(a) = &json {
                        self.fuel = self.fuel.saturating_sub(a.len() as u64);
                    }
                    Value::from_fact(&json, info.returns)
                }) {
                    Ok(v) => Ok(v),
                    Err(why) if why == "has no value yet" => fail(format!("{} has no value yet", named())),
                    Err(why) => fail(format!("{}: {why}", named())),
                }
            }
            Ex::Field { of, name, test } => {
                let v = self.eval(of)?;
                match (&v, test) {
                    (Value::Map(m), false) => match m.iter().find(|(k, _)| &**k == name.as_str()) {
                        Some((_, v)) => Ok(v.clone()),
                        None => {
                            let names: Vec<&str> = m.iter().map(|(k, _)| &**k).collect();
                            fail(format!("there is no `{name}` here; there are: {}", names.join(", ")))
                        }
                    },
                    (Value::Map(m), true) => Ok(Value::Bool(m.iter().any(|(k, v)| &**k == name.as_str() && *v != Value::Null))),
                    (v, _) => fail(format!("{} has no `{name}`", v.kind())),
                }
            }
            Ex::Index(of, index) => {
                let (v, i) = (self.eval(of)?, self.eval(index)?);
                match (&v, &i) {
                    (Value::List(l), Value::Int(i)) => match usize::try_from(*i).ok().and_then(|i| l.get(i)) {
                        Some(v) => Ok(v.clone()),
                        None => fail(format!("the list has {} entries, none with the number {i}", l.len())),
                    },
                    (Value::Map(m), Value::Text(k)) => match m.iter().find(|(n, _)| n == k) {
                        Some((_, v)) => Ok(v.clone()),
                        None => fail(format!("there is no `{k}` here")),
                    },
                    (v, i) => fail(format!("{} cannot be indexed by {}", v.kind(), i.kind())),
                }
            }
            Ex::List(items) => Ok(Value::List(Arc::new(items.iter().map(|i| self.eval(i)).collect::<Result<_, _>>()?))),
            Ex::Map(entries) => {
                let mut out = Vec::with_capacity(entries.len());
                for (k, v) in entries {
                    match self.eval(k)? {
                        Value::Text(k) => out.push((k, self.eval(v)?)),
                        other => return fail(format!("keys are texts, not {}", other.kind())),
                    }
                }
                Ok(Value::Map(Arc::new(out)))
            }
            Ex::Binary(Op::And, a, b) => self.logic(a, b, false),
            Ex::Binary(Op::Or, a, b) => self.logic(a, b, true),
            Ex::Binary(op, a, b) => {
                let (a, b) = (self.eval(a)?, self.eval(b)?);
                let v = binary(*op, &a, &b).or_else(fail)?;
                self.spend(&v);
                Ok(v)
            }
            Ex::Not(a) => match self.eval(a)? {
                Value::Bool(b) => Ok(Value::Bool(!b)),
                v => fail(format!("expected a truth value, found {}", v.kind())),
            },
            Ex::Negate(a) => match self.eval(a)? {
                Value::Int(i) => Ok(Value::Int(i.saturating_neg())),
                Value::Float(f) => Ok(Value::Float(-f)),
                Value::Ratio(f) => Ok(Value::Ratio(-f)),
                Value::Duration(d) => Ok(Value::Duration(d.saturating_neg())),
                v => fail(format!("{} has no negative", v.kind())),
            },
            Ex::NotFalse(a) => Ok(Value::Bool(!matches!(self.eval(a), Ok(Value::Bool(false))))),
            Ex::Choose(c, yes, no) => match self.eval(c)? {
                Value::Bool(true) => self.eval(yes),
                Value::Bool(false) => self.eval(no),
                v => fail(format!("expected a truth value before `?`, found {}", v.kind())),
            },
            Ex::Call(f, args) => {
                let args = args.iter().map(|a| self.eval(a)).collect::<Result<Vec<_>, _>>()?;
                let v = builtin(*f, &args).or_else(fail)?;
                self.spend(&v);
                Ok(v)
            }
            Ex::Fold { range, var, accu, init, go_on, step, result } => {
                let items = match self.eval(range)? {
                    Value::List(l) => l,
                    Value::Map(m) => Arc::new(m.iter().map(|(k, _)| Value::Text(k.clone())).collect()),
                    v => return fail(format!("expected a list, found {}", v.kind())),
                };
                let base = self.vars.len();
                let init = self.eval(init)?;
                self.vars.push((accu.clone(), init));
                self.vars.push((var.clone(), Value::Null));
                let done = self.fold(&items, base, go_on, step);
                self.vars.truncate(base + 1);
                let out = done.and_then(|()| self.eval(result));
                self.vars.truncate(base);
                out
            }
        }
    }

    /// What was made costs memory.
    fn spend(&mut self, made: &Value) {
        let cost = match made {
            Value::Text(s) => s.len() / 8,
            Value::List(l) => l.len(),
            _ => 0,
        };
        self.fuel = self.fuel.saturating_sub(cost as u64);
    }

    fn fold(&mut self, items: &[Value], base: usize, go_on: &Piece, step: &Piece) -> Result<(), EvalError> {
        for item in items {
            self.vars.truncate(base + 2);
            self.vars[base + 1].1 = item.clone();
            if !matches!(self.eval(go_on)?, Value::Bool(true)) {
                break;
            }
            // `@result + [x]`, with or without a condition (map, filter): append in place instead of copying the list each time.
            let (add, condition) = match &step.ex {
                Ex::Choose(c, yes, _) => (&**yes, Some(&**c)),
                _ => (step, None),
            };
            if let Ex::Binary(Op::Add, a, b) = &add.ex
                && let (Ex::Variable(name), Ex::List(more)) = (&a.ex, &b.ex)
                && *name == self.vars[base].0
                && matches!(self.vars[base].1, Value::List(_))
            {
                if let Some(c) = condition {
                    match self.eval(c)? {
                        Value::Bool(true) => {}
                        Value::Bool(false) => continue,
                        v => return Err(EvalError { message: format!("expected a truth value, found {}", v.kind()), at: c.at }),
                    }
                }
                for m in more {
                    let v = self.eval(m)?;
                    if let Value::List(l) = &mut self.vars[base].1 {
                        Arc::make_mut(l).push(v);
                    }
                }
                continue;
            }
            let next = self.eval(step)?;
            self.vars[base].1 = next;
        }
        Ok(())
    }

    /// CEL's && and ||: either side alone may decide, even if the other has no value.
    fn logic(&mut self, a: &Piece, b: &Piece, decides: bool) -> Res {
        let truth = |v: Res, p: &Piece| match v {
            Ok(Value::Bool(b)) => Ok(b),
            Ok(v) => Err(EvalError { message: format!("expected a truth value, found {}", v.kind()), at: p.at }),
            Err(e) => Err(e),
        };
        let left = truth(self.eval(a), a);
        if left == Ok(decides) {
            return Ok(Value::Bool(decides));
        }
        match (left, truth(self.eval(b), b)) {
            (_, Ok(right)) if right == decides => Ok(Value::Bool(decides)),
            (Err(e), _) | (_, Err(e)) => Err(e),
            _ => Ok(Value::Bool(!decides)),
        }
    }
}

fn binary(op: Op, a: &Value, b: &Value) -> Result<Value, String> {
    use Value as V;
    let compare = |test: fn(std::cmp::Ordering) -> bool| match a.order(b) {
        Some(o) => Ok(V::Bool(test(o))),
        None => Err(format!("{} cannot be compared with {}", a.kind(), b.kind())),
    };
    match op {
        Op::Equal => return Ok(V::Bool(a.equals(b))),
        Op::NotEqual => return Ok(V::Bool(!a.equals(b))),
        Op::Less => return compare(std::cmp::Ordering::is_lt),
        Op::LessEqual => return compare(std::cmp::Ordering::is_le),
        Op::Greater => return compare(std::cmp::Ordering::is_gt),
        Op::GreaterEqual => return compare(std::cmp::Ordering::is_ge),
        Op::In => {
            return match b {
                V::List(l) => Ok(V::Bool(l.iter().any(|v| v.equals(a)))),
                V::Map(m) => Ok(V::Bool(m.iter().any(|(k, _)| V::Text(k.clone()).equals(a)))),
                _ => Err(format!("expected a list after `in`, found {}", b.kind())),
            };
        }
        _ => {}
    }
    let overflow = || "the number is too large".to_string();
    let bad = || {
        let words =
            [(Op::Add, "added to"), (Op::Subtract, "subtracted from"), (Op::Multiply, "multiplied with"), (Op::Divide, "divided by")];
        let word = words.iter().find(|(o, _)| *o == op).map_or("combined with", |(_, w)| w);
        if op == Op::Subtract {
            format!("{} cannot be {word} {}", b.kind(), a.kind())
        } else {
            format!("{} cannot be {word} {}", a.kind(), b.kind())
        }
    };
    match (op, a, b) {
        (Op::Add, V::Int(a), V::Int(b)) => a.checked_add(*b).map(V::Int).ok_or_else(overflow),
        (Op::Subtract, V::Int(a), V::Int(b)) => a.checked_sub(*b).map(V::Int).ok_or_else(overflow),
        (Op::Multiply, V::Int(a), V::Int(b)) => a.checked_mul(*b).map(V::Int).ok_or_else(overflow),
        (Op::Divide | Op::Modulo, V::Int(_), V::Int(0)) => Err("this divides by zero".into()),
        (Op::Divide, V::Int(a), V::Int(b)) => a.checked_div(*b).map(V::Int).ok_or_else(overflow),
        (Op::Modulo, V::Int(a), V::Int(b)) => a.checked_rem(*b).map(V::Int).ok_or_else(overflow),
        (Op::Add, V::Text(a), V::Text(b)) if a.len() + b.len() < 100_000 => Ok(V::Text(format!("{a}{b}").into())),
        (Op::Add, V::List(a), V::List(b)) if a.len() + b.len() < 1_000_000 => {
            Ok(V::List(Arc::new(a.iter().chain(b.iter()).cloned().collect())))
        }
        (Op::Add, V::Duration(a), V::Duration(b)) => Ok(V::Duration(a.saturating_add(*b))),
        (Op::Subtract, V::Duration(a), V::Duration(b)) => Ok(V::Duration(a.saturating_sub(*b))),
        (Op::Divide, V::Duration(a), V::Duration(b)) if *b != 0 => Ok(V::Float(*a as f64 / *b as f64)),
        (Op::Add | Op::Subtract, V::Never, V::Duration(_)) | (Op::Add, V::Duration(_), V::Never) => Ok(V::Never),
        (Op::Multiply | Op::Divide, V::Duration(d), n) if n.as_number().is_some() => {
            let n = n.as_number().unwrap_or(1.0);
            let scaled = if op == Op::Multiply { *d as f64 * n } else { *d as f64 / n };
            if scaled.is_finite() { Ok(V::Duration(scaled as i64)) } else { Err("this divides by zero".into()) }
        }
        (_, a, b) => {
            let (Some(x), Some(y)) = (a.as_number(), b.as_number()) else { return Err(bad()) };
            let out = match op {
                Op::Add => x + y,
                Op::Subtract => x - y,
                Op::Multiply => x * y,
                Op::Divide if y == 0.0 => return Err("this divides by zero".into()),
                Op::Divide => x / y,
                _ => return Err(bad()),
            };
            let share = matches!((op, a, b), (Op::Add | Op::Subtract, V::Ratio(_), _) | (Op::Add | Op::Subtract, _, V::Ratio(_)));
            Ok(if share { V::Ratio(out) } else { V::Float(out) })
        }
    }
}

fn builtin(f: Builtin, args: &[Value]) -> Result<Value, String> {
    use Value as V;
    let text = |i: usize| match &args[i] {
        V::Text(s) => Ok(s.clone()),
        v => Err(format!("expected a text, found {}", v.kind())),
    };
    match f {
        Builtin::Size => match &args[0] {
            V::Text(s) => Ok(V::Int(s.chars().count() as i64)),
            V::List(l) => Ok(V::Int(l.len() as i64)),
            V::Map(m) => Ok(V::Int(m.len() as i64)),
            v => Err(format!("{} has no size", v.kind())),
        },
        Builtin::Duration | Builtin::Last => {
            let d = match &args[0] {
                V::Duration(d) => *d,
                _ => match V::duration(crate::kernel::SimDuration::parse(&text(0)?)?) {
                    V::Duration(d) => d,
                    _ => 0,
                },
            };
            Ok(if f == Builtin::Last { V::Window(d) } else { V::Duration(d) })
        }
        Builtin::StartsWith => Ok(V::Bool(text(0)?.starts_with(&*text(1)?))),
        Builtin::EndsWith => Ok(V::Bool(text(0)?.ends_with(&*text(1)?))),
        Builtin::Contains => Ok(V::Bool(text(0)?.contains(&*text(1)?))),
        Builtin::Int => match &args[0] {
            V::Duration(ns) => Ok(V::Int(ns / 1_000_000_000)),
            V::Text(s) => s.parse().map(V::Int).map_err(|_| format!("`{s}` is not a whole number")),
            v => v.as_number().map(|n| V::Int(n as i64)).ok_or_else(|| format!("{} is not a number", v.kind())),
        },
        Builtin::Double => match &args[0] {
            V::Duration(ns) => Ok(V::Float(*ns as f64 / 1e9)),
            v => v.as_number().map(V::Float).ok_or_else(|| format!("{} is not a number", v.kind())),
        },
        Builtin::String => Ok(V::Text(args[0].people().into())),
        Builtin::Min | Builtin::Max => {
            let mut best = args[0].clone();
            for v in &args[1..] {
                let o = v.order(&best).ok_or_else(|| format!("{} cannot be compared with {}", v.kind(), best.kind()))?;
                if (f == Builtin::Min && o.is_lt()) || (f == Builtin::Max && o.is_gt()) {
                    best = v.clone();
                }
            }
            Ok(best)
        }
    }
}
