"""The proof of a key: it is valid for one peer, and only once."""

import pytest

from Kamaelia.Support.Links.Keys import isProof, newNonce, proofOf

GIVEN = ("key", "writer", "link", "n1", "n2")


def test_a_proof_is_accepted_where_all_of_its_parts_agree():
    assert isProof(proofOf(*GIVEN), proofOf(*GIVEN))


@pytest.mark.parametrize("part", range(5))
def test_a_proof_for_anything_else_is_refused(part):
    other = [*GIVEN[:part], "other", *GIVEN[part + 1 :]]
    assert not isProof(proofOf(*other), proofOf(*GIVEN))


@pytest.mark.parametrize("given", [None, 1, "", "\udcff", ["a"]])
def test_what_is_no_text_is_no_proof(given):
    assert not isProof(given, proofOf(*GIVEN))


def test_nonces_differ():
    assert newNonce() != newNonce()
