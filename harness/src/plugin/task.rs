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

/// Borrowed columns of one length: ids, texts, cultures (indices into [`TaskInfo::cultures`]).
#[derive(Debug, Clone, Copy)]
pub struct Columns<'a> {
    /// Unique names.
    pub ids: &'a [&'a str],
    /// What the model reads.
    pub texts: &'a [&'a str],
    /// One index a row.
    pub cultures: &'a [u32],
}
