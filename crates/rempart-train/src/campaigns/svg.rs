//! Plots: lines and bars as SVG, with nothing but what the page itself holds.

use std::fmt::Write as _;

/// One line of a plot.
#[derive(Debug, Clone)]
pub(super) struct Line {
    /// What it is.
    pub(super) name: String,
    /// Its points, both from 0 to 1.
    pub(super) points: Vec<(f64, f64)>,
    /// Whether the points are connected.
    pub(super) connected: bool,
}

/// One bar, with the interval of its figure.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    /// What it is.
    pub(super) name: String,
    /// 0 to 1.
    pub(super) value: f64,
    /// The interval.
    pub(super) range: (f64, f64),
}

/// Colours that also those tell apart who see red and green alike (Okabe, Ito 2008).
const COLOURS: [&str; 5] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#555555"];
const LEFT: f64 = 60.0;
const TOP: f64 = 40.0;
const SIDE: f64 = 400.0;

fn head(width: f64, height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" \
         font-size=\"12\">\n<title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"{LEFT}\" y=\"22\" font-size=\"14\">{title}</text>\n"
    )
}

/// Lines over a square from 0 to the largest value of each axis.
pub(super) fn lines(title: &str, across: &str, up: &str, lines: &[Line]) -> String {
    let points = || lines.iter().flat_map(|line| line.points.iter().copied());
    let most = |values: &mut dyn Iterator<Item = f64>| (values.fold(0.1_f64, f64::max) * 10.0).ceil() / 10.0;
    let (right, top) = (most(&mut points().map(|point| point.0)), most(&mut points().map(|point| point.1)));
    let x = |value: f64| LEFT + value / right * SIDE;
    let y = |value: f64| TOP + SIDE - value / top * SIDE;
    let mut svg = head(LEFT + SIDE + 200.0, TOP + SIDE + 50.0, title);
    for (most, is_across) in [(right, true), (top, false)] {
        for tick in 0..=5_u8 {
            let value = most * f64::from(tick) / 5.0;
            let (from, to, label) = if is_across {
                ((x(value), y(0.0)), (x(value), y(top)), (x(value), y(0.0) + 16.0, "middle"))
            } else {
                ((x(0.0), y(value)), (x(right), y(value)), (x(0.0) - 6.0, y(value) + 4.0, "end"))
            };
            let _ = writeln!(
                svg,
                "<line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#ddd\"/>\n\
                 <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"{}\">{value:.2}</text>",
                from.0, from.1, to.0, to.1, label.0, label.1, label.2
            );
        }
    }
    let _ = writeln!(
        svg,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{across}</text>\n\
         <text x=\"16\" y=\"{:.1}\" text-anchor=\"middle\" transform=\"rotate(-90 16 {:.1})\">{up}</text>",
        x(right / 2.0),
        TOP + SIDE + 40.0,
        y(top / 2.0),
        y(top / 2.0)
    );
    for ((line, colour), place) in lines.iter().zip(COLOURS).zip(0_u8..) {
        if line.connected {
            let path: Vec<String> =
                line.points.iter().map(|point| format!("{:.1},{:.1}", x(point.0), y(point.1))).collect();
            let _ =
                writeln!(svg, "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\"/>", path.join(" "));
        }
        for point in &line.points {
            let _ = writeln!(
                svg,
                "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"3\" fill=\"{colour}\"/>",
                x(point.0),
                y(point.1)
            );
        }
        let at = TOP + 16.0 + f64::from(place) * 20.0;
        let _ = writeln!(
            svg,
            "<circle cx=\"{:.1}\" cy=\"{:.1}\" r=\"4\" fill=\"{colour}\"/><text x=\"{:.1}\" y=\"{at:.1}\">{}</text>",
            LEFT + SIDE + 16.0,
            at - 4.0,
            LEFT + SIDE + 26.0,
            line.name
        );
    }
    svg.push_str("</svg>\n");
    svg
}

/// Bars from the left, each with its interval.
pub(super) fn bars(title: &str, bars: &[Bar]) -> String {
    let count = f64::from(u32::try_from(bars.len()).unwrap_or(0));
    let most = bars.iter().map(|bar| bar.range.1.max(bar.value)).fold(0.05_f64, f64::max);
    let (from, width) = (220.0, 340.0);
    let mut svg = head(from + width + 80.0, TOP + count * 24.0 + 16.0, title);
    for (bar, place) in bars.iter().zip(0_u32..) {
        let y = TOP + f64::from(place) * 24.0;
        let x = |value: f64| from + value / most * width;
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
             <rect x=\"{from:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"16\" fill=\"{}\"/>\n\
             <line x1=\"{:.1}\" y1=\"{:.1}\" x2=\"{:.1}\" y2=\"{:.1}\" stroke=\"#000\"/>\n\
             <text x=\"{:.1}\" y=\"{:.1}\">{:.3}</text>",
            from - 8.0,
            y + 12.0,
            bar.name,
            x(bar.value) - from,
            COLOURS[0],
            x(bar.range.0),
            y + 8.0,
            x(bar.range.1),
            y + 8.0,
            x(bar.range.1.max(bar.value)) + 6.0,
            y + 12.0,
            bar.value
        );
    }
    svg.push_str("</svg>\n");
    svg
}
