use super::*;
use crate::samples::{Random, assert_all_near, assert_transposed, coordinates, double, input, output, single};

fn random_window(random: &mut Random, dilate: bool) -> Option<Window> {
    let axes = 1 + random.below(2);
    let mut list = |low: usize, high: usize| (0..axes).map(|_| low + random.below(high)).collect::<Vec<_>>();
    let (size, kernel, stride) = (list(1, 9), list(1, 4), list(1, 4));
    let dilation = if dilate { list(1, 2) } else { vec![1; axes] };
    // Padding of at most half the window, as PyTorch demands.
    let padding: Vec<usize> = kernel.iter().map(|k| random.below(k / 2 + 1)).collect();
    Window::new(&size, &kernel, &stride, &padding, &dilation, random.below(2) == 0)
}

/// Input positions under the window of an output position; `None` in the padding.
fn under(w: &Window, position: &[usize]) -> Vec<Option<usize>> {
    coordinates(&w.kernel)
        .iter()
        .map(|tap| {
            let mut from = 0;
            for axis in 0..3 {
                let p =
                    (position[axis] * w.stride[axis] + tap[axis] * w.dilation[axis]).checked_sub(w.padding[axis])?;
                if p >= w.input[axis] {
                    return None;
                }
                from = from * w.input[axis] + p;
            }
            Some(from)
        })
        .collect()
}

#[test]
fn random_max_pools_match_the_definition() {
    let mut random = Random(31);
    for _ in 0..200 {
        let Some(w) = random_window(&mut random, true) else { continue };
        let planes = random.below(5);
        let x: Vec<f64> = (0..planes * w.inputs()).map(|_| random.below(5) as f64 - 2.0).collect();
        let mut y = vec![f64::NAN; planes * w.outputs()];
        let mut indices = vec![-1i64; y.len()];
        max_pool(planes, &w, input(&x), output(&mut y), output(&mut indices));
        let narrow: Vec<i16> = x.iter().map(|&v| v as i16).collect();
        let (mut y2, mut indices2) = (vec![0i16; y.len()], vec![-1i64; y.len()]);
        max_pool(planes, &w, input(&narrow), output(&mut y2), output(&mut indices2));
        for plane in 0..planes {
            for (at, position) in coordinates(&w.output).iter().enumerate() {
                let to = plane * w.outputs() + at;
                let mut best: Option<(f64, usize)> = None;
                for from in under(&w, position).into_iter().flatten() {
                    let value = x[plane * w.inputs() + from];
                    if best.is_none_or(|(b, _)| value > b) {
                        best = Some((value, from));
                    }
                }
                let (value, index) = best.map_or((f64::NEG_INFINITY, -1), |(value, from)| (value, from as i64));
                assert_eq!((y[to], indices[to]), (value, index), "{w:?}");
            }
        }
        assert_eq!(indices, indices2);
        assert!(y.iter().zip(&y2).all(|(&a, &b)| b == if a.is_infinite() { i16::MIN } else { a as i16 }));
        for (y, index) in y.iter_mut().zip(&indices) {
            // The transpose knows nothing of the least value.
            *y = if *index < 0 { 0.0 } else { *y };
        }
        let g = random.units(y.len());
        let (mut dx, mut picked) = (vec![f64::NAN; x.len()], vec![f64::NAN; y.len()]);
        assert!(max_pool_backward(planes, &w, input(&g), input(&indices), output(&mut dx)));
        assert!(max_pool_gather(planes, &w, input(&x), input(&indices), output(&mut picked)));
        assert_eq!(picked, y);
        assert_transposed(&y, &g, &x, &dx, "max_pool");
    }
}

#[test]
fn the_last_nan_of_a_window_wins() {
    let w = Window::new(&[4], &[4], &[1], &[0], &[1], false).unwrap();
    let (mut y, mut indices) = ([0.0], [0i64]);
    max_pool(1, &w, input(&[1.0, f64::NAN, 3.0, f64::NAN]), output(&mut y), output(&mut indices));
    assert!(y[0].is_nan() && indices[0] == 3);
}

#[test]
fn minus_infinity_is_found_where_it_lies() {
    let w = Window::new(&[3], &[2], &[1], &[1], &[1], false).unwrap();
    let (mut y, mut indices) = ([0.0; 4], [0i64; 4]);
    max_pool(1, &w, input(&[f64::NEG_INFINITY; 3]), output(&mut y), output(&mut indices));
    assert_eq!((y, indices), ([f64::NEG_INFINITY; 4], [0, 0, 1, 2]));
}

#[test]
fn random_average_pools_match_the_definition() {
    let mut random = Random(32);
    for _ in 0..200 {
        let Some(w) = random_window(&mut random, false) else { continue };
        let planes = random.below(5);
        let divisor = [Divisor::WithPadding, Divisor::WithoutPadding, Divisor::Fixed(-3)][random.below(3)];
        let x = random.units(planes * w.inputs());
        let mut expected = Vec::new();
        for plane in 0..planes {
            for position in coordinates(&w.output) {
                let inside: Vec<usize> = under(&w, &position).into_iter().flatten().collect();
                let sum: f64 = inside.iter().map(|from| x[plane * w.inputs() + from]).sum();
                let padded = (0..3).map(|axis| {
                    let start = position[axis] * w.stride[axis];
                    (start..start + w.kernel[axis]).filter(|&p| p < w.input[axis] + 2 * w.padding[axis]).count()
                });
                let by = match divisor {
                    Divisor::WithPadding => padded.product::<usize>() as f64,
                    Divisor::WithoutPadding => inside.len() as f64,
                    Divisor::Fixed(n) => n as f64,
                };
                expected.push(if inside.is_empty() { 0.0 } else { sum / by });
            }
        }
        let g = random.units(expected.len());
        let (mut y, mut dx) = (vec![f64::NAN; expected.len()], vec![f64::NAN; x.len()]);
        let (x4, mut y4) = (single(&x), vec![f32::NAN; y.len()]);
        avg_pool(planes, &w, divisor, input(&x), output(&mut y));
        avg_pool(planes, &w, divisor, input(&x4), output(&mut y4));
        avg_pool_backward(planes, &w, divisor, input(&g), output(&mut dx));
        assert_all_near(&y, &expected, 1e-13, &format!("{w:?} {divisor:?}"));
        assert_all_near(&double(&y4), &expected, 1e-5, "single precision");
        assert_transposed(&y, &g, &x, &dx, "avg_pool");
    }
}

#[test]
fn output_sizes_are_pytorch_s() {
    let size = |input: usize, kernel, stride, padding, dilation, ceil| {
        Window::new(&[input], &[kernel], &[stride], &[padding], &[dilation], ceil).map(|w| w.output[2])
    };
    // What torch.nn.functional.max_pool1d gives.
    assert_eq!(size(10, 3, 2, 1, 1, false), Some(5));
    assert_eq!(size(10, 3, 2, 0, 1, true), Some(5));
    assert_eq!(size(10, 3, 3, 0, 1, true), Some(4));
    assert_eq!(size(10, 2, 3, 1, 1, true), Some(4));
    assert_eq!(size(2, 3, 2, 0, 1, true), Some(1));
    assert_eq!(size(1, 2, 3, 1, 1, true), Some(1));
    assert_eq!(size(10, 3, 2, 1, 3, true), Some(4));
}
