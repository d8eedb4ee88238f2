//! Which ReplicaSet belongs to which template, revisions, and how many old ones are kept.
//! Follows: pkg/controller/deployment/sync.go (getNewReplicaSet, cleanupDeployment), util/deployment_util.go.

use std::sync::Arc;

use k8s_openapi::api::apps::v1::ReplicaSetSpec;
use k8s_openapi::api::core::v1::PodTemplateSpec;

use crate::kernel::random::{NAME_ALPHABET, fnv1a32};
use crate::worlds::kubernetes::DeleteOptions;
use crate::worlds::kubernetes::api::ApiError;
use crate::worlds::kubernetes::api::meta::{Key, Meta};
use crate::worlds::kubernetes::api::object::{Object, ReplicaSet, Typed};
use crate::worlds::kubernetes::kinds::Kind;

use super::scale::set_replicas_annotations;
use super::status::Progress;
use super::{DESIRED_REPLICAS, MAX_REPLICAS, NewSet, REVISION, REVISION_HISTORY, Sync, TEMPLATE_HASH, by_age, max_surge, spec_total};
use crate::worlds::kubernetes::controllers::util::controller_ref;

/// maxRevHistoryLengthInChars
const HISTORY_CHARS: usize = 2000;
/// Annotations of a Deployment that its ReplicaSets do not inherit.
const NOT_COPIED: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

impl Sync<'_, '_> {
    /// The new ReplicaSet (made if `create`) and all others, with revisions brought up to date.
    pub(super) fn revisions(&mut self, create: bool) -> Result<(NewSet, Vec<Arc<ReplicaSet>>), ApiError> {
        let mut sets = self.sets.clone();
        by_age(&mut sets);
        let new = sets.iter().find(|rs| rs.spec.template.as_ref().is_some_and(|t| same_template(t, &self.d.spec.template))).cloned();
        let old: Vec<Arc<ReplicaSet>> = sets.into_iter().filter(|rs| new.as_ref().is_none_or(|n| n.meta.uid != rs.meta.uid)).collect();
        let revision = old.iter().filter_map(|rs| revision_of(&rs.meta)).max().unwrap_or(0) + 1;
        let new = match new {
            Some(rs) => Some(self.adopt_revision(&rs, revision)?),
            None if create => Some(self.create_new(&old, revision)?),
            None => None,
        };
        Ok((new, old))
    }

    fn adopt_revision(&mut self, rs: &Arc<ReplicaSet>, revision: i64) -> Result<Arc<ReplicaSet>, ApiError> {
        let mut copy = ReplicaSet::clone(rs);
        let annotated = self.annotate(&mut copy, revision, true);
        let min_ready = self.d.spec.min_ready_seconds;
        if annotated || copy.spec.min_ready_seconds.unwrap_or(0) != min_ready.unwrap_or(0) {
            Arc::make_mut(&mut copy.spec).min_ready_seconds = min_ready;
            let written =
                self.ctl.update(copy, rs.spec.min_ready_seconds != min_ready, &format!("revision {revision} of {}", self.d.meta.name))?;
            return Ok(ReplicaSet::of(&written).cloned().unwrap_or_else(|| rs.clone()));
        }
        let mut dirty = self.set_revision(revision_of(&copy.meta).unwrap_or(revision));
        if self.has_deadline() && self.condition("Progressing").is_none() {
            self.progress(Progress::Found, &rs.meta.name);
            dirty = true;
        }
        if dirty {
            self.put_status(&format!("ReplicaSet {} is revision {revision}", rs.meta.name))?;
        }
        Ok(rs.clone())
    }

