"""The forwards of `reference/` in one ordered table, with the ways in which others often write them.

The simplest of those that compute the same comes first. `reference` is imported when the table is asked for.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from checks.known.entrywise import entrywise
from checks.known.family import Family, family
from checks.known.linear import (
    affine,
    arithmetic,
    attention,
    convolution,
    embedding,
    lstm,
    pooling,
    rnn,
    without_bias,
)
from checks.known.losses import classes, mean_losses, network, probabilities
from checks.known.norms import bare_norms, batch_norm, layer_norm


def is_reference(file: str) -> bool:
    """Whether the file is one of the package `reference`."""
    import reference

    return Path(file).resolve().parent == Path(reference.__file__).resolve().parent


@cache
def families() -> tuple[Family, ...]:
    """Every family; the more usual ones first."""
    return (
        family("x(...) -> (...)", entrywise(), entrywise=True),
        family("x(n,i), W(i,o), b(o) -> (n,o)", affine()),
        family("x(n,i), W(i,o) -> (n,o)", without_bias()),
        family("x(...), y(...) -> (...)", arithmetic()),
        family("x(n,c), t(n):label(c) -> ()", classes()),
        family("y(n,c):probability, t(n):label(c) -> ()", probabilities()),
        family("x(...), t(...):target -> ()", mean_losses()),
        family("x(n,d), gamma(d), beta(d) -> (n,d)", (*layer_norm(), *batch_norm())),
        family("x(n,c,h,w), gamma(c), beta(c) -> (n,c,h,w)", batch_norm()),
        family("x(n,s,d), gamma(d), beta(d) -> (n,s,d)", layer_norm()),
        family("x(n,d) -> (n,d)", bare_norms()),
        family("ids(...):int(v), W(v,d) -> (...,d)", embedding()),
        family("x(n,c,h,w), W(f,c,k,l), b(f) -> (n,f,h-k+1,w-l+1)", convolution()),
        family("x(n,c,h,w)", pooling()),
        family("q(n,t,d), k(n,s,d), v(n,s,e) -> (n,t,e)", attention()),
        family("x(n,i), h(n,j), Wx(i,j), Wh(j,j), b(j) -> (n,j)", rnn()),
        family("x(n,i), h(n,j), c(n,j), Wx(i,4*j), Wh(j,4*j), b(4*j) -> (n,j)", lstm()),
        family("x(n,i), t(n):label(o), W1(i,h), b1(h), W2(h,o), b2(o) -> ()", network()),
    )
