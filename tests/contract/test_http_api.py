"""Whatever a client sends to the published API, no answer is a fault of the server (no status 500 and above)."""

import time
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings

from hubctl.local.ports import Port
from sim.hub_client import bearer
from sim.place import Place
from sim.rehearsal import Rehearsed, Script, prepare

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]

SERVICES = {"ingest": Port.INGEST, "router": Port.ROUTER, "status": Port.STATUS}
EXAMPLES = 30


@pytest.fixture(scope="session")
def registered(stack: Place) -> Rehearsed:
    return prepare(stack, Script(seed=4, documents=1), lambda *_: None)


@pytest.fixture(scope="session")
def token(registered: Rehearsed) -> str:
    code, secret = next(iter(registered.stage.secrets.items()))
    return f"Bearer {bearer(code, secret, time.time() + 3600)}"


@pytest.fixture(params=sorted(SERVICES))
def api(request: pytest.FixtureRequest, stack: Place) -> Any:
    return schemathesis.openapi.from_url(f"http://{stack.stack.address(SERVICES[request.param])}/openapi.json")


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_answer_is_a_server_error(case: Any, stack: Place, token: str) -> None:
    for headers in ({"Authorization": token}, {}):
        answer = case.call(base_url=stack.edge, headers=headers)
        assert answer.status_code < 500, f"{case.method} {case.path}: {answer.status_code} {answer.text[:300]}"


@pytest.fixture(scope="session", autouse=True)
def _database() -> None:
    """Hypothesis keeps no examples between runs: the machine may be another one."""
    settings.register_profile("no-database", database=None)
    settings.load_profile("no-database")
