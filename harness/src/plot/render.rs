//! Drawings as PNG and PDF. The font is bundled (Roboto, Apache-2.0), so that every machine makes the same bytes; letters
//! that it lacks come from the fonts of the system, where it has some.

use std::sync::{Arc, OnceLock};

use krilla::Document;
use krilla::geom::Size;
use krilla::page::PageSettings;
use krilla_svg::{SurfaceExt as _, SvgSettings};
use resvg::{tiny_skia, usvg};

use super::standalone;

/// Roboto 2.138, Latin, Greek and Cyrillic; license and origin in `fonts/README.md`.
const REGULAR: &[u8] = include_bytes!("fonts/Roboto-Regular.ttf");
const BOLD: &[u8] = include_bytes!("fonts/Roboto-Bold.ttf");

/// Pixels of a PNG for a px of the drawing.
const SCALE: f32 = 2.0;

/// Points of a PDF for a px of the drawing: 72 and 96 make an inch.
const POINTS: f32 = 72.0 / 96.0;

/// Why a drawing cannot be made into a picture.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RenderError {
    /// The drawing cannot be read.
    #[error("the drawing cannot be read: {0}")]
    Drawing(#[from] usvg::Error),
    /// It is too large.
    #[error("a drawing of {width} x {height} px is too large for a picture: write it as SVG")]
    Size {
        /// Its width.
        width: f32,
        /// Its height.
        height: f32,
    },
    /// The PNG cannot be written.
    #[error("the PNG cannot be written: {0}")]
    Png(String),
    /// The PDF cannot be written.
    #[error("the PDF cannot be written: {0}")]
    Pdf(String),
}

/// The fonts, read once.
fn fonts() -> Arc<usvg::fontdb::Database> {
    static FONTS: OnceLock<Arc<usvg::fontdb::Database>> = OnceLock::new();
    FONTS
        .get_or_init(|| {
            let mut fonts = usvg::fontdb::Database::new();
            fonts.load_font_data(REGULAR.to_vec());
            fonts.load_font_data(BOLD.to_vec());
            fonts.load_system_fonts();
            fonts.set_sans_serif_family("Roboto");
            Arc::new(fonts)
        })
        .clone()
}

fn tree(svg: &str) -> Result<usvg::Tree, RenderError> {
    // Only the bundled family: a `system-ui` or Arial of this machine would make other bytes.
    let file = standalone(svg);
    let (before, after) = file.split_once(" font-family=\"").unwrap_or((&file, ""));
    let rest = after.split_once('"').map_or("", |(_, rest)| rest);
    let file = format!("{before} font-family=\"Roboto\"{rest}");
    let options = usvg::Options {
        fontdb: fonts(),
        font_family: "Roboto".to_owned(),
        ..usvg::Options::default()
    };
    Ok(usvg::Tree::from_str(&file, &options)?)
}

/// A drawing as PNG, two pixels a px.
pub fn png(svg: &str) -> Result<Vec<u8>, RenderError> {
    let tree = tree(svg)?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let mut pixels =
        tiny_skia::Pixmap::new((width * SCALE).ceil() as u32, (height * SCALE).ceil() as u32)
            .ok_or(RenderError::Size { width, height })?;
    resvg::render(&tree, tiny_skia::Transform::from_scale(SCALE, SCALE), &mut pixels.as_mut());
    pixels.encode_png().map_err(|error| RenderError::Png(error.to_string()))
}

/// A drawing as PDF, three quarters of a point a px; its letters are text in the bundled font, which can be searched and copied.
pub fn pdf(svg: &str) -> Result<Vec<u8>, RenderError> {
    let tree = tree(svg)?;
    let (width, height) = (tree.size().width(), tree.size().height());
    let size = Size::from_wh(width * POINTS, height * POINTS)
        .ok_or(RenderError::Size { width, height })?;
    // No date and no name of a program: the same drawing gives the same bytes.
    let mut document = Document::new();
    let mut page = document.start_page_with(PageSettings::new(size));
    let mut surface = page.surface();
    surface.draw_svg(&tree, size, SvgSettings::default());
    surface.finish();
    page.finish();
    document.finish().map_err(|error| RenderError::Pdf(error.to_string()))
}
