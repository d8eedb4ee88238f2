//! Images: pull policy, one pull at a time, back-off after failures. Follows: pkg/kubelet/images/{image_manager,puller}.go.

use crate::kernel::{List, SimDuration, SimTime};
use crate::machine::{PullDone, PullError, PullId};
use crate::model::ImageRef;
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Name;

use super::Kubelet;
use super::backoff::{grow, held_until};
use super::start::push;
use super::sync::set_wait;
use super::worker::{Step, Wait, Worker};

/// The node's serial puller (serializeImagePulls is true by default).
#[derive(Clone, Debug, Default)]
pub(super) struct Pulls {
    current: Option<(PullId, Request, SimTime)>,
    queue: List<Request>,
}

#[derive(Clone, Debug)]
struct Request {
    pod: Name,
    slot: usize,
    image: Name,
    asked: SimTime,
}

impl Kubelet {
    /// Is the image there, or must it be pulled?
    pub(super) fn ensure_image(&mut self, w: &mut Worker, slot: usize, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let image: Name = w.spec(slot).image.as_deref().unwrap_or_default().into();
        if !valid(&image) {
            let message =
                format!("Failed to apply default image tag {image:?}: couldn't parse image name {image:?}: {}", not_a_name(&image));
            self.say_at(w, slot, true, "InspectFailed", &message, ctl);
            return self.image_failed(w, slot, "InvalidImageName", &message, ctl);
        }
        let reference = ImageRef::new(image.clone());
        let policy = w.spec(slot).image_pull_policy.clone();
        // A scenario that describes an image and runs it under Never means one that somebody loaded onto the nodes by hand.
        let spec = ctl.machine.image_spec(&reference);
        if policy.as_deref() == Some("Never") && spec.described && !spec.missing {
            ctl.machine.preload(&self.node, &reference);
        }
        let present = ctl.machine.has_image(&self.node, &reference);
        let policy = policy.as_deref().unwrap_or(if &*tag(&image) == "latest" { "Always" } else { "IfNotPresent" });
        if present && policy != "Always" {
            let message = format!("Container image {image:?} already present on machine and can be accessed by the pod");
            self.say_at(w, slot, false, "Pulled", &message, ctl);
            return push(w, Step::Create(slot));
        }
        if policy == "Never" {
            let message = format!("Container image {image:?} is not present with pull policy of Never");
            self.say_at(w, slot, true, "ErrImageNeverPull", &message, ctl);
            return self.image_failed(w, slot, "ErrImageNeverPull", &message, ctl);
        }
        let held = |p: &&FailedPull| p.image == image && held_until(Some(p.series), p.series.updated, now).is_some();
        if let Some(failed) = w.pulls.iter().find(held) {
            let message = format!("Back-off pulling image {image:?}");
            let told = format!("{message}: {}", failed.error);
            self.say_at(w, slot, false, "BackOff", &message, ctl);
            return self.image_failed(w, slot, "ImagePullBackOff", &told, ctl);
        }
        self.say_at(w, slot, false, "Pulling", &format!("Pulling image {image:?}"), ctl);
        set_wait(w, Wait::Pull(slot));
        self.pulls.queue.push_back(Request { pod: w.uid.clone(), slot, image, asked: now });
        self.next_pull(ctl);
    }

    fn image_failed(&mut self, w: &mut Worker, slot: usize, reason: &'static str, message: &str, ctl: &mut Ctl) {
        self.failed(w, slot, reason, Some(message));
        self.say_at(w, slot, true, "Failed", &format!("Error: {reason}"), ctl);
    }

    fn next_pull(&mut self, ctl: &mut Ctl) {
        if self.pulls.current.is_some() {
            return;
        }
        if let Some(request) = self.pulls.queue.pop_front() {
            let id = ctl.machine.pull(&self.node, &ImageRef::new(request.image.clone()), ctl.cx.now, ctl.cx.cause);
            self.pulls.current = Some((id, request, ctl.cx.now));
        }
    }

