//! Which observables belong to one campaign: the clustering measured on families that are known.

mod benchmark;
mod features;
mod measure;
mod methods;
mod report;
mod speed;
mod tune;
mod vendors;

use std::path::Path;

use anyhow::Context as _;
use rempart_triage::connect::{Evidence, EvidenceKind, Settings, Strength};

use benchmark::Benchmark;
use measure::Score;
use methods::Baseline;
use report::{Figures, Point, Row};
use tune::Goal;

/// How often families are drawn anew for the intervals.
const DRAWS: u32 = 2000;
/// Both halves, and what their observables share.
struct Data {
    development: Benchmark,
    development_evidence: Vec<Evidence>,
    test: Benchmark,
    test_evidence: Vec<Evidence>,
    tables: features::Tables,
    source: benchmark::Source,
    popular_sha256: String,
}

fn load(data: &Path) -> anyhow::Result<Data> {
    let popular = data.join("ml/dga/benign_top_domains.csv.zst");
    let packed = std::fs::read(&popular).with_context(|| format!("cannot read {}", popular.display()))?;
    let tables = features::Tables::new(&String::from_utf8_lossy(&zstd::decode_all(packed.as_slice())?))?;
    let source = benchmark::read(&data.join("feeds/maltrail/malware"))?;
    let (development, test) = source.all.sampled().split();
    Ok(Data {
        development_evidence: features::evidence(&development, &tables, false),
        test_evidence: features::evidence(&test, &tables, false),
        development,
        test,
        tables,
        source,
        popular_sha256: benchmark::hex(&packed),
    })
}

/// Chooses the parameters on the development half, and says how the shipped ones differ.
pub(crate) fn train(data: &Path) -> anyhow::Result<()> {
    let data = load(data)?;
    let half = tune::Half { benchmark: &data.development, evidence: &data.development_evidence };
    let shipped = Settings::default();
    let count = data.development.items.len();
    let score = |settings: &Settings| {
        measure::score(half.benchmark, &methods::rempart(half.evidence, settings, count), 0)
    };
    let chosen = tune::search(half, &shipped, Goal::SHIPPED);
    for (name, settings) in [("shipped", &shipped), ("chosen", &chosen)] {
        let score = score(settings);
        println!(
            "{name}: high {}, resolution {}, size_power {}: precision {:.4}, recall {:.4}, F1 {:.4}, in mixed clusters {:.4}",
            settings.high,
            settings.resolution,
            settings.size_power,
            score.precision.value,
            score.recall.value,
            score.f1.value,
            score.overmerge.value
        );
        for kind in tune::KINDS {
            let Strength { factor, cap, most } = settings.strength(kind);
            println!("    (EvidenceKind::{kind:?}, {factor:.2}, {cap:.1}, {most}),");
        }
    }
    Ok(())
}

