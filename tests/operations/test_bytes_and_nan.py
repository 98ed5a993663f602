"""Pictures of bytes in another size, and slices with NaN among distinct ones, by PyTorch's numbers."""

from __future__ import annotations

import math

import arcgrad as ag
import pytest

interpolate = ag.nn.functional.interpolate

# PyTorch 2.15 of arange(12) · 37 mod 256 in three rows.
RESIZED = [
    (dict(size=(5, 3)), [[6, 56, 105], [65, 115, 79], [154, 204, 39], [89, 139, 103], [46, 96, 145]]),
    (dict(size=(5, 3), align_corners=True), [[0, 56, 111], [74, 130, 57], [148, 204, 3], [94, 150, 77], [40, 96, 151]]),
    (dict(size=(2, 7)), [[37, 50, 71, 93, 109, 94, 84], [67, 80, 101, 123, 139, 124, 114]]),
    (dict(size=(2, 7), align_corners=True), [[0, 19, 37, 56, 74, 93, 111], [40, 59, 77, 96, 114, 133, 151]]),
    (dict(size=(3, 9)), [[0, 6, 23, 39, 56, 72, 88, 105, 111], [148, 154, 171, 187, 204, 220, 137, 40, 3], [40, 46, 63, 79, 96, 112, 128, 145, 151]]),
    (dict(scale_factor=1.7), [[0, 14, 36, 58, 79, 101], [57, 71, 93, 115, 121, 86], [144, 158, 180, 202, 187, 62], [88, 102, 124, 146, 150, 106], [40, 54, 76, 98, 119, 141]]),
    (dict(scale_factor=(0.7, 1.3)), [[32, 56, 85, 102, 89], [79, 103, 132, 142, 100]]),
    (dict(scale_factor=1.7, recompute_scale_factor=True), [[0, 19, 43, 68, 93, 111], [59, 78, 102, 127, 101, 68], [148, 167, 191, 216, 113, 3], [83, 102, 126, 151, 125, 92], [40, 59, 83, 108, 133, 151]]),
    (dict(size=1), [[204]]),
]


@pytest.mark.parametrize(("options", "expected"), RESIZED)
def test_bytes_are_interpolated_as_in_pytorch(options, expected):
    plane = (ag.arange(12) * 37 % 256).to(ag.uint8).reshape(1, 1, 3, 4)
    result = interpolate(plane, mode="bilinear", **options)
    assert result.dtype is ag.uint8 and result[0, 0].tolist() == expected
    # Channels do not see each other, and it does not matter how the picture lies.
    many = plane.expand(2, 5, 3, 4)
    assert interpolate(many, mode="bilinear", **options)[1, 4].tolist() == expected
    last = many.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    assert interpolate(last, mode="bilinear", **options)[0, 3].tolist() == expected


def test_bytes_are_rounded_between():
    plane = ag.tensor([[0, 255], [255, 0]], dtype=ag.uint8).reshape(1, 1, 2, 2)
    expected = [[0, 128, 255], [128, 128, 128], [255, 128, 0]]
    for aligned in (False, True):
        assert interpolate(plane, size=(3, 3), mode="bilinear", align_corners=aligned)[0, 0].tolist() == expected
    assert interpolate(plane, size=(2, 2), mode="bilinear")[0, 0].tolist() == [[0, 255], [255, 0]]


@pytest.mark.arcgrad_only  # PyTorch has one of the three.
@pytest.mark.parametrize("mode", ["linear", "bilinear", "trilinear"])
def test_bytes_are_interpolated_to_half_a_unit_each_axis(mode):
    axes = ["linear", "bilinear", "trilinear"].index(mode) + 1
    shape, size = (2, 3, 5, 4, 6)[: 2 + axes], (7, 3, 11)[:axes]
    volume = (ag.arange(math.prod(shape)) * 97 % 256).to(ag.uint8).reshape(shape)
    for aligned in (False, True):
        exact = interpolate(volume.double(), size=size, mode=mode, align_corners=aligned)
        result = interpolate(volume, size=size, mode=mode, align_corners=aligned)
        assert (result.double() - exact).abs().max().item() <= 0.5 * axes + 0.05


@pytest.mark.arcgrad_only  # PyTorch's order of such slices is none, so that equal ones may be counted apart.
def test_a_slice_with_nan_equals_none():
    nan = math.nan
    x = ag.tensor([[nan, 1.0], [0.0, 1.0], [nan, 1.0], [0.0, 1.0]])
    for dim, input in ((0, x), (1, x.t())):
        values, inverse, counts = ag.unique(input, dim=dim, return_inverse=True, return_counts=True)
        assert values.shape[dim] == 3 and sorted(counts.tolist()) == [1, 1, 2]
        places = inverse.tolist()
        assert places[1] == places[3] and len({*places}) == 3
        back = values.index_select(dim, inverse)
        assert ag.equal(back.nan_to_num(7.0), input.nan_to_num(7.0))
    values, inverse, counts = ag.unique_consecutive(x[[0, 2, 1, 3]], dim=0, return_inverse=True, return_counts=True)
    assert inverse.tolist() == [0, 1, 2, 2] and counts.tolist() == [1, 1, 2] and values.shape == (3, 2)
    vector = ag.tensor([3.0, nan, 1.0, nan, 1.0])
    assert ag.unique(vector, dim=0).numel() == ag.unique(vector).numel() == 4
    assert ag.unique(ag.tensor([[0.0, 1.0], [-0.0, 1.0]]), dim=0).tolist() == [[0.0, 1.0]]
