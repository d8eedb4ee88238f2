//! The image registry and layer-wise pulls: only missing layers travel, three at a time, over the host's link.

use std::sync::Arc;

use crate::kernel::{Map, RecordId, SimDuration, SimTime, Token};
use crate::model::fault::BadImage;
use crate::model::image::{Layer, sha256};
use crate::model::{Action, AppSpec, Behaviour, ImageRef, ImageSpec, LinkEnd};

use super::{Event, HostName, HostState, Machine, Notice, PullId, What};

/// How the registry is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RegistryState {
    #[default]
    Up,
    /// Connections time out.
    Down,
    /// Pulls take this many percent of the usual time.
    Slow { percent: u32 },
    /// Credentials are refused.
    Denied,
}

/// Every image anyone could pull, described by the scenario or assumed.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    pub state: RegistryState,
    /// By canonical reference.
    pub images: Map<Arc<str>, Arc<ImageSpec>>,
    /// Images used though nobody described them.
    pub assumed: Map<Arc<str>, Arc<ImageSpec>>,
    /// Bytes per second from the registry to one host.
    pub bandwidth: u64,
    /// The record of what is wrong with it: the cause of the pulls that fail by it.
    pub(super) cause: Option<RecordId>,
    /// The same for images that were taken out of it, by canonical reference.
    pub(super) gone: Map<Arc<str>, RecordId>,
}

/// How soon the program of a broken image gives up.
const BROKEN_AFTER: SimDuration = SimDuration::from_secs(1);

/// A finished pull.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullDone {
    /// Bytes that travelled; 0 if every layer was there.
    pub bytes: u64,
    pub took: SimDuration,
    /// Size of the whole image.
    pub size: u64,
}

/// Why a pull failed; the world finds its platform's words for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PullError {
    /// The registry has no such repository or tag.
    NotFound,
    /// Nothing listens at the registry's address (a loopback registry that is not there).
    ConnectionRefused,
    /// No answer (registry outage, host cut off).
    TimedOut,
    /// Credentials missing or refused.
    Denied,
    DiskFull,
}

/// A pull in progress.
#[derive(Clone, Debug)]
pub(crate) struct Pull {
    pub id: PullId,
    pub host: HostName,
    pub image: ImageRef,
    pub started: SimTime,
    pub ends: SimTime,
    pub token: Token,
    pub outcome: Result<u64, PullError>,
    pub cause: Option<RecordId>,
}

/// Asking a registry for a manifest and its configuration.
const ROUND_TRIP: SimDuration = SimDuration::from_millis(300);
/// Until a connection that nobody answers is given up.
const CONNECT_TIMEOUT: SimDuration = SimDuration::from_secs(15);
/// A refused connection is known at once.
const REFUSED: SimDuration = SimDuration::from_millis(10);
/// Unpacking, bytes per second: sequential, bottom layer first.
const UNPACK_RATE: u64 = 150 << 20;
/// A link of which the scenario says nothing: 400 Mbit/s.
const DEFAULT_BANDWIDTH: u64 = 50_000_000;
/// An image of which the scenario says nothing.
const DEFAULT_SIZE: u64 = 120_000_000;

/// What is assumed of an image that nobody describes.
pub(crate) fn assumed_image(image: &ImageRef) -> ImageSpec {
    let canonical = image.canonical();
    // A base, two middle layers and the app on top; the base is shared by all tags of a repository.
    let repository = format!("{}/{}", image.registry(), image.repository());
    let layer = |of: &str, n: u32, share: u64| Layer { digest: sha256(&format!("{of}#{n}")).into(), bytes: DEFAULT_SIZE / 100 * share };
    let layers = vec![layer(&repository, 0, 40), layer(&repository, 1, 30), layer(&canonical, 2, 20), layer(&canonical, 3, 10)];
    ImageSpec {
        reference: image.clone(),
        size: DEFAULT_SIZE,
        layers,
        app: Arc::new(AppSpec::default()),
        described: false,
        missing: false,
        preloaded: false,
        private: false,
        user: None,
    }
}

