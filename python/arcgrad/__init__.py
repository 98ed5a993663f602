"""PyTorch's autograd as one small package: the same names, the same graph semantics, a fraction of the cost per operation.

``import arcgrad as torch`` is the idea: tensors with gradients of any order, ``nn``, ``optim``, ``utils.data``, with
PyTorch's names, signatures, promotion and printing.

    >>> import arcgrad as ag
    >>> x = ag.tensor([1.0, 2.0, 3.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4., 6.])

What is here is imported in a few milliseconds: everything but the core is loaded when it is first used.
"""

from math import e, inf, nan, pi

from arcgrad import _core, _methods, _names, _pickling

# Every public name of the core is a name of the package, but for what modules of the package use or wrap: `_core` keeps its
# namespaces of operations, the loops of the optimizers, the reader and writer of files, and the op table itself.
_KEPT = frozenset(
    (
        "nn",
        "special",
        "linalg",
        "fft",
        "adam_step",
        "sgd_step",
        "with_gradients",
        "is_fusible",
        "safetensors_serialize",
        "safetensors_deserialize",
        "registry",
        "einsum",
        "is_same_size",
        "numel",
    )
)
globals().update({name: value for name, value in vars(_core).items() if name[0] != "_" and name not in _KEPT})
# Operations that PyTorch has under such names, and programs call.
from arcgrad._core import _dirichlet_grad, _sample_dirichlet, _standard_gamma, _standard_gamma_grad

from arcgrad._core._autograd import (
    install_blame,
    is_anomaly_check_nan_enabled,
    is_anomaly_enabled,
    is_grad_enabled,
    is_inference_mode_enabled,
)

# Before anything is recorded: errors name lines of the program, not of this package.
install_blame(__path__[0])
del install_blame

_pickling.install()
_methods.install()

newaxis = None

