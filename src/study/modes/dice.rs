//! Chance from a seed and a name: the same on every machine.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough to shuffle cards.
pub(super) struct Dice(u64);

impl Dice {
    /// Depends on nothing but the seed and the name.
    pub(super) fn new(seed: u64, name: &str) -> Self {
        let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
        Self(seed ^ hash)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A whole number in `0..n`; 0 for `n == 0`. The bias is below n / 2^64.
    pub(super) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }

    /// The index of one weight, with a chance in proportion to it; None if all are zero.
    pub(super) fn pick(&mut self, weights: &[u64]) -> Option<usize> {
        let mut at = self.below(weights.iter().sum());
        weights.iter().position(|w| {
            let here = at < *w;
            at = at.saturating_sub(*w);
            here && *w > 0
        })
    }

    pub(super) fn shuffle<T>(&mut self, list: &mut [T]) {
        for i in (1..list.len()).rev() {
            list.swap(i, self.below(i as u64 + 1) as usize);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_follow_their_weights() {
        let roll = |seed, name| (0..8).map(|_| Dice::new(seed, name).below(1000)).collect::<Vec<_>>();
        assert_eq!(roll(7, "a"), roll(7, "a"));
        assert_ne!(roll(7, "a"), roll(7, "b"));
        let mut dice = Dice::new(1, "weights");
        let mut counts = [0; 3];
        for _ in 0..6_000 {
            counts[dice.pick(&[1, 0, 5]).unwrap()] += 1;
        }
        assert!(counts[1] == 0 && (800..1200).contains(&counts[0]), "{counts:?}");
        assert_eq!(dice.pick(&[0, 0]), None);
        let mut cards: Vec<u32> = (0..50).collect();
        dice.shuffle(&mut cards);
        assert_ne!(cards, (0..50).collect::<Vec<_>>());
        cards.sort_unstable();
        assert_eq!(cards, (0..50).collect::<Vec<_>>());
    }
}