    pub(super) fn pull_finished(&mut self, pull: PullId, result: &Result<PullDone, PullError>, ctl: &mut Ctl) {
        let Some((_, request, began)) = self.pulls.current.take_if(|(id, _, _)| *id == pull) else { return };
        let uid = request.pod.clone();
        self.with(&uid, ctl, |k, w, ctl| {
            // A pod that is being deleted has given up waiting.
            if w.sync.as_ref().is_some_and(|s| s.wait == Wait::Pull(request.slot)) {
                k.pulled(w, &request, began, result, ctl);
            }
        });
        self.next_pull(ctl);
    }

    fn pulled(&mut self, w: &mut Worker, r: &Request, began: SimTime, result: &Result<PullDone, PullError>, ctl: &mut Ctl) {
        let now = ctl.cx.now;
        let image = &r.image;
        match result {
            Ok(done) => {
                let (took, all) = (go_millis(now.since(began)), go_millis(now.since(r.asked)));
                let message =
                    format!("Successfully pulled image {image:?} in {took} ({all} including waiting). Image size: {} bytes.", done.size);
                self.say_at(w, r.slot, false, "Pulled", &message, ctl);
                push(w, Step::Create(r.slot));
            }
            Err(error) => {
                let error = pull_error(error, image);
                self.say_at(w, r.slot, true, "Failed", &format!("Failed to pull image {image:?}: {error}"), ctl);
                let mut series = w.pulls.iter().find(|p| p.image == *image).map(|p| p.series);
                grow(&mut series, now, now);
                w.pulls.retain(|p| p.image != *image);
                if let Some(series) = series {
                    w.pulls.push(FailedPull { image: image.clone(), series, error: format!("ErrImagePull: {error}").into() });
                }
                self.image_failed(w, r.slot, "ErrImagePull", &error, ctl);
            }
        }
        self.resume(w, ctl);
    }
}

/// A pull that failed: its back-off, and what is told while it lasts.
#[derive(Clone, Debug)]
pub(super) struct FailedPull {
    pub image: Name,
    pub series: super::backoff::BackOff,
    pub error: Name,
}

/// `docker.io/library/nginx:1.27`: how containerd names an image.
pub(super) fn normal_name(image: &str) -> Name {
    ImageRef::new(image).canonical().into()
}

/// `docker.io/library/nginx@sha256:…`
pub(super) fn image_id(image: &str, ctl: &Ctl) -> Name {
    let reference = ImageRef::new(image);
    let digest = ctl.machine.image_spec(&reference).manifest_digest();
    format!("{}/{}@{digest}", reference.registry(), reference.repository()).into()
}

fn tag(image: &str) -> Name {
    if image.contains('@') { "".into() } else { ImageRef::new(image).tag().into() }
}

/// A name that the distribution's grammar takes (distribution/reference): lower-case path, no empty parts, no blanks.
fn valid(image: &str) -> bool {
    let name = image.split('@').next().unwrap_or_default();
    let (path, tag) = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => (path, tag),
        _ => (name, "latest"),
    };
    let (host, rest) = match path.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => (host, rest),
        _ => ("", path),
    };
    let part = |p: &str| {
        !p.is_empty()
            && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))
            && p.starts_with(|c: char| c.is_ascii_alphanumeric())
            && p.ends_with(|c: char| c.is_ascii_alphanumeric())
    };
    host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
        && rest.split('/').all(part)
        && !tag.is_empty()
        && tag.len() <= 128
        && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

/// Why it is none (distribution/reference, ParseNormalizedNamed): what stands before the first colon must be lower case.
fn not_a_name(image: &str) -> String {
    let of_hub = ImageRef::new(image).registry() == "docker.io";
    let rest = match image.split_once('/') {
        Some((_, rest)) if !of_hub || image.starts_with("docker.io/") => rest,
        _ => image,
    };
    let path = if of_hub && !rest.contains('/') { format!("library/{rest}") } else { rest.to_string() };
    let remote = path.split(':').next().unwrap_or_default();
    if remote.chars().any(char::is_uppercase) {
        return format!("invalid reference format: repository name ({remote}) must be lowercase");
    }
    "invalid reference format".into()
}