#: Names that live in a module of the package: name -> module.
_ELSEWHERE = {
    **dict.fromkeys(
        (
            "BFloat16Tensor",
            "BoolTensor",
            "ByteTensor",
            "CharTensor",
            "DoubleTensor",
            "FloatTensor",
            "HalfTensor",
            "IntTensor",
            "LongTensor",
            "ShortTensor",
        ),
        "_legacy",
    ),
    **dict.fromkeys(
        (
            "are_deterministic_algorithms_enabled",
            "get_default_device",
            "get_deterministic_debug_mode",
            "get_float32_matmul_precision",
            "get_num_interop_threads",
            "is_deterministic_algorithms_warn_only_enabled",
            "is_warn_always_enabled",
            "set_default_device",
            "set_default_tensor_type",
            "set_deterministic_debug_mode",
            "set_float32_matmul_precision",
            "set_flush_denormal",
            "set_num_interop_threads",
            "set_warn_always",
            "use_deterministic_algorithms",
        ),
        "_settings",
    ),
    **dict.fromkeys(
        (
            "autocast",
            "autocast_decrement_nesting",
            "autocast_increment_nesting",
            "clear_autocast_cache",
            "get_autocast_cpu_dtype",
            "get_autocast_dtype",
            "get_autocast_gpu_dtype",
            "is_autocast_cache_enabled",
            "is_autocast_cpu_enabled",
            "is_autocast_enabled",
            "set_autocast_cache_enabled",
            "set_autocast_cpu_dtype",
            "set_autocast_cpu_enabled",
            "set_autocast_dtype",
            "set_autocast_enabled",
        ),
        "amp.autocast_mode",
    ),
    **dict.fromkeys(("histogram", "histogramdd"), "_statistics"),
    **dict.fromkeys(
        (
            "alias_copy",
            "as_strided_copy",
            "detach_copy",
            "diagonal_copy",
            "expand_copy",
            "narrow_copy",
            "permute_copy",
            "select_copy",
            "slice_copy",
            "split_copy",
            "split_with_sizes_copy",
            "squeeze_copy",
            "t_copy",
            "transpose_copy",
            "unbind_copy",
            "unfold_copy",
            "unsqueeze_copy",
            "view_as_complex_copy",
            "view_as_real_copy",
            "view_copy",
        ),
        "_view_copies",
    ),
    **dict.fromkeys(("dsplit", "hsplit", "unsafe_chunk", "unsafe_split", "unsafe_split_with_sizes", "vsplit"), "_splits"),
    **dict.fromkeys(
        (
            "_is_all_true",
            "_is_any_true",
            "get_device",
            "is_conj",
            "is_distributed",
            "is_neg",
            "is_signed",
        ),
        "_facts",
    ),
    **dict.fromkeys(("index_put_", "index_reduce", "nonzero_static"), "_places"),
    **dict.fromkeys(("empty_permuted", "from_file", "range"), "_making"),
    **dict.fromkeys(("GradScaler", "_amp_foreach_non_finite_check_and_unscale_", "_amp_update_scale_"), "amp.grad_scaler"),
    "gradient": "_finite_differences",
    **dict.fromkeys(
        (
            "addmv_",
            "as_strided_scatter",
            "clamp_max_",
            "clamp_min_",
            "conj_physical_",
            "detach_",
            "fill",
            "is_same_size",
            "numel",
            "resize_as_",
        ),
        "_by_method",
    ),
    **dict.fromkeys(("detach", "dist", "renorm"), "_norms"),
    **dict.fromkeys(("eig", "lstsq", "matrix_rank", "solve", "symeig"), "_removed"),
    "spmm": "sparse",
    **dict.fromkeys(
        (
            "sparse_bsc_tensor",
            "sparse_bsr_tensor",
            "sparse_compressed_tensor",
            "sparse_coo_tensor",
            "sparse_csc_tensor",
            "sparse_csr_tensor",
        ),
        "sparse",
    ),
    **dict.fromkeys(
        (
            "_assert",
            "_assert_async",
            "_check",
            "_check_index",
            "_check_is_size",
            "_check_not_implemented",
            "_check_tensor_all",
            "_check_type",
            "_check_value",
            "_check_with",
        ),
        "_checks",
    ),
    **dict.fromkeys(
        (
            "BFloat16Storage",
            "BoolStorage",
            "ByteStorage",
            "CharStorage",
            "ComplexDoubleStorage",
            "ComplexFloatStorage",
            "DoubleStorage",
            "FloatStorage",
            "HalfStorage",
            "IntStorage",
            "LongStorage",
            "ShortStorage",
            "Storage",
            "TypedStorage",
        ),
        "storage",
    ),
    "compile": "compiler",
    **dict.fromkeys(("bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"), "_windows"),
    "einsum": "_einsum",
    "enable_grad": "autograd.grad_mode",
    "explain_grad": "autograd",
    "finfo": "_typeinfo",
    "from_dlpack": "utils.dlpack",
    "to_dlpack": "utils.dlpack",
    "get_printoptions": "_printing",
    "iinfo": "_typeinfo",
    "inference_mode": "autograd.grad_mode",
    "load": "serialization",
    "no_grad": "autograd.grad_mode",
    "lobpcg": "_lobpcg",
    "pca_lowrank": "_lowrank",
    "printoptions": "_printing",
    **dict.fromkeys(
        (
            "alpha_dropout",
            "channel_shuffle",
            "conv_tbc",
            "feature_alpha_dropout",
            "native_channel_shuffle",
            "max_pool1d_with_indices",
            "pdist",
            "pixel_shuffle",
            "pixel_unshuffle",
            "prelu",
            "rrelu_",
        ),
        "nn.functional",
    ),
    "save": "serialization",
    "set_grad_enabled": "autograd.grad_mode",
    "set_printoptions": "_printing",
    "stand_in": "_stand_in",
    "svd_lowrank": "_lowrank",
    "typename": "_typeinfo",
    "vmap": "func.batching",
    **dict.fromkeys(("_unique", "_unique2"), "_VF"),
    **dict.fromkeys(("AcceleratorError", "OutOfMemoryError"), "cuda"),
    "Future": "futures",
    "StorageBase": "_C",
    "ScriptModule": "jit",
    **dict.fromkeys(
        (
            "SymBool",
            "SymFloat",
            "SymInt",
            "sym_float",
            "sym_int",
            "sym_ite",
            "sym_max",
            "sym_min",
            "sym_not",
            "sym_sum",
        ),
        "_symbols",
    ),
    **dict.fromkeys(
        (
            "_cast_Byte",
            "_cast_Char",
            "_cast_Double",
            "_cast_Float",
            "_cast_Half",
            "_cast_Int",
            "_cast_Long",
            "_cast_Short",
            "_addmm_activation",
            "_convert_indices_from_coo_to_csr",
            "_convert_indices_from_csr_to_coo",
            "_debug_has_internal_overlap",
            "_int_mm",
            "_log_softmax_backward_data",
            "_shape_as_tensor",
            "_softmax_backward_data",
            "norm_except_dim",
            "segment_reduce",
        ),
        "_unlisted",
    ),
    **dict.fromkeys(
        (
            "adaptive_max_pool1d",
            "affine_grid_generator",
            "alpha_dropout_",
            "batch_norm",
            "binary_cross_entropy_with_logits",
            "convolution",
            "cosine_embedding_loss",
            "ctc_loss",
            "dequantize",
            "dropout_",
            "embedding",
            "embedding_bag",
            "feature_alpha_dropout_",
            "feature_dropout_",
            "frobenius_norm",
            "grid_sampler",
            "grid_sampler_2d",
            "grid_sampler_3d",
            "hinge_embedding_loss",
            "instance_norm",
            "kl_div",
            "margin_ranking_loss",
            "native_group_norm",
            "native_layer_norm",
            "nuclear_norm",
            "poisson_nll_loss",
            "rrelu",
            "triplet_margin_loss",
        ),
        "_low_level",
    ),
    **dict.fromkeys(("cond", "while_loop"), "_higher_order_ops"),
    **dict.fromkeys(("has_lapack", "has_mkl", "has_openmp"), "_builds"),
    "set_anomaly_enabled": "autograd.anomaly_mode",
}


