//! Gamma and Dirichlet numbers: Marsaglia and Tsang, "A simple method for generating gamma variables" (2000).

use super::Generator;
use super::discrete::same_length;
use super::element::RandomFloat;
use crate::error::Result;

impl Generator {
    /// A gamma number of scale 1 for each shape (`_standard_gamma`); at least the smallest normal number of the type. Both
    /// slices have the same length. A shape that is negative or NaN gives that least number, as in PyTorch.
    ///
    /// # Errors
    /// A length mismatch.
    pub fn standard_gamma<T: RandomFloat>(&mut self, out: &mut [T], shapes: &[T], least: f64) -> Result<()> {
        same_length("_standard_gamma", out.len(), shapes.len())?;
        for (value, &shape) in out.iter_mut().zip(shapes) {
            // `max` of a NaN is the other number.
            *value = T::from_f64(self.gamma_one(shape).max(least));
        }
        Ok(())
    }

    /// For each row of `categories` shapes, gamma numbers in double precision divided by their sum: inside (0, 1)
    /// (`_sample_dirichlet`). Both slices have the same length.
    ///
    /// # Errors
    /// A length mismatch.
    pub fn dirichlet<T: RandomFloat>(
        &mut self,
        out: &mut [T],
        shapes: &[T],
        categories: usize,
        least: f64,
        greatest: T,
    ) -> Result<()> {
        same_length("_sample_dirichlet", out.len(), shapes.len())?;
        let mut gammas = vec![0.0; categories];
        for (row, shapes) in out.chunks_mut(categories.max(1)).zip(shapes.chunks(categories.max(1))) {
            for (gamma, &shape) in gammas.iter_mut().zip(shapes) {
                *gamma = self.gamma_one::<f64>(shape.into()).max(f64::MIN_POSITIVE);
            }
            let sum: f64 = gammas.iter().sum();
            for (value, gamma) in row.iter_mut().zip(&gammas) {
                let part = T::from_f64((gamma / sum).max(least));
                *value = if part > greatest { greatest } else { part };
            }
        }
        Ok(())
    }

    fn gamma_one<T: RandomFloat>(&mut self, shape: T) -> f64 {
        let mut scale = 1.0;
        let mut a: f64 = shape.into();
        if a < 1.0 {
            if a == 0.0 {
                return 0.0;
            }
            // A number of shape a is one of shape a + 1 times a uniform number to the power 1/a.
            let exponent: f64 = T::from_f64(1.0 / a).into();
            scale = (1.0 - self.unit()).powf(exponent);
            a = T::from_f64(a + 1.0).into();
        }
        // PyTorch's third is one of single precision.
        let d: f64 = T::from_f64(a - f64::from(1.0_f32 / 3.0)).into();
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let (x, y) = loop {
                let x = self.standard_normal();
                let y = 1.0 + c * x;
                // Written so that NaN ends the loop.
                if y.is_nan() || y > 0.0 {
                    break (x, y);
                }
            };
            let v = y * y * y;
            let u = 1.0 - self.unit();
            let square = x * x;
            if u < 1.0 - 0.0331 * square * square || u.ln() < 0.5 * square + d * (1.0 - v + v.ln()) {
                return scale * d * v;
            }
        }
    }
}
