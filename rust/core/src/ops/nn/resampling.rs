//! Planes in another size: the nearest element, linear interpolation, means.

use smallvec::{SmallVec, smallvec};

use super::pooling;
use super::weighted_sums::weighted_sums;
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
use crate::graph::call;
use crate::graph::op::{Arrays, Inputs, Op};
use crate::graph::transform::{Batch, Tangents};
use crate::ops::indexing::slices;
use crate::ops::writing::copy;
use crate::ops::{batching, views};
use crate::shape::{self, Shape};
use crate::tensor::Tensor;

/// Options of [`interpolate`].
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// Sizes of the result; one, or one per axis.
    pub size: Option<&'a [i64]>,
    /// Factors of the sizes instead; one, or one per axis.
    pub scale: Option<&'a [f64]>,
    /// How elements are found.
    pub mode: &'a str,
    /// Whether the corners of both grids coincide (linear modes).
    pub align_corners: Option<bool>,
    /// Take the factors from the sizes of the result, not as given.
    pub recompute_scale: bool,
}

const OP: &str = "interpolate";

/// Size of each resampled axis, with the factor where one was given.
type Sizes = SmallVec<[(usize, Option<f64>); 3]>;

/// The sizes of the result and, where they count, the factors given.
fn sizes(spatial: &[usize], options: &Options<'_>) -> Result<Sizes> {
    let axes = spatial.len();
    let wrong = |what: &str, given: usize| {
        Error::value(
            OP,
            format!("Input and {what} must have the same number of spatial dimensions, but got {axes} and {given}"),
        )
    };
    match (options.size, options.scale) {
        (Some(_), Some(_)) => Err(Error::value(OP, "only one of size or scale_factor should be defined")),
        (None, None) => Err(Error::value(OP, "either size or scale_factor should be defined")),
        (Some(sizes), None) => {
            if sizes.len() != 1 && sizes.len() != axes {
                return Err(wrong("output", sizes.len()));
            }
            let all = (0..axes).map(|axis| sizes[if sizes.len() == 1 { 0 } else { axis }]);
            all.map(|size| match usize::try_from(size) {
                Ok(size) if size > 0 => Ok((size, None)),
                _ => Err(Error::runtime(
                    OP,
                    format!("Input and output sizes should be greater than 0, but got output {sizes:?}"),
                )),
            })
            .collect()
        }
        (None, Some(scales)) => {
            if scales.len() != 1 && scales.len() != axes {
                return Err(wrong("scale_factor", scales.len()));
            }
            spatial
                .iter()
                .enumerate()
                .map(|(axis, &own)| {
                    let scale = scales[if scales.len() == 1 { 0 } else { axis }];
                    let size = (own as f64 * scale).floor();
                    // Above 2⁵³ a size is no longer a whole number of elements that could be had.
                    if size >= 1.0 && size < (1u64 << 53) as f64 {
                        Ok((size as usize, (!options.recompute_scale).then_some(scale)))
                    } else {
                        Err(Error::runtime(
                            OP,
                            format!("Input and output sizes should be greater than 0, but got output size {size}"),
                        ))
                    }
                })
                .collect()
        }
    }
}

/// Resamples the axes after batch and channels.
///
/// # Errors
/// When options or sizes do not fit, or the mode is unknown.
#[track_caller]
pub fn interpolate(input: &Tensor, options: &Options<'_>) -> Result<Tensor> {
    let shape = input.shape();
    if !(3..=5).contains(&shape.len()) {
        return Err(Error::not_implemented(
            OP,
            format!("Got {}D input, but only 3D, 4D and 5D input (batch × channels × …) is supported: it", shape.len()),
        ));
    }
    let spatial = &shape[2..];
    let linear = match options.mode {
        "nearest" | "nearest-exact" | "area" => {
            if options.align_corners.is_some() {
                return Err(Error::value(
                    OP,
                    "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | \
                     trilinear",
                ));
            }
            false
        }
        "linear" | "bilinear" | "trilinear" => true,
        mode => return Err(Error::not_implemented(OP, format!("mode '{mode}'"))),
    };
    let expected = ["linear", "bilinear", "trilinear"][spatial.len() - 1];
    if linear && options.mode != expected {
        return Err(Error::not_implemented(
            OP,
            format!("Got {}D input, but {} mode needs another number of axes: it", shape.len(), options.mode),
        ));
    }
    if spatial.contains(&0) {
        return Err(Error::runtime(
            OP,
            format!("Input and output sizes should be greater than 0, but got input {spatial:?}"),
        ));
    }
    let sizes = sizes(spatial, options)?;
    if options.mode == "area" {
        let wanted: SmallVec<[i64; 3]> = sizes.iter().map(|(size, _)| *size as i64).collect();
        return pooling::adaptive_avg_pool(spatial.len(), input, &wanted);
    }
    // Of the integers those that pictures are made of.
    let dtype = input.dtype();
    if !dtype.is_float() && dtype != DType::U8 {
        return Err(Error::not_for(OP, dtype));
    }
    if linear && dtype == DType::U8 {
        return call(Bytes { sizes, aligned: options.align_corners.unwrap_or(false) }, &[input]);
    }
    let mut result = input.clone();
    for (position, (&own, &(size, scale))) in spatial.iter().zip(&sizes).enumerate() {
        let axis = position + 2;
        // Each place takes memory, also where there is nothing along another axis.
        crate::storage::check_room(OP, size as u128 * size_of::<i64>() as u128)?;
        if linear {
            let aligned = options.align_corners.unwrap_or(false);
            // What has no weight is not read: it may be infinite.
            let around = |at| {
                let terms = linear_terms(own, size, scale, aligned, at).into_iter();
                terms.filter(|&(_, weight)| weight > 0.0).collect()
            };
            result = weighted_sums(OP, &result, axis, (0..size).map(around).collect())?;
        } else {
            let exact = options.mode == "nearest-exact";
            let places: Vec<i64> = (0..size).map(|at| nearest(own, size, scale, exact, at)).collect();
            let places = Tensor::from_array(Array::from_slice(&places, &[size])?);
            result = slices::index_select(&result, axis as i64, &places)?;
        }
    }
    copy::in_format_of(&result, input)
}

