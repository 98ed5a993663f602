"""Fourier transforms against NumPy, and what follows from their definitions."""

import itertools
import warnings

import arcgrad as ag
import numpy as np
import pytest

F = ag.fft
ONE = ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")
TWO = ("fft2", "ifft2", "rfft2", "irfft2", "hfft2", "ihfft2")
MANY = ("fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn")
OF_REAL = {"rfft", "ihfft", "rfft2", "ihfft2", "rfftn", "ihfftn"}
NORMS = (None, "backward", "ortho", "forward")


def numbers(*shape, dtype="complex128", seed=0):
    rng = np.random.RandomState(seed)
    values = rng.standard_normal(shape)
    if np.dtype(dtype).kind == "c":
        values = values + 1j * rng.standard_normal(shape)
    return values.astype(dtype)


def leaf(*shape, dtype="complex128", seed=0):
    return ag.from_numpy(numbers(*shape, dtype=dtype, seed=seed)).requires_grad_()


def input_of(name, *shape, wide=True, seed=0):
    kind = ("float64" if wide else "float32") if name in OF_REAL else ("complex128" if wide else "complex64")
    return numbers(*shape, dtype=kind, seed=seed)


def close(result, wanted, dtype="float64"):
    """To a few roundings of the greatest element."""
    result = result.detach().resolve_conj().numpy()
    assert result.shape == np.shape(wanted)
    tolerance = {"float64": 1e-13, "float32": 2e-6}[dtype] * max(np.abs(wanted).max(), 1e-300) if np.size(wanted) else 0
    np.testing.assert_allclose(result, wanted, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 11, 12, 13, 16, 30, 64, 97, 100, 127, 128, 1155, 1009, 4096, 6561, 8191])
def test_a_line_of_any_length_is_transformed_as_by_numpy(name, n):
    half = n // 2 + 1
    x = input_of(name, half if name in ("irfft", "hfft") else n)
    close(getattr(F, name)(ag.from_numpy(x), n=n), getattr(np.fft, name)(x, n=n))
    single = x.astype(np.complex64 if x.dtype.kind == "c" else np.float32)
    result = getattr(F, name)(ag.from_numpy(single), n=n)
    assert result.dtype in (ag.float32, ag.complex64)
    close(result, getattr(np.fft, name)(single.astype(x.dtype), n=n), "float32")


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("norm", NORMS)
def test_lines_along_any_axis_of_any_layout(name, norm):
    x = input_of(name, 4, 6, 5)
    for dim, n in itertools.product((-1, 0, 1), (None, 3, 9)):
        wanted = getattr(np.fft, name)(x, n=n, axis=dim, norm=norm)
        close(getattr(F, name)(ag.from_numpy(x), n, dim, norm), wanted)
        swapped = ag.from_numpy(np.ascontiguousarray(x.transpose(2, 0, 1))).permute(1, 2, 0)
        close(getattr(F, name)(swapped, n=n, dim=dim, norm=norm), wanted)
        flipped = ag.from_numpy(np.ascontiguousarray(np.repeat(x, 2, axis=1)))[:, ::2]
        close(getattr(F, name)(flipped, n=n, dim=dim, norm=norm), wanted)


def by_numpy(name, x, s, axes, norm):
    """NumPy has no transforms of Hermitian signals along several axes."""
    if name.startswith("hfft"):
        first = np.fft.fftn(x, s[:-1], axes[:-1], norm) if len(axes) > 1 else x
        return np.fft.hfft(first, s[-1], axes[-1], norm)
    if name.startswith("ihfft"):
        last = np.fft.ihfft(x, s[-1], axes[-1], norm)
        return np.fft.ifftn(last, s[:-1], axes[:-1], norm) if len(axes) > 1 else last
    return getattr(np.fft, name.replace("2", "n"))(x, s, axes, norm)


