//! Progress as text: calm at 80 columns, and nothing said by colour.

use std::fmt::Write as _;

use jiff::civil::Date;

use super::{HEAVY_FROM, LEVELS, Mastery, Overview, Pace, Plan, Profile, Standing};

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub ascii: bool,
    /// Columns; nothing goes beyond, but for names that are longer.
    pub width: usize,
}

/// `20 November 2026`
pub fn long_date(date: Date) -> String {
    date.strftime("%-d %B %Y").to_string()
}

/// `Friday, 20 November 2026`
pub fn full_date(date: Date) -> String {
    date.strftime("%A, %-d %B %Y").to_string()
}

/// `20 Nov`
pub fn short_date(date: Date) -> String {
    date.strftime("%-d %b").to_string()
}

fn percent(share: f32) -> String {
    format!("{:.0} %", share * 100.0)
}

fn count(n: usize, one: &str, many: &str) -> String {
    if n == 1 { format!("1 {one}") } else { format!("{n} {many}") }
}

fn questions(n: usize) -> String {
    count(n, "question", "questions")
}

/// Where a person stands: the whole page.
pub fn overview(o: &Overview, style: Style) -> String {
    let s = &o.standing;
    let mut out = format!("Progress of {}, {}\n\n", o.profile.name, long_date(s.today));
    if s.reviews == 0 {
        let _ = write!(
            out,
            "  Nothing practised yet. {} wait in the bank.\n  `wheelhouse interview` begins; `wheelhouse progress plan --date 'in 6 days'` makes a plan.\n",
            questions(s.questions.len())
        );
        if let Some(p) = &o.plan {
            out += "\n";
            out += &plan(p, s);
        }
        return out;
    }
    figures(&mut out, o);
    if let Some(p) = &o.plan {
        out += "\n";
        out += &plan(p, s);
    }
    out += "\nComing due in the next 30 days\n";
    columns(&mut out, &s.forecast(30), s.today, style);
    weak(&mut out, o, style);
    heat(&mut out, o, style);
    out
}

fn figures(out: &mut String, o: &Overview) {
    let s = &o.standing;
    let (ready, retention, streak) = (s.readiness(s.today), s.retention(30), s.streak());
    let mut row = |name: &str, figure: String, about: String| {
        let _ = writeln!(out, "{}", format!("  {name:<10} {figure:>6}  {about}").trim_end());
    };
    let overdue = s.questions.iter().filter_map(|q| q.memory.as_ref()).filter(|m| m.due < s.today).count();
    let due = s.due().len();
    row("Due today", due.to_string(), if overdue > 0 { format!("{overdue} overdue") } else { String::new() });
    row("Ready", percent(ready.mastery), "what your answers would be worth today, over all questions".into());
    let strength = if ready.seen > 0 { format!("; those are worth {}", percent(ready.strength)) } else { String::new() };
    row("Seen", ready.seen.to_string(), format!("of {}{strength}", questions(ready.questions)));
    match (retention.measured, retention.predicted) {
        (Some(measured), Some(predicted)) => {
            let about = format!(
                "of {} in 30 days were known; expected: {}",
                count(retention.repetitions, "repetition", "repetitions"),
                percent(predicted)
            );
            row("Retention", percent(measured), about);
        }
        _ => row("Retention", "-".into(), "nothing was asked a second time yet".into()),
    }
    let days = count(streak.days, "day", "days");
    let today = if streak.practised_today || streak.days == 0 { "" } else { "; practise today to keep it" };
    row(
        "Streak",
        days,
        format!("longest {}, {} with practice{today}", count(streak.longest, "day", "days"), count(streak.active, "day", "days")),
    );
}

