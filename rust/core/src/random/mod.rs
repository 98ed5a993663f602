//! Random numbers: PyTorch's CPU generator and its distributions.
//!
//! The same seed gives the same numbers and leaves the same state as `torch.Generator` does: equal bits for
//! everything made from integers and uniform numbers, equal up to the rounding of the C library's `log`, `sin` and
//! so on for the rest. A state saved by either library can be loaded by the other.
//!
//! Every filling method takes the elements in the order in which they are drawn. For a contiguous tensor that is
//! row-major order; PyTorch draws for other tensors in the order of memory (greatest stride first), and
//! [`Generator::normal`] has a second form for them. An error leaves the state and the buffer as they were.
//!
//! Reading order: `mt19937` (words), [`element`] (types), `continuous`, `normal`, `discrete`, `counts`, `multinomial`, `gamma`,
//! [`slopes`].

mod continuous;
mod counts;
mod discrete;
pub mod element;
mod gamma;
mod mt19937;
mod multinomial;
mod normal;
mod passes;
pub mod slopes;

use std::collections::hash_map::RandomState;
use std::fs::File;
use std::hash::{BuildHasher, Hasher};
use std::io::Read;
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

use parking_lot::{Mutex, MutexGuard};

use crate::error::{Error, Result};
pub use element::{RandomElement, RandomFloat};
use mt19937::{Engine, STATE};

/// Seed of a generator made without one, as PyTorch's `torch.Generator()`.
pub const DEFAULT_SEED: u64 = 67_280_421_310_721;

/// Bytes of a saved state.
pub const STATE_BYTES: usize = 5056;

// Offsets in a saved state, a C struct of PyTorch's: the initial seed (u64), then the fields below. Words are stored as
// u64. The two f64 around the cached sample are unused; the gaps are padding.
const AT_LEFT: usize = 8;
const AT_SEEDED: usize = 12;
const AT_NEXT: usize = 16;
const AT_WORDS: usize = 24;
const AT_DOUBLE_SAMPLE: usize = AT_WORDS + 8 * STATE + 8;
const AT_DOUBLE_VALID: usize = AT_DOUBLE_SAMPLE + 16;
const AT_FLOAT_SAMPLE: usize = AT_DOUBLE_VALID + 8;
const AT_FLOAT_VALID: usize = AT_FLOAT_SAMPLE + 4;

/// A generator that several owners draw from.
pub type SharedGenerator = Arc<Mutex<Generator>>;

/// The generator used where none is given. Programs that never seed it get different numbers each run.
pub fn default_generator() -> &'static SharedGenerator {
    static DEFAULT: LazyLock<SharedGenerator> = LazyLock::new(|| Arc::new(Mutex::new(Generator::new(entropy()))));
    &DEFAULT
}

/// Takes a generator. Whoever has it may draw for long without the host's lock, so nobody waits for it with that lock held.
pub fn lock(generator: &SharedGenerator) -> MutexGuard<'_, Generator> {
    generator.try_lock().unwrap_or_else(|| crate::storage::outside_host(|| generator.lock()))
}

/// A source of random numbers: a Mersenne twister and the second halves of Box–Muller pairs.
///
/// ```
/// use arcgrad::random::Generator;
///
/// let mut generator = Generator::new(0);
/// let mut numbers = [0.0_f32; 2];
/// generator.uniform(&mut numbers, 0.0, 1.0)?;
/// assert_eq!(numbers, [0.49625659, 0.7682218]); // torch.manual_seed(0); torch.rand(2)
/// # Ok::<(), Box<arcgrad::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Generator {
    engine: Engine,
    /// Cached by draws in single precision, of which PyTorch's CPU kernels have none; kept for the saved state.
    next_float_sample: Option<f32>,
    next_double_sample: Option<f64>,
}

impl Default for Generator {
    fn default() -> Self {
        Self::new(DEFAULT_SEED)
    }
}

impl Generator {
    /// A generator seeded with `seed`.
    pub fn new(seed: u64) -> Self {
        Self { engine: Engine::new(seed), next_float_sample: None, next_double_sample: None }
    }

    /// Starts again from `seed` (`manual_seed`). Negative seeds of the Python interface are taken modulo 2⁶⁴.
    pub fn manual_seed(&mut self, seed: u64) {
        *self = Self::new(seed);
    }

