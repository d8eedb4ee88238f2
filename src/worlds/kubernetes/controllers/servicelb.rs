//! The service controller of a cloud provider: gives LoadBalancer Services an address, where there is such a provider.
//! Follows: staging/src/k8s.io/cloud-provider/controllers/service/controller.go.

use k8s_openapi::api::core::v1::{LoadBalancerIngress, LoadBalancerStatus};

use crate::kernel::{Map, SimDuration, SimTime};
use crate::worlds::kubernetes::Ctl;
use crate::worlds::kubernetes::api::meta::Key;
use crate::worlds::kubernetes::api::object::{Object, Service};
use crate::worlds::kubernetes::api::store::WatchEvent;
use crate::worlds::kubernetes::kinds::Kind;

use super::queue::Item;
use super::table::Id;
use super::{Manager, Next, Outcome};

pub(super) const WATCHES: &[Kind] = &[Kind::Service];

/// How long a provider takes to make a load balancer: tens of seconds are usual.
const PROVISION: SimDuration = SimDuration::from_secs(20);

/// Load balancers being made.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    ready_at: Map<Key, SimTime>,
    given: u32,
}

pub(super) fn observe(m: &mut Manager, event: &WatchEvent, ctl: &mut Ctl) {
    if ctl.config.load_balancer_provider
        && let Some(Object::Service(s)) = &event.new
    {
        m.add(Id::ServiceLb, Item::new(Kind::Service, s.meta.key()), ctl);
    }
}

pub(super) fn sync(m: &mut Manager, item: &Item, ctl: &mut Ctl) -> Outcome {
    let Some(service) = m.cache.typed::<Service>(&item.key).cloned() else {
        m.balancers.ready_at.remove(&item.key);
        return Ok(Next::Done);
    };
    let about = Object::Service(service.clone());
    let given = service.status.load_balancer.as_ref().and_then(|l| l.ingress.as_ref()).is_some_and(|i| !i.is_empty());
    if service.spec.type_.as_deref() != Some("LoadBalancer") {
        if m.balancers.ready_at.remove(&item.key).is_some() || given {
            ctl.event(&about, false, "DeletingLoadBalancer", "Deleting load balancer");
            let mut copy = Service::clone(&service);
            copy.status.load_balancer = None;
            ctl.update_status(copy, "the Service is no LoadBalancer any more")?;
            ctl.event(&about, false, "DeletedLoadBalancer", "Deleted load balancer");
        }
        return Ok(Next::Done);
    }
    if given {
        return Ok(Next::Done);
    }
    let now = ctl.cx.now;
    match m.balancers.ready_at.get(&item.key).copied() {
        None => {
            ctl.event(&about, false, "EnsuringLoadBalancer", "Ensuring load balancer");
            m.balancers.ready_at.insert(item.key.clone(), now + PROVISION);
            Ok(Next::After(PROVISION))
        }
        Some(at) if at > now => Ok(Next::After(at.since(now))),
        Some(_) => {
            m.balancers.given += 1;
            // TEST-NET-3 (RFC 5737): addresses nobody owns.
            let ip = format!("203.0.113.{}", m.balancers.given % 254 + 1);
            let mut copy = Service::clone(&service);
            let ingress = LoadBalancerIngress { ip: Some(ip.clone()), ip_mode: Some("VIP".into()), ..LoadBalancerIngress::default() };
            copy.status.load_balancer = Some(LoadBalancerStatus { ingress: Some(vec![ingress]) });
            ctl.update_status(copy, &format!("the load balancer stands: {ip}"))?;
            ctl.event(&about, false, "EnsuredLoadBalancer", "Ensured load balancer");
            m.balancers.ready_at.remove(&item.key);
            Ok(Next::Done)
        }
    }
}