/// The plan in two or three lines.
pub fn plan(p: &Plan, s: &Standing) -> String {
    let on = full_date(p.interview);
    if p.over {
        return format!("Interview on {on}: that day is over. `wheelhouse progress plan --date DAY` sets another.\n");
    }
    if p.days_left == 0 {
        return format!("Interview today. Warm up with {} that are due, learn nothing new, and good luck.\n", questions(p.today));
    }
    let days = if p.days_left == 1 { "tomorrow".into() } else { format!("in {} days", p.days_left) };
    let again = p.today - p.new_today.min(p.today);
    let (from, done) = match p.done_today.checked_sub(p.today) {
        None => ("", format!("{} done so far", p.done_today)),
        Some(more) => {
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            (if p.days_left > 1 { " from tomorrow on" } else { "" }, format!("done{more}"))
        }
    };
    let mut out = format!("Interview on {on}, {days}: {} a day{from}\n", questions(p.per_day));
    let _ = writeln!(out, "  Today {} ({} new, {again} again), {done}.", p.today, p.new_today);
    let pace = match p.pace {
        // Nobody is on track with more than can be done.
        Pace::OnTrack if p.per_day >= HEAVY_FROM => None,
        Pace::OnTrack => Some("You are on track.".to_string()),
        Pace::Ahead(n) => Some(format!("You are {} ahead of the plan.", questions(n))),
        Pace::Behind(n) => Some(format!("You are {} behind the plan; the days left share them.", questions(n))),
    };
    pace.into_iter().for_each(|pace| out += &format!("  {pace}\n"));
    let then = s.readiness(p.interview);
    let repetitions = count(p.repetitions, "repetition", "repetitions");
    let _ = writeln!(out, "  Left: {} new, {repetitions}. If you stopped now: {} ready on the day.", p.new_left, percent(then.mastery));
    if p.per_day >= HEAVY_FROM {
        out += "  That is more than most people keep up: practise first what the role asks for.\n";
    }
    out
}

