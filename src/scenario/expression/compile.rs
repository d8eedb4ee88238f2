//! From CEL's syntax tree to ours: names are resolved, facts looked up, kinds compared, all before anything runs.

use std::sync::Arc;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};
use cel::parser::Parser;

use crate::document::Diagnostic;

use super::super::facts::{FACTS, FactInfo, Param, Type, WORLDS};
use super::value::Value;
use super::{Builtin, Ex, Expression, FactUse, Inner, LENGTH_MAX, Op, Piece, Place};

/// Nesting CEL's parser may go into; more is refused before its recursion can hurt.
const DEPTH_MAX: u16 = 60;

pub(super) fn compile(text: &str, place: Place) -> Result<Expression, Vec<Diagnostic>> {
    let whole = (0, text.len() as u32);
    if text.trim().is_empty() {
        return Err(vec![Diagnostic::error("expected an expression, found nothing").at(&place.span)]);
    }
    if text.len() > LENGTH_MAX {
        let message = format!("the expression has {} characters, at most {LENGTH_MAX} are allowed", text.len());
        return Err(vec![Diagnostic::error(message).at(&place.span.first_line())]);
    }
    // The parser's stack grows with nesting; brackets and operators are what nests.
    let mut depth = 0i32;
    let mut deepest = 0;
    for c in text.chars() {
        match c {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    let operators = text.chars().filter(|c| "!?.+-*/%<>=&|".contains(*c)).count() + text.matches(" in ").count();
    if deepest > 24 || operators > 300 {
        return Err(vec![Diagnostic::error("the expression is nested too deeply").at(&place.span.first_line())]);
    }
    let parsed = Parser::new().max_recursion_depth(DEPTH_MAX).parse_with_source_info(text);
    let (tree, info) = match parsed {
        Ok(ok) => ok,
        Err(errors) => {
            let mut out: Vec<Diagnostic> = Vec::new();
            for e in errors.errors.iter().take(3) {
                let at = offset_of(text, e.pos);
                out.push(
                    Diagnostic::error(format!("not a valid expression: {}", short(&e.msg)))
                        .at(&place.span((at, (at + 1).min(whole.1))))
                        .label("here"),
                );
                // What follows the first syntax error is mostly its echo.
                if e.msg.starts_with("Syntax error") {
                    break;
                }
            }
            return Err(out);
        }
    };
    let mut c = Compiler { text, info: &info, place: &place, scopes: Vec::new(), uses: Vec::new(), errors: Vec::new() };
    let root = c.piece(&tree);
    let returns = c.type_of(&root);
    let (uses, errors) = (c.uses, c.errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Expression { inner: Arc::new(Inner { text: text.into(), root, uses, place, returns }) })
}

/// ANTLR's sentences, shortened.
fn short(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let first = first.strip_prefix("Syntax error: ").unwrap_or(first);
    match first.split_once(" expecting ") {
        Some((what, expected)) if expected.len() > 60 => what.replace("'<EOF>'", "the end").replace("<EOF>", "the end"),
        _ => first.replace("'<EOF>'", "the end").replace("<EOF>", "the end"),
    }
}

/// Byte offset of a line (from 1) and column (from 1, in characters).
fn offset_of(text: &str, (line, column): (isize, isize)) -> u32 {
    let start: usize = text.split_inclusive('\n').take((line - 1).max(0) as usize).map(str::len).sum();
    let rest = text.get(start..).unwrap_or_default();
    let within: usize = rest.chars().take((column - 1).max(0) as usize).map(char::len_utf8).sum();
    ((start + within).min(text.len().saturating_sub(1))) as u32
}

struct Compiler<'a> {
    text: &'a str,
    info: &'a SourceInfo,
    place: &'a Place,
    /// Variables of macros in scope, with what is known of them.
    scopes: Vec<Arc<str>>,
    uses: Vec<FactUse>,
    errors: Vec<Diagnostic>,
}

impl Compiler<'_> {
    /// The byte range of a node. CEL records where a token of the node begins; a member call begins at its target.
    fn at(&self, e: &IdedExpr) -> (u32, u32) {
        let mut range = self.info.offset_for(e.id).unwrap_or((0, 0));
        // Of `size(x)` the bracket is recorded.
        if let Expr::Call(CallExpr { func_name, target: None, .. }) = &e.expr
            && let Some(start) = (self.bytes(range.0) as usize).checked_sub(func_name.len())
            && self.text.get(start..).is_some_and(|t| t.starts_with(func_name.as_str()))
        {
            range.0 = range.0.saturating_sub(func_name.chars().count() as u32);
        }
        let mut widen = |child: &IdedExpr| {
            let (a, b) = self.at(child);
            range = (range.0.min(a), range.1.max(b));
        };
        match &e.expr {
            Expr::Call(c) => c.target.iter().map(|t| &**t).chain(&c.args).for_each(&mut widen),
            Expr::Select(s) => widen(&s.operand),
            _ => {}
        }
        (self.bytes(range.0), self.bytes(range.1))
    }

    /// CEL counts characters.
    fn bytes(&self, chars: u32) -> u32 {
        if self.text.is_ascii() {
            return chars.min(self.text.len() as u32);
        }
        self.text.char_indices().nth(chars as usize).map_or(self.text.len(), |(i, _)| i) as u32
    }

    fn error(&mut self, at: (u32, u32), d: Diagnostic) {
        self.errors.push(d.at(&self.place.span(at)));
    }

    fn piece(&mut self, e: &IdedExpr) -> Piece {
        let start = self.at(e);
        // A call ends with its bracket, a selection with its field: the recorded range may stop before.
        let at = (start.0, self.end_of(e, start));
        Piece { ex: self.ex(e, at), at }
    }

    fn end_of(&self, e: &IdedExpr, (start, end): (u32, u32)) -> u32 {
        let rest = &self.text[end as usize..];
        match &e.expr {
            Expr::Call(c) if c.func_name.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                // Up to the bracket that closes the call.
                let from = start as usize;
                let mut depth = 0;
                for (i, ch) in self.text[from..].char_indices() {
                    match ch {
                        '(' => depth += 1,
                        ')' => depth -= 1,
                        _ => continue,
                    }
                    if depth == 0 && from + i >= end as usize {
                        return (from + i + 1) as u32;
                    }
                }
                end
            }
            Expr::Select(s) => match rest.strip_prefix('.').unwrap_or(rest).strip_prefix(s.field.as_str()) {
                Some(after) => (self.text.len() - after.len()) as u32,
                None => end,
            },
            _ => end,
        }
    }

    fn ex(&mut self, e: &IdedExpr, at: (u32, u32)) -> Ex {
        match &e.expr {
            Expr::Literal(l) => Ex::Literal(literal(l)),
            Expr::Ident(name) => self.ident(name, at),
            Expr::Select(s) => match &s.operand.expr {
                Expr::Ident(world) if self.is_world(world) && !s.test => self.fact(Some(world), &s.field, None, at),
                _ => Ex::Field { of: self.boxed(&s.operand), name: s.field.clone(), test: s.test },
            },
            Expr::List(l) => Ex::List(l.elements.iter().map(|e| self.piece(e)).collect()),
            Expr::Map(m) => {
                let entries = m.entries.iter().filter_map(|e| match &e.expr {
                    EntryExpr::MapEntry(m) => Some((&m.key, &m.value)),
                    EntryExpr::StructField(_) => None,
                });
                Ex::Map(entries.map(|(k, v)| (self.piece(k), self.piece(v))).collect())
            }
            Expr::Struct(s) => {
                self.error(at, Diagnostic::error(format!("there are no types to construct here, such as `{}`", s.type_name)));
                Ex::Literal(Value::Null)
            }
            Expr::Call(c) => self.call(&c.func_name, c.target.as_deref(), &c.args, at),
            Expr::Comprehension(f) => {
                let range = self.boxed(&f.iter_range);
                let init = self.boxed(&f.accu_init);
                let (var, accu): (Arc<str>, Arc<str>) = (f.iter_var.as_str().into(), f.accu_var.as_str().into());
                if WORLDS.contains(&&*var) {
                    self.error(at, Diagnostic::error(format!("`{var}` is a world and cannot be a variable")));
                }
                self.scopes.extend([accu.clone(), var.clone()]);
                let (go_on, step, result) = (self.boxed(&f.loop_cond), self.boxed(&f.loop_step), self.boxed(&f.result));
                self.scopes.truncate(self.scopes.len() - 2);
                Ex::Fold { range, var, accu, init, go_on, step, result }
            }
            Expr::Unspecified => Ex::Literal(Value::Null),
        }
    }

    fn boxed(&mut self, e: &IdedExpr) -> Box<Piece> {
        Box::new(self.piece(e))
    }

    fn is_world(&self, name: &str) -> bool {
        WORLDS.contains(&name) && !self.scopes.iter().any(|s| &**s == name)
    }

    fn ident(&mut self, name: &str, at: (u32, u32)) -> Ex {
        if self.scopes.iter().any(|s| &**s == name) {
            return Ex::Variable(name.into());
        }
        if FactInfo::find(None, name).is_some() {
            return self.fact(None, name, None, at);
        }
        if WORLDS.contains(&name) {
            self.error(
                at,
                Diagnostic::error(format!("`{name}` is a world; ask it something")).help(format!("for example {name}.availability")),
            );
            return Ex::Literal(Value::Null);
        }
        let d = Diagnostic::error(format!("nothing is called `{name}`"));
        let known = WORLDS.iter().copied().chain(FACTS.iter().filter(|f| f.is_in(None)).map(|f| f.name));
        let d = match FACTS.iter().find(|f| f.name == name) {
            Some(_) => d.help(format!("say of which world: kubernetes.{name} or docker.{name}")),
            None => d.did_you_mean(name, known),
        };
        self.error(at, d);
        Ex::Literal(Value::Null)
    }

    /// A fact, as a property (no `args`) or as a call.
    fn fact(&mut self, world: Option<&str>, name: &str, args: Option<&[IdedExpr]>, at: (u32, u32)) -> Ex {
        let Some(info) = FactInfo::find(world, name) else {
            let names: Vec<&str> = FACTS.iter().filter(|f| f.is_in(world)).map(|f| f.name).collect();
            let elsewhere = WORLDS.iter().find(|w| Some(**w) != world && FactInfo::find(Some(w), name).is_some());
            let d = match (world, elsewhere) {
                (Some(w), Some(other)) => {
                    Diagnostic::error(format!("the world {w} has no fact `{name}`")).help(format!("the world {other} has it"))
                }
                (Some(w), None) => Diagnostic::error(format!("the world {w} has no fact `{name}`")).one_of(name, &names),
                (None, _) => Diagnostic::error(format!("there is no fact `{name}`")).did_you_mean(name, names),
            };
            let here = self.text[..at.1 as usize].rfind(name).map_or(at, |i| (i as u32, (i + name.len()) as u32));
            self.error(if here.0 >= at.0 { here } else { at }, d.label("unknown fact"));
            return Ex::Literal(Value::Null);
        };
        let given = args.unwrap_or_default();
        if given.len() < info.required || given.len() > info.params.len() {
            let d = Diagnostic::error(format!("`{name}` takes {}, found {} arguments", count_words(info), given.len()));
            self.error(at, d.help(format!("write {}", info.signature())));
        }
        let pieces: Vec<Piece> = given.iter().map(|a| self.piece(a)).collect();
        let mut literals = Vec::new();
        // `failed(last('1m'))`: the window alone, without a stream.
        let mut params: Vec<Param> = info.params.to_vec();
        if let [first] = &pieces[..]
            && params.len() == 2
            && self.type_of(first) == Type::Window
        {
            params.remove(0);
        }
        for (piece, param) in pieces.iter().zip(&params) {
            let found = self.type_of(piece);
            let fits = match param {
                Param::Window => matches!(found, Type::Window | Type::Any),
                _ => matches!(found, Type::Text | Type::Any),
            };
            if !fits {
                let d = Diagnostic::error(format!("`{name}`: expected {}, found {}", param_word(*param), type_word(found)));
                self.error(piece.at, d.help(format!("write {}", info.signature())));
            }
            literals.push(match &piece.ex {
                Ex::Literal(Value::Text(t)) => {
                    if *param == Param::Object && world != Some("docker") && !t.contains('/') {
                        let d = Diagnostic::error(format!("`{name}`: expected an object as kind/name, found '{t}'"));
                        self.error(piece.at, d.help(format!("for example 'deployment/{t}'")));
                    }
                    Some((t.clone(), self.place.span(piece.at)))
                }
                _ => None,
            });
        }
        self.uses.push(FactUse { world: world.map(Into::into), info, literals, span: self.place.span(at) });
        Ex::Fact { world: world.map(Into::into), info, args: pieces }
    }

    fn call(&mut self, name: &str, target: Option<&IdedExpr>, args: &[IdedExpr], at: (u32, u32)) -> Ex {
        if let Some(target) = target
            && let Expr::Ident(world) = &target.expr
            && self.is_world(world)
        {
            return self.fact(Some(world), name, Some(args), at);
        }
        if let Some(target) = target
            && let Expr::Ident(receiver) = &target.expr
            && !self.scopes.iter().any(|s| &**s == receiver.as_str())
            && FactInfo::find(None, receiver).is_none()
        {
            let at = self.at(target);
            self.ident(receiver, at);
            return Ex::Literal(Value::Null);
        }
        if let Some(op) = operator(name) {
            return match (op, args) {
                (Operator::Binary(op), [a, b]) => {
                    let (a, b) = (self.boxed(a), self.boxed(b));
                    self.check_kinds(op, &a, &b, at);
                    Ex::Binary(op, a, b)
                }
                (Operator::Not, [a]) => Ex::Not(self.boxed(a)),
                (Operator::Negate, [a]) => Ex::Negate(self.boxed(a)),
                (Operator::NotFalse, [a]) => Ex::NotFalse(self.boxed(a)),
                (Operator::Choose, [c, a, b]) => Ex::Choose(self.boxed(c), self.boxed(a), self.boxed(b)),
                (Operator::Index, [a, b]) => Ex::Index(self.boxed(a), self.boxed(b)),
                _ => {
                    self.error(at, Diagnostic::error(format!("`{name}` is not supported here")));
                    Ex::Literal(Value::Null)
                }
            };
        }
        if target.is_none() && FactInfo::find(None, name).is_some() {
            return self.fact(None, name, Some(args), at);
        }
        const BUILTINS: &[(&str, Builtin, usize, usize)] = &[
            ("size", Builtin::Size, 1, 1),
            ("duration", Builtin::Duration, 1, 1),
            ("last", Builtin::Last, 1, 1),
            ("startsWith", Builtin::StartsWith, 2, 2),
            ("endsWith", Builtin::EndsWith, 2, 2),
            ("contains", Builtin::Contains, 2, 2),
            ("int", Builtin::Int, 1, 1),
            ("double", Builtin::Double, 1, 1),
            ("string", Builtin::String, 1, 1),
            ("min", Builtin::Min, 1, 16),
            ("max", Builtin::Max, 1, 16),
        ];
        let Some((_, builtin, min, max)) = BUILTINS.iter().find(|(n, ..)| *n == name) else {
            let d = Diagnostic::error(format!("there is no function `{name}`"));
            let lab = FACTS.iter().filter(|f| f.is_in(None)).map(|f| f.name);
            let known = BUILTINS.iter().map(|(n, ..)| *n).chain(["all", "exists", "exists_one", "filter", "map", "has"]).chain(lab);
            let d = match FACTS.iter().find(|f| f.name == name) {
                Some(f) => d.help(format!("say of which world: kubernetes.{}", f.signature())),
                None => d.did_you_mean(name, known),
            };
            self.error(at, d);
            return Ex::Literal(Value::Null);
        };
        let pieces: Vec<Piece> = target.into_iter().chain(args).map(|a| self.piece(a)).collect();
        if pieces.len() < *min || pieces.len() > *max {
            self.error(at, Diagnostic::error(format!("`{name}` takes {min} arguments, found {}", pieces.len())));
            return Ex::Literal(Value::Null);
        }
        if matches!(builtin, Builtin::Duration | Builtin::Last)
            && let Ex::Literal(v) = &pieces[0].ex
        {
            let why = match v {
                Value::Text(t) => crate::kernel::SimDuration::parse(t).err(),
                v => Some(format!("write it as a text, such as '5m', not as {}", v.kind())),
            };
            if let Some(why) = why {
                self.error(pieces[0].at, Diagnostic::error(format!("`{name}`: expected a duration: {why}")));
            }
        }
        Ex::Call(*builtin, pieces)
    }

    /// Says early what can never work: a duration against a number, a text against a truth value.
    fn check_kinds(&mut self, op: Op, a: &Piece, b: &Piece, at: (u32, u32)) {
        let (ta, tb) = (self.type_of(a), self.type_of(b));
        let class = |t: Type| match t {
            Type::Int | Type::Number | Type::Ratio => 1,
            Type::Bool => 2,
            Type::Duration => 3,
            Type::Text => 4,
            Type::List => 5,
            Type::Window => 6,
            Type::Any => 0,
        };
        let (ca, cb) = (class(ta), class(tb));
        let wrong = match op {
            Op::And | Op::Or => [(ta, a), (tb, b)]
                .into_iter()
                .find(|(t, _)| !matches!(t, Type::Bool | Type::Any))
                .map(|(t, p)| (p.at, format!("expected a condition, found {}", type_word(t)))),
            Op::Equal | Op::NotEqual | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual if ca != 0 && cb != 0 && ca != cb => {
                Some((at, format!("{} cannot be compared with {}", type_word(ta), type_word(tb))))
            }
            Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual if [ca, cb].iter().any(|c| matches!(c, 2 | 5 | 6)) => {
                Some((at, format!("{} has no order", type_word(if matches!(ca, 2 | 5 | 6) { ta } else { tb }))))
            }
            Op::In if !matches!(tb, Type::List | Type::Any) => Some((b.at, format!("expected a list after `in`, found {}", type_word(tb)))),
            _ => None,
        };
        if let Some((at, message)) = wrong {
            let d = Diagnostic::error(message);
            let durations = (ta == Type::Duration) != (tb == Type::Duration);
            self.error(at, if durations && op != Op::And && op != Op::Or { d.help("write durations as duration('5m')") } else { d });
        }
    }

    fn type_of(&self, p: &Piece) -> Type {
        match &p.ex {
            Ex::Literal(v) => match v {
                Value::Null | Value::Map(_) => Type::Any,
                Value::Bool(_) => Type::Bool,
                Value::Int(_) => Type::Int,
                Value::Float(_) => Type::Number,
                Value::Ratio(_) => Type::Ratio,
                Value::Text(_) => Type::Text,
                Value::Duration(_) | Value::Never => Type::Duration,
                Value::Window(_) => Type::Window,
                Value::List(_) => Type::List,
            },
            Ex::Fact { info, .. } => info.returns,
            Ex::Variable(_) | Ex::Field { test: false, .. } | Ex::Index(..) | Ex::Map(_) => Type::Any,
            Ex::Field { test: true, .. } | Ex::Not(_) | Ex::NotFalse(_) => Type::Bool,
            Ex::List(_) => Type::List,
            Ex::Negate(a) => self.type_of(a),
            Ex::Choose(_, a, b) => {
                let (a, b) = (self.type_of(a), self.type_of(b));
                if a == b { a } else { Type::Any }
            }
            Ex::Binary(op, a, b) => match op {
                Op::Add | Op::Subtract | Op::Multiply | Op::Divide | Op::Modulo => {
                    let (a, b) = (self.type_of(a), self.type_of(b));
                    match (a, b) {
                        (Type::Duration, Type::Duration) if *op == Op::Divide => Type::Number,
                        (Type::Duration, _) if matches!(op, Op::Multiply | Op::Divide) => Type::Duration,
                        (a, b) if a == b => a,
                        (Type::Any, _) | (_, Type::Any) => Type::Any,
                        _ => Type::Number,
                    }
                }
                _ => Type::Bool,
            },
            Ex::Call(f, args) => match f {
                Builtin::Size | Builtin::Int => Type::Int,
                Builtin::Duration => Type::Duration,
                Builtin::Last => Type::Window,
                Builtin::StartsWith | Builtin::EndsWith | Builtin::Contains => Type::Bool,
                Builtin::Double => Type::Number,
                Builtin::String => Type::Text,
                Builtin::Min | Builtin::Max => args.first().map_or(Type::Any, |a| self.type_of(a)),
            },
            // `exists` and `all` start from a truth value, `map` and `filter` from a list; `exists_one` counts but ends in ==.
            Ex::Fold { init, result, .. } => match self.type_of(result) {
                Type::Any => self.type_of(init),
                t => t,
            },
        }
    }
}

