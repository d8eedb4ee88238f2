//! Restart policies and the engine's back-off. Pure decisions; `lifecycle` carries them out.
//!
//! Source: moby daemon/internal/restartmanager/restartmanager.go.

use std::fmt;

use crate::kernel::SimDuration;

/// First delay (`defaultTimeout`), its growth (`backoffMultiplier`), its cap (`maxRestartTimeout`).
pub const FIRST_DELAY: SimDuration = SimDuration::from_millis(100);
pub const MULTIPLIER: u64 = 2;
pub const MAX_DELAY: SimDuration = SimDuration::from_secs(60);
/// A run of this length takes the delay back to the first one.
pub const RESET_AFTER: SimDuration = SimDuration::from_secs(10);

/// `--restart`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RestartPolicy {
    #[default]
    No,
    Always,
    UnlessStopped,
    /// At most so many times; 0 = without end.
    OnFailure(u32),
}

impl RestartPolicy {
    /// Reads `no`, `always`, `unless-stopped`, `on-failure[:N]`.
    ///
    /// # Errors
    /// The daemon's sentence (api/types/container/hostconfig.go), without "Error response from daemon: ".
    pub fn parse(text: &str) -> Result<Self, String> {
        let (name, count) = match text.split_once(':') {
            Some((_, "")) => return Err("invalid restart policy format: no policy provided before colon".into()),
            Some(("", _)) => return Err("invalid restart policy format: no policy provided before colon".into()),
            Some((name, count)) => {
                let n: i64 =
                    count.parse().map_err(|_| "invalid restart policy format: maximum retry count must be an integer".to_string())?;
                (name, Some(n))
            }
            None => (text, None),
        };
        match (name, count) {
            ("on-failure", Some(n)) => {
                u32::try_from(n).map(Self::OnFailure).map_err(|_| "invalid restart policy: maximum retry count cannot be negative".into())
            }
            ("on-failure", None) => Ok(Self::OnFailure(0)),
            ("" | "no" | "always" | "unless-stopped", Some(n)) if n != 0 => {
                Err("invalid restart policy: maximum retry count can only be used with 'on-failure'".into())
            }
            ("" | "no", _) => Ok(Self::No),
            ("always", _) => Ok(Self::Always),
            ("unless-stopped", _) => Ok(Self::UnlessStopped),
            (other, _) => Err(format!("invalid restart policy '{other}'")),
        }
    }

    /// `HostConfig.RestartPolicy.Name`
    pub const fn name(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Always => "always",
            Self::UnlessStopped => "unless-stopped",
            Self::OnFailure(_) => "on-failure",
        }
    }
    /// `HostConfig.RestartPolicy.MaximumRetryCount`
    pub const fn max_retries(self) -> u32 {
        if let Self::OnFailure(n) = self { n } else { 0 }
    }

    /// Whether a container that ended with `code` is started again.
    pub const fn wants(self, code: i32, restarts: u32, manually_stopped: bool) -> bool {
        match self {
            Self::No => false,
            Self::Always => true,
            Self::UnlessStopped => !manually_stopped,
            Self::OnFailure(max) => code != 0 && (max == 0 || restarts < max),
        }
    }
}

impl fmt::Display for RestartPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::OnFailure(n) if *n > 0 => write!(f, ":{n}"),
            _ => Ok(()),
        }
    }
}

/// The delay counter of one container; lost when the daemon restarts or a person starts the container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff {
    delay: SimDuration,
    /// Somebody sent a stop or kill: this exit is not restarted whatever the policy says.
    pub cancelled: bool,
}

impl Backoff {
    /// The next delay after a run of this length; advances even where the policy then says no.
    pub fn advance(&mut self, ran_for: SimDuration) -> SimDuration {
        if ran_for >= RESET_AFTER {
            self.delay = SimDuration::ZERO;
        }
        self.delay = if self.delay == SimDuration::ZERO { FIRST_DELAY } else { self.delay.saturating_mul(MULTIPLIER).min(MAX_DELAY) };
        self.delay
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_to_a_minute_and_reset_after_ten_seconds() {
        let mut b = Backoff::default();
        let quick: Vec<u64> = (0..12).map(|_| b.advance(SimDuration::from_secs(1)).as_millis()).collect();
        assert_eq!(quick, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
        assert_eq!(b.advance(SimDuration::from_secs(10)), FIRST_DELAY);
        assert_eq!(b.advance(SimDuration::from_secs(9)).as_millis(), 200);
    }

    #[test]
    fn policies() {
        assert_eq!(RestartPolicy::parse("on-failure:3"), Ok(RestartPolicy::OnFailure(3)));
        assert_eq!(RestartPolicy::parse("sometimes").unwrap_err(), "invalid restart policy 'sometimes'");
        assert!(RestartPolicy::parse("always:3").unwrap_err().contains("can only be used with"));
        assert!(RestartPolicy::OnFailure(3).wants(5, 2, false) && !RestartPolicy::OnFailure(3).wants(5, 3, false));
        assert!(!RestartPolicy::OnFailure(0).wants(0, 0, false));
        assert!(!RestartPolicy::UnlessStopped.wants(1, 0, true) && RestartPolicy::Always.wants(0, 9, true));
        assert_eq!(RestartPolicy::OnFailure(3).to_string(), "on-failure:3");
    }
}
