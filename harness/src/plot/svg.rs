//! The one writer of SVG: escapes all text, prints all numbers with two decimals.

use std::fmt::Write;

use super::Frame;
use super::colour::Colour;
use super::words::{shorten, width, wrap};
use crate::text::escape::xml as escape;

/// Size of text in px.
pub(super) const SIZE: f64 = 12.0;
/// Size of notes in px.
pub(super) const SMALL: f64 = 11.0;
/// Space around a figure in px.
pub(super) const PAD: f64 = 10.0;

const FONTS: &str = "system-ui, -apple-system, Segoe UI, Roboto, Helvetica Neue, Arial, sans-serif";

/// Where text is at its x.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Type {
    pub(super) size: f64,
    pub(super) anchor: Anchor,
    pub(super) colour: Colour,
    pub(super) bold: bool,
}

impl Type {
    pub(super) const fn new(size: f64, anchor: Anchor) -> Self {
        Self { size, anchor, colour: Colour::Ink, bold: false }
    }

    pub(super) const fn muted(self) -> Self {
        Self { colour: Colour::Muted, ..self }
    }

    pub(super) const fn bold(self) -> Self {
        Self { bold: true, ..self }
    }

    pub(super) const fn coloured(self, colour: Colour) -> Self {
        Self { colour, ..self }
    }
}

/// A drawing under way.
#[derive(Debug)]
pub(super) struct Svg {
    id: String,
    body: String,
    width: f64,
    title: String,
    sample: bool,
    hatched: bool,
    /// Where the data begin, below the heading.
    pub(super) top: f64,
}

impl Svg {
    /// Starts with the heading.
    pub(super) fn new(frame: &Frame<'_>) -> Self {
        let id: String = (frame.id.chars())
            .map(|c| if c.is_ascii_alphanumeric() || c == '-' || c == '_' { c } else { '-' })
            .collect();
        let mut svg = Self {
            id,
            body: String::new(),
            width: frame.width.max(MIN_WIDTH),
            title: frame.title.to_owned(),
            sample: frame.sample,
            hatched: false,
            top: PAD,
        };
        let badge = if frame.sample { width(BADGE, SMALL) + 16.0 } else { 0.0 };
        if frame.heading {
            let room = svg.width - 2.0 * PAD - if badge > 0.0 { badge + 8.0 } else { 0.0 };
            let style = Type::new(HEADING, Anchor::Start).bold();
            svg.name(PAD, svg.top + 9.0, style, frame.title, room / 1.08);
        }
        if frame.sample {
            let (x, y) = (svg.width - PAD - badge, svg.top);
            let _ = writeln!(
                svg.body,
                r#"<rect x="{}" y="{}" width="{}" height="18.00" rx="3.00" fill="none" stroke="{}"/>"#,
                n(x),
                n(y),
                n(badge),
                Colour::Sample
            );
            let style = Type::new(SMALL, Anchor::Middle).bold().coloured(Colour::Sample);
            svg.text(x + badge / 2.0, y + 9.0, style, BADGE);
        }
        if frame.heading || frame.sample {
            svg.top += 28.0;
        }
        svg
    }

