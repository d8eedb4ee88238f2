//! Cuts a script into words and operators.

use std::sync::Arc;

use super::parse::{Piece, Token, Word, parse_at};

/// The tokens of a script; substitutions inside words are parsed too.
///
/// # Errors
/// A shell's complaint.
pub(super) fn lex(text: &str, depth: usize) -> Result<Vec<Token>, String> {
    Lexer { chars: text.chars().collect(), pos: 0, depth, heredocs: Vec::new() }.all()
}

struct Lexer {
    chars: Vec<char>,
    pos: usize,
    depth: usize,
    /// Token index and end word of here-documents whose text is still to come.
    heredocs: Vec<(usize, String)>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.pos + ahead).copied()
    }

    fn all(mut self) -> Result<Vec<Token>, String> {
        let mut out: Vec<Token> = Vec::new();
        while let Some(c) = self.peek(0) {
            match c {
                ' ' | '\t' | '\r' => self.pos += 1,
                '\\' if self.peek(1) == Some('\n') => self.pos += 2,
                '#' => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.pos += 1;
                    }
                }
                '\n' => {
                    self.pos += 1;
                    out.push(Token::Op("\n"));
                    self.read_heredocs(&mut out);
                }
                _ => {
                    if let Some(t) = self.operator() {
                        out.push(t);
                        continue;
                    }
                    let word = self.word()?;
                    if let Some(Token::Redirect(_, "<<")) = out.last() {
                        let end = word.iter().filter_map(|p| if let Piece::Text { text, .. } = p { Some(&**text) } else { None }).collect();
                        self.heredocs.push((out.len(), end));
                    }
                    out.push(Token::Word(word));
                }
            }
        }
        self.read_heredocs(&mut out);
        Ok(out)
    }

    fn read_heredocs(&mut self, out: &mut [Token]) {
        for (at, end) in std::mem::take(&mut self.heredocs) {
            let mut text = String::new();
            while self.pos < self.chars.len() {
                let stop = self.chars[self.pos..].iter().position(|c| *c == '\n').map_or(self.chars.len(), |n| self.pos + n);
                let line: String = self.chars[self.pos..stop].iter().collect();
                self.pos = (stop + 1).min(self.chars.len());
                if line.trim_start_matches('\t') == end {
                    break;
                }
                text.push_str(&line);
                text.push('\n');
            }
            out[at] = Token::Word(vec![Piece::Text { text: text.into(), quoted: true }]);
        }
    }

    fn operator(&mut self) -> Option<Token> {
        // A digit directly before < or > names the descriptor.
        if let (Some(d), Some('<' | '>')) = (self.peek(0).and_then(|c| c.to_digit(10)), self.peek(1)) {
            self.pos += 1;
            let t = self.operator()?;
            return Some(if let Token::Redirect(_, op) = t { Token::Redirect(d as u8, op) } else { t });
        }
        const OPS: [&str; 17] = ["<<-", "&>>", "&&", "||", ";;", ">>", "<<", ">&", "<&", "&>", ";", "&", "|", "(", ")", ">", "<"];
        let op = OPS.into_iter().find(|op| op.chars().enumerate().all(|(i, c)| self.peek(i) == Some(c)))?;
        self.pos += op.len();
        Some(match op {
            "<" | "<&" => Token::Redirect(0, "<"),
            "<<" | "<<-" => Token::Redirect(0, "<<"),
            ">" | ">>" | ">&" | "&>" => Token::Redirect(1, op),
            "&>>" => Token::Redirect(1, "&>"),
            _ => Token::Op(op),
        })
    }

    fn word(&mut self) -> Result<Word, String> {
        let mut word: Word = Vec::new();
        let mut plain = String::new();
        fn flush(plain: &mut String, word: &mut Word) {
            if !plain.is_empty() {
                word.push(Piece::Text { text: std::mem::take(plain).into(), quoted: false });
            }
        }
        while let Some(c) = self.peek(0) {
            match c {
                ' ' | '\t' | '\n' | '\r' | ';' | '&' | '|' | '(' | ')' | '<' | '>' => break,
                '\'' => {
                    flush(&mut plain, &mut word);
                    self.pos += 1;
                    let start = self.pos;
                    while self.peek(0).ok_or("syntax error: unterminated quoted string")? != '\'' {
                        self.pos += 1;
                    }
                    let text: String = self.chars[start..self.pos].iter().collect();
                    self.pos += 1;
                    word.push(Piece::Text { text: text.into(), quoted: true });
                }
                '"' => {
                    flush(&mut plain, &mut word);
                    self.pos += 1;
                    self.double_quoted(&mut word)?;
                }
                '\\' => {
                    self.pos += 1;
                    if let Some(c) = self.peek(0) {
                        self.pos += 1;
                        if c != '\n' {
                            flush(&mut plain, &mut word);
                            word.push(Piece::Text { text: c.to_string().into(), quoted: true });
                        }
                    }
                }
                '$' | '`' => {
                    flush(&mut plain, &mut word);
                    match self.dollar(false)? {
                        Some(p) => word.push(p),
                        None => plain.push('$'),
                    }
                }
                c => {
                    plain.push(c);
                    self.pos += 1;
                }
            }
        }
        flush(&mut plain, &mut word);
        Ok(word)
    }

    fn double_quoted(&mut self, word: &mut Word) -> Result<(), String> {
        let mut text = String::new();
        loop {
            match self.peek(0).ok_or("syntax error: unterminated quoted string")? {
                '"' => {
                    self.pos += 1;
                    word.push(Piece::Text { text: text.into(), quoted: true });
                    return Ok(());
                }
                '\\' => {
                    self.pos += 1;
                    let c = self.peek(0).ok_or("syntax error: unterminated quoted string")?;
                    self.pos += 1;
                    if !matches!(c, '"' | '\\' | '$' | '`' | '\n') {
                        text.push('\\');
                    }
                    if c != '\n' {
                        text.push(c);
                    }
                }
                '$' | '`' => match self.dollar(true)? {
                    Some(p) => {
                        word.push(Piece::Text { text: std::mem::take(&mut text).into(), quoted: true });
                        word.push(p);
                    }
                    None => text.push('$'),
                },
                c => {
                    text.push(c);
                    self.pos += 1;
                }
            }
        }
    }

    /// What follows a `$` (or a back-quote); None for a lone dollar sign.
    fn dollar(&mut self, quoted: bool) -> Result<Option<Piece>, String> {
        if self.peek(0) == Some('`') {
            let start = self.pos + 1;
            self.pos = start;
            while self.peek(0).ok_or("syntax error: unterminated quoted string")? != '`' {
                self.pos += 1;
            }
            let inner: String = self.chars[start..self.pos].iter().collect();
            self.pos += 1;
            return Ok(Some(Piece::Command { script: Arc::new(parse_at(&inner, self.depth + 1)?), quoted }));
        }
        self.pos += 1;
        match self.peek(0) {
            Some('(') if self.peek(1) == Some('(') => {
                let inner = self.balanced()?;
                Ok(Some(Piece::Arith(inner[1..inner.len().max(2) - 1].into())))
            }
            Some('(') => {
                let inner = self.balanced()?;
                Ok(Some(Piece::Command { script: Arc::new(parse_at(&inner, self.depth + 1)?), quoted }))
            }
            Some('{') => {
                let start = self.pos + 1;
                while self.peek(0).ok_or("syntax error: bad substitution")? != '}' {
                    self.pos += 1;
                }
                let inner: String = self.chars[start..self.pos].iter().collect();
                self.pos += 1;
                let cut = inner.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(inner.len());
                let (name, rest) =
                    if cut == 0 { inner.split_at(inner.chars().next().map_or(0, char::len_utf8)) } else { inner.split_at(cut) };
                let rest = rest.strip_prefix(':').unwrap_or(rest);
                let op = rest.chars().next().map(|c| (c, Arc::from(&rest[c.len_utf8()..])));
                Ok(Some(Piece::Var { name: name.into(), op, quoted }))
            }
            Some(c) if c.is_alphabetic() || c == '_' => {
                let start = self.pos;
                while self.peek(0).is_some_and(|c| c.is_alphanumeric() || c == '_') {
                    self.pos += 1;
                }
                let name: String = self.chars[start..self.pos].iter().collect();
                Ok(Some(Piece::Var { name: name.into(), op: None, quoted }))
            }
            Some(c) if c.is_ascii_digit() || "$?!@*#-".contains(c) => {
                self.pos += 1;
                Ok(Some(Piece::Var { name: c.to_string().into(), op: None, quoted }))
            }
            _ => Ok(None),
        }
    }

    /// The text between a `(` and its `)`, quotes respected.
    fn balanced(&mut self) -> Result<String, String> {
        let start = self.pos + 1;
        let (mut open, mut quote) = (0, None);
        loop {
            let c = self.peek(0).ok_or("syntax error: unexpected end of file (expecting \")\")")?;
            self.pos += 1;
            match (quote, c) {
                (None, '\'' | '"') => quote = Some(c),
                (Some(q), c) if q == c => quote = None,
                (None, '(') => open += 1,
                (None, ')') => open -= 1,
                _ => {}
            }
            if open == 0 && quote.is_none() {
                return Ok(self.chars[start..self.pos - 1].iter().collect());
            }
        }
    }
}
