//! How Go names types and values in the decoder's errors.

use serde_json::Value;

/// "string", "number", "object"; with `literal` a number that does not fit is quoted.
pub(super) fn found(value: &Value, literal: bool) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(_) => "bool".into(),
        Value::Number(n) if literal => format!("number {n}"),
        Value::Number(_) => "number".into(),
        Value::String(_) => "string".into(),
        Value::Array(_) => "array".into(),
        Value::Object(_) => "object".into(),
    }
}

/// The package is the API version: `v1` everywhere but for the autoscaler's own types.
pub(super) fn struct_type(name: &str) -> String {
    const V2: &[&str] = &[
        "ContainerResourceMetricSource",
        "CrossVersionObjectReference",
        "ExternalMetricSource",
        "HPAScalingPolicy",
        "HPAScalingRules",
        "HorizontalPodAutoscaler",
        "HorizontalPodAutoscalerBehavior",
        "HorizontalPodAutoscalerSpec",
        "HorizontalPodAutoscalerStatus",
        "MetricIdentifier",
        "MetricSpec",
        "MetricTarget",
        "ObjectMetricSource",
        "PodsMetricSource",
        "ResourceMetricSource",
    ];
    format!("{}.{name}", if V2.contains(&name) { "v2" } else { "v1" })
}

pub(super) fn map_type(of: &str) -> String {
    if of == "resource.Quantity" { "v1.ResourceList".into() } else { format!("map[string]{of}") }
}

/// Fields whose Go type is a named string (staging/src/k8s.io/api/*/types.go).
const NAMED: &[(&str, &str, &str)] = &[
    ("Container", "imagePullPolicy", "v1.PullPolicy"),
    ("Container", "restartPolicy", "v1.ContainerRestartPolicy"),
    ("Container", "terminationMessagePolicy", "v1.TerminationMessagePolicy"),
    ("ContainerPort", "protocol", "v1.Protocol"),
    ("CronJobSpec", "concurrencyPolicy", "v1.ConcurrencyPolicy"),
    ("DaemonSetUpdateStrategy", "type", "v1.DaemonSetUpdateStrategyType"),
    ("DeploymentStrategy", "type", "v1.DeploymentStrategyType"),
    ("EmptyDirVolumeSource", "medium", "v1.StorageMedium"),
    ("HPAScalingPolicy", "type", "v2.HPAScalingPolicyType"),
    ("HPAScalingRules", "selectPolicy", "v2.ScalingPolicySelect"),
    ("HTTPGetAction", "scheme", "v1.URIScheme"),
    ("HTTPIngressPath", "pathType", "v1.PathType"),
    ("HostPathVolumeSource", "type", "v1.HostPathType"),
    ("JobSpec", "completionMode", "v1.CompletionMode"),
    ("JobSpec", "podReplacementPolicy", "v1.PodReplacementPolicy"),
    ("LabelSelectorRequirement", "operator", "v1.LabelSelectorOperator"),
    ("LimitRangeItem", "type", "v1.LimitType"),
    ("MetricSpec", "type", "v2.MetricSourceType"),
    ("MetricTarget", "type", "v2.MetricTargetType"),
    ("NetworkPolicyPort", "protocol", "v1.Protocol"),
    ("NetworkPolicySpec", "policyTypes", "v1.PolicyType"),
    ("NodeSelectorRequirement", "operator", "v1.NodeSelectorOperator"),
    ("PersistentVolumeClaimSpec", "accessModes", "v1.PersistentVolumeAccessMode"),
    ("PersistentVolumeClaimSpec", "volumeMode", "v1.PersistentVolumeMode"),
    ("PersistentVolumeSpec", "accessModes", "v1.PersistentVolumeAccessMode"),
    ("PersistentVolumeSpec", "persistentVolumeReclaimPolicy", "v1.PersistentVolumeReclaimPolicy"),
    ("PersistentVolumeSpec", "volumeMode", "v1.PersistentVolumeMode"),
    ("PodDisruptionBudgetSpec", "unhealthyPodEvictionPolicy", "v1.UnhealthyPodEvictionPolicyType"),
    ("PodSpec", "dnsPolicy", "v1.DNSPolicy"),
    ("PodSpec", "preemptionPolicy", "v1.PreemptionPolicy"),
    ("PodSpec", "restartPolicy", "v1.RestartPolicy"),
    ("PriorityClass", "preemptionPolicy", "v1.PreemptionPolicy"),
    ("Secret", "type", "v1.SecretType"),
    ("ServicePort", "protocol", "v1.Protocol"),
    ("ServiceSpec", "externalTrafficPolicy", "v1.ServiceExternalTrafficPolicy"),
    ("ServiceSpec", "internalTrafficPolicy", "v1.ServiceInternalTrafficPolicy"),
    ("ServiceSpec", "ipFamilies", "v1.IPFamily"),
    ("ServiceSpec", "ipFamilyPolicy", "v1.IPFamilyPolicy"),
    ("ServiceSpec", "sessionAffinity", "v1.ServiceAffinity"),
    ("ServiceSpec", "type", "v1.ServiceType"),
    ("StatefulSetSpec", "podManagementPolicy", "v1.PodManagementPolicyType"),
    ("StatefulSetUpdateStrategy", "type", "v1.StatefulSetUpdateStrategyType"),
    ("StorageClass", "reclaimPolicy", "v1.PersistentVolumeReclaimPolicy"),
    ("StorageClass", "volumeBindingMode", "v1.VolumeBindingMode"),
    ("Taint", "effect", "v1.TaintEffect"),
    ("Toleration", "effect", "v1.TaintEffect"),
    ("Toleration", "operator", "v1.TolerationOperator"),
    ("TopologySpreadConstraint", "whenUnsatisfiable", "v1.UnsatisfiableConstraintAction"),
];

