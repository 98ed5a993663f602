//! Joining, indexing, sorting, creation and random operations from Rust: values against their definitions, gradients
//! of first and second order against finite differences.

#![allow(clippy::cloned_ref_to_slice_refs, reason = "every check takes a list of tensors, some of one")]

use arcgrad::ops::arranging::{grids, joining, padding, padding_modes, rearranging};
use arcgrad::ops::creation;
use arcgrad::ops::elementwise::Arg;
use arcgrad::ops::indexing::{
    IndexItem, along, embedding, getitem, index_get, index_put, masks, scatter_reduce, scatter_views, setitem, slices,
};
use arcgrad::ops::nn::dropout::dropout;
use arcgrad::ops::random::{self as draws, Distribution};
use arcgrad::ops::sorting::{self, searching, unique};
use arcgrad::ops::views::diagonals::{self, Triangle};
use arcgrad::ops::writing::copy;
use arcgrad::random::Generator;
use arcgrad::{DType, Result, Scalar, Tensor, autograd};

// ---- helpers -------------------------------------------------------------------------------------------------------

/// Distinct values of both signs.
fn values(count: usize, seed: usize) -> Vec<f64> {
    (0..count).map(|i| ((i * 7 + seed * 5 + 3) % 23) as f64 / 7.0 - 1.4 + i as f64 * 0.01).collect()
}

fn tensor(shape: &[usize], seed: usize) -> Tensor {
    Tensor::from_slice(&values(shape.iter().product(), seed), shape).unwrap()
}

fn ints(values: &[i64], shape: &[usize]) -> Tensor {
    Tensor::from_slice(values, shape).unwrap()
}

fn mask(flags: &[bool], shape: &[usize]) -> Tensor {
    let flags: Vec<u8> = flags.iter().map(|&flag| u8::from(flag)).collect();
    Tensor::from_slice(&flags, shape).unwrap().to_dtype(DType::Bool).unwrap()
}

fn floats(tensor: &Tensor) -> Vec<f64> {
    tensor.to_vec()
}

fn weighted(result: &Tensor, seed: usize) -> Tensor {
    result.mul(&tensor(&result.shape(), seed)).unwrap().sum().unwrap()
}

fn leaves(inputs: &[Tensor]) -> Vec<Tensor> {
    inputs.iter().map(|input| input.detach().copied().unwrap().with_grad().unwrap()).collect()
}

/// Gradients of a weighted sum of `f`, differentiable themselves.
fn gradients(f: &dyn Fn(&[Tensor]) -> Result<Tensor>, leaves: &[Tensor]) -> Vec<Tensor> {
    let total = weighted(&f(leaves).unwrap(), 1);
    let targets: Vec<&Tensor> = leaves.iter().collect();
    let options = autograd::Options { create_graph: true, ..Default::default() };
    autograd::grad(&[(&total, None)], &targets, options)
        .unwrap()
        .into_iter()
        .zip(leaves)
        .map(|(grad, leaf)| grad.unwrap_or_else(|| leaf.mul(0.0).unwrap()))
        .collect()
}

/// Central differences of `f`, which maps inputs to a number.
fn differences(f: &dyn Fn(&[Tensor]) -> f64, inputs: &[Tensor]) -> Vec<Vec<f64>> {
    const STEP: f64 = 1e-5;
    (0..inputs.len())
        .map(|which| {
            (0..inputs[which].numel())
                .map(|at| {
                    let moved = |by: f64| {
                        let mut moved: Vec<Tensor> = inputs.to_vec();
                        let mut elements = floats(&inputs[which]);
                        elements[at] += by;
                        moved[which] = Tensor::from_slice(&elements, &inputs[which].shape()).unwrap();
                        f(&moved)
                    };
                    (moved(STEP) - moved(-STEP)) / (2.0 * STEP)
                })
                .collect()
        })
        .collect()
}

fn assert_close(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-6 * (1.0 + expected.abs()), "{what}: {found} is not {expected}");
    }
}

/// First and second order, for contiguous inputs and for inputs seen through strides; the cube makes the second order
/// of linear operations depend on the inputs.
#[track_caller]
fn check(what: &str, inputs: &[Tensor], f: impl Fn(&[Tensor]) -> Result<Tensor> + 'static) {
    let cubed = move |xs: &[Tensor]| -> Result<Tensor> {
        let cubes: Result<Vec<Tensor>> = xs.iter().map(|x| x.mul(x)?.mul(x)).collect();
        f(&cubes?)
    };
    let first = |xs: &[Tensor]| weighted(&cubed(xs).unwrap(), 1).item().unwrap().to_f64();
    let own = leaves(inputs);
    let grads = gradients(&cubed, &own);
    for (which, expected) in differences(&first, inputs).iter().enumerate() {
        assert_eq!(grads[which].shape(), inputs[which].shape(), "{what}: shape of gradient {which}");
        assert_close(&floats(&grads[which]), expected, &format!("{what}: gradient {which}"));
    }
    // Second order: the gradient of a weighted sum of the gradients.
    let second = |xs: &[Tensor]| {
        let grads = gradients(&cubed, &leaves(xs));
        grads.iter().enumerate().map(|(i, grad)| weighted(grad, i + 2).item().unwrap().to_f64()).sum()
    };
    let mut total: Option<Tensor> = None;
    for (i, grad) in grads.iter().enumerate() {
        let part = weighted(grad, i + 2);
        total = Some(total.map_or_else(|| part.clone(), |total| total.add(&part).unwrap()));
    }
    let targets: Vec<&Tensor> = own.iter().collect();
    let found = autograd::grad(&[(&total.unwrap(), None)], &targets, autograd::Options::default()).unwrap();
    for (which, expected) in differences(&second, inputs).iter().enumerate() {
        let found = found[which].as_ref().map_or_else(|| vec![0.0; expected.len()], floats);
        assert_close(&found, expected, &format!("{what}: second order {which}"));
    }
    // The same values through strides.
    let strided: Vec<Tensor> = inputs
        .iter()
        .map(|input| match input.rank() {
            0 => input.clone(),
            rank => {
                let wide = joining::stack(&[input.clone(), input.clone()], -1).unwrap();
                wide.select(rank as i64, 1).unwrap()
            }
        })
        .collect();
    assert_close(&floats(&cubed(&strided).unwrap()), &floats(&cubed(inputs).unwrap()), &format!("{what}: strided"));
}

