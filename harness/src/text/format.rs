//! Numbers in print, the same in every format: percent, points, p-values, intervals, ranks.

/// A fraction in percent with one decimal: `68.9`.
pub(crate) fn percent(value: f64) -> String {
    format!("{:.1}", zero(value * 100.0))
}

/// A fraction in points with its sign: `+3.4`, `-2.3`, `0.0`.
pub(crate) fn points(value: f64) -> String {
    let shown = zero(value * 100.0);
    if shown == 0.0 { "0.0".to_owned() } else { format!("{shown:+.1}") }
}

/// The level of an interval in percent, without needless zeros: `95`, `99.5`.
pub(crate) fn level(confidence: f64) -> String {
    ((confidence * 1e6).round() / 1e4).to_string()
}

/// A number with one decimal.
pub(crate) fn number(value: f64) -> String {
    format!("{:.1}", zero(value))
}

/// No minus before what prints as zero.
fn zero(value: f64) -> f64 {
    if value.abs() < 0.05 { 0.0 } else { value }
}

/// An interval of fractions in percent: `[68.9, 76.5]`.
pub(crate) fn interval(low: f64, high: f64) -> String {
    format!("[{}, {}]", percent(low), percent(high))
}

/// An interval of a difference in points: `[-3.4, +1.4]`.
pub(crate) fn interval_of_points(low: f64, high: f64) -> String {
    format!("[{}, {}]", points(low), points(high))
}

/// An interval of a rank: `[1, 3.5]`.
pub(crate) fn interval_of_ranks(low: f64, high: f64) -> String {
    format!("[{}, {}]", rank(low), rank(high))
}

/// A rank, or degrees of freedom: whole where it is.
pub(crate) fn rank(rank: f64) -> String {
    let text = format!("{rank:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// A p-value without its letter: `.032`, `< .001`; never `0`.
pub(crate) fn p_value(p: f64) -> String {
    if p < 0.001 {
        return "< .001".to_owned();
    }
    let text = format!("{p:.3}");
    text.strip_prefix('0').map(str::to_owned).unwrap_or(text)
}

/// A p-value as papers print it: `p < .001`, `p = .032`.
pub(crate) fn p_equals(p: f64) -> String {
    let value = p_value(p);
    if value.starts_with('<') { format!("p {value}") } else { format!("p = {value}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_negative_zero() {
        assert_eq!([points(-0.0001), points(-0.023), points(0.1)], ["0.0", "-2.3", "+10.0"]);
        assert_eq!([percent(-0.00001), percent(0.4567)], ["0.0", "45.7"]);
        assert_eq!([number(-0.01), number(2.0)], ["0.0", "2.0"]);
        assert_eq!(interval_of_points(-0.0001, 0.014), "[0.0, +1.4]");
        assert_eq!(interval(0.689, 0.765), "[68.9, 76.5]");
        assert_eq!(interval_of_ranks(1.0, 3.5), "[1, 3.5]");
    }

    #[test]
    fn a_level_is_not_rounded_to_another() {
        let shown = [0.95, 0.99, 0.995, 0.9, 1.0 - 0.005, 0.9999].map(level);
        assert_eq!(shown, ["95", "99", "99.5", "90", "99.5", "99.99"]);
    }

    #[test]
    fn a_rank_has_a_tenth_where_it_is_not_whole() {
        assert_eq!([1.0, 3.512_499_999_8, 2.96].map(rank), ["1", "3.5", "3"]);
    }

    #[test]
    fn a_p_value_is_never_zero() {
        assert_eq!([0.0, 0.0009, 0.032, 1.0].map(p_value), ["< .001", "< .001", ".032", "1.000"]);
        assert_eq!([0.0, 0.032].map(p_equals), ["p < .001", "p = .032"]);
    }
}
