"""What people do to themes. Each change is a row of the study's record, and is never deleted."""

from collections.abc import Iterable, Sequence

from ..errors import InputError
from ..store import Store, ThemeChange
from .standing import current, with_passages
from .state import Theme, holding, key_of

_LONGEST = 200


def keep(store: Store, coder: str) -> tuple[Theme, ...]:
    """Keep proposals as they are, so that they stay the same while coding goes on.

    Wording stays marked as proposed until somebody names the theme. Every change below does this
    first.
    """
    themes = current(store)
    _keep(store, coder, themes)
    return themes


def rename(store: Store, coder: str, theme: str, name: str, *, token: str) -> None:
    """Give a theme a wording of one's own; the same again takes the proposed one as one's own.

    Raises
    ------
    InputError
        No such theme, one that is a code of the codebook, or no name.
    """
    if _repeated(store, coder, "name", token):
        return
    _own(_found(keep(store, coder), theme))
    store.change_themes(coder, "name", {"theme": theme, "name": _named(name)}, token)


def merge(store: Store, coder: str, themes: Sequence[str], into: str, *, token: str) -> None:
    """Put themes of one domain together under the name of one of them.

    Raises
    ------
    InputError
        No such theme, themes of several domains, or one that is a code (its passages are coded
        anew instead).
    """
    if _repeated(store, coder, "merge", token):
        return
    there = keep(store, coder)
    target = _found(there, into)
    for key in themes:
        one = _found(there, key)
        if one.domain != target.domain:
            raise InputError(f"Themes of {one.domain} and {target.domain} cannot be put together.")
        if one.key != into:
            _own(one)
    store.change_themes(coder, "merge", {"themes": list(themes), "into": into}, token)


def split(
    store: Store, coder: str, theme: str, members: Iterable[int], name: str, *, token: str
) -> str:
    """Take passages out of a theme into a new one of that name; gives the new theme's key.

    Raises
    ------
    InputError
        No such theme, one that is a code, passages that are not in it, or all of them.
    """
    repeated = _repeated(store, coder, "split", token)
    if repeated:
        return str(repeated.data["new"])
    old = _own(_found(keep(store, coder), theme))
    moved = sorted(set(members))
    if not moved or not set(moved) < set(old.members):
        raise InputError("Name some of the theme's passages, and not all of them, to split it.")
    data = {"theme": theme, "members": moved, "name": _named(name)}
    data["new"] = key_of("split", theme, moved, token)
    store.change_themes(coder, "split", data, token)
    return str(data["new"])


def move(store: Store, coder: str, members: Iterable[int], into: str, *, token: str) -> None:
    """Move passages into another theme of the same domain.

    Raises
    ------
    InputError
        No such theme, or passages that are in no grouped theme of that domain.
    """
    if _repeated(store, coder, "move", token):
        return
    there, found = with_passages(store)
    target = _found(there, into)
    moved = set(members)
    movable = {one.number for one in found if one.domain == target.domain and one.code is None}
    if not moved or not moved <= movable:
        raise InputError(
            f"Only passages confirmed in {target.domain}, and not coded more finely, can be moved "
            "into this theme."
        )
    _keep(store, coder, there)
    left = [one.key for one in there if one.domain == target.domain and moved & set(one.members)]
    data = {"members": sorted(moved), "into": into, "from": left}
    store.change_themes(coder, "move", data, token)


def undo(store: Store, coder: str, *, token: str) -> ThemeChange | None:
    """Take the coder's last change back; gives it, None where there is nothing to take back.

    What was kept stays kept.

    Raises
    ------
    InputError
        Another coder has changed one of its themes since.
    """
    changes = store.theme_changes()
    repeated = _repeated(store, coder, "undo", token)
    if repeated:
        return next(one for one in changes if one.id == repeated.data["undoes"])
    standing = [one for one in holding(changes) if one.kind != "keep"]
    last = next((one for one in reversed(standing) if one.coder == coder), None)
    if last is None:
        return None
    if any(one.id > last.id and _touched(one) & _touched(last) for one in standing):
        raise InputError("Somebody has changed one of these themes since, so it is not undone.")
    store.change_themes(coder, "undo", {"undoes": last.id}, token)
    return last


def _keep(store: Store, coder: str, themes: Iterable[Theme]) -> None:
    fresh = [
        {
            "key": one.key,
            "domain": one.domain,
            "name": one.name,
            # Codings say what is in a theme that is a code.
            "members": [] if one.code else list(one.members),
            "code": list(one.code) if one.code else None,
        }
        for one in themes
        if not one.kept
    ]
    if fresh:
        data = {"themes": fresh}
        store.change_themes(coder, "keep", data, f"{coder}/{key_of('keep', data)}")


def _repeated(store: Store, coder: str, kind: str, token: str) -> ThemeChange | None:
    """Give what is in the record under a token: the same request sent again is one change."""
    for one in store.theme_changes():
        if one.token == token:
            if (one.coder, one.kind) != (coder, kind):
                raise InputError("This change's token belongs to another change.")
            return one
    return None


def _touched(change: ThemeChange) -> set[str]:
    keys = ("theme", "into", "new")
    lists = ("themes", "from")
    return {change.data[one] for one in keys if one in change.data} | {
        key for one in lists for key in change.data.get(one, ())
    }


def _found(themes: Iterable[Theme], key: str) -> Theme:
    for one in themes:
        if one.key == key:
            return one
    raise InputError("This theme is no longer there: somebody changed it. Read the themes anew.")


def _own(theme: Theme) -> Theme:
    if theme.code is not None:
        raise InputError("This theme is a code of the codebook: code its passages anew instead.")
    return theme


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not any(map(str.isalnum, name)) or len(name) > _LONGEST:
        raise InputError(f"A theme needs a name of 1 to {_LONGEST} characters.")
    return name
