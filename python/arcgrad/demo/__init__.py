"""A small convolutional network learns handwritten digits: ``python -m arcgrad.demo``.

``data`` reads the digits, ``training`` holds the network and its loop, ``figures`` draws what came out, ``__main__`` ties
them together.
"""

from arcgrad import _names


_names.describe(__name__)
