//! From the tree of a script to a flat list of instructions that can stop anywhere and be copied.

use std::sync::Arc;

use crate::kernel::SimDuration;

use super::commands::sleep_length;
use super::parse::{Node, Piece, Simple, Word};

pub(crate) type Code = Arc<[Op]>;

/// One instruction.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Run(Arc<Simple>),
    /// Replaces the process.
    Exec(Arc<Simple>),
    Pipe(Arc<[Arc<Simple>]>),
    Jump(usize),
    JumpOk(usize),
    JumpFail(usize),
    Negate,
    Status(i32),
    Spawn(Code),
    Subshell(Code),
    ForStart(Arc<[Word]>),
    ForNext(Arc<str>, usize),
    ForPop,
    /// Jumps unless the word matches one of the patterns.
    Unless(Word, Arc<[Word]>, usize),
    Define(Arc<str>, Code),
    /// An endless loop of sleeps.
    Idle(Arc<[SimDuration]>),
    /// An endless loop of nothing.
    Spin,
    /// `set -e` acts here.
    Check,
}

pub(crate) fn compile(node: &Node) -> Code {
    let mut c = Compiler { ops: Vec::new(), loops: Vec::new() };
    c.node(node, false);
    c.ops.into()
}

struct Loop {
    top: usize,
    breaks: Vec<usize>,
    is_for: bool,
}

struct Compiler {
    ops: Vec<Op>,
    loops: Vec<Loop>,
}

impl Compiler {
    fn hole(&mut self) -> usize {
        self.ops.push(Op::Jump(0));
        self.ops.len() - 1
    }
    fn here(&self) -> usize {
        self.ops.len()
    }

    /// `cond`: the status is looked at, so `set -e` does not act on it.
    fn node(&mut self, node: &Node, cond: bool) {
        match node {
            Node::Simple(s) => {
                match literal(s).first().copied() {
                    Some("break") if !self.loops.is_empty() => {
                        if self.loops.last().is_some_and(|l| l.is_for) {
                            self.ops.push(Op::ForPop);
                        }
                        let h = self.hole();
                        if let Some(l) = self.loops.last_mut() {
                            l.breaks.push(h);
                        }
                        return;
                    }
                    Some("continue") => match self.loops.last() {
                        Some(l) => {
                            self.ops.push(Op::Jump(l.top));
                            return;
                        }
                        None => self.ops.push(Op::Run(s.clone())),
                    },
                    _ => self.ops.push(Op::Run(s.clone())),
                }
                self.check(cond);
            }
            Node::Pipe(stages) => {
                let simple: Option<Vec<_>> = stages.iter().map(|n| if let Node::Simple(s) = n { Some(s.clone()) } else { None }).collect();
                match simple {
                    Some(s) => self.ops.push(Op::Pipe(s.into())),
                    // Blocks in a pipeline run one after the other; their output goes to the log.
                    None => stages.iter().for_each(|n| self.ops.push(Op::Subshell(compile(n)))),
                }
                self.check(cond);
            }
            Node::Not(n) => {
                self.node(n, true);
                self.ops.push(Op::Negate);
            }
            Node::And(a, b) => {
                self.node(a, true);
                let h = self.hole();
                self.node(b, cond);
                self.ops[h] = Op::JumpFail(self.here());
            }
            Node::Or(a, b) => {
                self.node(a, true);
                let h = self.hole();
                self.node(b, cond);
                self.ops[h] = Op::JumpOk(self.here());
            }
            Node::Seq(nodes) => nodes.iter().for_each(|n| self.node(n, cond)),
            Node::Background(n) => self.ops.push(Op::Spawn(compile(n))),
            Node::Subshell(n) => {
                self.ops.push(Op::Subshell(compile(n)));
                self.check(cond);
            }
            Node::If(test, then, other) => {
                self.node(test, true);
                let h = self.hole();
                self.node(then, cond);
                let end = self.hole();
                self.ops[h] = Op::JumpFail(self.here());
                match other {
                    Some(o) => self.node(o, cond),
                    None => self.ops.push(Op::Status(0)),
                }
                self.ops[end] = Op::Jump(self.here());
            }
            Node::While { cond: test, body, until } => self.while_loop(test, body, *until, cond),
            Node::For { var, words, body } => {
                self.ops.push(Op::ForStart(words.clone().into()));
                let top = self.here();
                let next = self.hole();
                self.loops.push(Loop { top, breaks: Vec::new(), is_for: true });
                self.node(body, cond);
                self.ops.push(Op::Jump(top));
                self.ops[next] = Op::ForNext(var.clone(), self.here());
                self.end_loop();
            }
            Node::Case { word, arms } => {
                let mut ends = Vec::new();
                for (patterns, body) in arms {
                    let h = self.hole();
                    self.ops.push(Op::Status(0));
                    self.node(body, cond);
                    ends.push(self.hole());
                    self.ops[h] = Op::Unless(word.clone(), patterns.clone().into(), self.here());
                }
                self.ops.push(Op::Status(0));
                for e in ends {
                    self.ops[e] = Op::Jump(self.here());
                }
            }
            Node::Function(name, body) => self.ops.push(Op::Define(name.clone(), compile(body))),
        }
    }

