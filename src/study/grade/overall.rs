//! The numbers of an answer as a whole, once it is known how sure each point and each misconception is.

use super::features::{Measured, NAMES as OF_TARGET};

/// Names of the numbers, in their order.
pub const NAMES: [&str; 74] = [
    "coverage",
    "coverage_squared",
    "coverage_logit",
    "best_point",
    "second_point",
    "worst_wrong",
    "all_wrong",
    "wrong_coverage",
    "words",
    "substance",
    "relevance",
    "soup",
    "coherence",
    "points",
    "bound",
    "misbound",
    "density",
    "density_short",
    "tight",
    "short",
    "misbound_wrong",
    "turned",
    "swapped",
    "joined",
    "negations",
    "exact",
    "recall",
    "lead_wrong",
    "lead_truth",
    "false_mean",
    "false_most",
    "false_share",
    "pairs_right",
    "pairs_wrong",
    "glue",
    "clause_length",
    "signs",
    "mean_lead_spoiled",
    "mean_spoiled",
    "mean_lead_idle",
    "mean_pairs",
    "mean_pairs_spoiled",
    "mean_pairs_lead",
    "mean_best",
    "mean_meaning",
    "mean_match",
    "mean_topic",
    "mean_learned_net",
    "mean_learned_wrong",
    "mean_learned_wrong_net",
    "mean_learned_true",
    "mean_learned_false",
    "max_lead_spoiled",
    "max_spoiled",
    "max_lead_idle",
    "max_pairs",
    "max_pairs_spoiled",
    "max_pairs_lead",
    "max_best",
    "max_meaning",
    "max_match",
    "max_topic",
    "max_learned_net",
    "max_learned_wrong",
    "max_learned_wrong_net",
    "max_learned_true",
    "max_learned_false",
    "made",
    "half_made",
    "spread",
    "middle",
    "wrong",
    "third_point",
    "made_sum",
];

/// Numbers of points of which the mean by certainty counts.
const WEIGHED: [&str; 8] = ["turned", "swapped", "joined", "negations", "exact", "recall", "lead_wrong", "lead_truth"];

/// Numbers of points of which the plain mean and the greatest count.
const PLAIN: [&str; 15] = [
    "lead_spoiled",
    "spoiled",
    "lead_idle",
    "pairs",
    "pairs_spoiled",
    "pairs_lead",
    "best",
    "meaning",
    "match",
    "topic",
    "learned_net",
    "learned_wrong",
    "learned_wrong_net",
    "learned_true",
    "learned_false",
];

/// See [`NAMES`]; needs one point at least.
pub fn numbers(measured: &Measured, said: &[f32], wrong: &[f32]) -> Vec<(&'static str, f32)> {
    let n = said.len().max(1) as f32;
    let sum: f32 = said.iter().sum();
    let coverage = sum / n;
    let odds = coverage.clamp(0.001, 0.999);
    let worst = wrong.iter().copied().fold(0.0, f32::max);
    let mut best = said.to_vec();
    best.sort_by(|a, b| b.total_cmp(a));
    let nth = |i: usize| best.get(i).copied().unwrap_or(0.0);
    let place = |name: &str| OF_TARGET.iter().position(|n| *n == name).unwrap_or_default();
    let of_points = |at: usize| measured.targets.iter().take(said.len()).map(move |t| t.numbers[at]);
    let weighed = |at: usize| said.iter().zip(of_points(at)).map(|(p, v)| p / sum.max(1e-6) * v).sum::<f32>();
    let share = |from: f32| said.iter().filter(|p| **p > from).count() as f32 / n;
    let variance = said.iter().map(|p| (p - coverage) * (p - coverage)).sum::<f32>() / n;
    let middle = f32::midpoint(nth((best.len().max(1) - 1) / 2), nth(best.len() / 2));
    let words = measured.tokens.len() as f32;
    let mut out = vec![
        coverage,
        coverage * coverage,
        libm::logf(odds / (1.0 - odds)),
        nth(0),
        nth(1),
        worst,
        wrong.iter().sum(),
        coverage * worst,
        libm::logf(words + 1.0),
        libm::logf(measured.substance + 1.0),
        measured.relevance,
        measured.soup,
        measured.coherence,
        n,
        measured.bound,
        measured.misbound,
        measured.density,
        measured.density * 20.0 / (words + 20.0),
        weighed(place("tightness")),
        1.0 / (measured.substance + 1.0),
        measured.misbound * worst,
    ];
    out.extend(WEIGHED.iter().map(|name| weighed(place(name))));
    out.extend(measured.falsehood);
    out.extend(measured.pairs);
    out.extend(measured.manner);
    out.extend(PLAIN.iter().map(|name| of_points(place(name)).sum::<f32>() / n));
    out.extend(PLAIN.iter().map(|name| of_points(place(name)).fold(f32::NEG_INFINITY, f32::max)));
    let asserted = wrong.iter().filter(|p| **p > 0.4).count() as f32;
    out.extend([share(0.5), share(0.3), variance.sqrt(), middle, asserted, nth(2), sum]);
    NAMES.into_iter().zip(out).collect()
}
