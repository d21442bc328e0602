//! Files with several answers a row: one column for each country, say.

use std::collections::BTreeMap;

use super::log::Ended;
use super::{Error, Reply, Row, broken};

/// A template of column names with one field in braces: `{country}_Hate`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wide<'t> {
    before: &'t str,
    name: &'t str,
    after: &'t str,
}

impl<'t> Wide<'t> {
    /// The template of `label`; none where it is a plain column name.
    pub(super) fn of(label: &'t str) -> Option<Self> {
        let (before, rest) = label.split_once('{')?;
        let (name, after) = rest.split_once('}')?;
        (!name.is_empty() && !after.contains('{')).then_some(Self { before, name, after })
    }

    /// What a column's name has in the place of the field.
    fn value<'c>(&self, column: &'c str) -> Option<&'c str> {
        let value = column.strip_prefix(self.before)?.strip_suffix(self.after)?;
        (!value.is_empty()).then_some(value)
    }

    fn no_column(&self, fields: &BTreeMap<String, String>) -> String {
        let there: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
        format!(
            "no column is a `{}{{{}}}{}` (there are {}); correct --label",
            self.before,
            self.name,
            self.after,
            there.join(", ")
        )
    }

    /// One row for each answer: what the column's name has in the place of the field becomes a field of the row.
    pub(super) fn rows(
        &self,
        place: &str,
        fields: &BTreeMap<String, String>,
    ) -> Result<Vec<Row>, Error> {
        let (answers, others): (Vec<_>, Vec<_>) =
            fields.iter().partition(|(column, _)| self.value(column).is_some());
        if answers.is_empty() {
            return Err(broken(place, self.no_column(fields)));
        }
        let others: BTreeMap<String, String> =
            others.into_iter().map(|(name, cell)| (name.clone(), cell.clone())).collect();
        let row = |(column, cell): (&String, &String)| {
            let mut fields = others.clone();
            fields.insert(self.name.to_owned(), self.value(column).unwrap_or_default().to_owned());
            let reply = match cell.trim() {
                "" => Reply::Missing("an empty cell".to_owned()),
                _ => Reply::Text(cell.clone()),
            };
            Row {
                place: format!("{place}, column `{column}`"),
                fields,
                epoch: 1,
                ended: Ended::Well,
                reply,
            }
        };
        Ok(answers.into_iter().map(row).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_has_an_answer_for_each_column_of_the_template() {
        let wide = Wide::of("{country}_Hate").unwrap();
        let cells = [("ID", "SBIC-1"), ("South_Africa_Hate", "1.0"), ("Singapore_Hate", " ")];
        let fields = cells.map(|(name, cell)| (name.to_owned(), cell.to_owned())).into();
        let rows = wide.rows("a.csv, row 3", &fields).unwrap();
        let countries: Vec<&str> = rows.iter().map(|row| row.fields["country"].as_str()).collect();
        assert_eq!(countries, ["Singapore", "South_Africa"]);
        assert_eq!(rows[1].reply, Reply::Text("1.0".to_owned()));
        assert!(matches!(rows[0].reply, Reply::Missing(_)) && rows[0].fields["ID"] == "SBIC-1");
        assert!(rows[1].place.contains("row 3, column `South_Africa_Hate`"));
        let none = Wide::of("{country}_Label").unwrap().rows("a.csv, row 3", &fields);
        assert!(none.unwrap_err().to_string().contains("`ID`"));
        assert_eq!(Wide::of("label"), None);
    }
}