enum Operator {
    Binary(Op),
    Not,
    Negate,
    NotFalse,
    Choose,
    Index,
}

fn operator(name: &str) -> Option<Operator> {
    use operators as o;
    let binary = [
        (o::LOGICAL_AND, Op::And),
        (o::LOGICAL_OR, Op::Or),
        (o::EQUALS, Op::Equal),
        (o::NOT_EQUALS, Op::NotEqual),
        (o::LESS, Op::Less),
        (o::LESS_EQUALS, Op::LessEqual),
        (o::GREATER, Op::Greater),
        (o::GREATER_EQUALS, Op::GreaterEqual),
        (o::ADD, Op::Add),
        (o::SUBSTRACT, Op::Subtract),
        (o::MULTIPLY, Op::Multiply),
        (o::DIVIDE, Op::Divide),
        (o::MODULO, Op::Modulo),
        (o::IN, Op::In),
    ];
    if let Some((_, op)) = binary.iter().find(|(n, _)| *n == name) {
        return Some(Operator::Binary(*op));
    }
    match name {
        o::LOGICAL_NOT => Some(Operator::Not),
        o::NEGATE => Some(Operator::Negate),
        o::NOT_STRICTLY_FALSE => Some(Operator::NotFalse),
        o::CONDITIONAL => Some(Operator::Choose),
        o::INDEX => Some(Operator::Index),
        _ => None,
    }
}

