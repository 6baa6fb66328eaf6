"""Schema ids by the Confluent API, kept on disk: once known, the registry may be away."""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from hub.model.errors import Broken, Invalid, Transient
from hub.model.events import Event
from hub.runtime.logs import logger
from hub.wire.avro import Schema, parsed_reader, parsed_writer, schema_of
from hub.wire.topics import Topic, topic_of

_CONTENT_TYPE = "application/vnd.schemaregistry.v1+json"
_TIMEOUT = httpx.Timeout(3.0)
_NOT_FOUND, _CONFLICT = 404, 409


class Registry:
    """Ids to write with, writers' schemas to read with. Only schemas under our own subjects are ever used."""

    def __init__(self, url: str, cache_file: Path) -> None:
        self._client = httpx.AsyncClient(base_url=url.rstrip("/"), timeout=_TIMEOUT, trust_env=False)
        self._file = cache_file
        self._ids: dict[str, int] = {}
        self._schemas: dict[int, tuple[str, Schema]] = {}
        self._parsed: dict[int, Any] = {}
        self._read_cache()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def prepare(self, events: Iterable[type[Event]]) -> None:
        """Know the ids of these classes before work starts; Transient when unknown and the registry is away."""
        for event in events:
            topic = topic_of(event)
            schema = json.dumps(schema_of(event), sort_keys=True)
            known = self._ids.get(topic.subject)
            if known is None or json.dumps(self._schemas[known][1], sort_keys=True) != schema:
                await self._look_up(topic, schema)

    async def register(self, topic: Topic) -> int:
        """Register a topic's schema under FULL_TRANSITIVE (a migration's work, never a service's); gives its id."""
        await self._call("PUT", f"/config/{topic.subject}", {"compatibility": "FULL_TRANSITIVE"})
        body = {"schema": json.dumps(schema_of(topic.event), sort_keys=True)}
        answer = await self._call("POST", f"/subjects/{topic.subject}/versions", body)
        if answer.status_code == _CONFLICT:
            raise Broken(f"schema of {topic.name} is not FULL_TRANSITIVE compatible: {answer.text[:300]}")
        return int(answer.json()["id"])

    def id_of(self, event: type[Event]) -> int:
        """Schema id to write an event class with; `prepare` must have run."""
        try:
            return self._ids[topic_of(event).subject]
        except KeyError as error:
            raise Broken(f"schema id of {event.__name__} was not prepared") from error

    async def writer(self, schema_id: int, topic: Topic) -> Any:
        """Parsed schema a record was written with; Invalid when the id is none of this topic's."""
        if schema_id not in self._schemas:
            await self._fetch(schema_id, topic)
        subject, schema = self._schemas[schema_id]
        if subject != topic.subject:
            raise Invalid("FOREIGN_SCHEMA", f"schema {schema_id} does not belong to {topic.name}")
        if schema_id not in self._parsed:
            parsed, own = parsed_writer(schema), parsed_reader(topic.event)
            self._parsed[schema_id] = own if parsed == own else parsed  # the very same object needs no resolution
        return self._parsed[schema_id]

    async def _look_up(self, topic: Topic, schema: str) -> None:
        answer = await self._call("POST", f"/subjects/{topic.subject}", {"schema": schema})
        if answer.status_code == _NOT_FOUND:
            raise Transient("registry", f"schema of {topic.name} is not registered: run `hubctl topics apply`")
        self._keep(int(answer.json()["id"]), topic.subject, json.loads(schema))

    async def _fetch(self, schema_id: int, topic: Topic) -> None:
        versions = await self._call("GET", f"/schemas/ids/{schema_id}/versions", None)
        subjects = [] if versions.status_code == _NOT_FOUND else [entry["subject"] for entry in versions.json()]
        if topic.subject not in subjects:
            raise Invalid("FOREIGN_SCHEMA", f"schema {schema_id} does not belong to {topic.name}")
        answer = await self._call("GET", f"/schemas/ids/{schema_id}", None)
        self._schemas[schema_id] = (topic.subject, json.loads(answer.json()["schema"]))
        self._write_cache()

    def _keep(self, schema_id: int, subject: str, schema: Schema) -> None:
        self._ids[subject] = schema_id
        self._schemas[schema_id] = (subject, schema)
        self._write_cache()

    async def _call(self, method: str, path: str, body: dict[str, str] | None) -> httpx.Response:
        try:
            answer = await self._client.request(method, path, json=body, headers={"Accept": _CONTENT_TYPE})
        except httpx.HTTPError as error:
            raise Transient("registry", type(error).__name__) from error
        if answer.is_server_error:
            raise Transient("registry", f"HTTP {answer.status_code}")
        if answer.is_client_error and answer.status_code not in (_NOT_FOUND, _CONFLICT):
            raise Broken(f"registry answers {answer.status_code} to {method} {path}: {answer.text[:300]}")
        return answer

    def _read_cache(self) -> None:
        if not self._file.is_file():
            return
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            ids = dict(kept["ids"])
            schemas = {int(key): (subject, schema) for key, (subject, schema) in kept["schemas"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger().warning("cache of schema ids unreadable, asked for anew", error=type(error).__name__)
            return
        self._ids, self._schemas = ids, schemas

    def _write_cache(self) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(f".{os.getpid()}.tmp")
        with draft.open("w", encoding="utf-8") as out:
            json.dump({"ids": self._ids, "schemas": self._schemas}, out)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(self._file)
