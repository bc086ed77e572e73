"""The benchmark: every figure of the product divided by its floor, the least work the same answer could cost."""
