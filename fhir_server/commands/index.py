"""`fhir-server index`: indexes older resources under search parameters that are new, and forgets removed ones.

With `--rebuild` it makes all index rows anew, for databases from before an upgrade that added kinds of them.
https://hl7.org/fhir/R4/searchparameter.html
"""

from __future__ import annotations

import argparse
import sys
from typing import Final
from zoneinfo import ZoneInfo

from fhir_server.settings import Settings

NAME: Final = "index"
SUMMARY: Final = "index older resources under new search parameters; can be broken off and started again"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which types are to be indexed as a whole."""
    parser.add_argument(
        "--rebuild",
        nargs="*",
        metavar="TYPE",
        help="make all index rows anew, of these resource types or of all; goes on where it was broken off",
    )


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Works until every parameter is complete and all types are rebuilt; 0 then, also when there was nothing to do.

    2 for a type that is none.
    """
    from tqdm import tqdm

    from fhir_server.commands.database import database
    from fhir_server.persistence.building import adopt, build, count, tasks
    from fhir_server.persistence.database import Database
    from fhir_server.persistence.rebuilding import begin, rebuild, waited_for
    from fhir_server.resources.registry import registry

    known = registry()
    wrong = sorted(set(arguments.rebuild or ()) - set(known.resource_types))
    if wrong:
        sys.stderr.write(f"fhir-server: {', '.join(wrong)}: no such resource type\n")
        return 2
    with database(settings) as conninfo:
        # A batch is as large as it is; the limit of requests is not for it.
        opened = Database(conninfo, 0)
        for fhir_id, reason in adopt(opened):
            sys.stderr.write(f"fhir-server: SearchParameter/{fhir_id} is not served: {reason}\n")
        found = tasks(opened)
        waiting = waited_for(opened)
        asked = [] if arguments.rebuild is None else begin(opened, known, arguments.rebuild)
        rebuilt = sorted({*asked, *waiting})
        building = {task.resource_type for task in found if task.state == "building"}
        total = count(opened, known, building) + count(opened, known, rebuilt)
        # disable=None: no bar where nobody watches.
        with tqdm(total=total, unit=" resources", unit_scale=True, disable=None, dynamic_ncols=True) as bar:

            def progress(resource_type: str, done: int) -> None:
                bar.set_postfix_str(resource_type, refresh=False)
                bar.update(done)

            zone = ZoneInfo(settings.clinic_time_zone)
            build(opened, known, base_url=settings.base_url, zone=zone, progress=progress)
            rebuild(opened, known, rebuilt, base_url=settings.base_url, zone=zone, progress=progress)
    names = [f"{task.resource_type}.{task.code}" for task in found]
    names += ["all types"] if len(rebuilt) == len(known.resource_types) else [f"all of {kind}" for kind in rebuilt]
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    sys.stdout.write(f"Done: {', '.join(names[:20])}{more}.\n" if names else "Nothing to do.\n")
    return 0
