//! Words become arguments: variables, command substitution, arithmetic, splitting, patterns.

use crate::kernel::SimDuration;

use super::commands::Ctx;
use super::compile::compile;
use super::parse::{Piece, Word};
use super::shell::{Proc, Shell};

/// Bytes of one expanded word, and words of one expansion.
const WORD_MAX: usize = 64 * 1024;
const WORDS_MAX: usize = 10_000;
/// Instructions one substitution may run.
const SUBSTITUTION_OPS: u32 = 20_000;

impl Proc {
    /// A word as arguments: unquoted values are split, patterns matched against files.
    pub(super) fn expand(&self, word: &Word, ctx: &mut Ctx) -> Vec<String> {
        let (mut out, mut cur, mut some) = (Vec::new(), String::new(), false);
        let mut pattern = false;
        let mut total = 0;
        for piece in word {
            total += cur.len();
            if total > WORD_MAX || out.len() > WORDS_MAX {
                break;
            }
            match piece {
                Piece::Text { text, quoted } => {
                    pattern |= !quoted && text.contains(['*', '?']);
                    cur.push_str(text);
                    some = true;
                }
                Piece::Var { name, quoted: true, .. } if &**name == "@" => {
                    for (i, a) in self.args.iter().skip(1).enumerate() {
                        if i > 0 {
                            out.push(std::mem::take(&mut cur));
                        }
                        cur.push_str(a);
                        some = true;
                    }
                }
                Piece::Var { quoted: true, .. } | Piece::Command { quoted: true, .. } => {
                    cur.push_str(&self.value(piece, ctx));
                    some = true;
                }
                _ => {
                    let value = self.value(piece, ctx);
                    if value.starts_with(char::is_whitespace) && some {
                        out.push(std::mem::take(&mut cur));
                        some = false;
                    }
                    let mut fields = value.split_whitespace().peekable();
                    while let Some(f) = fields.next() {
                        cur.push_str(f);
                        some = true;
                        if fields.peek().is_some() || value.ends_with(char::is_whitespace) {
                            out.push(std::mem::take(&mut cur));
                            some = false;
                        }
                    }
                }
            }
        }
        if some {
            if pattern {
                let (dir, file) = cur.rsplit_once('/').map_or((self.path("."), cur.as_str()), |(d, f)| (self.path(&format!("{d}/")), f));
                let prefix = &cur[..cur.len() - file.len()];
                let hits: Vec<String> = ctx
                    .fs
                    .list(&dir)
                    .into_iter()
                    .filter(|n| !n.starts_with('.') && matches(file, n))
                    .map(|n| format!("{prefix}{n}"))
                    .collect();
                if !hits.is_empty() {
                    out.extend(hits);
                    return out;
                }
            }
            out.push(cur);
        }
        out
    }

    /// A word as one string, as in assignments.
    pub(super) fn expand_one(&self, word: &Word, ctx: &mut Ctx) -> String {
        let mut all = String::new();
        for p in word {
            all.push_str(&self.value(p, ctx));
            if all.len() > WORD_MAX {
                // No program here needs more; a script that doubles a variable for ever must not eat the machine.
                let cut = (0..=WORD_MAX).rev().find(|i| all.is_char_boundary(*i)).unwrap_or(0);
                all.truncate(cut);
                break;
            }
        }
        all
    }

    fn value(&self, piece: &Piece, ctx: &mut Ctx) -> String {
        match piece {
            Piece::Text { text, .. } => text.to_string(),
            Piece::Var { name, op, .. } => {
                let value = self.var(name, ctx);
                match op {
                    Some(('-' | '=', text)) if value.is_empty() => text.to_string(),
                    Some(('+', text)) => {
                        if value.is_empty() {
                            String::new()
                        } else {
                            text.to_string()
                        }
                    }
                    Some(('#', text)) => value.strip_prefix(&**text).unwrap_or(&value).to_string(),
                    Some(('%', text)) => value.strip_suffix(&**text).unwrap_or(&value).to_string(),
                    _ => value,
                }
            }
            Piece::Arith(text) => arithmetic(text, &|n| self.var(n, &*ctx)).map_or_else(|| "0".into(), |n| n.to_string()),
            Piece::Command { script, .. } => {
                if ctx.captures.len() >= 8 {
                    return String::new();
                }
                // A copy of this process runs the commands at once; sleeps inside take no time.
                let mut shell = Shell::substitution(self, compile(script), ctx.age);
                ctx.captures.push(String::new());
                let (age, listeners, ops) = (ctx.age, ctx.listeners.clone(), ctx.ops);
                ctx.ops = ops.min(SUBSTITUTION_OPS);
                let given = ctx.ops;
                shell.run(ctx, age + SimDuration::from_secs(3600));
                (ctx.age, ctx.listeners, ctx.ops) = (age, listeners, ops - (given - ctx.ops));
                let text = ctx.captures.pop().unwrap_or_default();
                text.trim_end_matches('\n').to_string()
            }
        }
    }