fn literal(l: &LiteralValue) -> Value {
    match l {
        LiteralValue::Boolean(b) => Value::Bool(*b.inner()),
        LiteralValue::Bytes(b) => Value::Text(String::from_utf8_lossy(b.inner()).as_ref().into()),
        LiteralValue::Double(d) => Value::Float(*d.inner()),
        LiteralValue::Int(i) => Value::Int(*i.inner()),
        LiteralValue::Null => Value::Null,
        LiteralValue::String(s) => Value::Text(s.inner().into()),
        LiteralValue::UInt(u) => Value::Int(i64::try_from(*u.inner()).unwrap_or(i64::MAX)),
    }
}

fn count_words(info: &FactInfo) -> String {
    match (info.required, info.params.len()) {
        (0, 0) => "no arguments".into(),
        (a, b) if a == b => format!("{a} argument{}", if a == 1 { "" } else { "s" }),
        (a, b) => format!("{a} to {b} arguments"),
    }
}

fn param_word(p: Param) -> &'static str {
    match p {
        Param::Object => "an object as 'kind/name'",
        Param::Fault => "the id of a fault",
        Param::Stream => "the name of a traffic stream",
        Param::Window => "a window such as last('1m')",
        Param::Question => "the id of a question",
        Param::Entry => "the id of an entry of the timeline",
        Param::Text => "a text",
    }
}

/// "a number", "a duration": for messages.
pub(super) fn type_word(t: Type) -> &'static str {
    match t {
        Type::Bool => "a truth value",
        Type::Int | Type::Number | Type::Ratio => "a number",
        Type::Duration => "a duration",
        Type::Text => "a text",
        Type::List => "a list",
        Type::Window => "a window of time",
        Type::Any => "something",
    }
}
