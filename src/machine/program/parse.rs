//! Reads the small part of the shell language that container commands are written in, into a tree.

use std::sync::Arc;

use super::lex::lex;

/// A word: pieces that expansion glues together.
pub(crate) type Word = Vec<Piece>;

/// One piece of a word.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Piece {
    /// Text as it stands; quoted text is neither split nor matched.
    Text { text: Arc<str>, quoted: bool },
    /// `$name`, `${name:-default}`.
    Var { name: Arc<str>, op: Option<(char, Arc<str>)>, quoted: bool },
    /// `$(commands)`.
    Command { script: Arc<Node>, quoted: bool },
    /// `$((expression))`.
    Arith(Arc<str>),
}

/// `2>>file`
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Redirect {
    pub fd: u8,
    pub to: Target,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Target {
    Write(Word),
    Append(Word),
    Read(Word),
    Copy(u8),
    /// A here-document.
    Text(Word),
}

/// A command without structure.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Simple {
    pub assign: Vec<(Arc<str>, Word)>,
    pub words: Vec<Word>,
    pub redirects: Vec<Redirect>,
}

/// The tree of a script.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Simple(Arc<Simple>),
    Pipe(Vec<Node>),
    Not(Box<Node>),
    And(Box<Node>, Box<Node>),
    Or(Box<Node>, Box<Node>),
    Seq(Vec<Node>),
    Background(Box<Node>),
    Subshell(Box<Node>),
    If(Box<Node>, Box<Node>, Option<Box<Node>>),
    While { cond: Box<Node>, body: Box<Node>, until: bool },
    For { var: Arc<str>, words: Vec<Word>, body: Box<Node> },
    Case { word: Word, arms: Vec<(Vec<Word>, Node)> },
    Function(Arc<str>, Box<Node>),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Word(Word),
    Op(&'static str),
    /// A redirection operator with its file descriptor.
    Redirect(u8, &'static str),
}

/// Scripts nest no deeper than this.
const DEPTH_MAX: usize = 40;
/// Links of one `a && b || c` chain.
const CHAIN_MAX: usize = 300;
/// Bytes of one script.
const SCRIPT_MAX: usize = 128 * 1024;

/// Parses a script.
///
/// # Errors
/// A shell's complaint, without its name in front.
pub(crate) fn parse(text: &str) -> Result<Node, String> {
    parse_at(text, 0)
}

pub(super) fn parse_at(text: &str, depth: usize) -> Result<Node, String> {
    if depth > DEPTH_MAX {
        return Err("syntax error: nested too deeply".into());
    }
    if text.len() > SCRIPT_MAX {
        return Err("Argument list too long".into());
    }
    let tokens = lex(text, depth)?;
    let mut p = Parser { tokens, pos: 0, depth };
    let node = p.list(&[])?;
    match p.peek() {
        None => Ok(node),
        Some(t) => Err(unexpected(t)),
    }
}

fn unexpected(t: &Token) -> String {
    let text = match t {
        Token::Op("\n") => "newline".to_string(),
        Token::Op(o) | Token::Redirect(_, o) => format!("\"{o}\""),
        Token::Word(w) => match w.first() {
            Some(Piece::Text { text, .. }) => format!("\"{text}\""),
            _ => "word".to_string(),
        },
    };
    format!("syntax error: unexpected {text}")
}

struct Parser {
    tokens: Vec<Token>,
    pos: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.pos)
    }
    fn eat(&mut self, op: &str) -> bool {
        let hit = matches!(self.peek(), Some(Token::Op(o)) if *o == op);
        self.pos += usize::from(hit);
        hit
    }
    /// The next token as an unquoted literal, for reserved words.
    fn literal(&self) -> Option<&str> {
        match self.peek()? {
            Token::Word(w) => match w.as_slice() {
                [Piece::Text { text, quoted: false }] => Some(text),
                _ => None,
            },
            _ => None,
        }
    }
    fn expect(&mut self, word: &str) -> Result<(), String> {
        if self.literal() == Some(word) {
            self.pos += 1;
            return Ok(());
        }
        Err(self.peek().map_or_else(|| format!("syntax error: unexpected end of file (expecting \"{word}\")"), unexpected))
    }
    fn newlines(&mut self) {
        while self.eat("\n") {}
    }

    /// Commands up to one of the reserved words, a `)`, `;;` or the end.
    fn list(&mut self, until: &[&str]) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("syntax error: nested too deeply".into());
        }
        let mut nodes = Vec::new();
        loop {
            while self.eat("\n") || self.eat(";") {}
            match self.peek() {
                None | Some(Token::Op(")" | ";;")) => break,
                _ if self.literal().is_some_and(|w| until.contains(&w)) => break,
                _ => {}
            }
            let mut node = self.and_or()?;
            if self.eat("&") {
                node = Node::Background(Box::new(node));
            } else if !matches!(self.peek(), None | Some(Token::Op(";" | "\n" | ")" | ";;")))
                && !self.literal().is_some_and(|w| until.contains(&w))
            {
                return Err(unexpected(&self.tokens[self.pos]));
            }
            nodes.push(node);
        }
        self.depth -= 1;
        Ok(if nodes.len() == 1 { nodes.remove(0) } else { Node::Seq(nodes) })
    }

    fn and_or(&mut self) -> Result<Node, String> {
        let mut left = self.pipeline()?;
        let mut links = 0;
        loop {
            links += 1;
            if links > CHAIN_MAX {
                return Err("syntax error: too many commands in one chain".into());
            }
            if self.eat("&&") {
                self.newlines();
                left = Node::And(Box::new(left), Box::new(self.pipeline()?));
            } else if self.eat("||") {
                self.newlines();
                left = Node::Or(Box::new(left), Box::new(self.pipeline()?));
            } else {
                return Ok(left);
            }
        }
    }

    fn pipeline(&mut self) -> Result<Node, String> {
        let mut negated = false;
        while self.literal() == Some("!") {
            self.pos += 1;
            negated = !negated;
        }
        let mut stages = vec![self.command()?];
        while self.eat("|") {
            self.newlines();
            stages.push(self.command()?);
        }
        let node = if stages.len() == 1 { stages.remove(0) } else { Node::Pipe(stages) };
        Ok(if negated { Node::Not(Box::new(node)) } else { node })
    }

    fn command(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("syntax error: nested too deeply".into());
        }
        let node = self.command_inner();
        self.depth -= 1;
        node
    }

    fn command_inner(&mut self) -> Result<Node, String> {
        let node = if self.eat("(") {
            let inner = self.list(&[])?;
            if !self.eat(")") {
                return Err("syntax error: unexpected end of file (expecting \")\")".into());
            }
            Node::Subshell(Box::new(inner))
        } else {
            match self.literal() {
                Some("{") => {
                    self.pos += 1;
                    let inner = self.list(&["}"])?;
                    self.expect("}")?;
                    inner
                }
                Some("if") => {
                    self.pos += 1;
                    self.if_rest()?
                }
                Some(w @ ("while" | "until")) => {
                    let until = w == "until";
                    self.pos += 1;
                    let cond = Box::new(self.list(&["do"])?);
                    let body = Box::new(self.do_group()?);
                    Node::While { cond, body, until }
                }
                Some("for") => {
                    self.pos += 1;
                    self.for_rest()?
                }
                Some("case") => {
                    self.pos += 1;
                    self.case_rest()?
                }
                _ => return self.simple(),
            }
        };
        // Redirections of a whole block are read but not applied: its output goes to the log.
        while let Some(Token::Redirect(..)) = self.peek() {
            self.pos += 1;
            if let Some(Token::Word(_)) = self.peek() {
                self.pos += 1;
            }
        }
        Ok(node)
    }

    fn do_group(&mut self) -> Result<Node, String> {
        while self.eat("\n") || self.eat(";") {}
        self.expect("do")?;
        let body = self.list(&["done"])?;
        self.expect("done")?;
        Ok(body)
    }

    fn if_rest(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err("syntax error: nested too deeply".into());
        }
        let cond = self.list(&["then"])?;
        self.expect("then")?;
        let then = self.list(&["elif", "else", "fi"])?;
        let other = match self.literal() {
            Some("elif") => {
                self.pos += 1;
                Some(Box::new(self.if_rest()?))
            }
            Some("else") => {
                self.pos += 1;
                let n = self.list(&["fi"])?;
                self.expect("fi")?;
                Some(Box::new(n))
            }
            _ => {
                self.expect("fi")?;
                None
            }
        };
        self.depth -= 1;
        Ok(Node::If(Box::new(cond), Box::new(then), other))
    }

    fn for_rest(&mut self) -> Result<Node, String> {
        let var: Arc<str> = self.literal().ok_or("syntax error: bad for loop variable")?.into();
        self.pos += 1;
        self.newlines();
        let mut words = Vec::new();
        if self.literal() == Some("in") {
            self.pos += 1;
            while let Some(Token::Word(w)) = self.peek() {
                words.push(w.clone());
                self.pos += 1;
            }
        } else {
            words.push(vec![Piece::Var { name: "@".into(), op: None, quoted: false }]);
        }
        let body = Box::new(self.do_group()?);
        Ok(Node::For { var, words, body })
    }

    fn case_rest(&mut self) -> Result<Node, String> {
        let Some(Token::Word(word)) = self.peek().cloned() else { return Err("syntax error: bad case".into()) };
        self.pos += 1;
        self.newlines();
        self.expect("in")?;
        let mut arms = Vec::new();
        loop {
            while self.eat("\n") || self.eat(";;") {}
            if self.literal() == Some("esac") {
                self.pos += 1;
                return Ok(Node::Case { word, arms });
            }
            self.eat("(");
            let mut patterns = Vec::new();
            while let Some(Token::Word(w)) = self.peek().cloned() {
                self.pos += 1;
                patterns.push(w);
                if !self.eat("|") {
                    break;
                }
            }
            if !self.eat(")") {
                return Err(self.peek().map_or_else(|| "syntax error: unexpected end of file (expecting \")\")".into(), unexpected));
            }
            arms.push((patterns, self.list(&["esac"])?));
        }
    }

    fn simple(&mut self) -> Result<Node, String> {
        let mut s = Simple::default();
        loop {
            match self.peek().cloned() {
                Some(Token::Word(w)) => {
                    let reserved = ["then", "do", "done", "fi", "elif", "else", "esac", "}"];
                    if s.words.is_empty() && s.assign.is_empty() && self.literal().is_some_and(|w| reserved.contains(&w)) {
                        return Err(unexpected(&self.tokens[self.pos]));
                    }
                    self.pos += 1;
                    match assignment(&w) {
                        Some((name, value)) if s.words.is_empty() => s.assign.push((name, value)),
                        _ => s.words.push(w),
                    }
                }
                Some(Token::Redirect(fd, op)) => {
                    self.pos += 1;
                    let Some(Token::Word(w)) = self.peek().cloned() else {
                        return Err(self.peek().map_or_else(|| "syntax error: unexpected end of file".into(), unexpected));
                    };
                    self.pos += 1;
                    let digit = match w.as_slice() {
                        [Piece::Text { text, .. }] => text.parse::<u8>().ok(),
                        _ => None,
                    };
                    match (op, digit) {
                        (">&", Some(d)) => s.redirects.push(Redirect { fd, to: Target::Copy(d) }),
                        (">&" | "&>", _) => {
                            s.redirects.push(Redirect { fd: 1, to: Target::Write(w) });
                            s.redirects.push(Redirect { fd: 2, to: Target::Copy(1) });
                        }
                        (">>", _) => s.redirects.push(Redirect { fd, to: Target::Append(w) }),
                        ("<", _) => s.redirects.push(Redirect { fd, to: Target::Read(w) }),
                        ("<<", _) => s.redirects.push(Redirect { fd, to: Target::Text(w) }),
                        _ => s.redirects.push(Redirect { fd, to: Target::Write(w) }),
                    }
                }
                Some(Token::Op("(")) if s.words.len() == 1 && s.assign.is_empty() => {
                    self.pos += 1;
                    let name = match s.words[0].as_slice() {
                        [Piece::Text { text, quoted: false }] if self.eat(")") => text.clone(),
                        _ => return Err("syntax error: unexpected \"(\"".into()),
                    };
                    self.newlines();
                    return Ok(Node::Function(name, Box::new(self.command()?)));
                }
                _ => break,
            }
        }
        if s.words.is_empty() && s.assign.is_empty() && s.redirects.is_empty() {
            return Err(self.peek().map_or_else(|| "syntax error: unexpected end of file".into(), unexpected));
        }
        Ok(Node::Simple(Arc::new(s)))
    }
}

