//! Images of one host: what is there, pulls, removal, and the words of the registry's refusals.
//!
//! Sources: moby daemon/internal/distribution/{errors,pull_v2}.go, daemon/images/image_delete.go, cli/command/image/pull.go.

use std::sync::Arc;

use crate::kernel::RecordId;
use crate::machine::{HostName, PullDone, PullError, PullId};
use crate::model::{ImageRef, ImageSpec};

use super::container::Cid;
use super::engine::EngineError;
use super::known::Settings;
use super::text::short_id;
use super::{Cx, Docker};

/// A pull that was asked for.
#[derive(Clone, Debug)]
pub struct PullState {
    pub host: HostName,
    pub image: ImageRef,
    /// Layers that were there before it began.
    pub present: Vec<bool>,
    /// The same image was there already.
    pub had_image: bool,
    pub result: Option<Result<PullDone, PullError>>,
    pub cause: Option<RecordId>,
}

/// A reference as Docker prints it for people: without Docker Hub's host and `library/`, with its tag.
pub fn familiar(image: &ImageRef) -> String {
    match image.text.split_once('@') {
        Some((_, digest)) => format!("{}@{digest}", familiar_repository(image)),
        None => format!("{}:{}", familiar_repository(image), image.tag()),
    }
}
/// The repository alone in that form.
pub fn familiar_repository(image: &ImageRef) -> String {
    let repository = image.repository();
    if image.registry() == "docker.io" {
        repository.strip_prefix("library/").unwrap_or(&repository).to_string()
    } else {
        format!("{}/{repository}", image.registry())
    }
}

/// Checks a reference (distribution/reference): lower-case repository, a sane tag.
///
/// # Errors
/// The CLI's words.
pub fn check_reference(text: &str) -> Result<ImageRef, String> {
    let image = ImageRef::new(text);
    let repository = image.repository();
    if repository.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(format!("invalid reference format: repository name ({}) must be lowercase", repository.trim_start_matches("library/")));
    }
    let fine = !text.is_empty()
        && !repository.is_empty()
        && repository.split('/').all(|part| {
            !part.is_empty()
                && part.starts_with(|c: char| c.is_ascii_alphanumeric())
                && part.ends_with(|c: char| c.is_ascii_alphanumeric())
                && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
        })
        && !image.tag().is_empty()
        && image.tag().len() <= 128
        && image.tag().chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if fine { Ok(image) } else { Err("invalid reference format".into()) }
}

/// Why a pull failed, in the daemon's words.
pub fn pull_error(image: &ImageRef, error: &PullError, repository_known: bool) -> String {
    let registry = image.registry();
    let loopback = registry.starts_with("127.") || registry == "localhost" || registry.starts_with("localhost:");
    let (scheme, host) = match registry {
        "docker.io" => ("https", "registry-1.docker.io"),
        r => (if loopback { "http" } else { "https" }, r),
    };
    let address = if host.contains(':') { host.to_string() } else { format!("{host}:443") };
    match error {
        PullError::NotFound if repository_known => {
            format!("manifest for {} not found: manifest unknown: manifest unknown", familiar(image))
        }
        PullError::NotFound | PullError::Denied => format!(
            "pull access denied for {}, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            familiar_repository(image)
        ),
        PullError::ConnectionRefused => format!("Get \"{scheme}://{host}/v2/\": dial tcp {address}: connect: connection refused"),
        PullError::TimedOut => format!(
            "Get \"{scheme}://{host}/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"
        ),
        PullError::DiskFull => "failed to register layer: write /usr/bin/layer: no space left on device".into(),
    }
}

/// The program an image starts if nobody says otherwise.
pub fn default_program(image: &ImageRef) -> Vec<Arc<str>> {
    let settings = Settings::of(image);
    settings.entrypoint.iter().chain(&settings.cmd).cloned().collect()
}

