"""Compartments name the parameters that make a resource a member."""

from __future__ import annotations

import pytest

from fhir_server.definitions import COMPARTMENTS, compartment, search_parameters


def test_the_patient_compartment_is_as_published() -> None:
    members = compartment("Patient")
    assert members["Observation"] == ("subject", "performer")
    assert members["SupplyRequest"] == ("subject",)
    assert members["Coverage"] == ("policy-holder", "subscriber", "beneficiary", "payor")
    assert members["Patient"] == ("link",)
    # A published oddity: tasks are in no patient's compartment.
    assert "Task" not in members
    assert "Practitioner" not in members


def test_every_named_parameter_exists() -> None:
    for name in COMPARTMENTS:
        for resource_type, codes in compartment(name).items():
            for code in codes:
                assert code == "{def}" or code in search_parameters(resource_type), (name, resource_type, code)


def test_an_unknown_compartment_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        compartment("Group")
