//! `runAsNonRoot`: a container that would run as root is not created.
//! Follows: pkg/kubelet/kuberuntime/security_context_others.go, kuberuntime_image.go (getImageUser), pkg/securitycontext.

use k8s_openapi::api::core::v1 as core;

/// May this container run as whom it says, or as whom its image says?
///
/// # Errors
/// The kubelet's sentence; `pod` is `name_namespace(uid)`.
pub(super) fn verify_non_root(pod: &str, spec: &core::PodSpec, c: &core::Container, image_user: Option<&str>) -> Result<(), String> {
    // What the container says goes before what its pod says, field by field.
    let (own, all) = (c.security_context.as_ref(), spec.security_context.as_ref());
    let non_root = own.and_then(|s| s.run_as_non_root).or(all.and_then(|s| s.run_as_non_root));
    if non_root != Some(true) {
        return Ok(());
    }
    let whose = format!("(pod: {pod:?}, container: {})", c.name);
    match own.and_then(|s| s.run_as_user).or(all.and_then(|s| s.run_as_user)) {
        Some(0) => return Err(format!("container's runAsUser breaks non-root policy {whose}")),
        Some(_) => return Ok(()),
        None => {}
    }
    // The group does not count, and an image that names nobody runs as root.
    let user = image_user.map(|u| u.split(':').next().unwrap_or_default()).filter(|u| !u.is_empty()).unwrap_or("0");
    match user.parse::<i64>() {
        Ok(0) => Err(format!("container has runAsNonRoot and image will run as root {whose}")),
        Ok(_) => Ok(()),
        Err(_) => {
            Err(format!("container has runAsNonRoot and image has non-numeric user ({user}), cannot verify user is non-root {whose}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn nobody_runs_as_root_who_must_not() {
        let said = |pod: serde_json::Value, own: serde_json::Value, user: Option<&str>| {
            let c: core::Container = serde_json::from_value(json!({"name": "c", "securityContext": own})).expect("a container");
            let spec: core::PodSpec = serde_json::from_value(json!({"containers": [], "securityContext": pod})).expect("a spec");
            verify_non_root("p_default(u)", &spec, &c, user).err().map(|e| e.replace(" (pod: \"p_default(u)\", container: c)", ""))
        };
        let (nothing, must) = (json!({}), json!({"runAsNonRoot": true}));
        assert_eq!(said(nothing.clone(), nothing.clone(), None), None);
        let root = Some("container has runAsNonRoot and image will run as root".to_string());
        assert_eq!(said(must.clone(), nothing.clone(), None), root);
        assert_eq!(said(nothing.clone(), must.clone(), Some("0:0")), root);
        assert_eq!(said(must.clone(), json!({"runAsNonRoot": false}), None), None, "the container's own word goes first");
        assert_eq!(said(must.clone(), nothing.clone(), Some("1000:1000")), None);
        let named = "container has runAsNonRoot and image has non-numeric user (nginx), cannot verify user is non-root";
        assert_eq!(said(must.clone(), nothing.clone(), Some("nginx")).as_deref(), Some(named));
        let breaks = Some("container's runAsUser breaks non-root policy".to_string());
        assert_eq!(said(must.clone(), json!({"runAsUser": 0}), Some("1000")), breaks);
        assert_eq!(said(json!({"runAsUser": 0}), must.clone(), None), breaks);
        assert_eq!(said(json!({"runAsUser": 0}), json!({"runAsNonRoot": true, "runAsUser": 7}), None), None);
    }
}
