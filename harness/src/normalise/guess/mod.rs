//! Guesses what the columns of a file are from their names and cells, for `culture-eval new-benchmark`.
//!
//! Pure: the input is a [`Sheet`] and what the user [`Said`], the output is a [`Guess`]. Anything unclear is
//! [`Trouble`]: it names the columns and the option that resolves it.

mod found;
mod gold;
mod kinds;
mod many;
mod names;
mod roles;
mod sheet;
mod trouble;
mod write;

pub use found::{Answer, Culture, Guess, Parts, Said, Shows};
pub use gold::GoldForm;
pub use sheet::{Column, Presence, Sheet};
pub use trouble::Trouble;
pub use write::{Named, toml};

#[cfg(test)]
mod tests;

/// Guesses what the columns of a sheet are.
///
/// # Errors
/// Something is not clear; the error names the columns and the option that says it.
pub fn guess(sheet: &Sheet, said: &Said) -> Result<Guess, Trouble> {
    if sheet.is_empty() {
        return Err(Trouble::Empty { file: sheet.file.clone() });
    }
    let mut roles = roles::Roles::new(sheet, said)?;
    let answer = kinds::answer(&mut roles)?;
    roles.guess(answer)
}
