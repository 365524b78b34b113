//! Which observables belong to one campaign: the clustering measured on families that are known.

mod benchmark;
mod features;
mod measure;
mod methods;

use std::path::Path;

use rempart_triage::connect::Settings;

/// Measures the clustering.
pub(crate) fn evaluate(data: &Path) -> anyhow::Result<()> {
    let source = benchmark::read(&data.join("feeds/maltrail/malware"))?;
    let tables = features::Tables::bundled()?;
    let (development, test) = source.all.sampled().split();
    println!(
        "{} files {} all {} dev {} test {}",
        source.files,
        source.sha256,
        source.all.items.len(),
        development.items.len(),
        test.items.len()
    );
    let _ = (source.ambiguous, benchmark::SMALLEST);
    let evidence = features::evidence(&development, &tables, false);
    let count = development.items.len();
    let settings = Settings::default();
    let start = std::time::Instant::now();
    let labels = methods::rempart(&evidence, &settings, count);
    println!("{:?} rows {}", start.elapsed(), evidence.len());
    println!("{:?}", measure::score(&development, &labels, 100));
    let edges = methods::edges(&evidence, &settings);
    println!("edges {}", edges.len());
    println!("{:?}", measure::score(&development, &methods::components(&edges, count), 100));
    for most in [2, 3, 5, 10] {
        let edges = methods::edges(&evidence, &methods::cut(&settings, most));
        println!("{most} {:?}", measure::score(&development, &methods::components(&edges, count), 100));
    }
    for resolution in [0.05, 0.1, 0.2, 0.3, 0.5] {
        println!(
            "{resolution} {:?}",
            measure::score(&development, &methods::unweighted(&edges, count, resolution), 100)
        );
    }
    Ok(())
}