impl Docker {
    /// Begins a pull on a host.
    pub(crate) fn pull_begin(&mut self, host: &str, image: &ImageRef, cx: &mut Cx) -> PullId {
        let spec = self.machine.image_spec(image);
        let layers = self.machine.host(host).map(|h| h.layers.clone()).unwrap_or_default();
        let present = spec.layers.iter().map(|l| layers.contains(&l.digest)).collect();
        let had_image = self.machine.has_image(host, image);
        let pull = self.machine.pull(host, image, cx.now, cx.cause);
        let state = PullState { host: host.into(), image: image.clone(), present, had_image, result: None, cause: cx.cause };
        self.pulls.insert(pull, state);
        pull
    }

    /// Begins a pull for somebody who asks with [`Self::end_pull`] how it went.
    pub fn begin_pull(&mut self, host: &str, image: &ImageRef, cx: &mut Cx) -> PullId {
        self.pull_begin(host, image, cx)
    }
    /// The outcome of a pull, once: None while it goes on, the daemon's words if it failed.
    pub fn end_pull(&mut self, pull: PullId) -> Option<Result<(), String>> {
        let state = self.pulls.get(&pull)?.clone();
        let result = state.result?;
        self.pulls.remove(&pull);
        Some(result.map(|_| ()).map_err(|e| self.pull_error_text(&state.image, &e)))
    }
    /// Puts an image on a host that would be built there.
    pub fn take_as_built(&mut self, host: &str, image: &ImageRef) {
        self.machine.preload(host, image);
        self.notes.insert(format!("docker build is not simulated: {} counts as built", familiar(image)).into());
    }

    /// The substrate says how a pull ended.
    pub(crate) fn pull_finished(&mut self, pull: PullId, result: Result<PullDone, PullError>, cx: &mut Cx) {
        let Some(state) = self.pulls.get(&pull).cloned() else { return };
        if result.is_ok() {
            let name = familiar(&state.image);
            self.emit(&state.host, "image", "pull", &name, &[("name", &familiar_repository(&state.image))], cx);
        }
        if let Some(s) = self.pulls.get_mut(&pull) {
            s.result = Some(result);
            s.cause = cx.cause;
        }
    }

    /// The lines a pull prints where nobody watches a terminal (each status change its own line), up to the outcome.
    pub(crate) fn pull_text(&self, state: &PullState) -> String {
        let spec = self.machine.image_spec(&state.image);
        let mut out = format!("{}: Pulling from {}\n", state.image.tag(), state.image.repository());
        if let Some(Ok(_)) = &state.result {
            for (layer, present) in spec.layers.iter().zip(&state.present) {
                let id = short_id(&layer.digest);
                if *present && !state.had_image {
                    out.push_str(&format!("{id}: Already exists\n"));
                } else if !*present {
                    for word in ["Pulling fs layer", "Verifying Checksum", "Download complete", "Pull complete"] {
                        out.push_str(&format!("{id}: {word}\n"));
                    }
                }
            }
            let word = if state.had_image { "Image is up to date for" } else { "Downloaded newer image for" };
            out.push_str(&format!("Digest: {}\nStatus: {word} {}\n", spec.manifest_digest(), familiar(&state.image)));
        }
        out
    }

    /// The daemon's error for a failed pull.
    pub(crate) fn pull_error_text(&self, image: &ImageRef, error: &PullError) -> String {
        if matches!(error, PullError::TimedOut) && self.machine.network.dns_down {
            let host = match image.registry() {
                "docker.io" => "registry-1.docker.io",
                r => r,
            };
            return format!("Get \"https://{host}/v2/\": dial tcp: lookup {host} on 192.0.2.53:53: server misbehaving");
        }
        // A repository of which another tag exists is known; then only the manifest is missing.
        let repository = image.repository();
        let known = self
            .machine
            .registry
            .images
            .values()
            .any(|s| !s.missing && s.described && s.reference.repository() == repository && s.reference.registry() == image.registry())
            || self.machine.image_spec(image).described && !self.machine.image_spec(image).private;
        pull_error(image, error, known)
    }

