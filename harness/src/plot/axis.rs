//! A linear scale and its round ticks.

use super::colour::Colour;
use super::svg::{Anchor, PAD, SMALL, Svg, Type};
use super::words::shorten;

/// From values to places in px.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    pub(super) low: f64,
    pub(super) high: f64,
    /// Place of `low`.
    pub(super) from: f64,
    /// Place of `high`.
    pub(super) to: f64,
    /// From tick to tick, where the ends were moved out to ticks.
    pub(super) step: Option<f64>,
}

impl Scale {
    /// Covers all finite values, with round ends where `round`; a lone value gets room.
    pub(super) fn covering(values: impl Iterator<Item = f64>, from: f64, to: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        for value in values.filter(|v| v.is_finite()) {
            low = low.min(value);
            high = high.max(value);
        }
        if low > high {
            (low, high) = (0.0, 1.0);
        }
        if high - low < 1e-9 {
            let room = (low.abs() * 0.1).max(0.01);
            (low, high) = (low - room, high + room);
        }
        Self { low, high, from, to, step: None }
    }

    /// Ends moved out to ticks.
    pub(super) fn rounded(self, about: usize) -> Self {
        let step = step(self.high - self.low, about);
        let low = (self.low / step + 1e-9).floor() * step;
        let high = (self.high / step - 1e-9).ceil() * step;
        Self { low, high, step: Some(step), ..self }
    }

    /// Ends kept within what a value can be.
    pub(super) fn within(self, low: f64, high: f64) -> Self {
        Self { low: self.low.max(low), high: self.high.min(high), ..self }
    }

    /// The place of a value; outside values at the ends.
    pub(super) fn at(&self, value: f64) -> f64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        self.from + share * (self.to - self.from)
    }

    /// Round values, about so many.
    pub(super) fn ticks(&self, about: usize) -> Vec<f64> {
        let step = self.step.unwrap_or_else(|| step(self.high - self.low, about));
        let first = (self.low / step - 1e-9).ceil() as i64;
        let last = (self.high / step + 1e-9).floor() as i64;
        (first..=last).map(|i| i as f64 * step).collect()
    }

    /// Upright lines at the ticks from `top` to `bottom`, each with its number below.
    pub(super) fn grid(
        &self,
        svg: &mut Svg,
        ticks: &[f64],
        (top, bottom): (f64, f64),
        percent: bool,
    ) {
        for tick in ticks {
            let x = self.at(*tick);
            svg.line((x, top), (x, bottom), Colour::Line, 1.0);
            let style = Type::new(SMALL, Anchor::Middle).muted();
            svg.text(x, bottom + 12.0, style, &label(*tick, ticks, percent));
        }
    }
}

/// What the axes show: x so far below the plot, y beside it.
pub(super) fn titles(
    svg: &mut Svg,
    (left, right): (f64, f64),
    (top, bottom): (f64, f64),
    below: f64,
    (x, y): (&str, &str),
) {
    let style = Type::new(SMALL, Anchor::Middle);
    let middle = f64::midpoint(left, right);
    svg.text(middle, bottom + below, style, &shorten(x, SMALL, right - left));
    svg.slanted(PAD + 6.0, f64::midpoint(top, bottom), 90.0, style, y, bottom - top);
}

/// 1, 2 or 5 times a power of ten.
fn step(span: f64, about: usize) -> f64 {
    let raw = span / about.max(1) as f64;
    let power = 10_f64.powf(raw.log10().floor());
    // A hair below, so that 2.0000000001 counts as 2.
    let times = raw / power - 1e-9;
    power
        * if times <= 1.0 {
            1.0
        } else if times <= 2.0 {
            2.0
        } else if times <= 5.0 {
            5.0
        } else {
            10.0
        }
}

/// A tick as text, with as many decimals as the step needs.
pub(super) fn label(value: f64, ticks: &[f64], percent: bool) -> String {
    let times = if percent { 100.0 } else { 1.0 };
    let step = match ticks {
        [a, b, ..] => (b - a) * times,
        _ => 1.0,
    };
    let decimals = (-(step + 1e-12).log10().floor()).clamp(0.0, 6.0) as usize;
    let text = format!("{:.decimals$}", value * times);
    if text.trim_matches(['-', '0', '.']).is_empty() {
        text.trim_start_matches('-').to_owned()
    } else {
        text.replace('-', "−")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_within() {
        let scale = Scale::covering([0.113, 0.472].into_iter(), 0.0, 100.0).rounded(5);
        assert_eq!((scale.low, scale.high), (0.1, 0.5));
        let ticks = scale.ticks(5);
        let labels: Vec<String> = ticks.iter().map(|t| label(*t, &ticks, true)).collect();
        assert_eq!(labels, ["10", "20", "30", "40", "50"]);
        let signed = Scale::covering([-0.03, 0.05].into_iter(), 0.0, 100.0).rounded(4);
        let ticks = signed.ticks(4);
        let labels: Vec<String> = ticks.iter().map(|t| label(*t, &ticks, true)).collect();
        assert_eq!(labels, ["−4", "−2", "0", "2", "4", "6"]);
    }

    #[test]
    fn a_lone_value_and_none_get_a_scale() {
        let lone = Scale::covering([0.5].into_iter(), 0.0, 10.0);
        assert!((lone.at(0.5) - 5.0).abs() < 1e-9, "{lone:?}");
        let none = Scale::covering([f64::NAN].into_iter(), 0.0, 10.0);
        assert_eq!((none.low, none.high), (0.0, 1.0));
    }
}
