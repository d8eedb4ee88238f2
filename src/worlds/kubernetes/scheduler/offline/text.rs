//! The report for people (design, section 10, "Scheduler"): verdict first, then the table, the nodes that are out, what would move it.

use std::fmt::Write;

use super::super::decision::{Decision, NodeVerdict};
use super::super::pod::PodInfo;
use super::cluster::Cluster;
use super::details::{detail, short};
use super::whatif::WhatIf;

/// How the text is drawn.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub width: usize,
    /// No characters beyond ASCII.
    pub ascii: bool,
    pub colour: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 120, ascii: false, colour: false }
    }
}

struct Marks {
    yes: &'static str,
    no: &'static str,
    arrow: &'static str,
    here: &'static str,
    none: &'static str,
    more: &'static str,
    block: &'static str,
}

impl Style {
    fn marks(self) -> Marks {
        if self.ascii {
            Marks { yes: "+", no: "x", arrow: "->", here: "<", none: "-", more: "...", block: "#" }
        } else {
            Marks { yes: "✔", no: "✖", arrow: "→", here: "◂", none: "–", more: "…", block: "▇" }
        }
    }
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
    }
}

/// Nodes turned down that are shown one by one; more are grouped by reason.
const SINGLE: usize = 8;
/// Scored nodes shown.
const SCORED: usize = 20;
/// Longer names of nodes lose their middle.
const NAME_WIDTH: usize = 40;

/// The verdict in one line, and what stands in the pod's condition if it cannot be placed.
pub fn brief(d: &Decision, style: Style) -> String {
    let (head, why) = outcome(d, style);
    let mut out = format!(" {}   {why}\n", painted(&head, d, style));
    if d.node.is_none() {
        wrapped(" ".repeat(4), &d.message, style, &mut out);
    }
    out
}

fn painted(head: &str, d: &Decision, style: Style) -> String {
    style.paint(if d.node.is_some() { "32;1" } else { "31;1" }, head)
}

/// Where the pod goes, and by what margin.
fn outcome(d: &Decision, style: Style) -> (String, String) {
    let arrow = style.marks().arrow;
    let filtered = match d.turned_down + d.left_out.as_ref().map_or(0, |(_, n)| *n) {
        0 => String::new(),
        1 => "; 1 node filtered out".into(),
        n => format!("; {n} nodes filtered out"),
    };
    let nodes = |n: usize| if n == 1 { "1 feasible node".to_string() } else { format!("{n} feasible nodes") };
    let feasible = d.feasible();
    let Some(node) = &d.node else {
        let why = match &d.preemption {
            Some((node, victims)) => {
                let names = d.victim_names(victims);
                let against = match d.pdb_violations {
                    0 => String::new(),
                    1 => ", 1 of them against a disruption budget".into(),
                    n => format!(", {n} of them against disruption budgets"),
                };
                format!("room is made on {node}: {} must go{against}", list(&names))
            }
            None if d.pre_filter.is_some() || d.cluster_size == 0 => "it cannot be placed anywhere".into(),
            None => format!("none of {} nodes fits", d.cluster_size),
        };
        return (format!("{} {arrow} no node", d.pod), why);
    };
    let total = |n: &NodeVerdict| n.total;
    let best = d.nodes.iter().filter_map(total).max();
    let why = match best.filter(|_| feasible > 1) {
        None if d.nominated => "nominated for it before; the other nodes were not tried".into(),
        None => format!("the only node that fits{filtered}"),
        Some(best) if d.candidates.len() > 1 => {
            let others: Vec<String> = d.candidates.iter().filter(|c| *c != node).map(|c| c.to_string()).collect();
            let also = list(&others);
            format!("tied with {also} at {best}, of {}{filtered}; the scheduler picks any of them", nodes(feasible))
        }
        Some(best) => {
            let second = d.nodes.iter().filter(|n| n.name != *node).filter_map(total).max().unwrap_or(0);
            format!("best of {}, {best} against {second}{filtered}", nodes(feasible))
        }
    };
    (format!("{} {arrow} {node}", d.pod), why)
}

fn list(names: &[String]) -> String {
    const SHOWN: usize = 5;
    match names {
        [] => "nobody".into(),
        [one] => one.clone(),
        many if many.len() > SHOWN => format!("{} and {} more", many[..SHOWN].join(", "), many.len() - SHOWN),
        many => format!("{} and {}", many[..many.len() - 1].join(", "), many[many.len() - 1]),
    }
}

