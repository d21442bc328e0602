//! Entries of a legend one behind the other, in as many lines as they need.

use super::mark;
use super::svg::{Anchor, PAD, SMALL, Svg, Type};
use super::words::{shorten, width};

/// From line to line.
const LINE: f64 = 18.0;

/// Where the next entry stands.
#[derive(Debug)]
pub(super) struct Flow {
    start: f64,
    limit: f64,
    x: f64,
    /// The middle of the last line.
    pub(super) y: f64,
}

impl Flow {
    /// Lines from `start` to `limit`, the first one at `y`.
    pub(super) fn new(start: f64, limit: f64, y: f64) -> Self {
        Self { start, limit, x: start, y }
    }

    /// The place of an entry that is so wide.
    pub(super) fn place(&mut self, wide: f64) -> (f64, f64) {
        if self.x + wide > self.limit && self.x > self.start {
            (self.x, self.y) = (self.start, self.y + LINE);
        }
        let place = (self.x, self.y);
        self.x += wide;
        place
    }
}

/// Names of categories with their shapes, from `y` on; gives where they end.
pub(super) fn categories<'a>(
    svg: &mut Svg,
    names: impl Iterator<Item = &'a String>,
    y: f64,
    radius: f64,
) -> f64 {
    let w = svg.width();
    let mut flow = Flow::new(PAD + 6.0, w - PAD, y);
    for (number, name) in names.enumerate() {
        let name = shorten(name, SMALL, w - 2.0 * PAD - 20.0);
        let (x, y) = flow.place(width(&name, SMALL) + 30.0);
        mark::category(svg, number, x, y, radius);
        svg.text(x + 10.0, y, Type::new(SMALL, Anchor::Start), &name);
    }
    flow.y + 8.0
}
