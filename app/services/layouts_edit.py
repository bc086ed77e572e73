"""Drawing a screen's seats: a draft that keeps itself, and putting it into use as a new version.

One draft a screen, with a revision: who sends a change names the revision they saw, and is told if it is not the last.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from app import clock
from app.db import on_commit, transaction
from app.domain.audit import Action
from app.domain.layout_edit.changes import apply
from app.domain.layout_edit.document import EditError, blank, opened
from app.domain.plan_fields import PlanError
from app.domain.seating_plan import Plan, parse_plan
from app.domain.staff import By
from app.errors import ConcurrentModification, ImportRefused, Invalid, NotFound
from app.models import Layout, LayoutDraft, Screen, User
from app.queries.browse_cache import browse_changed
from app.queries.layout_drafts import plan_of, unbegun
from app.services.audit import audit
from app.services.importing import new_layout, storable

Document = dict[str, Any]
_LOCK_SCREEN = text("SELECT id FROM screens WHERE id = :id FOR UPDATE")


def save_draft(by: By, screen_id: int, revision: int, plan: Document) -> int:
    """Keep the whole plan as it was sent; gives the new revision. Raises ConcurrentModification, ImportRefused.

    Locks the screen's row, like all here. It may be unfinished, so only its shape is checked.
    """
    return change_draft(by, screen_id, revision, None, {}, (), plan)[0]


def change_draft(
    by: By,
    screen_id: int,
    revision: int,
    change: str | None,
    words: Mapping[str, str],
    chosen: Collection[str],
    plan: Document | None = None,
) -> tuple[int, Document]:
    """Make one change of domain/layout_edit/changes.py to the draft, or to `plan`, which replaces it first.

    Without a draft it begins from the version in use, or from nothing. Gives the new revision and the plan.
    Raises ConcurrentModification if somebody drew meanwhile, Invalid with a sentence, ImportRefused.
    """
    with transaction() as session:
        screen, draft = _locked(session, screen_id, revision)
        document = _shaped(plan) if plan is not None else _current(session, screen, draft)
        if change is not None:
            try:
                document = apply(document, change, words, chosen)
            except EditError as problem:
                raise Invalid(problem.message) from problem
        if draft is None or draft.updated_by != by.user_id:
            audit(session, by, Action.LAYOUT_DRAWN, screen_id, cinema_id=screen.cinema_id)
        return _keep(session, by, screen, draft, document), document


def upload_draft(by: By, screen_id: int, revision: int, data: bytes) -> int:
    """A plan from a file becomes the draft; gives how many seats it has. Raises ImportRefused with the place in the file."""
    document, plan = read_plan(data)
    with transaction() as session:
        screen, draft = _locked(session, screen_id, revision)
        after = {"seats": len(plan.seats), "name": plan.name}
        audit(session, by, Action.LAYOUT_UPLOADED, screen_id, cinema_id=screen.cinema_id, after=after)
        _keep(session, by, screen, draft, document)
    return len(plan.seats)


def read_plan(data: bytes) -> tuple[Document, Plan]:
    """A file as a plan that can be put into use, and the document that it is. Raises ImportRefused with the place in the file."""
    try:
        document = opened(data)
        plan = parse_plan(document)
    except PlanError as problem:
        raise ImportRefused(_sentence(problem)) from problem
    storable(document, plan)
    return document, plan


def discard_draft(by: By, screen_id: int, revision: int) -> None:
    """Throw the draft away; the version in use stays. Raises ConcurrentModification."""
    with transaction() as session:
        screen, draft = _locked(session, screen_id, revision)
        if draft is None:
            raise NotFound("There is no draft of this screen.")
        audit(session, by, Action.LAYOUT_DISCARDED, screen_id, cinema_id=screen.cinema_id)
        session.delete(draft)


def use_draft(by: By, screen_id: int, revision: int, reason: str) -> int:
    """Make the draft the newest version of the screen's seats; gives the layout's id. Shows keep the version they have.

    Raises ConcurrentModification, Invalid (unfinished; somebody put another version into use since), NotFound.
    """
    with transaction() as session:
        screen, draft = _locked(session, screen_id, revision)
        if draft is None:
            raise NotFound("There is no draft of this screen.")
        if draft.base_layout_id != screen.layout_id:
            raise Invalid(
                "Somebody put another version of this screen into use since this draft was begun. Take the draft along "
                "as a file, throw it away, and begin again from the newest version."
            )
        plan = _finished(draft.plan)
        document, digest = storable(draft.plan, plan)
        old = session.get(Layout, screen.layout_id) if screen.layout_id else None
        if old is not None and old.digest == digest:
            raise Invalid("Nothing is different from the version in use.")
        layout_id = new_layout(session, screen, plan, document, digest, _next_version(session, screen_id))
        before = {"version": old.version, "seats": old.seat_count} if old else {}
        after = {"version": session.get_one(Layout, layout_id).version, "seats": len(plan.seats)}
        session.delete(draft)
        on_commit(browse_changed)
        audit(
            session, by, Action.LAYOUT_USED, screen_id,
            cinema_id=screen.cinema_id, before=before, after=after, reason=reason,
        )  # fmt: skip
    return layout_id


def _next_version(session: Session, screen_id: int) -> int:
    return (session.scalar(select(func.max(Layout.version)).where(Layout.screen_id == screen_id)) or 0) + 1


def problem_of(document: Mapping[str, Any] | None) -> str:
    """What keeps a plan from being used, in a sentence; empty for a good one."""
    try:
        parse_plan(dict(document or {}))
    except PlanError as problem:
        return _sentence(problem)
    return ""


def _sentence(problem: PlanError) -> str:
    place = f" (at {problem.place})" if problem.place else ""
    return f"{problem.message[:1].upper()}{problem.message[1:]}{place}."


def _finished(document: Document) -> Plan:
    try:
        return parse_plan(document)
    except PlanError as problem:
        raise Invalid(f"The plan is not finished. {_sentence(problem)}") from problem


def _shaped(plan: Document) -> Document:
    try:
        document = opened(plan)
    except PlanError as problem:
        raise ImportRefused(_sentence(problem)) from problem
    if "\\u0000" in json.dumps(document):
        raise ImportRefused("Somewhere in the plan is a NUL character, which no text can hold.")
    return document


def _locked(session: Session, screen_id: int, revision: int) -> tuple[Screen, LayoutDraft | None]:
    """The screen and its draft, if it is the one that was seen. Raises ConcurrentModification, NotFound."""
    session.execute(_LOCK_SCREEN, {"id": screen_id})
    screen = session.get(Screen, screen_id, populate_existing=True)
    if screen is None:
        raise NotFound("There is no such screen.")
    draft = session.get(LayoutDraft, screen_id, populate_existing=True)
    if (draft.revision if draft else unbegun(screen.layout_id)) != revision:
        raise ConcurrentModification(_told(session, draft))
    return screen, draft


def _told(session: Session, draft: LayoutDraft | None) -> str:
    if draft is None:
        return "The draft you were drawing was put into use or thrown away meanwhile. Open the plan again."
    user = session.get(User, draft.updated_by) if draft.updated_by else None
    who = user.name if user else "Somebody"
    return f"{who} has changed this plan since you opened it. Open it again to see how it is now; your last change is not kept."


def _current(session: Session, screen: Screen, draft: LayoutDraft | None) -> Document:
    if draft is not None:
        return draft.plan
    return plan_of(screen.layout_id) if screen.layout_id else blank(screen.name)


def _keep(session: Session, by: By, screen: Screen, draft: LayoutDraft | None, document: Document) -> int:
    if draft is None:
        # No number comes twice: a page about a draft that is gone must not fit the next one.
        begun = int(clock.now().timestamp())
        draft = LayoutDraft(screen_id=screen.id, base_layout_id=screen.layout_id, revision=begun)
        session.add(draft)
    draft.revision += 1
    draft.plan = document
    draft.updated_at, draft.updated_by = clock.now(), by.user_id
    return draft.revision
