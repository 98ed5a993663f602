"""Sizes that are no numbers."""

import arcgrad as ag

t = ag.ones(2, 3)
t.reshape(2, "x")  # wrong
t.view("2, 3")  # wrong
t.reshape(2.0, 3)  # wrong
t.permute(0, None)  # wrong
ag.zeros(2, [3])  # wrong
t.expand(2, 3.5)  # wrong
t.unsqueeze("0")  # wrong
t.flatten(start="0")  # wrong
rows: str = t.shape[0]  # wrong
t.size("0")  # wrong
