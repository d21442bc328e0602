//! Every figure: well-formed, the same bytes twice, hostile text inert, nothing outside its frame.

use super::heatmap::{Cell, Heatmap, Value};
use super::*;
use crate::compare::Verdict;
use crate::score::calibration::calibration;

const HOSTILE: &str =
    "</text><script>alert(\"1\")</script> ' onload=x var(--plot-ink, red) \u{202e}a\u{0}";

/// All figures with a name in them.
fn all(name: &str, width: f64) -> Vec<(&'static str, String)> {
    let frame = |id: &'static str| Frame::new(id, name).sample(true).wide(width);
    let difference = |value: f64, verdict| forest::Found::Difference {
        value,
        interval: Some((value - 0.02, value + 0.03)),
        p: 0.012,
        verdict,
    };
    let row = |label: &str, found| forest::Row {
        label: label.to_owned(),
        note: format!("trained, n = {name}"),
        sample: true,
        found,
    };
    let forest = forest::Forest {
        a: name.to_owned(),
        b: "majority".to_owned(),
        confidence: 0.95,
        alpha: 0.05,
        rows: vec![
            row(name, difference(0.04, Verdict::ABetter)),
            row("CREHate", difference(-0.05, Verdict::BBetter)),
            row("EMGSD", difference(0.001, Verdict::Undecided)),
            row("GLOBE", difference(f64::NAN, Verdict::Equivalent)),
            row("WVS", forest::Found::Missing(format!("no weights: {name}"))),
        ],
    };
    let models: Vec<(String, f64)> =
        vec![(name.to_owned(), 1.4), ("b".into(), 1.9), ("c".into(), 3.2), ("d".into(), 3.5)];
    let diagram = critical_difference::Diagram {
        models,
        cliques: vec![vec![0, 1], vec![1, 2, 3]],
        critical_difference: Some(1.9),
        test: "Nemenyi's test, alpha = 0.05".to_owned(),
        benchmarks: vec![name.to_owned(), "emgsd".to_owned()],
        sample: true,
    };
    let cell = |shade: f64| {
        Cell::Value(Value {
            shade,
            text: format!("{:.1}", shade * 100.0),
            note: name.to_owned(),
            title: name.to_owned(),
            strong: shade > 0.5,
        })
    };
    let heat = Heatmap {
        rows: vec![name.to_owned(), "b".to_owned()],
        columns: (0..30).map(|i| format!("{name} {i}")).collect(),
        cells: vec![
            (0..30).map(|i| cell(f64::from(i) / 29.0)).collect(),
            (0..30)
                .map(|i| if i % 2 == 0 { Cell::Missing(name.to_owned()) } else { Cell::Empty })
                .collect(),
        ],
        legend: vec![(0.0, "0".to_owned()), (1.0, name.to_owned())],
        notes: vec![name.to_owned()],
    };
    let confidence: Vec<f64> = (0..40).map(|i| f64::from(i) / 39.0).collect();
    let right: Vec<bool> = (0..40).map(|i| i % 3 > 0).collect();
    let curves = learning_curve::Curves {
        x: name.to_owned(),
        y: name.to_owned(),
        logarithmic: true,
        percent: true,
        series: (0..9)
            .map(|s| learning_curve::Series {
                name: format!("{name} {s}"),
                points: (1..5)
                    .map(|i| {
                        let y = 0.4 + 0.05 * f64::from(i) + 0.002 * f64::from(s);
                        learning_curve::Point {
                            x: 100.0 * f64::from(i),
                            y,
                            interval: Some((y - 0.02, y + 0.02)),
                        }
                    })
                    .chain([learning_curve::Point { x: 0.0, y: f64::NAN, interval: None }])
                    .collect(),
            })
            .collect(),
    };
    let scatter = scatter::Scatter {
        x: name.to_owned(),
        y: name.to_owned(),
        groups: (0..8).map(|g| format!("{name} {g}")).collect(),
        points: (0..60)
            .map(|i| scatter::Point {
                x: f64::from(i % 7) - 3.0,
                y: f64::from(i % 11) * 0.3,
                group: (i % 9 < 8).then_some(i as usize % 9),
                title: name.to_owned(),
            })
            .collect(),
    };
    let intervals = rank_interval::Intervals {
        axis: name.to_owned(),
        percent: false,
        rows: vec![
            rank_interval::Row {
                letters: "ab".into(),
                ..rank_interval::Row::new(name, 1.5, Some((1.0, 3.0)))
            },
            rank_interval::Row::new("nothing", f64::NAN, None),
        ],
    };
    vec![
        ("forest", forest::draw(&frame("forest"), &forest)),
        ("critical-difference", critical_difference::draw(&frame("cd"), &diagram)),
        ("heatmap", heatmap::draw(&frame("heat"), &heat)),
        (
            "calibration",
            calibration::draw(
                &frame("calibration"),
                &calibration(&confidence, &right, 10).unwrap(),
            ),
        ),
        ("learning-curve", learning_curve::draw(&frame("curve"), &curves)),
        ("scatter", scatter::draw(&frame("scatter"), &scatter)),
        ("rank-interval", rank_interval::draw(&frame("ranks"), &intervals)),
    ]
}