/// An in-place form gives what the other gives, also for a target that is not contiguous, and records the same
/// gradient.
#[track_caller]
fn check_in_place(what: &str, target: &Tensor, value: &dyn Fn(&Tensor, bool) -> Result<Tensor>) {
    let expected = value(target, false).unwrap();
    let dense = target.copied().unwrap();
    let version = dense.version();
    value(&dense, true).unwrap();
    assert_eq!(floats(&dense), floats(&expected), "{what}");
    assert_eq!(dense.version(), version + 1, "{what}: one new version");
    if target.rank() > 0 {
        let wide = joining::stack(&[target.clone(), target.clone()], -1).unwrap();
        let view = wide.select(target.rank() as i64, 0).unwrap();
        value(&view, true).unwrap();
        assert_eq!(floats(&view), floats(&expected), "{what}: strided");
        assert_eq!(floats(&wide.select(target.rank() as i64, 1).unwrap()), floats(target), "{what}: neighbours");
    }
    let gradient = |in_place: bool| {
        let leaf = target.copied().unwrap().with_grad().unwrap();
        let own = leaf.mul(1.0).unwrap();
        let result = value(&own, in_place).unwrap();
        weighted(&result, 1).backward().unwrap();
        leaf.grad().map(|grad| floats(&grad))
    };
    assert_eq!(gradient(true), gradient(false), "{what}: gradient");
    let leaf = target.copied().unwrap().with_grad().unwrap();
    let error = value(&leaf, true).unwrap_err().to_string();
    assert!(error.contains("a leaf Variable that requires grad"), "{what}: {error}");
}

fn name(tensor: &Tensor) -> String {
    tensor.grad_fn().unwrap().unwrap().name().to_owned()
}

// ---- joining and rearranging ---------------------------------------------------------------------------------------

#[test]
fn joining_has_gradients_of_any_order() {
    let (a, b) = (tensor(&[2, 3], 1), tensor(&[2, 3], 2));
    check("cat", &[a.clone(), tensor(&[2, 1], 3)], |x| joining::cat(x, 1));
    check("stack", &[a.clone(), b.clone()], |x| joining::stack(x, 1));
    check("stack of numbers", &[tensor(&[], 1), tensor(&[], 2)], |x| joining::stack(x, 0));
    check("hstack", &[a.clone(), b.clone()], joining::hstack);
    check("vstack", &[tensor(&[3], 1), a.clone()], joining::vstack);
    check("dstack", &[a.clone(), b.clone()], joining::dstack);
    check("column_stack", &[tensor(&[2], 4), a.clone()], joining::column_stack);
    check("block_diag", &[a, tensor(&[2], 3), tensor(&[], 5)], diagonals::block_diag);
}

#[test]
fn rearranging_has_gradients_of_any_order() {
    let a = tensor(&[2, 3], 1);
    check("flip", &[a.clone()], |x| rearranging::flip(&x[0], &[0, -1]));
    for quarters in -1..4 {
        check("rot90", &[a.clone()], move |x| rearranging::rot90(&x[0], quarters, &[0, 1]));
    }
    check("roll", &[a.clone()], |x| rearranging::roll(&x[0], &[1, -2], &[0, 1]));
    check("roll flat", &[a.clone()], |x| rearranging::roll(&x[0], &[4], &[]));
    check("repeat", &[a.clone()], |x| rearranging::repeat(&x[0], &[2, 1, 3]));
    check("repeat none", &[a.clone()], |x| rearranging::repeat(&x[0], &[2, 0]));
    check("tile", &[a.clone()], |x| rearranging::tile(&x[0], &[2]));
    check("repeat_interleave", &[a.clone()], |x| rearranging::repeat_interleave(&x[0], 2, Some(1)));
    check("repeat_interleave by", &[a.clone()], |x| {
        rearranging::repeat_interleave_by(&x[0], &ints(&[2, 0, 1], &[3]), Some(1), Some(3))
    });
    check("diff", &[a.clone(), tensor(&[2, 1], 4)], |x| grids::diff(&x[0], 2, 1, Some(&x[1]), None));
    check("meshgrid", &[tensor(&[2], 1), tensor(&[3], 2)], |x| {
        let grids = grids::meshgrid(x, "xy")?;
        grids[0].mul(&grids[1])
    });
    check("cartesian_prod", &[tensor(&[2], 1), tensor(&[3], 2)], grids::cartesian_prod);
    check("combinations", &[tensor(&[4], 1)], |x| grids::combinations(&x[0], 2, true));
}