impl Machine {
    /// What is known of an image; a default for images nobody described.
    pub fn image_spec(&self, image: &ImageRef) -> Arc<ImageSpec> {
        let key = image.canonical();
        let known = self.registry.images.get(&*key).or_else(|| self.registry.assumed.get(&*key));
        known.cloned().unwrap_or_else(|| Arc::new(assumed_image(image)))
    }

    /// The same, remembering that a default was used.
    pub(crate) fn use_image(&mut self, image: &ImageRef) -> Arc<ImageSpec> {
        let spec = self.image_spec(image);
        let key = image.canonical();
        if !spec.described && !self.registry.images.contains_key(&*key) && !self.registry.assumed.contains_key(&*key) {
            self.registry.assumed.insert(key.into(), spec.clone());
        }
        spec
    }

    /// From now on the registry is in this state, and `cause` is why.
    pub fn set_registry(&mut self, state: RegistryState, cause: Option<RecordId>) {
        self.registry.state = state;
        self.registry.cause = cause;
    }

    /// A bad image under a good name, from now on; containers already created keep what they have. The canonical name and what stood
    /// under it, for [`Machine::mend_image`].
    pub fn break_image(&mut self, image: &ImageRef, how: BadImage, cause: Option<RecordId>) -> (Arc<str>, Arc<ImageSpec>) {
        let canonical: Arc<str> = image.canonical().into();
        let before = self.image_spec(image);
        let mut spec = ImageSpec::clone(&before);
        let app = Arc::make_mut(&mut spec.app);
        match how {
            BadImage::Crashes => app.behaviour.push(Behaviour { after: BROKEN_AFTER, action: Action::Exit { code: 1 } }),
            BadImage::NeverReady => app.becomes_ready = false,
            BadImage::Missing => {
                spec.missing = true;
                self.registry.gone.extend(cause.map(|c| (canonical.clone(), c)));
            }
        }
        self.registry.images.insert(canonical.clone(), Arc::new(spec));
        (canonical, before)
    }

    /// The good image is back.
    pub fn mend_image(&mut self, canonical: &Arc<str>, before: Arc<ImageSpec>) {
        self.registry.gone.remove(canonical);
        self.registry.images.insert(canonical.clone(), before);
    }

    /// The record of what makes a pull of this image fail so, if something went wrong here.
    fn blamed(&self, image: &ImageRef, error: &PullError) -> Option<RecordId> {
        match (error, self.registry.state) {
            (PullError::TimedOut, RegistryState::Down) | (PullError::Denied, RegistryState::Denied) => self.registry.cause,
            (PullError::NotFound, _) => self.registry.gone.get(&*image.canonical()).copied(),
            _ => None,
        }
    }

    /// Images used but not described, by canonical reference.
    pub fn assumed(&self) -> impl Iterator<Item = &Arc<ImageSpec>> {
        self.registry.assumed.values()
    }

    pub fn has_image(&self, host: &str, image: &ImageRef) -> bool {
        self.hosts.get(host).is_some_and(|h| h.images.contains(&*image.canonical()))
    }

    /// Puts an image on a machine's disk at once.
    pub fn preload(&mut self, host: &str, image: &ImageRef) {
        let spec = self.use_image(image);
        if let Some(h) = self.hosts.get_mut(host) {
            h.images.insert(image.canonical().into());
            h.layers.extend(spec.layers.iter().map(|l| l.digest.clone()));
        }
    }

    /// Deletes an image; layers that other images need stay.
    pub fn remove_image(&mut self, host: &str, image: &ImageRef) {
        let key = image.canonical();
        let Some(images) = self.hosts.get_mut(host).map(|h| {
            h.images.remove(&*key);
            h.images.clone()
        }) else {
            return;
        };
        let kept: Vec<Arc<str>> = images
            .iter()
            .flat_map(|i| {
                self.registry.images.get(i).or_else(|| self.registry.assumed.get(i)).map(|s| s.layers.clone()).unwrap_or_default()
            })
            .map(|l| l.digest)
            .collect();
        if let Some(h) = self.hosts.get_mut(host) {
            h.layers = kept.into_iter().collect();
        }
    }