@pytest.mark.parametrize("name", TWO + MANY)
@pytest.mark.parametrize("norm", NORMS)
def test_several_axes_are_transformed_as_by_numpy(name, norm):
    x = input_of(name, 4, 3, 6)
    for axes in ((-2, -1), (0, 2), (2, 0), (1,), (0, 1, 2)):
        sizes = [x.shape[axis] for axis in axes]
        if name.startswith(("irfft", "hfft")):
            sizes[-1] = 2 * (sizes[-1] - 1)
        close(getattr(F, name)(ag.from_numpy(x), dim=axes, norm=norm), by_numpy(name, x, sizes, axes, norm))
        asked = [5, 4, 7][: len(axes)]
        close(getattr(F, name)(ag.from_numpy(x), asked, axes, norm), by_numpy(name, x, asked, axes, norm))


def test_sizes_name_the_last_axes_and_minus_one_keeps_a_size():
    x = numbers(4, 3, 6)
    close(F.fftn(ag.from_numpy(x), s=(2, 5)), np.fft.fftn(x, (2, 5), (1, 2)))
    close(F.fftn(ag.from_numpy(x), s=(2, -1)), np.fft.fftn(x, (2, 6), (1, 2)))
    close(F.fftn(ag.from_numpy(x), dim=()), x)


