//! Which observables belong to one campaign: the clustering measured on families that are known.

mod benchmark;
mod features;
mod measure;
mod methods;
mod speed;
mod tune;

use std::path::Path;

use rempart_triage::connect::Settings;

/// Measures the clustering.
pub(crate) fn evaluate(data: &Path) -> anyhow::Result<()> {
    if std::env::var_os("SPEED").is_some() {
        println!("{:?}", speed::measure(&Settings::default()));
        return Ok(());
    }
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
    if std::env::var_os("PAIRS").is_some() {
        use std::collections::BTreeMap;
        let mut values: BTreeMap<_, Vec<u32>> = BTreeMap::new();
        for (n, item) in development.items.iter().enumerate() {
            for f in tables.features(&item.value) {
                values.entry((f.kind, f.text)).or_default().push(n as u32);
            }
        }
        let mut bins: BTreeMap<_, (u64, u64, u64, f64)> = BTreeMap::new();
        for ((kind, text), m) in values {
            if m.len() < 2 {
                continue;
            }
            let sub =
                if text.as_bytes().get(1) == Some(&b':') { text[..1].to_owned() } else { String::new() };
            let bin = bins.entry((kind, sub.clone(), (m.len() as f64).log2().floor() as u32)).or_default();
            bin.2 += 1;
            let (mut s1, mut o1) = (0, 0);
            for (i, a) in m.iter().enumerate() {
                for b in &m[i + 1..] {
                    if development.items[*a as usize].family == development.items[*b as usize].family {
                        s1 += 1
                    } else {
                        o1 += 1
                    }
                }
            }
            bin.0 += s1;
            bin.1 += o1;
            bin.3 += s1 as f64 / (s1 + o1) as f64;
            if m.len() > 40 {
                println!("    {} {} {} {:.2}", kind.name(), text, m.len(), s1 as f64 / (s1 + o1) as f64);
            }
        }
        for ((kind, sub, bin), (same, other, n, sh)) in bins {
            println!(
                "{:20} {sub} {:4} values {n:6} same {same:7} other {other:7} share {:.3} {:.3}",
                kind.name(),
                1 << bin,
                same as f64 / (same + other) as f64,
                sh / n as f64
            );
        }
        return Ok(());
    }
    let (_, test_e) = ((), features::evidence(&test, &tables, false));
    for floor in [0.0, 0.7, 0.8, 0.9] {
        let best = tune::search(&development, &evidence, &settings, floor, 6);
        println!("floor {floor} {best:?}");
        println!("DEV {:?}", measure::score(&development, &methods::rempart(&evidence, &best, count), 100));
        println!(
            "TEST {:?}",
            measure::score(&test, &methods::rempart(&test_e, &best, test.items.len()), 100)
        );
    }
    Ok(())
}
