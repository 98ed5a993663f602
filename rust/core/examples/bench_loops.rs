use arcgrad::dtype::DType::{self, *};
use arcgrad::kernels::{
    In, Kernel, Out,
    copy::copy,
    map::map,
    reduce::{Reduction, reduce},
    scan::{Scan, scan},
};
use arcgrad::parallel::set_num_threads;
use std::time::Instant;

unsafe fn add(_: *const u8, i: *const *const u8, o: *const *mut u8, n: usize) {
    unsafe {
        let (x, y, z) = ((*i).cast::<f32>(), (*i.add(1)).cast::<f32>(), (*o).cast::<f32>());
        pulp::Arch::new().dispatch(
            #[inline(always)]
            || {
                let g = n / 64;
                for k in 0..g {
                    let a = x.add(k * 64).cast::<[f32; 64]>().read_unaligned();
                    let b = y.add(k * 64).cast::<[f32; 64]>().read_unaligned();
                    let mut c = [0f32; 64];
                    for l in 0..64 {
                        c[l] = a[l] + b[l];
                    }
                    z.add(k * 64).cast::<[f32; 64]>().write_unaligned(c);
                }
                for k in g * 64..n {
                    *z.add(k) = *x.add(k) + *y.add(k);
                }
            },
        );
    }
}

fn time(name: &str, bytes: f64, mut f: impl FnMut()) {
    if let Some(only) = std::env::args().nth(1)
        && !name.contains(&only)
    {
        return;
    }
    f();
    let mut best = f64::MAX;
    let start = Instant::now();
    let mut reps = 1u32;
    while start.elapsed().as_millis() < 200 {
        let t = Instant::now();
        for _ in 0..reps {
            f();
        }
        let e = t.elapsed().as_secs_f64() / f64::from(reps);
        best = best.min(e);
        if e * f64::from(reps) < 1e-4 {
            reps *= 2;
        }
    }
    println!("{name:40} {:10.3} us {:7.2} GB/s", best * 1e6, bytes / best / 1e9);
}

