//! Persistent ordered collections: cloning one costs nothing, so a checkpoint of a whole world is cheap.
//!
//! The only file that names the map crate. Ordered on purpose: iteration order reaches the output, a hasher must not.

/// An ordered map with O(1) clone.
pub type Map<K, V> = imbl::OrdMap<K, V>;
/// An ordered set with O(1) clone.
pub type Set<T> = imbl::OrdSet<T>;
/// A sequence with O(1) clone and cheap append.
pub type List<T> = imbl::Vector<T>;
