"""Whether an order may go out: one answer with every condition, what proves it, why not, and until when it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from business.authorizations import Authorization, Use, authorize
from business.eligibility import EligibilityCheck, eligibility
from business.mac import MacValidation, Requirement, required_documentation, required_documents, standing
from business.statuses import normal, status_map

SIGNED = frozenset({"completed", "verified", "approved"})
"""Statuses of an insurance verification that is signed."""

SETTLED = frozenset({"met", "not-needed"})
"""States of conditions that do not stand in the way."""


@dataclass(frozen=True, slots=True)
class Product:
    """A line of the order: its HCPCS code and manufacturer, how much, and what it needs."""

    product: str
    hcpcs: str | None = None
    manufacturer: str | None = None
    quantity: int = 1
    total: Decimal = Decimal("0.00")
    requires_authorization: bool = False
    requires_ivr: bool = True


@dataclass(frozen=True, slots=True)
class Episode:
    """A row of patient_manufacturer_ivr_episodes; times are aware."""

    id: str
    manufacturer: str | None
    status: str | None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Paper:
    """A document of the order: its status, and which required document it is (None when nobody has said)."""

    id: str
    status: str | None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class ReadinessFacts:
    """All that is known about an order when somebody asks whether it may go out.

    `now` is aware, in the zone whose days count. `is_medicare` is None when nobody knows. `jurisdiction` is that of the
    A/B contractor. `uses` are the other orders of the product request.
    """

    now: datetime
    products: tuple[Product, ...] = ()
    is_medicare: bool | None = None
    jurisdiction: str | None = None
    checks: tuple[EligibilityCheck, ...] = ()
    validations: tuple[MacValidation, ...] = ()
    authorizations: tuple[Authorization, ...] = ()
    uses: tuple[Use, ...] = ()
    episodes: tuple[Episode, ...] = ()
    papers: tuple[Paper, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves a condition, or speaks against it: the kind of row and its id as it was given."""

    kind: str
    id: str


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition: "met", "unmet", "unknown" or "not-needed", with the reason in a sentence.

    `due` is the last day on which it holds, or by which something has to be done. `missing` lists codes of what is
    missing.
    """

    code: str
    state: str
    reason: str
    evidence: tuple[Evidence, ...] = ()
    due: date | None = None
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Readiness:
    """The answer: all conditions, in a fixed order."""

    conditions: tuple[Condition, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing stands in the way. What is not known does."""
        return not self.blocking

    @property
    def blocking(self) -> tuple[Condition, ...]:
        """The conditions that stand in the way."""
        return tuple(condition for condition in self.conditions if condition.state not in SETTLED)

    @property
    def next_due(self) -> date | None:
        """The first day after which a condition that is met may not be met any more."""
        return min((each.due for each in self.conditions if each.state == "met" and each.due is not None), default=None)


def readiness(facts: ReadinessFacts) -> Readiness:
    """Every condition of an order, whatever the others say."""
    return Readiness(tuple(check(facts) for check in CONDITIONS))


def _eligibility(facts: ReadinessFacts) -> Condition:
    answer = eligibility(facts.checks, facts.now)
    evidence = () if answer.check is None else (Evidence("eligibility-check", answer.check.id),)
    state = {"eligible": "met", "not-eligible": "unmet"}.get(answer.answer, "unknown")
    against = tuple(Evidence("eligibility-check", each) for each in answer.disagreeing)
    return Condition("eligibility", state, answer.reason, evidence + against, _day(answer.good_until, facts.now))


def _mac(facts: ReadinessFacts) -> Condition:
    if facts.is_medicare is False:
        return Condition("mac", "not-needed", "The payer is not Medicare.")
    latest = _latest(facts.validations)
    if latest is None:
        if facts.is_medicare is None:
            return Condition("mac", "unknown", "Nobody has said whether the payer is Medicare.")
        return Condition("mac", "unmet", "The coverage by Medicare has not been validated.")
    state, reason = _MAC_STATES[standing(latest, facts.now)]
    return Condition("mac", state, reason, (Evidence("mac-validation", latest.id),), _day(latest.next_due, facts.now))


_MAC_STATES = {
    "met": ("met", "Medicare's conditions for the coverage are met."),
    "not-met": ("unmet", "Medicare's conditions for the coverage are not met."),
    "expired": ("unmet", "The validation of the coverage has to be done again."),
    "needs-documents": ("unmet", "The validation of the coverage waits for documents."),
    "cancelled": ("unmet", "The validation of the coverage was cancelled."),
    "open": ("unknown", "The validation of the coverage is still under way."),
    "failed": ("unknown", "The validation of the coverage failed for technical reasons."),
    "unknown": ("unknown", "The validation of the coverage has no clear result."),
}


