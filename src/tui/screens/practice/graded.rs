//! A judged answer: the score, the answer with the proving words lit, the rubric, wrong beliefs with what is true, model answers.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use jiff::civil::Date;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};

use crate::session::practice::{Evidence, Question};
use crate::session::progress::short_date;
use crate::session::view::SimTime;
use crate::tui::desk::{Asked, Graded};
use crate::tui::draw::Pen;
use crate::tui::text;
use crate::tui::theme::{Depth, Ink};
use crate::tui::widgets::doc::Doc;
use crate::tui::widgets::scroll::Scroll;

use super::{READABLE, TWO_COLUMNS, degree, score_ink, score_word, side_by_side};

/// Everything that is shown.
pub struct Shown<'a> {
    pub asked: &'a Asked,
    pub graded: &'a Graded,
    pub answer: &'a str,
    /// The person judged it, not the grader.
    pub rated: bool,
    pub model: usize,
    /// Scroll to the model answer, once.
    pub to_model: &'a Cell<bool>,
    /// The lab that shows it.
    pub lab: Option<&'a (Arc<str>, SimTime)>,
    pub about: &'a str,
    pub interview: bool,
    pub today: Date,
}

/// The heading of the model answer.
const MODEL: &str = "It can be said like this   ";

/// Words that prove a point: colour and a line below.
fn proving(pen: &Pen) -> Style {
    pen.ink(Ink::Good).add_modifier(Modifier::UNDERLINED)
}
/// Words that are wrong: another colour, and reversed where there are none.
fn wrong(pen: &Pen) -> Style {
    let style = pen.ink(Ink::Bad);
    if pen.theme.depth == Depth::None { style.add_modifier(Modifier::REVERSED) } else { style.add_modifier(Modifier::UNDERLINED) }
}

