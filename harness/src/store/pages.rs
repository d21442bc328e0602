//! Heads of a Parquet file's pages, as far as they tell what memory a page takes: the library takes them at their word.
//!
//! They are Thrift structs in the compact protocol (parquet-format's `PageHeader`).

use std::io::{self, Read};

use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::ChunkReader;

/// Bytes that a page may have whatever it was packed into.
const LARGE: i64 = 16 << 20;

/// What DEFLATE makes of the longest run; other formats do not come near it with texts.
const RATIO: i64 = 1032;

/// Structs within structs.
const DEEP: usize = 16;

/// Types of fields that matter here.
const STOP: u8 = 0;
const I32: u8 = 5;
const STRUCT: u8 = 12;

/// What a head says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Head {
    unpacked: i64,
    packed: i64,
    /// Values of a dictionary.
    dictionary: i64,
}

/// Refuses pages that say more of themselves than their bytes can hold.
pub(super) fn sound(file: &impl ChunkReader, metadata: &ParquetMetaData) -> Result<(), String> {
    for (number, group) in metadata.row_groups().iter().enumerate() {
        for column in group.columns() {
            let (mut at, length) = column.byte_range();
            let end = at.saturating_add(length);
            while at < end {
                let wrong = |what: &dyn std::fmt::Display| {
                    let name = column.column_path();
                    format!(
                        "the file is damaged: a page of column `{name}`, row group {number}, at byte {at}: {what}"
                    )
                };
                let mut reader =
                    Counted { reader: file.get_read(at).map_err(|e| wrong(&e))?, count: 0 };
                let head = head(&mut reader).map_err(|e| wrong(&e))?;
                let Head { unpacked, packed, dictionary } = head;
                if packed < 0
                    || !(0..=LARGE.saturating_add(packed.saturating_mul(RATIO))).contains(&unpacked)
                {
                    return Err(wrong(&format_args!("{unpacked} bytes, packed into {packed}")));
                }
                if !(0..=unpacked.saturating_mul(8)).contains(&dictionary) {
                    return Err(wrong(&format_args!("{dictionary} values in {unpacked} bytes")));
                }
                at = at.saturating_add(reader.count).saturating_add(packed as u64);
            }
        }
    }
    Ok(())
}

struct Counted<R> {
    reader: R,
    count: u64,
}

impl<R: Read> Counted<R> {
    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.reader.read_exact(&mut byte)?;
        self.count += 1;
        Ok(byte[0])
    }

    /// An unsigned number of seven bits a byte, the lowest first.
    fn varint(&mut self) -> io::Result<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(wrong("a number without end"))
    }

    /// A signed number: 0, -1, 1, -2, ...
    fn signed(&mut self) -> io::Result<i64> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    fn pass(&mut self, bytes: u64) -> io::Result<()> {
        if io::copy(&mut (&mut self.reader).take(bytes), &mut io::sink())? < bytes {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.count += bytes;
        Ok(())
    }

    /// The fields of a struct: `each` reads what it knows and says whether it has.
    fn fields(
        &mut self,
        depth: usize,
        mut each: impl FnMut(&mut Self, i64, u8) -> io::Result<bool>,
    ) -> io::Result<()> {
        if depth == DEEP {
            return Err(wrong("structs without end"));
        }
        let mut field = 0i64;
        loop {
            let byte = self.byte()?;
            let (kind, step) = (byte & 0x0f, byte >> 4);
            if kind == STOP {
                return Ok(());
            }
            field = if step == 0 { self.signed()? } else { field.saturating_add(i64::from(step)) };
            if !each(self, field, kind)? {
                self.skip(kind, depth, false)?;
            }
        }
    }

    /// Passes a value; truth is in the type of a field, but in a list it takes a byte.
    fn skip(&mut self, kind: u8, depth: usize, listed: bool) -> io::Result<()> {
        match kind {
            1 | 2 => self.pass(u64::from(listed)),
            3 => self.pass(1),
            4..=6 => self.varint().map(drop),
            7 => self.pass(8),
            8 => {
                let bytes = self.varint()?;
                self.pass(bytes)
            }
            9 | 10 if depth < DEEP => {
                let byte = self.byte()?;
                let count = if byte >> 4 == 15 { self.varint()? } else { u64::from(byte >> 4) };
                (0..count).try_for_each(|_| self.skip(byte & 0x0f, depth + 1, true))
            }
            STRUCT => self.fields(depth + 1, |_, _, _| Ok(false)),
            // No head of a page has a map.
            other => Err(wrong(&format!("a value of type {other}"))),
        }
    }
}

fn head(reader: &mut Counted<impl Read>) -> io::Result<Head> {
    let mut head = Head::default();
    reader.fields(0, |reader, field, kind| {
        match (field, kind) {
            (2, I32) => head.unpacked = reader.signed()?,
            (3, I32) => head.packed = reader.signed()?,
            (7, STRUCT) => reader.fields(1, |reader, field, kind| {
                let values = (field, kind) == (1, I32);
                if values {
                    head.dictionary = reader.signed()?;
                }
                Ok(values)
            })?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(head)
}

fn wrong(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> io::Result<Head> {
        head(&mut Counted { reader: bytes, count: 0 })
    }

    #[test]
    fn sizes_and_the_values_of_a_dictionary_are_read() {
        // type 2 (dictionary), 300 bytes unpacked, 7 packed, field 7: { 5 values, encoding 0, sorted }, end.
        let bytes = [0x15, 4, 0x15, 0xd8, 4, 0x15, 14, 0x4c, 0x15, 10, 0x15, 0, 0x11, 0, 0];
        assert_eq!(read(&bytes).unwrap(), Head { unpacked: 300, packed: 7, dictionary: 5 });
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length}");
        }
    }

    #[test]
    fn what_has_no_end_is_an_error() {
        assert!(read(&[0x1c; 100]).unwrap_err().to_string().contains("structs"));
        // A list of 2^62 binaries.
        let list = [0x19, 0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x3f, 0];
        assert!(read(&list).is_err());
        assert!(read(&[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]).is_err());
    }
}
