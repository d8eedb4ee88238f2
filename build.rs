//! Embedded folders are read by a macro; cargo has to be told that a new file in them matters.
fn main() {
    for folder in ["scenarios", "assets"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
