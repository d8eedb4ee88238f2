//! What several controllers need: selectors, ownership, numbers that may be percentages.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

use crate::worlds::kubernetes::api::meta::{Labels, Meta, OwnerRef};
use crate::worlds::kubernetes::api::object::Object;
use crate::worlds::kubernetes::kinds::Kind;

/// True if a label selector selects these labels; an empty selector selects everything.
pub fn selects(selector: &LabelSelector, labels: &Labels) -> bool {
    let get = |key: &str| labels.get(key).map(|v| &**v);
    let exact = selector.match_labels.iter().flatten().all(|(k, v)| get(k) == Some(v.as_str()));
    exact
        && selector.match_expressions.iter().flatten().all(|e| {
            let value = get(&e.key);
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

/// True if the selector has no requirement at all.
pub fn selects_all(selector: &LabelSelector) -> bool {
    selector.match_labels.as_ref().is_none_or(|m| m.is_empty()) && selector.match_expressions.as_ref().is_none_or(|m| m.is_empty())
}

/// The reference by which a controller marks what is its own.
pub fn controller_ref(owner: &Object) -> OwnerRef {
    let info = owner.kind().info();
    let meta = owner.meta();
    OwnerRef {
        api_version: info.api_version().into(),
        kind: info.kind.into(),
        name: meta.name.clone(),
        uid: meta.uid.clone(),
        controller: true,
        block_owner_deletion: true,
    }
}

/// The owner of a kind, if that is what controls the object.
pub fn owner_of(meta: &Meta, kind: Kind) -> Option<&OwnerRef> {
    meta.controller().filter(|o| &*o.kind == kind.info().kind)
}

/// Takes an owner's reference off an object.
pub fn release(meta: &mut Meta, owner_uid: &str) {
    Arc::make_mut(&mut meta.owners).retain(|o| &*o.uid != owner_uid);
}

/// A number or a percentage of `total` (apimachinery, GetScaledValueFromIntOrPercent); text that is neither counts as 0.
pub fn scaled(value: &IntOrString, total: i32, round_up: bool) -> i32 {
    match value {
        IntOrString::Int(n) => *n,
        IntOrString::String(s) => {
            let percent: i64 = s.trim_end_matches('%').parse().unwrap_or(0);
            let product = percent * i64::from(total);
            let result = if round_up { product.div_euclid(100) + i64::from(product.rem_euclid(100) > 0) } else { product.div_euclid(100) };
            result.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
        }
    }
}

/// Numbers of a status are absent when they are zero (`omitempty`).
pub fn nonzero(n: i32) -> Option<i32> {
    (n != 0).then_some(n)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelectorRequirement;

    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> Labels {
        Arc::new(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect())
    }

    #[test]
    fn selectors() {
        let mut s = LabelSelector { match_labels: Some(BTreeMap::from([("app".into(), "web".into())])), match_expressions: None };
        assert!(selects(&s, &labels(&[("app", "web"), ("x", "y")])));
        assert!(!selects(&s, &labels(&[("app", "db")])));
        let need = |op: &str, values: &[&str]| LabelSelectorRequirement {
            key: "tier".into(),
            operator: op.into(),
            values: Some(values.iter().map(ToString::to_string).collect()),
        };
        for (op, values, with, without) in [
            ("In", vec!["a"], true, false),
            ("NotIn", vec!["a"], false, true),
            ("Exists", vec![], true, false),
            ("DoesNotExist", vec![], false, true),
        ] {
            s = LabelSelector { match_labels: None, match_expressions: Some(vec![need(op, &values)]) };
            assert_eq!(selects(&s, &labels(&[("tier", "a")])), with, "{op}");
            assert_eq!(selects(&s, &labels(&[])), without, "{op}");
        }
        assert!(selects_all(&LabelSelector::default()));
    }

    #[test]
    fn percentages_round_as_asked() {
        let p = |s: &str| IntOrString::String(s.into());
        assert_eq!((scaled(&p("25%"), 10, true), scaled(&p("25%"), 10, false), scaled(&IntOrString::Int(7), 10, true)), (3, 2, 7));
        assert_eq!(scaled(&p("39%"), 10, true), 4);
        assert_eq!(scaled(&p("0%"), 0, true), 0);
    }
}
