//! An aligned text table.

use tabled::builder::Builder;
use tabled::settings::Style;

/// Rows under a head as an aligned text table.
pub(crate) fn aligned(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut builder = Builder::default();
    builder.push_record(head.iter().copied());
    for row in rows {
        builder.push_record(row);
    }
    let mut table = builder.build();
    table.with(Style::blank());
    table.to_string().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}