#: Modules that programs reach into PyTorch for.
_PRIVATE = frozenset(
    (
        "__config__",
        "__future__",
        "_C",
        "_VF",
        "_decomp",
        "_dynamo",
        "_functorch",
        "_guards",
        "_higher_order_ops",
        "_inductor",
        "_jit_internal",
        "_logging",
        "_subclasses",
        "_tensor",
        "_tensor_str",
        "_utils",
        "_vmap_internals",
    )
)


def __getattr__(name):
    from importlib import import_module
    from importlib.util import find_spec

    if name == "__version__":
        from sys import modules

        # What puts this package into the place of PyTorch by hand gets the version of the interface, as from `stand_in`.
        in_its_place = modules.get("torch") is modules[__name__]
        return import_module(f"{__name__}._stand_in").version() if in_its_place else _core.__version__
    where = "_foreach" if name.startswith("_foreach_") else _ELSEWHERE.get(name)
    if where is not None and find_spec(f"{__name__}.{where}") is not None:
        value = getattr(import_module(f"{__name__}.{where}"), name)
        globals()[name] = value
        return value
    # A module of the package, imported when it is first asked for.
    if name.isidentifier() and (name[0] != "_" or name in _PRIVATE) and find_spec(f"{__name__}.{name}") is not None:
        return import_module(f"{__name__}.{name}")
    raise _names.missing(__name__, name, __dir__)


def __dir__():
    from pkgutil import iter_modules

    modules = {module.name for module in iter_modules(__path__)}
    return sorted(name for name in globals().keys() | modules | _ELSEWHERE.keys() if name[0] != "_")
