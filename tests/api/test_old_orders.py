"""Numbers before the tensors that they scale, as older programs write them."""

import pytest

import arcgrad as ag


def test_numbers_may_stand_before_the_tensors_they_scale():
    x, y = ag.tensor([1.0, 2.0]), ag.tensor([3.0, 5.0])
    with pytest.warns(UserWarning, match="This overload of add is deprecated"):
        assert ag.add(x, 2, y).tolist() == [7, 12]
    with pytest.warns(UserWarning, match="This overload of sub_ is deprecated"):
        assert x.clone().sub_(2, y).tolist() == [-5, -8]
    with pytest.warns(UserWarning, match="This overload of addcmul_ is deprecated"):
        assert x.clone().addcmul_(0.5, y, y).tolist() == [5.5, 14.5]
    with pytest.warns(UserWarning, match="This overload of addcdiv is deprecated"):
        assert ag.addcdiv(x, -2, y, y).tolist() == [-1, 0]
    m = ag.eye(2)
    with pytest.warns(UserWarning, match="beta and alpha by name"):
        assert m.clone().addmm_(2, 3, m, m).tolist() == [[5, 0], [0, 5]]
    with pytest.warns(UserWarning, match="beta by name"):
        assert ag.addmm(2, m, m, m).tolist() == [[3, 0], [0, 3]]


def test_the_object_itself_is_given_back_in_place_and_gradients_pass():
    x = ag.ones(2, requires_grad=True)
    y = x * 1
    with pytest.warns(UserWarning):
        assert y.add_(3, x) is y
    y.sum().backward()
    assert x.grad.tolist() == [4, 4]


def test_other_orders_are_refused_as_before():
    x = ag.ones(2)
    for wrong in (lambda: x.add(x, x, 2), lambda: x.add(2, x, alpha=1), lambda: x.addcmul(x, 2, 3), lambda: x.mul(2, x)):
        with pytest.raises(TypeError):
            wrong()


def test_numbers_before_tensors_may_be_complex():
    x = ag.tensor([1.0 + 1.0j, 2.0])
    with pytest.warns(UserWarning, match="This overload of addcmul is deprecated"):
        assert ag.equal(ag.addcmul(x, 2.0j, x, x), x + 2.0j * x * x)


def test_new_takes_its_size_by_name():
    x = ag.tensor([1, 2])
    assert x.new(size=(3, 4)).shape == (3, 4) and x.new(size=[2]).dtype is ag.int64
    with pytest.raises(TypeError, match="class that does not inherit from Tensor"):
        x.as_subclass(int)


def test_the_table_may_stand_before_the_indices_of_embedding_bag():
    table, indices = ag.eye(3), ag.tensor([[0, 1], [2, 2]])
    with pytest.warns(UserWarning, match="Argument order of nn.functional.embedding_bag was changed"):
        found = ag.nn.functional.embedding_bag(table, indices, mode="sum")
    assert found.tolist() == [[1, 1, 0], [0, 0, 2]]
