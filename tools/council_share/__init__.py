"""The make-believe council share behind ``make demo``: people, documents and what stands in them.

One module per department; each yields ``DemoFile`` values, made from a seed and from nothing else.  The
identifiers are generated here by rules of their own, on purpose not with the code that finds them.
"""
