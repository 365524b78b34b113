//! Draws findings at random for checking by hand: `draw_findings DIR SEED N [CONTEXT]`.
//!
//! DIR holds the reports (`talos/**.txt`, `eset/*/README.adoc`, `unit42/*.{txt,md}`). One line a
//! finding: file, start, end, type; with a fifth argument also the value and the text around it.

#![allow(clippy::print_stdout, reason = "a command")]

use std::path::{Path, PathBuf};

use rempart_formats::text::{Options, Role, extract};

/// The reports below `folder`, sorted by path.
fn reports(folder: &Path, into: &mut Vec<PathBuf>) -> std::io::Result<()> {
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            reports(&path, into)?;
        } else if path.extension().is_some_and(|ending| ending == "txt" || ending == "md" || ending == "adoc")
            && path.file_stem().is_none_or(|name| name != "LICENSE")
        {
            into.push(path);
        }
    }
    Ok(())
}

/// SplitMix64: the same numbers on every machine.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, seed, count, more @ ..] = arguments.as_slice() else {
        return Err("usage: draw_findings DIR SEED N [CONTEXT]".into());
    };
    let folder = Path::new(folder);
    let mut seed: u64 = seed.parse()?;
    let count: usize = count.parse()?;
    let mut paths = Vec::new();
    for part in ["talos", "eset", "unit42"] {
        reports(&folder.join(part), &mut paths)?;
    }
    let mut all = Vec::new();
    let mut texts = Vec::new();
    for path in paths {
        let text = String::from_utf8_lossy(&std::fs::read(&path)?).into_owned();
        let name = path.strip_prefix(folder)?.to_string_lossy().into_owned();
        let found = extract(&text, Options::default());
        all.extend(found.into_iter().filter(|f| f.role == Role::Indicator).map(|f| (texts.len(), f)));
        texts.push((name, text));
    }
    let total = all.len();
    // Fisher-Yates, as far as needed.
    for place in 0..count.min(total) {
        let other = place + (next(&mut seed) % (total - place) as u64) as usize;
        all.swap(place, other);
    }
    all.truncate(count);
    all.sort_by(|(a, x), (b, y)| (a, x.start).cmp(&(b, y.start)));
    println!("# {count} of {total}");
    for (text, finding) in all {
        let Some((name, text)) = texts.get(text) else { continue };
        if more.is_empty() {
            let quoted = if name.contains(',') { format!("\"{name}\"") } else { name.clone() };
            println!("{quoted},{},{},{}", finding.start, finding.end, finding.kind.name());
            continue;
        }
        let line = text.get(..finding.start).and_then(|before| before.rfind('\n')).map_or(0, |at| at + 1);
        let end = text
            .get(finding.end..)
            .and_then(|after| after.find('\n'))
            .map_or(text.len(), |at| finding.end + at);
        let heading = text.get(..line).and_then(|before| {
            before.lines().rev().find(|l| l.ends_with(':') || l.starts_with('=') || l.starts_with('#'))
        });
        println!(
            "{name},{},{},{}\t{}\n    [{}] {}\n    {}",
            finding.start,
            finding.end,
            finding.kind.name(),
            finding.value,
            heading.unwrap_or_default().trim(),
            text.get(line..end).unwrap_or_default().trim().chars().take(260).collect::<String>(),
            finding.why
        );
    }
    Ok(())
}
