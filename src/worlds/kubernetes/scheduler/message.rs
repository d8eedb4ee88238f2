//! The text of "it does not fit" (pkg/scheduler/framework/types.go, FitError).

use std::collections::BTreeMap;

/// `0/3 nodes are available: 1 node(s) had untolerated taint(s), 2 Insufficient cpu.`
pub fn fit_error<'a>(nodes: usize, reasons: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for r in reasons {
        *counts.entry(r).or_default() += 1;
    }
    fit_error_counted(nodes, counts.into_iter())
}

/// The same from reasons already counted.
pub fn fit_error_counted<'a>(nodes: usize, counts: impl Iterator<Item = (&'a str, usize)>) -> String {
    let mut parts: Vec<String> = counts.map(|(reason, n)| format!("{n} {reason}")).collect();
    // As plain strings: "10 x" comes before "2 y".
    parts.sort();
    if parts.is_empty() {
        return format!("0/{nodes} nodes are available:");
    }
    format!("0/{nodes} nodes are available: {}.", parts.join(", "))
}

/// The message of a pod that PreFilter turned down: one reason for all nodes.
pub fn pre_filter_error(nodes: usize, message: &str) -> String {
    format!("0/{nodes} nodes are available: {message}.")
}

/// PostFilter's answer follows after a space.
pub fn with_post_filter(mut head: String, post: &str) -> String {
    if !post.is_empty() {
        head.push(' ');
        head.push_str(post);
    }
    head
}

/// An Event's note holds 1024 characters at most (staging/src/k8s.io/client-go/tools/events).
pub fn cut(message: &str) -> String {
    const MAX: usize = 1024;
    if message.len() <= MAX {
        return message.to_string();
    }
    let mut end = MAX - 4;
    while !message.is_char_boundary(end) {
        end -= 1;
    }
    format!("{} ...", &message[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn histogram_is_sorted_as_text() {
        let reasons = std::iter::repeat_n("Insufficient cpu", 10).chain(["Too many pods", "Too many pods"]);
        assert_eq!(fit_error(12, reasons), "0/12 nodes are available: 10 Insufficient cpu, 2 Too many pods.");
        assert!(cut(&"x".repeat(3000)).ends_with("x ..."));
        assert_eq!(cut(&"x".repeat(3000)).len(), 1024);
    }
}
