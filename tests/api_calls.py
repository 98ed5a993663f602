"""How real programs call the names of the interface: for every name that they use, calls with the arguments that they give.

``CALLS`` maps a name, as a path from the package, to expressions. An expression stands in a namespace where ``T`` is the library and where
there are tensors of fixed values (:func:`namespace`). What an expression gives, and the gradients of it, were found with PyTorch once
and are kept in ``oracle/api_names.json`` (``oracle/api_names.py``); ``test_api_names.py`` compares.
"""

import copy
import io
import math
import os
import pickle
import tempfile


def namespace(T):
    """The names that expressions use. Tensors of letters require gradients where it says so."""
    n = T.nn
    tensor = T.tensor

    def image(*shape):
        count = math.prod(shape)
        return ((T.arange(count) * 7 % 11).float() / 3 - 1.5).reshape(shape).requires_grad_()

    def steps(make, count=3):
        """Parameters after some steps of an optimizer."""
        p = n.Parameter(tensor([1.0, -2.0, 3.0]))
        optimizer = make([p])
        for _ in range(count):

            def closure():
                optimizer.zero_grad()
                loss = ((p - tensor([0.5, 0.5, 1.0])) ** 2 * tensor([1.0, 2.0, 0.5])).sum()
                loss.backward()
                return loss

            optimizer.step(closure)
        return p.detach()

    def rates(make, count=5, metrics=None):
        """Learning rates of some steps under a schedule."""
        optimizer = T.optim.SGD([n.Parameter(T.zeros(1))], lr=0.5, momentum=0.9)
        schedule, found = make(optimizer), []
        for step in range(count):
            optimizer.step()
            schedule.step(*(() if metrics is None else (metrics[step],)))
            found.append(optimizer.param_groups[0]["lr"])
        return found

    class Square(T.autograd.Function):
        @staticmethod
        def forward(ctx, x, scale=1):
            ctx.save_for_backward(x)
            ctx.scale = scale
            return x * x * scale

        @staticmethod
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return (2 * x * g * ctx.scale if ctx.needs_input_grad[0] else None), None

    class Once(T.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 3

        @staticmethod
        @T.autograd.function.once_differentiable
        def backward(ctx, g):
            return g * 3

    class Net(n.Module):
        def __init__(self):
            super().__init__()
            self.one = n.Linear(3, 2)
            self.two = n.Sequential(n.Tanh(), n.Linear(2, 1))
            self.register_buffer("count", T.zeros(1))
            self.register_buffer("hidden", T.ones(1), persistent=False)

        def forward(self, x):
            return self.two(self.one(x))

    class Numbers(T.utils.data.Dataset):
        def __len__(self):
            return 5

        def __getitem__(self, i):
            return tensor(float(i)), i * i

    class Stream(T.utils.data.IterableDataset):
        def __iter__(self):
            return iter(range(5))

    def done(value, *actions):
        """A value, after what came before it."""
        return value

    def after(call, value):
        """What a value is after a call has changed it."""
        call(value)
        return value

    def raised(call):
        """The type of what a call raises."""
        try:
            call()
        except Exception as error:
            return type(error).__name__
        return None

    def grads(call, *inputs):
        """Gradients that a call leaves behind."""
        call()
        return [x.grad for x in inputs]

    def inside(context, call):
        with context:
            return call()

    def texts(value):
        return str(value).replace(T.__name__, "torch")

    return {
        "T": T,
        "n": n,
        "F": n.functional,
        "L": T.linalg,
        "D": getattr(T, "distributions", None),
        "copy": copy,
        "io": io,
        "math": math,
        "os": os,
        "pickle": pickle,
        "tempfile": tempfile,
        "x": tensor([[0.5, -1.2, 2.0], [1.5, 0.3, -0.7]], requires_grad=True),
        "y": tensor([[0.4, 1.1, 0.6], [2.2, 0.9, 1.3]], requires_grad=True),
        "u": tensor([[0.4, -0.1, 0.6], [-0.2, 0.9, 0.3]], requires_grad=True),
        "m": tensor([[2.0, 0.5, 0.1], [0.3, 1.5, 0.2], [0.4, 0.6, 3.0]], requires_grad=True),
        "s": tensor([[4.0, 1.0, 0.5], [1.0, 3.0, 0.2], [0.5, 0.2, 2.0]], requires_grad=True),
        "v": tensor([1.0, 2.0, 3.0], requires_grad=True),
        "w": tensor([0.3, -0.4, 1.2], requires_grad=True),
        "q": (T.arange(12.0) * 0.1 - 0.4).reshape(2, 2, 3).requires_grad_(),
        "r": (T.arange(12.0) * 0.2 - 1.0).reshape(2, 3, 2).requires_grad_(),
        "i": tensor([[0, 1, 1], [1, 0, 0]]),
        "k": tensor([3, 1, 2, 1]),
        "l": tensor([2, 0]),
        "b": tensor([[True, False, True], [False, True, False]]),
        "image": image,
        "steps": steps,
        "rates": rates,
        "Square": Square,
        "Once": Once,
        "Net": Net,
        "Numbers": Numbers,
        "Stream": Stream,
        "done": done,
        "after": after,
        "raised": raised,
        "grads": grads,
        "inside": inside,
        "texts": texts,
    }


#: Functions and methods of one name: arguments, the first of which is the tensor.
_BOTH = """
abs: x
acos: u
acosh: y+1
add: x, y; x, 2; x, y, alpha=3
addcmul: x, y, u, value=0.5
addcdiv: x, u, y, value=0.5
all: b; b, dim=1; b, dim=1, keepdim=True
allclose: x, x+1e-9; x, y, atol=5; x, y, rtol=1e-3; x*T.nan, x*T.nan, equal_nan=True
amax: x, dim=1; x, dim=0, keepdim=True
amin: x, dim=1; x, dim=(0, 1), keepdim=True
any: b; b, dim=1; b, dim=1, keepdim=True
arccos: u
argmax: x; x, dim=1; x, dim=1, keepdim=True; x, axis=0
argmin: x; x, dim=1
argsort: x; x, dim=0; x, dim=1, descending=True
asin: u
atan: x
atan2: x, y
bitwise_and: i, 1; b, ~b
bmm: q, r
broadcast_to: v, (2, 3)
ceil: x
cholesky_solve: m, L.cholesky(s); m, L.cholesky(s).mT, upper=True
chunk: x, 2, dim=1; x, chunks=3, dim=1; x, 2
clamp: x, min=0; x, max=1; x, min=-1, max=1; x, -0.5, 0.4; x, min=u
clamp_max: x, 0.4
clamp_min: x, 0.4
clip: x, min=0; x, max=1; x, -1, 1
clone: x; x, memory_format=T.preserve_format; x.t(), memory_format=T.contiguous_format
conj: x
cos: x
count_nonzero: i; i, dim=1
cross: x, y, dim=1
cumprod: y, 1; y, dim=0; y, axis=1
cumsum: x, 1; x, dim=0; x, axis=0; i, dim=1, dtype=T.float64
det: m
detach: x
diag: v; m; v, 1; m, -1
diag_embed: v; x, offset=1; x, offset=0, dim1=0, dim2=1
diagonal: m; m, offset=1; q, dim1=1, dim2=2; m, 0, -2, -1
div: x, y; x, 2; x, y, rounding_mode='floor'; x, y, rounding_mode='trunc'
dot: v, w
eq: i, 1; x, x
erf: x
exp: x
expm1: x
flatten: q; q, 1; q, start_dim=1; q, start_dim=0, end_dim=1
flip: x, [0]; x, dims=[1]; x, (0, 1)
floor: x
floor_divide: x.detach(), y.detach(); i, 2
fmod: x, y; x, 2
gather: x, 1, i; x, dim=1, index=i
gt: x, 0; x, y
histogram: x.detach(), bins=4; x.detach(), 4, range=(0.0, 2.0), density=True
index_select: x, 1, l; x, dim=0, index=l-l; x, dim=1, index=l
inverse: m
is_floating_point: x; i
isclose: x, y; x, y, rtol=1e-3, atol=2
isfinite: x; x/0
isinf: x/0
isnan: x*T.nan
kthvalue: x, 2; x, k=2, dim=1
le: x, 0; x, y
lerp: x, y, 0.3; x, y, weight=u
lgamma: y
log: y
log10: y
log1p: y
log2: y
log_softmax: x, 1; x, dim=0
logdet: s
logical_and: b, ~b; i, b
logical_or: b, i
logsumexp: x, 1; x, dim=1, keepdim=True; x, axis=0
lt: x, 0; x, y
masked_fill: x, b, 0.5
masked_select: x, b
matmul: x, m; q, r; m, v
matrix_exp: m
max: x; x, 1; x, dim=1; x, dim=1, keepdim=True; x, y; x, axis=0, keepdims=True
mean: x; x, 1; x, dim=1; x, dim=(0, 1); x, dim=1, keepdim=True; x, axis=0, keepdims=True
median: v; x, 1; x, dim=1
min: x; x, 1; x, dim=1; x, dim=1, keepdim=True; x, y; x, axis=0, keepdims=True
mm: x, m
mul: x, y; x, 3
multinomial: y.detach(), 2; y.detach(), num_samples=5, replacement=True; y.detach(), 1, generator=T.Generator().manual_seed(3)
mv: m, v
nan_to_num: x/0; x*T.nan, nan=1.0; x/0, posinf=3.0, neginf=-3.0; x/0, 0.0
ne: i, 1; x, y
neg: x
nonzero: i; i, as_tuple=True
norm: x; x, 1; x, dim=1; x, p=2, dim=1; x, p='fro'; x, dim=1, keepdim=True; x, 2, 1, True; x, p=float('inf')
numel: x
outer: v, w
permute: q, (2, 0, 1)
pow: y, 2; y, x; x, 3; y, 0.5
prod: x; x, 1; x, dim=1; x, dim=1, keepdim=True; i, dtype=T.float64
reciprocal: x
relu: x
repeat_interleave: x, 2; x, 2, dim=1; x, repeats=T.tensor([1, 2]), dim=0
reshape: x, shape=(3, 2); x, (3, 2); x, (-1,); q, (2, -1)
roll: x, 1; x, 1, 0; x, shifts=(1, 1), dims=(0, 1)
round: x; x*10, decimals=0
rsqrt: y
scatter_add: x, 1, i, y; x, dim=1, index=i, src=y
select: x, 1, 2; x, dim=0, index=1
sigmoid: x
sign: x
sin: x
sinh: x
softmax: x, 1; x, dim=0; x, dim=-1
sort: x; x, dim=0; x, dim=1, descending=True
split: x, 2, dim=1; x, [1, 2], 1
sqrt: y
square: x
squeeze: x.unsqueeze(0); x.unsqueeze(1), 1; x.unsqueeze(1), dim=1; x, 0
std: x; x, 1; x, dim=1; x, dim=1, unbiased=False; x, dim=1, keepdim=True; x, axis=0, keepdims=True
sub: x, y; x, 2; x, y, alpha=2
sum: x; x, 1; x, dim=1; x, dim=(0, 1); x, dim=1, keepdim=True; x, axis=0; x, axis=0, keepdims=True; i, dtype=T.float64; b
t: x
tan: u
tanh: x
tile: x, (2, 1)
topk: x, 2; x, k=2, dim=1; x, 1, largest=False; x, 2, sorted=True
transpose: x, 0, 1; q, dim0=1, dim1=2
tril: m; m, diagonal=-1; m, 1
triu: m; m, diagonal=1; m, -1
true_divide: x, y
unbind: x; x, dim=1; x, 1
unique: k; k, return_counts=True; k, return_inverse=True; i, dim=0; k, sorted=True
unsqueeze: x, 0; x, dim=1; x, -1
var: x; x, 1; x, dim=1; x, dim=1, unbiased=False; x, 1, keepdim=True; x, axis=0
cosh: x
deg2rad: x
rad2deg: x
digamma: y
frac: x
ge: x, 0; x, y
ger: v, w
histc: x.detach(), bins=4, min=-1, max=2
hypot: x, y
index_add: x, 1, l, T.ones(2, 2), alpha=2; x, 1, l, T.ones(2, 2)
logaddexp: x, y
maximum: x, y
minimum: x, y
mvlgamma: y+2, 2
nextafter: x.detach(), y.detach()
remainder: x, y; x, 2
slogdet: s
bincount: k; k, minlength=6
atanh: u
cummax: x, 1; x, dim=1
erfc: x
logical_not: b
logit: T.sigmoid(x)
movedim: q, 0, 2
multiply: x, y
absolute: x
narrow: x, 1, 0, 2
ravel: x
scatter: x, 1, i, y; x, 1, i, 2.0; x, dim=1, index=i, src=y
swapaxes: q, 0, 1
unflatten: x, 1, (3, 1)
renorm: x, 2, 0, 1.0
pinverse: m
index_put: x, (T.tensor([0, 1]), T.tensor([1, 1])), T.tensor([5.0, 6.0])
adjoint: m
arcsin: u
arctan: x
arctanh: u
addmm: m, m, m, beta=0.5, alpha=2
aminmax: x; x, dim=1
argwhere: i
concatenate: [x, y]; [x, y], dim=1
diff: x; x, dim=0
lu_solve: m, *L.lu_factor(s)
matrix_power: m, 3
unique_consecutive: k; k, return_counts=True, return_inverse=True; i, dim=0
take_along_dim: x, i, dim=1
tensor_split: x, 3, dim=1
put: x, T.tensor([0, 4]), T.tensor([5.0, 6.0]); x, T.tensor([1, 1]), v[:2], accumulate=True
"""

#: Functions, methods and attributes by whole expressions.
_CALLS = """
Tensor: T.Tensor([1.0, 2.0]); tuple(T.Tensor(2, 3).shape); isinstance(x, T.Tensor)
Tensor.T: x.T
Tensor.svd: m.detach().svd(some=True)[1]
svd: T.svd(m.detach(), some=True)[1]
Tensor.mT: q.mT
Tensor.mH: m.mH
Tensor.abs_: x.clone().abs_()
Tensor.add_: x.clone().add_(y); x.clone().add_(y, alpha=2); x.clone().add_(2)
Tensor.addcmul_: x.clone().addcmul_(y, u, value=0.5); x.clone().addcmul_(y, u)
Tensor.addcdiv_: x.clone().addcdiv_(u, y, value=-0.5); x.clone().addcdiv_(u, y)
Tensor.as_subclass: x.as_subclass(T.Tensor)
Tensor.backward: grads(lambda: x.sum().backward(), x); grads(lambda: (x * x).backward(gradient=y.detach()), x); grads(lambda: (x**2).sum().backward(retain_graph=True), x); grads(lambda: (x**3).sum().backward(create_graph=True), x)
Tensor.bernoulli_: T.zeros(6).bernoulli_(0.4)
Tensor.byte: k.byte()
Tensor.cholesky_inverse: L.cholesky(s).cholesky_inverse()
Tensor.resize: x.resize(3, 2)
Tensor.clamp_: x.clone().clamp_(min=0); x.clone().clamp_(max=1); x.clone().clamp_(-1, 1)
Tensor.clamp_max_: x.clone().clamp_max_(0.4)
Tensor.clamp_min_: x.clone().clamp_min_(0.4)
Tensor.contiguous: x.t().contiguous().stride(); x.t().contiguous()
Tensor.copy_: T.zeros(2, 3).copy_(x)
Tensor.cos_: x.clone().cos_()
Tensor.cpu: x.cpu()
Tensor.cuda: raised(lambda: x.cuda())
Tensor.data: x.data; x.data.requires_grad
Tensor.data_ptr: x.data_ptr() == x.detach().data_ptr()
Tensor.detach_: (x * 2).detach_().requires_grad
Tensor.device: str(x.device); x.device.type; x.device == T.device('cpu')
Tensor.dtype: texts(x.dtype); i.dtype == T.int64
Tensor.dim: q.dim()
Tensor.div_: x.clone().div_(y); x.clone().div_(2)
Tensor.element_size: x.element_size()
Tensor.exp_: x.clone().exp_()
Tensor.expand: v.expand(2, 3); v.expand(2, -1); v.expand([2, 3])
Tensor.expand_as: v.expand_as(x)
Tensor.exponential_: T.empty(4).exponential_()
Tensor.fill_: T.zeros(2, 3).fill_(2.5)
Tensor.fill_diagonal_: T.zeros(3, 3).fill_diagonal_(2.5)
Tensor.floor_: x.clone().floor_()
Tensor.get_device: x.get_device()
Tensor.grad: after(lambda z: (z * 2).sum().backward(), x).grad; x.grad is None
Tensor.grad_fn: x.grad_fn is None; (x + 1).grad_fn.name(); (x * 2).sum().grad_fn.next_functions[0][0].name()
Tensor.index_add_: x.clone().index_add_(1, l, T.ones(2, 2))
Tensor.index_fill_: x.clone().index_fill_(1, l, 7.0)
Tensor.index_put_: x.clone().index_put_((T.tensor([0]), T.tensor([1])), T.tensor(9.0))
Tensor.is_contiguous: x.is_contiguous(); x.t().is_contiguous()
Tensor.is_cuda: x.is_cuda
Tensor.is_leaf: x.is_leaf; (x * 2).is_leaf
Tensor.is_mps: x.is_mps
Tensor.is_quantized: x.is_quantized
Tensor.is_signed: x.is_signed(); k.byte().is_signed()
Tensor.item: x.sum().item(); i[0, 1].item(); b[0, 0].item()
Tensor.layout: texts(x.layout)
Tensor.log_: y.clone().log_()
Tensor.masked_fill_: x.clone().masked_fill_(b, 2.0)
Tensor.masked_scatter: x.masked_scatter(b, T.arange(6.0))
Tensor.masked_scatter_: x.clone().masked_scatter_(b, T.arange(6.0))
Tensor.mul_: x.clone().mul_(y); x.clone().mul_(3)
Tensor.ndim: q.ndim
Tensor.ndimension: q.ndimension()
Tensor.neg_: x.clone().neg_()
Tensor.nelement: q.nelement()
Tensor.new: x.new([1.0, 2.0]); tuple(x.new(2, 3).shape)
Tensor.new_empty: x.new_empty(2, 3).shape == (2, 3); texts(x.new_empty((2,), dtype=T.int64).dtype)
Tensor.new_full: x.new_full((2, 2), 3.5)
Tensor.new_ones: x.new_ones(2, 3); i.new_ones((2,))
Tensor.new_tensor: x.new_tensor([1, 2]); x.new_tensor([1, 2], dtype=T.int64)
Tensor.new_zeros: x.new_zeros(2, 3); x.new_zeros(size=(2,)); x.new_zeros((2,), dtype=T.int64, device='cpu')
Tensor.normal_: T.empty(4).normal_(); T.empty(4).normal_(mean=1, std=2); T.empty(20).normal_(0, 0.1)
Tensor.numpy: x.detach().numpy().tolist(); x.numpy(force=True).tolist()
Tensor.pin_memory: raised(lambda: x.pin_memory())
Tensor.pow_: y.clone().pow_(2)
Tensor.random_: T.empty(4).random_(0, 10); T.empty(4, dtype=T.int64).random_(5)
Tensor.reciprocal_: x.clone().reciprocal_()
Tensor.register_hook: grads(lambda: (x.register_hook(lambda g: g * 2), x.sum().backward()), x)
Tensor.renorm_: x.clone().renorm_(2, 0, 1.0)
Tensor.repeat: x.repeat(2, 1); v.repeat(2, 2)
Tensor.requires_grad: x.requires_grad; i.requires_grad
Tensor.requires_grad_: T.zeros(2).requires_grad_().requires_grad; T.zeros(2).requires_grad_(False).requires_grad
Tensor.reshape_as: x.reshape_as(x.t())
Tensor.resize_as_: tuple(T.zeros(3).resize_as_(x).shape)
Tensor.retain_grad: grads(lambda: None) or after(lambda z: (z.retain_grad(), z.sum().backward()), x * 2).grad
Tensor.retains_grad: after(lambda z: z.retain_grad(), x * 2).retains_grad; (x * 2).retains_grad
Tensor.round_: x.clone().round_()
Tensor.rsqrt_: y.clone().rsqrt_()
Tensor.scatter_: x.clone().scatter_(1, i, y); T.zeros(2, 3).scatter_(1, i, 1); T.zeros(2, 3).scatter_(dim=1, index=i, value=2.0); T.zeros(2, 3).scatter_(1, i, 1.0)
Tensor.scatter_add_: x.clone().scatter_add_(1, i, y); x.clone().scatter_add_(dim=1, index=i, src=y)
Tensor.set_: T.zeros(1).set_(source=x.detach())
Tensor.shape: x.shape == (2, 3); list(x.shape); x.shape[0]; x.shape[-1]; x.shape.numel(); isinstance(x.shape, tuple)
Tensor.share_memory_: x.detach().share_memory_()
Tensor.size: list(x.size()); x.size(0); x.size(-1); x.size(dim=1)
Tensor.sqrt_: y.clone().sqrt_()
Tensor.squeeze_: x.detach().unsqueeze(0).squeeze_(); x.detach().unsqueeze(1).squeeze_(dim=1)
Tensor.storage: x.storage().data_ptr() == x.data_ptr(); len(x.storage())
Tensor.storage_offset: x[1].storage_offset()
Tensor.stride: x.stride(); x.t().stride(0)
Tensor.sub_: x.clone().sub_(y); x.clone().sub_(y, alpha=2)
Tensor.to: x.to(T.float64); x.to('cpu'); x.to(dtype=T.float64); x.to(device='cpu', non_blocking=True); x.to(i); x.to('cpu', T.float64)
Tensor.tolist: x.tolist(); i.tolist(); x.sum().tolist()
Tensor.transpose_: x.detach().transpose_(0, 1)
Tensor.tril_: m.clone().tril_()
Tensor.triu_: m.clone().triu_(1)
Tensor.type: texts(x.type()); x.type(T.float64); x.type('torch.DoubleTensor'); x.type(dtype=T.int64); i.type(T.FloatTensor)
Tensor.type_as: i.type_as(x)
Tensor.unfold: x.unfold(1, 2, 1)
Tensor.uniform_: T.empty(4).uniform_(); T.empty(20).uniform_(-1, 2); T.empty(4).uniform_(generator=T.Generator().manual_seed(4))
Tensor.unsqueeze_: x.detach().unsqueeze_(0)
Tensor.untyped_storage: x.untyped_storage().nbytes()
Tensor.view: x.view(3, 2); x.view(-1); x.view((6,)); x.detach().view(T.int32)
Tensor.view_as: x.view_as(x.t())
Tensor.where: x.where(x > 0, y)
Tensor.zero_: T.ones(2).zero_()
Tensor.bool: i.bool(); x.bool()
Tensor.double: x.double()
Tensor.float: i.float()
Tensor.half: x.half()
Tensor.int: x.int()
Tensor.long: x.long()
BoolTensor: T.BoolTensor([True, False])
ByteTensor: T.ByteTensor([1, 2])
DoubleTensor: T.DoubleTensor([1, 2])
FloatTensor: T.FloatTensor([1, 2]); tuple(T.FloatTensor(2, 3).shape); isinstance(x, T.FloatTensor)
IntTensor: T.IntTensor([1, 2])
LongTensor: T.LongTensor([1, 2]); T.LongTensor([[1], [2]])
Generator: T.rand(3, generator=T.Generator().manual_seed(5)); T.Generator(device='cpu').manual_seed(7).initial_seed()
Size: T.Size([2, 3]).numel(); T.Size((1, 2)) + T.Size((3,))
__version__: isinstance(T.__version__, str)
real: T.real(T.complex(x, y))
imag: T.imag(T.complex(x, y))
Tensor.real: T.complex(x, y).real; x.real
Tensor.imag: T.complex(x, y).imag
_assert_async: T._assert_async(T.tensor(True))
arange: T.arange(5); T.arange(1, 6, 2); T.arange(0, 1, 0.25); T.arange(3, dtype=T.float64, device='cpu'); T.arange(start=1, end=7, step=3); T.arange(4, out=T.empty(0))
as_strided: T.as_strided(x, (2, 2), (1, 2))
as_tensor: T.as_tensor([1, 2]); T.as_tensor([1, 2], dtype=T.float32, device='cpu'); T.as_tensor(x) is x
asarray: T.asarray([1, 2]); T.asarray([1, 2], dtype=T.float32)
atleast_1d: T.atleast_1d(T.tensor(1.0))
atleast_2d: T.atleast_2d(v)
autocast: inside(T.autocast(device_type='cpu', enabled=False, dtype=T.bfloat16), lambda: x @ m)
bernoulli: T.bernoulli(T.full((6,), 0.4))
bfloat16: texts(T.bfloat16)
block_diag: T.block_diag(x, v)
broadcast_shapes: list(T.broadcast_shapes((2, 1), (3,)))
broadcast_tensors: T.broadcast_tensors(x, v)
bucketize: T.bucketize(x, T.tensor([-1.0, 0.0, 1.0])); T.bucketize(x, T.tensor([-1.0, 0.0, 1.0]), right=True)
bool: T.tensor([0, 1], dtype=T.bool)
cartesian_prod: T.cartesian_prod(v, w)
cat: T.cat([x, y]); T.cat((x, y), 1); T.cat([x, y], dim=-1); T.cat([x, y], axis=0)
cdist: T.cdist(x, y); T.cdist(x, y, p=1)
cdouble: texts(T.cdouble)
cfloat: texts(T.cfloat)
complex: T.complex(x, y)
complex128: T.zeros(2, dtype=T.complex128)
complex64: T.zeros(2, dtype=T.complex64)
complex32: texts(T.complex32)
concat: T.concat([x, y]); T.concat([x, y], dim=1)
contiguous_format: texts(T.contiguous_format)
conv2d: T.conv2d(image(1, 2, 4, 4), image(3, 2, 2, 2))
conv3d: T.conv3d(image(1, 1, 3, 3, 3), image(1, 1, 2, 2, 2))
cov: T.cov(x)
cumulative_trapezoid: T.cumulative_trapezoid(x); T.cumulative_trapezoid(x, dim=0)
device: str(T.device('cpu')); T.device('cuda').type; T.device('cuda:1').index; T.device('cpu') == T.device('cpu'); T.device('meta').type
dist: T.dist(x, y)
double: texts(T.double)
dtype: isinstance(T.float32, T.dtype)
e: T.e
einsum: T.einsum('ij,jk->ik', x, m); T.einsum('bij,bjk->bik', q, r); T.einsum('ij->', x); T.einsum('ii->i', m); T.einsum(x, [0, 1], m, [1, 2], [0, 2])
empty: tuple(T.empty(2, 3).shape); texts(T.empty((2,), dtype=T.int64, device='cpu').dtype); tuple(T.empty(size=(2,)).shape); T.empty(2, requires_grad=True).requires_grad
empty_like: tuple(T.empty_like(x).shape); texts(T.empty_like(x, dtype=T.int64, memory_format=T.contiguous_format).dtype)
enable_grad: inside(T.no_grad(), lambda: inside(T.enable_grad(), lambda: (x * 2).requires_grad))
equal: T.equal(x, x); T.equal(x, y)
eye: T.eye(3); T.eye(2, 3, dtype=T.float64, device='cpu'); T.eye(2, requires_grad=True).requires_grad; T.eye(2, out=T.empty(0)); T.eye(2, layout=T.strided)
finfo: T.finfo(T.float32).eps; T.finfo(T.float64).max; T.finfo(T.float32).tiny
float: texts(T.float)
float16: texts(T.float16)
float32: texts(T.float32)
float64: texts(T.float64)
frombuffer: T.frombuffer(bytearray(b'abcd'), dtype=T.uint8)
from_numpy: T.from_numpy(x.detach().numpy())
full: T.full((2, 3), 1.5); T.full(size=(2,), fill_value=3, dtype=T.float64, device='cpu'); T.full((2,), 1.0, requires_grad=True).requires_grad
full_like: T.full_like(x, 2.0); T.full_like(x, fill_value=3, memory_format=T.preserve_format)
get_default_device: str(T.get_default_device())
get_default_dtype: texts(T.get_default_dtype())
get_num_threads: T.get_num_threads() >= 1
get_rng_state: texts(T.get_rng_state().dtype)
half: texts(T.half)
hstack: T.hstack([x, y])
iinfo: T.iinfo(T.int32).max; T.iinfo(T.uint8).min
inf: T.inf
inference_mode: inside(T.inference_mode(), lambda: (x * 2).requires_grad)
initial_seed: done(T.initial_seed(), T.manual_seed(11)) is not None
int: texts(T.int)
int16: texts(T.int16)
int32: texts(T.int32)
int64: texts(T.int64)
int8: texts(T.int8)
is_autocast_cpu_enabled: T.is_autocast_cpu_enabled()
is_autocast_enabled: T.is_autocast_enabled()
is_complex: T.is_complex(x)
is_grad_enabled: T.is_grad_enabled()
is_tensor: T.is_tensor(x); T.is_tensor([1])
linspace: T.linspace(0, 1, 5); T.linspace(start=0, end=2, steps=3, dtype=T.float64, device='cpu'); T.linspace(0, 1, 3, requires_grad=True).requires_grad
load: T.load(after(lambda f: (T.save({'a': x}, f), f.seek(0)), io.BytesIO()), map_location='cpu', weights_only=True)['a']; T.load(after(lambda f: (T.save({'a': x}, f), f.seek(0)), io.BytesIO()), pickle_module=pickle, weights_only=False)['a']; T.load(after(lambda f: T.save({'a': x.detach()}, f), os.path.join(tempfile.mkdtemp(), 'a.pt')), mmap=True)['a']
long: texts(T.long)
logspace: T.logspace(0, 2, 3); T.logspace(0, 3, steps=4, base=2)
lu: T.lu(m.detach())[1]; T.lu(m.detach(), get_infos=True)[2]
lu_unpack: T.lu_unpack(*L.lu_factor(m.detach()))[0]; T.lu_unpack(*L.lu_factor(m.detach()), unpack_data=True)[1]
manual_seed: done(T.rand(3), T.manual_seed(9)); after(lambda z: T.manual_seed(9), T.zeros(1)) + T.rand(1)
meshgrid: T.meshgrid(v, w, indexing='ij'); T.meshgrid(v, w, indexing='xy')
nan: math.isnan(T.nan)
no_grad: inside(T.no_grad(), lambda: (x * 2).requires_grad); T.no_grad()(lambda: (x * 2).requires_grad)()
normal: T.normal(0.0, 1.0, size=(4,)); T.normal(mean=0.0, std=2.0, size=(3,), dtype=T.float64, device='cpu'); T.normal(v.detach(), v.detach())
ones: T.ones(2, 3); T.ones((2,), dtype=T.int64, device='cpu'); T.ones(size=(2,), requires_grad=True); T.ones(2, layout=T.strided)
ones_like: T.ones_like(x); T.ones_like(x, dtype=T.int64, device='cpu'); T.ones_like(x, memory_format=T.preserve_format)
pca_lowrank: tuple(T.pca_lowrank(x.detach(), q=2)[0].shape)
pi: T.pi
poisson: tuple(T.poisson(y.detach()).shape)
polar: T.polar(y, x)
preserve_format: texts(T.preserve_format)
promote_types: texts(T.promote_types(T.int32, T.float32))
rand: T.rand(4); T.rand(size=(2, 2), dtype=T.float64, device='cpu'); T.rand(2, generator=T.Generator().manual_seed(1)); T.rand(2, requires_grad=True).requires_grad
rand_like: T.rand_like(x); T.rand_like(x, dtype=T.float64, device='cpu')
randint: T.randint(10, (4,)); T.randint(low=2, high=9, size=(3,), dtype=T.int32, device='cpu'); T.randint(0, 5, (2, 2), generator=T.Generator().manual_seed(2))
randint_like: T.randint_like(x, 5); T.randint_like(x, high=9, dtype=T.int64, memory_format=T.preserve_format)
randn: T.randn(4); T.randn(2, 9); T.randn(size=(2,), dtype=T.float64, device='cpu'); T.randn(2, generator=T.Generator().manual_seed(1)); T.randn(2, requires_grad=True).requires_grad
randn_like: T.randn_like(x); T.randn_like(x, device='cpu')
randperm: T.randperm(6); T.randperm(5, device='cpu', dtype=T.int32); T.randperm(5, generator=T.Generator().manual_seed(3))
save: after(lambda f: T.save([x.detach(), 1], f), io.BytesIO()).tell() > 0; after(lambda f: T.save([x.detach(), 1], f, pickle_protocol=2), io.BytesIO()).tell() > 0; after(lambda f: T.save([x.detach(), 1], f, pickle_module=pickle), io.BytesIO()).tell() > 0
searchsorted: T.searchsorted(v, T.tensor([0.5, 2.0])); T.searchsorted(v, T.tensor([2.0]), right=True); T.searchsorted(v, T.tensor([2.0]), side='right')
selu_: T.selu_(x.clone())
set_default_device: T.set_default_device('cpu'); T.set_default_device(None)
set_default_dtype: done(texts(T.zeros(1).dtype), T.set_default_dtype(T.float32))
set_default_tensor_type: T.set_default_tensor_type('torch.FloatTensor'); T.set_default_tensor_type(T.FloatTensor)
set_float32_matmul_precision: T.set_float32_matmul_precision('high')
set_grad_enabled: inside(T.set_grad_enabled(False), lambda: (x * 2).requires_grad)
set_num_threads: T.set_num_threads(T.get_num_threads())
set_printoptions: done(T.set_printoptions(precision=3), T.set_printoptions(precision=4))
set_rng_state: done(T.rand(2), T.set_rng_state(T.Generator().manual_seed(3).get_state()))
short: texts(T.short)
sigmoid_: T.sigmoid_(x.clone())
spmm: T.spmm(T.sparse_coo_tensor([[0, 1], [2, 0]], [3.0, 4.0], (2, 3)), m)
split: T.split(x, split_size_or_sections=1, dim=0)
stack: T.stack([x, y]); T.stack([x, y], dim=1); T.stack([x, y], axis=-1); T.stack((x, y), 2)
std_mean: T.std_mean(x); T.std_mean(x, dim=1, keepdim=True)
strided: texts(T.strided)
tensor: T.tensor([1.0, 2.0]); T.tensor([[1, 2]]); T.tensor([1, 2], dtype=T.float64, device='cpu'); T.tensor([1.0], requires_grad=True).requires_grad; T.tensor(3); T.tensor(True)
tensordot: T.tensordot(q, r, dims=([1, 2], [2, 1])); T.tensordot(m, m, dims=1)
trapezoid: T.trapezoid(x, dim=0); T.trapezoid(x, x=v)
tril_indices: T.tril_indices(3, 3); T.tril_indices(3, 3, dtype=T.int32)
triu_indices: T.triu_indices(3, 3); T.triu_indices(3, 3, offset=1)
typename: T.typename(1)
uint8: texts(T.uint8)
uint16: texts(T.uint16)
uint32: texts(T.uint32)
uint64: texts(T.uint64)
float4_e2m1fn_x2: texts(T.float4_e2m1fn_x2)
float8_e4m3fn: texts(T.float8_e4m3fn)
float8_e4m3fnuz: texts(T.float8_e4m3fnuz)
float8_e5m2: texts(T.float8_e5m2)
float8_e5m2fnuz: texts(T.float8_e5m2fnuz)
float8_e8m0fnu: texts(T.float8_e8m0fnu)
use_deterministic_algorithms: done(T.are_deterministic_algorithms_enabled(), T.use_deterministic_algorithms(True), T.use_deterministic_algorithms(False))
view_as_complex: T.view_as_complex(T.stack([x, y], -1))
view_as_real: T.view_as_real(T.complex(x, y))
vmap: T.vmap(lambda z: z * z.sum())(x)
vstack: T.vstack([x, y])
where: T.where(x > 0, x, y); T.where(x > 0, x, 0.0); T.where(b)
zeros: T.zeros(2, 3); T.zeros((2,), dtype=T.int64, device='cpu'); T.zeros(size=(2,), requires_grad=True); T.zeros(2, layout=T.strided)
zeros_like: T.zeros_like(x); T.zeros_like(x, dtype=T.int64, device='cpu'); T.zeros_like(x, memory_format=T.preserve_format); T.zeros_like(x, requires_grad=True).requires_grad
max: T.max(x.detach(), 1, out=(T.empty(0), T.empty(0, dtype=T.int64)))
mul: T.mul(x.detach(), y.detach(), out=T.empty(2, 3))
add: T.add(x.detach(), 1, out=T.empty(2, 3))
sub: T.sub(x.detach(), 1, out=T.empty(2, 3))
rsqrt: T.rsqrt(y.detach(), out=T.empty(2, 3))
norm: T.norm(input=x, p=2, dim=1)
multinomial: T.multinomial(input=y.detach(), num_samples=1)
solve: raised(lambda: T.solve(m, m))
Tensor.solve: raised(lambda: m.solve(m))
classes: T.classes is not None
from_dlpack: T.from_dlpack(x.detach())
autograd.Function: Square.apply(x); Square.apply(x, 3)
autograd.Function.apply: Square.apply(x, 2)
autograd.Variable: T.autograd.Variable(x.detach(), volatile=False).requires_grad; T.autograd.Variable(x.detach(), requires_grad=True).requires_grad; isinstance(x, T.autograd.Variable)
autograd.backward: grads(lambda: T.autograd.backward([x.sum(), (x * 2).sum()]), x); grads(lambda: T.autograd.backward(x * 2, y.detach()), x)
autograd.function.FunctionCtx: T.autograd.function.FunctionCtx is not None
autograd.function.FunctionCtx.needs_input_grad: Square.apply(x)
autograd.function.FunctionCtx.save_for_backward: Square.apply(x)
autograd.function.FunctionCtx.saved_tensors: Square.apply(x)
autograd.function.once_differentiable: Once.apply(x); raised(lambda: T.autograd.grad(T.autograd.grad(Once.apply(x).sum(), x, create_graph=True)[0].sum(), x))
autograd.functional.jacobian: T.autograd.functional.jacobian(lambda z: z.exp().sum(1), x.detach()); T.autograd.functional.jacobian(lambda z: z**2, v.detach(), create_graph=True); T.autograd.functional.jacobian(lambda z: z**2, v.detach(), vectorize=True, strategy='reverse-mode'); T.autograd.functional.jacobian(lambda z: z**2, v.detach(), strict=False)
autograd.functional.vjp: T.autograd.functional.vjp(lambda z: z**2, v.detach(), w.detach())
autograd.grad: T.autograd.grad((x**2).sum(), x); T.autograd.grad(outputs=(x**2).sum(), inputs=[x, y], allow_unused=True, retain_graph=True); T.autograd.grad(x * 2, x, grad_outputs=y.detach()); T.autograd.grad((x**3).sum(), x, create_graph=True, only_inputs=True); T.autograd.grad(x.sum(), [x, y], allow_unused=True, materialize_grads=True)
autograd.gradcheck: T.autograd.gradcheck(lambda z: z**2, v.double().detach().requires_grad_(), eps=1e-6, atol=1e-4, rtol=1e-3, raise_exception=True, fast_mode=False, nondet_tol=0.0)
autograd.gradgradcheck: T.autograd.gradgradcheck(lambda z: z**3, v.double().detach().requires_grad_(), eps=1e-6, atol=1e-4, rtol=1e-3)
func.functional_call: T.func.functional_call(n.Linear(3, 2), {'weight': T.ones(2, 3), 'bias': T.zeros(2)}, (x,))
func.grad: T.func.grad(lambda z: (z**3).sum())(v.detach()); T.func.grad(lambda a, c: (a * c).sum(), argnums=1)(v.detach(), w.detach())
func.grad_and_value: T.func.grad_and_value(lambda z: (z**3).sum())(v.detach())
func.hessian: T.func.hessian(lambda z: (z**3).sum())(v.detach()); T.func.hessian(lambda a, c: (a * c**2).sum(), argnums=1)(v.detach(), w.detach())
func.jacrev: T.func.jacrev(lambda z: z**2)(v.detach()); T.func.jacrev(lambda a, c: a * c, argnums=1)(v.detach(), w.detach())
func.jvp: T.func.jvp(lambda z: z**2, (v.detach(),), (w.detach(),))
func.vmap: T.func.vmap(lambda z, c: z @ c, in_dims=(0, None))(x, v); T.func.vmap(lambda z: z.sum(), chunk_size=1)(x)
fft.fft: T.fft.fft(v)
fft.irfft: T.fft.irfft(T.fft.rfft(v), n=3)
fft.rfft: T.fft.rfft(v); T.fft.rfft(v, n=4)
fft.rfftn: T.fft.rfftn(x, dim=(0, 1)); T.fft.rfftn(x, s=(2, 2))
fft.irfftn: T.fft.irfftn(T.fft.rfftn(x), s=(2, 3)); T.fft.irfftn(T.fft.rfftn(x), dim=(0, 1))
linalg.LinAlgError: issubclass(L.LinAlgError, RuntimeError)
linalg.cholesky: L.cholesky(s)
linalg.cholesky_ex: L.cholesky_ex(s)[0]
linalg.cross: L.cross(x, y); L.cross(x, y, dim=1)
linalg.det: L.det(m)
linalg.eig: L.eig(m.detach())[0].abs().sort().values
linalg.eigh: L.eigh(s)[0]; L.eigh(s)[1].abs()
linalg.eigvals: L.eigvals(m.detach()).abs().sort().values
linalg.eigvalsh: L.eigvalsh(s)
linalg.inv: L.inv(m)
linalg.inv_ex: L.inv_ex(m)[0]
linalg.lstsq: L.lstsq(m, x.t())[0]
linalg.lu_factor: L.lu_factor(m.detach())[0]; L.lu_factor(m.detach(), pivot=True)[1]
linalg.lu_factor_ex: L.lu_factor_ex(m.detach())[0]
linalg.lu_solve: L.lu_solve(*L.lu_factor(m.detach()), x.t())
linalg.matrix_rank: L.matrix_rank(m)
linalg.norm: L.norm(x); L.norm(x, dim=1); L.norm(x, ord=1, dim=1, keepdim=True); L.norm(m, ord='fro')
linalg.qr: L.qr(m.detach())[1].abs(); L.qr(x.t().detach(), mode='reduced')[1].abs()
linalg.solve: L.solve(m, x.t())
linalg.solve_triangular: L.solve_triangular(m.tril(), x.t(), upper=False); L.solve_triangular(m.triu(), x, upper=True, left=False); L.solve_triangular(m.triu(), x.t(), upper=True, unitriangular=True)
linalg.svd: L.svd(m)[1]; L.svd(x, full_matrices=False)[1]
linalg.svdvals: L.svdvals(m)
linalg.vecdot: L.vecdot(x, y)
special.expit: T.special.expit(x)
special.logit: T.special.logit(T.sigmoid(x))
nn.AdaptiveAvgPool1d: n.AdaptiveAvgPool1d(output_size=2)(image(1, 2, 7))
nn.AdaptiveAvgPool2d: n.AdaptiveAvgPool2d(output_size=2)(image(1, 2, 5, 4)); n.AdaptiveAvgPool2d((1, 1))(image(1, 2, 5, 4))
nn.AdaptiveAvgPool3d: n.AdaptiveAvgPool3d(output_size=(1, 2, 1))(image(1, 1, 3, 4, 3))
nn.AdaptiveMaxPool2d: n.AdaptiveMaxPool2d(2)(image(1, 2, 5, 4))
nn.AdaptiveMaxPool3d: n.AdaptiveMaxPool3d(2)(image(1, 1, 3, 4, 3))
nn.AvgPool1d: n.AvgPool1d(kernel_size=2, stride=1, padding=1)(image(1, 2, 7))
nn.AvgPool2d: n.AvgPool2d(kernel_size=2, stride=1, padding=1, count_include_pad=False)(image(1, 2, 5, 4)); n.AvgPool2d(2)(image(1, 2, 5, 4))
nn.AvgPool3d: n.AvgPool3d(kernel_size=2, stride=1, padding=1)(image(1, 1, 3, 4, 3))
nn.BCELoss: n.BCELoss()(T.sigmoid(x), b.float())
nn.BCEWithLogitsLoss: n.BCEWithLogitsLoss()(x, b.float()); n.BCEWithLogitsLoss(reduction='sum')(x, b.float())
nn.BatchNorm1d: n.BatchNorm1d(3)(x); n.BatchNorm1d(num_features=3, affine=False, eps=1e-3, momentum=0.5)(x)
nn.BatchNorm2d: n.BatchNorm2d(2)(image(2, 2, 3, 3)); n.BatchNorm2d(num_features=2, affine=False, eps=1e-3, momentum=0.5, track_running_stats=False)(image(2, 2, 3, 3))
nn.BatchNorm3d: n.BatchNorm3d(num_features=2)(image(2, 2, 2, 2, 2))
nn.Bilinear: n.Bilinear(3, 3, 2, bias=False)(x, y)
nn.CELU: n.CELU()(x)
nn.Conv1d: n.Conv1d(2, 4, 3)(image(1, 2, 7)); n.Conv1d(in_channels=2, out_channels=4, kernel_size=3, stride=2, padding=2, dilation=2, groups=2, bias=False, padding_mode='reflect')(image(1, 2, 7))
nn.Conv2d: n.Conv2d(2, 4, 3)(image(1, 2, 5, 5)); n.Conv2d(in_channels=2, out_channels=4, kernel_size=3, stride=2, padding=1, dilation=1, groups=2, bias=False, padding_mode='circular')(image(1, 2, 5, 5)); n.Conv2d(2, 2, (1, 3), padding='same')(image(1, 2, 5, 5))
nn.Conv3d: n.Conv3d(in_channels=2, out_channels=2, kernel_size=2, stride=1, padding=1, dilation=1, groups=2, bias=False, padding_mode='zeros')(image(1, 2, 3, 3, 3))
nn.ConvTranspose1d: n.ConvTranspose1d(in_channels=2, out_channels=2, kernel_size=3, stride=2, padding=1, groups=2, bias=False, dilation=1, padding_mode='zeros')(image(1, 2, 5))
nn.ConvTranspose2d: n.ConvTranspose2d(in_channels=2, out_channels=2, kernel_size=3, stride=2, padding=1, output_padding=1, groups=1, bias=True, dilation=1, padding_mode='zeros')(image(1, 2, 3, 3))
nn.ConvTranspose3d: n.ConvTranspose3d(in_channels=2, out_channels=2, kernel_size=2, stride=2, padding=0, groups=1, bias=False, dilation=1, padding_mode='zeros')(image(1, 2, 2, 2, 2))
nn.CrossEntropyLoss: n.CrossEntropyLoss()(x, l); n.CrossEntropyLoss(reduction='none')(x, l); n.CrossEntropyLoss(ignore_index=0)(x, l)
nn.Dropout: n.Dropout(0.5)(x); n.Dropout(p=0.3).eval()(x)
nn.Dropout2d: n.Dropout2d(p=0.5)(image(2, 3, 2, 2)); n.Dropout2d(p=0.5, inplace=True)(image(2, 3, 2, 2).clone())
nn.ELU: n.ELU(alpha=0.5)(x); n.ELU(inplace=True)(x.clone())
nn.Embedding: n.Embedding(4, 3)(k); n.Embedding(num_embeddings=4, embedding_dim=3, padding_idx=1, device='cpu', dtype=T.float64)(k)
nn.EmbeddingBag: n.EmbeddingBag(4, 3)(i)
nn.Flatten: n.Flatten()(q); n.Flatten(0, 1)(q)
nn.GELU: n.GELU()(x); n.GELU(approximate='tanh')(x)
nn.GLU: n.GLU()(image(2, 4))
nn.GRU: n.GRU(3, 2)(q)[0]; n.GRU(input_size=3, hidden_size=2, batch_first=True, bidirectional=True)(q)[0]
nn.GRUCell: n.GRUCell(3, 2)(x)
nn.GroupNorm: n.GroupNorm(2, 4)(image(1, 4, 2, 2))
nn.Hardshrink: n.Hardshrink()(x)
nn.Hardsigmoid: n.Hardsigmoid()(x)
nn.Hardswish: n.Hardswish()(x)
nn.Hardtanh: n.Hardtanh(min_val=-0.5, max_val=0.7)(x)
nn.Identity: n.Identity()(x); n.Identity(5, unused=3)(x)
nn.InstanceNorm2d: n.InstanceNorm2d(2, affine=True, track_running_stats=True)(image(2, 2, 3, 3))
nn.KLDivLoss: n.KLDivLoss(reduction='batchmean')(x.log_softmax(1), y.softmax(1))
nn.L1Loss: n.L1Loss()(x, y); n.L1Loss(reduction='sum')(x, y)
nn.LSTM: n.LSTM(3, 2)(q)[0]; n.LSTM(input_size=3, hidden_size=2, num_layers=2, batch_first=True, dropout=0.0, bidirectional=True)(q)[0]; n.LSTM(3, 2)(q)[1][1]
nn.LSTMCell: n.LSTMCell(3, 2)(x)[1]
nn.LayerNorm: n.LayerNorm(3)(x); n.LayerNorm((3,), eps=1e-3, elementwise_affine=False)(x); n.LayerNorm(3, bias=False)(x)
nn.LeakyReLU: n.LeakyReLU(0.2)(x); n.LeakyReLU(negative_slope=0.3, inplace=True)(x.clone())
nn.Linear: n.Linear(3, 2)(x); n.Linear(in_features=3, out_features=2, bias=False, device='cpu', dtype=T.float32)(x)
nn.LocalResponseNorm: n.LocalResponseNorm(2, alpha=1e-2, beta=0.5, k=2.0)(image(1, 4, 3, 3))
nn.LogSigmoid: n.LogSigmoid()(x)
nn.LogSoftmax: n.LogSoftmax(dim=1)(x)
nn.MSELoss: n.MSELoss()(x, y); n.MSELoss(reduction='none')(x, y)
nn.MaxPool1d: n.MaxPool1d(kernel_size=2, stride=1, padding=1, dilation=1, ceil_mode=True)(image(1, 2, 7))
nn.MaxPool2d: n.MaxPool2d(2)(image(1, 2, 5, 5)); n.MaxPool2d(kernel_size=2, stride=2, padding=1, dilation=1, ceil_mode=True, return_indices=True)(image(1, 2, 5, 5))
nn.MaxPool3d: n.MaxPool3d(kernel_size=2, stride=1, padding=1, dilation=1, ceil_mode=True)(image(1, 1, 3, 3, 3))
nn.Module: list(Net().state_dict()); Net()(x)
nn.Module.add_module: list(after(lambda z: z.add_module('extra', n.Tanh()), Net())._modules)
nn.Module.apply: after(lambda z: z.apply(lambda c: n.init.ones_(c.weight) if isinstance(c, n.Linear) else None), Net())(x)
nn.Module.buffers: list(Net().buffers())
nn.Module.children: [type(c).__name__ for c in Net().children()]
nn.Module.cpu: Net().cpu()(x)
nn.Module.cuda: raised(lambda: Net().cuda())
nn.Module.double: Net().double()(x.double())
nn.Module.eval: Net().eval().training
nn.Module.float: Net().double().float()(x)
nn.Module.get_submodule: type(Net().get_submodule('two.1')).__name__
nn.Module.load_state_dict: str(Net().load_state_dict(Net().state_dict())); str(Net().load_state_dict({}, strict=False).missing_keys); str(Net().load_state_dict(Net().state_dict(), assign=True))
nn.Module.modules: [type(c).__name__ for c in Net().modules()]
nn.Module.named_buffers: [name for name, _ in Net().named_buffers()]; [name for name, _ in Net().named_buffers(recurse=False)]
nn.Module.named_children: [name for name, _ in Net().named_children()]
nn.Module.named_modules: [name for name, _ in Net().named_modules()]
nn.Module.named_parameters: [name for name, _ in Net().named_parameters()]; [name for name, _ in Net().named_parameters(prefix='p', recurse=False)]
nn.Module.parameters: [tuple(p.shape) for p in Net().parameters()]; len(list(Net().parameters(recurse=False)))
nn.Module.register_buffer: list(after(lambda z: z.register_buffer('more', T.zeros(1), persistent=False), Net()).state_dict())
nn.Module.register_forward_hook: after(lambda z: z.register_forward_hook(lambda c, i, o: o * 2), Net())(x)
nn.Module.register_full_backward_hook: after(lambda z: z.register_full_backward_hook(lambda c, i, o: (i[0] * 2,)), Net())(x)
nn.Module.register_parameter: list(after(lambda z: z.register_parameter(name='more', param=n.Parameter(T.zeros(1))), Net()).state_dict())
nn.Module.requires_grad_: [p.requires_grad for p in Net().requires_grad_(requires_grad=False).parameters()]
nn.Module.share_memory: Net().share_memory()(x)
nn.Module.compile: (lambda net: (net.compile(backend='eager'), net(x))[1])(Net())
nn.Module.state_dict: Net().state_dict()['one.weight']; list(Net().state_dict())
nn.Module.to: Net().to(T.float64)(x.double()); Net().to(device='cpu', dtype=T.float64)(x.double()); Net().to('cpu')(x)
nn.Module.to_empty: [tuple(p.shape) for p in Net().to_empty(device='cpu').parameters()]
nn.Module.train: Net().train().training; Net().train(mode=False).training; Net().train(False).two.training
nn.Module.training: Net().training
nn.Module.type: Net().type(T.float64)(x.double())
nn.Module.zero_grad: [p.grad for p in after(lambda z: (z(x).sum().backward(), z.zero_grad()), Net()).parameters()]; [p.grad for p in after(lambda z: (z(x).sum().backward(), z.zero_grad(set_to_none=False)), Net()).parameters()]
nn.ModuleDict: list(n.ModuleDict({'a': n.Tanh(), 'b': n.ReLU()})); n.ModuleDict({'a': n.Tanh()})['a'](x)
nn.ModuleList: len(n.ModuleList([n.Tanh(), n.ReLU()])); n.ModuleList([n.Tanh()])[0](x)
nn.MultiheadAttention: n.MultiheadAttention(4, 2)(image(2, 1, 4), image(3, 1, 4), image(3, 1, 4))[0]; n.MultiheadAttention(embed_dim=4, num_heads=2, dropout=0.0, batch_first=True, device='cpu', dtype=T.float32)(image(1, 2, 4), image(1, 3, 4), image(1, 3, 4))
nn.NLLLoss: n.NLLLoss()(x.log_softmax(1), l)
nn.PReLU: n.PReLU()(x)
nn.Parameter: n.Parameter(T.ones(2)).requires_grad; n.Parameter(T.ones(2), requires_grad=False).requires_grad; isinstance(n.Parameter(T.ones(1)), T.Tensor)
nn.ParameterDict: list(n.ParameterDict({'a': n.Parameter(T.ones(1))}).keys())
nn.ParameterList: len(n.ParameterList([n.Parameter(T.ones(1))]))
nn.PixelShuffle: n.PixelShuffle(2)(image(1, 4, 2, 2)); n.PixelShuffle(upscale_factor=2)(image(1, 4, 2, 2))
nn.RMSNorm: n.RMSNorm(3)(x)
nn.RNN: n.RNN(3, 2)(q)[0]; n.RNN(input_size=3, hidden_size=2, num_layers=2, nonlinearity='relu', bias=False, batch_first=True, dropout=0.0, bidirectional=True)(q)[0]
nn.RNNBase: isinstance(n.LSTM(3, 2), n.RNNBase)
nn.RNNCell: n.RNNCell(3, 2)(x)
nn.RReLU: n.RReLU().eval()(x)
nn.ReLU: n.ReLU()(x); n.ReLU(inplace=True)(x.clone())
nn.ReLU6: n.ReLU6()(x * 5)
nn.ReflectionPad2d: n.ReflectionPad2d(1)(image(1, 1, 3, 3))
nn.SELU: n.SELU()(x); n.SELU(inplace=True)(x.clone())
nn.Sequential: n.Sequential(n.Linear(3, 2), n.Tanh())(x)
nn.SiLU: n.SiLU()(x); n.SiLU(inplace=True)(x.clone())
nn.Sigmoid: n.Sigmoid()(x)
nn.SmoothL1Loss: n.SmoothL1Loss(reduction='sum')(x, y)
nn.Softmax: n.Softmax(dim=1)(x)
nn.Softplus: n.Softplus()(x); n.Softplus(beta=2)(x)
nn.Softshrink: n.Softshrink()(x)
nn.Softsign: n.Softsign()(x)
nn.Tanh: n.Tanh()(x)
nn.Tanhshrink: n.Tanhshrink()(x)
nn.Transformer: n.Transformer(d_model=4, nhead=2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=8, dropout=0.0)(image(2, 1, 4), image(3, 1, 4))
nn.TransformerEncoder: n.TransformerEncoder(n.TransformerEncoderLayer(d_model=4, nhead=2, dim_feedforward=8, dropout=0.0), num_layers=2)(image(2, 1, 4))
nn.TransformerEncoderLayer: n.TransformerEncoderLayer(d_model=4, nhead=2, dim_feedforward=8, dropout=0.0, batch_first=True)(image(1, 2, 4))
nn.Unflatten: n.Unflatten(1, (3, 1))(x)
nn.Unfold: n.Unfold(kernel_size=2, padding=1)(image(1, 1, 3, 3))
nn.Upsample: n.Upsample(scale_factor=2, mode='bilinear', align_corners=True)(image(1, 1, 2, 2)); n.Upsample(scale_factor=2)(image(1, 1, 2, 2))
nn.ZeroPad2d: n.ZeroPad2d(1)(image(1, 1, 2, 2))
nn.attention.SDPBackend: int(n.attention.SDPBackend.MATH)
nn.attention.sdpa_kernel: inside(n.attention.sdpa_kernel(n.attention.SDPBackend.MATH), lambda: F.scaled_dot_product_attention(q, q, q))
nn.functional.adaptive_avg_pool2d: F.adaptive_avg_pool2d(image(1, 2, 5, 4), (2, 2)); F.adaptive_avg_pool2d(image(1, 2, 5, 4), 1)
nn.functional.affine_grid: F.affine_grid(image(1, 2, 3), [1, 1, 2, 3], align_corners=False); F.affine_grid(image(1, 2, 3), (1, 1, 2, 3), align_corners=True)
nn.functional.avg_pool2d: F.avg_pool2d(image(1, 2, 5, 4), kernel_size=2, stride=1, padding=1); F.avg_pool2d(image(1, 2, 4, 4), 2)
nn.functional.avg_pool3d: F.avg_pool3d(image(1, 1, 3, 4, 3), 2, stride=1, padding=1)
nn.functional.batch_norm: F.batch_norm(x, T.zeros(3), T.ones(3), training=True); F.batch_norm(x, T.zeros(3), T.ones(3), v, w)
nn.functional.binary_cross_entropy: F.binary_cross_entropy(T.sigmoid(x), b.float()); F.binary_cross_entropy(T.sigmoid(x), b.float(), reduction='sum'); F.binary_cross_entropy(T.sigmoid(x), b.float(), size_average=False)
nn.functional.binary_cross_entropy_with_logits: F.binary_cross_entropy_with_logits(x, b.float(), reduction='none'); F.binary_cross_entropy_with_logits(x, b.float(), weight=y.detach(), pos_weight=v.detach()); F.binary_cross_entropy_with_logits(x, b.float(), size_average=False)
nn.functional.conv1d: F.conv1d(image(1, 2, 7), weight=image(4, 1, 3), bias=image(4), stride=2, padding=1, dilation=2, groups=2)
nn.functional.conv2d: F.conv2d(image(1, 2, 5, 5), weight=image(4, 1, 3, 3), bias=image(4), stride=2, padding=1, dilation=2, groups=2); F.conv2d(image(1, 2, 5, 5), image(3, 2, 3, 3))
nn.functional.conv3d: F.conv3d(image(1, 2, 3, 3, 3), weight=image(2, 1, 2, 2, 2), bias=image(2), stride=1, padding=1, dilation=1, groups=2)
nn.functional.conv_transpose1d: F.conv_transpose1d(image(1, 2, 4), weight=image(2, 1, 3), bias=image(2), stride=2, padding=1, dilation=1, groups=2, output_padding=1)
nn.functional.conv_transpose2d: F.conv_transpose2d(image(1, 2, 3, 3), weight=image(2, 1, 3, 3), bias=image(2), stride=2, padding=1, dilation=1, groups=2, output_padding=1)
nn.functional.conv_transpose3d: F.conv_transpose3d(image(1, 2, 2, 2, 2), weight=image(2, 1, 2, 2, 2), bias=image(2), stride=2, padding=0, dilation=1, groups=2, output_padding=1)
nn.functional.cosine_similarity: F.cosine_similarity(x, y); F.cosine_similarity(x, y, dim=0)
nn.functional.cross_entropy: F.cross_entropy(x, l); F.cross_entropy(x, l, reduction='sum'); F.cross_entropy(x, l, ignore_index=0); F.cross_entropy(x, y.softmax(1).detach()); F.cross_entropy(x, l, size_average=False)
nn.functional.dropout: F.dropout(x, p=0.5, training=True); F.dropout(x, 0.5, training=False)
nn.functional.elu: F.elu(x); F.elu(x, alpha=0.5)
nn.functional.embedding: F.embedding(k, image(4, 3)); F.embedding(k, image(4, 3), sparse=False)
nn.functional.fold: F.fold(input=image(1, 4, 4), output_size=(3, 3), kernel_size=2, stride=1)
nn.functional.gaussian_nll_loss: F.gaussian_nll_loss(x, y, y.detach() + 0.1, reduction='sum'); F.gaussian_nll_loss(x, y, y.detach() + 0.1)
nn.functional.gelu: F.gelu(x); F.gelu(x, approximate='tanh')
nn.functional.glu: F.glu(image(2, 4), dim=1)
nn.functional.grid_sample: F.grid_sample(image(1, 1, 3, 3), image(1, 2, 2, 2) * 0.5, align_corners=False); F.grid_sample(image(1, 1, 3, 3), image(1, 2, 2, 2) * 0.5, mode='nearest', padding_mode='border', align_corners=True)
nn.functional.gumbel_softmax: F.gumbel_softmax(x, tau=0.5); F.gumbel_softmax(x, tau=1.0, hard=True)
nn.functional.hardtanh: F.hardtanh(x); F.hardtanh(x, min_val=-0.5, max_val=0.7)
nn.functional.huber_loss: F.huber_loss(x, y)
nn.functional.interpolate: F.interpolate(image(1, 1, 2, 3), scale_factor=2, mode='nearest'); F.interpolate(image(1, 1, 2, 3), size=(4, 5), mode='bilinear', align_corners=True); F.interpolate(image(1, 1, 2, 3), size=(3, 4), mode='bicubic', align_corners=False)
nn.functional.kl_div: F.kl_div(x.log_softmax(1), y.softmax(1), reduction='sum'); F.kl_div(x.log_softmax(1), y.log_softmax(1), log_target=True, reduction='batchmean')
nn.functional.l1_loss: F.l1_loss(x, y); F.l1_loss(x, y, reduction='none')
nn.functional.layer_norm: F.layer_norm(x, (3,)); F.layer_norm(x, (3,), v, w, 1e-3)
nn.functional.leaky_relu: F.leaky_relu(x, 0.2); F.leaky_relu(x, negative_slope=0.3)
nn.functional.linear: F.linear(x, m); F.linear(x, m, bias=v)
nn.functional.log_softmax: F.log_softmax(x, dim=1); F.log_softmax(x, 0)
nn.functional.logsigmoid: F.logsigmoid(x)
nn.functional.max_pool1d: F.max_pool1d(image(1, 2, 7), 2, return_indices=True)
nn.functional.max_pool2d: F.max_pool2d(image(1, 2, 5, 5), 2); F.max_pool2d(image(1, 2, 5, 5), kernel_size=3, stride=2, padding=1, ceil_mode=True, return_indices=True)
nn.functional.max_pool3d: F.max_pool3d(image(1, 1, 3, 3, 3), 2, return_indices=True)
nn.functional.mse_loss: F.mse_loss(x, y); F.mse_loss(x, y, reduction='sum'); F.mse_loss(x, y, size_average=False); F.mse_loss(x, y, reduce=False)
nn.functional.nll_loss: F.nll_loss(x.log_softmax(1), l); F.nll_loss(x.log_softmax(1), l, reduction='none')
nn.functional.normalize: F.normalize(x); F.normalize(x, p=1, dim=0, eps=1e-6)
nn.functional.one_hot: F.one_hot(k); F.one_hot(k, num_classes=5)
nn.functional.pad: F.pad(x, (1, 2)); F.pad(input=x, pad=(1, 1, 0, 1), mode='constant', value=2.0); F.pad(image(1, 1, 3, 3), (1, 1, 1, 1), mode='reflect')
nn.functional.pairwise_distance: F.pairwise_distance(x, y); F.pairwise_distance(x, y, p=1)
nn.functional.pixel_shuffle: F.pixel_shuffle(image(1, 4, 2, 2), 2)
nn.functional.pixel_unshuffle: F.pixel_unshuffle(image(1, 1, 4, 4), 2)
nn.functional.relu: F.relu(x); F.relu(x.clone(), inplace=True)
nn.functional.scaled_dot_product_attention: F.scaled_dot_product_attention(q, q, q); F.scaled_dot_product_attention(q, q, q, attn_mask=T.tensor([[True, False], [True, True]]), dropout_p=0.0); F.scaled_dot_product_attention(q, q, q, is_causal=True)
nn.functional.selu: F.selu(x)
nn.functional.sigmoid: F.sigmoid(x)
nn.functional.silu: F.silu(x)
nn.functional.smooth_l1_loss: F.smooth_l1_loss(x, y)
nn.functional.softmax: F.softmax(x, dim=1); F.softmax(x, -1)
nn.functional.softplus: F.softplus(x); F.softplus(x, beta=2)
nn.functional.tanh: F.tanh(x)
nn.functional.threshold: F.threshold(x, 0.1, -1.0)
nn.functional.unfold: F.unfold(image(1, 1, 4, 4), kernel_size=2, dilation=1, padding=1, stride=2)
nn.init.calculate_gain: n.init.calculate_gain('relu'); n.init.calculate_gain('leaky_relu', 0.2)
nn.init.constant: n.init.constant(T.empty(2, 2), 0.3)
nn.init.constant_: n.init.constant_(T.empty(2, 2), 0.3); n.init.constant_(T.empty(2, 2), val=0.3)
nn.init.dirac_: n.init.dirac_(T.empty(2, 2, 3))
nn.init.eye_: n.init.eye_(T.empty(2, 3))
nn.init.kaiming_normal: n.init.kaiming_normal(T.empty(3, 4), mode='fan_out')
nn.init.kaiming_normal_: n.init.kaiming_normal_(T.empty(3, 4), mode='fan_out', nonlinearity='relu')
nn.init.kaiming_uniform_: n.init.kaiming_uniform_(T.empty(3, 4), a=math.sqrt(5))
nn.init.normal: n.init.normal(T.empty(3, 4), std=0.2)
nn.init.normal_: n.init.normal_(T.empty(3, 4)); n.init.normal_(T.empty(3, 4), mean=1.0, std=0.2)
nn.init.ones_: n.init.ones_(T.empty(2))
nn.init.orthogonal_: n.init.orthogonal_(T.empty(2, 3)); n.init.orthogonal_(T.empty(3, 3), gain=2.0)
nn.init.trunc_normal_: n.init.trunc_normal_(T.empty(3, 4), mean=0.1, std=0.2, a=-0.3, b=0.3)
nn.init.uniform_: n.init.uniform_(T.empty(3, 4)); n.init.uniform_(T.empty(3, 4), a=-1.0, b=2.0)
nn.init.xavier_normal_: n.init.xavier_normal_(T.empty(3, 4), gain=2.0)
nn.init.xavier_uniform_: n.init.xavier_uniform_(T.empty(3, 4))
nn.init.zeros_: n.init.zeros_(T.empty(2))
nn.modules.linear.NonDynamicallyQuantizableLinear: n.modules.linear.NonDynamicallyQuantizableLinear(3, 2)(x)
nn.modules.loss._Loss: n.modules.loss._Loss(reduction='sum').reduction
nn.modules.utils._pair: n.modules.utils._pair(3); n.modules.utils._pair((1, 2))
nn.utils.clip_grad_norm_: done(n.utils.clip_grad_norm_([x], 1.0), (x**2).sum().backward()); grads(lambda: ((x**2).sum().backward(), n.utils.clip_grad_norm_([x], max_norm=1.0, norm_type=1)), x)
nn.utils.clip_grad_value_: grads(lambda: ((x**2).sum().backward(), n.utils.clip_grad_value_([x], 1.0)), x)
nn.utils.fusion.fuse_conv_bn_weights: n.utils.fusion.fuse_conv_bn_weights(image(2, 1, 2, 2), None, T.zeros(2), T.ones(2), 1e-5, T.ones(2), T.zeros(2))[0]
nn.utils.parameters_to_vector: n.utils.parameters_to_vector([x, v])
nn.utils.vector_to_parameters: after(lambda z: n.utils.vector_to_parameters(T.arange(2.0), [z]), n.Parameter(T.zeros(2)))
nn.utils.rnn.PackedSequence: n.utils.rnn.pack_padded_sequence(q, T.tensor([2, 1]), batch_first=True).batch_sizes
nn.utils.rnn.pack_padded_sequence: n.utils.rnn.pack_padded_sequence(q, T.tensor([2, 1]), batch_first=True).data
nn.utils.rnn.pad_packed_sequence: n.utils.rnn.pad_packed_sequence(n.utils.rnn.pack_padded_sequence(q, T.tensor([2, 1]), batch_first=True), batch_first=True)
nn.utils.rnn.pad_sequence: n.utils.rnn.pad_sequence([v, w[:2]], batch_first=True, padding_value=-1.0); n.utils.rnn.pad_sequence([v, w[:2]])
optim.ASGD: steps(lambda p: T.optim.ASGD(p, 0.1))
optim.Adadelta: steps(lambda p: T.optim.Adadelta(p, lr=0.5, weight_decay=0.1))
optim.Adagrad: steps(lambda p: T.optim.Adagrad(p, 0.1))
optim.Adam: steps(lambda p: T.optim.Adam(p)); steps(lambda p: T.optim.Adam(params=p, lr=0.1, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1, amsgrad=True))
optim.AdamW: steps(lambda p: T.optim.AdamW(p, lr=0.1, betas=(0.8, 0.9), eps=1e-6, weight_decay=0.1, foreach=False))
optim.Adamax: steps(lambda p: T.optim.Adamax(p, 0.1))
optim.LBFGS: steps(lambda p: T.optim.LBFGS(p, lr=0.5, max_iter=4, max_eval=6, tolerance_grad=1e-7, tolerance_change=1e-9, history_size=5, line_search_fn='strong_wolfe'))
optim.RAdam: steps(lambda p: T.optim.RAdam(p, lr=0.1))
optim.RMSprop: steps(lambda p: T.optim.RMSprop(p, lr=0.1, weight_decay=0.1))
optim.Rprop: steps(lambda p: T.optim.Rprop(p, 0.1))
optim.SGD: steps(lambda p: T.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.1, nesterov=True)); steps(lambda p: T.optim.SGD(p, 0.1))
optim.Optimizer: isinstance(T.optim.SGD([x], 0.1), T.optim.Optimizer)
optim.Optimizer.load_state_dict: after(lambda z: z.load_state_dict(T.optim.Adam([v], lr=0.3).state_dict()), T.optim.Adam([v])).param_groups[0]['lr']
optim.Optimizer.param_groups: T.optim.Adam([v], lr=0.3).param_groups[0]['lr']; sorted(T.optim.SGD([v], lr=0.3).param_groups[0])
optim.Optimizer.state: len(T.optim.Adam([v]).state); sorted(after(lambda z: (v.sum().backward(), z.step()), T.optim.Adam([v])).state[v])
optim.Optimizer.state_dict: sorted(T.optim.Adam([v]).state_dict()); T.optim.Adam([v]).state_dict()['param_groups'][0]['params']
optim.Optimizer.step: steps(lambda p: T.optim.SGD(p, 0.1), count=1); T.optim.SGD([v], 0.1).step(closure=lambda: 3.5)
optim.Optimizer.zero_grad: after(lambda z: (v.sum().backward(), z.zero_grad()), T.optim.SGD([v], 0.1)) and v.grad; after(lambda z: (v.sum().backward(), z.zero_grad(set_to_none=False)), T.optim.SGD([v], 0.1)) and v.grad
optim.lr_scheduler.CosineAnnealingLR: rates(lambda o: T.optim.lr_scheduler.CosineAnnealingLR(o, T_max=4, eta_min=0.1))
optim.lr_scheduler.CyclicLR: rates(lambda o: T.optim.lr_scheduler.CyclicLR(o, 0.1, 0.5, step_size_up=2))
optim.lr_scheduler.ExponentialLR: rates(lambda o: T.optim.lr_scheduler.ExponentialLR(optimizer=o, gamma=0.5))
optim.lr_scheduler.LRScheduler: issubclass(T.optim.lr_scheduler.StepLR, T.optim.lr_scheduler.LRScheduler)
optim.lr_scheduler._LRScheduler: issubclass(T.optim.lr_scheduler.StepLR, T.optim.lr_scheduler._LRScheduler)
optim.lr_scheduler.LRScheduler.base_lrs: T.optim.lr_scheduler.StepLR(T.optim.SGD([v], 0.4), 2).base_lrs
optim.lr_scheduler.LRScheduler.get_last_lr: T.optim.lr_scheduler.StepLR(T.optim.SGD([v], 0.4), 2).get_last_lr()
optim.lr_scheduler.LRScheduler.last_epoch: T.optim.lr_scheduler.StepLR(T.optim.SGD([v], 0.4), 2).last_epoch
optim.lr_scheduler.LRScheduler.load_state_dict: after(lambda z: z.load_state_dict(dict(z.state_dict(), last_epoch=7)), T.optim.lr_scheduler.StepLR(T.optim.SGD([v], 0.4), 2)).last_epoch
optim.lr_scheduler.LRScheduler.state_dict: T.optim.lr_scheduler.StepLR(T.optim.SGD([v], 0.4), 2).state_dict()['gamma']
optim.lr_scheduler.LRScheduler.step: rates(lambda o: T.optim.lr_scheduler.StepLR(o, 2))
optim.lr_scheduler.LambdaLR: rates(lambda o: T.optim.lr_scheduler.LambdaLR(optimizer=o, lr_lambda=lambda e: 1 / (e + 1)))
optim.lr_scheduler.MultiStepLR: rates(lambda o: T.optim.lr_scheduler.MultiStepLR(optimizer=o, milestones=[2, 4], gamma=0.5))
optim.lr_scheduler.ReduceLROnPlateau: rates(lambda o: T.optim.lr_scheduler.ReduceLROnPlateau(o, mode='min', factor=0.5, patience=1), metrics=[1, 2, 3, 4, 5])
optim.lr_scheduler.StepLR: rates(lambda o: T.optim.lr_scheduler.StepLR(o, step_size=2, gamma=0.5))
optim.swa_utils.AveragedModel: T.optim.swa_utils.AveragedModel(n.Linear(3, 2))(x)
random.fork_rng: inside(T.random.fork_rng(), lambda: T.rand(2))
random.get_rng_state: texts(T.random.get_rng_state().dtype)
random.manual_seed: after(lambda z: T.random.manual_seed(5), v.detach()) + T.rand(3)
random.set_rng_state: after(lambda z: T.random.set_rng_state(T.Generator().manual_seed(8).get_state()), v.detach()) + T.rand(3)
serialization.MAP_LOCATION: T.serialization.MAP_LOCATION is not None
serialization.safe_globals: inside(T.serialization.safe_globals([Square]), lambda: Square in T.serialization.get_safe_globals())
testing.assert_close: T.testing.assert_close(x, x + 1e-9, atol=1e-5, rtol=0); raised(lambda: T.testing.assert_close(actual=x, expected=y)); raised(lambda: T.testing.assert_close(x, x.double(), check_dtype=True)); T.testing.assert_close(x * T.nan, x * T.nan, equal_nan=True, check_stride=True)
testing.assert_allclose: raised(lambda: T.testing.assert_allclose(x.detach(), y.detach(), rtol=1e-3, atol=1e-3))
types.Number: isinstance(1.5, T.types.Number)
utils._pytree.tree_flatten: T.utils._pytree.tree_flatten({'a': 1, 'b': [2, 3]})[0]
utils._pytree.tree_map: T.utils._pytree.tree_map(lambda z: z * 2, {'a': 1, 'b': [2, 3]})
utils._pytree.tree_map_only: T.utils._pytree.tree_map_only(int, lambda z: z * 2, [1, 2.5])
utils._pytree.tree_unflatten: T.utils._pytree.tree_unflatten([4, 5, 6], T.utils._pytree.tree_flatten({'a': 1, 'b': [2, 3]})[1])
utils.checkpoint.checkpoint: T.utils.checkpoint.checkpoint(lambda z: z.sin(), x, use_reentrant=False)
utils.collect_env.get_cpu_info: isinstance(T.utils.collect_env.get_cpu_info(T.utils.collect_env.run), str)
utils.collect_env.get_gcc_version: T.utils.collect_env.get_gcc_version(lambda command: (1, '', ''))
utils.collect_env.get_gpu_info: T.utils.collect_env.get_gpu_info(lambda command: (1, '', ''))
utils.collect_env.get_nvidia_driver_version: T.utils.collect_env.get_nvidia_driver_version(lambda command: (1, '', ''))
utils.collect_env.run: T.utils.collect_env.run('echo a')
utils.data.BatchSampler: list(T.utils.data.BatchSampler(range(5), 2, False))
utils.data.DataLoader: list(T.utils.data.DataLoader(Numbers(), batch_size=2)); list(T.utils.data.DataLoader(dataset=Numbers(), batch_size=2, shuffle=True, drop_last=True, num_workers=0, pin_memory=False, generator=T.Generator().manual_seed(3), persistent_workers=False, multiprocessing_context=None)); list(T.utils.data.DataLoader(Numbers(), sampler=[4, 1], collate_fn=lambda z: len(z))); list(T.utils.data.DataLoader(Numbers(), batch_sampler=[[0, 1], [2]]))
utils.data.Dataset: len(Numbers()); isinstance(Numbers(), T.utils.data.Dataset)
utils.data.IterableDataset: list(T.utils.data.DataLoader(Stream(), batch_size=2))
utils.data.RandomSampler: list(T.utils.data.RandomSampler(range(5), generator=T.Generator().manual_seed(3))); list(T.utils.data.RandomSampler(range(5), replacement=True, num_samples=4, generator=T.Generator().manual_seed(3)))
utils.data.Sampler: issubclass(T.utils.data.RandomSampler, T.utils.data.Sampler)
utils.data.Subset: list(T.utils.data.Subset([5, 6, 7], [2, 0]))
utils.data.TensorDataset: T.utils.data.TensorDataset(v, w)[1]; len(T.utils.data.TensorDataset(v, w))
utils.data.WeightedRandomSampler: list(T.utils.data.WeightedRandomSampler([1.0, 2.0, 3.0], 4, replacement=True, generator=T.Generator().manual_seed(3)))
utils.data.default_collate: T.utils.data.default_collate([{'a': 1, 'b': v}, {'a': 2, 'b': w}])
utils.data.distributed.DistributedSampler: list(T.utils.data.distributed.DistributedSampler(range(7), num_replicas=2, rank=1, shuffle=False, drop_last=True))
utils.data.random_split: [list(part) for part in T.utils.data.random_split(range(5), [3, 2], generator=T.Generator().manual_seed(3))]
utils.dlpack.from_dlpack: T.utils.dlpack.from_dlpack(T.utils.dlpack.to_dlpack(x.detach()))
utils.dlpack.to_dlpack: T.utils.dlpack.to_dlpack(x.detach()) is not None
utils.hooks.RemovableHandle: type(x.register_hook(lambda g: g)).__name__
version.cuda: hasattr(T.version, 'cuda')
version.git_version: isinstance(T.version.git_version, str)
_jit_internal._copy_to_script_wrapper: T._jit_internal._copy_to_script_wrapper(lambda: 3)()
distributions.Distribution: isinstance(D.Normal(0.0, 1.0), D.Distribution)
distributions.Distribution.log_prob: D.Normal(v, y[0]).log_prob(w); D.Categorical(logits=x).log_prob(l)
distributions.Distribution.sample: tuple(D.Normal(v, y[0]).sample(sample_shape=(2,)).shape); D.Normal(T.zeros(3), T.ones(3)).sample()
distributions.Distribution.rsample: D.Normal(v, y[0]).rsample(sample_shape=(2,)); D.Normal(v, y[0]).rsample()
distributions.Distribution.entropy: D.Normal(v, y[0]).entropy(); D.Categorical(probs=y).entropy()
distributions.Distribution.mean: D.Gamma(v, y[0]).mean
distributions.Distribution.cdf: D.Normal(v, y[0]).cdf(w)
distributions.Distribution.icdf: D.Normal(v, y[0]).icdf(T.tensor(0.3))
distributions.Distribution.expand: list(D.Normal(0.0, 1.0).expand((2, 3)).batch_shape)
distributions.Distribution.batch_shape: list(D.Normal(v, y[0]).batch_shape)
distributions.Normal: D.Normal(loc=v, scale=y[0], validate_args=True).log_prob(w)
distributions.Categorical: D.Categorical(logits=x).probs; D.Categorical(probs=y).logits; D.Categorical(probs=y.detach()).sample()
distributions.OneHotCategorical: D.OneHotCategorical(logits=x).log_prob(F.one_hot(l, 3).float())
distributions.MultivariateNormal: D.MultivariateNormal(loc=v, covariance_matrix=s).log_prob(w); D.MultivariateNormal(v, precision_matrix=s).log_prob(w); D.MultivariateNormal(v, scale_tril=m.tril(), validate_args=False).log_prob(w)
distributions.Uniform: D.Uniform(low=T.zeros(2), high=T.ones(2) * 2, validate_args=False).log_prob(T.tensor([0.5, 1.0])); D.Uniform(-1.0, 1.0).sample((4,))
distributions.Bernoulli: D.Bernoulli(probs=T.sigmoid(x)).log_prob(b.float()); D.Bernoulli(logits=x).entropy()
distributions.Beta: D.Beta(v, y[0], validate_args=True).log_prob(T.tensor(0.3))
distributions.Binomial: D.Binomial(5, probs=T.sigmoid(w)).log_prob(v.detach()); D.Binomial(5, logits=w, validate_args=False).mean
distributions.Cauchy: D.Cauchy(w, v).log_prob(T.tensor(0.3))
distributions.Dirichlet: D.Dirichlet(v).log_prob(T.tensor([0.2, 0.3, 0.5]))
distributions.Gamma: D.Gamma(concentration=v, rate=y[0], validate_args=True).log_prob(y[1])
distributions.Geometric: D.Geometric(T.sigmoid(w)).log_prob(T.tensor(2.0))
distributions.HalfCauchy: D.HalfCauchy(scale=v, validate_args=True).log_prob(y[0])
distributions.HalfNormal: D.HalfNormal(scale=v, validate_args=True).log_prob(y[0])
distributions.Independent: D.Independent(D.Normal(x, y), 1).log_prob(u)
distributions.LKJCholesky: D.LKJCholesky(dim=3, concentration=2.0, validate_args=False).log_prob(L.cholesky(T.eye(3)))
distributions.Laplace: D.Laplace(w, v).log_prob(T.tensor(0.3))
distributions.LogNormal: D.LogNormal(loc=w, scale=v, validate_args=True).log_prob(y[0])
distributions.LowRankMultivariateNormal: D.LowRankMultivariateNormal(v, m[:, :1], y[0]).log_prob(w)
distributions.Multinomial: D.Multinomial(3, probs=y[0]).log_prob(T.tensor([1.0, 1.0, 1.0]))
distributions.NegativeBinomial: D.NegativeBinomial(5, logits=w).log_prob(T.tensor(2.0))
distributions.Poisson: D.Poisson(rate=v).log_prob(T.tensor(2.0))
distributions.StudentT: D.StudentT(v).log_prob(w)
distributions.VonMises: D.VonMises(w, v).log_prob(T.tensor(0.3))
distributions.RelaxedBernoulli: D.RelaxedBernoulli(T.tensor(0.5), logits=w).log_prob(T.tensor([0.2, 0.3, 0.5]))
distributions.RelaxedOneHotCategorical: D.RelaxedOneHotCategorical(T.tensor(0.5), logits=w).log_prob(T.tensor([0.2, 0.3, 0.5]))
distributions.TransformedDistribution: D.TransformedDistribution(D.Normal(w, v), [D.ExpTransform()]).log_prob(y[0])
distributions.kl_divergence: D.kl_divergence(D.Normal(w, v), D.Normal(v, y[0])); D.kl_divergence(D.Categorical(logits=x), D.Categorical(logits=y))
distributions.register_kl: callable(D.register_kl(D.Normal, D.Laplace))
distributions.biject_to: D.biject_to(D.constraints.positive)(w)
distributions.transform_to: D.transform_to(D.constraints.simplex)(w)
distributions.Transform: isinstance(D.ExpTransform(), D.Transform)
distributions.AbsTransform: D.AbsTransform()(w)
distributions.AffineTransform: D.AffineTransform(loc=1.0, scale=2.0)(w); D.AffineTransform(1.0, 2.0).log_abs_det_jacobian(w, w)
distributions.CatTransform: D.CatTransform([D.ExpTransform(), D.ExpTransform()], dim=0, lengths=[1, 2])(w)
distributions.ComposeTransform: D.ComposeTransform([D.ExpTransform(), D.AffineTransform(1.0, 2.0)])(w)
distributions.CorrCholeskyTransform: D.CorrCholeskyTransform()(w)
distributions.CumulativeDistributionTransform: D.CumulativeDistributionTransform(D.Normal(0.0, 1.0))(w)
distributions.ExpTransform: D.ExpTransform()(w); D.ExpTransform().inv(v)
distributions.IndependentTransform: D.IndependentTransform(D.ExpTransform(), 1).log_abs_det_jacobian(w, w.exp())
distributions.LowerCholeskyTransform: D.LowerCholeskyTransform()(m)
distributions.PositiveDefiniteTransform: D.PositiveDefiniteTransform()(m)
distributions.PowerTransform: D.PowerTransform(2.0)(v)
distributions.ReshapeTransform: D.ReshapeTransform((3,), (3, 1))(w)
distributions.SigmoidTransform: D.SigmoidTransform()(w); D.SigmoidTransform().log_abs_det_jacobian(w, T.sigmoid(w))
distributions.SoftmaxTransform: D.SoftmaxTransform()(w)
distributions.SoftplusTransform: D.SoftplusTransform()(w)
distributions.StackTransform: D.StackTransform([D.ExpTransform(), D.AffineTransform(1.0, 2.0)])(x)
distributions.StickBreakingTransform: D.StickBreakingTransform()(w)
distributions.TanhTransform: D.TanhTransform()(w); D.TanhTransform().log_abs_det_jacobian(w, T.tanh(w))
distributions.identity_transform: D.identity_transform(w)
distributions.transforms._InverseTransform: type(D.ExpTransform().inv).__name__
distributions.constraints: D.constraints.positive.check(w)
distributions.constraints.Constraint: isinstance(D.constraints.positive, D.constraints.Constraint)
distributions.constraints.boolean: D.constraints.boolean.check(T.tensor([0.0, 1.0, 2.0]))
distributions.constraints.cat: D.constraints.cat([D.constraints.positive, D.constraints.real], 0, [1, 2]).check(w)
distributions.constraints.corr_cholesky: D.constraints.corr_cholesky.check(T.eye(2))
distributions.constraints.dependent: D.constraints.is_dependent(D.constraints.dependent)
distributions.constraints.dependent_property: callable(D.constraints.dependent_property)
distributions.constraints.greater_than: D.constraints.greater_than(0.5).check(w)
distributions.constraints.greater_than_eq: D.constraints.greater_than_eq(0.3).check(v)
distributions.constraints.half_open_interval: D.constraints.half_open_interval(0.0, 1.0).check(w)
distributions.constraints.independent: D.constraints.independent(D.constraints.positive, 1).check(x)
distributions.constraints.integer_interval: D.constraints.integer_interval(0, 2).check(v)
distributions.constraints.interval: D.constraints.interval(0.0, 1.0).check(w)
distributions.constraints.is_dependent: D.constraints.is_dependent(D.constraints.positive)
distributions.constraints.less_than: D.constraints.less_than(1.0).check(w)
distributions.constraints.lower_cholesky: D.constraints.lower_cholesky.check(m.tril())
distributions.constraints.lower_triangular: D.constraints.lower_triangular.check(m)
distributions.constraints.multinomial: D.constraints.multinomial(3).check(T.tensor([1.0, 1.0, 1.0]))
distributions.constraints.nonnegative: D.constraints.nonnegative.check(w)
distributions.constraints.nonnegative_integer: D.constraints.nonnegative_integer.check(w)
distributions.constraints.one_hot: D.constraints.one_hot.check(T.eye(2))
distributions.constraints.positive: D.constraints.positive.check(w)
distributions.constraints.positive_definite: D.constraints.positive_definite.check(s)
distributions.constraints.positive_integer: D.constraints.positive_integer.check(v)
distributions.constraints.positive_semidefinite: D.constraints.positive_semidefinite.check(s)
distributions.constraints.real: D.constraints.real.check(w)
distributions.constraints.real_vector: D.constraints.real_vector.check(w)
distributions.constraints.simplex: D.constraints.simplex.check(w)
distributions.constraints.square: D.constraints.square.check(m)
distributions.constraints.stack: D.constraints.stack([D.constraints.positive, D.constraints.real], 0).check(x)
distributions.constraints.symmetric: D.constraints.symmetric.check(s)
distributions.constraints.unit_interval: D.constraints.unit_interval.check(w)
distributions.utils._standard_normal: T.distributions.utils._standard_normal((3,), dtype=T.float32, device='cpu')
distributions.utils._sum_rightmost: T.distributions.utils._sum_rightmost(q, 2)
distributions.utils.broadcast_all: T.distributions.utils.broadcast_all(v, 1.0)
distributions.utils.clamp_probs: T.distributions.utils.clamp_probs(T.tensor([0.0, 0.5, 1.0]))
distributions.utils.lazy_property: callable(T.distributions.utils.lazy_property)
distributions.utils.logits_to_probs: T.distributions.utils.logits_to_probs(w); T.distributions.utils.logits_to_probs(w, is_binary=True)
distributions.utils.probs_to_logits: T.distributions.utils.probs_to_logits(T.sigmoid(w), is_binary=True); T.distributions.utils.probs_to_logits(w.softmax(0))
"""


def _arguments(text):
    """The first argument and the others of a call."""
    depth = 0
    for position, letter in enumerate(text):
        depth += letter in "([{"
        depth -= letter in ")]}"
        if letter == "," and not depth:
            return text[:position], text[position + 1 :].strip()
    return text, ""


def _parse():
    calls = {}
    for line in _BOTH.strip().splitlines():
        name, _, texts = line.partition(":")
        for text in texts.split("; "):
            first, others = _arguments(text.strip())
            calls.setdefault(name, []).append(f"T.{name}({text.strip()})")
            if not first.startswith("["):
                calls.setdefault(f"Tensor.{name}", []).append(f"({first}).{name}({others})")
    for line in _CALLS.strip().splitlines():
        name, _, texts = line.partition(":")
        calls.setdefault(name, []).extend(text.strip() for text in texts.split("; "))
    return calls


#: Name -> expressions.
CALLS = _parse()


def plain(T, value):
    """A result in terms of JSON: tensors as dtype, shape and numbers, others as they are."""
    if isinstance(value, T.Tensor):
        held = value.detach()
        numbers = T.view_as_real(held.resolve_conj()) if held.is_complex() else held
        if numbers.dtype in (T.float16, T.bfloat16):
            numbers = numbers.float()
        return {"dtype": str(held.dtype).partition(".")[2], "shape": list(held.shape), "data": _rounded(numbers.reshape(-1).tolist())}
    if isinstance(value, dict):
        return {str(key): plain(T, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(T, item) for item in value]
    if isinstance(value, float):
        return _rounded([value])[0]
    return value if isinstance(value, (bool, int, str, type(None))) else f"<{type(value).__name__}>"


def _rounded(numbers):
    return [number if isinstance(number, (bool, int)) else float(f"{number:.7g}") for number in numbers]


def tensors(T, value):
    """The floating-point tensors with gradients in a result."""
    if isinstance(value, T.Tensor):
        return [value] if value.requires_grad and value.is_floating_point() else []
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in tensors(T, item)]
    return []


def evaluate(T, expression):
    """What an expression gives, and the gradients of it."""
    T.manual_seed(0)
    names = namespace(T)
    T.manual_seed(0)
    value = eval(expression, names)
    result = {"value": plain(T, value)}
    if T.is_grad_enabled() and (roots := [tensor for tensor in tensors(T, value) if tensor.grad_fn is not None]):
        total = sum((tensor * (T.arange(tensor.numel()).to(tensor.dtype).reshape(tensor.shape) * 0.3 + 1).cos()).sum() for tensor in roots)
        leaves = {name: names[name] for name in "xyumsvwqr"}
        found = T.autograd.grad(total, list(leaves.values()), allow_unused=True)
        result["grads"] = {name: plain(T, grad) for name, grad in zip(leaves, found) if grad is not None}
    return result