/// The whole report about one decision.
pub fn report(d: &Decision, pod: &PodInfo, cluster: &Cluster, whatif: &[WhatIf], style: Style) -> String {
    let mut out = String::new();
    let (head, why) = outcome(d, style);
    let wide = 1 + head.chars().count() + 3 + why.chars().count() > style.width;
    if wide {
        let _ = writeln!(out, " {}", painted(&head, d, style));
        wrapped(" ".repeat(4), &why, style, &mut out);
    } else {
        let _ = writeln!(out, " {}   {why}", painted(&head, d, style));
    }
    let width = d.nodes.iter().map(|n| n.name.len()).max().unwrap_or(0).clamp(4, NAME_WIDTH);
    table(d, width, cluster, style, &mut out);
    rejected(d, pod, width, cluster, style, &mut out);
    preemption(d, style, &mut out);
    message(d, style, &mut out);
    moves(whatif, d, style, &mut out);
    out
}

/// A node's name that fits its column: both ends tell more than the middle.
fn fitting(name: &str, m: &Marks) -> String {
    let dots = m.more.chars().count();
    // Names of nodes are ASCII.
    if name.len() <= NAME_WIDTH || !name.is_ascii() {
        return name.to_string();
    }
    let head = (NAME_WIDTH - dots) / 2;
    let tail = NAME_WIDTH - dots - head;
    format!("{}{}{}", &name[..head], m.more, &name[name.len() - tail..])
}

fn table(d: &Decision, width: usize, cluster: &Cluster, style: Style, out: &mut String) {
    let m = style.marks();
    let mut scored: Vec<&NodeVerdict> = d.nodes.iter().filter(|n| n.total.is_some()).collect();
    // Among its equals the chosen one stands first, so that it is always there.
    scored.sort_by_key(|n| (std::cmp::Reverse(n.total), Some(&n.name) != d.node.as_ref()));
    if scored.is_empty() {
        for n in d.nodes.iter().filter(|n| n.rejected_by.is_none()) {
            let name = fitting(&n.name, &m);
            let _ = writeln!(out, " {name:width$}  {}   fits; with nothing to compare, nothing was scored  {}", m.yes, m.here);
        }
        looked_at(d, out);
        return;
    }
    let weight = |plugin: &str| cluster.profile.plugins.iter().find(|e| e.plugin.name() == plugin).map_or(1, |e| e.weight.max(1));
    // Columns in the order of the profile; resource claims are left out where they say nothing.
    let columns: Vec<(&str, i64)> = cluster
        .profile
        .plugins
        .iter()
        .map(|e| e.plugin.name())
        .filter(|p| scored.iter().any(|n| n.scores.iter().any(|(name, s)| name == p && (*s != 0 || *p != "DynamicResources"))))
        .map(|p| (p, weight(p)))
        .collect();
    // Bars where there is room for them; otherwise the numbers under heads that are no wider than they must be.
    let bars = width + 6 + columns.len() * 10 + 8 <= style.width;
    let heads: Vec<String> = columns.iter().map(|(p, _)| if bars { format!("{:<9}", short(p)) } else { short(p).to_string() }).collect();
    let _ = writeln!(out, " {:width$}     {} total", "", heads.join(" "));
    for n in scored.iter().take(SCORED) {
        let cells: Vec<String> = columns
            .iter()
            .zip(&heads)
            .map(|((p, weight), head)| {
                let cell = match n.scores.iter().find(|(name, _)| name == p) {
                    None => m.none.to_string(),
                    Some((_, s)) if bars => {
                        let blocks = (s * 4 + weight * 50) / (weight * 100);
                        format!("{s} {}", m.block.repeat(blocks.clamp(0, 4) as usize))
                    }
                    Some((_, s)) => s.to_string(),
                };
                format!("{cell:<0$}", head.chars().count())
            })
            .collect();
        let chosen = if d.node.as_deref() == Some(&*n.name) {
            format!("  {}", m.here)
        } else if d.candidates.contains(&n.name) {
            "  =".into()
        } else {
            String::new()
        };
        let _ = writeln!(out, " {:width$}  {}  {} {:>5}{chosen}", fitting(&n.name, &m), m.yes, cells.join(" "), n.total.unwrap_or(0));
    }
    if scored.len() > SCORED {
        let _ = writeln!(out, " {}{} more scored nodes", m.more, scored.len() - SCORED);
    }
    looked_at(d, out);
}

/// Why not every node was looked at.
fn looked_at(d: &Decision, out: &mut String) {
    if let Some(why) = d.partial() {
        let _ = writeln!(out, " {why}");
    }
}

