//! File patterns of a definition: `*` within a folder, `**` over folders.

/// Whether `path` (with `/`) matches `pattern`.
pub fn matches(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    segments(&pattern, &path)
}

fn segments(pattern: &[&str], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((&"**", rest)), _) => {
            segments(rest, path)
                || path.split_first().is_some_and(|(_, tail)| segments(pattern, tail))
        }
        (Some((first, rest)), Some((name, tail))) => {
            segment(first.as_bytes(), name.as_bytes()) && segments(rest, tail)
        }
        _ => false,
    }
}

fn segment(pattern: &[u8], name: &[u8]) -> bool {
    match pattern.split_first() {
        None => name.is_empty(),
        Some((b'*', rest)) => (0..=name.len()).any(|skip| segment(rest, &name[skip..])),
        Some((first, rest)) => {
            name.split_first().is_some_and(|(n, tail)| n == first && segment(rest, tail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn patterns() {
        let check = |pattern: &str, path: &str, expect: bool| {
            assert_eq!(matches(pattern, path), expect, "{pattern} on {path}");
        };
        check("*.csv", "a.csv", true);
        check("*.csv", "a/b.csv", false);
        check("**/wvs/qa/*.csv", "wvs/qa/m.csv", true);
        check("**/wvs/qa/*.csv", "x/data/wvs/qa/m.csv", true);
        check("**/wvs/qa/*.csv", "x/pvq/qa/m.csv", false);
        check("a*b*.csv", "axxbyy.csv", true);
        check("a*b*.csv", "axx.csv", false);
    }
}
