//! Decodes a photo once, and makes both of its previews from that.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits, RgbImage};
use parking_lot::{Condvar, Mutex};

use crate::ports::{PictureMaker, Pictures};

/// The longer edge of a thumbnail, in pixels.
pub const THUMBNAIL_EDGE: u32 = 350;
/// The longer edge of an LCD picture, in pixels.
pub const LCD_EDGE: u32 = 1920;

/// How good the previews are, of 100.
const QUALITY: u8 = 80;

/// The pixels that may be decoded at one time, by all threads together; a larger picture has no previews. A
/// decoder takes up to nine bytes for each: a progressive JPEG's coefficients, and then its colours.
const MOST_PIXELS: u64 = 64 << 20;

/// Makes previews, in as many threads at once as memory is meant for.
#[derive(Debug, Default)]
pub struct PreviewMaker {
    /// Pixels being decoded.
    pixels: Mutex<u64>,
    fewer: Condvar,
}

impl PictureMaker for PreviewMaker {
    fn may_be_picture(&self, head: &[u8]) -> bool {
        image::guess_format(head).is_ok_and(|format| format.reading_enabled())
    }

    fn make(&self, file: &[u8]) -> Option<Pictures> {
        // A decoder that breaks on a hostile file has found a file without previews, and nothing worse.
        catch_unwind(AssertUnwindSafe(|| self.try_make(file))).ok().flatten()
    }
}

impl PreviewMaker {
    fn try_make(&self, file: &[u8]) -> Option<Pictures> {
        let mut reader = ImageReader::new(Cursor::new(file)).with_guessed_format().ok()?;
        let mut limits = Limits::default();
        limits.max_alloc = Some(MOST_PIXELS * 9);
        reader.limits(limits);
        let mut decoder = reader.into_decoder().ok()?;
        let (width, height) = decoder.dimensions();
        let _share = self.share(u64::from(width) * u64::from(height))?;
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let photo = DynamicImage::from_decoder(decoder).ok()?;
        let lcd = scaled(&photo, LCD_EDGE).unwrap_or(photo);
        let mut lcd = DynamicImage::ImageRgb8(on_white(lcd));
        // Turned when it is small already.
        lcd.apply_orientation(orientation);
        let thumbnail = scaled(&lcd, THUMBNAIL_EDGE);
        let thumbnail = jpeg(thumbnail.as_ref().unwrap_or(&lcd))?;
        Some(Pictures { thumbnail, lcd: jpeg(&lcd)? })
    }

    /// Waits until there is memory for so many pixels; `None` where there never is.
    fn share(&self, pixels: u64) -> Option<Share<'_>> {
        if pixels > MOST_PIXELS {
            return None;
        }
        let mut now = self.pixels.lock();
        self.fewer.wait_while(&mut now, |now| *now + pixels > MOST_PIXELS);
        *now += pixels;
        Some(Share { maker: self, pixels })
    }
}

/// Pixels that a thread may decode.
struct Share<'a> {
    maker: &'a PreviewMaker,
    pixels: u64,
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        *self.maker.pixels.lock() -= self.pixels;
        self.maker.fewer.notify_all();
    }
}

/// The picture with its longer edge cut to `edge`; `None` for one that is no larger. Averaging whole blocks of
/// pixels is as good to look at as a filter, and many times as fast.
fn scaled(picture: &DynamicImage, edge: u32) -> Option<DynamicImage> {
    let larger = picture.width().max(picture.height()) > edge;
    larger.then(|| picture.thumbnail(edge, edge))
}

/// What shines through is white: a JPEG has nothing that does.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [red, green, blue, alpha] = picture.get_pixel(x, y).0;
        let over = |colour: u8| {
            let (colour, alpha) = (u16::from(colour), u16::from(alpha));
            ((colour * alpha + 255 * (255 - alpha) + 127) / 255) as u8
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

fn jpeg(picture: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    picture.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).ok()?;
    Some(bytes)
}
