"""`fhir-server business-token`: makes a bearer token for a manufacturer or a sales representative.

https://www.rfc-editor.org/rfc/rfc6750
"""

from __future__ import annotations

import argparse
import sys
from typing import Final

from fhir_server.settings import Settings

NAME: Final = "business-token"
SUMMARY: Final = "make a token for a manufacturer or a sales representative, who see orders and no PHI"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The name of the caller and what it acts for; `--revoke` takes its tokens away."""
    parser.add_argument("name", help="a name for the caller: tokens of one name are one caller")
    acts_for = parser.add_mutually_exclusive_group(required=True)
    acts_for.add_argument("--manufacturer", metavar="ID", help="logical id of the manufacturer's Organization")
    acts_for.add_argument("--sales-representative", metavar="ID", help="logical id of the Practitioner")
    acts_for.add_argument("--revoke", action="store_true", help="take all tokens of this name away")


def run(settings: Settings, arguments: argparse.Namespace) -> int:
    """Prints the token, this once; 1 where the file cannot be used, 2 without the setting."""
    from fhir_server.auth import business_tokens as tokens

    path = settings.business_tokens
    if path is None:
        sys.stderr.write("Say where the digests of tokens are kept: --business-tokens FILE, for serve too.\n")
        return 2
    try:
        entries = tokens.read_entries(path)
        if arguments.revoke:
            left = {digest: said for digest, said in entries.items() if said["name"] != arguments.name}
            tokens.write_entries(path, left)
            sys.stdout.write(f"{len(entries) - len(left)} tokens of {arguments.name} taken away\n")
            return 0
        kind = "manufacturer" if arguments.manufacturer is not None else "sales-representative"
        fhir_id = arguments.manufacturer if arguments.manufacturer is not None else arguments.sales_representative
        token = tokens.new_token()
        made = {tokens.digest_of(token): tokens.entry(arguments.name, kind, fhir_id)}
        tokens.write_entries(path, {**entries, **made})
    except (tokens.BadTokenFile, OSError) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 1
    sys.stdout.write(f"{token}\n")
    return 0
