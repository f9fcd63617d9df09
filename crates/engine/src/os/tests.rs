use super::*;
use std::fs;

fn code(state: &Path, gallery: &Path) -> Option<Code> {
    apart(state, gallery).err().map(|error| error.code)
}

#[test]
fn the_state_directory_and_the_gallery_stay_apart() {
    let scratch = tempfile::tempdir().unwrap();
    let at = |path: &str| scratch.path().join(path);
    fs::create_dir_all(at("g/sub/.hidden")).unwrap();
    std::os::unix::fs::symlink(at("g/sub"), at("link")).unwrap();
    let invalid = Some(Code::InvalidArgument);
    assert_eq!(code(&at("s"), &at("g")), None);
    assert_eq!(code(&at("gs"), &at("g")), None, "a name that only begins alike");
    assert_eq!(code(&at("g"), &at("g")), invalid);
    assert_eq!(code(&at("g/state"), &at("g")), invalid);
    assert_eq!(code(&at("g/sub/../state"), &at("g")), invalid);
    assert_eq!(code(&at("link/state"), &at("g")), invalid, "by way of a symlink");
    assert_eq!(code(&at("g/.state"), &at("g")), None);
    assert_eq!(code(&at("g/sub/.hidden/state"), &at("g")), None);
    assert_eq!(code(scratch.path(), &at("g")), invalid, "who removes the state would lose the gallery");
    assert_eq!(code(&at("none/state"), &at("g")), Some(Code::NoSuchFile));
}

#[test]
fn index_errors_have_their_documented_numbers() {
    for (error, number) in [
        (IndexError::Busy, 13_900_014),
        (IndexError::Newer(7), 13_900_001),
        (IndexError::Full, 13_900_025),
        (IndexError::ReadOnly, 13_900_027),
        (IndexError::Other("x".into()), 13_900_005),
    ] {
        let text = error.to_string();
        let mapped = index_error(error);
        assert_eq!((mapped.code as i32, mapped.text), (number, text));
        assert_eq!(Code::from_number(number), Some(mapped.code));
    }
    assert_eq!(Code::from_number(0), None);
}
