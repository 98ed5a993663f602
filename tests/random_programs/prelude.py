"""What random programs use: leaves in several layouts, and custom functions. Scripts carry a copy of what they need."""


def laid_out(values, layout):
    """A float64 tensor with these elements: dense, or with strides of another kind."""
    t = ag.tensor(values, dtype=ag.float64)
    if layout == "spread":
        t = ag.stack([t, t], -1)[..., 0]
    elif layout == "transposed":
        t = t.transpose(0, -1).contiguous().transpose(0, -1) if t.dim() > 1 else t
    elif layout == "offset":
        t = ag.stack([t, t])[1]
    return t.data


def leaf(values, layout="dense"):
    return laid_out(values, layout).requires_grad_()


def constant(values, layout="dense"):
    return laid_out(values, layout)


def weighted(t):
    """A number to which every element contributes differently."""
    weights = ag.arange(1, t.numel() + 1, dtype=ag.float64).mul(1.7).cos().add(1.3)
    return (t * weights.reshape(t.shape)).sum()


def inside(t, low, high):
    """Numbers between the two, smoothly."""
    return t.sigmoid() * (high - low) + low


def fitted(t, *shape):
    """Elements of a tensor in another shape, repeated if they do not suffice, and no two of them equal."""
    places = ag.zeros(shape, dtype=ag.float64).numel()
    repeated = t.flatten().repeat(-(-places // t.numel()))[:places]
    return (repeated + ag.arange(places, dtype=ag.float64).mul(2.3).sin() * 0.1).reshape(shape)


def a_pass_within(g):
    """A hook that starts a backward pass of its own."""
    if g is None:  # No gradient has come this way.
        return
    with ag.enable_grad():
        weighted(g.detach().requires_grad_().sin()).backward()


def curved(x):
    """Writes to a view of what it makes, on its way."""
    y = x.sin()
    y.view(-1)[::2].mul_(x.reshape(-1)[::2] * 0.3)
    return y * x.cos() + y


def by_complex_numbers(x):
    """Real numbers by way of complex ones, whose parts are written."""
    z = ag.complex(x.tanh(), x * 0.3)
    w = z * z.conj().exp()
    w.real.mul_(0.5)
    return ag.view_as_real(w * z).sum(-1) + w.abs()


class Cube(ag.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x * x * x

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x * x


class Exponential(ag.autograd.Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Tangent(ag.autograd.Function):
    """In the two-part form."""

    @staticmethod
    def forward(x):
        return x.tanh()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0], output)

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * (1 - y * y)


class Half(ag.autograd.Function):
    """Changes its input."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        return x.mul_(0.5)

    @staticmethod
    def backward(ctx, g):
        return g * 0.5


class Squashed(ag.autograd.Function):
    """Changes its input, and saves it as its output."""

    @staticmethod
    def forward(ctx, x):
        ctx.mark_dirty(x)
        x.tanh_()
        ctx.save_for_backward(x)
        return x

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y * y)


class Sine(ag.autograd.Function):
    """Saves what is neither an input nor an output, so that it has no second derivative."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x.cos())
        return x.sin()

    @staticmethod
    def backward(ctx, g):
        (slope,) = ctx.saved_tensors
        return g * slope


class Product(ag.autograd.Function):
    """Of two inputs, either of which may need no gradient."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.save_for_backward(x, y)
        return x * y

    @staticmethod
    def backward(ctx, g):
        x, y = ctx.saved_tensors
        return g * y if ctx.needs_input_grad[0] else None, g * x if ctx.needs_input_grad[1] else None


class Both(ag.autograd.Function):
    """Two results, whose gradients may be missing, and one that has none."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.set_materialize_grads(False)
        count = (x > 0).sum()
        ctx.mark_non_differentiable(count)
        return x.sin(), x * 2, count

    @staticmethod
    def backward(ctx, g, h, _):
        (x,) = ctx.saved_tensors
        parts = ([] if g is None else [g * x.cos()]) + ([] if h is None else [h * 2])
        return sum(parts[1:], parts[0]) if parts else None


class Rounded(ag.autograd.Function):
    """A result that has no gradient beside one that has."""

    @staticmethod
    def forward(ctx, x):
        rounded = x.round()
        ctx.mark_non_differentiable(rounded)
        return x * 3, rounded

    @staticmethod
    def backward(ctx, g, _):
        return g * 3


class Same(ag.autograd.Function):
    """Returns its input."""

    @staticmethod
    def forward(ctx, x):
        return x

    @staticmethod
    def backward(ctx, g):
        return g


class Turned(ag.autograd.Function):
    """Returns a view of its input."""

    @staticmethod
    def forward(ctx, x):
        return x.unsqueeze(0)

    @staticmethod
    def backward(ctx, g):
        return g.squeeze(0)


class HalfAndSum(ag.autograd.Function):
    """Changes one of its inputs and returns another result, too."""

    @staticmethod
    def forward(ctx, x, y):
        ctx.mark_dirty(x)
        ctx.shape = y.shape
        return x.mul_(0.5), y.sum()

    @staticmethod
    def backward(ctx, g, h):
        return g * 0.5, h.expand(ctx.shape)