/// The named type of a string field, or `plain`.
pub(super) fn named_type<'p>(of: &str, field: &str, plain: &'p str) -> std::borrow::Cow<'p, str> {
    let (list, base) = plain.strip_prefix("[]").map_or((false, plain), |b| (true, b));
    match NAMED.iter().find(|(s, f, _)| base == "string" && *s == of && *f == field) {
        Some((_, _, t)) if list => format!("[]{t}").into(),
        Some((_, _, t)) => (*t).into(),
        None => plain.into(),
    }
}

/// intstr.IntOrString decodes itself: text as it is, everything else as an int32 (apimachinery/pkg/util/intstr).
pub(super) fn int_or_string(value: &Value) -> String {
    format!("json: cannot unmarshal {} into Go value of type int32", found(value, true))
}

/// Where Go's base64 decoder stops (encoding/base64, decodeQuantum): line ends are skipped, four characters at a time.
pub(super) fn base64_error(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut at = 0;
    let corrupt = |at: usize| format!("illegal base64 data at input byte {at}");
    loop {
        let mut in_quantum = 0;
        loop {
            let Some(&b) = bytes.get(at) else {
                // The input ended inside a group of four.
                return corrupt(at - in_quantum.min(at));
            };
            at += 1;
            match b {
                b'\r' | b'\n' => continue,
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                    in_quantum += 1;
                    if in_quantum == 4 {
                        break;
                    }
                }
                b'=' => {
                    if in_quantum < 2 {
                        return corrupt(at - 1);
                    }
                    if in_quantum == 2 {
                        while matches!(bytes.get(at), Some(b'\r' | b'\n')) {
                            at += 1;
                        }
                        match bytes.get(at) {
                            None => return corrupt(bytes.len()),
                            Some(b'=') => at += 1,
                            Some(_) => return corrupt(at),
                        }
                    }
                    while matches!(bytes.get(at), Some(b'\r' | b'\n')) {
                        at += 1;
                    }
                    // Padding ends the input.
                    return corrupt(at.min(bytes.len()));
                }
                _ => return corrupt(at - 1),
            }
        }
    }
}
