"""Switches of conversions, checks by private names, and what the library says about itself."""

import pytest

import arcgrad as ag


def test_parameters_stay_objects_unless_they_are_to_be_overwritten():
    layer = ag.nn.Linear(2, 2)
    weight = layer.weight
    assert layer.double().weight is weight
    ag.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        converted = layer.float()
        assert converted.weight is not weight and converted.weight.dtype is ag.float32 and weight.dtype is ag.float64
        assert converted.weight.requires_grad and isinstance(converted.weight, ag.nn.Parameter)
    finally:
        ag.__future__.set_overwrite_module_params_on_conversion(False)
    assert not ag.__future__.get_swap_module_params_on_conversion()


@pytest.mark.parametrize(
    "check, kind",
    [
        ("_check", RuntimeError),
        ("_check_index", IndexError),
        ("_check_value", ValueError),
        ("_check_type", TypeError),
        ("_check_not_implemented", NotImplementedError),
    ],
)
def test_checks_raise_what_they_are_named_after(check, kind):
    run = getattr(ag, check)
    run(True)
    with pytest.raises(kind, match="why"):
        run(False, lambda: "why")
    with pytest.raises(kind, match="Expected cond to be True"):
        run(False)
    with pytest.raises(TypeError, match="cond must be a bool"):
        run(1)
    with pytest.raises(TypeError, match="message must be a callable"):
        run(False, "why")


def test_a_tensor_is_checked_as_a_whole():
    ag._check_tensor_all(ag.tensor([True, True]))
    with pytest.raises(RuntimeError, match="why"):
        ag._check_tensor_all(ag.tensor([True, False]), lambda: "why")


def test_tensors_for_tests_are_in_their_bounds():
    for dtype in (ag.bool, ag.uint8, ag.int8, ag.float16, ag.float64, ag.complex64):
        x = ag.testing.make_tensor((3, 4), dtype=dtype, noncontiguous=True)
        assert x.shape == (3, 4) and x.dtype is dtype and not x.is_contiguous()
    x = ag.testing.make_tensor(100, dtype=ag.float32, low=-1, high=2, requires_grad=True)
    assert x.requires_grad and -1 <= x.min() and x.max() < 2
    assert (ag.testing.make_tensor(200, dtype=ag.int64, low=0, high=2, exclude_zero=True) == 1).all()
    with pytest.raises(ValueError, match="must be less than"):
        ag.testing.make_tensor(2, dtype=ag.int64, low=3, high=3)


def test_names_of_the_build():
    assert ag.__config__.show().startswith("arcgrad ") and "get_num_threads" in ag.__config__.parallel_info()
    assert ag.GradScaler is ag.amp.GradScaler


def test_memory_to_be_filled_shows_itself_while_determinism_is_asked_for():
    import arcgrad.utils.deterministic as deterministic

    assert not ag.empty(2).any() and deterministic.fill_uninitialized_memory
    ag.use_deterministic_algorithms(True)
    try:
        assert ag.empty(2).isnan().all() and ag.empty_like(ag.zeros(2, dtype=ag.complex64)).isnan().all()
        assert ag.empty_strided((2,), (3,), dtype=ag.uint8).tolist() == [255, 255]
        assert str(ag.zeros(1).resize_(3).tolist()) == "[0.0, nan, nan]"
        deterministic.fill_uninitialized_memory = False
        assert not ag.empty(2).any()
        with pytest.raises(RuntimeError, match="must be a bool"):
            deterministic.fill_uninitialized_memory = 1
    finally:
        deterministic.fill_uninitialized_memory = True
        ag.use_deterministic_algorithms(False)


def test_determinism_is_asked_for_by_a_truth_value():
    with pytest.raises(TypeError, match=r"argument 'mode' \(position 1\) must be bool, not int"):
        ag.use_deterministic_algorithms(1)


def test_the_old_types_have_no_subclasses():
    with pytest.raises(TypeError, match="type 'torch.FloatTensor' is not an acceptable base type"):
        type("Own", (ag.FloatTensor,), {})
