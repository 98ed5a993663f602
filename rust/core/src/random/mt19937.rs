//! The Mersenne twister MT19937 (Matsumoto and Nishimura, 1998; seeding of 2002), word for word PyTorch's.

/// Words of state.
pub(super) const STATE: usize = 624;
/// Distance of the word that is mixed in by the recurrence.
const SHIFT: usize = 397;
/// Coefficients of the rational normal form.
const MATRIX_A: u32 = 0x9908_b0df;
/// Bits of a word taken from the older of two neighbours; the other 31 come from the newer one.
const UPPER: u32 = 0x8000_0000;

/// Words per run when 64-bit numbers are drawn: even, so that no number is cut, and small enough for the L1 cache.
const BUFFER: usize = 512;

/// State of the twister.
///
/// `left` counts down to the next twist and `next` is the position of the next word, both as PyTorch saves them.
/// Invariant: `1 <= left`, `left + next <= 625`, so the `left - 1` words from `next` on lie inside the state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Engine {
    pub(super) seed: u64,
    left: usize,
    next: usize,
    state: [u32; STATE],
}

#[inline(always)]
fn twist(upper: u32, lower: u32) -> u32 {
    let mixed = (upper & UPPER) | (lower & !UPPER);
    (mixed >> 1) ^ ((lower & 1).wrapping_neg() & MATRIX_A)
}

#[inline(always)]
fn temper(mut word: u32) -> u32 {
    word ^= word >> 11;
    word ^= (word << 7) & 0x9d2c_5680;
    word ^= (word << 15) & 0xefc6_0000;
    word ^ (word >> 18)
}

impl Engine {
    /// Only the low 32 bits of the seed enter the state, as in PyTorch; the whole seed is remembered.
    pub(super) fn new(seed: u64) -> Self {
        let mut state = [0; STATE];
        state[0] = seed as u32;
        for i in 1..STATE {
            let before = state[i - 1];
            state[i] = 1_812_433_253_u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        Self { seed, left: 1, next: 0, state }
    }

    /// The engine a saved state describes, unless it would read outside its words.
    pub(super) fn restore(seed: u64, left: i32, next: u32, state: [u32; STATE]) -> Option<Self> {
        let (left, next) = (usize::try_from(left).ok()?, next as usize);
        (left >= 1 && left + next <= STATE + 1).then_some(Self { seed, left, next, state })
    }

    pub(super) fn left(&self) -> usize {
        self.left
    }

    pub(super) fn next(&self) -> usize {
        self.next
    }

    pub(super) fn state(&self) -> &[u32; STATE] {
        &self.state
    }

    #[inline(always)]
    fn advance(&mut self) {
        let state = &mut self.state;
        for i in 0..STATE - SHIFT {
            state[i] = state[i + SHIFT] ^ twist(state[i], state[i + 1]);
        }
        for i in STATE - SHIFT..STATE - 1 {
            state[i] = state[i + SHIFT - STATE] ^ twist(state[i], state[i + 1]);
        }
        state[STATE - 1] = state[SHIFT - 1] ^ twist(state[STATE - 1], state[0]);
        // One more than the words there are: `left` is counted down before a word is taken.
        self.left = STATE + 1;
        self.next = 0;
    }

    /// The next 32 bits.
    #[inline]
    pub(super) fn word(&mut self) -> u32 {
        if self.left == 1 {
            self.advance();
        }
        self.left -= 1;
        self.next += 1;
        temper(self.state[self.next - 1])
    }

    /// The next 64 bits, high word first.
    #[inline]
    pub(super) fn double_word(&mut self) -> u64 {
        let high = self.word();
        join(high, self.word())
    }

    /// Sets each element from one word.
    pub(super) fn map32<T>(&mut self, out: &mut [T], f: impl Fn(u32) -> T) {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || self.runs(out, &f),
        );
    }

    /// Sets each element from two words, high word first.
    pub(super) fn map64<T>(&mut self, out: &mut [T], f: impl Fn(u64) -> T) {
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                let mut buffer = [0; BUFFER];
                for chunk in out.chunks_mut(BUFFER / 2) {
                    let words = &mut buffer[..2 * chunk.len()];
                    self.runs(words, &|word| word);
                    for (value, pair) in chunk.iter_mut().zip(words.chunks_exact(2)) {
                        *value = f(join(pair[0], pair[1]));
                    }
                }
            },
        );
    }

    /// [`map32`](Self::map32) in runs of words that need no twist. Inlined into a region compiled for the machine's
    /// vector instructions.
    #[inline(always)]
    fn runs<T>(&mut self, mut out: &mut [T], f: &impl Fn(u32) -> T) {
        while !out.is_empty() {
            if self.left == 1 {
                self.advance();
            }
            let n = out.len().min(self.left - 1);
            let (run, rest) = out.split_at_mut(n);
            for (value, &word) in run.iter_mut().zip(&self.state[self.next..self.next + n]) {
                *value = f(temper(word));
            }
            self.left -= n;
            self.next += n;
            out = rest;
        }
    }
}

#[inline(always)]
fn join(high: u32, low: u32) -> u64 {
    (u64::from(high) << 32) | u64::from(low)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published check value of MT19937: its 10,000th output from the default seed 5489.
    #[test]
    fn ten_thousandth_word_is_the_published_one() {
        let mut engine = Engine::new(5489);
        let words: Vec<u32> = (0..10_000).map(|_| engine.word()).collect();
        assert_eq!(words[9_999], 4_123_659_995);
    }

    #[test]
    fn runs_draw_the_words_of_single_draws() {
        for skip in [0, 1, 2, 623, 624, 625] {
            for n in [0, 1, 2, 255, 256, 257, 623, 624, 625, 2000] {
                let mut single = Engine::new(7);
                (0..skip).for_each(|_| {
                    single.word();
                });
                let (mut runs, mut pairs) = (single.clone(), single.clone());
                let mut got = vec![0; n];
                runs.map32(&mut got, |word| word);
                let expected: Vec<u32> = (0..n).map(|_| single.word()).collect();
                assert_eq!((got, &runs), (expected, &single));

                let mut got = vec![0; n / 2];
                pairs.map64(&mut got, |pair| pair);
                let mut single = pairs.clone();
                (0..n % 2).for_each(|_| {
                    single.word();
                });
                assert_eq!(single, runs);
            }
        }
    }
}
