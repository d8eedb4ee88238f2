//! Colours, shapes and words. Health is always a colour, a shape and a word together; each world has one accent and no more.

use ratatui::style::{Color, Modifier, Style};

use crate::session::view::{Health, MarkKind, RecordType};

/// How many colours the terminal has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// No colour at all (`NO_COLOR`, dumb terminals): bold, dim, underline and reverse must do.
    None,
    Sixteen,
    Indexed,
    True,
}

/// What a piece of text is for; the theme decides how that looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    Text,
    /// Beside the point: times, units, hints.
    Dim,
    /// Lines and empty parts of bars.
    Faint,
    Title,
    Strong,
    Good,
    Busy,
    Warn,
    Bad,
    Idle,
    /// Docker's accent.
    Docker,
    Kubernetes,
    /// Any further world.
    World,
    /// A key to press.
    Key,
    Story,
    /// The row under the cursor of the focused list.
    Selected,
    /// The row under the cursor of a list without focus.
    Marked,
    /// A button or a running tab.
    Button,
}

/// The shapes that are drawn; one set for good fonts, one for poor ones.
#[derive(Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub good: &'static str,
    pub busy: &'static str,
    pub warn: &'static str,
    pub bad: &'static str,
    pub idle: &'static str,
    pub full: &'static str,
    pub empty: &'static str,
    pub bars: [&'static str; 8],
    /// Shares of failing requests: some, a quarter, half, all.
    pub shades: [&'static str; 4],
    pub play: &'static str,
    pub pause: &'static str,
    pub helm: &'static str,
    pub crumb: &'static str,
    pub ellipsis: &'static str,
    pub now: &'static str,
    pub past: &'static str,
    pub future: &'static str,
    pub edge: &'static str,
    pub story_bar: &'static str,
    pub dot: &'static str,
    pub ok: &'static str,
    pub no: &'static str,
    pub open: &'static str,
    pub down: &'static str,
    pub arrow: &'static str,
    pub back: &'static str,
    pub cursor: &'static str,
    pub split: &'static str,
    pub times: &'static str,
    /// corners and lines: top left, top right, bottom left, bottom right, horizontal, vertical, tee left, tee right
    pub frame: [&'static str; 8],
    pub scroll: &'static str,
}

pub static UNICODE: Glyphs = Glyphs {
    good: "●",
    busy: "◐",
    warn: "▲",
    bad: "✖",
    idle: "○",
    full: "█",
    empty: "░",
    bars: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
    shades: ["░", "▒", "▓", "✖"],
    play: "▶",
    pause: "‖",
    helm: "⎈",
    crumb: "▸",
    ellipsis: "…",
    now: "◆",
    past: "━",
    future: "─",
    edge: "┃",
    story_bar: "▌",
    dot: "·",
    ok: "✔",
    no: "✖",
    open: "○",
    down: "▼",
    arrow: "→",
    back: "◂",
    cursor: "▏",
    split: "│",
    times: "×",
    frame: ["╭", "╮", "╰", "╯", "─", "│", "├", "┤"],
    scroll: "┃",
};

pub static ASCII: Glyphs = Glyphs {
    good: "*",
    busy: "~",
    warn: "!",
    bad: "x",
    idle: "o",
    full: "#",
    empty: ".",
    bars: ["_", ".", ":", "-", "=", "+", "*", "#"],
    shades: ["%", "%", "X", "x"],
    play: ">",
    pause: "=",
    helm: "@",
    crumb: ">",
    ellipsis: "~",
    now: "V",
    past: "=",
    future: "-",
    edge: "|",
    story_bar: "|",
    dot: "-",
    ok: "+",
    no: "x",
    open: "o",
    down: "v",
    arrow: ">",
    back: "<",
    cursor: "_",
    split: "|",
    times: "x",
    frame: ["+", "+", "+", "+", "-", "|", "+", "+"],
    scroll: "#",
};

/// How everything looks in this terminal.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    pub depth: Depth,
    pub light: bool,
    pub glyphs: &'static Glyphs,
}

impl Default for Theme {
    fn default() -> Self {
        Self { depth: Depth::True, light: false, glyphs: &UNICODE }
    }
}

/// One ink in every depth: truecolor on dark and on light ground, the 256-colour cube on both, the 16 names.
struct Tint {
    dark: u32,
    light: u32,
    dark256: u8,
    light256: u8,
    sixteen: Color,
}

const fn tint(dark: u32, light: u32, dark256: u8, light256: u8, sixteen: Color) -> Tint {
    Tint { dark, light, dark256, light256, sixteen }
}

const DIM: Tint = tint(0x8b_949e, 0x59_636e, 246, 241, Color::Gray);
const FAINT: Tint = tint(0x48_4f58, 0xb4_bcc5, 239, 250, Color::DarkGray);
const GOOD: Tint = tint(0x56_c271, 0x1a_7f37, 78, 28, Color::Green);
const WARN: Tint = tint(0xe3_b341, 0x9a_6700, 179, 136, Color::Yellow);
const BAD: Tint = tint(0xff_6b68, 0xcf_222e, 203, 160, Color::Red);
const DOCKER: Tint = tint(0x4e_a8ff, 0x0b_62d6, 75, 26, Color::Blue);
const KUBERNETES: Tint = tint(0xb3_92f0, 0x69_39c9, 141, 61, Color::Magenta);
const WORLD: Tint = tint(0x4f_c3c7, 0x0a_7075, 80, 30, Color::Cyan);
const STORY: Tint = tint(0xe6_dcc3, 0x4d_3d12, 187, 58, Color::White);
const SELECT_GROUND: Tint = tint(0x2b_3340, 0xd8_e3f2, 236, 189, Color::DarkGray);
const MARK_GROUND: Tint = tint(0x20_262e, 0xea_eef3, 234, 255, Color::Reset);

impl Theme {
    /// Nothing but ASCII may be drawn.
    pub fn ascii(&self) -> bool {
        std::ptr::eq(self.glyphs, &ASCII)
    }

    fn colour(&self, t: &Tint) -> Color {
        match self.depth {
            Depth::None => Color::Reset,
            Depth::Sixteen => t.sixteen,
            Depth::Indexed => Color::Indexed(if self.light { t.light256 } else { t.dark256 }),
            Depth::True => Color::from_u32(if self.light { t.light } else { t.dark }),
        }
    }

    /// The style of an ink.
    pub fn ink(&self, ink: Ink) -> Style {
        let base = Style::new();
        let plain = self.depth == Depth::None;
        let fg = |t: &Tint| base.fg(self.colour(t));
        match ink {
            Ink::Text => base,
            Ink::Dim if plain => base,
            Ink::Dim => fg(&DIM),
            Ink::Faint if plain => base.add_modifier(Modifier::DIM),
            Ink::Faint => fg(&FAINT),
            Ink::Title | Ink::Strong => base.add_modifier(Modifier::BOLD),
            Ink::Good => fg(&GOOD),
            Ink::Busy | Ink::Warn => fg(&WARN),
            Ink::Bad => fg(&BAD).add_modifier(Modifier::BOLD),
            Ink::Idle if plain => base.add_modifier(Modifier::DIM),
            Ink::Idle => fg(&DIM),
            Ink::Docker => fg(&DOCKER),
            Ink::Kubernetes => fg(&KUBERNETES),
            Ink::World => fg(&WORLD),
            Ink::Key => base.add_modifier(Modifier::BOLD),
            Ink::Story if plain => base.add_modifier(Modifier::BOLD),
            Ink::Story => fg(&STORY),
            Ink::Selected | Ink::Button if plain => base.add_modifier(Modifier::REVERSED),
            Ink::Selected | Ink::Button if self.depth == Depth::Sixteen => base.add_modifier(Modifier::REVERSED),
            Ink::Selected => base.bg(self.colour(&SELECT_GROUND)).add_modifier(Modifier::BOLD),
            Ink::Button => base.bg(self.colour(&SELECT_GROUND)),
            Ink::Marked if plain || self.depth == Depth::Sixteen => base.add_modifier(Modifier::UNDERLINED),
            Ink::Marked => base.bg(self.colour(&MARK_GROUND)),
        }
    }

    /// A world's accent.
    pub fn world(&self, name: &str) -> Style {
        self.ink(match name {
            "docker" => Ink::Docker,
            "kubernetes" => Ink::Kubernetes,
            "lab" => Ink::Strong,
            _ => Ink::World,
        })
    }

    /// Shape and colour of a health; the word stands beside it.
    pub fn health(&self, health: Health) -> (&'static str, Style) {
        let g = self.glyphs;
        match health {
            Health::Good => (g.good, self.ink(Ink::Good)),
            Health::Busy => (g.busy, self.ink(Ink::Busy)),
            Health::Warn => (g.warn, self.ink(Ink::Warn)),
            Health::Bad => (g.bad, self.ink(Ink::Bad)),
            Health::Idle => (g.idle, self.ink(Ink::Idle)),
        }
    }

    /// How much of something is used up.
    pub fn load(&self, permille: u32) -> Style {
        self.ink(match permille {
            0..=799 => Ink::Good,
            800..=949 => Ink::Warn,
            _ => Ink::Bad,
        })
    }

    /// Shape and colour of a mark on the timeline.
    pub fn mark(&self, kind: MarkKind) -> (&'static str, Style) {
        let ascii = self.ascii();
        let (shape, plain, ink) = match kind {
            MarkKind::Fault => ("▲", "^", Ink::Bad),
            MarkKind::FaultEnd => ("△", "A", Ink::Good),
            MarkKind::Question => ("●", "?", Ink::Story),
            MarkKind::Say => ("•", ".", Ink::Story),
            MarkKind::Command => ("›", ">", Ink::World),
            MarkKind::Yours => ("★", "Y", Ink::World),
        };
        (if ascii { plain } else { shape }, self.ink(ink))
    }

    /// Shape and colour of a journal record's type.
    pub fn record(&self, kind: RecordType) -> (&'static str, Style) {
        let ascii = self.ascii();
        let (shape, plain, ink) = match kind {
            RecordType::Fault => ("▲", "^", Ink::Bad),
            RecordType::Traffic => ("≈", "~", Ink::Warn),
            RecordType::Decision => ("◇", "<", Ink::Strong),
            RecordType::Command => ("›", ">", Ink::World),
            RecordType::Event => ("·", "-", Ink::Dim),
            RecordType::Change => ("Δ", "d", Ink::Faint),
            RecordType::Story => ("“", "\"", Ink::Story),
        };
        (if ascii { plain } else { shape }, self.ink(ink))
    }
}

/// What the environment says about the terminal. `get` reads one variable, so that tests can lie.
pub fn detect(get: impl Fn(&str) -> Option<String>) -> (Depth, bool) {
    let var = |name: &str| get(name).unwrap_or_default();
    let term = var("TERM");
    // https://no-color.org: any non-empty value counts.
    let depth = if !var("NO_COLOR").is_empty() || term == "dumb" {
        Depth::None
    } else if matches!(var("COLORTERM").as_str(), "truecolor" | "24bit") || !var("WT_SESSION").is_empty() || term.contains("direct") {
        Depth::True
    } else if term.contains("256color") || matches!(term.as_str(), "xterm-kitty" | "alacritty" | "wezterm" | "foot") {
        Depth::Indexed
    } else {
        Depth::Sixteen
    };
    // rxvt's COLORFGBG is "fg;bg" or "fg;default;bg"; 7 and 9 to 15 are light grounds.
    let light =
        var("COLORFGBG").rsplit(';').next().and_then(|bg| bg.parse::<u8>().ok()).is_some_and(|bg| bg == 7 || (9..=15).contains(&bg));
    (depth, light)
}

/// True if the environment says that only ASCII can be shown: a locale with another encoding than UTF-8, or the kernel's console with its
/// few shapes. Nothing said is no reason: many containers have no locale in terminals that can.
pub fn poor(get: impl Fn(&str) -> Option<String>) -> bool {
    let said = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| get(name).filter(|v| !v.is_empty()));
    let utf8 = said.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    !utf8 || get("TERM").is_some_and(|term| term == "linux")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(pairs: &[(&str, &str)]) -> (Depth, bool) {
        let pairs: Vec<(String, String)> = pairs.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
        detect(move |name| pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
    }

    #[test]
    fn reads_the_environment() {
        assert_eq!(env(&[("TERM", "xterm-256color")]), (Depth::Indexed, false));
        assert_eq!(env(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor")]).0, Depth::True);
        assert_eq!(env(&[("TERM", "xterm"), ("NO_COLOR", "1"), ("COLORTERM", "truecolor")]).0, Depth::None);
        assert_eq!(env(&[("TERM", "xterm"), ("NO_COLOR", "")]).0, Depth::Sixteen);
        assert!(env(&[("COLORFGBG", "0;15")]).1);
        assert!(!env(&[("COLORFGBG", "15;default;0")]).1);
    }

    #[test]
    fn poor_terminals_get_ascii_by_themselves() {
        let poor = |pairs: &[(&str, &str)]| {
            let pairs: Vec<(String, String)> = pairs.iter().map(|(k, v)| ((*k).to_string(), (*v).to_string())).collect();
            super::poor(move |name| pairs.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone()))
        };
        assert!(poor(&[("LC_ALL", "C"), ("LANG", "en_GB.UTF-8")]));
        assert!(poor(&[("LANG", "POSIX")]));
        assert!(poor(&[("LANG", "en_GB.UTF-8"), ("TERM", "linux")]));
        assert!(!poor(&[("LANG", "en_GB.UTF-8"), ("TERM", "xterm")]));
        assert!(!poor(&[("LC_ALL", ""), ("LANG", "C.utf8")]));
        assert!(!poor(&[]));
    }

    #[test]
    fn health_differs_in_shape_not_only_in_colour() {
        for glyphs in [&UNICODE, &ASCII] {
            let theme = Theme { depth: Depth::None, light: false, glyphs };
            let shapes: Vec<_> = [Health::Good, Health::Busy, Health::Warn, Health::Bad, Health::Idle].map(|h| theme.health(h).0).to_vec();
            let mut unique = shapes.clone();
            unique.sort_unstable();
            unique.dedup();
            assert_eq!(unique.len(), shapes.len(), "{shapes:?}");
        }
    }

    #[test]
    fn ascii_is_ascii() {
        let text = format!("{ASCII:?}");
        assert!(text.is_ascii(), "{text}");
    }
}
