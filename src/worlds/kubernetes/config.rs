//! Flags of the components under their real names, with their real defaults.

use crate::kernel::SimDuration;

/// Every flag that a scenario may change.
#[derive(Clone, Debug)]
pub struct Config {
    /// kube-controller-manager --node-monitor-period (pkg/controller/nodelifecycle/config/v1alpha1/defaults.go)
    pub node_monitor_period: SimDuration,
    /// kube-controller-manager --node-monitor-grace-period
    pub node_monitor_grace_period: SimDuration,
    /// kube-apiserver --default-not-ready-toleration-seconds (plugin/pkg/admission/defaulttolerationseconds)
    pub default_not_ready_toleration_seconds: i64,
    /// kube-apiserver --default-unreachable-toleration-seconds
    pub default_unreachable_toleration_seconds: i64,
    /// kubelet nodeLeaseDurationSeconds; renewed at a quarter of it
    pub node_lease_duration_seconds: i32,
    /// kubelet nodeStatusReportFrequency
    pub node_status_report_frequency: SimDuration,
    /// True: a cloud provider exists that gives LoadBalancer services an address.
    pub load_balancer_provider: bool,
    /// kube-controller-manager --kube-api-qps: requests per second of each controller's client
    pub kube_api_qps: u32,
    /// kube-controller-manager --kube-api-burst (pkg/controller/apis/config/v1alpha1/defaults.go)
    pub kube_api_burst: u32,
}

impl Config {
    /// A controller's client: one request per so long, and how many at once.
    pub fn client_rate(&self) -> (SimDuration, u32) {
        (SimDuration::from_nanos(1_000_000_000 / u64::from(self.kube_api_qps.max(1))), self.kube_api_burst)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            node_monitor_period: SimDuration::from_secs(5),
            node_monitor_grace_period: SimDuration::from_secs(50),
            default_not_ready_toleration_seconds: 300,
            default_unreachable_toleration_seconds: 300,
            node_lease_duration_seconds: 40,
            node_status_report_frequency: SimDuration::from_secs(300),
            load_balancer_provider: false,
            kube_api_qps: 20,
            kube_api_burst: 30,
        }
    }
}

type Setter = fn(&mut Config, &str) -> Result<(), String>;

/// Every flag under its real name, with what it sets.
pub const FLAGS: &[(&str, Setter)] = &[
    ("node-monitor-period", |c, v| duration(v).map(|d| c.node_monitor_period = d)),
    ("node-monitor-grace-period", |c, v| duration(v).map(|d| c.node_monitor_grace_period = d)),
    ("default-not-ready-toleration-seconds", |c, v| number(v).map(|n| c.default_not_ready_toleration_seconds = n)),
    ("default-unreachable-toleration-seconds", |c, v| number(v).map(|n| c.default_unreachable_toleration_seconds = n)),
    ("node-lease-duration-seconds", |c, v| number(v).map(|n| c.node_lease_duration_seconds = n.clamp(1, 86_400) as i32)),
    ("node-status-report-frequency", |c, v| duration(v).map(|d| c.node_status_report_frequency = d)),
    ("kube-api-qps", |c, v| number(v).map(|n| c.kube_api_qps = n.clamp(1, 1_000_000) as u32)),
    ("kube-api-burst", |c, v| number(v).map(|n| c.kube_api_burst = n.clamp(1, 1_000_000) as u32)),
    ("load-balancer-provider", |c, v| truth(v).map(|b| c.load_balancer_provider = b)),
];

impl Config {
    /// Sets a flag (with or without leading dashes).
    ///
    /// # Errors
    /// What is wrong with the flag or its value.
    pub fn set(&mut self, flag: &str, value: &str) -> Result<(), String> {
        let name = flag.trim_start_matches('-');
        match FLAGS.iter().find(|(f, _)| *f == name) {
            Some((_, set)) => set(self, value.trim()),
            None => Err(format!("there is no such flag; there are: {}", FLAGS.iter().map(|(f, _)| *f).collect::<Vec<_>>().join(", "))),
        }
    }
}

fn duration(value: &str) -> Result<SimDuration, String> {
    let d = SimDuration::parse(value).map_err(|why| format!("\"{value}\" is not a duration: {why}"))?;
    if d == SimDuration::ZERO { Err("it must be longer than 0s".into()) } else { Ok(d) }
}

fn number(value: &str) -> Result<i64, String> {
    value.parse().map_err(|_| format!("\"{value}\" is not a whole number"))
}

fn truth(value: &str) -> Result<bool, String> {
    value.parse().map_err(|_| format!("\"{value}\" is neither true nor false"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_by_their_real_names() {
        let mut c = Config::default();
        assert_eq!(c.set("--node-monitor-grace-period", "20s"), Ok(()));
        assert_eq!(c.node_monitor_grace_period, SimDuration::from_secs(20));
        assert_eq!(c.set("default-unreachable-toleration-seconds", "30"), Ok(()));
        assert_eq!(c.default_unreachable_toleration_seconds, 30);
        for (flag, value) in [("node-monitor-period", "0"), ("node-monitor-period", "soon"), ("kube-api-qps", "x"), ("nope", "1")] {
            assert!(c.set(flag, value).is_err(), "{flag}");
        }
    }
}
