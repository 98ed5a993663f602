use super::*;
use crate::samples::{Random, assert_all_near, assert_transposed, coordinates, double, input, output, single};

fn random_size(random: &mut Random) -> Option<ConvSize> {
    let axes = 1 + random.below(3);
    let mut list = |low: usize, high: usize| (0..axes).map(|_| low + random.below(high)).collect::<Vec<_>>();
    let sizes = (list(1, 9), list(1, 3), list(1, 3), list(0, 3), list(1, 2));
    let window = Window::new(&sizes.0, &sizes.1, &sizes.2, &sizes.3, &sizes.4, false)?;
    let groups = 1 + random.below(3);
    let (inner, outer) = (1 + random.below(4), 1 + random.below(4));
    let batch = random.below(4);
    Some(ConvSize { batch, in_channels: groups * inner, out_channels: groups * outer, groups, window })
}

/// Every product of the convolution: offsets into output, input and weight.
fn products(size: &ConvSize, mut body: impl FnMut(usize, usize, usize)) {
    let w = &size.window;
    let (inner, outer) = (size.in_channels / size.groups, size.out_channels / size.groups);
    for b in 0..size.batch {
        for o in 0..size.out_channels {
            for (at, position) in coordinates(&w.output).iter().enumerate() {
                for c in 0..inner {
                    for (tap, offset) in coordinates(&w.kernel).iter().enumerate() {
                        let mut from = 0;
                        let mut inside = true;
                        for axis in 0..3 {
                            let p = (position[axis] * w.stride[axis] + offset[axis] * w.dilation[axis]) as isize
                                - w.padding[axis] as isize;
                            inside &= p >= 0 && p < w.input[axis] as isize;
                            from = from * w.input[axis] as isize + p;
                        }
                        if inside {
                            let channel = o / outer * inner + c;
                            let y = (b * size.out_channels + o) * w.outputs() + at;
                            let x = (b * size.in_channels + channel) * w.inputs() + from as usize;
                            body(y, x, (o * inner + c) * w.taps() + tap);
                        }
                    }
                }
            }
        }
    }
}

fn check(random: &mut Random, size: &ConvSize) {
    let w = &size.window;
    let x = random.units(size.batch * size.in_channels * w.inputs());
    let weight = random.units(size.out_channels * size.in_channels / size.groups * w.taps());
    let bias = random.units(size.out_channels);
    let g = random.units(size.batch * size.out_channels * w.outputs());
    let mut y: Vec<f64> = (0..g.len()).map(|i| bias[i / w.outputs() % size.out_channels]).collect();
    let (mut dx, mut dw) = (vec![0.0; x.len()], vec![0.0; weight.len()]);
    products(size, |o, i, k| {
        y[o] += x[i] * weight[k];
        dx[i] += g[o] * weight[k];
        dw[k] += g[o] * x[i];
    });
    let mut db = vec![0.0; bias.len()];
    for (i, &g) in g.iter().enumerate() {
        db[i / w.outputs() % size.out_channels] += g;
    }
    let what = format!("{size:?}");
    let mut wide = [y.clone(), dx.clone(), dw.clone(), db.clone()].map(|v| vec![f64::NAN; v.len()]);
    let mut narrow = wide.clone().map(|v| single(&v));
    let (x4, w4, b4, g4) = (single(&x), single(&weight), single(&bias), single(&g));
    {
        let [y, dx, dw, db] = &mut wide;
        conv(size, input(&x), input(&weight), Some(input(&bias)), output(y));
        conv_backward_input(size, input(&g), input(&weight), output(dx));
        conv_backward_weight(size, input(&x), input(&g), output(dw));
        conv_backward_bias(size, input(&g), output(db));
    }
    {
        let [y, dx, dw, db] = &mut narrow;
        conv(size, input(&x4), input(&w4), Some(input(&b4)), output(y));
        conv_backward_input(size, input(&g4), input(&w4), output(dx));
        conv_backward_weight(size, input(&x4), input(&g4), output(dw));
        conv_backward_bias(size, input(&g4), output(db));
    }
    for (i, expected) in [y, dx, dw, db].iter().enumerate() {
        assert_all_near(&wide[i], expected, 1e-11, &what);
        assert_all_near(&double(&narrow[i]), expected, 3e-5, &what);
    }
}

#[test]
fn random_convolutions_match_the_definition() {
    let mut random = Random(21);
    let mut done = 0;
    while done < 150 {
        if let Some(size) = random_size(&mut random) {
            check(&mut random, &size);
            done += 1;
        }
    }
}

