//! From a scene to SVG or PNG, with plotters and a font of our own, so that the
//! bytes are the same on every machine.

use std::sync::Once;

use plotters::coord::Shift;
use plotters::prelude::{
    BitMapBackend, Circle, DrawingArea, DrawingBackend, IntoDrawingArea, PathElement, Polygon,
    Rectangle, SVGBackend,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, IntoFont, RGBColor, ShapeStyle, TextStyle, register_font};

use super::Theme;
use super::scene::{Anchor, Scene, Shape, Words};

/// Plotters counts in whole pixels; so many of its pixels are one of a scene's.
const FINE: f64 = 4.0;
/// PNG has so many pixels for one of a scene's: for screens with fine dots.
const SHARP: f64 = 2.0;
const FONT: &str = "DejaVu Sans";

static REGULAR: &[u8] = include_bytes!("fonts/DejaVuSans.ttf");
static BOLD: &[u8] = include_bytes!("fonts/DejaVuSans-Bold.ttf");

/// The picture as SVG.
pub(super) fn svg(scene: &Scene, theme: Theme) -> String {
    let mut text = String::new();
    {
        let size = (whole(scene.width * FINE), whole(scene.height * FINE));
        let area = SVGBackend::with_string(&mut text, size).into_drawing_area();
        paint(&area, scene, theme, FINE);
    }
    // It is drawn large, and shown as large as the scene says.
    let drawn = format!(
        "width=\"{}\" height=\"{}\" ",
        whole(scene.width * FINE),
        whole(scene.height * FINE)
    );
    let shown = format!("width=\"{}\" height=\"{}\" ", scene.width, scene.height);
    // Where the font is not, one of its breadth is.
    text.replacen(&drawn, &shown, 1).replace(
        "font-family=\"DejaVu Sans\"",
        "font-family=\"DejaVu Sans, Verdana, sans-serif\"",
    )
}

/// The picture as PNG.
pub(super) fn png(scene: &Scene, theme: Theme) -> Vec<u8> {
    let (width, height) = (whole(scene.width * SHARP), whole(scene.height * SHARP));
    let mut pixels = vec![0; (width * height * 3) as usize];
    {
        let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
        paint(&area, scene, theme, SHARP);
    }
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let written = encoder
        .write_header()
        .and_then(|mut writer| writer.write_image_data(&pixels));
    written.expect("a picture of this size can be kept in memory");
    bytes
}

/// How broad a text is, in pixels of a scene.
pub(super) fn breadth(text: &str, size: f64, bold: bool) -> f64 {
    register();
    let font = (FONT, size * FINE, style(bold)).into_font();
    let broad = font.box_size(text).map_or(0, |(width, _)| width);
    f64::from(broad) / FINE
}

fn style(bold: bool) -> FontStyle {
    if bold {
        FontStyle::Bold
    } else {
        FontStyle::Normal
    }
}

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            if register_font(FONT, style, bytes).is_err() {
                unreachable!("the fonts that are built in are fonts");
            }
        }
    });
}

fn whole(x: f64) -> u32 {
    libm::round(x).max(0.0) as u32
}

fn paint<B: DrawingBackend>(area: &DrawingArea<B, Shift>, scene: &Scene, theme: Theme, scale: f64) {
    register();
    let at = |(x, y): (f64, f64)| {
        let near = |v: f64| libm::round(v * scale) as i32;
        (near(x), near(y))
    };
    // Neither memory nor a string refuses a shape.
    let done = "nothing can go wrong in memory";
    area.fill(&theme.paper()).expect(done);
    for shape in &scene.shapes {
        match shape {
            Shape::Box {
                x,
                y,
                width,
                height,
                ink,
                opacity,
            } => {
                let corners = [at((*x, *y)), at((x + width, y + height))];
                let fill = theme.colour(*ink).mix(*opacity).filled();
                area.draw(&Rectangle::new(corners, fill)).expect(done);
            }
            Shape::Line { points, ink, width } => {
                let points: Vec<(i32, i32)> = points.iter().copied().map(at).collect();
                let stroke = stroke(theme.colour(*ink), width * scale);
                area.draw(&PathElement::new(points, stroke)).expect(done);
            }
            Shape::Area {
                points,
                ink,
                opacity,
            } => {
                let points: Vec<(i32, i32)> = points.iter().copied().map(at).collect();
                let fill = theme.colour(*ink).mix(*opacity).filled();
                area.draw(&Polygon::new(points, fill)).expect(done);
            }
            Shape::Dot { x, y, radius, ink } => {
                let fill = theme.colour(*ink).filled();
                let size = whole(radius * scale);
                area.draw(&Circle::new(at((*x, *y)), size, fill))
                    .expect(done);
            }
            Shape::Words(words) => write(area, words, theme, at((words.x, words.y)), scale),
        }
    }
    area.present().expect(done);
}

fn stroke(colour: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle {
        color: colour.to_rgba(),
        filled: false,
        stroke_width: whole(width).max(1),
    }
}

fn write<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    words: &Words,
    theme: Theme,
    at: (i32, i32),
    scale: f64,
) {
    let horizontal = match words.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let font = (FONT, words.size * scale, style(words.bold)).into_font();
    let colour = theme.colour(words.ink);
    let looks = TextStyle::from(font)
        .color(&colour)
        .pos(Pos::new(horizontal, VPos::Bottom));
    area.draw_text(&words.text, &looks, at)
        .expect("nothing can go wrong in memory");
}
