//! Test plugin that writes down every call, one line each, in the file `[config] file = "..."`.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use plugin_api::{Batch, Capability, Dataset, Error, Host, Plugin, Scores, Task, export_plugin};
use serde::Deserialize;

/// The `[config]` table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    file: PathBuf,
    /// Milliseconds that each `classify` takes; answers then vary with the text.
    #[serde(default)]
    pause_ms: u64,
}

/// The model.
#[derive(Debug)]
pub struct Recorder {
    file: PathBuf,
    pause_ms: u64,
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

impl Plugin for Recorder {
    const NAME: &'static str = "recorder";
    const CAPABILITIES: &'static [Capability] =
        &[Capability::Fit, Capability::Classify, Capability::Save];

    fn create(config: &str, task: &Task, host: &Host) -> Result<Self, Error> {
        let Config { file, pause_ms } =
            serde_json::from_str(config).map_err(|e| Error::config(format!("config: {e}")))?;
        let recorder = Self { file, pause_ms };
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
        let (train_ids, valid_ids) = (&train.examples.ids, &valid.examples.ids);
        self.line(&format!("fit {train_ids:?} {:?} {valid_ids:?} {:?}", train.labels, valid.labels))
    }

    fn classify(
        &mut self,
        batch: &Batch<'_>,
        scores: &mut Scores<'_>,
        _host: &Host,
    ) -> Result<(), Error> {
        self.line(&format!("classify {:?} {:?} {:?}", batch.ids, batch.texts, batch.cultures))?;
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
