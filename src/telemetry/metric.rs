//! Metrics, in Prometheus' text format. Never labelled by user, room, workspace or key.

use metrics_exporter_prometheus::{BuildError, PrometheusBuilder, PrometheusHandle};
use std::collections::HashMap;

/// What each counter without labels has counted, and what counters with labels have over all of them.
pub fn totals(handle: &PrometheusHandle) -> HashMap<String, u64> {
    let mut totals = HashMap::new();
    for line in handle.render().lines() {
        let Some((name, value)) = line.rsplit_once(' ') else {
            continue;
        };
        let name = name.split('{').next().unwrap_or(name);
        if let Ok(value) = value.parse::<u64>() {
            *totals.entry(name.to_owned()).or_default() += value;
        }
    }
    totals
}

/// Installs the recorder; its handle renders `/metrics`.
///
/// # Errors
/// When a recorder is installed already.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new().install_recorder()
}
