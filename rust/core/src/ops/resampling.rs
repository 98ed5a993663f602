//! Planes in another size: the nearest element, linear interpolation, means.

use smallvec::SmallVec;

use super::{copy, index_slices, pooling};
use crate::array::Array;
use crate::dtype::DType;
use crate::error::{Error, Result};
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
    let mut result = input.clone();
    for (position, (&own, &(size, scale))) in spatial.iter().zip(&sizes).enumerate() {
        let axis = position + 2;
        if linear {
            let aligned = options.align_corners.unwrap_or(false);
            result = pooling::along_axis(OP, &result, axis, size, |at| linear_terms(own, size, scale, aligned, at))?;
        } else {
            let exact = options.mode == "nearest-exact";
            crate::storage::check_room(OP, size as u128 * size_of::<i64>() as u128)?;
            let places: Vec<i64> = (0..size).map(|at| nearest(own, size, scale, exact, at)).collect();
            let places = Tensor::from_array(Array::from_slice(&places, &[size])?);
            result = index_slices::index_select(&result, axis as i64, &places)?;
        }
    }
    copy::contiguous(&result)
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
fn linear_terms(
    own: usize,
    size: usize,
    scale: Option<f64>,
    aligned: bool,
    at: usize,
) -> impl Iterator<Item = (usize, f64)> {
    let position = if aligned {
        let step = if size > 1 { (own - 1) as f64 / (size - 1) as f64 } else { 0.0 };
        at as f64 * step
    } else {
        ((at as f64 + 0.5) * step(own, size, scale) - 0.5).max(0.0)
    };
    let first = (position.floor() as usize).min(own - 1);
    let weight = (position - first as f64).min(1.0);
    // What has no weight is not read: it may be infinite.
    let second = (weight > 0.0).then_some(((first + 1).min(own - 1), weight));
    (weight < 1.0).then_some((first, 1.0 - weight)).into_iter().chain(second)
}
