"""`sim authority`: make or renew the test authority, and say what the hub is to trust."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from sim.agencies import load_agencies
from sim.authority import open_authority

State = Annotated[
    Path,
    typer.Option("--dir", help="Folder of the local stack, whose test authority signs / thư mục của hệ thống cục bộ"),
]


def authority(state: State = Path(".local")) -> None:
    """Tạo cơ quan chứng thực thử nghiệm / make the test authority, once; renew its CRLs when they run out."""
    agencies = load_agencies()
    with Console(stderr=True).status(f"{len(agencies)} khóa và chứng thư / keys and certificates"):
        made = open_authority(state, agencies, datetime.now(UTC))
    print(f"HUB_TRUST_FILE={made.anchors.resolve()}")
    print(f"HUB_CRL_DIR={made.crls.resolve()}")
