//! The columns of examples without labels: what may be shown (`options`, `field.NAME`), and what is part of the gold
//! answer (`target`, `option_votes`, `roles`, `references`).

use std::sync::Arc;

use arrow_array::builder::{
    Float64Builder, ListBuilder, MapBuilder, MapFieldNames, StringBuilder, UInt32Builder,
};
use arrow_array::{
    Array, ArrayRef, Float64Array, ListArray, MapArray, RecordBatch, StringArray, StructArray,
    UInt32Array,
};
use arrow_buffer::OffsetBuffer;
use arrow_schema::{DataType, Field, Fields};

use crate::definition::answer::Kind;
use crate::example::{Item, OnMap, Reference};

pub(super) const OPTIONS: &str = "options";
pub(super) const FIELD: &str = "field.";
const TARGET: &str = "target";
const VOTES: &str = "option_votes";
const ROLES: &str = "roles";
const REFERENCES: &str = "references";
/// The number of items (twice), place, centre, and the move of each option: two numbers each.
const MAP: &str = "map";

/// Whether a column is part of the gold answer.
pub(super) fn is_gold(column: &str) -> bool {
    [TARGET, VOTES, ROLES, REFERENCES, MAP].contains(&column)
}

fn list(of: DataType) -> DataType {
    DataType::List(Arc::new(Field::new("item", of, true)))
}

fn reference() -> Fields {
    vec![
        Field::new("texts", list(DataType::Utf8), true),
        Field::new("weight", DataType::Float64, true),
    ]
    .into()
}

fn roles() -> DataType {
    let entries = vec![
        Field::new("role", DataType::Utf8, false),
        Field::new("option", DataType::UInt32, true),
    ];
    let entries = Field::new("entries", DataType::Struct(entries.into()), false);
    DataType::Map(Arc::new(entries), false)
}

/// Builds the columns that a kind of answer has.
#[derive(Debug)]
pub(super) struct Builder {
    kind: Kind,
    fields: Vec<(String, StringBuilder)>,
    options: ListBuilder<StringBuilder>,
    target: ListBuilder<Float64Builder>,
    votes: UInt32Builder,
    roles: MapBuilder<StringBuilder, UInt32Builder>,
    references: References,
    map: ListBuilder<Float64Builder>,
}

/// The texts and weights of all references of a batch, and where each example's end.
#[derive(Debug, Default)]
struct References {
    texts: Vec<Vec<String>>,
    weights: Vec<f64>,
    lengths: Vec<usize>,
}

impl Builder {
    pub(super) fn new(kind: Kind, fields: &[String]) -> Self {
        let names = MapFieldNames {
            entry: "entries".to_owned(),
            key: "role".to_owned(),
            value: "option".to_owned(),
        };
        Self {
            kind,
            fields: fields.iter().map(|name| (name.clone(), StringBuilder::new())).collect(),
            options: ListBuilder::new(StringBuilder::new()),
            target: ListBuilder::new(Float64Builder::new()),
            votes: UInt32Builder::new(),
            roles: MapBuilder::new(Some(names), StringBuilder::new(), UInt32Builder::new()),
            references: References::default(),
            map: ListBuilder::new(Float64Builder::new()),
        }
    }

    /// The fields of the schema.
    pub(super) fn schema(&self) -> Vec<Field> {
        let named =
            |(name, _): &(String, _)| Field::new(format!("{FIELD}{name}"), DataType::Utf8, false);
        let mut schema: Vec<Field> = self.fields.iter().map(named).collect();
        if self.kind.has_options() {
            schema.extend([
                Field::new(OPTIONS, list(DataType::Utf8), false),
                Field::new(TARGET, list(DataType::Float64), false),
                Field::new(VOTES, DataType::UInt32, false),
                Field::new(ROLES, roles(), false),
            ]);
        }
        if self.kind == Kind::Short {
            schema.push(Field::new(REFERENCES, list(DataType::Struct(reference())), false));
        }
        if self.kind == Kind::MapItem {
            schema.push(Field::new(MAP, list(DataType::Float64), false));
        }
        schema
    }