const ROWS: usize = 4;
const EIGHTHS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A column for each day, two wide, with the greatest number beside it and the dates below.
fn columns(out: &mut String, days: &[usize], today: Date, style: Style) {
    let most = days.iter().copied().max().unwrap_or(0);
    if most == 0 {
        out.push_str("  nothing\n");
        return;
    }
    let top = most.max(ROWS);
    for row in (0..ROWS).rev() {
        let label = if row == ROWS - 1 { top.to_string() } else { String::new() };
        let mut line = format!("  {label:>4} {}", if style.ascii { '|' } else { '│' });
        for n in days {
            // Something due is always seen: at least one eighth.
            let eighths = if *n == 0 { 0 } else { (n * ROWS * 8 / top).max(1) };
            let filled = eighths.saturating_sub(row * 8).min(8);
            line.push(if style.ascii { if filled >= 4 || (row == 0 && filled > 0) { '#' } else { ' ' } } else { EIGHTHS[filled] });
            line.push(' ');
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let base = if style.ascii { "-" } else { "─" }.repeat(days.len() * 2);
    let _ = writeln!(out, "     0 {}{base}", if style.ascii { '+' } else { '└' });
    let mut dates = " ".repeat(8);
    for week in (0..days.len()).step_by(7) {
        let label = if week == 0 { "today".into() } else { short_date(crate::study::records::memory::later(today, week as u32)) };
        let _ = write!(dates, "{label:<14}");
    }
    let _ = writeln!(out, "{}", dates.trim_end());
}

fn weak(out: &mut String, o: &Overview, style: Style) {
    let s = &o.standing;
    let weak = s.weak_topics();
    if !weak.is_empty() {
        out.push_str("\nWeakest topics\n");
        for t in weak.iter().take(5) {
            let bar = bar(t.all.strength, 20, style);
            let about = format!("{} of {} seen", t.all.seen, t.all.questions);
            let _ = writeln!(out, "  {:<28} {bar} {:>5}  {about}", clip(o.title(&t.topic), 28, style), percent(t.all.strength));
        }
    }
    let held: Vec<_> = s.questions.iter().flat_map(|q| q.misconceptions.iter().map(|m| (&q.item.question, m))).collect();
    if !held.is_empty() {
        out.push_str("\nMisconceptions in your last answers\n");
        listed(out, held.iter().map(|(q, m)| format!("{m} ({q})")));
    }
    let stubborn: Vec<_> = s.questions.iter().filter_map(|q| Some((&q.item.question, q.memory.as_ref()?))).collect();
    let stubborn: Vec<_> = stubborn.iter().flat_map(|(q, m)| m.stubborn().map(move |p| format!("{} ({q})", p.point))).collect();
    if !stubborn.is_empty() {
        out.push_str("\nKey points missed again and again; better to read them up\n");
        listed(out, stubborn.into_iter());
    }
}

fn listed(out: &mut String, lines: impl ExactSizeIterator<Item = String>) {
    let more = lines.len().saturating_sub(5);
    for line in lines.take(5) {
        let _ = writeln!(out, "  {line}");
    }
    if more > 0 {
        let _ = writeln!(out, "  and {more} more");
    }
}

fn bar(share: f32, width: usize, style: Style) -> String {
    let filled = (share * width as f32).round() as usize;
    let (full, empty) = if style.ascii { ("#", ".") } else { ("█", "░") };
    full.repeat(filled.min(width)) + &empty.repeat(width - filled.min(width))
}

/// The shape that stands for how well something is mastered, and the word for it.
pub fn heat_shape(m: &Mastery, ascii: bool) -> (char, &'static str) {
    let (shape, plain, word) = if m.questions == 0 {
        (' ', ' ', "no questions")
    } else if m.seen == 0 {
        ('·', '.', "not begun")
    } else {
        match m.mastery {
            x if x < 0.25 => ('○', 'o', "begun"),
            x if x < 0.5 => ('◔', '-', "shaky"),
            x if x < 0.75 => ('◑', '+', "half"),
            x if x < 0.9 => ('◕', '*', "good"),
            _ => ('●', '#', "solid"),
        }
    };
    (if ascii { plain } else { shape }, word)
}

/// Topics down, levels across: a shape and a number in each field.
fn heat(out: &mut String, o: &Overview, style: Style) {
    out.push_str("\nMastery by topic and level\n");
    let room = style.width.saturating_sub(2 + 10 * 5).clamp(14, 32);
    let names: String = LEVELS.iter().map(|l| l.word()).chain(["all"]).map(|name| format!("  {name:<8}")).collect();
    let _ = writeln!(out, "  {:<room$}{}", "", names.trim_end());
    for t in o.standing.topics() {
        let _ = write!(out, "  {:<room$}", clip(o.title(&t.topic), room, style));
        let mut line = String::new();
        for m in t.levels.iter().chain([&t.all]) {
            let (shape, _) = heat_shape(m, style.ascii);
            let number = if m.seen > 0 { percent(m.mastery) } else { String::new() };
            let _ = write!(line, "  {shape} {number:<6}");
        }
        let _ = writeln!(out, "{}", line.trim_end());
    }
    let legend = if style.ascii {
        ". not begun  o begun  - shaky  + half  * good  # solid"
    } else {
        "· not begun  ○ begun  ◔ shaky  ◑ half  ◕ good  ● solid"
    };
    let _ = writeln!(out, "  {legend}");
}

fn clip(text: &str, width: usize, style: Style) -> String {
    let end = if style.ascii { '.' } else { '…' };
    if text.chars().count() <= width { text.into() } else { text.chars().take(width - 1).chain([end]).collect() }
}

/// What is due, the most nearly forgotten first.
pub fn due(o: &Overview, limit: usize) -> String {
    let due = o.standing.due();
    if due.is_empty() {
        let next = o.standing.questions.iter().filter_map(|q| q.memory.as_ref()).map(|m| m.due).min();
        let next = next.map_or(String::new(), |d| format!(" The next comes on {}.", long_date(d)));
        return format!("Nothing is due today.{next} {} were never asked.\n", questions(o.standing.unseen().count()));
    }
    let mut out = format!("{} due today, the most nearly forgotten first\n\n", questions(due.len()));
    let wide = due.iter().take(limit).map(|q| q.item.question.chars().count()).max().unwrap_or(0);
    for q in due.iter().take(limit) {
        let Some(m) = &q.memory else { continue };
        let known = m.trace.retrievability(o.standing.today);
        // Missed a moment ago, it is not known all the same.
        let known = if known >= 0.995 { "again".to_string() } else { percent(known) };
        let missed = m.missed().count();
        let missed = if missed > 0 { format!(", {} missed", count(missed, "point", "points")) } else { String::new() };
        let id = &*q.item.question;
        let _ = writeln!(out, "  {id:<wide$}  {:<8}  known {known:>5}  last {:>3}{missed}", q.item.level.word(), m.score);
    }
    if due.len() > limit {
        let _ = writeln!(out, "  and {} more", due.len() - limit);
    }
    out
}

/// The profiles of the file; a mark and a word at the one in use.
pub fn profiles(all: &[Profile], current: &Profile) -> String {
    let wide = all.iter().map(|p| p.name.chars().count()).max().unwrap_or(0);
    let mut out = String::new();
    for p in all {
        let used = if p == current { "in use" } else { "" };
        let interview = p.interview.map_or(String::new(), |d| format!("interview on {}", long_date(d)));
        let _ =
            writeln!(out, "{}", format!("{} {:<wide$}  {used:<6}  {interview}", if p == current { "*" } else { " " }, p.name).trim_end());
    }
    out
}
