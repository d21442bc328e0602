//! `culture-eval report`: the leaderboard of a run, on stdout and as files. Never calls a model.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Context, Outcome, hinted};
use crate::plot::figures::Figure;
use crate::plot::{render, standalone};
use crate::report::changes;
use crate::report::html::{self, Look, Page};
use crate::report::{csv, eee, junit, latex, markdown, terminal};
use crate::results::against::against;
use crate::results::material::Material;
use crate::results::summary::Summary;
use crate::results::{Run, page_data};
use crate::store::{self, RunFolder};

/// Prints the leaderboard of a run and writes its files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval report                          the run `default`
  culture-eval report --wide | less -S         one table of all benchmarks
  culture-eval report runs/mine --format md > leaderboard.md
  culture-eval report --out reports/mine       leaderboard.html, .md, .csv and summary.json in a folder
  culture-eval report --format html > page.html   pages for a browser in one file, no server needed
  culture-eval report --format latex,svg,pdf --out paper    leaderboard.tex, figures/*.svg and figures/*.pdf
  culture-eval report --format junit > junit.xml            for CI: a test case a cell
  culture-eval report --format eee --out eee                scores and answers in the format of Every Eval Ever
  culture-eval report mine --against default   what changed between two runs, and whether significantly

One format of text is printed; several formats, and figures, are written to --out or to the run's folder.")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// What to print or to write
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        value_name = "FORMAT,…",
        default_value = "terminal"
    )]
    format: Vec<Format>,
    /// Also write the files to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Show what changed since this run: its name or folder, or a summary.json
    #[arg(long, value_name = "RUN")]
    against: Option<String>,
    /// Print one table of all benchmarks, however wide, and every figure that is missing
    #[arg(long)]
    wide: bool,
    /// Folder with your `page.html`, `style.css` or `extra.css` for the pages
    #[arg(long, value_name = "DIR")]
    template: Option<PathBuf>,
    /// A picture for the head of the pages: SVG, PNG, JPEG or WebP
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
}

/// A format of the leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// A table for the eye
    Terminal,
    /// GitHub Markdown
    Md,
    /// Tidy CSV, one row a score
    Csv,
    /// The whole summary
    Json,
    /// A table for a paper (booktabs)
    Latex,
    /// A test case a cell, for CI
    Junit,
    /// Figures, one file each, in `figures/`
    Svg,
    /// The same as PDF
    Pdf,
    /// The same as PNG
    Png,
    /// Pages for a browser in one file
    Html,
    /// The same with its data beside it, for very big runs: `pages/index.html`
    HtmlFolder,
    /// Every Eval Ever 0.3.0: scores in JSON and answers in JSON lines, in `data/`
    Eee,
}

impl Format {
    fn is_figures(self) -> bool {
        matches!(self, Self::Svg | Self::Pdf | Self::Png)
    }

    /// Whether it is one text, that can be printed.
    fn is_text(self) -> bool {
        !self.is_figures() && !matches!(self, Self::HtmlFolder | Self::Eee)
    }
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    if let Some(other) = &args.against {
        return show_changes(&args, other, context);
    }
    let run = RunFolder::named(&context.settings().runs, &args.run);
    let look = look(args.template.as_deref(), args.logo.as_deref())?;
    let files = Files::of(&run, &look, args.wide, context)?;
    files.write(run.path())?;
    match args.format[..] {
        [format] if format.is_text() => {
            files.print(format, context)?;
            if let Some(folder) = &args.out {
                files.write(folder)?;
                files.write_formats(&[format], &look, folder, context)?;
                context.output.note(format!("written to {}", folder.display()));
            }
        }
        _ => {
            let folder = args.out.as_deref().unwrap_or(run.path());
            files.write_formats(&args.format, &look, folder, context)?;
            context.output.note(format!("written to {}", folder.display()));
        }
    }
    Ok(Outcome::Done)
}

/// Scores what is not scored, writes the files of the run and prints one format.
pub(super) fn print(run: &RunFolder, format: Format, context: &Context) -> anyhow::Result<Summary> {
    let files = Files::of(run, &Look::default(), false, context)?;
    files.write(run.path())?;
    files.print(format, context)?;
    Ok(files.material.summary)
}

/// Scores what is not scored and writes the files of the run.
pub(super) fn write_files(run: &RunFolder, context: &Context) -> anyhow::Result<Summary> {
    let files = Files::of(run, &Look::default(), false, context)?;
    files.write(run.path())?;
    Ok(files.material.summary)
}

/// What a report writes.
struct Files {
    material: Material,
    page: Vec<u8>,
    view: terminal::View,
}

impl Files {
    fn of(run: &RunFolder, look: &Look, wide: bool, context: &Context) -> anyhow::Result<Self> {
        let material = material(run, context)?;
        let Page { html, .. } =
            html::render(&material, look, false).context("failed to make the pages")?;
        let view = terminal::View { width: context.output.width(), wide };
        Ok(Self { material, page: html, view })
    }

    /// The files that every report leaves.
    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let summary = &self.material.summary;
        write(folder, "leaderboard.md", markdown::render(summary).as_bytes())?;
        write(folder, "leaderboard.csv", csv::render(summary)?.as_bytes())?;
        write(folder, "leaderboard.html", &self.page)?;
        store::write_json(&folder.join("summary.json"), summary)
            .with_context(|| format!("failed to write {}", folder.join("summary.json").display()))
    }

    fn print(&self, format: Format, context: &Context) -> anyhow::Result<()> {
        let (summary, output) = (&self.material.summary, context.output);
        match format {
            Format::Terminal if !output.json => output.text(terminal::render(summary, self.view)),
            Format::Terminal | Format::Json => output.json(summary),
            Format::Html => Ok(std::io::stdout().lock().write_all(&self.page)?),
            format => output.text(self.text(format)?),
        }
    }

    /// A format that is text.
    fn text(&self, format: Format) -> anyhow::Result<String> {
        let summary = &self.material.summary;
        Ok(match format {
            // A file has no width, and leaves nothing out.
            Format::Terminal => {
                terminal::render(summary, terminal::View { wide: true, ..self.view })
            }
            Format::Md => markdown::render(summary),
            Format::Csv => csv::render(summary)?,
            Format::Latex => latex::render(summary, self.comparison()?),
            Format::Junit => junit::render(summary)?,
            format => bail!("{format:?} is not text"),
        })
    }

    fn comparison(&self) -> anyhow::Result<&crate::compare::Report> {
        self.material.comparison.as_ref().map_err(|reason| anyhow::anyhow!("{reason}"))
    }

    /// The files of the formats that were asked for.
    fn write_formats(
        &self,
        formats: &[Format],
        look: &Look,
        folder: &Path,
        context: &Context,
    ) -> anyhow::Result<()> {
        let summary = &self.material.summary;
        let drawn = if formats.iter().any(|f| f.is_figures()) {
            let sheet = html::drawings(&self.material, self.comparison()?);
            for reason in sheet.left_out {
                context.output.note(format!("no figure {reason}"));
            }
            sheet.figures
        } else {
            Vec::new()
        };
        for format in formats {
            let text = |name: &str| write(folder, name, self.text(*format)?.as_bytes());
            match format {
                Format::Terminal => text("leaderboard.txt")?,
                Format::Md => text("leaderboard.md")?,
                Format::Csv => text("leaderboard.csv")?,
                Format::Latex => text("leaderboard.tex")?,
                Format::Junit => text("junit.xml")?,
                Format::Json => store::write_json(&folder.join("summary.json"), summary)
                    .with_context(|| {
                        format!("failed to write {}", folder.join("summary.json").display())
                    })?,
                Format::Svg => {
                    write_figures(&drawn, folder, "svg", |svg| Ok(standalone(svg).into_bytes()))?;
                }
                Format::Pdf => write_figures(&drawn, folder, "pdf", |svg| Ok(render::pdf(svg)?))?,
                Format::Png => write_figures(&drawn, folder, "png", |svg| Ok(render::png(svg)?))?,
                Format::Html => write(folder, "leaderboard.html", &self.page)?,
                Format::HtmlFolder => write_folder(&self.material, look, &folder.join("pages"))?,
                Format::Eee => {
                    for file in eee::files(&self.material, now()?)? {
                        write(folder, &file.path, file.text.as_bytes())?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Seconds since 1970: `SOURCE_DATE_EPOCH` where it is set, as reproducible builds have it, else the clock.
fn now() -> anyhow::Result<u64> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().with_context(|| {
            format!("SOURCE_DATE_EPOCH is `{text}`: give seconds since 1970, a whole number")
        }),
        Err(_) => Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs()),
    }
}

fn write_figures(
    figures: &[Figure],
    folder: &Path,
    ending: &str,
    make: impl Fn(&str) -> anyhow::Result<Vec<u8>>,
) -> anyhow::Result<()> {
    let folder = folder.join("figures");
    for figure in figures {
        let bytes = make(&figure.svg)
            .with_context(|| format!("failed to make the figure {}", figure.name))?;
        write(&folder, &format!("{}.{ending}", figure.name), &bytes)?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, bytes: &[u8]) -> anyhow::Result<()> {
    store::write_atomic(&folder.join(name), |file| file.write_all(bytes))
        .with_context(|| format!("failed to write {}", folder.join(name).display()))
}

/// What changed since another run: printed, and written where `--out` says so.
fn show_changes(args: &Args, other: &str, context: &Context) -> anyhow::Result<Outcome> {
    let [format @ (Format::Terminal | Format::Md | Format::Json)] = args.format[..] else {
        bail!("--against has one of the formats terminal, md and json");
    };
    let found = against(&args.run, other, context.settings())?;
    let output = context.output;
    match format {
        Format::Terminal if !output.json => output.text(changes::text(&found))?,
        Format::Md => output.text(changes::markdown(&found))?,
        _ => output.json(&found)?,
    }
    if let Some(folder) = &args.out {
        write(folder, "changes.md", changes::markdown(&found).as_bytes())?;
        store::write_json(&folder.join("changes.json"), &found).with_context(|| {
            format!("failed to write {}", folder.join("changes.json").display())
        })?;
        output.note(format!("written to {}", folder.display()));
    }
    Ok(Outcome::Done)
}

/// Everything that the pages of a run show. A comparison that is refused is named on them.
pub(super) fn material(run: &RunFolder, context: &Context) -> anyhow::Result<Material> {
    let run = Run::open(run.clone())?;
    let summary = run.leaderboard(context.settings().resamples)?;
    let comparison = run
        .default_comparison(context.settings().resamples)
        .map_err(|error| format!("The models could not be compared: {error:#}."));
    page_data::page_data(&run, summary, comparison, context.catalogue().ok())
}

fn write_folder(material: &Material, look: &Look, folder: &Path) -> anyhow::Result<()> {
    let page = html::render(material, look, true).context("failed to make the pages")?;
    for (name, bytes) in &page.beside {
        write(&folder.join("parts"), name, bytes)?;
    }
    write(folder, "index.html", &page.html)
}

/// Reads a user's template and logo.
pub(super) fn look(template: Option<&Path>, logo: Option<&Path>) -> anyhow::Result<Look> {
    let mut look = Look::default();
    if let Some(folder) = template {
        let read = |name: &str| -> anyhow::Result<Option<String>> {
            let path = folder.join(name);
            if !path.is_file() {
                return Ok(None);
            }
            fs_err::read_to_string(&path).map(Some).context("failed to read the template")
        };
        look.page = read("page.html")?;
        look.style = read("style.css")?;
        look.extra = read("extra.css")?;
        if look == Look::default() {
            return Err(hinted(
                anyhow::anyhow!("{} holds no template", folder.display()),
                "put a page.html, style.css or extra.css there; reports/templates/ has ours",
            ));
        }
    }
    if let Some(path) = logo {
        look.logo = Some(picture(path)?);
    }
    Ok(look)
}

/// A picture as a `data:` address.
fn picture(path: &Path) -> anyhow::Result<String> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    let kind = match ending.as_str() {
        "svg" => "svg+xml",
        "png" => "png",
        "jpg" | "jpeg" => "jpeg",
        "webp" => "webp",
        _ => {
            return Err(hinted(
                anyhow::anyhow!("{} is not a picture that every browser shows", path.display()),
                "give an .svg, .png, .jpg or .webp file",
            ));
        }
    };
    let bytes = fs_err::read(path).context("failed to read the logo")?;
    Ok(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}
