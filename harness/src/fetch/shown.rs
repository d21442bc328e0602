//! Places as reports and messages may show them, since others read these: no password, no name of a home folder.

use std::path::Path;

use reqwest::Url;

/// A place as it may be shown: an address without its password.
pub fn without_password(place: &str) -> String {
    let Ok(mut url) = Url::parse(place) else { return place.to_owned() };
    if url.password().is_some() && url.set_password(Some("***")).is_ok() {
        return url.into();
    }
    place.to_owned()
}

/// A path in words that end in reports, which others read: the home folder is `~`.
pub(super) fn shown(path: &Path) -> String {
    in_home(path, std::env::home_dir().as_deref())
}

fn in_home(path: &Path, home: Option<&Path>) -> String {
    match home.filter(|home| home.parent().is_some()).map(|home| path.strip_prefix(home)) {
        Some(Ok(rest)) => Path::new("~").join(rest).display().to_string(),
        _ => path.display().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_do_not_tell_whose_home_a_path_lies_in() {
        let path = Path::new("/home/ada/.cache/x");
        assert_eq!(in_home(path, Some(Path::new("/home/ada"))), "~/.cache/x");
        assert_eq!(in_home(path, Some(Path::new("/home/ad"))), "/home/ada/.cache/x");
        assert_eq!(in_home(path, Some(Path::new("/"))), "/home/ada/.cache/x");
        assert_eq!(in_home(path, None), "/home/ada/.cache/x");
    }
}
