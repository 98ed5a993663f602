# Written by scripts/stubs.py from the op table; `make stubs` writes it anew.
from arcgrad._core.special import digamma as digamma
from arcgrad._core.special import erf as erf
from arcgrad._core.special import erfc as erfc
from arcgrad._core.special import exp2 as exp2
from arcgrad._core.special import expm1 as expm1
from arcgrad._core.special import log1p as log1p
from arcgrad._core.special import log_softmax as log_softmax
from arcgrad._core.special import logsumexp as logsumexp
from arcgrad._core.special import round as round
from arcgrad._core.special import softmax as softmax
