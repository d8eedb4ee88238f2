//! Which plugins take part, in which order, with which weights; and the scheduler's other settings.

use crate::document::nearest;

use super::framework::Plugin;
use super::plugins::table::PLUGINS;

/// Settings beside the plugins.
const OPTIONS: [&str; 4] =
    ["percentageOfNodesToScore", "hardPodAffinityWeight", "minCandidateNodesPercentage", "minCandidateNodesAbsolute"];

/// One plugin of a profile.
#[derive(Clone, Copy)]
pub struct Enabled {
    pub plugin: &'static dyn Plugin,
    pub weight: i64,
    pub on: bool,
}

impl std::fmt::Debug for Enabled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}{}", self.plugin.name(), self.weight, if self.on { "" } else { " (off)" })
    }
}

/// A KubeSchedulerProfile (pkg/scheduler/apis/config/v1/{default_plugins,defaults}.go).
#[derive(Clone, Debug)]
pub struct Profile {
    pub plugins: Vec<Enabled>,
    /// 0 = adaptive
    pub percentage_of_nodes_to_score: usize,
    pub hard_pod_affinity_weight: i64,
    pub min_candidate_nodes_percentage: usize,
    pub min_candidate_nodes_absolute: usize,
    /// Decisions carry raw scores, too.
    pub keep_raw_scores: bool,
}

impl Default for Profile {
    fn default() -> Self {
        Self {
            plugins: PLUGINS.iter().map(|e| Enabled { plugin: e.plugin, weight: e.weight, on: true }).collect(),
            percentage_of_nodes_to_score: 0,
            hard_pod_affinity_weight: 1,
            min_candidate_nodes_percentage: 10,
            min_candidate_nodes_absolute: 100,
            keep_raw_scores: false,
        }
    }
}

impl Profile {
    /// Plugins that take part, with their place in the profile.
    pub fn enabled(&self) -> impl Iterator<Item = (usize, &'static dyn Plugin)> {
        self.plugins.iter().enumerate().filter(|(_, e)| e.on).map(|(i, e)| (i, e.plugin))
    }
    pub fn is_on(&self, plugin: &str) -> bool {
        self.enabled().any(|(_, p)| p.name() == plugin)
    }
    pub fn name(&self, at: usize) -> &'static str {
        self.plugins[at].plugin.name()
    }

    /// `NodeResourcesFit=5` changes a weight, `ImageLocality=off` takes a plugin out, `percentageOfNodesToScore=50` sets an option.
    ///
    /// # Errors
    /// A sentence that names what exists.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let number = |max: i64| {
            value
                .parse::<i64>()
                .ok()
                .filter(|v| (0..=max).contains(v))
                .ok_or_else(|| format!("{name} wants a number from 0 to {max}, not '{value}'"))
        };
        match name {
            "percentageOfNodesToScore" => self.percentage_of_nodes_to_score = number(100)? as usize,
            "hardPodAffinityWeight" => self.hard_pod_affinity_weight = number(100)?,
            "minCandidateNodesPercentage" => self.min_candidate_nodes_percentage = number(100)? as usize,
            "minCandidateNodesAbsolute" => self.min_candidate_nodes_absolute = number(1_000_000)? as usize,
            _ => {
                let Some(e) = self.plugins.iter_mut().find(|e| e.plugin.name().eq_ignore_ascii_case(name)) else {
                    let known: Vec<_> = self.plugins.iter().map(|e| e.plugin.name()).chain(OPTIONS).collect();
                    let help = match nearest(name, known.iter().copied()) {
                        Some(near) => format!("did you mean {near}?"),
                        None => format!("there are {}", known.join(", ")),
                    };
                    return Err(format!("there is no scheduler plugin or option '{name}'; {help}"));
                };
                match value.to_ascii_lowercase().as_str() {
                    "off" | "false" | "disabled" => e.on = false,
                    "on" | "true" | "enabled" => e.on = true,
                    _ if !e.plugin.scores() => {
                        return Err(format!("{} has no weight (it does not score); use {name}=off or {name}=on", e.plugin.name()));
                    }
                    _ => {
                        // pkg/scheduler/framework/runtime: a score plugin's weight is at least 1; 0 takes it out of scoring.
                        e.weight = number(100).map_err(|e| format!("{e}; off takes the plugin out"))?;
                    }
                }
            }
        }
        Ok(())
    }
}
