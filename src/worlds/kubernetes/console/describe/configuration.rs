//! `describe` of Namespaces, ConfigMaps, Secrets, quotas, accounts and roles.

use serde_json::Value;

use crate::worlds::kubernetes::kinds::Kind;

use super::super::shell::{Item, list_at, plain, text_at};
use super::{Scene, Writer, events, head};

/// Bytes that base64 text stands for.
fn bytes(text: &str) -> usize {
    text.trim_end_matches('=').len() * 3 / 4
}

fn sorted(map: &Value) -> Vec<(&str, &Value)> {
    let mut out: Vec<(&str, &Value)> = map.as_object().into_iter().flatten().map(|(k, v)| (k.as_str(), v)).collect();
    out.sort_by_key(|(k, _)| *k);
    out
}

pub(super) fn namespace(w: &mut Writer, scene: &Scene, item: &Item) {
    head(w, item);
    w.field(0, "Status", text_at(&item.json, "status.phase"));
    let conditions = list_at(&item.json, "status.conditions");
    if !conditions.is_empty() {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t------------------\t------\t-------");
        for c in conditions {
            let t = |k: &str| text_at(c, k);
            let at = super::age::long(t("lastTransitionTime"));
            w.line(1, format!("{}\t{}\t{at}\t{}\t{}", t("type"), t("status"), t("reason"), t("message")));
        }
    }
    w.line(0, "");
    let mut quotas = scene.list(Kind::ResourceQuota, item.name());
    quotas.sort_by(|a, b| a.name().cmp(b.name()));
    if quotas.is_empty() {
        w.line(0, "No resource quota.");
    } else {
        w.line(0, "Resource Quotas");
        for q in &quotas {
            w.field(1, "Name", q.name());
            w.line(1, "Resource\tUsed\tHard");
            w.line(1, "--------\t---\t---");
            usage(w, 1, &q.json["status"]);
        }
    }
    w.line(0, "");
    let limits = scene.list(Kind::LimitRange, item.name());
    if limits.is_empty() {
        w.line(0, "No LimitRange resource.");
    } else {
        w.line(0, "Resource Limits");
        w.line(0, " Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
        w.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
        for l in &limits {
            limit_rows(w, " ", &l.json["spec"]);
        }
    }
}

fn usage(w: &mut Writer, level: usize, status: &Value) {
    for (k, hard) in sorted(&status["hard"]) {
        let used = &status["used"][k];
        w.line(level, format!("{k}\t{}\t{}", if used.is_null() { "0".to_string() } else { plain(used) }, plain(hard)));
    }
}

pub(super) fn quota(w: &mut Writer, _: &Scene, item: &Item) {
    w.field(0, "Name", item.name());
    w.field(0, "Namespace", item.namespace());
    let scopes: Vec<String> = list_at(&item.json, "spec.scopes").iter().map(plain).collect();
    w.some(0, "Scopes", scopes.join(", "));
    w.line(0, "Resource\tUsed\tHard");
    w.line(0, "--------\t----\t----");
    usage(w, 0, &item.json["status"]);
}

fn limit_rows(w: &mut Writer, space: &str, spec: &Value) {
    for l in list_at(spec, "limits") {
        let fields = ["min", "max", "defaultRequest", "default", "maxLimitRequestRatio"];
        let mut names: Vec<&str> = fields.iter().flat_map(|f| sorted(&l[*f])).map(|(k, _)| k).collect();
        names.sort_unstable();
        names.dedup();
        for n in names {
            let cells: Vec<String> = fields.iter().map(|f| if l[*f][n].is_null() { "-".to_string() } else { plain(&l[*f][n]) }).collect();
            w.line(0, format!("{space}{}\t{n}\t{}", text_at(l, "type"), cells.join("\t")));
        }
    }
}

pub(super) fn limit_range(w: &mut Writer, _: &Scene, item: &Item) {
    w.field(0, "Name", item.name());
    w.field(0, "Namespace", item.namespace());
    w.line(0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    w.line(0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    limit_rows(w, "", &item.json["spec"]);
}

pub(super) fn config_map(w: &mut Writer, scene: &Scene, item: &Item) {
    head(w, item);
    w.line(0, "");
    w.line(0, "Data");
    w.line(0, "====");
    for (k, v) in sorted(&item.json["data"]) {
        w.line(0, format!("{k}:"));
        w.line(0, "----");
        w.line(0, v.as_str().unwrap_or_default());
        w.line(0, "");
    }
    w.line(0, "");
    w.line(0, "BinaryData");
    w.line(0, "====");
    let binary = sorted(&item.json["binaryData"]);
    for (k, v) in binary {
        w.line(0, format!("{k}: {} bytes", bytes(v.as_str().unwrap_or_default())));
    }
    w.line(0, "");
    events::events(w, scene, item);
}

pub(super) fn secret(w: &mut Writer, _: &Scene, item: &Item) {
    head(w, item);
    w.line(0, "");
    w.field(0, "Type", text_at(&item.json, "type"));
    w.line(0, "");
    w.line(0, "Data");
    w.line(0, "====");
    for (k, v) in sorted(&item.json["data"]) {
        w.field(0, k, format!("{} bytes", bytes(v.as_str().unwrap_or_default())));
    }
}

pub(super) fn service_account(w: &mut Writer, scene: &Scene, item: &Item) {
    head(w, item);
    for (title, field) in [("Image pull secrets", "imagePullSecrets"), ("Mountable secrets", "secrets")] {
        let names: Vec<&str> = list_at(&item.json, field).iter().map(|s| text_at(s, "name")).collect();
        list(w, title, &names);
    }
    let of = |s: &Item| {
        s.json["type"] == "kubernetes.io/service-account-token"
            && s.object.meta().annotation("kubernetes.io/service-account.name") == Some(item.name())
    };
    let tokens: Vec<Item> = scene.list(Kind::Secret, item.namespace()).into_iter().filter(of).collect();
    list(w, "Tokens", &tokens.iter().map(Item::name).collect::<Vec<_>>());
    events::events(w, scene, item);
}

fn list(w: &mut Writer, title: &str, names: &[&str]) {
    match names {
        [] => w.field(0, title, "<none>"),
        [first, rest @ ..] => {
            w.field(0, title, first);
            rest.iter().for_each(|n| w.line(0, format!("\t{n}")));
        }
    }
}

pub(super) fn role(w: &mut Writer, _: &Scene, item: &Item) {
    w.field(0, "Name", item.name());
    super::labels(w, 0, "Labels", &item.json["metadata"]["labels"]);
    super::annotations(w, 0, "Annotations", &item.json["metadata"]["annotations"]);
    w.line(0, "PolicyRule:");
    w.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    w.line(1, "---------\t-----------------\t--------------\t-----");
    let words = |r: &Value, k: &str| list_at(r, k).iter().map(plain).collect::<Vec<_>>().join(" ");
    for r in list_at(&item.json, "rules") {
        let groups = list_at(r, "apiGroups");
        let mut resources: Vec<String> = list_at(r, "resources")
            .iter()
            .flat_map(|x| {
                let name = plain(x);
                groups
                    .iter()
                    .map(move |g| if plain(g).is_empty() { name.clone() } else { format!("{name}.{}", plain(g)) })
                    .collect::<Vec<_>>()
            })
            .collect();
        if resources.is_empty() {
            resources.push(String::new());
        }
        for x in resources {
            w.line(1, format!("{x}\t[{}]\t[{}]\t[{}]", words(r, "nonResourceURLs"), words(r, "resourceNames"), words(r, "verbs")));
        }
    }
}

pub(super) fn role_binding(w: &mut Writer, _: &Scene, item: &Item) {
    w.field(0, "Name", item.name());
    super::labels(w, 0, "Labels", &item.json["metadata"]["labels"]);
    super::annotations(w, 0, "Annotations", &item.json["metadata"]["annotations"]);
    w.line(0, "Role:");
    w.field(1, "Kind", text_at(&item.json, "roleRef.kind"));
    w.field(1, "Name", text_at(&item.json, "roleRef.name"));
    w.line(0, "Subjects:");
    w.line(1, "Kind\tName\tNamespace");
    w.line(1, "----\t----\t---------");
    for s in list_at(&item.json, "subjects") {
        w.line(1, format!("{}\t{}\t{}", text_at(s, "kind"), text_at(s, "name"), text_at(s, "namespace")));
    }
}
