//! `kubectl top`: there is no metrics server in this cluster, as in a fresh kubeadm cluster.

use super::super::args::{Args, Flag, flag, short_flag, short_text, text};
use super::super::shell::{Done, Failure, Shell};

pub(in super::super) const FLAGS: &[Flag] =
    &[short_text("selector", 'l'), short_flag("all-namespaces", 'A'), flag("containers"), flag("no-headers"), text("sort-by"), flag("sum")];

pub(in super::super) fn run(sh: &mut Shell, _: &Args) -> Done {
    sh.check_up()?;
    Err(Failure::error("Metrics API not available"))
}
