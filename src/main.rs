fn main() -> std::io::Result<()> {
    use wheelhouse::{session, tui};
    let options = tui::Options::default();
    let start = match std::env::args().nth(1) {
        None => tui::Start::Home,
        Some(name) => match session::Session::open(&name, &options.open) {
            Ok(s) => tui::Start::Lab(Box::new(s)),
            Err(e) => {
                eprint!("{e}");
                std::process::exit(2);
            }
        },
    };
    tui::run(start, options)
}
