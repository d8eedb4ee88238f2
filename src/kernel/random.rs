//! Chance from named streams: one seed, one independent portable generator per name, so that a new consumer never shifts another.
//!
//! Every helper draw is written here, because crates may change their sampling algorithms between versions.

use std::sync::Arc;

use rand::Rng;
use rand_pcg::Pcg64;

use super::store::Map;

/// One portable generator. 32 bytes of state; cloning it copies its future.
#[derive(Clone, Debug)]
pub struct Stream(Pcg64);

/// All streams of one actor, derived from the scenario's seed by name.
#[derive(Clone, Debug)]
pub struct Streams {
    seed: u64,
    prefix: Arc<str>,
    streams: Map<Arc<str>, Stream>,
}

/// Kubernetes' alphabet for generated names (staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go): no vowels, no 0, 1, 3.
pub const NAME_ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

impl Streams {
    pub fn new(seed: u64, prefix: &str) -> Self {
        Self { seed, prefix: prefix.into(), streams: Map::new() }
    }

    /// The stream of this name; it goes on where it last stopped.
    pub fn stream(&mut self, name: &str) -> &mut Stream {
        if !self.streams.contains_key(name) {
            let full = format!("{}/{name}", self.prefix);
            self.streams.insert(name.into(), Stream::derive(self.seed, &full));
        }
        self.streams.get_mut(name).expect("inserted above")
    }
}

impl Stream {
    /// A stream that depends on nothing but the seed and its name.
    pub fn derive(seed: u64, name: &str) -> Self {
        let low = mix(seed ^ fnv1a64(name.as_bytes()));
        let high = mix(low ^ seed.rotate_left(32));
        let inc = mix(high ^ fnv1a64(name.as_bytes()).rotate_left(17));
        Self(Pcg64::new((u128::from(high) << 64) | u128::from(low), u128::from(inc) | 1))
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number in `0..n`, without bias (multiply and reject); 0 for `n == 0`.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        let threshold = n.wrapping_neg() % n;
        loop {
            let wide = u128::from(self.next_u64()) * u128::from(n);
            if (wide as u64) >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// A number in `0.0..1.0` with 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// True with probability `num / den`.
    pub fn chance(&mut self, num: u64, den: u64) -> bool {
        self.below(den.max(1)) < num
    }

    /// A duration in `0..=max`, to the nanosecond.
    pub fn up_to(&mut self, max: super::SimDuration) -> super::SimDuration {
        super::SimDuration::from_nanos(self.below(max.as_nanos().saturating_add(1)))
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i as u64 + 1) as usize);
        }
    }

    /// `n` characters as `generateName` appends them.
    pub fn name_suffix(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(NAME_ALPHABET[self.below(27) as usize])).collect()
    }

    /// `n` lowercase hexadecimal digits.
    pub fn hex(&mut self, n: usize) -> String {
        (0..n).map(|_| char::from(b"0123456789abcdef"[self.below(16) as usize])).collect()
    }

    /// A version-4 UUID in its usual spelling.
    pub fn uuid(&mut self) -> String {
        let v = (u128::from(self.next_u64()) << 64) | u128::from(self.next_u64());
        let v = (v & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
        let mut text = String::with_capacity(36);
        for digit in 0..32 {
            if matches!(digit, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(char::from(b"0123456789abcdef"[(v >> (124 - 4 * digit)) as usize & 15]));
        }
        text
    }
}

/// FNV-1a, 64 bit.
pub fn fnv1a64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(*b)).wrapping_mul(0x0000_0100_0000_01b3))
}

/// FNV-1a, 32 bit: the hash behind `pod-template-hash`.
pub fn fnv1a32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |h, b| (h ^ u32::from(*b)).wrapping_mul(0x0100_0193))
}

/// The finaliser of SplitMix64.
fn mix(mut z: u64) -> u64 {
    z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_independent_and_portable() {
        let mut one = Streams::new(7, "w");
        let mut two = Streams::new(7, "w");
        let a = one.stream("a").next_u64();
        two.stream("b").next_u64();
        assert_eq!(two.stream("a").next_u64(), a, "a draw from b does not shift a");
        assert_ne!(Stream::derive(8, "w/a").next_u64(), a);
        assert_eq!(Stream::derive(7, "golden").name_suffix(5), "p8qnj");
        assert_eq!(fnv1a32(b"a"), 0xe40c_292c);
    }

    #[test]
    fn below_covers_its_range() {
        let mut s = Stream::derive(1, "x");
        let mut seen = [0u32; 6];
        for _ in 0..6000 {
            seen[s.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|n| (800..1200).contains(n)), "{seen:?}");
        let id = s.uuid();
        assert_eq!((id.len(), &id[14..15]), (36, "4"));
    }
}