#[test]
fn diagonals_have_gradients_of_any_order() {
    let a = tensor(&[2, 3], 1);
    for offset in [-1, 0, 2] {
        check("diag of a matrix", &[a.clone()], move |x| diagonals::diag(&x[0], offset));
        check("diag of a vector", &[tensor(&[3], 1)], move |x| diagonals::diag(&x[0], offset));
        check("diag_embed", &[a.clone()], move |x| diagonals::diag_embed(&x[0], offset, 0, -1));
        for triangle in [Triangle::Lower, Triangle::Upper] {
            check("triangle", &[tensor(&[2, 3, 2], 1)], move |x| diagonals::triangle(&x[0], triangle, offset, false));
            check_in_place("triangle", &a, &move |x, in_place| diagonals::triangle(x, triangle, offset, in_place));
        }
    }
    check("diagflat", &[a.clone()], |x| diagonals::diagflat(&x[0], 1));
    check("trace", &[a], |x| diagonals::trace(&x[0]));
}

#[test]
fn padding_has_gradients_of_any_order() {
    let a = tensor(&[1, 2, 4], 1);
    check("constant", &[a.clone()], |x| padding::constant_pad(&x[0], &[1, -2, 0, 3], Scalar::Float(0.5)));
    check("cropped away", &[a.clone()], |x| padding::constant_pad(&x[0], &[-3, 2], Scalar::Int(1)));
    for mode in ["reflect", "replicate", "circular"] {
        check(mode, &[a.clone()], move |x| padding_modes::pad(&x[0], &[2, 3], mode, None));
    }
    let line = Tensor::from_slice(&[1.0, 2.0, 3.0], &[1, 3]).unwrap();
    let padded = |mode: &str| floats(&padding_modes::pad(&line, &[2, 1], mode, None).unwrap());
    assert_eq!(padded("reflect"), [3.0, 2.0, 1.0, 2.0, 3.0, 2.0]);
    assert_eq!(padded("replicate"), [1.0, 1.0, 1.0, 2.0, 3.0, 3.0]);
    assert_eq!(padded("circular"), [2.0, 3.0, 1.0, 2.0, 3.0, 1.0]);
    assert!(padding_modes::pad(&line, &[3, 0], "reflect", None).is_err());
}

// ---- along an axis -------------------------------------------------------------------------------------------------

#[test]
fn gather_and_scatter_have_gradients_of_any_order() {
    let (a, s) = (tensor(&[3, 4], 1), tensor(&[2, 3], 2));
    let at = || ints(&[0, 2, 1, 2, 0, 1], &[2, 3]);
    check("gather", &[a.clone()], move |x| along::gather(&x[0], 0, &at()));
    check("scatter", &[a.clone(), s.clone()], move |x| {
        // No position twice: which value stays is not differentiable.
        along::scatter(&x[0], false, 0, &ints(&[0, 2, 1, 2, 0, 0], &[2, 3]), &x[1], None)
    });
    check("scatter of a number", &[a.clone()], move |x| {
        along::scatter_value(&x[0], false, 1, &at(), Scalar::Float(3.0), None)
    });
    check("scatter_add", &[a.clone(), s.clone()], move |x| along::scatter_add(&x[0], false, 0, &at(), &x[1]));
    check("scatter_add from a larger source", &[a.clone(), tensor(&[3, 3], 3)], move |x| {
        along::scatter_add(&x[0], false, 0, &at(), &x[1])
    });
    check("take_along_dim", &[tensor(&[1, 4], 2)], |x| {
        along::take_along_dim(&x[0], &ints(&[0, 1, 3], &[3, 1]), Some(1))
    });
    check_in_place("scatter_add_", &a, &|x, in_place| along::scatter_add(x, in_place, 0, &at(), &s));
    check_in_place("scatter_", &a, &|x, in_place| along::scatter(x, in_place, 0, &at(), &s, None));
    check_in_place("scatter_ of a number", &a, &|x, in_place| {
        along::scatter_value(x, in_place, 0, &at(), Scalar::Int(2), None)
    });
}

#[test]
fn scatter_reduce_has_gradients_of_any_order() {
    let (a, s) = (tensor(&[3, 4], 1), tensor(&[3, 3], 2));
    let at = || ints(&[0, 2, 1, 0, 0, 1], &[2, 3]);
    for reduce in ["sum", "prod", "mean", "amax", "amin"] {
        for include_self in [true, false] {
            check(&format!("{reduce}, {include_self}"), &[a.clone(), s.clone()], move |x| {
                scatter_reduce::scatter_reduce(&x[0], false, 0, &at(), &x[1], reduce, include_self)
            });
            check_in_place(reduce, &a, &|x, in_place| {
                scatter_reduce::scatter_reduce(x, in_place, 0, &at(), &s, reduce, include_self)
            });
        }
    }
    let x = Tensor::from_slice(&[2.0, 3.0], &[2]).unwrap().with_grad().unwrap();
    let source = Tensor::from_slice(&[0.0, 5.0, 7.0], &[3]).unwrap().with_grad().unwrap();
    let y = scatter_reduce::scatter_reduce(&x, false, 0, &ints(&[0, 0, 1], &[3]), &source, "prod", true).unwrap();
    assert_eq!(floats(&y), [0.0, 21.0]);
    y.sum().unwrap().backward().unwrap();
    assert_eq!(floats(&x.grad().unwrap()), [0.0, 7.0]);
    assert_eq!(floats(&source.grad().unwrap()), [10.0, 0.0, 3.0]);
}

