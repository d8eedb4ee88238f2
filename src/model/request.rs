//! What becomes of a client's request.

use serde::Serialize;

/// Why a request failed, in a client's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailReason {
    /// Nobody listens at the address.
    Refused,
    /// No answer within the client's timeout.
    Timeout,
    /// The proxy or the app answered 503.
    Unavailable503,
    /// The app answered another 5xx.
    Error5xx,
    /// The Service has no ready endpoint (kube-proxy rejects the connection).
    NoEndpoint,
    /// The name did not resolve.
    Dns,
    /// The connection was cut while the request was in flight.
    Reset,
    /// The target does not exist.
    NoSuchTarget,
}

impl FailReason {
    pub const ALL: [Self; 8] =
        [Self::Refused, Self::Timeout, Self::Unavailable503, Self::Error5xx, Self::NoEndpoint, Self::Dns, Self::Reset, Self::NoSuchTarget];

    /// The word on screen and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::Unavailable503 => "503",
            Self::Error5xx => "5xx",
            Self::NoEndpoint => "no endpoint",
            Self::Dns => "dns",
            Self::Reset => "reset",
            Self::NoSuchTarget => "no such target",
        }
    }
}
