//! Small constructed panels with known answers.