/// containerd's words.
fn pull_error(error: &PullError, image: &str) -> String {
    let r = ImageRef::new(image);
    let name = r.canonical();
    let resolve = |why: &str| format!("failed to pull and unpack image {name:?}: failed to resolve reference {name:?}: {why}");
    let (registry, repository) = (r.registry(), r.repository());
    let local = registry.starts_with("127.") || registry.starts_with("localhost");
    let host = if registry == "docker.io" { "registry-1.docker.io" } else { registry };
    let scheme = if local { "http" } else { "https" };
    let head = format!("failed to do request: Head \"{scheme}://{host}/v2/{repository}/manifests/{}\": dial tcp", r.tag());
    match error {
        PullError::NotFound => format!("rpc error: code = NotFound desc = {}", resolve(&format!("{name}: not found"))),
        PullError::ConnectionRefused => resolve(&format!("{head} {host}: connect: connection refused")),
        PullError::TimedOut => resolve(&format!("{head}: lookup {host}: i/o timeout")),
        PullError::Denied => resolve(
            "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: \
             authorization failed",
        ),
        PullError::DiskFull => {
            format!("failed to pull and unpack image {name:?}: failed to extract layer: write /var/lib/containerd: no space left on device")
        }
    }
}

/// As Go prints a duration cut to milliseconds: `0s`, `231ms`, `1.5s`, `1m0.25s`.
fn go_millis(d: SimDuration) -> String {
    let ms = d.as_millis();
    if ms == 0 {
        return "0s".into();
    }
    if ms < 1000 {
        return format!("{ms}ms");
    }
    let (minutes, rest) = (ms / 60_000, ms % 60_000);
    let seconds = format!("{}.{:03}", rest / 1000, rest % 1000);
    let seconds = seconds.trim_end_matches('0').trim_end_matches('.');
    match (minutes / 60, minutes % 60) {
        (0, 0) => format!("{seconds}s"),
        (0, m) => format!("{m}m{seconds}s"),
        (h, m) => format!("{h}h{m}m{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_durations() {
        for good in ["nginx", "nginx:1.27", "docker.io/local/bb:1", "127.0.0.1:1/none:v1", "ghcr.io/a/b_c@sha256:00"] {
            assert!(valid(good), "{good}");
        }
        for bad in ["", "Nginx", "a//b", "nginx:", "a b", ":x", "-a"] {
            assert!(!valid(bad), "{bad}");
        }
        let lower = |name: &str| format!("invalid reference format: repository name ({name}) must be lowercase");
        assert_eq!(not_a_name("Not A:Name:x"), lower("library/Not A"));
        assert_eq!(not_a_name("ghcr.io/Shop/web:1"), lower("Shop/web"));
        assert_eq!(not_a_name("a b:Tag"), "invalid reference format");
        let texts: Vec<String> = [0, 231, 1500, 60_000, 3_661_000].iter().map(|ms| go_millis(SimDuration::from_millis(*ms))).collect();
        assert_eq!(texts, ["0s", "231ms", "1.5s", "1m0s", "1h1m1s"]);
    }

    #[test]
    fn a_refused_registry_in_containerds_words() {
        assert_eq!(
            pull_error(&PullError::ConnectionRefused, "127.0.0.1:1/none:v1"),
            "failed to pull and unpack image \"127.0.0.1:1/none:v1\": failed to resolve reference \"127.0.0.1:1/none:v1\": failed to do \
             request: Head \"http://127.0.0.1:1/v2/none/manifests/v1\": dial tcp 127.0.0.1:1: connect: connection refused"
        );
    }
}
