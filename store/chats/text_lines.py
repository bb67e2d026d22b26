"""Lines of stored texts."""


def with_line_replaced(text: str, line: str, by: str) -> str:
    """Return a text with every occurrence of a line replaced; the line may have line breaks itself."""
    framed, wanted, put = f"\n{text}\n", f"\n{line}\n", f"\n{by}\n"
    # Neighbours share the break between them, so the second of two equal lines is found by another pass.
    return framed.replace(wanted, put).replace(wanted, put)[1:-1]