/// A range of the answer as a short quotation.
fn quote(answer: &str, range: &Range<usize>) -> String {
    let words = answer.get(range.clone()).unwrap_or_default();
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

pub fn draw(pen: &mut Pen, body: Rect, shown: &Shown, scroll: &Scroll) {
    if body.width < TWO_COLUMNS {
        let mut doc = Doc::new(body.width.min(READABLE).saturating_sub(2));
        summary(&mut doc, pen, shown);
        doc.gap();
        said(&mut doc, pen, shown);
        doc.gap();
        rubric(&mut doc, pen, shown);
        beliefs(&mut doc, pen, shown);
        advice(&mut doc, pen, shown);
        rest(&mut doc, pen, shown);
        find_model(&doc, body, shown, scroll);
        doc.draw(pen, body, scroll);
        return;
    }
    // What was said on the left, what belongs in it on the right.
    let gap = 4;
    let width = body.width.min(2 * READABLE + gap);
    let left = (width - gap) / 2;
    let right = width - gap - left;
    let mut a = Doc::new(left.saturating_sub(1));
    summary(&mut a, pen, shown);
    a.gap();
    said(&mut a, pen, shown);
    beliefs(&mut a, pen, shown);
    advice(&mut a, pen, shown);
    let mut b = Doc::new(right.saturating_sub(1));
    rubric(&mut b, pen, shown);
    rest(&mut b, pen, shown);
    find_model(&b, body, shown, scroll);
    side_by_side(pen, (a, Rect { width: left, ..body }), (b, Rect { x: body.x + left + gap, width: right, ..body }), scroll);
}

/// Brings the model answer into sight after it was asked for.
fn find_model(doc: &Doc, body: Rect, shown: &Shown, scroll: &Scroll) {
    if !shown.to_model.take() {
        return;
    }
    let heading = |l: &Vec<(String, Style)>| l.first().is_some_and(|(words, _)| words.starts_with(MODEL));
    if let Some(line) = doc.lines.iter().position(heading) {
        let height = usize::from(body.height);
        let first = scroll.lay(height, doc.lines.len());
        if line < first || doc.lines.len() > first + height {
            scroll.to(line);
        }
    }
}

/// Question, score and when it comes back.
fn summary(doc: &mut Doc, pen: &Pen, shown: &Shown) {
    let (dim, title) = (pen.ink(Ink::Dim), pen.ink(Ink::Title));
    let g = pen.theme.glyphs;
    doc.para(0, &shown.asked.text, title);
    doc.line(&[(shown.about, dim)]);
    doc.gap();
    let score = shown.graded.score;
    let style = pen.ink(score_ink(score));
    let full = usize::from(score).div_ceil(10).min(10);
    let (on, off) = (g.full.repeat(full), g.empty.repeat(10 - full));
    let by = if shown.rated { " by your own judgement" } else { "" };
    let number = format!("{score:>3}  ");
    let words = format!("  {}{by}", score_word(score));
    let faint = pen.ink(Ink::Faint);
    doc.line(&[(&number, style), (&on, style), (&off, faint), (&words, pen.ink(Ink::Text))]);
    let due = match shown.graded.due {
        Some(d) if d <= shown.today => "comes again today".to_string(),
        Some(d) => format!("comes again on {}", short_date(d)),
        None if shown.asked.follow_up => "a follow-up is exercise, it changes no date".to_string(),
        None => String::new(),
    };
    if !due.is_empty() {
        let rating = if shown.graded.rating.is_empty() { String::new() } else { format!("{} {} ", shown.graded.rating, g.dot) };
        doc.para(5, &format!("{rating}{due}"), dim);
    }
}

/// The answer, lit.
fn said(doc: &mut Doc, pen: &Pen, shown: &Shown) {
    let dim = pen.ink(Ink::Dim);
    if shown.answer.trim().is_empty() {
        return;
    }
    let mut ranges: Vec<(Range<usize>, Style)> = Vec::new();
    let good = proving(pen);
    for (_, d, evidence) in &shown.graded.points {
        if *d >= 40 {
            ranges.extend(evidence.iter().map(|r| (r.clone(), good)));
        }
    }
    let bad = wrong(pen);
    for (_, evidence) in &shown.graded.misconceptions {
        ranges.extend(evidence.iter().map(|r| (r.clone(), bad)));
    }
    for (a, b) in &shown.graded.contradictions {
        ranges.extend([(a.clone(), bad), (b.clone(), bad)]);
    }
    doc.line(&[("Your answer", dim)]);
    doc.lit(2, shown.answer.trim_end(), pen.ink(Ink::Text), &ranges);
    doc.gap();
}

/// Point by point: made, half made, missing, and with which words.
fn rubric(doc: &mut Doc, pen: &Pen, shown: &Shown) {
    let (dim, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Text));
    doc.line(&[("What belongs in it", dim)]);
    let lit = proving(pen);
    for point in shown.asked.rubric() {
        let d = shown.graded.degree(&point.id);
        let (sign, style, word) = degree(pen, d);
        let lead = format!("{word:<8}");
        doc.hang(1, &[(sign, style), (" ", plain), (&lead, style)], &point.text, plain);
        if d < 40 {
            continue;
        }
        let evidence = shown.graded.points.iter().find(|(id, ..)| *id == point.id).map(|(_, _, e)| e.as_slice()).unwrap_or_default();
        for range in evidence.iter().take(3) {
            let words = quote(shown.answer, range);
            if !words.is_empty() {
                doc.hang(11, &[("“", dim)], &format!("{words}”"), lit);
            }
        }
    }
    doc.gap();
}

/// Cards: what was said that is not so, what is true; places that contradict each other.
fn beliefs(doc: &mut Doc, pen: &Pen, shown: &Shown) {
    let (dim, plain, bad, warn) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Bad), pen.ink(Ink::Warn));
    let g = pen.theme.glyphs;
    for (id, evidence) in &shown.graded.misconceptions {
        let Some(m) = shown.asked.question.misconception(id) else { continue };
        let quotes: Vec<String> = evidence.iter().map(|r| format!("“{}”", quote(shown.answer, r))).collect();
        let heading = if quotes.is_empty() { "you said".to_string() } else { format!("you said {}", quotes.join(", ")) };
        card(doc, pen, &[(&format!("{} not so: {heading}", g.warn), bad), (&m.text, dim), (&m.correction, plain)]);
    }
    for (a, b) in &shown.graded.contradictions {
        let words = format!("{} these do not go together: “{}” and “{}”", g.warn, quote(shown.answer, a), quote(shown.answer, b));
        card(doc, pen, &[(&words, warn)]);
    }
}