    fn check(&mut self, cond: bool) {
        if !cond {
            self.ops.push(Op::Check);
        }
    }

    fn while_loop(&mut self, test: &Node, body: &Node, until: bool, cond: bool) {
        let endless = matches!(test, Node::Simple(s) if matches!(literal(s).as_slice(), ["true" | ":"]) && !until)
            || matches!(test, Node::Simple(s) if matches!(literal(s).as_slice(), ["false"]) && until);
        if let Some(sleeps) = endless.then(|| sleeps_of(body)).flatten() {
            self.ops.push(if sleeps.iter().all(|s| *s == SimDuration::ZERO) { Op::Spin } else { Op::Idle(sleeps.into()) });
            return;
        }
        let top = self.here();
        self.loops.push(Loop { top, breaks: Vec::new(), is_for: false });
        self.node(test, true);
        let h = self.hole();
        self.node(body, cond);
        self.ops.push(Op::Jump(top));
        self.ops[h] = if until { Op::JumpOk(self.here()) } else { Op::JumpFail(self.here()) };
        self.ops.push(Op::Status(0));
        self.end_loop();
    }

    fn end_loop(&mut self) {
        if let Some(l) = self.loops.pop() {
            for b in l.breaks {
                self.ops[b] = Op::Jump(self.here());
            }
        }
    }
}

/// The words of a command that consists of plain text only.
fn literal(s: &Simple) -> Vec<&str> {
    if !s.assign.is_empty() {
        return Vec::new();
    }
    let words: Option<Vec<&str>> = s
        .words
        .iter()
        .map(|w| match w.as_slice() {
            [Piece::Text { text, .. }] => Some(&**text),
            _ => None,
        })
        .collect();
    words.unwrap_or_default()
}

/// The sleeps of a loop body in which nothing else happens.
fn sleeps_of(body: &Node) -> Option<Vec<SimDuration>> {
    match body {
        Node::Simple(s) => match literal(s).as_slice() {
            ["sleep", args @ ..] => sleep_length(args).ok().flatten().map(|d| vec![d]),
            [":" | "true"] => Some(vec![SimDuration::ZERO]),
            _ => None,
        },
        Node::Seq(nodes) => nodes.iter().map(sleeps_of).collect::<Option<Vec<_>>>().map(|v| v.concat()),
        _ => None,
    }
}

/// The end of the sleep that is going on at `age` in an endless loop of sleeps.
pub(super) fn boundary(since: SimDuration, sleeps: &[SimDuration], age: SimDuration) -> SimDuration {
    let total: u64 = sleeps.iter().map(|s| s.as_nanos()).sum::<u64>().max(1);
    let into = age.saturating_sub(since).as_nanos() % total;
    let mut at = age.saturating_sub(since).as_nanos() - into;
    let mut left = into;
    for s in sleeps {
        at += s.as_nanos();
        if left < s.as_nanos() {
            break;
        }
        left -= s.as_nanos();
    }
    since + SimDuration::from_nanos(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loop_of_sleeps_wakes_at_their_ends() {
        let s = SimDuration::from_secs;
        assert_eq!(boundary(s(10), &[s(1)], s(12) + SimDuration::from_millis(300)), s(13));
        assert_eq!(boundary(s(10), &[s(2), s(3)], s(13)), s(15));
        assert_eq!(boundary(s(10), &[s(2), s(3)], s(11)), s(12));
        assert_eq!(boundary(s(10), &[s(1)], s(12)), s(13));
    }
}
