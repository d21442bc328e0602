//! All known definitions: embedded ones and those of the folders the user names.