    /// Appends a row.
    pub(super) fn push(&mut self, item: &Item) -> Result<(), arrow_schema::ArrowError> {
        for (name, column) in &mut self.fields {
            column.append_value(item.fields.get(name).map_or("", String::as_str));
        }
        if self.kind.has_options() {
            for option in &item.options {
                self.options.values().append_value(option);
            }
            self.options.append(true);
            self.target.values().append_slice(&item.target);
            self.target.append(true);
            self.votes.append_value(item.votes);
            for (role, &option) in &item.roles {
                self.roles.keys().append_value(role);
                self.roles.values().append_value(option);
            }
            self.roles.append(true)?;
        }
        if self.kind == Kind::Short {
            self.references.lengths.push(item.references.len());
            for reference in &item.references {
                self.references.texts.push(reference.texts.clone());
                self.references.weights.push(reference.weight);
            }
        }
        if self.kind == Kind::MapItem {
            if let Some(map) = &item.map {
                let items = f64::from(map.items);
                let pairs = [[items, items], map.place, map.centre];
                let pairs = pairs.into_iter().chain(map.moves.iter().copied());
                pairs.for_each(|pair| self.map.values().append_slice(&pair));
            }
            self.map.append(true);
        }
        Ok(())
    }

    /// The columns of the rows since the last call, in the order of the schema.
    pub(super) fn finish(&mut self) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> =
            self.fields.iter_mut().map(|(_, c)| Arc::new(c.finish()) as ArrayRef).collect();
        if self.kind.has_options() {
            columns.push(Arc::new(self.options.finish()));
            columns.push(Arc::new(self.target.finish()));
            columns.push(Arc::new(self.votes.finish()));
            columns.push(Arc::new(self.roles.finish()));
        }
        if self.kind == Kind::Short {
            columns.push(std::mem::take(&mut self.references).into_column());
        }
        if self.kind == Kind::MapItem {
            columns.push(Arc::new(self.map.finish()));
        }
        columns
    }
}

impl References {
    fn into_column(self) -> ArrayRef {
        let mut texts = ListBuilder::new(StringBuilder::new());
        for reference in &self.texts {
            for text in reference {
                texts.values().append_value(text);
            }
            texts.append(true);
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(texts.finish()), Arc::new(Float64Array::from(self.weights))];
        let structs = StructArray::new(reference(), columns, None);
        let field = Arc::new(Field::new("item", DataType::Struct(reference()), true));
        let ends = OffsetBuffer::from_lengths(self.lengths);
        Arc::new(ListArray::new(field, ends, Arc::new(structs), None))
    }
}

/// The columns of a batch that were read.
#[derive(Debug)]
pub(super) struct Columns<'b> {
    fields: Vec<(&'b str, &'b StringArray)>,
    options: Option<&'b ListArray>,
    target: Option<&'b ListArray>,
    votes: Option<&'b UInt32Array>,
    roles: Option<&'b MapArray>,
    references: Option<&'b ListArray>,
    map: Option<&'b ListArray>,
}