/// Linear interpolation of bytes.
#[derive(Clone, PartialEq, Debug)]
struct Bytes {
    sizes: Sizes,
    aligned: bool,
}

impl Op for Bytes {
    fn name(&self) -> &str {
        OP
    }

    fn eval(&self, inputs: &Inputs<'_>) -> Result<Arrays> {
        Ok(smallvec![interpolate_bytes(&inputs[0], &self.sizes, self.aligned)?.in_format_of(OP, &inputs[0])?])
    }

    fn jvp(&self, _: &mut Tangents<'_>) -> Result<()> {
        Ok(())
    }

    fn batch(&self, cx: &mut Batch<'_>) -> Result<()> {
        let whole = batching::front(cx.input(0), cx.size())?;
        let shape = whole.shape();
        let joined: Shape = std::iter::once(shape[0] * shape[1]).chain(shape[2..].iter().copied()).collect();
        let result = call(self.clone(), &[&views::reshape_to(&whole, &joined)?])?;
        let apart: Shape = shape[..2].iter().chain(&result.shape()[1..]).copied().collect();
        cx.put(views::reshape_to(&result, &apart)?, Some(0));
        Ok(())
    }
}

/// Linear interpolation of bytes, the last axis first: PyTorch's numbers, rounded to bytes after each axis.
fn interpolate_bytes(input: &Array, sizes: &Sizes, aligned: bool) -> Result<Array> {
    let mut shape: Shape = input.shape().into();
    if input.is_meta() {
        sizes.iter().enumerate().for_each(|(position, &(size, _))| shape[position + 2] = size);
        return Array::uninit(OP, &shape, input.dtype());
    }
    let mut values: Vec<u8> = input.to_vec();
    for (position, &(size, scale)) in sizes.iter().enumerate().rev() {
        let axis = position + 2;
        let own = std::mem::replace(&mut shape[axis], size);
        if own == size {
            continue;
        }
        shape::checked_numel(OP, &shape, 1)?;
        crate::storage::check_room(OP, shape.iter().product::<usize>() as u128)?;
        let terms = fixed_point(size, |at| linear_terms(own, size, scale, aligned, at));
        let inner: usize = shape[axis + 1..].iter().product();
        let mut next = Vec::with_capacity(shape.iter().product());
        for block in values.chunks_exact((own * inner).max(1)) {
            for &([first, second], [weight, other], bits) in &terms {
                let (a, b) = (&block[first * inner..][..inner], &block[second * inner..][..inner]);
                let half = 1 << (bits - 1);
                // Two weights that add up to one, give or take a rounding.
                let mixed = |(&a, &b): (&u8, &u8)| (i32::from(a) * weight + i32::from(b) * other + half) >> bits;
                next.extend(a.iter().zip(b).map(|pair| mixed(pair).min(255) as u8));
            }
        }
        values = next;
    }
    Array::from_slice(&values, &shape)
}

/// The elements around an output, their weights as integers, and how many bits of these are the fraction.
type FixedTerm = ([usize; 2], [i32; 2], u32);

/// Weights as integers of at most 15 bits: the most bits of fraction with which the greatest of them fits, as in PyTorch.
fn fixed_point(size: usize, terms: impl Fn(usize) -> [(usize, f64); 2]) -> Vec<FixedTerm> {
    let pairs = (0..size).map(|at| {
        let [(first, weight), (second, other)] = terms(at);
        // At the border both are the same element.
        ([first, second], if first == second { [1.0, 0.0] } else { [weight, other] })
    });
    let pairs: Vec<([usize; 2], [f64; 2])> = pairs.collect();
    let greatest = pairs.iter().flat_map(|(_, weights)| weights).fold(0.0, |most: f64, &weight| most.max(weight));
    let scaled = |weight: f64, bits: u32| (0.5 + weight * f64::from(1 << bits)) as i32;
    let bits = (1..22).find(|&bits| scaled(greatest, bits + 1) >= 1 << 15).unwrap_or(22);
    pairs.into_iter().map(|(places, weights)| (places, weights.map(|weight| scaled(weight, bits)), bits)).collect()
}

/// Distance of neighbouring outputs in the input.
fn step(own: usize, size: usize, scale: Option<f64>) -> f64 {
    scale.map_or(own as f64 / size as f64, f64::recip)
}

/// The element nearest to output `at`, in single precision as PyTorch computes it.
fn nearest(own: usize, size: usize, scale: Option<f64>, exact: bool, at: usize) -> i64 {
    let step = step(own, size, scale) as f32;
    let position = if exact { (at as f32 + 0.5) * step } else { at as f32 * step };
    (position.floor() as i64).min(own as i64 - 1)
}

/// The two elements around output `at`, with their weights.
fn linear_terms(own: usize, size: usize, scale: Option<f64>, aligned: bool, at: usize) -> [(usize, f64); 2] {
    let position = if aligned {
        let step = if size > 1 { (own - 1) as f64 / (size - 1) as f64 } else { 0.0 };
        at as f64 * step
    } else {
        ((at as f64 + 0.5) * step(own, size, scale) - 0.5).max(0.0)
    };
    let first = (position.floor() as usize).min(own - 1);
    let weight = (position - first as f64).min(1.0);
    [(first, 1.0 - weight), ((first + 1).min(own - 1), weight)]
}