    /// Begins a pull; a `PullFinished` notice ends it. Its outcome is decided by what holds now.
    pub fn pull(&mut self, host: &str, image: &ImageRef, now: SimTime, cause: Option<RecordId>) -> PullId {
        let id = PullId(self.next_pull);
        self.next_pull += 1;
        let spec = self.use_image(image);
        let (ends, outcome) = self.plan_pull(host, &spec, image, now);
        // Who asks why a pull failed wants to hear what is wrong with the registry, not who asked for the image.
        let cause = outcome.as_ref().err().and_then(|e| self.blamed(image, e)).or(cause);
        let token = self.agenda.schedule(ends, cause, Event::PullDone(id));
        self.pulls.insert(id, Pull { id, host: host.into(), image: image.clone(), started: now, ends, token, outcome, cause });
        id
    }

    fn plan_pull(&mut self, host: &str, spec: &ImageSpec, image: &ImageRef, now: SimTime) -> (SimTime, Result<u64, PullError>) {
        let failed = |after, why| (now + after, Err(why));
        let Some(h) = self.hosts.get(host).filter(|h| h.state == HostState::Up) else {
            return failed(CONNECT_TIMEOUT, PullError::TimedOut);
        };
        let registry = image.registry();
        let loopback = registry.starts_with("127.") || registry.starts_with("localhost") || registry.starts_with("[::1]");
        if loopback && !spec.described {
            return failed(REFUSED, PullError::ConnectionRefused);
        }
        let me = LinkEnd::Host(h.spec.name.clone());
        if self.registry.state == RegistryState::Down || !self.network.connected(&me, &LinkEnd::Everyone) {
            return failed(CONNECT_TIMEOUT, PullError::TimedOut);
        }
        let slow = if let RegistryState::Slow { percent } = self.registry.state { u64::from(percent.max(1)) } else { 100 };
        let asked = ROUND_TRIP.scaled(slow, 100);
        if self.network.dns_down {
            return failed(CONNECT_TIMEOUT, PullError::TimedOut);
        }
        if self.registry.state == RegistryState::Denied || spec.private {
            return failed(asked, PullError::Denied);
        }
        if spec.missing {
            return failed(asked, PullError::NotFound);
        }
        // Layers that another pull is already fetching are waited for, not fetched twice.
        let same_host: Vec<(SimTime, Arc<ImageSpec>)> =
            self.pulls.values().filter(|p| &*p.host == host && p.outcome.is_ok()).map(|p| (p.ends, self.image_spec(&p.image))).collect();
        let (mut bytes, mut wait_for) = (0u64, now);
        for layer in spec.layers.iter().filter(|l| !h.layers.contains(&l.digest)) {
            match same_host.iter().find(|(_, s)| s.layers.iter().any(|l| l.digest == layer.digest)) {
                Some((ends, _)) => wait_for = wait_for.max(*ends),
                None => bytes = bytes.saturating_add(layer.bytes),
            }
        }
        if bytes > 0 && h.disk_full {
            return failed(asked + SimDuration::from_secs(1), PullError::DiskFull);
        }
        let rate = if self.registry.bandwidth == 0 { DEFAULT_BANDWIDTH } else { self.registry.bandwidth };
        let travel = SimDuration::from_secs(1).scaled(bytes, rate).scaled(slow, 100);
        let begin = (now + asked).max(if bytes > 0 { h.link_free } else { now });
        let arrived = begin + travel;
        if let Some(h) = self.hosts.get_mut(host).filter(|_| bytes > 0) {
            h.link_free = arrived;
        }
        (arrived.max(wait_for) + SimDuration::from_secs(1).scaled(bytes, UNPACK_RATE), Ok(bytes))
    }

    pub(crate) fn pull_done(&mut self, id: PullId, now: SimTime) -> Vec<Notice> {
        let Some(p) = self.pulls.remove(&id) else { return Vec::new() };
        let result = match p.outcome {
            Ok(bytes) => {
                self.preload(&p.host, &p.image);
                Ok(PullDone { bytes, took: now.since(p.started), size: self.image_spec(&p.image).size })
            }
            Err(e) => Err(e),
        };
        let image = p.image.text.clone();
        vec![Notice { cause: p.cause, what: What::PullFinished { pull: id, host: p.host, image, result } }]
    }
}
