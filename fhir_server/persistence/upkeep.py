"""What has to happen beside requests: merges of what the portal wrote, words of what it wrote, audit partitions.

Nothing waits for it: reads merge on the fly, searches merge what stands in their way, and audit rows have a default
partition.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import tzinfo
from typing import Any

import psycopg
from psycopg import Connection

from fhir_server.definitions import using
from fhir_server.errors import FhirError
from fhir_server.mapping.registry import Registry
from fhir_server.persistence import partitions
from fhir_server.persistence.building import complete_empty
from fhir_server.persistence.database import Database
from fhir_server.persistence.pending import BATCH, merge_batch
from fhir_server.persistence.words import BATCH as WORDS_BATCH
from fhir_server.persistence.words import read_words

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_ROUNDS = 1.0
ROUNDS_BETWEEN_PARTITIONS = 3600


def merge_all(database: Database, registry: Registry, *, base_url: str, zone: tzinfo) -> int:
    """Merge all that is pending and nobody holds locked; returns how many resources that were."""
    merged = 0
    for source in registry.tables():
        while True:

            def work(connection: Connection[Any], source: Any = source) -> int:
                return merge_batch(connection, registry, source, base_url=base_url, zone=zone, skip_locked=True)

            done = database.transaction(work)
            merged += done
            if done < BATCH:
                break
    return merged


def read_all_words(database: Database, registry: Registry) -> int:
    """Read the words of all that nobody has read and nobody holds locked; returns how many resources that were."""
    generic = {one.store.name: one for kind in registry.resource_types for one in registry.sources(kind) if one.generic}
    total = 0
    for source in (*registry.tables(), *generic.values()):
        while True:

            def work(connection: Connection[Any], source: Any = source) -> int:
                return read_words(connection, registry, source, skip_locked=True)

            done = database.transaction(work)
            total += done
            if done < WORDS_BATCH:
                break
    return total


def keep_up(
    database: Database, registry: Registry, *, base_url: str, zone: tzinfo, wait: Callable[[float], bool]
) -> None:
    """Merge and make partitions until `wait(seconds)` says that it is over."""
    rounds = 0
    while True:
        try:
            if rounds % ROUNDS_BETWEEN_PARTITIONS == 0:
                partitions.ensure(database.conninfo)
            with using(database.parameters.renew()) as known:
                merge_all(database, registry, base_url=base_url, zone=zone)
            if not known.is_complete:
                complete_empty(database, registry)
            read_all_words(database, registry)
            rounds += 1
        except (psycopg.Error, FhirError) as error:
            # The database may be away for a while; the next round finds the same work.
            _log.warning("upkeep postponed: %s", type(error).__name__)
        if wait(SECONDS_BETWEEN_ROUNDS):
            return