fn rejected(d: &Decision, pod: &PodInfo, width: usize, cluster: &Cluster, style: Style, out: &mut String) {
    let m = style.marks();
    if let Some((plugin, reasons)) = &d.pre_filter {
        wrapped(format!(" all nodes  {}  ", m.no), &format!("{}: {}", short(plugin), reasons.join(", ")), style, out);
        return;
    }
    let rejected: Vec<&NodeVerdict> = d.nodes.iter().filter(|n| n.rejected_by.is_some()).collect();
    let line = |n: &NodeVerdict| {
        let (plugin, reasons) = n.rejected_by.as_ref()?;
        let info = cluster.cache.find(&n.name).map(|ix| cluster.cache.node(ix));
        let more = info.and_then(|i| detail(plugin, i, pod, &cluster.cache)).filter(|t| !t.is_empty());
        Some(format!("{}: {}{}", short(plugin), reasons.join(", "), more.map_or(String::new(), |t| format!(" ({t})"))))
    };
    if rejected.len() <= SINGLE {
        for n in rejected {
            wrapped(format!(" {:width$}  {}  ", fitting(&n.name, &m), m.no), &line(n).unwrap_or_default(), style, out);
        }
        return;
    }
    // Many: by plugin and reasons, the most frequent first.
    let mut groups: Vec<(String, Vec<String>)> = vec![];
    for n in rejected {
        let Some((plugin, reasons)) = &n.rejected_by else { continue };
        let key = format!("{}: {}", short(plugin), reasons.join(", "));
        match groups.iter_mut().find(|(k, _)| *k == key) {
            Some((_, names)) => names.push(n.name.to_string()),
            None => groups.push((key, vec![n.name.to_string()])),
        }
    }
    groups.sort_by_key(|(key, names)| (std::cmp::Reverse(names.len()), key.clone()));
    for (key, names) in groups {
        wrapped(format!(" {} {:>4}  ", m.no, names.len()), &format!("{key}   {}", list(&names)), style, out);
    }
}

/// Text after a head, its further lines under its first word.
fn wrapped(head: String, text: &str, style: Style, out: &mut String) {
    let indent = head.chars().count();
    let (mut line, mut used) = (head, indent);
    for word in text.split(' ') {
        let wide = word.chars().count();
        if used > indent && used + 1 + wide > style.width {
            let _ = writeln!(out, "{}", line.trim_end());
            (line, used) = (" ".repeat(indent), indent);
        }
        if used > indent {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += wide;
    }
    let _ = writeln!(out, "{}", line.trim_end());
}

fn preemption(d: &Decision, style: Style, out: &mut String) {
    if let Some((node, victims)) = &d.preemption {
        let names: Vec<String> = victims.iter().map(|v| v.name.to_string()).collect();
        let text = format!("{node} is nominated; victims: {}; when their grace is over the pod is tried again", list(&names));
        wrapped(" preemption  ".into(), &text, style, out);
        if !d.equal_preemptions.is_empty() {
            let equal: Vec<String> = d.equal_preemptions.iter().map(|(n, _)| n.to_string()).collect();
            wrapped(" ".repeat(13), &format!("just as good: {}", list(&equal)), style, out);
        }
    }
}

/// What the pod's condition and event say, in full.
fn message(d: &Decision, style: Style, out: &mut String) {
    if d.node.is_none() {
        wrapped(" message     ".into(), &d.message, style, out);
    }
}

fn moves(whatif: &[WhatIf], d: &Decision, style: Style, out: &mut String) {
    const STAYING: usize = 2;
    let m = style.marks();
    let still = |w: &WhatIf| match (&w.node, w.moves) {
        (Some(n), true) => format!("{} {} {n}", w.change, m.arrow),
        (Some(n), false) => format!("{} {} still {n}", w.change, m.arrow),
        (None, true) => format!("{} {} no node", w.change, m.arrow),
        (None, false) => format!("{} {} still no node", w.change, m.arrow),
    };
    let moving: Vec<String> = whatif.iter().filter(|w| w.moves).map(still).collect();
    let staying: Vec<String> = whatif.iter().filter(|w| !w.moves).take(STAYING).map(still).collect();
    if moving.is_empty() && staying.is_empty() {
        return;
    }
    let head = if d.node.is_some() { "would move it" } else { "would help" };
    let sep = if style.ascii { " | " } else { " · " };
    let (lead, all) = if moving.is_empty() {
        (format!(" nothing near {head}:"), staying)
    } else {
        (format!(" {head}:"), moving.into_iter().chain(staying).collect())
    };
    // Changes stay whole: a line ends where the next does not fit.
    let (mut lead, mut line) = (format!("{lead} "), String::new());
    for change in all {
        let used = lead.chars().count() + line.chars().count();
        if line.is_empty() {
            line = change;
        } else if used + sep.chars().count() + change.chars().count() > style.width {
            wrapped(std::mem::replace(&mut lead, " ".repeat(3)), &line, style, out);
            line = change;
        } else {
            line.push_str(sep);
            line.push_str(&change);
        }
    }
    wrapped(lead, &line, style, out);
}