    fn create_new(&mut self, old: &[Arc<ReplicaSet>], revision: i64) -> Result<Arc<ReplicaSet>, ApiError> {
        let hash = template_hash(&self.d.spec.template, self.d.status.collision_count);
        let mut template = self.d.spec.template.clone();
        template.metadata.get_or_insert_default().labels.get_or_insert_default().insert(TEMPLATE_HASH.into(), hash.clone());
        let mut selector = self.d.spec.selector.clone();
        selector.match_labels.get_or_insert_default().insert(TEMPLATE_HASH.into(), hash.clone());
        let labels = template.metadata.as_ref().and_then(|m| m.labels.as_ref());
        let meta = Meta {
            name: format!("{}-{hash}", self.d.meta.name).into(),
            namespace: self.d.meta.namespace.clone(),
            labels: Arc::new(labels.into_iter().flatten().map(|(k, v)| (k.as_str().into(), v.as_str().into())).collect()),
            owners: Arc::new(vec![controller_ref(&self.about())]),
            ..Meta::default()
        };
        let size = self.new_size(spec_total(old), 0);
        let mut rs = ReplicaSet {
            meta,
            pod_spec: Arc::new(template.spec.clone().unwrap_or_default()),
            spec: Arc::new(ReplicaSetSpec {
                replicas: Some(size),
                min_ready_seconds: self.d.spec.min_ready_seconds,
                selector,
                template: Some(template),
            }),
            replicas: size,
            status: Default::default(),
        };
        self.annotate(&mut rs, revision, false);
        let name = rs.meta.name.clone();
        let mut existed = false;
        let created = match self.ctl.create(rs, &format!("no ReplicaSet of {} has the present template", self.d.meta.name)) {
            Ok(object) => object,
            // AlreadyExists: ours with the same template, or a hash collision.
            Err(e) if e.reason == "AlreadyExists" => {
                existed = true;
                self.settle_collision(&name)?
            }
            Err(error) => {
                if error.code == 403 && error.message.ends_with("because it is being terminated") {
                    return Err(error);
                }
                let message = format!("Failed to create new replica set \"{name}\": {error}");
                if self.has_deadline() {
                    self.set_condition("Progressing", "False", "ReplicaSetCreateError", &message);
                    // The first error is the one to report.
                    let _ = self.put_status(&message);
                }
                let about = self.about();
                self.ctl.event(&about, true, "ReplicaSetCreateError", &message);
                return Err(error);
            }
        };
        if !existed && size > 0 {
            let about = self.about();
            self.ctl.event(&about, false, "ScalingReplicaSet", &format!("Scaled up replica set {name} from 0 to {size}"));
        }
        let mut dirty = self.set_revision(revision);
        if !existed && self.has_deadline() {
            self.progress(Progress::Created, &name);
            dirty = true;
        }
        if dirty {
            self.put_status(&format!("Created new replica set \"{name}\", revision {revision}"))?;
        }
        ReplicaSet::of(&created).cloned().ok_or_else(|| ApiError::not_found(Kind::ReplicaSet, &name))
    }

    fn settle_collision(&mut self, name: &str) -> Result<Object, ApiError> {
        let key = Key::new(self.d.meta.namespace.clone(), name);
        let there = self.ctl.api.store.typed::<ReplicaSet>(&key).cloned().ok_or_else(|| ApiError::not_found(Kind::ReplicaSet, name))?;
        let ours = there.meta.controller().is_some_and(|o| o.uid == self.d.meta.uid);
        if ours && there.spec.template.as_ref().is_some_and(|t| same_template(t, &self.d.spec.template)) {
            return Ok(Object::ReplicaSet(there));
        }
        let count = self.d.status.collision_count.unwrap_or(0) + 1;
        self.d.status.collision_count = Some(count);
        self.put_status(&format!("the name {name} is taken by another ReplicaSet"))?;
        Err(ApiError::already_exists(Kind::ReplicaSet, name))
    }

    /// Deletes surplus ReplicaSets of the past.
    pub(super) fn clean_up(&mut self, old: &[Arc<ReplicaSet>]) -> Result<(), ApiError> {
        let Some(limit) = self.d.spec.revision_history_limit.filter(|l| *l != i32::MAX) else { return Ok(()) };
        let mut alive: Vec<_> = old.iter().filter(|rs| !rs.meta.is_deleting()).cloned().collect();
        let surplus = alive.len().saturating_sub(limit.max(0) as usize);
        alive.sort_by_key(|rs| (revision_of(&rs.meta).unwrap_or(0), rs.meta.created, rs.meta.name.clone()));
        for rs in alive.iter().take(surplus) {
            if rs.status.replicas != 0 || rs.replicas != 0 || rs.meta.generation > rs.status.observed_generation.unwrap_or(0) {
                continue;
            }
            let why = format!("revisionHistoryLimit {limit}: revision {} is the oldest", revision_of(&rs.meta).unwrap_or(0));
            match self.ctl.delete(Kind::ReplicaSet, &rs.meta.key(), DeleteOptions::default(), &why) {
                Err(e) if e.code != 404 => return Err(e),
                _ => {}
            }
        }
        Ok(())
    }