/// Measures the clustering.
pub(crate) fn evaluate(data: &Path) -> anyhow::Result<()> {
    let folder = data;
    let data = load(data)?;
    let shipped = Settings::default();
    let count = data.test.items.len();
    let test = |labels: &[u64]| measure::score(&data.test, labels, DRAWS);
    let ours = |settings: &Settings| test(&methods::rempart(&data.test_evidence, settings, count));
    let leidens: Vec<Baseline> =
        methods::RESOLUTIONS.iter().map(|resolution| Baseline::Leiden(*resolution)).collect();

    // On the same links: nothing but the weights differs.
    let same = [methods::edges(&data.development_evidence, &shipped)];
    let same_test = methods::edges(&data.test_evidence, &shipped);
    let same_leiden = methods::choose(&data.development, &same, &leidens, Goal { floor: 0.0, mixed: 0.0 })
        .map_or(Baseline::Leiden(0.1), |(_, chosen)| chosen);
    let mut main = vec![
        Row::new("Rempart", ours(&shipped)),
        Row::new("connected components, same links", test(&Baseline::Components.labels(&same_test, count))),
        Row::new("Leiden without weights, same links", test(&same_leiden.labels(&same_test, count))),
    ];

    // At the same precision: each method with what was best for it on the development half.
    let development_graphs = methods::graphs(&data.development_evidence, &shipped);
    let test_graphs = methods::graphs(&data.test_evidence, &shipped);
    let baseline = |candidates: &[Baseline], goal: Goal| -> Score {
        methods::choose(&data.development, &development_graphs, candidates, goal)
            .and_then(|(place, chosen)| Some(test(&chosen.labels(test_graphs.get(place)?, count))))
            .unwrap_or_default()
    };
    let half = tune::Half { benchmark: &data.development, evidence: &data.development_evidence };
    let mut frontier = Vec::new();
    for (settings, goal) in std::iter::once((Some(&shipped), Goal::SHIPPED))
        .chain([0.9, 0.85, 0.8, 0.7, 0.0].map(|floor| (None, Goal { floor, mixed: 0.0 })))
    {
        eprintln!("campaigns: {goal:?}");
        let settings = settings.map_or_else(|| tune::search(half, &shipped, goal), Settings::clone);
        frontier.push(Point {
            floor: goal.floor,
            shipped: goal.mixed > 0.0,
            rempart: ours(&settings),
            components: baseline(&[Baseline::Components], goal),
            leiden: baseline(&leidens, goal),
        });
    }
    if let Some(point) = frontier.first() {
        main.push(Row::new("connected components, cut-off chosen by Rempart's goal", point.components));
        main.push(Row::new(
            "Leiden without weights, cut-off and resolution chosen by Rempart's goal",
            point.leiden,
        ));
    }

    let without = |kind| shipped.clone().with(kind, Strength { factor: 0.0, cap: 0.0, most: 0 });
    let alone = |kind: EvidenceKind| {
        EvidenceKind::ALL.iter().filter(|other| **other != kind).fold(shipped.clone(), |settings, other| {
            settings.with(*other, Strength { factor: 0.0, cap: 0.0, most: 0 })
        })
    };
    let ablation = tune::KINDS
        .iter()
        .map(|kind| {
            (Row::new(kind.name(), ours(&alone(*kind))), Row::new(kind.name(), ours(&without(*kind))))
        })
        .collect();

    // Near to the truth, and said to be so: what stood below one list of references.
    let reports = features::evidence(&data.test, &data.tables, true);
    let with_reports = test(&methods::rempart(&reports, &shipped, count));
    let by_block = data.test.by_block();
    let block = |labels: &[u64]| measure::score(&by_block, labels, DRAWS);
    let blocks = vec![
        Row::new("Rempart", block(&methods::rempart(&data.test_evidence, &shipped, count))),
        Row::new("connected components, same links", block(&Baseline::Components.labels(&same_test, count))),
        Row::new("Leiden without weights, same links", block(&same_leiden.labels(&same_test, count))),
    ];

    // Several times as many: what is shared by chance grows faster than what is shared for a reason.
    let (_, whole) = data.source.all.split();
    let whole_evidence = features::evidence(&whole, &data.tables, false);
    let whole_edges = methods::edges(&whole_evidence, &shipped);
    let whole_count = whole.items.len();
    let of_whole = |labels: &[u64]| measure::score(&whole, labels, DRAWS);
    let whole_rows = vec![
        Row::new("Rempart", of_whole(&methods::rempart(&whole_evidence, &shipped, whole_count))),
        Row::new(
            "connected components, same links",
            of_whole(&Baseline::Components.labels(&whole_edges, whole_count)),
        ),
        Row::new(
            "Leiden without weights, same links",
            of_whole(&same_leiden.labels(&whole_edges, whole_count)),
        ),
    ];

    let mut vendors = Vec::new();
    for name in ["talos", "eset"] {
        let (grouping, sha256) = vendors::read(&folder.join(format!("extract/{name}_truth.jsonl")))?;
        let evidence = features::evidence(&grouping, &data.tables, false);
        let count = grouping.items.len();
        let edges = methods::edges(&evidence, &shipped);
        let score = |labels: &[u64]| measure::score(&grouping, labels, DRAWS);
        vendors.push(report::Vendor {
            name,
            sha256,
            observables: count,
            reports: grouping.sizes().iter().filter(|size| **size > 0).count(),
            rows: vec![
                Row::new("Rempart", score(&methods::rempart(&evidence, &shipped, count))),
                Row::new(
                    "connected components, same links",
                    score(&Baseline::Components.labels(&edges, count)),
                ),
                Row::new("Leiden without weights, same links", score(&same_leiden.labels(&edges, count))),
            ],
        });
    }
    eprintln!("campaigns: speed");
    let figures = Figures {
        main,
        frontier,
        ablation,
        with_reports,
        blocks,
        whole: (whole_count, whole_rows),
        vendors,
        speed: speed::measure(&shipped),
        links: same_test.len(),
        evidence: data.test_evidence.len(),
    };
    report::write(
        Path::new("."),
        &data.source,
        &data.popular_sha256,
        [&data.development, &data.test],
        &figures,
    )
}