    pub(super) fn width(&self) -> f64 {
        self.width
    }

    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour, thick: f64) {
        self.stroke(from, to, colour, thick, "");
    }

    pub(super) fn dashed(&mut self, from: (f64, f64), to: (f64, f64), colour: Colour, thick: f64) {
        self.stroke(from, to, colour, thick, r#" stroke-dasharray="4 3""#);
    }

    fn stroke(&mut self, a: (f64, f64), b: (f64, f64), colour: Colour, thick: f64, more: &str) {
        let _ = writeln!(
            self.body,
            r#"<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{colour}" stroke-width="{}"{more}/>"#,
            n(a.0),
            n(a.1),
            n(b.0),
            n(b.1),
            n(thick)
        );
    }

    /// A filled rectangle.
    pub(super) fn rect(&mut self, at: (f64, f64), size: (f64, f64), fill: Colour, opacity: f64) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="{fill}" fill-opacity="{}"/>"#,
            n(at.0),
            n(at.1),
            n(size.0),
            n(size.1),
            n(opacity)
        );
    }

    /// A rectangle's outline.
    pub(super) fn outline(&mut self, at: (f64, f64), size: (f64, f64), colour: Colour, thick: f64) {
        let _ = writeln!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="none" stroke="{colour}" stroke-width="{}"/>"#,
            n(at.0),
            n(at.1),
            n(size.0),
            n(size.1),
            n(thick)
        );
    }

    /// A rectangle that says: nothing here.
    pub(super) fn hatch(&mut self, at: (f64, f64), size: (f64, f64)) {
        self.hatched = true;
        let _ = writeln!(
            self.body,
            r#"<rect x="{}" y="{}" width="{}" height="{}" fill="url(#{}-hatch)" stroke="{}"/>"#,
            n(at.0),
            n(at.1),
            n(size.0),
            n(size.1),
            self.id,
            Colour::Line
        );
    }

    /// A closed path, filled and outlined.
    pub(super) fn path(&mut self, d: &str, fill: Option<Colour>, stroke: Colour, thick: f64) {
        let fill = fill.map_or_else(|| "none".to_owned(), |c| c.to_string());
        let _ = writeln!(
            self.body,
            r#"<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="{}" stroke-linejoin="round"/>"#,
            n(thick)
        );
    }

    /// An area, faint.
    pub(super) fn area(&mut self, d: &str, fill: Colour, opacity: f64) {
        let _ = writeln!(
            self.body,
            r#"<path d="{d}" fill="{fill}" fill-opacity="{}" stroke="none"/>"#,
            n(opacity)
        );
    }

    /// Text whose middle line is at `y`.
    pub(super) fn text(&mut self, x: f64, y: f64, style: Type, text: &str) {
        let anchor = match style.anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if style.bold { r#" font-weight="bold""# } else { "" };
        let _ = writeln!(
            self.body,
            r#"<text x="{}" y="{}" font-size="{}" text-anchor="{anchor}" fill="{}"{weight}>{}</text>"#,
            n(x),
            n(y + style.size * 0.35),
            n(style.size),
            style.colour,
            escape(text)
        );
    }

    /// Text that is shortened where it is wider than `room`; its whole is then in a `<title>`.
    pub(super) fn name(&mut self, x: f64, y: f64, style: Type, text: &str, room: f64) {
        let short = shorten(text, style.size, room);
        if short == text {
            self.text(x, y, style, text);
        } else {
            self.open(text);
            self.text(x, y, style, &short);
            self.close();
        }
    }

    /// Text in as many lines as it needs, the first at `y`; gives the place of the line after the last.
    pub(super) fn paragraph(&mut self, x: f64, y: f64, style: Type, text: &str, room: f64) -> f64 {
        let mut y = y;
        for line in wrap(text, style.size, room) {
            self.name(x, y, style, &line, room);
            y += style.size + 5.0;
        }
        y
    }

    /// Text that runs upwards to the right from its anchor.
    pub(super) fn slanted(
        &mut self,
        x: f64,
        y: f64,
        degrees: f64,
        style: Type,
        text: &str,
        room: f64,
    ) {
        let _ = writeln!(
            self.body,
            r#"<g transform="translate({} {}) rotate({})">"#,
            n(x),
            n(y),
            n(-degrees)
        );
        self.name(0.0, 0.0, style, text, room);
        self.close();
    }

    /// A group that a pointer or a screen reader gets a text for.
    pub(super) fn open(&mut self, title: &str) {
        let _ = writeln!(self.body, "<g><title>{}</title>", escape(title));
    }

    /// The end of a group.
    pub(super) fn close(&mut self) {
        self.body.push_str("</g>\n");
    }

    /// The whole drawing; `description` is for those who do not see it, `bottom` is where the data end.
    pub(super) fn finish(self, description: &str, bottom: f64) -> String {
        let (id, w, h) = (&self.id, self.width, (bottom + PAD).ceil());
        let mut out = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{id}-title {id}-desc" width="{}" height="{}" viewBox="0 0 {} {}" font-family="{FONTS}">"#,
            n(w),
            n(h),
            n(w),
            n(h)
        );
        let sample = if self.sample { "SAMPLE data: synthetic, not the benchmark. " } else { "" };
        let _ = writeln!(
            out,
            "\n<title id=\"{id}-title\">{}</title>\n<desc id=\"{id}-desc\">{sample}{}</desc>",
            escape(&self.title),
            escape(description)
        );
        if self.hatched {
            let _ = writeln!(
                out,
                r#"<defs><pattern id="{id}-hatch" width="6.00" height="6.00" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><line x1="0.00" y1="0.00" x2="0.00" y2="6.00" stroke="{}" stroke-width="1.50"/></pattern></defs>"#,
                Colour::Line
            );
        }
        out.push_str(&self.body);
        out.push_str("</svg>\n");
        out
    }
}

const BADGE: &str = "SAMPLE, synthetic data";
const HEADING: f64 = 14.0;
/// No figure is narrower.
const MIN_WIDTH: f64 = 300.0;

/// A number with two decimals; what is not a number is a defect of the caller.
pub(super) fn n(value: f64) -> String {
    debug_assert!(value.is_finite(), "a figure was given {value} as a place");
    let text = format!("{value:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

/// A drawing as a file of its own, for programs that know no CSS variables: colours written in, on a white ground.
pub fn standalone(svg: &str) -> String {
    const MARK: &str = "=\"var(--plot-";
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (open, rest) = svg.split_once('\n').unwrap_or((svg, ""));
    out.push_str(open);
    // Text cannot hold MARK: its quotes are escaped.
    let _ = write!(
        out,
        "\n<rect width=\"100%\" height=\"100%\" fill=\"{}\"/>\n",
        super::VARIABLES[3].1
    );
    let mut rest = rest;
    while let Some((before, after)) = rest.split_once(MARK) {
        let (variable, behind) = after.split_once(")\"").unwrap_or((after, ""));
        let fallback = variable.split_once(", ").map_or("none", |(_, value)| value);
        let _ = write!(out, "{before}=\"{fallback}\"");
        rest = behind;
    }
    out.push_str(rest);
    out
}