def _authorization(facts: ReadinessFacts) -> Condition:
    if not facts.products:
        return Condition("authorization", "unknown", "The order has no products yet.")
    needing = [product for product in facts.products if product.requires_authorization]
    if not needing:
        return Condition("authorization", "not-needed", "No product of the order requires a prior authorization.")
    answer = authorize(
        facts.authorizations,
        facts.uses,
        units=sum(product.quantity for product in needing),
        amount=sum((product.total for product in needing), Decimal("0.00")),
        on=facts.now.date(),
    )
    if answer.authorization is None:
        evidence = tuple(Evidence("prior-authorization", each.id) for each in facts.authorizations)
        reason = " ".join(problem.sentence for problem in answer.problems)
        undecided = {problem.code for problem in answer.problems} == {"authorization-unknown"}
        codes = tuple(problem.code for problem in answer.problems)
        return Condition("authorization", "unknown" if undecided else "unmet", reason, evidence, missing=codes)
    found = (Evidence("prior-authorization", answer.authorization.id),)
    if answer.remaining is None:
        return Condition("authorization", "met", "The payer says that no prior authorization is required.", found)
    units = "no limit of units" if answer.remaining.units is None else f"{answer.remaining.units} units left"
    reason = f"There is a valid prior authorization with {units}."
    return Condition("authorization", "met", reason, found, answer.authorization.expires_on)


def _ivr(facts: ReadinessFacts) -> Condition:
    if not facts.products:
        return Condition("ivr", "unknown", "The order has no products yet.")
    needing = [product for product in facts.products if product.requires_ivr]
    if not needing:
        return Condition("ivr", "not-needed", "No product of the order needs an insurance verification.")
    if any(product.manufacturer is None for product in needing):
        return Condition("ivr", "unknown", "It is not known who makes one of the products.")
    manufacturers = sorted({product.manufacturer for product in needing if product.manufacturer is not None})
    signed = {each: _signed(facts, each) for each in manufacturers}
    evidence = tuple(Evidence("ivr-episode", each.id) for each in signed.values() if each is not None)
    missing = tuple(each for each, episode in signed.items() if episode is None)
    if missing:
        pending = tuple(Evidence("ivr-episode", each.id) for each in facts.episodes if each.manufacturer in missing)
        reason = "The insurance verification of a manufacturer is not signed, or has expired."
        return Condition("ivr", "unmet", reason, evidence + pending, missing=missing)
    ends = [each.expires_at for each in signed.values() if each is not None and each.expires_at is not None]
    return Condition(
        "ivr", "met", "The insurance verification is signed.", evidence, _day(min(ends, default=None), facts.now)
    )


def _documents(facts: ReadinessFacts) -> Condition:
    unsigned = tuple(paper for paper in facts.papers if not _is_final(paper) and not _is_dropped(paper))
    required = () if facts.is_medicare is False else required_documents(_requirements(facts))
    present = {paper.code: paper for paper in facts.papers if paper.code is not None and _is_final(paper)}
    missing = tuple(document.code for document in required if document.code not in present)
    latest = _latest(facts.validations)
    if missing and latest is not None and latest.documentation_complete and facts.is_medicare is not False:
        # The validation looked at papers that the portal does not hold one by one.
        missing, present = (), {}
        proof: tuple[Evidence, ...] = (Evidence("mac-validation", latest.id),)
    else:
        wanted = [document.code for document in required]
        proof = tuple(Evidence("document", paper.id) for code, paper in present.items() if code in wanted)
    if unsigned:
        waiting = tuple(Evidence("document", paper.id) for paper in unsigned)
        return Condition("documents", "unmet", "A document is not signed yet.", proof + waiting, missing=missing)
    if missing:
        titles = "; ".join(document.title for document in required if document.code in missing)
        return Condition("documents", "unmet", f"Missing: {titles}.", proof, missing=missing)
    if required:
        return Condition("documents", "met", "All documents that are required are there.", proof)
    signed = tuple(Evidence("document", paper.id) for paper in facts.papers if _is_final(paper))
    if facts.is_medicare is False:
        state = "met" if signed else "not-needed"
        return Condition("documents", state, "Nothing but the portal's own forms is required.", signed)
    return Condition("documents", "unknown", "The products do not tell which documents are required.", signed)


CONDITIONS: tuple[Callable[[ReadinessFacts], Condition], ...] = (
    _eligibility,
    _mac,
    _authorization,
    _ivr,
    _documents,
)


def _requirements(facts: ReadinessFacts) -> Iterable[Requirement]:
    found = (required_documentation(product.hcpcs, facts.jurisdiction) for product in facts.products)
    return [requirement for requirement in found if requirement is not None]


def _latest(validations: tuple[MacValidation, ...]) -> MacValidation | None:
    dated = [each for each in validations if each.validated_at is not None]
    if dated:
        return max(dated, key=lambda each: (each.validated_at, each.id))
    return max(validations, key=lambda each: each.id, default=None)


def _signed(facts: ReadinessFacts, manufacturer: str) -> Episode | None:
    """The signed episode of a manufacturer that holds longest."""
    valid = [
        each
        for each in facts.episodes
        if each.manufacturer == manufacturer
        and each.status is not None
        and normal(each.status) in SIGNED
        and (each.expires_at is None or each.expires_at > facts.now)
    ]
    # Without an end it holds longest of all.
    return max(
        valid,
        key=lambda each: (each.expires_at is None, each.expires_at.timestamp() if each.expires_at else 0.0, each.id),
        default=None,
    )


def _is_final(paper: Paper) -> bool:
    return status_map("document").code(paper.status) in ("final", "amended")


_DROPPED = frozenset({"declined", "expired", "cancelled", "canceled", "failed", "void", "archived"})


def _is_dropped(paper: Paper) -> bool:
    """Whether nobody waits for the paper any more; another one may have come in its place."""
    return paper.status is not None and normal(paper.status) in _DROPPED


def _day(instant: datetime | None, now: datetime) -> date | None:
    return None if instant is None else instant.astimezone(now.tzinfo).date()