/// A column by name, as a type; the error is one sentence.
fn typed<'b, T: 'static>(batch: &'b RecordBatch, name: &str) -> Result<Option<&'b T>, String> {
    let Some(column) = batch.column_by_name(name) else { return Ok(None) };
    let typed = column.as_any().downcast_ref::<T>();
    typed
        .map(Some)
        .ok_or_else(|| format!("column `{name}` has another type than this program writes"))
}

impl<'b> Columns<'b> {
    /// None where the batch has no column of items.
    pub(super) fn of(batch: &'b RecordBatch) -> Result<Option<Self>, String> {
        let mut fields = Vec::new();
        for (field, column) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            if let Some(name) = field.name().strip_prefix(FIELD) {
                let column = column.as_any().downcast_ref::<StringArray>();
                fields.push((
                    name,
                    column.ok_or_else(|| format!("column `{FIELD}{name}` is not text"))?,
                ));
            }
        }
        let columns = Self {
            fields,
            options: typed(batch, OPTIONS)?,
            target: typed(batch, TARGET)?,
            votes: typed(batch, VOTES)?,
            roles: typed(batch, ROLES)?,
            references: typed(batch, REFERENCES)?,
            map: typed(batch, MAP)?,
        };
        let any =
            !columns.fields.is_empty() || columns.options.is_some() || columns.references.is_some();
        Ok(any.then_some(columns))
    }

    /// Whether the examples are answered by an option or a text of their own, so that they may have no label.
    pub(super) fn have_own_answers(&self) -> bool {
        self.options.is_some() || self.references.is_some()
    }

    /// The item of a row.
    pub(super) fn item(&self, row: usize) -> Result<Item, String> {
        let mut item = Item::default();
        for (name, column) in &self.fields {
            item.fields.insert((*name).to_owned(), column.value(row).to_owned());
        }
        if let Some(list) = self.options {
            item.options = texts(&list.value(row), OPTIONS)?;
        }
        if let Some(list) = self.target {
            let values = list.value(row);
            let values = values.as_any().downcast_ref::<Float64Array>();
            item.target = values.ok_or("column `target` has no numbers")?.values().to_vec();
        }
        item.votes = self.votes.map_or(0, |votes| votes.value(row));
        if let Some(map) = self.roles {
            let entries = map.value(row);
            let options = entries.column(1).as_any().downcast_ref::<UInt32Array>();
            let options = options.ok_or("column `roles` has no numbers")?;
            let names = texts(entries.column(0), ROLES)?;
            item.roles = names.into_iter().zip(options.values().iter().copied()).collect();
        }
        if let Some(list) = self.references {
            item.references = references(&list.value(row))?;
        }
        if let Some(list) = self.map {
            item.map = on_map(&list.value(row))?;
        }
        let wrong = |option: &u32| *option as usize >= item.options.len();
        if !item.target.is_empty() && item.target.len() != item.options.len()
            || item.roles.values().any(wrong)
        {
            return Err("columns `target` and `roles` do not fit the options".to_owned());
        }
        Ok(item)
    }
}

fn texts(column: &ArrayRef, name: &str) -> Result<Vec<String>, String> {
    let texts = column.as_any().downcast_ref::<StringArray>();
    let texts = texts.ok_or_else(|| format!("column `{name}` has no texts"))?;
    Ok(texts.iter().map(|text| text.unwrap_or_default().to_owned()).collect())
}

fn references(column: &ArrayRef) -> Result<Vec<Reference>, String> {
    let wrong = || "column `references` has another type than this program writes".to_owned();
    let structs = column.as_any().downcast_ref::<StructArray>().ok_or_else(wrong)?;
    let [lists, weights] = structs.columns() else { return Err(wrong()) };
    let lists = lists.as_any().downcast_ref::<ListArray>().ok_or_else(wrong)?;
    let weights = weights.as_any().downcast_ref::<Float64Array>().ok_or_else(wrong)?;
    (0..structs.len())
        .map(|i| {
            Ok(Reference { texts: texts(&lists.value(i), REFERENCES)?, weight: weights.value(i) })
        })
        .collect()
}

fn on_map(column: &ArrayRef) -> Result<Option<OnMap>, String> {
    let numbers = column.as_any().downcast_ref::<Float64Array>();
    let numbers = numbers.ok_or("column `map` has no numbers")?.values();
    let (pairs, []) = numbers.as_chunks::<2>() else {
        return Err("column `map` has half a pair".to_owned());
    };
    match pairs {
        [] => Ok(None),
        [[items, _], place, centre, moves @ ..] => Ok(Some(OnMap {
            place: *place,
            centre: *centre,
            items: *items as u32,
            moves: moves.to_vec(),
        })),
        _ => Err("column `map` has no centre".to_owned()),
    }
}
