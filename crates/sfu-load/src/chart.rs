//! A picture of a run: four panels over one axis of time, as plain SVG that needs nothing from outside.

use std::fmt::Write;

use crate::meter::Row;

const WIDTH: f64 = 860.0;
const LEFT: f64 = 60.0;
const RIGHT: f64 = 90.0;
const TOP: f64 = 60.0;
const PANEL: f64 = 110.0;
const GAP: f64 = 40.0;
/// Below the last panel, for the seconds.
const BOTTOM: f64 = 30.0;
/// Of the axis of time.
const MOST_TICKS: f64 = 10.0;
/// Readable on white for who cannot tell red from green.
const COLOURS: [&str; 2] = ["#0b5cad", "#c2570c"];

/// One line of a panel.
struct Line {
    name: &'static str,
    value: fn(&Row) -> Option<f64>,
}

struct Panel {
    title: &'static str,
    lines: &'static [Line],
    /// The axis reaches at least this far, so that nothing looks like much.
    at_least: f64,
}

const PANELS: [Panel; 4] = [
    Panel {
        title: "delivered, kpps",
        lines: &[Line { name: "delivered", value: |row| Some(row.kpps) }],
        at_least: 1.0,
    },
    Panel {
        title: "lost, %",
        lines: &[Line { name: "lost", value: |row| Some(100.0 * row.share_lost) }],
        at_least: 1.0,
    },
    Panel {
        title: "transit, ms",
        lines: &[
            Line { name: "p50", value: |row| Some(row.p50_ms) },
            Line { name: "p99", value: |row| Some(row.p99_ms) },
        ],
        at_least: 1.0,
    },
    Panel {
        title: "CPU, % of a core",
        lines: &[
            Line { name: "server", value: |row| row.server_share.map(|share| 100.0 * share) },
            Line { name: "client", value: |row| Some(100.0 * row.client_share) },
        ],
        at_least: 100.0,
    },
];

/// The picture of these seconds.
pub(crate) fn draw(title: &str, rows: &[Row]) -> String {
    let bottom = TOP + PANELS.len() as f64 * (PANEL + GAP) - GAP;
    let height = bottom + BOTTOM;
    let end = rows.last().map_or(1.0, |row| row.second.max(1.0));
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" font-size=\"12\" fill=\"#222\">\n\
         <title>{title}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"{LEFT}\" y=\"24\" font-size=\"15\" font-weight=\"bold\">{title}</text>\n"
    );
    for (index, panel) in PANELS.iter().enumerate() {
        panel.draw(&mut svg, TOP + index as f64 * (PANEL + GAP), rows, end);
    }
    let step = round_up((end / MOST_TICKS).max(1.0));
    for tick in (0..=(end / step) as usize).map(|tick| tick as f64 * step) {
        let _ = writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#666\">{tick} s</text>",
            across(tick, end),
            bottom + 20.0
        );
    }
    svg += "</svg>\n";
    svg
}

/// Where a second stands.
fn across(second: f64, end: f64) -> f64 {
    LEFT + second / end * (WIDTH - RIGHT - LEFT)
}

impl Panel {
    /// Writing to a string cannot fail.
    fn draw(&self, svg: &mut String, top: f64, rows: &[Row], end: f64) {
        let values = self.lines.iter().flat_map(|line| rows.iter().filter_map(line.value));
        let most = round_up(values.fold(self.at_least, f64::max));
        let (bottom, right) = (top + PANEL, WIDTH - RIGHT);
        let y = |value: f64| bottom - value / most * PANEL;
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{}</text>", top - 8.0, self.title);
        for part in 0..=2 {
            let (value, at) = (most * f64::from(part) / 2.0, y(most * f64::from(part) / 2.0));
            let _ = writeln!(
                svg,
                "<path d=\"M{LEFT} {at:.1}H{right}\" stroke=\"#ddd\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{value}</text>",
                LEFT - 6.0,
                at + 4.0
            );
        }
        for ((line, colour), order) in self.lines.iter().zip(COLOURS).zip(0..) {
            let points: Vec<String> = rows
                .iter()
                .filter_map(|row| {
                    // What is told of a second stands as a step over all of it.
                    let (value, begin) = ((line.value)(row)?, (row.second - 1.0).max(0.0));
                    let (from, to) = (across(begin, end), across(row.second, end));
                    Some(format!("{from:.1},{at:.1} {to:.1},{at:.1}", at = y(value)))
                })
                .collect();
            if points.is_empty() {
                continue;
            }
            let _ = writeln!(
                svg,
                "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.8\"/>",
                points.join(" ")
            );
            // One line is what the title says.
            if self.lines.len() > 1 {
                let (x, y) = (right + 8.0, top + 14.0 + 16.0 * f64::from(order));
                let _ = writeln!(svg, "<text x=\"{x}\" y=\"{y}\" fill=\"{colour}\">{}</text>", line.name);
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * power).find(|step| *step >= value).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_has_every_panel_and_every_point() {
        let row = |second| Row { second, kpps: 20.0, server_share: Some(0.4), ..Row::default() };
        let svg = draw("webinar", &[row(1.0), row(2.0), row(3.0)]);
        assert!(PANELS.iter().all(|panel| svg.contains(panel.title)));
        assert_eq!(svg.matches("<polyline").count(), 6);
        let line = svg.lines().find(|line| line.contains("polyline")).unwrap();
        assert_eq!(line.matches(',').count(), 6, "a step a second");
        assert!(!draw("nothing", &[]).contains("polyline"));
    }

    #[test]
    fn axes_end_at_round_numbers() {
        let ends = [0.9, 1.0, 3.0, 73.0, 501.0].map(|value| round_up(value) as u32);
        assert_eq!(ends, [1, 1, 5, 100, 1000]);
    }
}
