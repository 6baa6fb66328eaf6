# ruff: noqa: INP001, T201 - a one-shot job of docker-compose.yml, not a package
"""Make the bucket and the key of the hub in Garage, through its admin API. Running it again changes nothing."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx

_PATIENCE_SECONDS = 60.0
_CONFLICT = 409


def secret(name: str) -> str:
    """Text of a secret file."""
    return Path("/run/secrets", name).read_text(encoding="ascii").strip()


def call(client: httpx.Client, name: str, body: dict[str, object]) -> None:
    """Call an operation of the admin API; that the thing exists already is fine."""
    answer = client.post(f"/v2/{name}", json=body)
    if answer.status_code != _CONFLICT:
        answer.raise_for_status()


def wait(client: httpx.Client) -> None:
    """Until the store can read and write."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            if client.get("/health").is_success:
                return
        except httpx.HTTPError as error:
            print(f"waiting for the blob store: {type(error).__name__}", file=sys.stderr)
        if time.monotonic() > deadline:
            sys.exit("the blob store did not become healthy")
        time.sleep(1)


def main() -> None:
    """Key, bucket, and the key's right to read and write the bucket."""
    bucket, key = os.environ["BUCKET"], secret("blobs_access_key")
    headers = {"Authorization": f"Bearer {secret('blobs_admin')}"}
    with httpx.Client(base_url=os.environ["BLOBS_ADMIN_URL"], headers=headers, trust_env=False) as client:
        wait(client)
        call(client, "ImportKey", {
            "accessKeyId": key, "secretAccessKey": secret("blobs_secret_key"), "name": "hub",
        })  # fmt: skip
        call(client, "CreateBucket", {"globalAlias": bucket})
        found: dict[str, Any] = (
            client.get("/v2/GetBucketInfo", params={"globalAlias": bucket}).raise_for_status().json()
        )
        call(client, "AllowBucketKey", {
            "bucketId": found["id"], "accessKeyId": key, "permissions": {"read": True, "write": True, "owner": False},
        })  # fmt: skip
    print(f"bucket {bucket}: ready, key {key} may read and write")


if __name__ == "__main__":
    main()
