//! How rates, sizes and durations are written on the command line.

use std::time::Duration;

/// `100/min`, `500/s`, `3600/h`: a second.
pub fn rate(text: &str) -> Result<f64, String> {
    let (count, unit) = text
        .split_once('/')
        .ok_or("a rate is like 100/min or 500/s")?;
    let count: f64 = count
        .parse()
        .map_err(|_| format!("`{count}` is no number"))?;
    let seconds = match unit {
        "s" => 1.0,
        "min" | "m" => 60.0,
        "h" => 3600.0,
        other => return Err(format!("`{other}` is no unit; s, min or h")),
    };
    if count > 0.0 && count.is_finite() {
        Ok(count / seconds)
    } else {
        Err("a rate is above 0".into())
    }
}

/// `90s`, `2m`, `500ms`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: f64 = number
        .parse()
        .map_err(|_| "a duration is like 30s or 2m".to_owned())?;
    let seconds = match unit {
        "ms" => number / 1e3,
        "" | "s" => number,
        "m" | "min" => number * 60.0,
        "h" => number * 3600.0,
        other => return Err(format!("`{other}` is no unit; ms, s, m or h")),
    };
    if seconds > 0.0 {
        Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
    } else {
        Err("a duration is above 0".into())
    }
}

/// `512`, `4KiB`, `100MiB`.
pub fn size(text: &str) -> Result<u64, String> {
    let at = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    let number: u64 = number
        .parse()
        .map_err(|_| "a size is like 200 or 4KiB".to_owned())?;
    let factor = match unit {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        other => return Err(format!("`{other}` is no unit; B, KiB, MiB or GiB")),
    };
    let bytes = number.checked_mul(factor).filter(|bytes| *bytes > 0);
    bytes.ok_or_else(|| format!("`{text}` is no size"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_sizes_and_durations() {
        assert_eq!(rate("120/min"), Ok(2.0));
        assert!(rate("5").is_err() && rate("0/s").is_err() && rate("5/day").is_err());
        assert_eq!(size("4KiB"), Ok(4096));
        assert!(size("4KB").is_err() && size("0").is_err() && size("99999999999GiB").is_err());
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert!(duration("soon").is_err() && duration("0s").is_err());
    }
}