    /// Brings a ReplicaSet's annotations up to date; true if one changed (SetNewReplicaSetAnnotations).
    fn annotate(&self, rs: &mut ReplicaSet, revision: i64, exists: bool) -> bool {
        let mut changed = false;
        for (key, value) in self.d.meta.annotations.iter().filter(|(k, _)| !NOT_COPIED.contains(&&***k)) {
            if rs.meta.annotation(key) != Some(value) {
                rs.meta.set_annotation(key, value);
                changed = true;
            }
        }
        let previous = revision_of(&rs.meta);
        if previous.unwrap_or(0) < revision {
            rs.meta.set_annotation(REVISION, &revision.to_string());
            changed = true;
            // A rollback: the number it had is remembered.
            if let Some(previous) = previous {
                let mut history: Vec<String> =
                    rs.meta.annotation(REVISION_HISTORY).into_iter().flat_map(|h| h.split(',')).map(ToString::to_string).collect();
                history.push(previous.to_string());
                while history.join(",").len() > HISTORY_CHARS {
                    history.remove(0);
                }
                rs.meta.set_annotation(REVISION_HISTORY, &history.join(","));
            }
        }
        if !exists {
            let n = self.wanted();
            changed |= set_replicas_annotations(rs, n, n + max_surge(&self.d.spec));
        }
        changed
    }

    fn set_revision(&mut self, revision: i64) -> bool {
        let text = revision.to_string();
        let changed = self.d.meta.annotation(REVISION) != Some(&text);
        if changed {
            self.d.meta.set_annotation(REVISION, &text);
        }
        changed
    }
}

/// The revision annotation as a number.
pub(super) fn revision_of(meta: &Meta) -> Option<i64> {
    meta.annotation(REVISION)?.parse().ok()
}

/// Equal but for the hash label (EqualIgnoreHash).
fn same_template(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    if a.spec != b.spec {
        return false;
    }
    let bare = |t: &PodTemplateSpec| {
        let mut m = t.metadata.clone().unwrap_or_default();
        if let Some(labels) = &mut m.labels {
            labels.remove(TEMPLATE_HASH);
        }
        m.labels = m.labels.filter(|l| !l.is_empty());
        m.annotations = m.annotations.filter(|l| !l.is_empty());
        m
    };
    bare(a) == bare(b)
}

/// FNV-1a over our own canonical form of the template, spelled as upstream spells it (`rand.SafeEncodeString`).
fn template_hash(template: &PodTemplateSpec, collisions: Option<i32>) -> String {
    let mut bytes = serde_json::to_vec(template).unwrap_or_default();
    if let Some(n) = collisions {
        bytes.extend_from_slice(&u64::from(n.unsigned_abs()).to_le_bytes());
    }
    fnv1a32(&bytes).to_string().bytes().map(|b| char::from(NAME_ALPHABET[usize::from(b) % NAME_ALPHABET.len()])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_label_does_not_tell_templates_apart() {
        let mut a = PodTemplateSpec::default();
        let mut b = a.clone();
        b.metadata.get_or_insert_default().labels.get_or_insert_default().insert(TEMPLATE_HASH.into(), "x".into());
        assert!(same_template(&a, &b));
        a.spec = Some(Default::default());
        assert!(!same_template(&a, &b));
        assert_ne!(template_hash(&a, None), template_hash(&b, None));
        assert_ne!(template_hash(&a, None), template_hash(&a, Some(1)));
        assert!(template_hash(&a, None).bytes().all(|c| NAME_ALPHABET.contains(&c)));
    }
}
