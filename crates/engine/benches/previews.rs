//! Previews beside the image library's own way to the same pictures, on one core, in turns: decoding, scaling and encoding
//! with its own functions, the LCD picture from the photo and the thumbnail from that. `cargo bench -p cloudsync-engine`.
#![allow(clippy::unwrap_used)] // a benchmark may stop

use std::hint::black_box;
use std::io::Cursor;
use std::time::{Duration, Instant};

use cloudsync_engine::os::{LCD_EDGE, PreviewMaker, THUMBNAIL_EDGE};
use cloudsync_engine::ports::PictureMaker;
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Rgb, RgbImage};

/// As good as the previews are.
const QUALITY: u8 = 80;
const TURNS: usize = 9;
/// What is asked for.
const MOST_RATIO: f64 = 1.2;

/// A photo's worth of detail: shades that run into one another, edges, and grain.
fn photo(width: u32, height: u32) -> DynamicImage {
    let mut grain = 12_345_u32;
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, y| {
        grain = grain.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let noise = (grain >> 28) as u8;
        let edge = if (x / 97 + y / 61) % 5 == 0 { 60 } else { 0 };
        Rgb([
            (x * 200 / width) as u8 + noise,
            (y * 180 / height) as u8 + edge,
            ((x + y) * 120 / (width + height)) as u8 + edge + noise,
        ])
    }))
}

fn jpeg(picture: &DynamicImage, quality: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality)).unwrap();
    bytes
}

/// The library's own functions, one after the other.
fn by_library(file: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut decoder =
        ImageReader::new(Cursor::new(file)).with_guessed_format().unwrap().into_decoder().unwrap();
    let orientation = decoder.orientation().unwrap();
    let photo = DynamicImage::from_decoder(decoder).unwrap();
    let small = photo.width().max(photo.height()) <= LCD_EDGE;
    let mut lcd = if small { photo } else { photo.thumbnail(LCD_EDGE, LCD_EDGE) };
    lcd.apply_orientation(orientation);
    let thumbnail = lcd.thumbnail(THUMBNAIL_EDGE, THUMBNAIL_EDGE);
    (jpeg(&thumbnail, QUALITY), jpeg(&lcd, QUALITY))
}

fn timed<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = black_box(work());
    (begun.elapsed(), done)
}

fn main() {
    println!("{:<28} {:>10} {:>10} {:>7}", "photo", "library", "ours", "ratio");
    let mut files = Vec::new();
    for (width, height) in [(4000, 3000), (6000, 4000), (3264, 2448), (1600, 1200)] {
        files.push((format!("JPEG {width} x {height}"), jpeg(&photo(width, height), 92)));
    }
    let mut png = Cursor::new(Vec::new());
    photo(4000, 3000).write_to(&mut png, ImageFormat::Png).unwrap();
    files.push(("PNG 4000 x 3000".into(), png.into_inner()));

    let maker = PreviewMaker::default();
    let mut worst: f64 = 0.0;
    for (name, file) in files {
        let (mut library, mut ours, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TURNS {
            let (theirs, _) = timed(|| by_library(&file));
            let (mine, made) = timed(|| maker.make(&file));
            assert!(made.is_some_and(|made| !made.thumbnail.is_empty()));
            ratios.push(mine.as_secs_f64() / theirs.as_secs_f64());
            library.push(theirs);
            ours.push(mine);
        }
        library.sort();
        ours.sort();
        ratios.sort_by(f64::total_cmp);
        let middle = TURNS / 2;
        let ratio = ratios[middle];
        worst = worst.max(ratio);
        println!("{name:<28} {:>7.1?} {:>7.1?} {ratio:>6.2} x", library[middle], ours[middle]);
    }
    println!("the worst is {worst:.2} times the library's own; at most {MOST_RATIO} is asked for");
    if worst > MOST_RATIO {
        std::process::exit(1);
    }
}
