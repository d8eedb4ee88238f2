//! `kubectl api-resources`, `kubectl api-versions`

use crate::worlds::kubernetes::kinds::{KINDS, KindInfo};

use super::super::args::{Args, Flag, flag, short_text, text};
use super::super::print::table;
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) const FLAGS: &[Flag] = &[
    flag("namespaced"),
    text("api-group"),
    short_text("output", 'o'),
    flag("no-headers"),
    text("sort-by"),
    text("verbs"),
    text("categories"),
    flag("cached"),
];

/// One line of discovery.
struct Row {
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
    kind: &'static str,
}

const fn row(
    group: &'static str,
    version: &'static str,
    plural: &'static str,
    short: &'static [&'static str],
    namespaced: bool,
    kind: &'static str,
) -> Row {
    Row { group, version, plural, short, namespaced, kind }
}

/// What a real server serves besides the kinds that this world keeps.
#[rustfmt::skip]
const OTHERS: &[Row] = &[
    row("", "v1", "bindings", &[], true, "Binding"),
    row("", "v1", "componentstatuses", &["cs"], false, "ComponentStatus"),
    row("", "v1", "podtemplates", &[], true, "PodTemplate"),
    row("admissionregistration.k8s.io", "v1", "mutatingadmissionpolicies", &[], false, "MutatingAdmissionPolicy"),
    row("admissionregistration.k8s.io", "v1", "mutatingadmissionpolicybindings", &[], false, "MutatingAdmissionPolicyBinding"),
    row("admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", &[], false, "MutatingWebhookConfiguration"),
    row("admissionregistration.k8s.io", "v1", "validatingadmissionpolicies", &[], false, "ValidatingAdmissionPolicy"),
    row("admissionregistration.k8s.io", "v1", "validatingadmissionpolicybindings", &[], false, "ValidatingAdmissionPolicyBinding"),
    row("admissionregistration.k8s.io", "v1", "validatingwebhookconfigurations", &[], false, "ValidatingWebhookConfiguration"),
    row("apiextensions.k8s.io", "v1", "customresourcedefinitions", &["crd", "crds"], false, "CustomResourceDefinition"),
    row("apiregistration.k8s.io", "v1", "apiservices", &[], false, "APIService"),
    row("authentication.k8s.io", "v1", "selfsubjectreviews", &[], false, "SelfSubjectReview"),
    row("authentication.k8s.io", "v1", "tokenreviews", &[], false, "TokenReview"),
    row("authorization.k8s.io", "v1", "localsubjectaccessreviews", &[], true, "LocalSubjectAccessReview"),
    row("authorization.k8s.io", "v1", "selfsubjectaccessreviews", &[], false, "SelfSubjectAccessReview"),
    row("authorization.k8s.io", "v1", "selfsubjectrulesreviews", &[], false, "SelfSubjectRulesReview"),
    row("authorization.k8s.io", "v1", "subjectaccessreviews", &[], false, "SubjectAccessReview"),
    row("certificates.k8s.io", "v1", "certificatesigningrequests", &["csr"], false, "CertificateSigningRequest"),
    row("events.k8s.io", "v1", "events", &["ev"], true, "Event"),
    row("flowcontrol.apiserver.k8s.io", "v1", "flowschemas", &[], false, "FlowSchema"),
    row("flowcontrol.apiserver.k8s.io", "v1", "prioritylevelconfigurations", &[], false, "PriorityLevelConfiguration"),
    row("networking.k8s.io", "v1", "ipaddresses", &["ip"], false, "IPAddress"),
    row("networking.k8s.io", "v1", "servicecidrs", &[], false, "ServiceCIDR"),
    row("resource.k8s.io", "v1", "deviceclasses", &[], false, "DeviceClass"),
    row("resource.k8s.io", "v1", "resourceclaims", &[], true, "ResourceClaim"),
    row("resource.k8s.io", "v1", "resourceclaimtemplates", &[], true, "ResourceClaimTemplate"),
    row("resource.k8s.io", "v1", "resourceslices", &[], false, "ResourceSlice"),
    row("storage.k8s.io", "v1", "csistoragecapacities", &[], true, "CSIStorageCapacity"),
    row("storage.k8s.io", "v1", "volumeattributesclasses", &["vac"], false, "VolumeAttributesClass"),
];

/// A kind that discovery lists and this world does not keep, by a word for it.
pub(in super::super) fn other_kind(word: &str) -> Option<&'static str> {
    let word = word.to_ascii_lowercase();
    let (name, group) = word.split_once('.').map_or((&*word, None), |(n, g)| (n, Some(g)));
    let named = |r: &&Row| r.plural == name || r.kind.to_ascii_lowercase() == name || r.short.contains(&name);
    OTHERS.iter().filter(named).find(|r| group.is_none_or(|g| g == r.group)).map(|r| r.plural)
}

fn rows() -> Vec<Row> {
    let of = |i: &KindInfo| row(i.group, i.version, i.plural, i.short, i.namespaced, i.kind);
    let mut all: Vec<Row> = KINDS.iter().map(of).collect();
    all.extend(OTHERS.iter().map(|r| row(r.group, r.version, r.plural, r.short, r.namespaced, r.kind)));
    all.sort_by_key(|r| (r.group, r.plural));
    all
}

pub(in super::super) fn resources(sh: &mut Shell, args: &Args) -> Done {
    sh.check_up()?;
    for f in ["verbs", "categories"] {
        if args.has(f) {
            return Err(Failure::not_simulated(&format!("api-resources --{f}")));
        }
    }
    let fits = |r: &Row| {
        args.get("api-group").is_none_or(|g| g == r.group) && args.get("namespaced").is_none_or(|n| (n == "true") == r.namespaced)
    };
    let mut all: Vec<Row> = rows().into_iter().filter(fits).collect();
    match args.get("sort-by") {
        Some("kind") => all.sort_by_key(|r| r.kind),
        Some("name") => all.sort_by_key(|r| r.plural),
        Some(other) => return Err(Failure::error(format_args!("--sort-by accepts only name or kind, not {other}"))),
        None => {}
    }
    if args.get("output") == Some("name") {
        for r in &all {
            sh.say(if r.group.is_empty() { r.plural.to_string() } else { format!("{}.{}", r.plural, r.group) });
        }
        return Ok(());
    }
    if args.get("output").is_some_and(|o| o != "wide") {
        return Err(Failure::error(format_args!("--output {} is not available", args.get("output").unwrap_or_default())));
    }
    let mut lines: Vec<Vec<String>> = Vec::new();
    if !args.on("no-headers") {
        lines.push(["NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND"].map(String::from).to_vec());
    }
    for r in &all {
        let version = if r.group.is_empty() { r.version.to_string() } else { format!("{}/{}", r.group, r.version) };
        lines.push(vec![r.plural.into(), r.short.join(","), version, r.namespaced.to_string(), r.kind.into()]);
    }
    let text = table::print(&lines);
    sh.out.push_str(&text);
    Ok(())
}

pub(in super::super) fn versions(sh: &mut Shell, _: &Args) -> Done {
    sh.check_up()?;
    let mut all: Vec<String> =
        rows().iter().map(|r| if r.group.is_empty() { r.version.to_string() } else { format!("{}/{}", r.group, r.version) }).collect();
    all.push("autoscaling/v1".into());
    all.sort();
    all.dedup();
    for v in all {
        sh.say(v);
    }
    Ok(())
}
