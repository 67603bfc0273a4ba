"""One thing that is said, and the one way on."""

from starlette.responses import Response

from web_verify.visit import Visit


def show(
    visit: Visit,
    status: int,
    heading: str,
    *bodies: str,
    mark: str = "tick",
    way: tuple[str, str] = ("", ""),
    **facts: object,
) -> Response:
    """`heading` and `bodies` are keys of the words, `way` is an address and the key of what its link says."""
    return visit.show(
        "told", status, heading=heading, bodies=bodies, drawing=mark, way=way[0], way_words=way[1], told=facts
    )


def dead_link(visit: Visit, way: str, words: str, *, may_be_anothers: bool = False) -> Response:
    """A link from a mail that does not work: used, too old, or never ours."""
    bodies = ("dead_link.body", "dead_link.elsewhere") if may_be_anothers else ("dead_link.body",)
    return show(visit, 410, "dead_link.h1", *bodies, mark="warn", way=(way, words))
