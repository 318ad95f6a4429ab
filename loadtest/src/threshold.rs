//! Thresholds: what a run must hold to be good.

use std::collections::BTreeMap;
use std::str::FromStr;

/// `metric < value`; times are in milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    text: String,
    metric: String,
    comparison: Comparison,
    value: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Less,
    AtMost,
    Equal,
    AtLeast,
    Greater,
}

impl FromStr for Threshold {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let signs = [
            ("<=", Comparison::AtMost),
            (">=", Comparison::AtLeast),
            ("==", Comparison::Equal),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
        ];
        let found = signs.iter().find_map(|(sign, comparison)| {
            text.split_once(sign)
                .map(|(metric, value)| (metric.trim(), value.trim(), *comparison))
        });
        let (metric, value, comparison) = found.ok_or("a threshold is like delivery.p99<250ms")?;
        let at = value
            .find(|c: char| c.is_ascii_alphabetic())
            .unwrap_or(value.len());
        let (number, unit) = value.split_at(at);
        let number: f64 = number
            .trim()
            .parse()
            .map_err(|_| format!("`{value}` is no number"))?;
        let factor = match unit {
            "" | "ms" => 1.0,
            "us" => 1e-3,
            "s" => 1e3,
            other => return Err(format!("`{other}` is no unit; us, ms or s")),
        };
        if metric.is_empty() {
            return Err("a threshold begins with a metric".into());
        }
        let (text, metric) = (text.to_owned(), metric.to_owned());
        Ok(Self {
            text,
            metric,
            comparison,
            value: number * factor,
        })
    }
}

impl Threshold {
    /// As it was given.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The figure it speaks of, and whether it holds. A figure that was not measured does not hold.
    pub fn judge(&self, metrics: &BTreeMap<String, f64>) -> (Option<f64>, bool) {
        let Some(figure) = metrics.get(&self.metric).copied() else {
            return (None, false);
        };
        let holds = match self.comparison {
            Comparison::Less => figure < self.value,
            Comparison::AtMost => figure <= self.value,
            Comparison::Equal => (figure - self.value).abs() < f64::EPSILON,
            Comparison::AtLeast => figure >= self.value,
            Comparison::Greater => figure > self.value,
        };
        (Some(figure), holds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_hold_or_not() {
        let metrics = BTreeMap::from([("delivery.p99".to_owned(), 40.0), ("lost".to_owned(), 0.0)]);
        let judge = |text: &str| Threshold::from_str(text).expect(text).judge(&metrics).1;
        assert!(judge("delivery.p99<250ms") && judge("delivery.p99 <= 0.04s") && judge("lost==0"));
        assert!(!judge("delivery.p99>1s") && !judge("nothing<1"));
        for bad in ["delivery.p99", "<5", "a<b", "a<5weeks"] {
            assert!(Threshold::from_str(bad).is_err(), "{bad}");
        }
    }
}
