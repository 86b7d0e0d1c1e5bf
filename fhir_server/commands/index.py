"""`fhir-server index`: indexes older resources under search parameters that were added, and forgets removed ones.

https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

import argparse
import sys
from typing import Final
from zoneinfo import ZoneInfo

from fhir_server.settings import Settings

NAME: Final = "index"
SUMMARY: Final = "index older resources under added search parameters; can be broken off and started again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing beside the settings."""


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Works until every parameter is complete; 0 then, also when there was nothing to do."""
    from tqdm import tqdm

    from fhir_server.commands.database import database
    from fhir_server.persistence.building import adopt, build, count, tasks
    from fhir_server.persistence.database import Database
    from fhir_server.resources.registry import registry

    with database(settings) as conninfo:
        # A batch is as large as it is; the limit of requests is not for it.
        opened, known = Database(conninfo, 0), registry()
        for fhir_id, reason in adopt(opened):
            sys.stderr.write(f"fhir-server: SearchParameter/{fhir_id} is not served: {reason}\n")
        found = tasks(opened)
        total = count(opened, known, {task.resource_type for task in found if task.state == "building"})
        # disable=None: no bar where nobody watches.
        with tqdm(total=total, unit=" resources", unit_scale=True, disable=None, dynamic_ncols=True) as bar:

            def progress(resource_type: str, done: int) -> None:
                bar.set_postfix_str(resource_type, refresh=False)
                bar.update(done)

            zone = ZoneInfo(settings.clinic_time_zone)
            build(opened, known, base_url=settings.base_url, zone=zone, progress=progress)
    names = ", ".join(f"{task.resource_type}.{task.code}" for task in found[:20])
    more = f" and {len(found) - 20} more" if len(found) > 20 else ""
    sys.stdout.write(f"Done: {names}{more}.\n" if found else "Nothing to do.\n")
    return 0
