"""Windows: values as PyTorch 2.15 gives them, symmetric and periodic, and what they refuse."""

from __future__ import annotations

import math

import arcgrad as ag
import numpy as np
import pytest
from arcgrad.signal import windows

#: Values of PyTorch 2.15, to four digits.
KNOWN = {
    "exponential": [
        ((5,), {}, [0.1353, 0.3679, 1.0, 0.3679, 0.1353]),
        ((4,), {"sym": False, "tau": 2.0}, [0.3679, 0.6065, 1.0, 0.6065]),
        ((5,), {"center": 1, "sym": False}, [0.3679, 1.0, 0.3679, 0.1353, 0.0498]),
    ],
    "cosine": [
        ((5,), {}, [0.3090, 0.8090, 1.0, 0.8090, 0.3090]),
        ((4,), {"sym": False}, [0.3090, 0.8090, 1.0, 0.8090]),
    ],
    "gaussian": [
        ((4,), {"std": 0.5}, [0.0111, 0.6065, 0.6065, 0.0111]),
        ((4,), {"std": 0.5, "sym": False}, [3.3546e-04, 0.13534, 1.0, 0.13534]),
    ],
    "kaiser": [
        ((4,), {}, [5.2773e-05, 0.51884, 0.51884, 5.2773e-05]),
        ((4,), {"sym": False, "beta": 3.0}, [0.2049, 0.7269, 1.0, 0.7269]),
    ],
    "general_cosine": [((4,), {"a": [0.4, 0.3, 0.2]}, [0.3, 0.45, 0.45, 0.3])],
    "nuttall": [((5,), {}, [3.6280e-04, 0.22698, 1.0, 0.22698, 3.6280e-04])],
    "bartlett": [((4,), {}, [0.0, 2 / 3, 2 / 3, 0.0]), ((4,), {"sym": False}, [0.0, 0.5, 1.0, 0.5])],
}


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_values(name):
    for args, kwargs, wanted in KNOWN[name]:
        found = getattr(windows, name)(*args, **kwargs, dtype=ag.float64)
        np.testing.assert_allclose(found.numpy(), wanted, rtol=2e-4, atol=5e-5 if name != "kaiser" else 1e-9)


@pytest.mark.parametrize("length", [1, 2, 5, 8, 33])
def test_cosine_windows_are_numpys(length):
    for name, reference in (("hann", np.hanning), ("hamming", np.hamming), ("blackman", np.blackman), ("bartlett", np.bartlett)):
        found = getattr(windows, name)(length, dtype=ag.float64).numpy()
        np.testing.assert_allclose(found, reference(length), rtol=1e-14, atol=1e-15)
    np.testing.assert_allclose(windows.kaiser(length, dtype=ag.float64).numpy(), np.kaiser(length, 12.0), rtol=1e-6)


@pytest.mark.parametrize("name", ["hann", "hamming", "blackman", "bartlett", "kaiser"])
def test_periodic_windows_lack_the_last_point_of_a_symmetric_one(name):
    window = getattr(ag, f"{name}_window")
    assert window(7).tolist() == window(8, periodic=False)[:-1].tolist()
    symmetric = window(8, periodic=False, dtype=ag.float64).numpy()
    np.testing.assert_allclose(symmetric, symmetric[::-1], rtol=1e-12, atol=1e-15)
    assert window(0).shape == (0,) and window(1).tolist() == [1.0]
    assert window(4, dtype=ag.float64, requires_grad=True).requires_grad
    assert window(3).dtype is ag.get_default_dtype()


def test_a_large_beta_does_not_overflow():
    window = windows.kaiser(5, beta=1000.0, dtype=ag.float64)
    assert window[2] == 1.0 and window.isfinite().all()


def test_refused_arguments():
    for call, error, message in (
        (lambda: ag.hann_window(-1), RuntimeError, "requires non-negative window_length"),
        (lambda: ag.hann_window(3, dtype=ag.int64), RuntimeError, "expects floating point dtypes"),
        (lambda: ag.hann_window(2.5), TypeError, "must be int, not float"),
        (lambda: windows.hann(-1), ValueError, "non-negative window length, got M=-1"),
        (lambda: windows.hann(3, dtype=ag.int64), ValueError, "expects float32 or float64"),
        (lambda: windows.gaussian(3, std=-1), ValueError, "Standard deviation must be positive"),
        (lambda: windows.exponential(3, tau=0), ValueError, "Tau must be positive"),
        (lambda: windows.exponential(3, center=1.0), ValueError, "Center must be None"),
        (lambda: windows.kaiser(3, beta=-1), ValueError, "beta must be non-negative"),
        (lambda: windows.general_cosine(3, a=1.0), TypeError, "must be a list/tuple"),
        (lambda: windows.general_cosine(3, a=[]), ValueError, "cannot be empty"),
    ):
        with pytest.raises(error, match=message):
            call()


def test_the_middle_of_a_window_is_its_top():
    for name in ("hann", "hamming", "blackman", "bartlett", "cosine", "exponential", "gaussian", "kaiser", "nuttall"):
        window = getattr(windows, name)(9, dtype=ag.float64)
        assert window.argmax() == 4 and math.isclose(window[4].item(), 1.0, rel_tol=1e-7)