    fn var(&self, name: &str, ctx: &Ctx) -> String {
        match name {
            "?" => self.status.to_string(),
            "$" => self.pid.to_string(),
            "!" => {
                if self.background == 0 {
                    String::new()
                } else {
                    self.background.to_string()
                }
            }
            "#" => self.args.len().saturating_sub(1).to_string(),
            "@" | "*" => self.args.iter().skip(1).map(|a| &**a).collect::<Vec<_>>().join(" "),
            "-" => String::new(),
            "HOSTNAME" if !self.vars.contains_key("HOSTNAME") => ctx.fs.hostname.to_string(),
            "HOME" if !self.vars.contains_key("HOME") => "/root".into(),
            "PWD" => self.cwd.to_string(),
            "RANDOM" => (crate::kernel::random::fnv1a32(&ctx.age.as_nanos().to_le_bytes()) % 32768).to_string(),
            n if n.bytes().all(|b| b.is_ascii_digit()) => {
                n.parse().ok().and_then(|i: usize| self.args.get(i)).map_or_else(String::new, |a| a.to_string())
            }
            n => self.vars.get(n).map_or_else(String::new, |v| v.to_string()),
        }
    }

    /// An absolute path from one as typed.
    pub(super) fn path(&self, p: &str) -> String {
        if p.starts_with('/') { super::files::normal(p) } else { super::files::normal(&format!("{}/{p}", self.cwd)) }
    }
}

/// Shell patterns: `*` and `?`.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut i, mut j, mut star) = (0, 0, None);
    while j < t.len() {
        if i < p.len() && p[i] == '*' {
            star = Some((i, j));
            i += 1;
        } else if i < p.len() && (p[i] == '?' || p[i] == t[j]) {
            (i, j) = (i + 1, j + 1);
        } else if let Some((si, sj)) = star {
            (i, j, star) = (si + 1, sj + 1, Some((si, sj + 1)));
        } else {
            return false;
        }
    }
    p[i..].iter().all(|c| *c == '*')
}

/// Evaluates `$((…))`; None if it is no expression.
pub(super) fn arithmetic(text: &str, var: &dyn Fn(&str) -> String) -> Option<i64> {
    let mut a = Arith { chars: text.chars().collect(), pos: 0, var, depth: 0 };
    let n = a.binary(0)?;
    a.space();
    (a.pos == a.chars.len()).then_some(n)
}

struct Arith<'a> {
    chars: Vec<char>,
    pos: usize,
    var: &'a dyn Fn(&str) -> String,
    depth: usize,
}

const LEVELS: [&[&str]; 6] = [&["||"], &["&&"], &["==", "!="], &["<=", ">=", "<", ">"], &["+", "-"], &["*", "/", "%"]];

impl Arith<'_> {
    fn space(&mut self) {
        while self.chars.get(self.pos).is_some_and(|c| c.is_whitespace()) {
            self.pos += 1;
        }
    }
    fn binary(&mut self, level: usize) -> Option<i64> {
        let Some(ops) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            self.space();
            let rest = &self.chars[self.pos..];
            let Some(op) = ops.iter().find(|o| o.chars().enumerate().all(|(i, c)| rest.get(i) == Some(&c))) else { return Some(left) };
            self.pos += op.len();
            let right = self.binary(level + 1)?;
            left = match *op {
                "||" => i64::from(left != 0 || right != 0),
                "&&" => i64::from(left != 0 && right != 0),
                "==" => i64::from(left == right),
                "!=" => i64::from(left != right),
                "<=" => i64::from(left <= right),
                ">=" => i64::from(left >= right),
                "<" => i64::from(left < right),
                ">" => i64::from(left > right),
                "+" => left.wrapping_add(right),
                "-" => left.wrapping_sub(right),
                "*" => left.wrapping_mul(right),
                "/" => left.checked_div(right)?,
                _ => left.checked_rem(right)?,
            };
        }
    }
    fn unary(&mut self) -> Option<i64> {
        self.space();
        self.depth += 1;
        if self.depth > 200 {
            return None;
        }
        let c = *self.chars.get(self.pos)?;
        let start = self.pos;
        let value = match c {
            '(' => {
                self.pos += 1;
                let n = self.binary(0)?;
                self.space();
                (self.chars.get(self.pos) == Some(&')')).then(|| self.pos += 1)?;
                n
            }
            '-' | '+' | '!' => {
                self.pos += 1;
                let n = self.unary()?;
                match c {
                    '-' => n.wrapping_neg(),
                    '!' => i64::from(n == 0),
                    _ => n,
                }
            }
            c if c.is_ascii_digit() => {
                while self.chars.get(self.pos).is_some_and(char::is_ascii_digit) {
                    self.pos += 1;
                }
                self.chars[start..self.pos].iter().collect::<String>().parse().ok()?
            }
            c if c.is_alphabetic() || c == '_' || c == '$' => {
                self.pos += 1;
                let special = c == '$' && self.chars.get(self.pos).is_some_and(|c| "?#$!".contains(*c));
                self.pos += usize::from(special);
                while !special && self.chars.get(self.pos).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                    self.pos += 1;
                }
                let name: String = self.chars[start..self.pos].iter().collect();
                (self.var)(name.strip_prefix('$').unwrap_or(&name)).trim().parse().unwrap_or(0)
            }
            _ => return None,
        };
        self.depth -= 1;
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_matches() {
        let var = |n: &str| if n == "i" { "4".to_string() } else { String::new() };
        assert_eq!(arithmetic(" i + 2*(3-1) ", &var), Some(8));
        assert_eq!(arithmetic("$i%3 == 1 && 1", &var), Some(1));
        assert_eq!(arithmetic("1/0", &var), None);
        assert_eq!(arithmetic(&"(".repeat(5000), &var), None);
        assert!(matches("a*c?", "abbcd") && !matches("a*c", "ab") && matches("*", ""));
    }
}
