"""Random programs whose derivatives are compared with central differences.

A program is a few leaves and a list of statements in plain Python (`program`), drawn from the op table and from what
programs do with graphs: views, in-place operations, hooks, custom functions, detached values, gradients of gradients
(`draw`). The same statements are run without the graph at points beside the leaves, with everything that passes no
gradient on held at its value (`reference`); `check` compares, in several ways of running the program, and `shrink`
makes what fails short enough to read. ``python tests/random_programs --help`` runs as many as one likes.
"""
