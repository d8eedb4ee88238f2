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
