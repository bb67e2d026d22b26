"""A customer's text as other people read it: as typed, without the characters that would disturb its surroundings."""

_REMOVED = dict.fromkeys(
    (
        *(code for code in range(0x20) if chr(code) not in "\t\n"),
        *range(0x7F, 0xA0),  # delete, and the second set of control characters
        *range(0x202A, 0x202F),  # embeddings and overrides of the direction of writing
        *range(0xD800, 0xE000),  # halves of surrogate pairs, which no encoding can write
    )
)


def visible_text(text: str) -> str:
    """Return the text with every kind of line break as a newline, and without control characters and overrides.

    Spaces of every width, joiners, marks of direction and characters newer than this Python's tables stay: names,
    scripts and emoji are made of them.
    """
    return "\n".join(text.splitlines()).translate(_REMOVED)
