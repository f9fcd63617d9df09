use image::{DynamicImage, GenericImageView, ImageFormat, Rgba, RgbaImage};

use super::*;
use crate::ports::{HEAD, PictureMaker, Pictures};

const RED: [u8; 3] = [255, 0, 0];
const GREEN: [u8; 3] = [0, 255, 0];
const BLUE: [u8; 3] = [0, 0, 255];
const WHITE: [u8; 3] = [255, 255, 255];

/// A picture with a colour in each quarter: red, green; blue, white.
fn quarters(width: u32, height: u32) -> DynamicImage {
    let colour = |x, y| match (x * 2 < width, y * 2 < height) {
        (true, true) => RED,
        (false, true) => GREEN,
        (true, false) => BLUE,
        (false, false) => WHITE,
    };
    DynamicImage::ImageRgb8(image::RgbImage::from_fn(width, height, |x, y| image::Rgb(colour(x, y))))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn make(file: &[u8]) -> Option<Pictures> {
    PreviewMaker::default().make(file)
}

fn decoded(bytes: &[u8]) -> DynamicImage {
    image::load_from_memory_with_format(bytes, ImageFormat::Jpeg).unwrap()
}

/// Which of the four colours is in the middle of each quarter, in reading order.
fn colours(picture: &DynamicImage) -> [[u8; 3]; 4] {
    let (width, height) = picture.dimensions();
    [(1, 1), (3, 1), (1, 3), (3, 3)].map(|(x, y)| {
        let Rgba([red, green, blue, _]) = picture.get_pixel(width * x / 4, height * y / 4);
        [red, green, blue].map(|part| if part > 127 { 255 } else { 0 })
    })
}

/// A JPEG file with an EXIF block that says how the camera was held.
fn held(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xff, 0xe1], &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn previews_are_as_exif_says_the_camera_was_held() {
    let photo = encoded(&quarters(2400, 1200), ImageFormat::Jpeg);
    let expected = [
        [RED, GREEN, BLUE, WHITE],
        [GREEN, RED, WHITE, BLUE],
        [WHITE, BLUE, GREEN, RED],
        [BLUE, WHITE, RED, GREEN],
        [RED, BLUE, GREEN, WHITE],
        [BLUE, RED, WHITE, GREEN],
        [WHITE, GREEN, BLUE, RED],
        [GREEN, WHITE, RED, BLUE],
    ];
    for (orientation, expected) in (1..).zip(expected) {
        let made = make(&held(&photo, orientation)).unwrap();
        let upright = |edge: u32| if orientation < 5 { (edge, edge / 2) } else { (edge / 2, edge) };
        for (bytes, edge) in [(&made.lcd, LCD_EDGE), (&made.thumbnail, THUMBNAIL_EDGE)] {
            let preview = decoded(bytes);
            assert_eq!(preview.dimensions(), upright(edge), "orientation {orientation}");
            assert_eq!(colours(&preview), expected, "orientation {orientation}");
        }
    }
}

#[test]
fn every_format_has_previews_and_a_small_picture_is_not_made_larger() {
    let formats =
        [ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Bmp, ImageFormat::Tiff];
    for format in formats {
        let file = encoded(&quarters(40, 20), format);
        let head = file.first_chunk::<HEAD>().unwrap();
        assert!(PreviewMaker::default().may_be_picture(head), "{format:?}");
        let made = make(&file).unwrap();
        for bytes in [&made.thumbnail, &made.lcd] {
            let preview = decoded(bytes);
            assert_eq!(preview.dimensions(), (40, 20), "{format:?}");
            assert_eq!(colours(&preview), [RED, GREEN, BLUE, WHITE], "{format:?}");
        }
    }
}

#[test]
fn what_shines_through_is_white() {
    let clear =
        RgbaImage::from_fn(600, 600, |x, _| if x < 300 { Rgba([0; 4]) } else { Rgba([0, 0, 255, 255]) });
    let made = make(&encoded(&DynamicImage::ImageRgba8(clear), ImageFormat::Png)).unwrap();
    assert_eq!(colours(&decoded(&made.thumbnail)), [WHITE, BLUE, WHITE, BLUE]);
}

#[test]
fn a_long_strip_keeps_at_least_a_pixel() {
    let made = make(&encoded(&quarters(4000, 2), ImageFormat::Png)).unwrap();
    assert_eq!(decoded(&made.lcd).dimensions(), (LCD_EDGE, 1));
    assert_eq!(decoded(&made.thumbnail).dimensions(), (THUMBNAIL_EDGE, 1));
}

#[test]
fn equal_bytes_make_equal_previews() {
    let photo = encoded(&quarters(2000, 1500), ImageFormat::Jpeg);
    assert_eq!(make(&photo), make(&photo));
}

#[test]
fn what_is_no_picture_is_not_read_as_one() {
    let maker = PreviewMaker::default();
    for head in [&b"plain text, no picture"[..], b"%PDF-1.7 0123456789012", b"\0\0\0\x18ftypheic01234567"] {
        assert!(!maker.may_be_picture(&head[..HEAD]), "{head:?}");
    }
    assert_eq!(maker.make(b"plain text, no picture"), None);
    assert_eq!(maker.make(b""), None);
}

#[test]
fn damaged_pictures_break_nothing() {
    for format in
        [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP, ImageFormat::Tiff]
    {
        let file = encoded(&quarters(90, 60), format);
        for at in (0..file.len()).step_by(1 + file.len() / 97) {
            // What of it can be shown is shown, or nothing.
            make(&file[..at]);
            let mut wrong = file.clone();
            wrong[at] ^= 0x55;
            make(&wrong);
        }
        assert_eq!(make(&file[..HEAD]), None, "{format:?}");
    }
}

/// Pictures of a few bytes that ask for gigabytes.
#[test]
fn a_picture_that_would_take_the_memory_has_none() {
    let mut bmp = encoded(&quarters(8, 8), ImageFormat::Bmp);
    bmp[18..22].copy_from_slice(&60_000_u32.to_le_bytes());
    bmp[22..26].copy_from_slice(&60_000_u32.to_le_bytes());
    assert_eq!(make(&bmp), None);

    let mut jpeg = encoded(&quarters(8, 8), ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|mark| mark == [0xff, 0xc0]).unwrap();
    jpeg[frame + 5..frame + 9].copy_from_slice(&[0xff; 4]);
    assert_eq!(make(&jpeg), None);

    let mut gif = encoded(&quarters(8, 8), ImageFormat::Gif);
    gif[6..10].copy_from_slice(&[0xff; 4]);
    assert_eq!(make(&gif), None);
}

/// So many at once that they have to wait for one another.
#[test]
fn pictures_wait_for_memory_and_all_come() {
    let maker = PreviewMaker::default();
    let large = encoded(&quarters(6000, 4500), ImageFormat::Jpeg);
    std::thread::scope(|scope| {
        let made: Vec<_> = (0..4).map(|_| scope.spawn(|| maker.make(&large).is_some())).collect();
        assert!(made.into_iter().all(|made| made.join().unwrap()));
    });
}