#[test]
fn random_convolutions_over_many_positions_match_the_definition() {
    let mut random = Random(25);
    let mut done = 0;
    while done < 60 {
        let axes = 1 + done % 3;
        let least = [300, 16, 7][axes - 1];
        let mut list = |low: usize, high: usize| (0..axes).map(|_| low + random.below(high)).collect::<Vec<_>>();
        let sizes = (list(least, least), list(1, 4), list(1, 3), list(0, 3), list(1, 3));
        let Some(window) = Window::new(&sizes.0, &sizes.1, &sizes.2, &sizes.3, &sizes.4, false) else { continue };
        let groups = 1 + random.below(2);
        let (inner, outer) = ([1, 2, 5][random.below(3)], [1, 3, 9, 17][random.below(4)]);
        let batch = 512usize.div_ceil(window.outputs()).min(40) + random.below(2);
        check(
            &mut random,
            &ConvSize { batch, in_channels: groups * inner, out_channels: groups * outer, groups, window },
        );
        done += 1;
    }
}

#[test]
fn blocks_of_positions_and_parts_of_the_batch_have_no_seams() {
    let mut random = Random(22);
    let sized = |batch, in_channels, out_channels, groups, side: usize, kernel: usize, padding: usize| ConvSize {
        batch,
        in_channels,
        out_channels,
        groups,
        window: Window::new(&[side, side + 3], &[kernel; 2], &[1, 1], &[padding; 2], &[1, 1], false).unwrap(),
    };
    check(&mut random, &sized(2, 32, 8, 1, 40, 3, 1));
    check(&mut random, &sized(1, 64, 16, 1, 20, 1, 0));
    check(&mut random, &sized(9, 8, 8, 8, 24, 3, 1));
    check(&mut random, &sized(20, 16, 12, 1, 10, 3, 1));
    // More taps than are summed at once, lines too short for a vector, and few output channels.
    check(&mut random, &sized(12, 80, 12, 1, 5, 3, 1));
    check(&mut random, &sized(3, 70, 3, 1, 20, 3, 1));
    // So few positions that the weights are read in their order.
    check(&mut random, &sized(1, 64, 64, 1, 3, 3, 1));
}

#[test]
fn without_bias_the_output_is_not_read() {
    let size = ConvSize {
        batch: 1,
        in_channels: 1,
        out_channels: 1,
        groups: 1,
        window: Window::new(&[4], &[2], &[1], &[0], &[1], false).unwrap(),
    };
    let mut y = [f64::NAN; 3];
    conv(&size, input(&[1.0, 2.0, 3.0, 4.0]), input(&[10.0, 1.0]), None, output(&mut y));
    assert_eq!(y, [12.0, 23.0, 34.0]);
}

#[test]
fn the_gradient_to_the_input_is_the_transpose() {
    let mut random = Random(23);
    let size = ConvSize {
        batch: 3,
        in_channels: 6,
        out_channels: 4,
        groups: 2,
        window: Window::new(&[17, 33], &[3, 2], &[2, 3], &[1, 0], &[2, 1], false).unwrap(),
    };
    let x = random.units(3 * 6 * size.window.inputs());
    let weight = random.units(4 * 3 * 6);
    let g = random.units(3 * 4 * size.window.outputs());
    let (mut y, mut dx) = (vec![0.0; g.len()], vec![0.0; x.len()]);
    conv(&size, input(&x), input(&weight), None, output(&mut y));
    conv_backward_input(&size, input(&g), input(&weight), output(&mut dx));
    assert_transposed(&y, &g, &x, &dx, "convolution");
}

#[test]
fn windows_that_do_not_fit_are_refused() {
    assert_eq!(Window::new(&[2], &[3], &[1], &[0], &[1], false), None);
    assert_eq!(Window::new(&[2], &[3], &[0], &[1], &[1], false), None);
    assert_eq!(Window::new(&[usize::MAX], &[3], &[1], &[1], &[1], false), None);
    assert_eq!(Window::new(&[5], &[usize::MAX], &[1], &[1], &[2], false), None);
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let mut random = Random(24);
    let window = Window::new(&[30, 30], &[3, 3], &[1, 1], &[1, 1], &[1, 1], false).unwrap();
    let size = ConvSize { batch: 6, in_channels: 16, out_channels: 8, groups: 1, window };
    let x = random.units(6 * 16 * 900);
    let weight = random.units(8 * 16 * 9);
    let g = random.units(6 * 8 * 900);
    let results = [1, 2, 5].map(|threads| {
        parallel::set_num_threads(threads);
        let (mut y, mut dx, mut dw) = (vec![0.0; g.len()], vec![0.0; x.len()], vec![0.0; weight.len()]);
        conv(&size, input(&x), input(&weight), None, output(&mut y));
        conv_backward_input(&size, input(&g), input(&weight), output(&mut dx));
        conv_backward_weight(&size, input(&x), input(&g), output(&mut dw));
        [y, dx, dw].concat().iter().map(|v: &f64| v.to_bits()).collect::<Vec<_>>()
    });
    assert!(results[0] == results[1] && results[0] == results[2]);
}
