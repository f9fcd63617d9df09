//! Which files are left alone, on the disk and in the cloud.

use std::fmt;

use glob::{MatchOptions, Pattern};

use crate::error::{Code, Error, Result};

/// What a rule does with the files that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum FilterAction {
    /// They are left alone.
    Exclude = 0,
    /// They are synced.
    Include = 1,
}

/// Rules about paths, of which the last that matches a file decides, and the largest size. What no rule matches is
/// synced.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    rules: Vec<Rule>,
    max_size: Option<u64>,
}

#[derive(Debug, Clone)]
struct Rule {
    action: FilterAction,
    text: String,
    pattern: Pattern,
    /// Matches names anywhere, not paths from the synced directory on.
    names: bool,
}

/// Why a file is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LeftOut<'f> {
    /// This pattern matches it, or a folder that it is in.
    Pattern(&'f str),
    /// It has more bytes than this.
    Size(u64),
}

impl fmt::Display for LeftOut<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftOut::Pattern(text) => write!(f, "the filter {text:?} leaves it out")?,
            LeftOut::Size(most) => write!(f, "it is larger than the {most} bytes that are synced")?,
        }
        write!(f, ": it is left as it is, here and in the cloud")
    }
}

/// A star does not go beyond a folder; two do.
const OPTIONS: MatchOptions = MatchOptions {
    case_sensitive: true,
    require_literal_separator: true,
    require_literal_leading_dot: false,
};

impl Filters {
    /// Adds a rule after the others. A pattern without a `/`, but at its end, matches names of files and folders
    /// anywhere; one with a `/` paths from the synced directory on. Fails with `InvalidArgument`.
    pub fn add(&mut self, action: FilterAction, text: &str) -> Result<()> {
        let refused = |why: &str| {
            let text = format!("{text:?} is no pattern of paths: {why}");
            Error::new(Code::InvalidArgument, text)
        };
        let path = text.trim_end_matches('/');
        let names = !path.contains('/');
        let path = path.trim_start_matches('/');
        if path.is_empty() {
            return Err(refused("it names nothing"));
        }
        let pattern = Pattern::new(path).map_err(|error| refused(&error.to_string()))?;
        self.rules.push(Rule { action, text: text.to_owned(), pattern, names });
        Ok(())
    }

    /// Leaves larger files alone.
    pub fn set_max_size(&mut self, bytes: Option<u64>) {
        self.max_size = bytes;
    }

    /// Whether everything is synced.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty() && self.max_size.is_none()
    }

    /// Why a path is left alone, if it is. A folder has no size.
    pub fn leaves_out(&self, path: &str, size: Option<u64>) -> Option<LeftOut<'_>> {
        let last = self.rules.iter().rev().find(|rule| rule.matches(path));
        if let Some(rule) = last.filter(|rule| rule.action == FilterAction::Exclude) {
            return Some(LeftOut::Pattern(&rule.text));
        }
        let most = self.max_size?;
        size.is_some_and(|size| size > most).then_some(LeftOut::Size(most))
    }
}

impl Rule {
    /// Whether it matches the path or a folder on the way.
    fn matches(&self, path: &str) -> bool {
        let matches = |part: &str| self.pattern.matches_with(part, OPTIONS);
        if self.names {
            return path.split('/').any(matches);
        }
        let folders = path.match_indices('/').map(|(end, _)| &path[..end]);
        folders.chain([path]).any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filters(rules: &[(FilterAction, &str)]) -> Filters {
        let mut filters = Filters::default();
        rules.iter().for_each(|(action, text)| filters.add(*action, text).unwrap());
        filters
    }

    fn left_out(rules: &[(FilterAction, &str)], path: &str) -> bool {
        filters(rules).leaves_out(path, Some(1)).is_some()
    }

    #[test]
    fn a_pattern_without_a_slash_matches_names_anywhere() {
        use FilterAction::Exclude;
        for path in ["a.tmp", "F/a.tmp", "F/G/a.tmp", "x.tmp/inside.jpg"] {
            assert!(left_out(&[(Exclude, "*.tmp")], path), "{path}");
        }
        assert!(left_out(&[(Exclude, "cache/")], "F/cache/x"));
        for path in ["a.jpg", "tmp", "F.tmpx/a", "a.TMP"] {
            assert!(!left_out(&[(Exclude, "*.tmp")], path), "{path}");
        }
    }

    #[test]
    fn a_pattern_with_a_slash_matches_from_the_top() {
        use FilterAction::Exclude;
        assert!(left_out(&[(Exclude, "/cache")], "cache/a/b"));
        assert!(!left_out(&[(Exclude, "/cache")], "F/cache/a"));
        assert!(left_out(&[(Exclude, "F/*/x")], "F/G/x/deep"));
        assert!(!left_out(&[(Exclude, "F/*/x")], "F/G/H/x"));
        assert!(left_out(&[(Exclude, "F/**/x")], "F/G/H/x"));
    }

    #[test]
    fn the_last_rule_that_matches_decides() {
        use FilterAction::{Exclude, Include};
        let photos_alone = [(Exclude, "*"), (Include, "*.jpg"), (Exclude, "private/*.jpg")];
        assert!(left_out(&photos_alone, "a.txt"));
        assert!(!left_out(&photos_alone, "F/a.jpg"));
        assert!(left_out(&photos_alone, "private/a.jpg"));
    }

    #[test]
    fn what_is_larger_is_left_out() {
        let mut filters = Filters::default();
        assert!(filters.is_empty());
        filters.set_max_size(Some(10));
        assert_eq!(filters.leaves_out("a", Some(11)), Some(LeftOut::Size(10)));
        assert_eq!(filters.leaves_out("a", Some(10)), None);
        assert_eq!(filters.leaves_out("folder", None), None);
    }

    #[test]
    fn a_bad_pattern_is_named() {
        for text in ["", "/", "[a", "a***", "x/[", "//"] {
            let error = Filters::default().add(FilterAction::Exclude, text).unwrap_err();
            assert_eq!(error.code, Code::InvalidArgument, "{text}");
            assert!(error.text.contains(&format!("{text:?}")), "{}", error.text);
        }
    }
}
