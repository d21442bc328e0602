//! What each answer to an item of a map adds to a position.

use crate::definition::answer::Projection;
use crate::example::OnMap;
use crate::text::template::Bound;

use super::error::Kind;
use super::lists::elements;
use super::names::{bind, find, rendered};
use super::value::Value;

/// An item of a map with its names resolved.
#[derive(Debug, Clone)]
pub(super) struct MapItem {
    item: Bound,
    place: [Bound; 2],
    centre: [f64; 2],
    /// Items, means, standard deviations, weights, and factor and shift of the two coordinates: column and its name.
    lists: [(usize, String); 6],
}

impl MapItem {
    pub(super) fn new(
        (item, [x, y], centre): (&str, &[String; 2], [f64; 2]),
        projection: &Projection,
        columns: &[String],
    ) -> Result<Self, String> {
        let list = |name: &String| Ok::<_, String>((find(name, columns)?, name.clone()));
        let Projection { items, center, scale, weights, x: first, y: second } = projection;
        Ok(Self {
            item: bind(item, columns)?,
            place: [bind(x, columns)?, bind(y, columns)?],
            centre,
            lists: [
                list(items)?,
                list(center)?,
                list(scale)?,
                list(weights)?,
                list(first)?,
                list(second)?,
            ],
        })
    }

    pub(super) fn of(&self, options: &[String], row: &[String]) -> Result<OnMap, Kind> {
        let [items, center, scale, weights, x, y] = &self.lists;
        let names = elements(&row[items.0], &items.1)?;
        let item = rendered(&self.item, row);
        let at = names.iter().position(|name| name.words() == item);
        let at = at.ok_or_else(|| wrong(items, format!("the projection has no item `{item}`")))?;
        let weights_of = elements(&row[weights.0], &weights.1)?;
        let Some(Value::List(own)) = weights_of.get(at) else {
            return Err(wrong(weights, format!("`{item}` does not have two weights")));
        };
        let own = numbers(own).filter(|own| own.len() == 2);
        let own =
            own.ok_or_else(|| wrong(weights, format!("`{item}` does not have two weights")))?;
        let (mean, deviation) = (number(center, at, row)?, number(scale, at, row)?);
        let (x, y) =
            ([number(x, 0, row)?, number(x, 1, row)?], [number(y, 0, row)?, number(y, 1, row)?]);
        let share = 1.0 / names.len() as f64;
        let mut moves = Vec::with_capacity(options.len());
        for option in options {
            let value: f64 = option.trim().parse().map_err(|_| {
                wrong(items, format!("the option `{option}` of `{item}` is not a number"))
            })?;
            let z = (value - mean) / deviation;
            moves.push([x[0] * z * own[0] + x[1] * share, y[0] * z * own[1] + y[1] * share]);
        }
        let place = [self.coordinate(0, row)?, self.coordinate(1, row)?];
        Ok(OnMap { place, centre: self.centre, items: names.len() as u32, moves })
    }

    fn coordinate(&self, axis: usize, row: &[String]) -> Result<f64, Kind> {
        let text = rendered(&self.place[axis], row);
        let number = text.trim().parse().ok().filter(|n: &f64| n.is_finite());
        number.ok_or_else(|| Kind::Cell {
            field: "place".to_owned(),
            problem: format!("the coordinate `{text}` is not a number"),
        })
    }
}

/// An element of a list of numbers.
fn number(list: &(usize, String), at: usize, row: &[String]) -> Result<f64, Kind> {
    let all = elements(&row[list.0], &list.1)?;
    let found = all.get(at).and_then(Value::number);
    found.ok_or_else(|| wrong(list, format!("no number at place {at}")))
}

fn numbers(list: &[Value]) -> Option<Vec<f64>> {
    list.iter().map(Value::number).collect()
}

fn wrong(list: &(usize, String), problem: String) -> Kind {
    Kind::Cell { field: list.1.clone(), problem }
}
