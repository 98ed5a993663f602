"""Places the boxes of a directed acyclic graph in layers, arrows pointing down.

The method is that of K. Sugiyama, S. Tagawa and M. Toda, "Methods for visual understanding of hierarchical system structures", IEEE
Transactions on Systems, Man, and Cybernetics 11 (1981): layers by longest path, order within a layer by barycentres so that few
arrows cross, then positions that make arrows straight. Long arrows pass each layer at a place of their own.
"""

from bisect import bisect_right, insort
from typing import NamedTuple

#: Passes up and down; more of them hardly change a picture.
_ORDER_SWEEPS = 12
_PLACE_SWEEPS = 16

#: How strongly the ends of an arrow pull at each other, by how many of them are bends: long arrows are straightened first
#: (the proportions are those of E. Gansner and others, "A technique for drawing directed graphs", 1993).
_PULL = (1.0, 2.0, 8.0)

#: How much less an arrow pulls that comes from a box without predecessors: inputs stand beside the path that they join, and do not bend
#: it.
_SOURCE_PULL = 0.05


class Layout(NamedTuple):
    """Where things are; x grows to the right, y downwards, in the unit of the sizes."""

    centres: list[tuple[float, float]]  # of each box
    routes: list[list[tuple[float, float]]]  # of each arrow: from the lower edge of one box to the upper edge of another
    width: float
    height: float


def layered_layout(sizes, edges, *, gap=16.0, layer_gap=26.0) -> Layout:
    """Lays out boxes of the given ``sizes`` (width, height), joined by ``edges`` (index above, index below)."""
    layer_of = _layers(len(sizes), edges)
    graph = _Proper(sizes, edges, layer_of)
    graph.order()
    graph.place(gap)
    return graph.layout(layer_gap)


def _layers(count, edges):
    """The longest distance of each node from a node without successors, which are in layer 0, the lowest."""
    above = [[] for _ in range(count)]
    waiting = [0] * count
    for upper, lower in edges:
        above[lower].append(upper)
        waiting[upper] += 1
    layer_of = [0] * count
    ready = [node for node in range(count) if waiting[node] == 0]
    placed = 0
    while ready:
        node = ready.pop()
        placed += 1
        for upper in above[node]:
            layer_of[upper] = max(layer_of[upper], layer_of[node] + 1)
            waiting[upper] -= 1
            if waiting[upper] == 0:
                ready.append(upper)
    if placed < count:
        raise ValueError("layered_layout: the graph has a cycle")
    return layer_of