    /// Starts again from a seed of the operating system's entropy, and returns it (`seed`).
    pub fn seed(&mut self) -> u64 {
        let seed = entropy();
        self.manual_seed(seed);
        seed
    }

    /// The seed of the last `manual_seed` or `seed`, or the one in the state that was loaded.
    pub fn initial_seed(&self) -> u64 {
        self.engine.seed
    }

    /// The next 32 bits.
    pub fn random(&mut self) -> u32 {
        self.engine.word()
    }

    /// The next 64 bits, high word first.
    pub fn random64(&mut self) -> u64 {
        self.engine.double_word()
    }

    /// The state in the 5,056 bytes of PyTorch's `get_state`.
    pub fn get_state(&self) -> Vec<u8> {
        let mut bytes = vec![0; STATE_BYTES];
        put(&mut bytes, 0, self.engine.seed.to_le_bytes());
        put(&mut bytes, AT_LEFT, (self.engine.left() as u32).to_le_bytes());
        put(&mut bytes, AT_SEEDED, 1_u32.to_le_bytes());
        put(&mut bytes, AT_NEXT, (self.engine.next() as u64).to_le_bytes());
        for (i, &word) in self.engine.state().iter().enumerate() {
            put(&mut bytes, AT_WORDS + 8 * i, u64::from(word).to_le_bytes());
        }
        if let Some(sample) = self.next_double_sample {
            put(&mut bytes, AT_DOUBLE_SAMPLE, sample.to_le_bytes());
            put(&mut bytes, AT_DOUBLE_VALID, 1_u32.to_le_bytes());
        }
        if let Some(sample) = self.next_float_sample {
            put(&mut bytes, AT_FLOAT_SAMPLE, sample.to_le_bytes());
            put(&mut bytes, AT_FLOAT_VALID, [1]);
        }
        bytes
    }

    /// Loads a state saved by [`get_state`](Self::get_state) or by PyTorch.
    ///
    /// # Errors
    /// `RuntimeError` when the length is wrong or the state is not one of a seeded twister.
    pub fn set_state(&mut self, bytes: &[u8]) -> Result<()> {
        const OP: &str = "set_state";
        if bytes.len() != STATE_BYTES {
            return Err(Error::runtime(
                OP,
                format!(
                    "Expected a CPUGeneratorImplState of size {STATE_BYTES} but found the input RNG state size to be {}",
                    bytes.len()
                ),
            ));
        }
        let mut words = [0; STATE];
        for (i, word) in words.iter_mut().enumerate() {
            *word = u32::from_le_bytes(get(bytes, AT_WORDS + 8 * i));
        }
        let seeded = u32::from_le_bytes(get(bytes, AT_SEEDED)) != 0;
        let left = i32::from_le_bytes(get(bytes, AT_LEFT));
        let next = u32::from_le_bytes(get(bytes, AT_NEXT));
        let engine = Engine::restore(u64::from_le_bytes(get(bytes, 0)), left, next, words)
            .filter(|_| seeded)
            .ok_or_else(|| Error::runtime(OP, "Invalid mt19937 state"))?;
        let double_valid = u32::from_le_bytes(get(bytes, AT_DOUBLE_VALID)) != 0;
        let float_valid = bytes[AT_FLOAT_VALID] != 0;
        *self = Self {
            engine,
            next_float_sample: float_valid.then(|| f32::from_le_bytes(get(bytes, AT_FLOAT_SAMPLE))),
            next_double_sample: double_valid.then(|| f64::from_le_bytes(get(bytes, AT_DOUBLE_SAMPLE))),
        };
        Ok(())
    }

    /// One uniform number in `[0, 1)` with 53 bits.
    fn unit(&mut self) -> f64 {
        f64::unit(self.random64())
    }
}

fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    bytes[at..at + N].copy_from_slice(&value);
}

fn get<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    std::array::from_fn(|i| bytes[at + i])
}

/// 64 unpredictable bits.
fn entropy() -> u64 {
    let mut bytes = [0; 8];
    if File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).is_ok() {
        return u64::from_ne_bytes(bytes);
    }
    // Where there is no such device: the standard library's hash keys come from the operating system's entropy. They
    // are made once per thread, so process and time tell forked processes apart.
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    hasher.write_u128(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |time| time.as_nanos()));
    hasher.finish()
}
