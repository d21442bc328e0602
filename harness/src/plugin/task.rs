//! What a model is told of its task, and the columns of examples that it reads.

/// What the model will be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskInfo {
    /// Short name of the task.
    pub name: String,
    /// Short name of the protocol.
    pub protocol: String,
    /// Label names.
    pub labels: Vec<String>,
    /// Culture names.
    pub cultures: Vec<String>,
}

/// Borrowed columns of one length: ids, texts, cultures (indices into [`TaskInfo::cultures`]; another number where the culture is
/// not known or not shown).
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Unique ids as the model gets them: opaque ones, where they come from a cell.
    pub ids: &'a [&'a str],
    /// The same examples as messages name them; they never cross.
    pub names: &'a [&'a str],
    /// What the model reads.
    pub texts: &'a [&'a str],
    /// One index a row.
    pub cultures: &'a [u32],
}
