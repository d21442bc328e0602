//! Answers that were paid for: one JSON line each, appended as they arrive and never changed.
//!
//! Several cells of a model share the file. A line goes out by one write under a lock, so a process that is killed leaves at
//! most one torn line, which the next reader passes over and the next writer ends. What is written survives the process at once
//! and the machine after [`Cache::sync`].

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use fs_err as fs;
use fs_err::{File, OpenOptions};
use serde::{Deserialize, Serialize};

use crate::answer::Answer;
use crate::facts;
use crate::request::Id;

/// The file in the cache's folder.
const FILE: &str = "answers.jsonl";

/// All answers so far.
#[derive(Debug)]
pub struct Cache {
    file: File,
    answers: HashMap<Id, Answer>,
    unreadable: usize,
    unsynced: bool,
}

#[derive(Serialize, Deserialize)]
struct Line {
    id: Id,
    answer: Answer,
}

impl Cache {
    /// Opens the folder, which needs not exist, and reads all answers.
    pub fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let path = folder.join(FILE);
        let mut file = OpenOptions::new().create(true).read(true).append(true).open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let (mut answers, mut unreadable) = (HashMap::new(), 0);
        for line in bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice::<Line>(line) {
                // The first answer stays: others may use it already.
                Ok(line) if is_answer(&line.answer) => {
                    answers.entry(line.id).or_insert(line.answer);
                }
                // Older versions kept what a server failed at or refused.
                Ok(_) => {}
                Err(_) => unreadable += 1,
            }
        }
        Ok(Self { file, answers, unreadable, unsynced: false })
    }

    /// The answer to a request.
    pub fn get(&self, id: &Id) -> Option<&Answer> {
        self.answers.get(id)
    }

    /// Number of answers.
    pub fn count(&self) -> usize {
        self.answers.len()
    }

    /// Lines that could not be read: torn by a crash, or of another version. Their requests are sent again.
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }

    /// Appends an answer; it is in the file when this returns. What a server's moderation withheld is not kept.
    pub fn put(&mut self, id: Id, answer: &Answer) -> io::Result<()> {
        if !is_answer(answer) {
            return Ok(());
        }
        let mut line = serde_json::to_vec(&Line { id, answer: answer.clone() })?;
        line.push(b'\n');
        // A file system without locks is one that no two machines share.
        match self.file.file().lock() {
            Err(error) if error.kind() != io::ErrorKind::Unsupported => return Err(error),
            _ => {}
        }
        let written = self.append(line);
        let _ = self.file.file().unlock();
        written?;
        self.unsynced = true;
        self.answers.insert(id, answer.clone());
        Ok(())
    }

    fn append(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        // A line that was torn is ended first.
        if self.file.seek(SeekFrom::End(0))? > 0 {
            self.file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            self.file.read_exact(&mut last)?;
            if last != *b"\n" {
                line.insert(0, b'\n');
            }
        }
        self.file.write_all(&line)
    }

    /// Writes what was appended to the disk.
    pub fn sync(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.unsynced) {
            self.file.sync_data()?;
        }
        Ok(())
    }
}

/// Whether it stands for what the model would say again: not where the server failed half way or its moderation stepped in.
fn is_answer(answer: &Answer) -> bool {
    let finish = answer.finish.as_deref();
    !facts::has_failed(finish) && !facts::is_filtered(finish)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Said;

    fn answer(text: &str) -> Answer {
        Answer::of(Said::Text(text.to_owned()))
    }

    fn id(number: u8) -> Id {
        Id::of(&[&[number]])
    }

    #[test]
    fn answers_come_back_as_they_were() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("not/there");
        let answers = [
            answer("a\nb \u{2028} \"ü\""),
            Answer {
                usage: Some((5, 1)),
                model: Some("m".to_owned()),
                finish: Some("length".to_owned()),
                ..Answer::of(Said::Sum { sum: -1.0e-9, tokens: 3, greedy: true })
            },
            Answer {
                thought: Some("no?".to_owned()),
                refusal: Some("No.".to_owned()),
                ..answer("")
            },
            Answer::of(Said::Top(vec![(" yes".to_owned(), -0.1)])),
        ];
        let mut cache = Cache::open(&inside).unwrap();
        for (number, answer) in answers.iter().enumerate() {
            cache.put(id(number as u8), answer).unwrap();
        }
        cache.sync().unwrap();
        let again = Cache::open(&inside).unwrap();
        assert_eq!((again.count(), again.unreadable()), (4, 0));
        for (number, answer) in answers.iter().enumerate() {
            assert_eq!(again.get(&id(number as u8)), Some(answer));
        }
        assert_eq!(again.get(&id(9)), None);
    }

    /// Not by this version, and not where an older one kept it.
    #[test]
    fn what_a_server_failed_at_is_asked_again() {
        let folder = tempfile::tempdir().unwrap();
        let mut cache = Cache::open(folder.path()).unwrap();
        for (number, finish) in ["error", "content_filter", "stop"].into_iter().enumerate() {
            let answer = Answer { finish: Some(finish.to_owned()), ..answer("no") };
            cache.put(id(number as u8), &answer).unwrap();
            let old = serde_json::to_string(&Line { id: id(10 + number as u8), answer }).unwrap();
            let mut file =
                fs::OpenOptions::new().append(true).open(folder.path().join(FILE)).unwrap();
            file.write_all(format!("{old}\n").as_bytes()).unwrap();
        }
        let again = Cache::open(folder.path()).unwrap();
        assert_eq!((again.count(), again.unreadable()), (2, 0));
        assert!(again.get(&id(2)).is_some() && again.get(&id(12)).is_some());
    }

    /// Cut anywhere, the file loses the answers after the cut and no other, and takes new ones.
    #[test]
    fn a_torn_line_costs_itself_only() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        let mut cache = Cache::open(folder.path()).unwrap();
        for number in 0..3 {
            cache.put(id(number), &answer("ja")).unwrap();
        }
        let whole = fs::read(&path).unwrap();
        let ends: Vec<usize> =
            whole.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(i, _)| i).collect();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut cache = Cache::open(folder.path()).unwrap();
            // A line whose end alone is lost is whole.
            let kept = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(cache.count(), kept, "cut at {cut}");
            cache.put(id(7), &answer("neu")).unwrap();
            let again = Cache::open(folder.path()).unwrap();
            assert_eq!(again.count(), kept + 1, "cut at {cut}");
            assert_eq!(again.get(&id(7)), Some(&answer("neu")));
        }
    }

    #[test]
    fn processes_share_the_file() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for writer in 0..4_u8 {
                let folder = folder.path();
                scope.spawn(move || {
                    let mut cache = Cache::open(folder).unwrap();
                    for number in 0..50 {
                        cache.put(id(writer * 50 + number), &answer(&"x".repeat(999))).unwrap();
                    }
                });
            }
        });
        let cache = Cache::open(folder.path()).unwrap();
        assert_eq!((cache.count(), cache.unreadable()), (200, 0));
    }
}