#[test]
fn whole_slices_have_gradients_of_any_order() {
    let (a, s) = (tensor(&[3, 4], 1), tensor(&[2, 4], 2));
    check("index_select", &[a.clone()], |x| slices::index_select(&x[0], 1, &ints(&[3, 0, 3], &[3])));
    check("index_select of a number", &[tensor(&[], 1)], |x| slices::index_select(&x[0], 0, &ints(&[0], &[1])));
    assert!(slices::index_select(&tensor(&[], 1), 0, &ints(&[0, 0], &[2])).is_err());
    check("index_add", &[a.clone(), s.clone()], |x| {
        slices::index_add(&x[0], false, 0, &ints(&[2, 2], &[2]), &x[1], Scalar::Float(1.5))
    });
    check("index_copy", &[a.clone(), s.clone()], |x| slices::index_copy(&x[0], false, 0, &ints(&[2, 0], &[2]), &x[1]));
    check("index_fill", &[a.clone(), tensor(&[], 3)], |x| {
        slices::index_fill(&x[0], false, 1, &ints(&[1, -1], &[2]), Arg::Tensor(&x[1]))
    });
    let at = || ints(&[2, 0], &[2]);
    check_in_place("index_add_", &a, &|x, in_place| slices::index_add(x, in_place, 0, &at(), &s, Scalar::Int(2)));
    check_in_place("index_copy_", &a, &|x, in_place| slices::index_copy(x, in_place, 0, &at(), &s));
    check_in_place("index_fill_", &a, &|x, in_place| slices::index_fill(x, in_place, 1, &at(), 7.0.into()));
}

#[test]
fn a_bad_index_changes_nothing() {
    let x = tensor(&[3, 2], 1);
    let before = floats(&x);
    let source = tensor(&[2, 2], 2);
    let bad = ints(&[0, 3], &[2]);
    let results = [
        slices::index_add(&x, true, 0, &bad, &source, Scalar::Int(1)),
        slices::index_copy(&x, true, 0, &bad, &source),
        slices::index_fill(&x, true, 0, &bad, 1.0.into()),
        along::scatter(&x, true, 0, &ints(&[0, 1, 2, 3], &[2, 2]), &source, None),
        scatter_reduce::scatter_reduce(&x, true, 0, &ints(&[0, 1, 2, 3], &[2, 2]), &source, "prod", true),
        index_put(&x, true, &[Some(bad)], &source, false),
        masks::put(&x, true, &ints(&[0, 6], &[2]), &tensor(&[2], 1), false),
        masks::masked_scatter(&x, true, &mask(&[true; 6], &[3, 2]), &source),
    ];
    for result in results {
        assert!(result.is_err());
    }
    assert_eq!((floats(&x), x.version()), (before, 0));
}

#[test]
fn reading_what_is_written_is_refused() {
    let x = tensor(&[4], 1);
    let all = ints(&[0, 1, 2, 3], &[4]);
    let error = slices::index_add(&x, true, 0, &all, &x, Scalar::Int(1)).unwrap_err().to_string();
    assert!(error.contains("refer to a single memory location"), "{error}");
    // Where a gradient is recorded; without one, elements are written in order.
    x.set_requires_grad(true).unwrap();
    let wide = x.mul(2.0).unwrap().expand(&[2, 4]).unwrap();
    let error = diagonals::triangle(&wide, Triangle::Lower, 0, true).unwrap_err().to_string();
    assert!(error.contains("more than one element of the written-to tensor"), "{error}");
}

// ---- masks ---------------------------------------------------------------------------------------------------------

#[test]
fn masks_have_gradients_of_any_order() {
    let a = tensor(&[2, 3], 1);
    let rows = || mask(&[true, false], &[2, 1]);
    check("masked_select", &[a.clone()], move |x| masks::masked_select(&x[0], &rows()));
    check("masked_select, broadcast", &[tensor(&[3], 1)], move |x| masks::masked_select(&x[0], &rows()));
    check("masked_scatter", &[a.clone(), tensor(&[2, 2], 2)], move |x| {
        masks::masked_scatter(&x[0], false, &rows(), &x[1])
    });
    check_in_place("masked_scatter_", &a, &|x, in_place| masks::masked_scatter(x, in_place, &rows(), &tensor(&[4], 2)));
    check("take", &[a.clone()], |x| masks::take(&x[0], &ints(&[0, -1, 5, 2], &[2, 2])));
    check("put", &[a.clone(), tensor(&[2], 2)], |x| masks::put(&x[0], false, &ints(&[1, -1], &[2]), &x[1], false));
    check("put, added", &[a.clone(), tensor(&[2], 2)], |x| masks::put(&x[0], false, &ints(&[1, 1], &[2]), &x[1], true));
    check_in_place("put_", &a, &|x, in_place| masks::put(x, in_place, &ints(&[1, 4], &[2]), &tensor(&[2], 3), false));
}

