"""Whatever a client sends to the published API, no answer is a fault of the server (no status 500 and above)."""

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode

from sim.hub_client import bearer
from sim.place import Place
from sim.rehearsal import Rehearsed, Script, prepare

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

SERVICES = ("ingest", "router", "status")
EXAMPLES = 30


@pytest.fixture(scope="session")
def registered(stack: Place) -> Rehearsed:
    return prepare(stack, Script(seed=4, documents=1), lambda *_: None)


@pytest.fixture(scope="session")
def token(registered: Rehearsed) -> str:
    code, secret = next(iter(registered.stage.secrets.items()))
    return f"Bearer {bearer(code, secret, time.time() + 3600)}"


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("service", SERVICES)
def test_no_answer_is_a_server_error(stack: Place, token: str, service: str, mode: GenerationMode) -> None:
    described = schemathesis.openapi.from_url(f"{stack.edge}/api/v1/openapi/{service}.json")
    operations = list(described.get_all_operations())
    assert operations
    for found in operations:
        assert isinstance(found, Ok), found
        operation = found.ok()

        @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy(generation_mode=mode))
        def no_fault(case: Any) -> None:
            case.query.pop("wait", None)  # a long poll would wait as long as it says
            for headers in ({"Authorization": token}, {}):
                answer = case.call(base_url=stack.edge, headers=headers)
                assert answer.status_code < 500, f"{case.method} {case.path}: {answer.status_code} {answer.text[:300]}"

        try:
            no_fault()
        except Unsatisfiable:  # an operation without parameters or body has nothing that could be wrong
            assert mode is GenerationMode.NEGATIVE
