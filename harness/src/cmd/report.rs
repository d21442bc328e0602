//! `culture-eval report`: the leaderboard of a run, on stdout and as files. Never calls a model.

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Context, Outcome, compare, hinted};
use crate::report::html::{self, Look, Material, Page};
use crate::report::summary::Summary;
use crate::report::{csv, markdown, terminal};
use crate::store::{self, RunFolder};
use crate::{gather, summarise};

/// Prints the leaderboard of a run and writes its files
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  culture-eval report                          the run `default`
  culture-eval report runs/mine --format md > leaderboard.md
  culture-eval report --out reports/mine       all its files in a folder: .html, .md, .csv, summary.json
  culture-eval report --format html > page.html   pages for a browser in one file, no server needed
  culture-eval report --format html-folder --out site   the same with its data beside it, for very big runs")]
pub(super) struct Args {
    /// Name or folder of the run
    #[arg(default_value = "default")]
    run: String,
    /// What to print
    #[arg(long, value_enum, default_value_t = Face::Terminal)]
    format: Face,
    /// Also write the files to this folder
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Folder with a `page.html`, `style.css` or `extra.css` of your own for the pages
    #[arg(long, value_name = "DIR")]
    template: Option<PathBuf>,
    /// A picture for the head of the pages: SVG, PNG, JPEG or WebP
    #[arg(long, value_name = "FILE")]
    logo: Option<PathBuf>,
}

/// A face of the leaderboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Face {
    /// A table for the eye
    Terminal,
    /// GitHub Markdown
    Md,
    /// Tidy CSV, one row a score
    Csv,
    /// The whole summary
    Json,
    /// Pages for a browser in one file
    Html,
    /// The same with its data beside it, written to `--out`
    HtmlFolder,
}

pub(super) fn run(args: Args, context: &Context) -> anyhow::Result<Outcome> {
    let run = RunFolder::named(&context.settings().runs, &args.run);
    let look = look(args.template.as_deref(), args.logo.as_deref())?;
    let (face, out) = (args.format, args.out.as_deref());
    if face == Face::HtmlFolder && out.is_none() {
        return Err(hinted(
            anyhow::anyhow!("--format html-folder writes a folder"),
            "give it one: --out DIR",
        ));
    }
    let files = Files::of(&run, &look, context)?;
    files.write(run.path())?;
    files.print(face, context)?;
    if let Some(folder) = out {
        if face == Face::HtmlFolder {
            write_folder(&files, &look, folder)?;
        } else {
            files.write(folder)?;
        }
        context.output.note(format!("written to {}", folder.display()));
    }
    Ok(Outcome::Done)
}

/// Scores what is not scored, writes the files of the run and prints one face.
pub(super) fn print(run: &RunFolder, face: Face, context: &Context) -> anyhow::Result<Summary> {
    let files = Files::of(run, &Look::default(), context)?;
    files.write(run.path())?;
    files.print(face, context)?;
    Ok(files.material.summary)
}

/// Writes the files of a run.
pub(super) fn write_files(run: &RunFolder, context: &Context) -> anyhow::Result<Summary> {
    let files = Files::of(run, &Look::default(), context)?;
    files.write(run.path())?;
    Ok(files.material.summary)
}

/// What a report writes.
struct Files {
    material: Material,
    page: Vec<u8>,
}

impl Files {
    fn of(run: &RunFolder, look: &Look, context: &Context) -> anyhow::Result<Self> {
        let material = material(run, context)?;
        let Page { html, .. } =
            html::render(&material, look, false).context("failed to make the pages")?;
        Ok(Self { material, page: html })
    }

    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let summary = &self.material.summary;
        let write = |name: &str, bytes: &[u8]| {
            store::write_atomic(&folder.join(name), |file| file.write_all(bytes))
                .with_context(|| format!("failed to write {}", folder.join(name).display()))
        };
        write("leaderboard.md", markdown::render(summary).as_bytes())?;
        write("leaderboard.csv", csv::render(summary)?.as_bytes())?;
        write("leaderboard.html", &self.page)?;
        store::write_json(&folder.join("summary.json"), summary)
            .with_context(|| format!("failed to write {}", folder.join("summary.json").display()))
    }

    fn print(&self, face: Face, context: &Context) -> anyhow::Result<()> {
        let (summary, output) = (&self.material.summary, context.output);
        match face {
            Face::Terminal if !output.json => output.text(terminal::render(summary)),
            Face::Md => output.text(markdown::render(summary)),
            Face::Csv => output.text(csv::render(summary)?),
            Face::Terminal | Face::Json => output.json(summary),
            Face::Html => Ok(std::io::stdout().lock().write_all(&self.page)?),
            Face::HtmlFolder => Ok(()),
        }
    }
}

/// Everything that the pages of a run show. A comparison that is refused is told on them.
pub(super) fn material(run: &RunFolder, context: &Context) -> anyhow::Result<Material> {
    let summary = summarise::summarise(run, context.settings())?;
    let comparison = compare::remembered(run)
        .map_err(|error| format!("The models could not be compared: {error:#}."));
    gather::gather(run, summary, comparison, context.catalogue().ok())
}

fn write_folder(files: &Files, look: &Look, folder: &Path) -> anyhow::Result<()> {
    let page = html::render(&files.material, look, true).context("failed to make the pages")?;
    let write = |path: PathBuf, bytes: &[u8]| {
        store::write_atomic(&path, |file| file.write_all(bytes))
            .with_context(|| format!("failed to write {}", path.display()))
    };
    for (name, bytes) in &page.beside {
        write(folder.join("parts").join(name), bytes)?;
    }
    write(folder.join("index.html"), &page.html)
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
                anyhow::anyhow!("{} is no picture that browsers are sure to show", path.display()),
                "give an .svg, .png, .jpg or .webp file",
            ));
        }
    };
    let bytes = fs_err::read(path).context("failed to read the logo")?;
    Ok(format!("data:image/{kind};base64,{}", STANDARD.encode(bytes)))
}
