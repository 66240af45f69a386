//! The metrics of the stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;

use super::{Labels, Page};
use crate::store::measured::{COMMIT_SECONDS, StoreWatch, Times};

const COMMITS: &str = "carnet_store_commit_seconds";

/// How long commits took, by store.
#[derive(Debug)]
struct Commits(Vec<(&'static str, Times)>);

impl Collector for Commits {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let help = format!("{}.", Page::help(COMMITS));
        let mut metric = encoder.encode_descriptor(COMMITS, &help, None, MetricType::Histogram)?;
        for (store, times) in &self.0 {
            let labels = [("store", *store)];
            let mut family = metric.encode_family(&labels)?;
            let ends = COMMIT_SECONDS.iter().copied().chain([f64::INFINITY]);
            let classes: Vec<_> = ends.zip(times.classes).collect();
            let count = times.classes.iter().sum();
            family.encode_histogram::<NoLabelSet>(times.sum, count, &classes, None)?;
        }
        Ok(())
    }
}

pub(super) fn stores(page: &mut Page, stores: &[(&'static str, Arc<StoreWatch>)]) {
    let mut times: BTreeMap<&'static str, Times> = BTreeMap::new();
    let mut failed: BTreeMap<&'static str, f64> = BTreeMap::new();
    for (name, watch) in stores {
        let sum = times.entry(name).or_default();
        let one = watch.times();
        sum.sum += one.sum;
        for (class, count) in sum.classes.iter_mut().zip(one.classes) {
            *class += count;
        }
        *failed.entry(name).or_default() += f64::from(u8::from(watch.failure().is_some()));
    }
    page.0.register_collector(Box::new(Commits(times.into_iter().collect())));
    let of = |(name, count): (&str, f64)| (Labels::from([("store", name.to_owned())]), count);
    page.gauges("carnet_failed_stores", failed.into_iter().map(of));
}
