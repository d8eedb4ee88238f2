//! Columns out of tabs, as Go's text/tabwriter makes them: a column is a run of lines that all have a cell there, ended by a tab.

/// How columns are spaced.
#[derive(Clone, Copy, Debug)]
pub(in crate::worlds::kubernetes::console) struct Spacing {
    pub min: usize,
    pub padding: usize,
}

/// `kubectl get` (cli-runtime/pkg/printers/tabwriter.go)
pub(in crate::worlds::kubernetes::console) const GET: Spacing = Spacing { min: 6, padding: 3 };
/// `kubectl describe` (kubectl/pkg/describe/describe.go, tabbedString)
pub(in crate::worlds::kubernetes::console) const DESCRIBE: Spacing = Spacing { min: 0, padding: 2 };

/// Lays a text out.
pub(in crate::worlds::kubernetes::console) fn layout(text: &str, spacing: Spacing) -> String {
    let lines: Vec<Vec<&str>> = text.split('\n').map(|l| l.split('\t').collect()).collect();
    let mut w = Writer { lines, spacing, widths: Vec::new(), out: String::with_capacity(text.len() * 2) };
    let last = w.lines.len();
    w.format(0, last);
    w.out.pop();
    w.out
}

struct Writer<'t> {
    lines: Vec<Vec<&'t str>>,
    spacing: Spacing,
    widths: Vec<usize>,
    out: String,
}

impl Writer<'_> {
    /// text/tabwriter, (*Writer).format
    fn format(&mut self, from: usize, to: usize) {
        let column = self.widths.len();
        let (mut written, mut this) = (from, from);
        while this < to {
            // The last cell of a line is not ended by a tab and belongs to no column.
            if column + 1 >= self.lines[this].len() {
                this += 1;
                continue;
            }
            self.write(written, this);
            written = this;
            let mut width = self.spacing.min;
            while this < to && column + 1 < self.lines[this].len() {
                let cell = self.lines[this][column].chars().count();
                width = width.max(cell + self.spacing.padding);
                this += 1;
            }
            self.widths.push(width);
            self.format(written, this);
            self.widths.pop();
            written = this;
        }
        self.write(written, to);
    }

    fn write(&mut self, from: usize, to: usize) {
        for line in from..to {
            let cells = self.lines[line].len();
            for (i, cell) in self.lines[line].iter().enumerate() {
                self.out.push_str(cell);
                if let Some(w) = self.widths.get(i).filter(|_| i + 1 < cells) {
                    self.out.extend(std::iter::repeat_n(' ', w.saturating_sub(cell.chars().count())));
                }
            }
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_end_where_their_lines_end() {
        let text = "Name:\tx\nNamespace:\tdefault\nIPs:\n  IP:\t10.0.0.1\nA long line without a tab\nK:\tv\n";
        let want = "Name:       x\nNamespace:  default\nIPs:\n  IP:  10.0.0.1\nA long line without a tab\nK:  v\n";
        assert_eq!(layout(text, DESCRIBE), want);
    }

    #[test]
    fn get_spacing() {
        assert_eq!(layout("A\tB\tC\n1\t\t2\n", GET), "A     B     C\n1           2\n");
    }
}
