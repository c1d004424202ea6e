//! Draws a trace: rates above, waits below, one colour a client.

use std::fmt::Write as _;
use std::path::Path;

use sfu_sim::stage::{Point, Trace};

const COLOURS: [&str; 5] = ["#1d4ed8", "#b91c1c", "#047857", "#a16207", "#7e22ce"];
const WIDTH: f64 = 900.0;
/// Of the two panes.
const HEIGHTS: [f64; 2] = [260.0, 140.0];
const MARGIN: f64 = 50.0;

/// One pane of a picture.
struct Pane {
    top: f64,
    height: f64,
    seconds: f64,
    most: f64,
}

impl Pane {
    fn line(&self, points: &[Point], colour: &str, dashes: &str, value: impl Fn(&Point) -> f64) -> String {
        let mut path = String::new();
        for point in points {
            let x = MARGIN + WIDTH * point.at.as_secs_f64() / self.seconds;
            let y = self.top + self.height * (1.0 - (value(point) / self.most).min(1.0));
            let _ = write!(path, "{x:.1},{y:.1} ");
        }
        format!(
            "<polyline fill='none' stroke='{colour}' stroke-width='1.5' stroke-dasharray='{dashes}' points='{path}'/>\n"
        )
    }

    fn frame(&self, label: &str) -> String {
        let (top, height) = (self.top, self.height);
        format!(
            "<rect x='{MARGIN}' y='{top}' width='{WIDTH}' height='{height}' fill='none' stroke='#999'/>\n\
             <text x='{MARGIN}' y='{:.0}'>{label}</text>\n",
            top - 6.0
        )
    }
}

/// Writes `<name>.svg` below the target directory.
#[expect(clippy::print_stderr, reason = "says where the picture is")]
pub(crate) fn write(name: &str, trace: &Trace) {
    let all = || trace.points.iter().flatten();
    let seconds = all().map(|it| it.at.as_secs_f64()).fold(1.0, f64::max);
    let link = all().map(|it| it.link_bps).filter(|it| it.is_finite()).fold(0.0, f64::max);
    let most = if link > 0.0 { link } else { all().map(|it| it.sent_bps).fold(1e5, f64::max) };
    let longest = all().map(|it| it.queue.max(it.pacer).as_secs_f64()).fold(0.1, f64::max);
    let rates = Pane { top: 60.0, height: HEIGHTS[0], seconds, most: most * 1.3 };
    let waits = Pane { top: 110.0 + HEIGHTS[0], height: HEIGHTS[1], seconds, most: longest };
    let height = waits.top + HEIGHTS[1] + 30.0;
    let mut svg = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{:.0}' height='{height:.0}' font-family='sans-serif' \
         font-size='13'>\n<rect width='100%' height='100%' fill='#fff'/>\n\
         <text x='{MARGIN}' y='24' font-size='16'>{name}, {seconds:.0} s</text>\n",
        WIDTH + 2.0 * MARGIN
    );
    let most = rates.most / 1e6;
    svg += &rates.frame(&format!("sent (line), estimate (dashes), link (grey); top is {most:.1} Mbit/s"));
    svg += &waits.frame(&format!("queue (line), pacer (dashes); top is {:.0} ms", longest * 1e3));
    svg += &rates.line(&trace.points[0], "#999", "", |it| it.link_bps);
    for (points, colour) in trace.points.iter().zip(COLOURS.iter().cycle()) {
        svg += &rates.line(points, colour, "", |it| it.sent_bps);
        svg += &rates.line(points, colour, "4 3", |it| it.estimate_bps);
        svg += &waits.line(points, colour, "", |it| it.queue.as_secs_f64());
        svg += &waits.line(points, colour, "4 3", |it| it.pacer.as_secs_f64());
    }
    svg += "</svg>\n";
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("{}.svg", name.replace([' ', ',', '/', '%'], "-")));
    std::fs::write(&path, svg).expect("the target directory can be written");
    eprintln!("{}", path.display());
}