/// Tags of a drawing; panics where they do not close in order, or where text holds a bare `<`.
fn tags(svg: &str) -> Vec<String> {
    let mut open: Vec<String> = Vec::new();
    let mut seen = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert!(!tag.contains('<'), "{tag}");
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        if tag.starts_with('?') {
        } else if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(&*name), "{tag}");
        } else {
            assert!(tag.matches('"').count().is_multiple_of(2), "{tag}");
            seen.push(name.clone());
            if !tag.ends_with('/') {
                open.push(name);
            }
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty(), "{open:?} stay open");
    seen
}

#[test]
fn every_figure_is_well_formed_and_the_same_twice() {
    for width in [300.0, 360.0, 760.0] {
        for ((name, svg), (_, again)) in all("llama", width).into_iter().zip(all("llama", width)) {
            assert_eq!(svg, again, "{name}");
            let tags = tags(&svg);
            assert_eq!(tags[..3], ["svg", "title", "desc"], "{name}");
            assert!(svg.contains("SAMPLE"), "{name} does not say SAMPLE");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{name}: {svg}");
            assert!(!svg.contains("-0.00"), "{name}");
        }
    }
}

#[test]
fn hostile_names_stay_text() {
    for (name, svg) in all(HOSTILE, 760.0) {
        let allowed =
            ["svg", "title", "desc", "defs", "pattern", "g", "rect", "line", "path", "text"];
        for tag in tags(&svg) {
            assert!(allowed.contains(&&*tag), "{name} has <{tag}>");
        }
        assert!(!svg.contains('\u{202e}') && !svg.contains('\u{0}'), "{name}");
        let file = standalone(&svg);
        tags(&file);
        // What is in text is not a variable of ours.
        assert!(!file.contains("=\"var("), "{name}");
        assert!(file.contains("var(--plot-ink, red)"), "{name}: the text of a name is kept");
    }
}

#[test]
fn nothing_leaves_the_frame() {
    for width in [300.0, 760.0] {
        for (name, svg) in all("a-rather-long-name-of-a-model-with-many-parts-and-a-tail", width) {
            let number = |text: &str, what: &str| -> Option<f64> {
                text.split(&format!(" {what}=\"")).nth(1)?.split('"').next()?.parse().ok()
            };
            let w = number(&svg, "width").unwrap();
            for line in svg.lines().filter(|l| {
                l.starts_with("<rect") || l.starts_with("<line") || l.starts_with("<text")
            }) {
                for what in ["x", "x1", "x2"] {
                    if let Some(x) = number(line, what) {
                        assert!((-0.01..=w + 0.01).contains(&x), "{name} at {width}: {line}");
                    }
                }
                if line.starts_with("<text") && !svg.contains("<g transform") {
                    let text = line.split('>').nth(1).unwrap().split('<').next().unwrap();
                    let text = &text.replace("&#39;", "'").replace("&amp;", "&");
                    let size = number(line, "font-size").unwrap();
                    let (x, wide) = (number(line, "x").unwrap(), words::width(text, size));
                    let (from, to) = if line.contains("\"start\"") {
                        (x, x + wide)
                    } else if line.contains("\"end\"") {
                        (x - wide, x)
                    } else {
                        (x - wide / 2.0, x + wide / 2.0)
                    };
                    assert!(
                        from >= -1.0 && to <= w + 1.0,
                        "{name} at {width}: {from} to {to} of {w}: {line}"
                    );
                }
            }
        }
    }
}

