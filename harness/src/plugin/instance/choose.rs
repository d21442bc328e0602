//! Scores of options.

use plugin_api::abi::CeOptions;

use super::{Columns, ErrorRoom, Instance, PluginError, batch, offered, strs};

/// Options of some examples, one after the other, and the place behind the last one of each.
#[derive(Debug, Clone, Copy)]
pub struct ShownOptions<'a> {
    /// Their texts.
    pub texts: &'a [&'a str],
    /// One an example.
    pub ends: &'a [usize],
}

impl Instance<'_> {
    /// A score for each option into `scores`, and which examples have an answer.
    pub fn choose(
        &mut self,
        columns: Columns<'_>,
        options: ShownOptions<'_>,
        scores: &mut Vec<f32>,
    ) -> Result<Vec<bool>, PluginError> {
        let choose = offered(self.library, "choose", self.library.table().choose)?;
        let n = columns.ids.len();
        assert!(
            options.ends.len() == n
                && options.ends.last().copied().unwrap_or(0) == options.texts.len(),
            "options of every example"
        );
        let (ids, texts) = (strs(columns.ids), strs(columns.texts));
        let rows = batch(&ids, &texts, &columns);
        let shown = strs(options.texts);
        let asked = CeOptions {
            struct_size: size_of::<CeOptions>(),
            texts: shown.as_ptr(),
            ends: options.ends.as_ptr(),
        };
        scores.clear();
        scores.resize(options.texts.len(), f32::NAN);
        let mut answered = vec![1_u8; n];
        let mut filled = 0;
        let mut room = ErrorRoom::new();
        // SAFETY: the handle is ours, the buffers have the sizes that the ABI names.
        let status = unsafe {
            choose(
                self.handle,
                &raw const rows,
                &raw const asked,
                scores.as_mut_ptr(),
                answered.as_mut_ptr(),
                &raw mut filled,
                &raw mut room.error,
            )
        };
        room.check(self.library, "choose", status, columns.names)?;
        self.count("choose", filled, n)?;
        let answered: Vec<bool> = answered.into_iter().map(|a| a != 0).collect();
        let mut start = 0;
        for (row, &end) in options.ends.iter().enumerate() {
            if answered[row] {
                self.finite("choose", &scores[start..end], columns.names[row])?;
            }
            start = end;
        }
        Ok(answered)
    }
}
