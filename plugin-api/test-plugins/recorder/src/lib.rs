//! Test plugin that writes down every call, one line each, in the file `[config] file = "..."`.

#![expect(clippy::print_stdout, reason = "what it prints must not reach the harness")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_api::{
    Batch, Capability, Dataset, Error, Host, Matrix, OptionScores, Options, Plugin, Replies,
    Scores, Task, export_plugin,
};
use serde::{Deserialize, Serialize};

/// The `[config]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    file: PathBuf,
    /// Milliseconds that each `classify` takes; answers then vary with the text.
    #[serde(default)]
    pause_ms: u64,
    /// `explain` says what it can do with the files and folders that this file names, a line each.
    #[serde(default)]
    look: PathBuf,
}

/// The model.
#[derive(Debug)]
pub struct Recorder {
    file: PathBuf,
    pause_ms: u64,
    look: PathBuf,
}

/// Files that can be read, files and folders that can be written into.
#[derive(Debug, Default, Serialize)]
struct Found {
    read: Vec<PathBuf>,
    written: Vec<PathBuf>,
}

impl Found {
    fn look(&mut self, path: &Path) {
        if fs_err::read(path).is_ok() || fs_err::read_dir(path).is_ok() {
            self.read.push(path.to_owned());
        }
        let place = if path.is_dir() { path.join("left") } else { path.to_owned() };
        if fs_err::OpenOptions::new().append(true).create(true).open(place).is_ok() {
            self.written.push(path.to_owned());
        }
    }
}

impl Recorder {
    fn line(&self, line: &str) -> Result<(), Error> {
        fs_err::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.file)
            // One write: several processes append.
            .and_then(|mut file| file.write_all(format!("{line}\n").as_bytes()))
            .map_err(Error::load)
    }
}

/// All that crosses with a batch.
fn columns(batch: &Batch<'_>) -> String {
    format!("{:?} {:?} {:?}", batch.ids, batch.texts, batch.cultures)
}

impl Plugin for Recorder {
    const NAME: &'static str = "recorder";
    const CAPABILITIES: &'static [Capability] = &[
        Capability::Fit,
        Capability::Classify,
        Capability::Embed,
        Capability::Save,
        Capability::Explain,
        Capability::Choose,
    ];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let Config { file, pause_ms, look } =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        let recorder = Self { file, pause_ms, look };
        recorder.line(&format!(
            "create {} {} [{}] [{}] threads {} seed {}",
            task.name,
            task.protocol,
            task.labels.join(" "),
            task.cultures.join(" "),
            host.threads(),
            host.seed()
        ))?;
        host.log("recording");
        Ok(recorder)
    }

    fn fit(&mut self, train: &Dataset<'_>, valid: &Dataset<'_>, host: &Host) -> Result<(), Error> {
        host.progress(1, 2);
        host.metric("loss", 1, 0.5);
        let said = |part: &Dataset<'_>| format!("{} {:?}", columns(&part.examples), part.labels);
        self.line(&format!("fit {} {}", said(train), said(valid)))
    }

    fn choose(
        &mut self,
        batch: &Batch<'_>,
        options: &Options<'_>,
        scores: &mut OptionScores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        self.line(&format!("choose {} {:?} {:?}", columns(batch), options.texts, options.ends))?;
        for row in 0..batch.len() {
            scores.row(row).fill(0.25);
        }
        Ok(())
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        self.line(&format!("classify {}", columns(batch)))?;
        scores.values().fill(0.25);
        if self.pause_ms > 0 {
            std::thread::sleep(Duration::from_millis(self.pause_ms));
            for (index, text) in batch.texts.iter().enumerate() {
                let row = scores.row(index);
                row[text.len() % row.len()] = 0.5 + text.len() as f32 / 1e4;
            }
        }
        if let Some(index) = batch.texts.iter().position(|text| text.is_empty()) {
            scores.no_answer(index);
        }
        Ok(())
    }

    fn dimension(&self) -> usize {
        1
    }

    fn embed(
        &mut self,
        batch: &Batch<'_>,
        vectors: &mut Matrix<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        self.line(&format!("embed {}", columns(batch)))?;
        for (row, text) in batch.texts.iter().enumerate() {
            vectors.row(row).fill(text.len() as f32);
        }
        Ok(())
    }

    fn explain(
        &mut self,
        batch: &Batch<'_>,
        explanations: &mut Replies<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        self.line(&format!("explain {}", columns(batch)))?;
        let mut found = Found::default();
        if self.look.is_file() {
            let paths = fs_err::read_to_string(&self.look).map_err(Error::load)?;
            paths.lines().for_each(|path| found.look(path.as_ref()));
        }
        let found = serde_json::to_string(&found).map_err(Error::internal)?;
        // Nobody should take this for an answer.
        println!("{{\"explained\":{{\"id\":\"mine\",\"explanation\":1}}}}");
        for index in 0..batch.len() {
            explanations.put(index, &found);
        }
        Ok(())
    }

    fn save(&self, folder: &Path) -> Result<(), Error> {
        fs_err::write(folder.join("state"), "fitted").map_err(Error::load)?;
        self.line("save")
    }

    fn load(&mut self, folder: &Path) -> Result<(), Error> {
        let state = fs_err::read_to_string(folder.join("state")).map_err(Error::load)?;
        self.line(&format!("load {state}"))
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // A destructor has nobody to tell.
        let _ = self.line("destroy");
    }
}

export_plugin!(Recorder);
