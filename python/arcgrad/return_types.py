"""The classes of results that have names: ``torch.max(x, 0)`` is a ``torch.return_types.max``.

    >>> import arcgrad as ag
    >>> isinstance(ag.zeros(2).sort(), ag.return_types.sort)
    True
"""

from __future__ import annotations

import arcgrad as ag
from arcgrad import _names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: A call for each, from whose result the class is known.
_CALLS = {
    "aminmax": lambda x: x.aminmax(),
    "cummax": lambda x: x.cummax(0),
    "cummin": lambda x: x.cummin(0),
    "frexp": lambda x: ag.frexp(x),
    "histogram": lambda x: ag.histogram(x),
    "histogramdd": lambda x: ag.histogramdd(x, bins=1),
    "kthvalue": lambda x: x.kthvalue(1),
    "linalg_cholesky_ex": lambda x: ag.linalg.cholesky_ex(x),
    "linalg_eig": lambda x: ag.linalg.eig(x),
    "linalg_eigh": lambda x: ag.linalg.eigh(x),
    "linalg_inv_ex": lambda x: ag.linalg.inv_ex(x),
    "linalg_ldl_factor": lambda x: ag.linalg.ldl_factor(x),
    "linalg_ldl_factor_ex": lambda x: ag.linalg.ldl_factor_ex(x),
    "linalg_lstsq": lambda x: ag.linalg.lstsq(x, x),
    "linalg_lu": lambda x: ag.linalg.lu(x),
    "linalg_lu_factor": lambda x: ag.linalg.lu_factor(x),
    "linalg_lu_factor_ex": lambda x: ag.linalg.lu_factor_ex(x),
    "linalg_qr": lambda x: ag.linalg.qr(x),
    "linalg_slogdet": lambda x: ag.linalg.slogdet(x),
    "linalg_solve_ex": lambda x: ag.linalg.solve_ex(x, x),
    "linalg_svd": lambda x: ag.linalg.svd(x),
    "lu_unpack": lambda x: ag.lu_unpack(*ag.linalg.lu_factor(x)),
    "max": lambda x: x.max(0),
    "median": lambda x: x.median(0),
    "min": lambda x: x.min(0),
    "mode": lambda x: x.mode(),
    "nanmedian": lambda x: x.nanmedian(0),
    "qr": lambda x: ag.qr(x),
    "slogdet": lambda x: ag.slogdet(x),
    "sort": lambda x: x.sort(),
    "svd": lambda x: ag.svd(x),
    "topk": lambda x: x.topk(1),
    "triangular_solve": lambda x: ag.triangular_solve(x, x),
}

__all__ = sorted(_CALLS)

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name not in _CALLS:
            raise _names.missing(__name__, name, lambda: __all__)
        with ag.no_grad():
            made = type(_CALLS[name](ag.ones(1, 1)))
        globals()[name] = made
        return made


_names.describe(__name__)
