//! Line charts as SVG, drawn from the figures themselves; colours come from the page.

use super::text::number;
use std::fmt::Write as _;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 260.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 34.0;

/// A chart.
pub struct Chart {
    /// What a screen reader says.
    pub title: String,
    /// Whether the value axis is logarithmic; else it begins at 0.
    pub logarithmic: bool,
    /// Places on the horizontal axis, 0 to 1, with their labels.
    pub places: Vec<(f64, String)>,
    /// At most as many as the page has colours.
    pub lines: Vec<Line>,
}

/// A line.
pub struct Line {
    /// Its name in the legend.
    pub name: String,
    /// From left (0) to right (1), with the value.
    pub points: Vec<(f64, f64)>,
}

impl Chart {
    /// The chart with its legend; nothing where there is nothing to draw.
    pub fn render(&self) -> String {
        let values = || {
            self.lines
                .iter()
                .flat_map(|line| line.points.iter().map(|(_, value)| *value))
        };
        let most = values().fold(f64::MIN, f64::max);
        if !most.is_finite() || most <= 0.0 {
            return String::new();
        }
        let axis = match self.logarithmic {
            true => Axis::logarithmic(
                values().filter(|value| *value > 0.0).fold(most, f64::min),
                most,
            ),
            false => Axis::linear(most),
        };
        let mut out = String::new();
        let title = super::html::escape(&self.title);
        let _ = write!(
            out,
            r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">"#
        );
        self.grid(&mut out, &axis);
        for (index, line) in self.lines.iter().enumerate() {
            let place =
                |(x, value): &(f64, f64)| format!("{:.1},{:.1}", across(*x), axis.height(*value));
            let points: Vec<_> = line.points.iter().map(place).collect();
            let _ = write!(
                out,
                r#"<polyline class="line c{index}" points="{}"/>"#,
                points.join(" ")
            );
            if let [(x, value)] = line.points[..] {
                let (x, y) = (across(x), axis.height(value));
                let _ = write!(
                    out,
                    r#"<circle class="dot c{index}" cx="{x:.1}" cy="{y:.1}" r="3"/>"#
                );
            }
        }
        out.push_str("</svg>");
        // One line is what the title says.
        if self.lines.len() > 1 {
            self.legend(&mut out);
        }
        out
    }

    fn grid(&self, out: &mut String, axis: &Axis) {
        let right = WIDTH - RIGHT;
        for tick in &axis.ticks {
            let y = axis.height(*tick);
            let _ = write!(
                out,
                r#"<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>"#
            );
            let (x, y, text) = (LEFT - 8.0, y + 4.0, number(*tick));
            let _ = write!(
                out,
                r#"<text class="tick end" x="{x}" y="{y:.1}">{text}</text>"#
            );
        }
        for (at, label) in &self.places {
            let (x, y) = (across(*at), HEIGHT - BOTTOM + 20.0);
            let label = super::html::escape(label);
            let _ = write!(
                out,
                r#"<text class="tick mid" x="{x:.1}" y="{y}">{label}</text>"#
            );
        }
    }

    fn legend(&self, out: &mut String) {
        out.push_str(r#"<p class="legend">"#);
        for (index, line) in self.lines.iter().enumerate() {
            let name = super::html::escape(&line.name);
            let _ = write!(out, r#"<span><i class="key c{index}"></i>{name}</span>"#);
        }
        out.push_str("</p>");
    }
}

fn across(x: f64) -> f64 {
    LEFT + x * (WIDTH - LEFT - RIGHT)
}

/// The value axis.
struct Axis {
    from: f64,
    to: f64,
    logarithmic: bool,
    ticks: Vec<f64>,
}

impl Axis {
    fn linear(most: f64) -> Self {
        // About four steps of 1, 2 or 5 times a power of ten.
        let rough = most / 4.0;
        let power = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power);
        let step = step
            .into_iter()
            .find(|step| *step >= rough)
            .unwrap_or(rough);
        let count = (most / step).ceil() as u32;
        let ticks: Vec<_> = (0..=count).map(|tick| f64::from(tick) * step).collect();
        Self {
            from: 0.0,
            to: f64::from(count) * step,
            logarithmic: false,
            ticks,
        }
    }

    fn logarithmic(least: f64, most: f64) -> Self {
        let (low, high) = (least.log10().floor() as i32, most.log10().ceil() as i32);
        let high = high.max(low + 1);
        let ticks: Vec<_> = (low..=high).map(|power| 10f64.powi(power)).collect();
        Self {
            from: 10f64.powi(low),
            to: 10f64.powi(high),
            logarithmic: true,
            ticks,
        }
    }

    fn height(&self, value: f64) -> f64 {
        let share = match self.logarithmic {
            true => (value.max(self.from) / self.from).log10() / (self.to / self.from).log10(),
            false => (value - self.from) / (self.to - self.from),
        };
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_hold_their_values() {
        for most in [0.7, 3.0, 99.0, 12_345.0] {
            let axis = Axis::linear(most);
            assert!(
                axis.to >= most && axis.ticks.len() <= 7,
                "{most}: {:?}",
                axis.ticks
            );
        }
        let axis = Axis::logarithmic(0.3, 42.0);
        assert_eq!(axis.ticks, [0.1, 1.0, 10.0, 100.0]);
        assert!((axis.height(0.1) - (HEIGHT - BOTTOM)).abs() < 1e-9);
        assert!((axis.height(100.0) - TOP).abs() < 1e-9);
    }

    #[test]
    fn nothing_to_draw_is_no_chart() {
        let line = Line {
            name: "x".into(),
            points: Vec::new(),
        };
        let chart = Chart {
            title: "t".into(),
            logarithmic: true,
            places: Vec::new(),
            lines: vec![line],
        };
        assert_eq!(chart.render(), "");
    }
}