    /// Images on a host: (canonical reference, description).
    pub fn images(&self, host: &str) -> Vec<Arc<ImageSpec>> {
        let Some(h) = self.machine.host(host) else { return Vec::new() };
        h.images.iter().map(|canonical| self.machine.image_spec(&ImageRef::new(canonical.clone()))).collect()
    }

    /// Finds an image on a host by reference or id.
    pub fn find_image(&self, host: &str, word: &str) -> Option<Arc<ImageSpec>> {
        let by_name = ImageRef::new(word);
        if self.machine.has_image(host, &by_name) {
            return Some(self.machine.image_spec(&by_name));
        }
        let bare = word.strip_prefix("sha256:").unwrap_or(word);
        let hex = bare.len() >= 4 && bare.bytes().all(|b| b.is_ascii_hexdigit());
        self.images(host).into_iter().find(|s| hex && s.id()[7..].starts_with(bare))
    }

    /// `docker rmi`; returns the lines it prints.
    ///
    /// # Errors
    /// Missing, or a container uses it.
    pub fn image_remove(&mut self, host: &str, word: &str, force: bool, cx: &mut Cx) -> Result<String, EngineError> {
        let Some(spec) = self.find_image(host, word) else {
            return Err(EngineError::not_found(format!("No such image: {}", familiar(&ImageRef::new(word)))));
        };
        let canonical = spec.reference.canonical();
        let user = self.containers_on(host).find(|c| c.config.image.canonical() == canonical && (c.alive() || !force)).cloned();
        if let Some(c) = user {
            let (id, image) = (short_id(&c.id).to_string(), spec.id());
            let image = short_id(&image);
            return Err(EngineError::conflict(if c.alive() {
                format!(
                    "conflict: unable to remove repository reference \"{word}\" (cannot be forced) - image is being used by running container {id}"
                )
            } else {
                format!(
                    "conflict: unable to remove repository reference \"{word}\" (must force) - container {id} is using its referenced image {image}"
                )
            }));
        }
        let layers: Vec<Arc<str>> = spec.layers.iter().map(|l| l.digest.clone()).collect();
        self.machine.remove_image(host, &spec.reference);
        let name = familiar(&spec.reference);
        let id = spec.id();
        self.emit(host, "image", "untag", &id, &[("name", &name)], cx);
        self.emit(host, "image", "delete", &id, &[("name", &id)], cx);
        let digest = spec.manifest_digest();
        let mut out = format!("Untagged: {name}\nUntagged: {}@{digest}\nDeleted: {id}\n", familiar_repository(&spec.reference));
        let left = self.machine.host(host).map(|h| h.layers.clone()).unwrap_or_default();
        for digest in layers.iter().rev().filter(|d| !left.contains(*d)) {
            let digest = if digest.starts_with("sha256:") { digest.to_string() } else { format!("sha256:{digest}") };
            out.push_str(&format!("Deleted: {digest}\n"));
        }
        Ok(out)
    }

    /// The image's program for a container's listing.
    pub fn image_program(&self, cid: Cid) -> Vec<Arc<str>> {
        self.containers.get(&cid).map(|c| default_program(&c.config.image)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_and_their_errors() {
        assert_eq!(familiar(&ImageRef::new("nginx")), "nginx:latest");
        assert_eq!(familiar(&ImageRef::new("docker.io/library/nginx:1.27")), "nginx:1.27");
        assert_eq!(familiar(&ImageRef::new("registry.example/shop:1")), "registry.example/shop:1");
        assert!(check_reference("Nginx").unwrap_err().contains("must be lowercase"));
        assert!(check_reference("a//b").is_err() && check_reference("").is_err() && check_reference("web:1.0").is_ok());
        let e = pull_error(&ImageRef::new("127.0.0.1:1/none:v1"), &PullError::ConnectionRefused, false);
        assert_eq!(e, "Get \"http://127.0.0.1:1/v2/\": dial tcp 127.0.0.1:1: connect: connection refused");
    }
}
