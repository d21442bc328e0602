//! Splits, pure: the owners' algorithms bit for bit, and our own by a hash of the id.
