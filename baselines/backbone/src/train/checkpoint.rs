//! What an interrupted training needs to continue to the same bits: parameters, moments, the best state so far, and where it was.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use plugin_api::Error;
use serde::{Deserialize, Serialize};
use tch::Tensor;

use super::adamw::AdamW;

/// Where it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// What is trained on what, by hash: another training's checkpoint is not taken up.
    pub(super) key: String,
    /// Steps done.
    pub(super) step: usize,
    /// The best score so far.
    pub(super) best: Option<f64>,
    /// The step of that score.
    pub(super) best_step: usize,
    /// Validations since.
    pub(super) since: usize,
}

/// A checkpoint that was taken up: where it was, and the best state so far.
pub(super) type Taken = (Place, Option<Vec<(String, Tensor)>>);

/// A folder for the checkpoint of one training.
#[derive(Debug)]
pub(super) struct Folder(PathBuf);

/// Files: `place.json` is written last and names the others by step, so that a torn write is never read.
impl Folder {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    fn place(&self) -> PathBuf {
        self.0.join("place.json")
    }

    fn state(&self, step: usize) -> PathBuf {
        self.0.join(format!("state-{step}.safetensors"))
    }

    fn best(&self, step: usize) -> PathBuf {
        self.0.join(format!("best-{step}.safetensors"))
    }

    /// Writes everything, then removes what it replaces.
    pub(super) fn save(
        &self,
        place: &Place,
        optimiser: &AdamW,
        buffers: &[(String, Tensor)],
        best: Option<&[(String, Tensor)]>,
    ) -> Result<(), Error> {
        fs_err::create_dir_all(&self.0).map_err(Error::load)?;
        let mut state: Vec<(String, Tensor)> = Vec::new();
        for slot in &optimiser.slots {
            for (kind, tensor) in [("p", &slot.parameter), ("m", &slot.first), ("v", &slot.second)]
            {
                state.push((format!("{kind}.{}", slot.name), tensor.detach()));
            }
        }
        state.extend(buffers.iter().map(|(name, tensor)| (format!("b.{name}"), tensor.detach())));
        write(&self.state(place.step), &state)?;
        if let Some(best) = best.filter(|_| !self.best(place.best_step).is_file()) {
            write(&self.best(place.best_step), best)?;
        }
        let text = serde_json::to_string_pretty(place).map_err(Error::internal)?;
        let temporary = self.0.join("place.json.tmp");
        fs_err::write(&temporary, text).map_err(Error::load)?;
        fs_err::rename(&temporary, self.place()).map_err(Error::load)?;
        let kept = [self.state(place.step), self.best(place.best_step), self.place()];
        for entry in fs_err::read_dir(&self.0).map_err(Error::load)? {
            let path = entry.map_err(Error::load)?.path();
            if !kept.contains(&path) {
                fs_err::remove_file(path).map_err(Error::load)?;
            }
        }
        Ok(())
    }

    /// Takes up a checkpoint of the same training, where there is one: fills parameters, moments and buffers.
    pub(super) fn resume(
        &self,
        key: &str,
        optimiser: &mut AdamW,
        buffers: &mut [(String, Tensor)],
    ) -> Result<Option<Taken>, Error> {
        if !self.place().is_file() {
            return Ok(None);
        }
        let text = fs_err::read_to_string(self.place()).map_err(Error::load)?;
        let wrong = |e: &dyn std::fmt::Display| {
            Error::load(format!("{}: {e}; remove the folder to train again", self.0.display()))
        };
        let place: Place = serde_json::from_str(&text).map_err(|e| wrong(&e))?;
        if place.key != key {
            return Ok(None);
        }
        let read = |path: PathBuf| Tensor::read_safetensors(path).map_err(|e| wrong(&e));
        let mut state: HashMap<String, Tensor> =
            read(self.state(place.step))?.into_iter().collect();
        let mut fill = |name: String, tensor: &mut Tensor| match state.remove(&name) {
            Some(saved) if saved.size() == tensor.size() => {
                tch::no_grad(|| tensor.copy_(&saved));
                Ok(())
            }
            _ => Err(wrong(&format!("the tensor {name} is missing or of another shape"))),
        };
        for slot in &mut optimiser.slots {
            fill(format!("p.{}", slot.name), &mut slot.parameter)?;
            fill(format!("m.{}", slot.name), &mut slot.first)?;
            fill(format!("v.{}", slot.name), &mut slot.second)?;
        }
        for (name, tensor) in buffers {
            fill(format!("b.{name}"), tensor)?;
        }
        optimiser.steps = place.step as i32;
        let best =
            if place.best.is_some() { Some(read(self.best(place.best_step))?) } else { None };
        Ok(Some((place, best)))
    }

    /// Removes the checkpoint of a training that is done.
    pub(super) fn clear(&self) -> Result<(), Error> {
        if self.0.exists() { fs_err::remove_dir_all(&self.0).map_err(Error::load) } else { Ok(()) }
    }
}

fn write(path: &Path, tensors: &[(String, Tensor)]) -> Result<(), Error> {
    let temporary = path.with_extension("tmp");
    let whole: Vec<(&str, Tensor)> = tensors
        .iter()
        .map(|(name, t)| (name.as_str(), t.to_device(tch::Device::Cpu).contiguous()))
        .collect();
    Tensor::write_safetensors(&whole, &temporary).map_err(|e| {
        Error::load(format!("{}: cannot write the checkpoint: {e}", path.display()))
    })?;
    fs_err::rename(&temporary, path).map_err(Error::load)
}
