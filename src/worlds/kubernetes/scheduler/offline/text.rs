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

/// The verdict in one line.
pub fn verdict(d: &Decision, style: Style) -> String {
    let arrow = style.marks().arrow;
    let out = d.turned_down;
    let filtered = match out {
        0 => String::new(),
        1 => "; 1 node filtered out".into(),
        n => format!("; {n} nodes filtered out"),
    };
    let nodes = |n: usize| if n == 1 { "1 feasible node".to_string() } else { format!("{n} feasible nodes") };
    let feasible = d.feasible();
    let Some(node) = &d.node else {
        let head = style.paint("31;1", &format!("{} {arrow} no node", d.pod));
        return match &d.preemption {
            Some((node, victims)) => {
                let names: Vec<_> = victims.iter().map(|v| v.name.to_string()).collect();
                format!("{head}   room is made on {node}: {} must go", list(&names))
            }
            None if d.pre_filter.is_some() || d.cluster_size == 0 => format!("{head}   it cannot be placed anywhere"),
            None => format!("{head}   none of {} nodes fits", d.cluster_size),
        };
    };
    let head = style.paint("32;1", &format!("{} {arrow} {node}", d.pod));
    let total = |n: &NodeVerdict| n.total;
    let best = d.nodes.iter().filter_map(total).max();
    let Some(best) = best.filter(|_| feasible > 1) else {
        return format!("{head}   the only node that fits{filtered}");
    };
    if d.candidates.len() > 1 {
        let others: Vec<String> = d.candidates.iter().filter(|c| *c != node).map(|c| c.to_string()).collect();
        let also = list(&others);
        return format!("{head}   tied with {also} at {best}, of {}{filtered}; the scheduler picks any of them", nodes(feasible));
    }
    let second = d.nodes.iter().filter(|n| n.name != *node).filter_map(total).max().unwrap_or(0);
    format!("{head}   best of {}, {best} against {second}{filtered}", nodes(feasible))
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
    let mut out = format!(" {}\n", verdict(d, style));
    let width = d.nodes.iter().map(|n| n.name.len()).max().unwrap_or(0).clamp(4, 40);
    table(d, width, cluster, style, &mut out);
    rejected(d, pod, width, cluster, style, &mut out);
    preemption(d, &mut out);
    message(d, style, &mut out);
    moves(whatif, d, style, &mut out);
    out
}

fn table(d: &Decision, width: usize, cluster: &Cluster, style: Style, out: &mut String) {
    let m = style.marks();
    let scored: Vec<&NodeVerdict> = d.nodes.iter().filter(|n| n.total.is_some()).collect();
    if scored.is_empty() {
        for n in d.nodes.iter().filter(|n| n.rejected_by.is_none()) {
            let _ = writeln!(out, " {:width$}  {}   fits; with nothing to compare, nothing was scored  {}", n.name, m.yes, m.here);
        }
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
    let heads: Vec<String> = columns.iter().map(|(p, _)| format!("{:<9}", short(p))).collect();
    let _ = writeln!(out, " {:width$}     {} total", "", heads.join(" "));
    for n in scored.iter().take(SCORED) {
        let cells: Vec<String> = columns
            .iter()
            .map(|(p, weight)| match n.scores.iter().find(|(name, _)| name == p) {
                None => format!("{:<9}", m.none),
                Some((_, s)) => {
                    let blocks = (s * 4 + weight * 50) / (weight * 100);
                    format!("{:<9}", format!("{s} {}", m.block.repeat(blocks.clamp(0, 4) as usize)))
                }
            })
            .collect();
        let chosen = if d.node.as_deref() == Some(&*n.name) {
            format!("  {}", m.here)
        } else if d.candidates.contains(&n.name) {
            "  =".into()
        } else {
            String::new()
        };
        let _ = writeln!(out, " {:width$}  {}  {} {:>5}{chosen}", n.name, m.yes, cells.join(" "), n.total.unwrap_or(0));
    }
    if scored.len() > SCORED {
        let _ = writeln!(out, " {}{} more scored nodes", m.more, scored.len() - SCORED);
    }
    let looked_at = d.nodes.len();
    if looked_at < d.cluster_size && d.node.is_some() {
        let _ = writeln!(out, " {looked_at} of {} nodes were looked at (percentageOfNodesToScore)", d.cluster_size);
    }
}

fn rejected(d: &Decision, pod: &PodInfo, width: usize, cluster: &Cluster, style: Style, out: &mut String) {
    let m = style.marks();
    if let Some((plugin, reasons)) = &d.pre_filter {
        let _ = writeln!(out, " all nodes  {}  {}: {}", m.no, short(plugin), reasons.join(", "));
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
            let _ = writeln!(out, " {:width$}  {}  {}", n.name, m.no, fit(&line(n).unwrap_or_default(), style, width + 6));
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
        let text = format!(" {} {:>4}  {key}   {}", m.no, names.len(), list(&names));
        let _ = writeln!(out, "{}", fit(&text, style, 0));
    }
}

/// Cuts a line at the width.
fn fit(text: &str, style: Style, used: usize) -> String {
    let room = style.width.saturating_sub(used).max(20);
    if text.chars().count() <= room {
        return text.to_string();
    }
    let cut: String = text.chars().take(room - style.marks().more.chars().count()).collect();
    format!("{cut}{}", style.marks().more)
}

fn preemption(d: &Decision, out: &mut String) {
    if let Some((node, victims)) = &d.preemption {
        let names: Vec<String> = victims.iter().map(|v| v.name.to_string()).collect();
        let _ =
            writeln!(out, " preemption  {node} is nominated; victims: {}; when their grace is over the pod is tried again", list(&names));
        if !d.equal_preemptions.is_empty() {
            let equal: Vec<String> = d.equal_preemptions.iter().map(|(n, _)| n.to_string()).collect();
            let _ = writeln!(out, "             just as good: {}", list(&equal));
        }
    }
}

/// What the pod's condition and event say, in full.
fn message(d: &Decision, style: Style, out: &mut String) {
    const INDENT: usize = 12;
    if d.node.is_some() {
        return;
    }
    let mut line = String::from(" message    ");
    for word in d.message.split(' ') {
        if line.chars().count() + 1 + word.chars().count() > style.width.max(40) {
            let _ = writeln!(out, "{}", line.trim_end());
            line = " ".repeat(INDENT - 1);
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(out, "{}", line.trim_end());
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
    if moving.is_empty() {
        let _ = writeln!(out, " nothing near {head}: {}", staying.join(sep));
    } else {
        let all: Vec<String> = moving.into_iter().chain(staying).collect();
        let _ = writeln!(out, " {head}: {}", all.join(sep));
    }
}