#[test]
fn positions_of_what_is_not_zero() {
    let x = ints(&[0, 3, 0, -1], &[2, 2]);
    assert_eq!(masks::nonzero(&x).unwrap().to_vec::<i64>(), [0, 1, 1, 1]);
    let tuple = masks::nonzero_tuple("nonzero", &x).unwrap();
    assert_eq!((tuple[0].to_vec::<i64>(), tuple[1].to_vec::<i64>()), (vec![0, 1], vec![1, 1]));
    let number = Tensor::scalar(5i64, DType::I64).unwrap();
    assert_eq!(masks::nonzero(&number).unwrap().shape().as_slice(), [1, 0]);
    assert_eq!(masks::nonzero_tuple("nonzero", &number).unwrap()[0].to_vec::<i64>(), [0]);
}

#[test]
fn embedding_leaves_padding_out_and_counts_uses() {
    let weight = tensor(&[4, 2], 1);
    let at = || ints(&[1, 3, 1, 0], &[2, 2]);
    check("embedding", &[weight.clone()], move |x| embedding::embedding(&at(), &x[0], None, false));
    let gradient = |padding, by_frequency| {
        let leaf = weight.copied().unwrap().with_grad().unwrap();
        embedding::embedding(&at(), &leaf, padding, by_frequency).unwrap().sum().unwrap().backward().unwrap();
        floats(&leaf.grad().unwrap())
    };
    assert_eq!(gradient(Some(-1), false), [1.0, 1.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
    assert_eq!(gradient(None, true), [1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    assert!(embedding::embedding(&ints(&[4], &[1]), &weight, None, false).is_err());
}

#[test]
fn parts_written_into_copies_have_gradients_of_any_order() {
    let a = tensor(&[3, 4], 1);
    check("select_scatter", &[a.clone(), tensor(&[4], 2)], |x| scatter_views::select_scatter(&x[0], &x[1], 0, -1));
    check("slice_scatter", &[a.clone(), tensor(&[3, 2], 2)], |x| {
        scatter_views::slice_scatter(&x[0], &x[1], 1, Some(0), None, 2)
    });
    check("diagonal_scatter", &[a, tensor(&[3], 2)], |x| scatter_views::diagonal_scatter(&x[0], &x[1], 1, 0, 1));
}

// ---- index expressions ---------------------------------------------------------------------------------------------

#[test]
fn index_tensors_have_gradients_of_any_order() {
    let a = tensor(&[3, 4, 2], 1);
    let (i, j) = (|| ints(&[0, 2, 0], &[3]), || ints(&[1, -1, 1], &[3]));
    check("neighbours", &[a.clone()], move |x| index_get(&x[0], &[Some(i()), Some(j())]));
    check("apart", &[a.clone()], move |x| index_get(&x[0], &[Some(i()), None, Some(ints(&[1, 0, 1], &[3]))]));
    check("mask and slice", &[a.clone()], move |x| {
        x[0].get(&[(1..3).into(), (&mask(&[true, false, true, true], &[4])).into(), 0.into()])
    });
    check("put", &[a.clone(), tensor(&[2], 2)], move |x| {
        index_put(&x[0], false, &[Some(ints(&[0, 2], &[2])), Some(ints(&[1, 1], &[2]))], &x[1], false)
    });
    check("put, added", &[a.clone(), tensor(&[3, 1], 2)], move |x| {
        index_put(&x[0], false, &[Some(i()), Some(j())], &x[1], true)
    });
    check_in_place("put_", &a, &|x, in_place| index_put(x, in_place, &[Some(i())], &tensor(&[4, 2], 5), false));
}

#[test]
fn index_expressions_are_numpys() {
    let x = Tensor::from_slice(&(0..24).collect::<Vec<i64>>(), &[2, 3, 4]).unwrap();
    let shape = |items: &[IndexItem]| x.get(items).unwrap().shape().to_vec();
    let every = || IndexItem::from(..);
    let i = || IndexItem::from(&ints(&[0, 1], &[2]));
    assert_eq!(x.get(&[1.into(), (-1).into(), 2.into()]).unwrap().item().unwrap(), Scalar::Int(22));
    assert_eq!(shape(&[IndexItem::Ellipsis, IndexItem::None, 0.into()]), [2, 3, 1]);
    assert_eq!(shape(&[i(), every(), i()]), [2, 3]);
    assert_eq!(shape(&[every(), i(), i()]), [2, 2]);
    assert_eq!(shape(&[every(), IndexItem::None, i()]), [2, 1, 2, 4]);
    assert_eq!(shape(&[IndexItem::Bool(true)]), [1, 2, 3, 4]);
    assert_eq!(shape(&[IndexItem::Bool(false), 0.into()]), [0, 3, 4]);
    assert_eq!(shape(&[(&mask(&[true, false, true, true, false, false], &[2, 3])).into(), (0..1).into()]), [3, 1]);
    let step = IndexItem::Slice { start: None, stop: None, step: Some(2) };
    assert_eq!(x.get(&[0.into(), 0.into(), step]).unwrap().to_vec::<i64>(), [0, 2]);
    // Without index tensors the result is a view.
    let view = x.get(&[every(), 1.into()]).unwrap();
    assert!(view.base().unwrap().is(&x));
    assert!(x.get(&[]).unwrap().base().unwrap().is(&x));
}

#[test]
fn malformed_index_expressions_say_so() {
    let x = tensor(&[2, 3], 1);
    let error = |items: &[IndexItem]| getitem(&x, items).unwrap_err().to_string();
    assert!(error(&[0.into(), 0.into(), 0.into()]).contains("too many indices for tensor of dimension 2"));
    assert!(error(&[2.into()]).contains("index 2 is out of bounds for dimension 0 with size 2"));
    assert!(error(&[(&ints(&[-3], &[1])).into()]).contains("index -3 is out of bounds for dimension 0 with size 2"));
    assert!(error(&[(&mask(&[true; 3], &[3])).into()]).contains("The shape of the mask [3] at index 0"));
    assert!(error(&[(&x).into()]).contains("tensors used as indices must be long, int, byte or bool tensors"));
    let (two, three) = (ints(&[0, 1], &[2]), ints(&[0, 1, 2], &[3]));
    assert!(error(&[(&two).into(), (&three).into()]).contains("could not be broadcast together with shapes [2], [3]"));
    let zero = IndexItem::Slice { start: None, stop: None, step: Some(0) };
    assert!(error(&[zero]).contains("step must be greater than zero"));
    let number = Tensor::scalar(1.0, DType::F64).unwrap();
    assert!(getitem(&number, &[0.into()]).unwrap_err().to_string().contains("invalid index of a 0-dim tensor"));
}

#[test]
fn assignments_write_in_place() {
    let x = creation::zeros("zeros", &[2, 3], Some(DType::I64)).unwrap();
    x.set(&[0.into()], 2.9).unwrap();
    x.set(&[1.into(), (1..3).into()], &ints(&[5, 6], &[1, 1, 2])).unwrap();
    x.set(&[(&mask(&[false, true], &[2])).into(), 0.into()], 4.5).unwrap();
    assert_eq!(x.to_vec::<i64>(), [2, 2, 2, 4, 5, 6]);
    x.set(&[IndexItem::from(..), (&ints(&[0, -1], &[2])).into()], 9.0).unwrap();
    assert_eq!(x.to_vec::<i64>(), [9, 2, 9, 9, 5, 9]);
    let error = setitem(&x, &[0.into()], (&ints(&[1, 2], &[2])).into()).unwrap_err().to_string();
    assert!(error.contains('3') && error.contains('2'), "{error}");
    assert_eq!(x.to_vec::<i64>(), [9, 2, 9, 9, 5, 9]);
}

#[test]
fn assignments_are_differentiable() {
    let assigned = |items: &[IndexItem], value: &Tensor| {
        let x = tensor(&[3, 4], 1).with_grad().unwrap();
        let y = x.mul(1.0).unwrap();
        y.set(items, value).unwrap();
        weighted(&y, 2).backward().unwrap();
        (name(&y), floats(&x.grad().unwrap()))
    };
    let value = tensor(&[4], 3).with_grad().unwrap();
    let weights = values(12, 2);
    let (node, grad) = assigned(&[1.into()], &value);
    let without_row: Vec<f64> = (0..12).map(|at| if at / 4 == 1 { 0.0 } else { weights[at] }).collect();
    assert_eq!((node.as_str(), grad), ("arcgrad::CopySlices", without_row.clone()));
    assert_eq!(floats(&value.grad().unwrap()), weights[4..8]);
    let (node, grad) = assigned(&[(&ints(&[1], &[1])).into()], &value);
    assert_eq!((node.as_str(), grad), ("IndexPutBackward0", without_row));
    let filled = |items: &[IndexItem]| {
        let y = tensor(&[3, 4], 1).with_grad().unwrap().mul(1.0).unwrap();
        y.set(items, 1.0).unwrap();
        name(&y)
    };
    assert_eq!(filled(&[(&ints(&[1, 0], &[2])).into()]), "IndexFillBackward0");
    assert_eq!(filled(&[(&mask(&[true, false, true], &[3])).into()]), "MaskedFillBackward0");
    assert_eq!(filled(&[0.into()]), "arcgrad::CopySlices");
}

// ---- order ---------------------------------------------------------------------------------------------------------

#[test]
fn order_has_gradients_of_any_order() {
    let a = tensor(&[3, 4], 1);
    check("sort", &[a.clone()], |x| Ok(sorting::sort(&x[0], 0, true, None)?.0));
    check("topk", &[a.clone()], |x| Ok(sorting::topk(&x[0], 2, 1, true)?.0));
    check("kthvalue", &[a.clone()], |x| Ok(sorting::kthvalue(&x[0], 2, 0, false)?.0));
    check("median along", &[a.clone()], |x| Ok(sorting::median_along(&x[0], 1, true, false)?.0));
    check("median", &[a.clone()], |x| sorting::median(&x[0], false));
    check("mode", &[a.clone()], |x| Ok(sorting::mode(&x[0], 1, false)?.0));
    check("aminmax", &[a.clone()], |x| {
        let (least, greatest) = sorting::aminmax(&x[0], Some(0), false)?;
        least.mul(&greatest)
    });
    check("quantile", &[a], |x| {
        let q = Tensor::from_slice(&[0.0, 0.3, 1.0], &[3])?;
        sorting::quantile(&x[0], &q, Some(1), false, "linear", false)
    });
}

#[test]
fn selection_without_axes() {
    let number = Tensor::scalar(3.0, DType::F64).unwrap();
    for (values, indices) in [
        sorting::sort(&number, 0, false, None).unwrap(),
        sorting::topk(&number, 1, -1, true).unwrap(),
        sorting::kthvalue(&number, 1, 0, false).unwrap(),
        sorting::median_along(&number, 0, false, false).unwrap(),
        sorting::mode(&number, 0, true).unwrap(),
    ] {
        assert_eq!((values.rank(), values.item().unwrap(), indices.item().unwrap()), (0, 3.0.into(), 0i64.into()));
    }
    assert!(sorting::topk(&tensor(&[3], 1), 4, 0, true).is_err());
    assert!(sorting::median(&tensor(&[0], 1), false).unwrap().item().unwrap().to_f64().is_nan());
}

#[test]
fn distinct_elements_and_slices() {
    let x = ints(&[3, 1, 3, 3, 2], &[5]);
    let parts = unique::asked(unique::unique(&x, false).unwrap(), true, true);
    let lists: Vec<Vec<i64>> = parts.iter().map(Tensor::to_vec).collect();
    assert_eq!(lists, [vec![1, 2, 3], vec![2, 0, 2, 2, 1], vec![1, 1, 3]]);
    let parts = unique::asked(unique::unique(&x, true).unwrap(), true, true);
    let lists: Vec<Vec<i64>> = parts.iter().map(Tensor::to_vec).collect();
    assert_eq!(lists, [vec![3, 1, 3, 2], vec![0, 1, 2, 2, 3], vec![1, 1, 2, 1]]);
    let rows = ints(&[1, 2, 0, 5, 1, 2], &[3, 2]);
    let found = unique::unique_slices(&rows, 0, false).unwrap();
    assert_eq!(found.values.to_vec::<i64>(), [0, 5, 1, 2]);
    assert_eq!((found.inverse.to_vec::<i64>(), found.counts.to_vec::<i64>()), (vec![1, 0, 1], vec![1, 2]));
    let y = unique::unique(&tensor(&[3], 1).with_grad().unwrap(), false).unwrap().values;
    assert!(y.sum().unwrap().backward().unwrap_err().to_string().contains("derivative for aten::_unique2"));
}

#[test]
fn searching() {
    let edges = Tensor::from_slice(&[1.0, 3.0, 5.0], &[3]).unwrap();
    let sought = ints(&[0, 1, 2, 5, 6], &[5]);
    assert_eq!(searching::bucketize(&sought, &edges, false, false).unwrap().to_vec::<i64>(), [0, 0, 1, 2, 3]);
    assert_eq!(searching::bucketize(&sought, &edges, true, true).unwrap().to_vec::<i64>(), [0, 1, 1, 3, 3]);
    assert_eq!(searching::isin(&sought, &edges, false).unwrap().to_vec::<i64>(), [0, 1, 0, 1, 0]);
    let weights = Tensor::from_slice(&[0.5, 1.0, 2.0], &[3]).unwrap();
    let counted = searching::bincount(&ints(&[1, 3, 1], &[3]), Some(&weights), 0).unwrap();
    assert_eq!(floats(&counted), [0.0, 2.5, 0.0, 1.0]);
    assert!(searching::bincount(&ints(&[-1], &[1]), None, 0).is_err());
    assert_eq!(floats(&searching::histc(&edges, 4, 0.0, 0.0).unwrap()), [1.0, 0.0, 1.0, 1.0]);
}

// ---- creation ------------------------------------------------------------------------------------------------------

#[test]
fn ranges_have_pytorchs_lengths_and_dtypes() {
    let range = |start: Scalar, end: Scalar, step: Scalar| creation::arange(start, end, step, None);
    let x = range(0i64.into(), 10i64.into(), 3i64.into()).unwrap();
    assert_eq!((x.dtype(), x.to_vec::<i64>()), (DType::I64, vec![0, 3, 6, 9]));
    let x = range(0.into(), 1.0.into(), 0.1.into()).unwrap();
    assert_eq!((x.dtype(), x.numel()), (arcgrad::default_dtype(), 10));
    assert!(range(1.into(), 5.into(), 0.into()).is_err());
    assert!(range(1.into(), 5.into(), (-1).into()).is_err());
    assert!(range(0.0.into(), f64::INFINITY.into(), 1.0.into()).is_err());
    let huge = range(0.into(), i64::MAX.into(), 1.into()).unwrap_err();
    assert!(huge.to_string().contains("cannot allocate"), "{huge}");
    let line = creation::linspace(0.into(), 10.into(), 4, Some(DType::I64)).unwrap();
    assert_eq!(line.to_vec::<i64>(), [0, 3, 6, 10]);
    let line = creation::linspace(0.0.into(), 1.0.into(), 5, Some(DType::F64)).unwrap();
    assert_eq!(floats(&line), [0.0, 0.25, 0.5, 0.75, 1.0]);
}

#[test]
fn values_that_do_not_fit_are_refused() {
    assert!(creation::full("full", &[2], 300.into(), Some(DType::U8)).is_err());
    assert!(creation::full("full", &[2], 1e10.into(), Some(DType::I8)).is_err());
    assert!(creation::full("full", &[2], f64::NAN.into(), Some(DType::I64)).is_err());
    assert!(creation::full("full", &[2], 1e300.into(), Some(DType::F32)).is_err());
    let wrapped = creation::full("full", &[1], (-1).into(), Some(DType::U8)).unwrap();
    assert_eq!(wrapped.to_vec::<i64>(), [255]);
    assert!(creation::sizes("zeros", &[2, -1]).is_err());
}

#[test]
fn models_lend_their_strides() {
    let model = tensor(&[2, 3], 1).t().unwrap();
    let like = creation::full_like("ones_like", &model, 1.into(), None).unwrap();
    assert_eq!(like.array().strides(), model.array().strides());
    let strided = creation::empty_strided(&[2, 2], &[1, 2], Some(DType::F64)).unwrap();
    assert_eq!((strided.array().strides(), floats(&strided)), (&[1isize, 2][..], vec![0.0; 4]));
}

// ---- random --------------------------------------------------------------------------------------------------------

fn seeded(seed: u64) -> arcgrad::random::SharedGenerator {
    std::sync::Arc::new(parking_lot::Mutex::new(Generator::new(seed)))
}

#[test]
fn random_tensors_are_the_generators_stream() {
    let mut expected = [0.0f32; 20];
    Generator::new(7).uniform(&mut expected, 0.0, 1.0).unwrap();
    let shared = seeded(7);
    let uniform = Distribution::Uniform(0.0, 1.0);
    let x = draws::random("rand", &[4, 5], uniform, DType::F32, Some(&shared)).unwrap();
    assert_eq!(x.to_vec::<f32>(), expected);
    // In the order of memory for a transposed tensor.
    let target = creation::zeros("zeros", &[5, 4], Some(DType::F32)).unwrap();
    let transposed = target.t().unwrap();
    draws::fill_random(&transposed, uniform, Some(&seeded(7))).unwrap();
    assert_eq!(target.to_vec::<f32>(), expected);
    // Over the gaps of a view.
    let wide = creation::zeros("zeros", &[20, 2], Some(DType::F32)).unwrap();
    draws::fill_random(&wide.select(1, 1).unwrap(), uniform, Some(&seeded(7))).unwrap();
    assert_eq!(wide.select(1, 1).unwrap().to_vec::<f32>(), expected);
    assert_eq!(wide.select(1, 0).unwrap().to_vec::<f32>(), [0.0; 20]);
}

#[test]
fn a_refused_draw_changes_nothing() {
    let shared = seeded(1);
    let x = tensor(&[3], 1);
    let before = (floats(&x), shared.lock().clone());
    assert!(draws::fill_random(&x, Distribution::Uniform(2.0, 1.0), Some(&shared)).is_err());
    assert!(draws::fill_random(&x, Distribution::Normal(0.0, -1.0), Some(&shared)).is_err());
    assert_eq!((floats(&x), shared.lock().clone(), x.version()), (before.0, before.1, 0));
    let whole = ints(&[1, 2], &[2]);
    assert!(draws::fill_random(&whole, Distribution::Normal(0.0, 1.0), Some(&shared)).is_err());
}

#[test]
fn random_changes_cut_the_gradient() {
    let leaf = tensor(&[3], 1).with_grad().unwrap();
    let uniform = Distribution::Uniform(0.0, 1.0);
    assert!(draws::fill_random(&leaf, uniform, None).is_err());
    let y = leaf.mul(2.0).unwrap();
    draws::fill_random(&y, uniform, None).unwrap();
    assert_eq!((name(&y), y.version()), ("UniformBackward0".to_owned(), 1));
    y.sum().unwrap().backward().unwrap();
    assert!(leaf.grad().is_none_or(|grad| floats(&grad) == [0.0; 3]));
    let z = draws::normal(Arg::Tensor(&leaf), 1.0.into(), Some(&seeded(3))).unwrap();
    z.sum().unwrap().backward().unwrap();
    assert_eq!(floats(&leaf.grad().unwrap()), [0.0; 3]);
}

#[test]
fn dropout_scales_what_it_keeps() {
    let leaf = copy::to_dtype(&tensor(&[200], 1), DType::F32).unwrap().with_grad().unwrap();
    let mut kept = [0.0f32; 200];
    Generator::new(5).bernoulli(&mut kept, 0.75).unwrap();
    let y = dropout(&leaf, 0.25, true, false, Some(&seeded(5))).unwrap();
    assert_eq!(name(&y), "MulBackward0");
    y.sum().unwrap().backward().unwrap();
    let scale = 1.0 / 0.75f32;
    let factors: Vec<f32> = kept.iter().map(|&kept| kept * scale).collect();
    assert_eq!(leaf.grad().unwrap().to_vec::<f32>(), factors);
    assert!(dropout(&leaf, 0.5, false, false, None).unwrap().is(&leaf));
    assert_eq!(dropout(&leaf, 1.0, true, false, None).unwrap().to_vec::<f32>(), [0.0; 200]);
    assert!(dropout(&leaf, 1.5, true, false, None).is_err());
}
