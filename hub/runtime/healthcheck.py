"""Is the process of this container ready? `python -m hub.runtime.healthcheck`: exit 0 when it is, 1 and why when not.

Standard library only: it runs every few seconds beside the service and must cost next to nothing.
"""

import os
import sys
from http.client import HTTPConnection, HTTPException

_PATIENCE_SECONDS = 4.0  # /health/ready gives every part 2 s


def main() -> int:
    """Ask /health/ready on HUB_INTERNAL_PORT of this network namespace."""
    port = int(os.environ.get("HUB_INTERNAL_PORT", "0"))
    connection = HTTPConnection("127.0.0.1", port, timeout=_PATIENCE_SECONDS)
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        body = answer.read(2000).decode("utf-8", "replace")
    except (OSError, HTTPException) as error:
        body, ready = f"port {port}: {error!r}", False
    else:
        ready = answer.status == 200  # noqa: PLR2004 - OK
    print(body)  # noqa: T201 - `docker inspect` shows it
    return 0 if ready else 1


if __name__ == "__main__":
    sys.exit(main())
