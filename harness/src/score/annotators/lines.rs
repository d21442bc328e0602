//! The figures in words, one line each.

use super::figures::{Agreement, Annotators, Estimate};

impl Annotators {
    /// What a reader of scores should compare them with.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![format!(
            "{} on {} items, mostly {} an example; 95 % intervals by item",
            self.votes, self.items, self.panel
        )];
        for (name, agreement) in &self.cultures {
            lines.push(format!("{name}: {}", agreement.line()));
        }
        if self.cultures.len() > 1 {
            lines.push(format!("mean over cultures: {}", self.mean.line()));
        }
        lines.extend(self.over_cultures());
        lines
    }

    /// What is said of all cultures together, and what cannot be said.
    pub fn over_cultures(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if let Some(culture) = &self.culture {
            lines.push(format!(
                "best possible accuracy: {} knowing each culture's view, {} knowing the item and each culture's leniency, {} knowing the item alone; the culture is worth {} points",
                points(culture.culture_aware),
                points(culture.item_and_leniency),
                points(culture.culture_blind),
                points(culture.worth),
            ));
        }
        if let Some(v) = &self.variance {
            let [item, culture, both, annotator] =
                [v.item, v.culture, v.item_by_culture, v.annotator].map(|share| 100.0 * share);
            lines.push(format!(
                "variance of one vote: item {item:.1} %, culture {culture:.1} %, item x culture {both:.1} %, annotator {annotator:.1} %"
            ));
        }
        lines.extend(self.refused.iter().map(|why| format!("no {why}")));
        lines
    }
}

impl Agreement {
    fn line(&self) -> String {
        let mut parts = Vec::new();
        if let Some(alpha) = self.alpha {
            let Estimate { value, low, high } = alpha;
            parts.push(format!("Krippendorff's alpha {value:.2} [{low:.2}, {high:.2}]"));
        }
        for (what, figure) in [
            ("one annotator against the others", self.one_against_the_rest),
            ("a second panel", self.second_panel),
            ("ceiling", self.ceiling),
        ] {
            if let Some(figure) = figure {
                parts.push(format!("{what} {} %", points(figure)));
            }
        }
        for (split, figure) in &self.ceiling_by_split {
            parts.push(format!("on {split} {} %", points(*figure)));
        }
        if let Some((low, high)) = self.ceiling_allowed {
            parts.push(format!("the votes allow {:.1} to {:.1} %", 100.0 * low, 100.0 * high));
        }
        parts.join(", ")
    }
}

fn points(Estimate { value, low, high }: Estimate) -> String {
    format!("{:.1} [{:.1}, {:.1}]", 100.0 * value, 100.0 * low, 100.0 * high)
}