def test_real_numbers_and_integers_are_transformed_too():
    x = numbers(3, 6, dtype="float64")
    for name in ("fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "irfft", "hfft"):
        wanted = getattr(np.fft, name)(x)
        close(getattr(F, name)(ag.from_numpy(x)), wanted)
    for dtype in (ag.int64, ag.uint8, ag.bool):
        whole = ag.tensor([[0, 1, 1], [1, 0, 1]], dtype=dtype)
        assert F.fft(whole).dtype == F.rfft(whole).dtype == F.fftn(whole).dtype == ag.complex64
        assert F.irfft(whole).dtype == ag.float32
        close(F.fft(whole), np.fft.fft([[0, 1, 1], [1, 0, 1]]), "float32")


def test_large_lines_on_every_thread_are_the_same_bits():
    x = ag.from_numpy(numbers(64, 1024, dtype="complex64"))
    before = ag.get_num_threads()
    try:
        results = []
        for threads in (1, 2, 3):
            ag.set_num_threads(threads)
            results.append((F.fft(x), F.fft(x, dim=0), F.irfft(x, dim=0), F.rfft2(x.real)))
        for other in results[1:]:
            assert all(ag.equal(a, b) for a, b in zip(results[0], other))
    finally:
        ag.set_num_threads(before)


def test_what_a_real_line_cannot_have_does_not_count():
    x = ag.tensor([1 + 5j, 2 + 1j, 3 + 7j])
    assert ag.equal(F.irfft(x), F.irfft(ag.tensor([1 + 0j, 2 + 1j, 3 + 0j])))
    assert ag.equal(F.irfft(x, n=5), F.irfft(ag.tensor([1 + 0j, 2 + 1j, 3 + 7j]), n=5))


def test_frequencies_and_shifts():
    for n in (1, 2, 5, 8):
        for d in (1.0, 0.25):
            close(F.fftfreq(n, d, dtype=ag.float64), np.fft.fftfreq(n, d))
            close(F.rfftfreq(n, d=d, dtype=ag.float64), np.fft.rfftfreq(n, d))
    assert F.fftfreq(4).dtype == ag.float32 and F.fftfreq(0).shape == (0,)
    assert F.rfftfreq(4, requires_grad=True).requires_grad
    x = np.arange(30).reshape(5, 6)
    for dim in (None, 0, 1, (0, 1), -1):
        assert np.array_equal(F.fftshift(ag.from_numpy(x), dim).numpy(), np.fft.fftshift(x, dim))
        assert np.array_equal(F.ifftshift(ag.from_numpy(x), dim).numpy(), np.fft.ifftshift(x, dim))


ERRORS = {
    "no points": (lambda: F.fft(ag.zeros(0)), RuntimeError, "Invalid number of data points \\(0\\) specified"),
    "less than none": (lambda: F.rfft(ag.zeros(4), n=-2), RuntimeError, "Invalid number of data points \\(-2\\) specified"),
    "one point of half a spectrum": (lambda: F.irfft(ag.zeros(1)), RuntimeError, "Invalid number of data points \\(0\\) specified"),
    "no points along one of several": (lambda: F.fftn(ag.zeros(2, 0)), RuntimeError, "Invalid number of data points \\(0\\)"),
    "no axes": (lambda: F.fft(ag.tensor(1.0)), IndexError, "Dimension specified as -1 but tensor has no dimensions"),
    "no axes of several": (lambda: F.fft2(ag.tensor(1.0)), IndexError, "Dimension specified as -2 but tensor has no dimensions"),
    "an axis too many": (lambda: F.fft(ag.zeros(3), dim=1), IndexError, "Dimension out of range"),
    "an unknown norm": (lambda: F.fft(ag.zeros(3), norm="bad"), RuntimeError, 'Invalid normalization mode: "bad"'),
    "rfft of complex": (lambda: F.rfft(ag.zeros(3, dtype=ag.complex64)), TypeError, "rfft expects a real input tensor, but got ComplexFloat"),
    "rfftn of complex": (lambda: F.rfftn(ag.zeros(3, dtype=ag.complex64)), TypeError, "rfftn expects a real-valued input tensor"),
    "ihfft of complex": (lambda: F.ihfft(ag.zeros(3, dtype=ag.complex64)), TypeError, "ihfft expects a real input tensor"),
    "half precision": (lambda: F.fft(ag.zeros(4, dtype=ag.half)), NotImplementedError, "Unsupported dtype Half"),
    "an axis twice": (lambda: F.fft2(ag.zeros(2, 3), dim=(0, -2)), RuntimeError, "FFT dims must be unique"),
    "sizes of other axes": (lambda: F.fft2(ag.zeros(2, 3), s=(3,)), RuntimeError, "must have the same length"),
    "too many sizes": (lambda: F.fftn(ag.zeros(2, 3), s=(1, 2, 3)), RuntimeError, "Got shape with 3 values but input tensor only has 2 dimensions"),
    "no axis to halve": (lambda: F.rfftn(ag.tensor(1.0)), RuntimeError, "rfftn must transform at least one axis"),
    "no axis of a half": (lambda: F.irfftn(ag.zeros(2, 3), dim=()), RuntimeError, "irfftn must transform at least one axis"),
    "a real out": (lambda: F.fft(ag.zeros(4), out=ag.zeros(4)), RuntimeError, "complex|cast"),
    "integer frequencies": (lambda: F.fftfreq(4, dtype=ag.int64), RuntimeError, "fftfreq requires a floating point or complex dtype"),
    "fewer than no frequencies": (lambda: F.fftfreq(-1), RuntimeError, "negative dimension"),
    "a shift of no axes": (lambda: F.fftshift(ag.tensor(1)), RuntimeError, "`shifts` required"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_cannot_be_transformed_says_so(case):
    call, kind, words = ERRORS[case]
    with pytest.raises(kind, match=words):
        call()


def test_batches_of_nothing_have_transforms():
    for name in ONE:
        x = ag.from_numpy(input_of(name, 0, 5))
        assert getattr(F, name)(x).shape[0] == 0


def test_results_go_where_they_are_told_to():
    x = ag.from_numpy(numbers(4, dtype="float32"))
    out = ag.zeros(0, dtype=ag.complex64)
    assert F.fft(x, out=out) is out and ag.equal(out, F.fft(x))
    wide = ag.zeros(3, dtype=ag.complex128)
    assert ag.equal(F.rfft(x, out=wide), F.rfft(x).to(ag.complex128))
    real = ag.zeros(6)
    assert F.irfft(x, out=real) is real and ag.equal(real, F.irfft(x))


@pytest.mark.parametrize("name", ONE)
@pytest.mark.parametrize("n", [None, 3, 8])
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
def test_gradients_of_lines_of_both_orders(name, n, norm):
    call = lambda x: getattr(F, name)(x, n, 1, norm)
    for dtype in ["float64"] if name in OF_REAL else ["float64", "complex128"]:
        x = leaf(2, 5, dtype=dtype)
        assert ag.autograd.gradcheck(call, x, check_forward_ad=True, check_batched_grad=True)
        assert ag.autograd.gradgradcheck(call, x)


@pytest.mark.parametrize("name", MANY)
def test_gradients_along_several_axes_of_both_orders(name):
    for s, dim in ((None, None), ((3, 4), (2, 0)), ((2, 5), (0, 1))):
        call = lambda x: getattr(F, name)(x, s, dim)
        x = leaf(3, 2, 3, dtype="float64" if name in OF_REAL else "complex128")
        assert ag.autograd.gradcheck(call, x, check_forward_ad=True)
        assert ag.autograd.gradgradcheck(call, x)


def test_gradients_are_of_the_kind_of_their_tensors():
    x = leaf(2, 5, dtype="float64")
    F.fft(x).abs().pow(2).sum().backward()
    assert x.grad.dtype == ag.float64 and x.grad.is_contiguous()
    # By Parseval's theorem the sum is n times that of the squares.
    close(x.grad, 2 * 5 * x.detach().numpy())


def test_tangents_are_what_gradients_say():
    for name in ONE + TWO + MANY:
        x = ag.from_numpy(input_of(name, 3, 4))
        t = ag.from_numpy(input_of(name, 3, 4, seed=1))
        call = getattr(F, name)
        value, tangent = ag.func.jvp(call, (x,), (t,))
        close(value, call(x).numpy())
        close(tangent, call(t).numpy())
        back = ag.func.vjp(call, x)[1]
        g = ag.from_numpy(numbers(*value.shape, dtype=str(value.dtype).split(".")[1], seed=2))
        inner = lambda a, b: float((a.conj() * b).real.sum()) if a.is_complex() else float((a * b).sum())
        assert inner(g, tangent) == pytest.approx(inner(back(g)[0], t), rel=1e-12)


def test_batches_are_one_axis_more():
    for name in ONE + TWO + MANY:
        x = ag.from_numpy(input_of(name, 3, 4, 5))
        call = getattr(F, name)
        for axis in range(3):
            batched = ag.vmap(call, in_dims=axis)(x)
            close(batched, ag.stack([call(part) for part in x.unbind(axis)]).numpy())
        lines = lambda x: F.fft(x, n=6) if name not in OF_REAL else F.rfft(x, n=6)
        close(ag.vmap(ag.vmap(lines))(x), lines(x).numpy())


def test_nodes_have_the_names_that_pytorch_gives_them():
    chain = {
        "fft": ["FftC2CBackward0"], "ifft": ["FftC2CBackward0"], "fftn": ["FftC2CBackward0"],
        "rfft": ["FftR2CBackward0"], "rfftn": ["FftR2CBackward0"],
        "irfft": ["FftC2RBackward0"], "irfftn": ["FftC2RBackward0"],
    }  # fmt: skip
    for name, names in chain.items():
        node, found = getattr(F, name)(leaf(2, 4, dtype="float64" if name in OF_REAL else "complex128")).grad_fn, []
        while node is not None and not node.name().endswith("AccumulateGrad"):
            found.append(node.name())
            node = node.next_functions[0][0]
        assert found == names
    assert F.fft(leaf(4, dtype="float64")).grad_fn.name() == "FftR2CBackward0"


def test_the_module_is_there_to_be_imported():
    import arcgrad.fft

    assert arcgrad.fft is F and callable(arcgrad.fft.rfftn)


# ---- short frames ----


def frames_by_numpy(x, n_fft, hop, window, center, onesided, normalized, pad_mode="reflect"):
    width = len(window)
    whole = np.zeros(n_fft, window.dtype)
    before = (n_fft - width) // 2
    whole[before : before + width] = window
    if center:
        x = np.pad(x, n_fft // 2, mode=pad_mode)
    count = 1 + (len(x) - n_fft) // hop
    cut = np.stack([x[i * hop : i * hop + n_fft] * whole for i in range(count)], axis=1)
    result = np.fft.rfft(cut, axis=0) if onesided else np.fft.fft(cut, axis=0)
    return result / np.sqrt(n_fft) if normalized else result


WINDOW = ag.signal.windows.hann(12, sym=False, dtype=ag.float64)


@pytest.mark.parametrize("center", [True, False])
@pytest.mark.parametrize("onesided", [True, False])
@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("n_fft,hop", [(16, 4), (12, 5), (15, 3)])
def test_frames_are_transformed_one_by_one(center, onesided, normalized, n_fft, hop):
    x = numbers(2, 100, dtype="float64")
    result = ag.stft(
        ag.from_numpy(x), n_fft, hop, 12, WINDOW, center, normalized=normalized, onesided=onesided, return_complex=True
    )
    wanted = [frames_by_numpy(line, n_fft, hop, WINDOW.numpy(), center, onesided, normalized) for line in x]
    close(result, np.stack(wanted))
    close(ag.from_numpy(x[0]).stft(n_fft, hop, 12, WINDOW, center, "reflect", normalized, onesided, True), wanted[0])


def test_complex_signals_and_other_edges():
    x = numbers(60)
    ones = np.ones(16)
    close(ag.stft(ag.from_numpy(x), 16), frames_by_numpy(x, 16, 4, ones, True, False, False))
    edge = frames_by_numpy(x, 16, 4, ones, True, False, False, "constant")
    close(ag.stft(ag.from_numpy(x), 16, pad_mode="constant"), edge)
    wrapped = frames_by_numpy(x, 16, 4, ones, True, False, False, "wrap")
    close(ag.stft(ag.from_numpy(x), 16, pad_mode="circular"), wrapped)
    real = ag.from_numpy(x.real.copy())
    with pytest.warns(UserWarning, match="return_complex=False is deprecated"):
        pairs = ag.stft(real, 16, return_complex=False)
    assert ag.equal(pairs, ag.view_as_real(ag.stft(real, 16, return_complex=True)))
    aligned = ag.stft(real, 17, 4, 9, center=False, align_to_window=True, return_complex=True)
    padded = ag.nn.functional.pad(real, (4, 4))
    assert ag.equal(aligned, ag.stft(padded, 17, 4, 9, center=False, return_complex=True))


@pytest.mark.parametrize("normalized", [True, False])
@pytest.mark.parametrize("onesided", [True, False])
@pytest.mark.parametrize("batch", [(), (3,)])
def test_a_signal_comes_back_from_its_frames(normalized, onesided, batch):
    x = ag.from_numpy(numbers(*batch, 96, dtype="float64"))
    frames = x.stft(16, 4, 12, WINDOW, normalized=normalized, onesided=onesided, return_complex=True)
    back = frames.istft(16, 4, 12, WINDOW, normalized=normalized, onesided=onesided)
    close(back, x.numpy())
    short = ag.istft(frames, 16, 4, 12, WINDOW, normalized=normalized, onesided=onesided, length=50)
    close(short, x[..., :50].numpy())


def test_a_complex_signal_comes_back():
    x = ag.from_numpy(numbers(96))
    frames = x.stft(16, 4, 12, WINDOW)
    close(frames.istft(16, 4, 12, WINDOW, onesided=False, return_complex=True), x.numpy())


def test_a_signal_longer_than_its_frames_ends_in_zeros():
    x = ag.arange(96.0, dtype=ag.float64)
    ones = ag.ones(16, dtype=ag.float64)
    with pytest.warns(UserWarning, match="shorter than the length parameter"):
        long = ag.stft(x, 16, window=ones, return_complex=True).istft(16, window=ones, length=120)
    close(long[:96], x.numpy())
    assert long.shape == (120,) and not long[104:].any()


def test_a_missing_window_is_warned_of():
    frames = ag.stft(ag.arange(40.0), 16, return_complex=True)
    with pytest.warns(UserWarning, match="A window was not provided"):
        back = ag.istft(frames, 16)
    close(back, np.arange(40.0), "float32")


def test_frames_have_gradients_tangents_and_batches():
    x = leaf(2, 20, dtype="float64")
    window = WINDOW[:6]
    forth = lambda x, w: ag.stft(x, 8, 3, 6, w, return_complex=True)
    window_leaf = (window + 0.5).detach().requires_grad_()
    assert ag.autograd.gradcheck(forth, (x, window_leaf), check_forward_ad=True)
    assert ag.autograd.gradgradcheck(forth, (x, window_leaf))
    frames = forth(x, window_leaf).detach().requires_grad_()
    back = lambda f, w: ag.istft(f, 8, 3, 6, w)
    assert ag.autograd.gradcheck(back, (frames, window_leaf), check_forward_ad=True)
    assert ag.autograd.gradgradcheck(back, (frames, window_leaf))
    batched = ag.vmap(lambda line: forth(line, window_leaf))(x)
    close(batched, forth(x, window_leaf).detach().numpy())


FRAME_ERRORS = {
    "real without return_complex": (lambda: ag.stft(ag.zeros(40), 16), "stft requires the return_complex parameter be given for real inputs"),
    "no hop": (lambda: ag.stft(ag.zeros(40), 16, 0, return_complex=True), "expected hop_length > 0, but got hop_length=0"),
    "a window too long": (lambda: ag.stft(ag.zeros(40), 16, win_length=20, return_complex=True), "expected 0 < win_length <= n_fft, but got win_length=20"),
    "another window": (lambda: ag.stft(ag.zeros(40), 16, window=ag.ones(15), return_complex=True), "expected a 1D window tensor of size equal to win_length=16"),
    "a signal too short": (lambda: ag.stft(ag.zeros(4), 16, return_complex=True), "Padding size should be less than the corresponding input dimension"),
    "a frame too long": (lambda: ag.stft(ag.zeros(4), 16, center=False, return_complex=True), "expected 0 < n_fft < 4, but got n_fft=16"),
    "too many axes": (lambda: ag.stft(ag.zeros(2, 3, 40), 16, return_complex=True), "expected a 1D or 2D tensor"),
    "half of a complex one": (lambda: ag.stft(ag.zeros(40, dtype=ag.complex64), 16, onesided=True), "Cannot have onesided output if window or input is complex"),
    "aligned and centred": (lambda: ag.stft(ag.zeros(40), 16, align_to_window=True, return_complex=True), "align_to_window should only be set when center = false"),
    "windows that leave a gap": (lambda: ag.istft(ag.zeros(9, 5, dtype=ag.complex64), 16, window=ag.zeros(16)), "window overlap add min"),
    "frames of other sizes": (lambda: ag.istft(ag.zeros(5, 5, dtype=ag.complex64), 16, window=ag.ones(16)), "to match n_fft / 2 \\+ 1 when onesided=True, but got 5"),
    "no frames": (lambda: ag.istft(ag.zeros(9, 0, dtype=ag.complex64), 16, window=ag.ones(16)), "input tensor cannot be empty"),
    "too wide a hop": (lambda: ag.istft(ag.zeros(9, 5, dtype=ag.complex64), 16, 17, window=ag.ones(16)), "expected 0 < hop_length <= win_length"),
    "one axis": (lambda: ag.istft(ag.zeros(9, dtype=ag.complex64), 16, window=ag.ones(16)), None),
    "a real spectrum": (lambda: ag.istft(ag.zeros(9, 5), 16, window=ag.ones(16)), "istft requires a complex-valued input tensor"),
}


@pytest.mark.parametrize("case", FRAME_ERRORS)
def test_frames_that_cannot_be_say_so(case):
    call, words = FRAME_ERRORS[case]
    with pytest.raises((RuntimeError, TypeError, IndexError), match=words), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call()
