//! Colours by role. Categories are Okabe and Ito's (2008), which remain apart for the colour-blind; each also has a shape.

use std::fmt;

/// Name, light value (the fallback in the drawing), dark value.
pub const VARIABLES: [(&str, &str, &str); 13] = [
    ("--plot-ink", "#1b1f24", "#e6e9ed"),
    ("--plot-muted", "#59626d", "#a3adb8"),
    ("--plot-line", "#d5dae0", "#39424d"),
    ("--plot-paper", "#ffffff", "#14181d"),
    ("--plot-heat", "#4a8fc7", "#2f6ea8"),
    ("--plot-sample", "#9a4a00", "#f0a860"),
    ("--plot-1", "#0072b2", "#56a8dd"),
    ("--plot-2", "#b8500a", "#ee8a4a"),
    ("--plot-3", "#007a5a", "#35b58e"),
    ("--plot-4", "#a3528a", "#d68fbf"),
    ("--plot-5", "#8a6d00", "#d9b430"),
    ("--plot-6", "#3a4a9c", "#8f9ff0"),
    ("--plot-7", "#59626d", "#a3adb8"),
];

/// Colours of categories.
pub(super) const SERIES: usize = 7;

/// All variables for a page: light, dark where the reader's system asks for it, and `data-theme` on the root for a switch.
pub fn css() -> String {
    let set = |pick: fn(&(&str, &'static str, &'static str)) -> &'static str| -> String {
        let all: Vec<String> = VARIABLES.iter().map(|v| format!("{}:{};", v.0, pick(v))).collect();
        all.concat()
    };
    let (light, dark) = (set(|v| v.1), set(|v| v.2));
    format!(
        ":root{{{light}}}\n@media (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}\n:root[data-theme=dark]{{{dark}}}\n"
    )
}

/// A colour by its role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    /// Text.
    Ink,
    /// Notes, and what is not shown to differ.
    Muted,
    /// Grids and rules.
    Line,
    /// The ground.
    Paper,
    /// Cells of a heat map, by opacity.
    Heat,
    /// The word SAMPLE.
    Sample,
    /// A category.
    Series(usize),
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = match self {
            Self::Ink => 0,
            Self::Muted => 1,
            Self::Line => 2,
            Self::Paper => 3,
            Self::Heat => 4,
            Self::Sample => 5,
            Self::Series(number) => 6 + number % SERIES,
        };
        let (name, fallback, _) = VARIABLES[place];
        write!(f, "var({name}, {fallback})")
    }
}
