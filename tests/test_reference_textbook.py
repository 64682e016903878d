"""The signatures that `gradproof reference` goes by: they are read, they belong to layers, they are used."""

import numpy as np
import pytest

import reference
from checks.signature import Signature
from checks.textbook import WRITTEN, check_as_written, layers


@pytest.fixture(scope="module")
def found():
    return {one.target.rpartition("::")[2]: one for job in layers() for one in job.find().found}


@pytest.mark.parametrize("label", WRITTEN)
def test_every_entry_is_a_signature_of_a_layer_that_is_found(label, found):
    assert str(Signature.parse(WRITTEN[label].signature)) == WRITTEN[label].signature
    assert found[label].why is None
    assert label.partition("(")[0] in reference.__all__


def test_every_layer_of_the_reference_is_found(found):
    layers = {name for name in reference.__all__ if hasattr(getattr(reference, name), "backward")}
    networks = {"TwoLayerNet", "MultiLayerNet"}
    assert {label.partition("(")[0] for label in found} == layers | networks


def test_what_cannot_be_made_from_sizes_is_an_object(found):
    pooling = found["MaxPooling(2, 3, stride=1, pad=1)"].subject
    assert (pooling.pool_h, pooling.pool_w, pooling.stride, pooling.pad) == (2, 3, 1, 1)
    assert found["Tanh"].subject.__name__ == "Tanh"


def test_a_layer_is_checked_under_its_signature_unless_another_is_given(found):
    options = {"target": found["Softmax"].target, "seed": 1, "max_examples": 2}
    subject = found["Softmax"].subject
    assert check_as_written(subject, None, **options).signature == "x(n,c) -> (n,c)"
    assert check_as_written(subject, "x(n,c,k)", **options).signature == "x(n,c,k) -> (n,c,k)"


def test_a_layer_that_is_not_listed_is_read_by_trying(found):
    report = check_as_written(found["ReLU"].subject, None, target=found["ReLU"].target, seed=1, max_examples=2)
    assert (report.verdict, report.signature) == ("pass", "x(n,i) -> (n,i)")
    assert np.isfinite(report.seconds)
