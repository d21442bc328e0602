//! Answers of a run, joined with the gold labels by id.

use std::collections::HashMap;
use std::path::Path;

use super::Run;
use super::cells::{Done, Group};
use crate::answer::Answer;
use crate::example::Examples;
use crate::store::predictions;

/// Columns of answers as the score room wants them.
pub(crate) struct Columns {
    pub(crate) names: Vec<String>,
    pub(crate) primary: usize,
    pub(crate) answers: Vec<Vec<Answer>>,
    /// Of the columns whose variant gives scores.
    pub(super) ranks: Vec<Option<Vec<Option<u32>>>>,
    /// Row-major, examples x labels, of the columns whose variant gives probabilities; read where there are votes to hold
    /// them against.
    pub(super) probabilities: Vec<Option<Vec<f32>>>,
}

/// The answers of all seeds of a group, joined with the examples by id.
pub(super) fn columns(run: &Run, group: &Group) -> anyhow::Result<Columns> {
    let first = &group.cells[0];
    let mut columns = Columns {
        names: first.variants.clone(),
        primary: first.primary,
        answers: Vec::new(),
        ranks: Vec::new(),
        probabilities: Vec::new(),
    };
    for cell in &group.cells {
        let path = run.folder.cell(&cell.planned.folder).predictions();
        let examples = run.gold.of(cell)?;
        for (column, ranks) in join(&path, cell, &examples)? {
            columns.answers.push(column);
            columns.ranks.push(ranks);
        }
        columns.probabilities.extend(if examples.votes.is_empty() {
            vec![None; cell.variants.len()]
        } else {
            probabilities(&path, cell, &examples)?
        });
    }
    Ok(columns)
}

type Joined = (Vec<Answer>, Option<Vec<Option<u32>>>);

/// For each variant one answer an example, by id; an example without a row is missing. The rank of the gold label is its
/// place among the kept best labels, where the model gives scores.
fn join(path: &Path, cell: &Done, examples: &Examples) -> anyhow::Result<Vec<Joined>> {
    let (variants, n) = (cell.variants.len(), examples.len());
    let mut seen = vec![false; variants * n];
    let mut answers = vec![vec![Answer::Missing; n]; variants];
    let mut ranks: Vec<Option<Vec<Option<u32>>>> = vec![None; variants];
    let labels = &cell.spec.task.labels;
    predictions::scan(path, &cell.variants, labels, &examples.ids, true, |row| {
        if std::mem::replace(&mut seen[row.variant * n + row.example], true) {
            return Err(std::io::Error::other(format!(
                "{}: the example `{}` is answered twice; delete the cell's folder and run again",
                path.display(),
                examples.ids.get(row.example)
            )));
        }
        answers[row.variant][row.example] = row.answer;
        if !row.top.is_empty() {
            let gold = examples.labels[row.example];
            let rank = row.top.iter().position(|label| *label == gold).map(|rank| rank as u32);
            ranks[row.variant].get_or_insert_with(|| vec![None; n])[row.example] = rank;
        }
        Ok(())
    })?;
    Ok(answers.into_iter().zip(ranks).collect())
}

/// What the probabilities of one example may be away from 1 when added up, rounding considered.
const ROUNDING: f32 = 1e-3;

/// For each variant the probability of every label, an example without a row having none (0); nothing where a row's scores
/// are not probabilities of all labels.
fn probabilities(
    path: &Path,
    cell: &Done,
    examples: &Examples,
) -> anyhow::Result<Vec<Option<Vec<f32>>>> {
    let labels = cell.spec.task.labels.len();
    let places: HashMap<&str, usize> =
        examples.ids.iter().enumerate().map(|(row, id)| (id, row)).collect();
    let read = predictions::read(path, &cell.variants, &cell.spec.task.labels)?;
    let of = |answers: &predictions::Answers| {
        let mut all = vec![0.0; labels * examples.len()];
        let mut any = false;
        for (id, top) in answers.ids.iter().zip(&answers.top) {
            let Some(&row) = places.get(id).filter(|_| !top.is_empty()) else { continue };
            let sum: f32 = top.iter().map(|(_, p)| p).sum();
            let each = top.iter().all(|(_, p)| (0.0..=1.0 + ROUNDING).contains(p));
            if top.len() != labels || !each || (sum - 1.0).abs() > ROUNDING {
                return None;
            }
            any = true;
            for &(label, p) in top {
                all[row * labels + label as usize] = p;
            }
        }
        any.then_some(all)
    };
    Ok(read.iter().map(of).collect())
}