/// A small frame within the text.
fn card(doc: &mut Doc, pen: &Pen, paragraphs: &[(&str, Style)]) {
    let faint = pen.ink(Ink::Dim);
    let [tl, tr, bl, br, h, v, ..] = pen.theme.glyphs.frame;
    let inside = doc.columns.saturating_sub(6).max(8);
    doc.gap();
    doc.line(&[(&format!(" {tl}{}{tr}", h.repeat(inside + 2)), faint)]);
    for (words, style) in paragraphs {
        for line in text::wrap(words, inside) {
            let pad = " ".repeat(inside.saturating_sub(text::width(&line)));
            doc.line(&[(&format!(" {v} "), faint), (&line, *style), (&format!("{pad} {v}"), faint)]);
        }
    }
    doc.line(&[(&format!(" {bl}{}{br}", h.repeat(inside + 2)), faint)]);
    doc.gap();
}

/// What to say next time, and what an interviewer asks now.
fn advice(doc: &mut Doc, pen: &Pen, shown: &Shown) {
    let (dim, plain, story) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Story));
    if !shown.graded.next.is_empty() {
        doc.gap();
        doc.hang(0, &[("Next time  ", dim)], &shown.graded.next, plain);
    }
    if let Some(asked) = &shown.graded.follow_up {
        doc.gap();
        let lead = if shown.interview { "Now        " } else { "Follow-up  " };
        doc.hang(0, &[(lead, dim)], &format!("“{}”", asked.text), story);
    }
}

/// Evidence and the model answer.
fn rest(doc: &mut Doc, pen: &Pen, shown: &Shown) {
    let (dim, plain, key) = (pen.ink(Ink::Dim), pen.ink(Ink::Text), pen.ink(Ink::Key));
    let q = &shown.asked.question;
    doc.gap();
    match &q.evidence {
        Evidence::Scenario { name, at, look } => {
            doc.hang(0, &[("See it     ", dim), ("s ", key)], &format!("{name} at {at}: {look}"), plain);
        }
        Evidence::Claim(id) => match shown.lab {
            Some((name, _)) => {
                doc.hang(0, &[("See it     ", dim), ("s ", key)], &format!("{name}"), plain);
                doc.hang(11, &[("c ", key)], &format!("claim {id}"), plain);
            }
            None => doc.hang(0, &[("See it     ", dim), ("c ", key)], &format!("claim {id}"), plain),
        },
        Evidence::None(why) => doc.hang(0, &[("See it     ", dim)], why, dim),
    }
    if shown.model == 0 {
        doc.gap();
        doc.line(&[("Model      ", dim), ("m ", key), ("shows how it can be said", dim)]);
    } else {
        model(doc, pen, q, shown.model);
    }
}

/// The model answer in one of its lengths.
pub fn model(doc: &mut Doc, pen: &Pen, question: &Question, which: usize) {
    let (dim, strong, plain) = (pen.ink(Ink::Dim), pen.ink(Ink::Strong), pen.ink(Ink::Text));
    let a = &question.answers;
    let words = match which {
        1 => &a.short,
        2 => &a.medium,
        _ => &a.long,
    };
    doc.gap();
    let mut heading: Vec<(&str, Style)> = vec![(MODEL, dim)];
    for (i, name) in ["20 seconds", "1 minute", "3 minutes"].into_iter().enumerate() {
        if i > 0 {
            heading.push((pen.theme.glyphs.split, dim));
        }
        let mark = if i + 1 == which { strong.add_modifier(Modifier::UNDERLINED) } else { dim };
        heading.extend([(" ", dim), (name, mark), (" ", dim)]);
    }
    doc.line(&heading);
    for paragraph in words.lines() {
        doc.para(2, paragraph, plain);
    }
    doc.gap();
}