class _Proper:
    """The graph with a bend, a node without height, wherever an arrow crosses a layer."""

    def __init__(self, sizes, edges, layer_of):
        self.boxes = len(sizes)
        self.sizes = list(sizes)
        self.layer_of = list(layer_of)
        self.chains = []  # for each edge its nodes from above to below
        for upper, lower in edges:
            chain = [upper]
            for layer in range(layer_of[upper] - 1, layer_of[lower], -1):
                chain.append(len(self.sizes))
                self.sizes.append((0.0, 0.0))
                self.layer_of.append(layer)
            self.chains.append([*chain, lower])
        self.above = [[] for _ in self.sizes]
        self.below = [[] for _ in self.sizes]
        for chain in self.chains:
            for upper, lower in zip(chain, chain[1:]):
                self.above[lower].append(upper)
                self.below[upper].append(lower)
        self.layers = [[] for _ in range(max(self.layer_of, default=-1) + 1)]
        self.x = [0.0] * len(self.sizes)

    # ---- order within the layers ----

    def order(self):
        # Depth first from below: a tree comes out without a crossing.
        seen = [False] * len(self.sizes)
        pending = [node for node in reversed(range(self.boxes)) if not self.below[node]]
        while pending:
            node = pending.pop()
            if not seen[node]:
                seen[node] = True
                self.layers[self.layer_of[node]].append(node)
                pending.extend(reversed(self.above[node]))
        best, fewest = [list(layer) for layer in self.layers], self._crossings()
        for sweep in range(_ORDER_SWEEPS):
            if fewest == 0:
                break
            upwards = sweep % 2 == 0
            for layer in self.layers[1:] if upwards else reversed(self.layers[:-1]):
                self._sort_by_barycentre(layer, self.below if upwards else self.above)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _sort_by_barycentre(self, layer, neighbours):
        rank = {}
        for node in layer:
            for other in neighbours[node]:
                if other not in rank:
                    rank.update((n, i) for i, n in enumerate(self.layers[self.layer_of[other]]))
        own = {node: i for i, node in enumerate(layer)}

        def barycentre(node):
            others = neighbours[node]
            return sum(rank[other] for other in others) / len(others) if others else own[node]

        layer.sort(key=barycentre)

    def _crossings(self):
        total = 0
        for upper, lower in zip(self.layers[1:], self.layers):
            rank = {node: i for i, node in enumerate(lower)}
            passed = []  # lower ends of the arrows so far, sorted
            for node in upper:
                ends = sorted(rank[other] for other in self.below[node])
                total += sum(len(passed) - bisect_right(passed, end) for end in ends)
                for end in ends:
                    insort(passed, end)
        return total

    # ---- positions within the layers ----

    def place(self, gap):
        for layer in self.layers:
            self._set(layer, [0.0] * len(layer), [1.0] * len(layer), gap)
        for sweep in range(_PLACE_SWEEPS):
            last = sweep >= _PLACE_SWEEPS - 2
            upwards = sweep % 2 == 0
            for layer in self.layers if upwards else reversed(self.layers):
                wishes, weights = [], []
                for node in layer:
                    # The last passes look both ways, or the picture would lean.
                    others = self.above[node] + self.below[node] if last else (self.below if upwards else self.above)[node]
                    pulls = [self._pull(node, other) for other in others]
                    total = sum(pulls)
                    wishes.append(sum(p * self.x[o] for p, o in zip(pulls, others)) / total if total else self.x[node])
                    weights.append(total or 0.1)
                self._set(layer, wishes, weights, gap)

    def _pull(self, node, other):
        upper = node if self.layer_of[node] > self.layer_of[other] else other
        bends = (node >= self.boxes) + (other >= self.boxes)
        return _PULL[bends] * (1.0 if self.above[upper] else _SOURCE_PULL)

    def _set(self, layer, wishes, weights, gap):
        """Moves a layer's nodes as near to their wishes as order and distances allow, in the sense of least squares: with the distances
        taken off, this is isotonic regression, solved by pooling adjacent violators."""
        offsets, offset = [], 0.0
        for i, node in enumerate(layer):
            if i:
                offset += (self.sizes[layer[i - 1]][0] + self.sizes[node][0]) / 2 + gap
            offsets.append(offset)
        pools = []  # [weighted mean, weight, number of nodes]
        for wish, weight, offset in zip(wishes, weights, offsets):
            pools.append([wish - offset, weight, 1])
            while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
                mean, weight, number = pools.pop()
                before = pools[-1]
                before[0] = (before[0] * before[1] + mean * weight) / (before[1] + weight)
                before[1] += weight
                before[2] += number
        means = [mean for mean, _, number in pools for _ in range(number)]
        for node, mean, offset in zip(layer, means, offsets):
            self.x[node] = mean + offset

    # ---- the result ----

    def layout(self, layer_gap):
        left = min((self.x[n] - self.sizes[n][0] / 2 for n in range(len(self.sizes))), default=0.0)
        right = max((self.x[n] + self.sizes[n][0] / 2 for n in range(len(self.sizes))), default=0.0)
        heights = [max(self.sizes[node][1] for node in layer) for layer in self.layers]
        middle, y = [0.0] * len(heights), 0.0
        for layer in reversed(range(len(heights))):
            middle[layer] = y + heights[layer] / 2
            y += heights[layer] + layer_gap
        centres = [(self.x[n] - left, middle[self.layer_of[n]]) for n in range(len(self.sizes))]
        leaving, arriving = self._ports(upper_end=True), self._ports(upper_end=False)
        routes = []
        for number, chain in enumerate(self.chains):
            # Within a layer arrows are vertical, so that they pass beside boxes that are taller than their own.
            start, end = centres[chain[0]][0] + leaving[number], centres[chain[-1]][0] + arriving[number]
            bottom = centres[chain[0]][1] + self.sizes[chain[0]][1] / 2
            top = centres[chain[-1]][1] - self.sizes[chain[-1]][1] / 2
            route = [(start, bottom)]
            for node, x in zip(chain, [start, *(centres[bend][0] for bend in chain[1:-1]), end]):
                half = heights[self.layer_of[node]] / 2
                y_node = middle[self.layer_of[node]]
                route += [(x, y) for y in (y_node - half, y_node + half) if bottom < y < top]
            routes.append([*route, (end, top)])
        return Layout(centres[: self.boxes], routes, right - left, max(y - layer_gap, 0.0))

    def _ports(self, upper_end):
        """Where along a box's edge each arrow ends, from the middle: side by side, in the order they come from."""
        meeting = {}
        for number, chain in enumerate(self.chains):
            node, other = (chain[0], chain[1]) if upper_end else (chain[-1], chain[-2])
            meeting.setdefault(node, []).append((self.x[other], number))
        ports = [0.0] * len(self.chains)
        for node, arrows in meeting.items():
            step = min(14.0, 0.7 * self.sizes[node][0] / len(arrows))
            for i, (_, number) in enumerate(sorted(arrows)):
                ports[number] = (i - (len(arrows) - 1) / 2) * step
        return ports