/// `NAME=value` as name and value.
fn assignment(w: &Word) -> Option<(Arc<str>, Word)> {
    let Some(Piece::Text { text, quoted: false }) = w.first() else { return None };
    let (name, rest) = text.split_once('=')?;
    let valid = name.chars().enumerate().all(|(i, c)| c == '_' || c.is_ascii_alphabetic() || (i > 0 && c.is_ascii_digit()));
    if name.is_empty() || !valid {
        return None;
    }
    let mut value: Word = Vec::new();
    if !rest.is_empty() {
        value.push(Piece::Text { text: rest.into(), quoted: false });
    }
    value.extend(w[1..].iter().cloned());
    Some((name.into(), value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_manifests_contain() {
        for text in [
            "sleep 1; exit 1",
            "mkdir -p /w; echo ok > /w/health; (sleep 20; rm /w/health) & exec httpd -f -p 8080 -h /w",
            "trap 'sleep 3; exit 0' TERM; while true; do sleep 1; done",
            "until nslookup db.default.svc.cluster.local; do echo waiting for db; sleep 2; done",
            "i=0; while true; do echo \"$i: $(date)\" >> /var/log/1.log; i=$((i+1)); sleep 1; done",
            "if [ ! -f /tmp/x ]; then touch /tmp/x; exit 1; elif true; then :; else echo b; fi 2>/dev/null",
            "for i in 1 2 3; do\n  echo $i\n  sleep 1\ndone",
            "f() { echo hi; }; f && f || exit 2 # end",
            "case $1 in a|b) echo x;; *) echo y;; esac",
            "cat <<EOF > /x\nhello\nEOF\necho done",
            "kill -15 $$; sleep 5",
            "",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
        for text in ["if true; then", "(sleep 1", "echo 'x", "done", "a && ", "while true; do sleep 1", "; ;; ("] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(10_000)).is_err());
        assert!(parse(&"$(".repeat(10_000)).is_err());
    }
}
