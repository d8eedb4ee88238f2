//! Fitted decision trees (`assets/grading/trees.txt`): each asks for one number after another and ends in a small amount; the amounts add up.

use std::sync::OnceLock;

static TREES: &str = include_str!("../../../assets/grading/trees.txt");

enum Node {
    /// Left if the number is at most this, right otherwise. The left node follows at once.
    Ask {
        number: usize,
        at_most: f32,
        right: usize,
    },
    Leaf(f32),
}

/// Trees over one list of numbers.
#[derive(Default)]
pub struct Forest {
    base: f32,
    trees: Vec<Vec<Node>>,
    /// What the numbers are called; the test below holds it against the code.
    #[cfg(test)]
    names: Vec<&'static str>,
}

#[derive(Default)]
pub struct Forests {
    pub point: Forest,
    pub misconception: Forest,
    pub rank: Forest,
}

impl Forest {
    pub fn sum(&self, numbers: &[f32]) -> f32 {
        let mut sum = self.base;
        for tree in &self.trees {
            let mut at = 0;
            loop {
                match tree.get(at) {
                    Some(Node::Ask { number, at_most, right }) => {
                        at = if numbers.get(*number).copied().unwrap_or_default() <= *at_most { at + 1 } else { *right };
                    }
                    Some(Node::Leaf(amount)) => {
                        sum += amount;
                        break;
                    }
                    None => break,
                }
            }
        }
        sum
    }

    /// Head line: key, base, names of the numbers; then a tree a line, each node before its left and its right part.
    fn read(block: &'static str) -> Option<(&'static str, Self)> {
        let mut lines = block.lines();
        let mut head = lines.next()?.split(' ');
        let (key, base) = (head.next()?, head.next()?.parse().ok()?);
        #[cfg(test)]
        let names = head.collect();
        let trees = lines.filter(|l| !l.is_empty()).map(tree).collect::<Option<_>>()?;
        let forest = Self {
            base,
            trees,
            #[cfg(test)]
            names,
        };
        Some((key, forest))
    }
}

fn tree(line: &str) -> Option<Vec<Node>> {
    let mut nodes = Vec::new();
    // Questions whose right part has not begun.
    let mut open: Vec<usize> = Vec::new();
    for word in line.split(' ') {
        let here = nodes.len();
        if let Some(amount) = word.strip_prefix('=') {
            nodes.push(Node::Leaf(amount.parse().ok()?));
            if let Some(Node::Ask { right, .. }) = open.pop().and_then(|i| nodes.get_mut(i)) {
                *right = here + 1;
            }
        } else {
            let (number, at_most) = word.split_once('<')?;
            nodes.push(Node::Ask { number: number.parse().ok()?, at_most: at_most.parse().ok()?, right: 0 });
            open.push(here);
        }
    }
    // A whole tree has one leaf more than questions.
    let leaves = nodes.iter().filter(|n| matches!(n, Node::Leaf(_))).count();
    (leaves * 2 == nodes.len() + 1).then_some(nodes)
}

pub fn forests() -> &'static Forests {
    static READ: OnceLock<Forests> = OnceLock::new();
    READ.get_or_init(|| {
        let mut out = Forests::default();
        for (key, forest) in TREES.split("\n\n").filter(|b| !b.starts_with('#')).filter_map(Forest::read) {
            match key {
                "point" => out.point = forest,
                "misconception" => out.misconception = forest,
                "rank" => out.rank = forest,
                _ => {}
            }
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::super::{features, overall};
    use super::*;

    #[test]
    fn the_trees_ask_for_the_numbers_there_are() {
        let f = forests();
        assert_eq!(f.point.names, features::NAMES);
        assert_eq!(f.misconception.names, features::NAMES);
        assert_eq!(f.rank.names, overall::NAMES);
        let lines = TREES.lines().filter(|l| l.contains('=') && !l.starts_with('#')).count();
        assert_eq!(f.point.trees.len() + f.misconception.trees.len() + f.rank.trees.len(), lines);
    }

    #[test]
    fn a_tree_asks_left_and_right() {
        let forest = Forest { base: 1.0, trees: vec![tree("1<0.5 0<2 =1 =2 =4").expect("a tree")], names: Vec::new() };
        for (numbers, sum) in [([2.0, 0.5], 2.0), ([3.0, 0.0], 3.0), ([0.0, 0.6], 5.0)] {
            assert_eq!(forest.sum(&numbers), sum);
        }
        assert!(tree("1<0.5 =1").is_none() && tree("x").is_none());
    }
}