fn main() {
    let n = 4 << 20;
    let a = vec![1.5f32; n];
    let b: Vec<f32> = (0..n).map(|i| (i % 1000) as f32).collect();
    let mut c = vec![0f32; n];
    let i32s: Vec<i32> = (0..n as i32).collect();
    let inp = |p: &[f32], s: &'static [isize]| In { ptr: p.as_ptr().cast(), dtype: F32, strides: s };
    let k = Kernel { run: add, input: F32, output: F32, cost: 300 };
    let fb = 4.0 * n as f64;
    for threads in [1, 2] {
        set_num_threads(threads);
        println!("-- {threads} threads");
        let cp = c.as_mut_ptr();
        let out = |d: DType, s: &'static [isize]| Out { ptr: cp.cast(), dtype: d, strides: s };
        unsafe {
            let nul = std::ptr::null();
            time("add 8 raw loop", 96.0, || {
                let i = [a.as_ptr().cast::<u8>(), b.as_ptr().cast()];
                let o = [cp.cast::<u8>()];
                add(nul, std::hint::black_box(i.as_ptr()), o.as_ptr(), 8)
            });
            time("add 8 map", 96.0, || {
                map(&k, nul, std::hint::black_box(&[8]), &[inp(&a, &[1]), inp(&b, &[1])], &[out(F32, &[1])])
            });
            time("add (2,4)+(4) map", 96.0, || {
                map(&k, nul, std::hint::black_box(&[2, 4]), &[inp(&a, &[4, 1]), inp(&b, &[0, 1])], &[out(F32, &[4, 1])])
            });
            time("add 4096 map", 3.0 * 16384., || {
                map(&k, nul, std::hint::black_box(&[4096]), &[inp(&a, &[1]), inp(&b, &[1])], &[out(F32, &[1])])
            });
            time("memcpy 4M one call", 2.0 * fb, || std::ptr::copy_nonoverlapping(a.as_ptr(), cp, n));
            time("copy 4M", 2.0 * fb, || copy(&[n], inp(&b, &[1]), out(F32, &[1])));
            time("add 4M", 3.0 * fb, || map(&k, nul, &[n], &[inp(&a, &[1]), inp(&b, &[1])], &[out(F32, &[1])]));
            time("raw add loop 4M", 3.0 * fb, || {
                let i = [a.as_ptr().cast::<u8>(), b.as_ptr().cast()];
                let o = [cp.cast::<u8>()];
                add(nul, i.as_ptr(), o.as_ptr(), n)
            });
            time("add 2048^2 + row", 2.0 * fb, || {
                map(&k, nul, &[2048, 2048], &[inp(&a, &[2048, 1]), inp(&b, &[0, 1])], &[out(F32, &[2048, 1])])
            });
            time("add 2048^2 + column", 2.0 * fb, || {
                map(&k, nul, &[2048, 2048], &[inp(&a, &[2048, 1]), inp(&b, &[1, 0])], &[out(F32, &[2048, 1])])
            });
            time("add [700000,3] + [3]", 2.0 * fb / 2., || {
                map(&k, nul, &[700_000, 3], &[inp(&a, &[3, 1]), inp(&b, &[0, 1])], &[out(F32, &[3, 1])])
            });
            time("add 2048^2 + transposed", 3.0 * fb, || {
                map(&k, nul, &[2048, 2048], &[inp(&a, &[2048, 1]), inp(&b, &[1, 2048])], &[out(F32, &[2048, 1])])
            });
            time("add i32 + f32 4M", 3.0 * fb, || {
                map(
                    &k,
                    nul,
                    &[n],
                    &[In { ptr: i32s.as_ptr().cast(), dtype: I32, strides: &[1] }, inp(&b, &[1])],
                    &[out(F32, &[1])],
                )
            });
            time("transpose 2048^2", 2.0 * fb, || copy(&[2048, 2048], inp(&b, &[1, 2048]), out(F32, &[2048, 1])));
            time("transpose 64^2", 2.0 * 16384., || copy(&[64, 64], inp(&b, &[1, 64]), out(F32, &[64, 1])));
            time("transpose 256^2", 2.0 * 16. * 16384., || copy(&[256, 256], inp(&b, &[1, 256]), out(F32, &[256, 1])));
            time("transpose 250x270", 2.0 * 4. * 270. * 250., || {
                copy(&[250, 270], inp(&b, &[1, 250]), out(F32, &[270, 1]))
            });
            time("transpose 1024^2", 2.0 * 256. * 16384., || {
                copy(&[1024, 1024], inp(&b, &[1, 1024]), out(F32, &[1024, 1]))
            });
            time("transpose 2000x2096", 2.0 * fb, || copy(&[2000, 2096], inp(&b, &[1, 2000]), out(F32, &[2096, 1])));
            time("strided copy [::2]", 1.5 * fb, || copy(&[n / 2], inp(&b, &[2]), out(F32, &[1])));
            time("f32 -> i32 4M", 2.0 * fb, || copy(&[n], inp(&b, &[1]), out(I32, &[1])));
            time("f32 -> u8 4M", 1.25 * fb, || copy(&[n], inp(&b, &[1]), out(U8, &[1])));
            let red = |name: &str,
                       op,
                       sh: &'static [usize],
                       st: &'static [isize],
                       r: &'static [bool],
                       os: &'static [isize],
                       od| {
                time(name, 4.0 * sh.iter().product::<usize>() as f64, || {
                    reduce(op, std::hint::black_box(sh), r, inp(&b, st), &[out(od, os)])
                })
            };
            red("sum 8", Reduction::Sum, &[8], &[1], &[true], &[0], F32);
            red("sum 4096", Reduction::Sum, &[4096], &[1], &[true], &[0], F32);
            red("sum 4M", Reduction::Sum, &[4 << 20], &[1], &[true], &[0], F32);
            red("sum 2048^2 axis 0", Reduction::Sum, &[2048, 2048], &[2048, 1], &[true, false], &[0, 1], F32);
            red("sum 2048^2 axis 1", Reduction::Sum, &[2048, 2048], &[2048, 1], &[false, true], &[1, 0], F32);
            red(
                "sum 16x64x4096 axes 0,2",
                Reduction::Sum,
                &[16, 64, 4096],
                &[64 * 4096, 4096, 1],
                &[true, false, true],
                &[0, 1, 0],
                F32,
            );
            red("sum [400000,10] axis 1", Reduction::Sum, &[400_000, 10], &[10, 1], &[false, true], &[1, 0], F32);
            red("sum [400000,10] axis 0", Reduction::Sum, &[400_000, 10], &[10, 1], &[true, false], &[0, 1], F32);
            red(
                "sum [20000,5,40] axis 1",
                Reduction::Sum,
                &[20_000, 5, 40],
                &[200, 40, 1],
                &[false, true, false],
                &[40, 0, 1],
                F32,
            );
            red("max 4M", Reduction::Max, &[4 << 20], &[1], &[true], &[0], F32);
            red("max 2048^2 axis 0", Reduction::Max, &[2048, 2048], &[2048, 1], &[true, false], &[0, 1], F32);
            red("argmax 4M", Reduction::ArgMax, &[4 << 20], &[1], &[true], &[0], I64);
            red("argmax 2048^2 axis 0", Reduction::ArgMax, &[2048, 2048], &[2048, 1], &[true, false], &[0, 1], I64);
            red("argmax [400000,10] axis 1", Reduction::ArgMax, &[400_000, 10], &[10, 1], &[false, true], &[1, 0], I64);
            red("var 4M", Reduction::Var { correction: 1.0 }, &[4 << 20], &[1], &[true], &[0], F32);
            red(
                "var 2048^2 axis 0",
                Reduction::Var { correction: 1.0 },
                &[2048, 2048],
                &[2048, 1],
                &[true, false],
                &[0, 1],
                F32,
            );
            red("count_nonzero 4M", Reduction::CountNonzero, &[4 << 20], &[1], &[true], &[0], I64);
            time("cumsum 2048^2 axis 0", 2.0 * fb, || {
                scan(Scan::Sum, false, &[2048, 2048], 0, inp(&b, &[2048, 1]), &[out(F32, &[2048, 1])])
            });
            time("cumsum 2048^2 axis 1", 2.0 * fb, || {
                scan(Scan::Sum, false, &[2048, 2048], 1, inp(&b, &[2048, 1]), &[out(F32, &[2048, 1])])
            });
            time("cumsum 4M", 2.0 * fb, || scan(Scan::Sum, false, &[4 << 20], 0, inp(&b, &[1]), &[out(F32, &[1])]));
        }
    }
}
