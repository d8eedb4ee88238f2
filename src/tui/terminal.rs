//! The real terminal: taken over with care and always given back, whatever ends the program.

use std::io::{self, Stdout, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::execute;
use crossterm::terminal::{EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

pub type Screen = Terminal<CrosstermBackend<Stdout>>;

/// True while the terminal is ours, so that it is given back exactly once.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; dropping it gives the terminal back.
pub struct Guard {
    mouse: bool,
}

impl Guard {
    /// Raw mode, the alternate screen, the mouse; a panic gives it all back before it speaks.
    ///
    /// # Errors
    /// The terminal refuses, or there is none.
    pub fn take(mouse: bool) -> io::Result<Self> {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            give_back();
            before(info);
        }));
        let guard = Self { mouse };
        guard.enter()?;
        Ok(guard)
    }

    fn enter(&self) -> io::Result<()> {
        enable_raw_mode()?;
        TAKEN.store(true, Ordering::SeqCst);
        execute!(stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        if self.mouse {
            execute!(stdout(), EnableMouseCapture)?;
        }
        Ok(())
    }

    /// Gives the terminal back, sleeps until somebody wakes the program, and takes it again.
    ///
    /// # Errors
    /// The terminal refuses.
    pub fn suspend(&self) -> io::Result<()> {
        if cfg!(unix) {
            give_back();
            stop_this_process()?;
            self.enter()?;
        }
        Ok(())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

/// Undoes everything; what fails is passed over, because nothing better can be done.
fn give_back() {
    if TAKEN.swap(false, Ordering::SeqCst) {
        let _ = execute!(stdout(), DisableMouseCapture, DisableBracketedPaste, LeaveAlternateScreen, Show);
        let _ = disable_raw_mode();
    }
}

/// What the outside asked for since the last look.
#[derive(Clone, Debug, Default)]
pub struct Signals {
    /// The number of the signal that asks for the end; zero is none.
    end: Arc<AtomicUsize>,
    sleep: Arc<AtomicBool>,
}

impl Signals {
    /// SIGTERM and SIGINT end the program in order; SIGTSTP from outside suspends it like ctrl-z. SIGHUP, the end of the terminal itself,
    /// ends it at once: reading from a terminal that is gone never returns (crossterm reads an endless end of file). So does SIGQUIT,
    /// which people send to what hangs.
    ///
    /// # Errors
    /// The system refuses a handler.
    pub fn listen() -> io::Result<Self> {
        let signals = Self::default();
        #[cfg(unix)]
        {
            use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
            for signal in [SIGTERM, SIGINT] {
                signal_hook::flag::register_usize(signal, signals.end.clone(), usize::try_from(signal).unwrap_or_default())?;
            }
            leave_on(&[SIGHUP, SIGQUIT])?;
            signal_hook::flag::register(SIGTSTP, signals.sleep.clone())?;
        }
        Ok(signals)
    }
    pub fn ended(&self) -> bool {
        self.end.load(Ordering::SeqCst) != 0
    }
    /// The status a shell gives such a death, if a signal asked for the end.
    pub fn status(&self) -> Option<u8> {
        u8::try_from(self.end.load(Ordering::SeqCst)).ok().filter(|n| *n > 0).map(|n| 128 + n)
    }
    pub fn take_sleep(&self) -> bool {
        self.sleep.swap(false, Ordering::SeqCst)
    }
}

/// A thread that waits for one of these signals, gives the terminal back and leaves with the status a shell gives such a death.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "a face; the simulation never runs on it")]
fn leave_on(signals: &[i32]) -> io::Result<()> {
    let mut waiting = signal_hook::iterator::Signals::new(signals)?;
    std::thread::spawn(move || {
        if let Some(signal) = waiting.forever().next() {
            give_back();
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

#[cfg(unix)]
fn stop_this_process() -> io::Result<()> {
    signal_hook::low_level::emulate_default_handler(signal_hook::consts::SIGTSTP)
}
#[cfg(not(unix))]
fn stop_this_process() -> io::Result<()> {
    Ok(())
}
