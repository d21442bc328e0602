//! Words of prompts. They are loaded from official files when a run is planned and are never part of this project.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::definition::dataset::{Task, Wording};
use crate::text::template::Template;

/// A file of prompts is small; a larger one is none.
const MOST_BYTES: u64 = 4 << 20;

/// The task with the words of its prompts, from files by source id; the error is one line.
pub fn resolve(task: &Task, files: &BTreeMap<String, PathBuf>) -> Result<Task, String> {
    let mut task = task.clone();
    let prompts = task.protocols.iter_mut().flat_map(|protocol| &mut protocol.prompts);
    for prompt in prompts {
        if let Some(wording) = &mut prompt.wording {
            wording.words = words(wording, files)
                .map_err(|problem| format!("the words of prompt `{}`: {problem}", prompt.name))?;
        }
    }
    Ok(task)
}

fn words(
    wording: &Wording,
    files: &BTreeMap<String, PathBuf>,
) -> Result<BTreeMap<String, BTreeMap<String, String>>, String> {
    let place = files.get(&wording.source);
    let place = place.ok_or_else(|| format!("the source `{}` is not available", wording.source))?;
    let Some(pattern) = &wording.file else {
        return Ok([(String::new(), row(place, wording)?)].into());
    };
    let template = Template::parse(pattern).map_err(|e| e.to_string())?;
    let names: Vec<&str> = template.names().collect();
    let [name] = names.as_slice() else {
        return Err(format!("`file = {pattern:?}` must name one group, as in `{{region}}.csv`"));
    };
    let around = template.render(|_| Some("\0"));
    let Some((before, after)) = around.split_once('\0') else {
        return Err(format!("`file = {pattern:?}` does not name a group"));
    };
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(place).map_err(|e| e.to_string())? {
        let file = entry.map_err(|e| e.to_string())?.path();
        let own = file.file_name().and_then(|own| own.to_str()).unwrap_or_default();
        let value = own.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
        if let Some(value) = value {
            all.insert(value.to_owned(), row(&file, wording)?);
        }
    }
    if all.is_empty() {
        let place = place.display();
        return Err(format!("{place} has no file like {pattern:?} (one for each {name})"));
    }
    Ok(all)
}

/// The first row that has the wanted cells: column -> text.
fn row(file: &Path, wording: &Wording) -> Result<BTreeMap<String, String>, String> {
    let shown = file.display();
    let bytes = fs::metadata(file).map_err(|e| e.to_string())?.len();
    if bytes > MOST_BYTES {
        return Err(format!("{shown} has {bytes} bytes, too many for a file of prompts"));
    }
    let text = fs::read_to_string(file).map_err(|e| e.to_string())?;
    // A file in the cache has no ending.
    let tabs = text.lines().next().is_some_and(|header| header.contains('\t'));
    let mut rows = csv::ReaderBuilder::new()
        .delimiter(if tabs { b'\t' } else { b',' })
        .flexible(true)
        .from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let header = rows.headers().map_err(|e| format!("{shown}: {e}"))?.clone();
    if let Some(column) = wording.row.keys().find(|column| !header.iter().any(|h| h == *column)) {
        let there: Vec<&str> = header.iter().collect();
        return Err(format!("{shown} has no column `{column}`; there are {}", there.join(", ")));
    }
    for record in rows.records() {
        let record = record.map_err(|e| format!("{shown}: {e}"))?;
        let cells: BTreeMap<String, String> = header
            .iter()
            .zip(&record)
            .filter(|(column, _)| !column.is_empty())
            .map(|(column, cell)| (column.to_owned(), cell.to_owned()))
            .collect();
        if wording.row.iter().all(|(column, cell)| cells.get(column) == Some(cell)) {
            return Ok(cells);
        }
    }
    let wanted: Vec<String> = wording.row.iter().map(|(c, v)| format!("{c} = {v:?}")).collect();
    Err(format!("{shown} has no row with {}", wanted.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wording(file: Option<&str>, id: &str) -> Wording {
        Wording {
            source: "prompts".to_owned(),
            file: file.map(str::to_owned),
            row: [("id".to_owned(), id.to_owned())].into(),
            words: BTreeMap::new(),
        }
    }

    #[test]
    fn the_first_row_of_each_file_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let text = ",id,English\n0,a-1,\"Say {q}, {\"\"x\"\"}\"\n1,b-2,one\n2,b-2,two\n";
        fs::write(folder.path().join("GB_prompts.csv"), format!("\u{feff}{text}")).unwrap();
        fs::write(folder.path().join("notes.txt"), "no").unwrap();
        let files = BTreeMap::from([("prompts".to_owned(), folder.path().to_owned())]);
        let found = words(&wording(Some("{region}_prompts.csv"), "b-2"), &files).unwrap();
        assert_eq!(found.keys().collect::<Vec<_>>(), ["GB"]);
        assert_eq!(found["GB"]["English"], "one", "the official script takes the first");
        let found = words(&wording(Some("{region}_prompts.csv"), "a-1"), &files).unwrap();
        assert_eq!(found["GB"]["English"], "Say {q}, {\"x\"}");
        let fails = |wording: &Wording, what: &str| {
            let error = words(wording, &files).unwrap_err();
            assert!(error.contains(what), "{error}");
        };
        fails(&wording(Some("{region}_prompts.csv"), "c"), "no row with id = \"c\"");
        fails(&wording(Some("{region}.tsv"), "b-2"), "one for each region");
        fails(&wording(Some("prompts.csv"), "b-2"), "must name one group");
        let one = BTreeMap::from([("prompts".to_owned(), folder.path().join("GB_prompts.csv"))]);
        assert_eq!(words(&wording(None, "b-2"), &one).unwrap()[""]["English"], "one");
        let odd = Wording { row: [("nr".to_owned(), "1".to_owned())].into(), ..wording(None, "") };
        assert!(words(&odd, &one).unwrap_err().contains("no column `nr`; there are , id, English"));
    }
}