#[test]
fn ids_start_with_the_frame_so_that_two_figures_share_a_page() {
    let draw = |id: &str| {
        let heat = Heatmap {
            rows: vec!["a".into()],
            columns: vec!["b".into()],
            cells: vec![vec![Cell::Missing("none".into())]],
            legend: Vec::new(),
            notes: Vec::new(),
        };
        heatmap::draw(&Frame::new(id, "t"), &heat)
    };
    let (one, two) = (draw("one"), draw("two"));
    for svg in [&one, &two] {
        let ids: Vec<&str> =
            svg.split(" id=\"").skip(1).map(|s| s.split('"').next().unwrap()).collect();
        assert_eq!(ids.len(), 3);
    }
    assert_eq!(one.replace("one-", "two-"), two);
}

/// WCAG 2.1, relative luminance and contrast.
#[test]
fn text_has_contrast_on_light_and_dark() {
    let rgb = |hex: &str| -> Vec<f64> {
        (0..3)
            .map(|i| f64::from(u8::from_str_radix(&hex[1 + 2 * i..3 + 2 * i], 16).unwrap()) / 255.0)
            .collect()
    };
    let luminance = |c: &[f64]| {
        let linear =
            |v: f64| if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) };
        0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2])
    };
    let contrast = |a: &[f64], b: &[f64]| {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    };
    for dark in [false, true] {
        let colour = |name: &str| {
            let (_, l, d) = VARIABLES.iter().find(|(n, ..)| *n == name).unwrap();
            rgb(if dark { d } else { l })
        };
        let (ink, paper, heat) =
            (colour("--plot-ink"), colour("--plot-paper"), colour("--plot-heat"));
        for step in 0..=8 {
            let opacity = 0.1 * f64::from(step);
            let cell: Vec<f64> =
                (0..3).map(|i| heat[i] * opacity + paper[i] * (1.0 - opacity)).collect();
            let found = contrast(&ink, &cell);
            assert!(found >= 4.5, "ink on a cell of opacity {opacity}, dark {dark}: {found:.2}");
        }
        for name in ["--plot-muted", "--plot-sample"] {
            let found = contrast(&colour(name), &paper);
            assert!(found >= 4.5, "{name}, dark {dark}: {found:.2}");
        }
        for i in 1..=7 {
            let found = contrast(&colour(&format!("--plot-{i}")), &paper);
            assert!(found >= 3.0, "--plot-{i}, dark {dark}: {found:.2}");
        }
    }
}

#[test]
fn a_picture_has_the_same_bytes_in_every_thread_and_a_pdf_holds_text() {
    let (_, svg) = all("a-model", 760.0).remove(0);
    let make = || (render::pdf(&svg).unwrap(), render::png(&svg).unwrap());
    let (pdf, png) = make();
    let threads =
        || std::thread::scope(|s| [s.spawn(make), s.spawn(make)].map(|t| t.join().unwrap()));
    for (again_pdf, again_png) in threads() {
        assert!(again_pdf == pdf && again_png == png);
    }
    let holds = |wanted: &str| pdf.windows(wanted.len()).any(|part| part == wanted.as_bytes());
    assert!(holds("Roboto") && holds("/ToUnicode"), "the font is embedded, its letters are text");
    assert!(!holds("/CreationDate") && !holds("CreateDate"), "no time of day");
}
