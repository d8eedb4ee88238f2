//! Disruption budgets as preemption sees them: best effort (pkg/scheduler/framework/plugins/defaultpreemption, filterPodsWithPDBViolation).

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;

use crate::worlds::kubernetes::kinds::Kind;

use super::cache::Cache;
use super::objects::body;
use super::pod::PodInfo;

struct Budget {
    namespace: Arc<str>,
    selector: LabelSelector,
    allowed: i64,
    disrupted: Vec<String>,
}

/// All budgets with what they still allow.
pub struct Budgets(Vec<Budget>);

impl Budgets {
    pub fn of(cache: &Cache) -> Self {
        let read = |o: &crate::worlds::kubernetes::api::object::Object| {
            let b = body(o)?;
            let selector: LabelSelector = serde_json::from_value(b["spec"]["selector"].clone()).ok()?;
            // An empty selector of a budget selects nothing here.
            if selector.match_labels.as_ref().is_none_or(|m| m.is_empty())
                && selector.match_expressions.as_ref().is_none_or(|m| m.is_empty())
            {
                return None;
            }
            let disrupted = b["status"]["disruptedPods"].as_object().into_iter().flatten().map(|(k, _)| k.clone()).collect();
            let allowed = b["status"]["disruptionsAllowed"].as_i64().unwrap_or(0);
            Some(Budget { namespace: o.meta().namespace.clone(), selector, allowed, disrupted })
        };
        Self(cache.objects.list(Kind::PodDisruptionBudget).filter_map(read).collect())
    }

    /// Pods whose removal would break a budget, and the others; both in the order given.
    pub fn split(&self, pods: &[Arc<PodInfo>], _cache: &Cache) -> (Vec<Arc<PodInfo>>, Vec<Arc<PodInfo>>) {
        let mut allowed: Vec<i64> = self.0.iter().map(|b| b.allowed).collect();
        let (mut violating, mut others) = (vec![], vec![]);
        for pod in pods {
            let mut violates = false;
            // A pod without labels matches no budget.
            if !pod.pod.meta.labels.is_empty() {
                for (budget, left) in self.0.iter().zip(&mut allowed) {
                    if *budget.namespace != *pod.pod.meta.namespace || !matches(&budget.selector, pod) {
                        continue;
                    }
                    // Its disruption was already counted.
                    if budget.disrupted.iter().any(|n| **n == *pod.pod.meta.name) {
                        continue;
                    }
                    *left -= 1;
                    violates |= *left < 0;
                }
            }
            if violates { violating.push(pod.clone()) } else { others.push(pod.clone()) }
        }
        (violating, others)
    }
}

/// meta/v1 LabelSelectorAsSelector over a pod's labels as text.
fn matches(selector: &LabelSelector, pod: &PodInfo) -> bool {
    let meta = &pod.pod.meta;
    selector.match_labels.iter().flatten().all(|(k, v)| meta.label(k) == Some(v))
        && selector.match_expressions.iter().flatten().all(|e| {
            let value = meta.label(&e.key);
            let listed = || value.is_some_and(|v| e.values.iter().flatten().any(|x| x == v));
            match e.operator.as_str() {
                "In" => listed(),
                "NotIn" => !listed(),
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        })
}
