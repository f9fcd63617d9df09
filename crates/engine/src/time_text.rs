//! Moments as text.

/// Date and time of day in UTC, fit for a file name: `2026-11-22`, `03-04-05`.
pub(crate) fn utc(wall_ns: i64) -> (String, String) {
    let seconds = wall_ns.div_euclid(1_000_000_000);
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    (
        format!("{year:04}-{month:02}-{day:02}"),
        format!("{:02}-{:02}-{:02}", second / 3600, second / 60 % 60, second % 60),
    )
}

/// The Gregorian date of a day counted from 1970-01-01, by eras of 400 years that begin in March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn known_moments() {
        let text = |seconds: i64| utc(seconds * 1_000_000_000);
        assert_eq!(text(0), ("1970-01-01".into(), "00-00-00".into()));
        assert_eq!(text(951_782_400), ("2000-02-29".into(), "00-00-00".into()));
        assert_eq!(text(1_795_317_845), ("2026-11-22".into(), "03-24-05".into()));
        assert_eq!(text(-1), ("1969-12-31".into(), "23-59-59".into()));
    }
}
