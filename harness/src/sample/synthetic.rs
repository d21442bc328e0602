//! Any number of synthetic rows, for speed and memory: one CSV and the dataset that reads it.

use std::io::{self, Write};

use super::draw::Draw;

/// The definition that reads what [`synthetic`] writes, as `synthetic.csv`.
pub const SYNTHETIC_FAMILY: &str = include_str!("synthetic.toml");

const WORDS: [&str; 32] = [
    "lantern", "river", "soup", "bread", "kite", "pear", "window", "market", "uncle", "ribbon",
    "salt", "spoon", "song", "bridge", "tea", "stone", "quiet", "loud", "early", "late", "kind",
    "odd", "new", "old", "gives", "takes", "sings", "waits", "with", "for", "before", "ärgert",
];

/// Writes a header and `n` rows: id, text (about 12 words, some with quotes and line breaks), label, culture, part.
pub fn synthetic(n: usize, seed: u64, writer: impl Write) -> io::Result<()> {
    let mut draw = Draw::new(&format!("synthetic {seed}"));
    let mut writer = csv::Writer::from_writer(io::BufWriter::new(writer));
    writer.write_record(["id", "text", "label", "culture", "part"])?;
    let (mut id, mut text) = (String::new(), String::new());
    for i in 0..n {
        id.clear();
        text.clear();
        id.push_str(&i.to_string());
        let culture = draw.below(20);
        let mut sum = culture;
        for k in 0..8 + draw.below(9) {
            let word = draw.below(WORDS.len());
            sum += word;
            if k > 0 {
                text.push_str(if word == 7 { "\n" } else { " " });
            }
            text.push_str(WORDS[word]);
        }
        if i % 50 == 0 {
            text.push_str(", \"so they say\"");
        }
        let label = if sum.is_multiple_of(3) ^ draw.chance(0.1) { "yes" } else { "no" };
        let part = ["train", "train", "train", "valid", "test"][draw.below(5)];
        writer.write_record([&id, &text, label, &format!("c{culture:02}"), part])?;
    }
    writer.flush()
}
