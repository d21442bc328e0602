//! The order of the rooms of a crate, and imports that climb against it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::{Import, Imports};

/// Opens the block that holds the order.
const FENCE: &str = "```rooms";

/// Room -> floor, counted from the top. A room is a module of the crate's root: a file or a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rooms(BTreeMap<String, usize>);

/// What is wrong with the block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RoomsError {
    /// There is none.
    NoBlock,
    /// A room is in it twice.
    Twice(String),
}

impl std::error::Error for RoomsError {}

impl fmt::Display for RoomsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBlock => {
                write!(f, "no block starts with {FENCE}: one floor a line, from top to bottom")
            }
            Self::Twice(room) => write!(f, "`{room}` is in the block {FENCE} twice: leave one"),
        }
    }
}

/// An import from a lower room to a higher one, or to another on its floor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Climb {
    /// What climbs.
    pub import: Import,
    /// The importing room.
    pub from: String,
    /// The room above or beside it.
    pub to: String,
}

impl fmt::Display for Climb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Import { from, line, name, to } = &self.import;
        writeln!(
            f,
            "climb: {from}:{line} takes `{name}` from {to}, but `{}` is not below `{}`",
            self.to, self.from
        )?;
        write!(
            f,
            "  remedy: move `{name}` to a room below both, or pass it as an argument; \
             if the order is wrong, change the block {FENCE}"
        )
    }
}

impl Rooms {
    /// Reads the block of a Markdown page: one floor a line, from top to bottom, rooms of one floor with spaces between.
    pub fn read(page: &str) -> Result<Self, RoomsError> {
        let lines = page.lines().skip_while(|line| line.trim() != FENCE).skip(1);
        let mut floors = BTreeMap::new();
        for (floor, line) in lines.take_while(|line| line.trim() != "```").enumerate() {
            for room in line.split_whitespace() {
                if floors.insert(room.to_owned(), floor).is_some() {
                    return Err(RoomsError::Twice(room.to_owned()));
                }
            }
        }
        if floors.is_empty() { Err(RoomsError::NoBlock) } else { Ok(Self(floors)) }
    }

    /// Imports that lead up, or sideways into another room.
    pub fn climbs(&self, imports: &[Import]) -> Vec<Climb> {
        imports.iter().filter_map(|import| self.climb(import)).collect()
    }

    fn climb(&self, import: &Import) -> Option<Climb> {
        let (from, to) = (room_of(&import.from)?, room_of(&import.to)?);
        let (start, end) = (self.0.get(from)?, self.0.get(to)?);
        let climbs = from != to && end <= start;
        climbs.then(|| Climb { import: import.clone(), from: from.to_owned(), to: to.to_owned() })
    }

    /// Rooms that the crate has and the list lacks.
    pub fn unlisted(&self, of: &Imports) -> Vec<String> {
        rooms(of).filter(|room| !self.0.contains_key(*room)).map(str::to_owned).collect()
    }

    /// Rooms that the list has and the crate lacks.
    pub fn missing(&self, of: &Imports) -> Vec<String> {
        let rooms: BTreeSet<&str> = rooms(of).collect();
        self.0.keys().filter(|room| !rooms.contains(room.as_str())).cloned().collect()
    }
}

/// The rooms of a crate, each once.
fn rooms(of: &Imports) -> impl Iterator<Item = &str> {
    of.files.iter().filter_map(|file| room_of(file)).collect::<BTreeSet<_>>().into_iter()
}

/// The room that a file is in; none for the roots of the crate.
fn room_of(file: &str) -> Option<&str> {
    let room = file.split('/').next()?;
    let room = room.strip_suffix(".rs").unwrap_or(room);
    (!matches!(room, "lib" | "main" | "bin")).then_some(room)
}
