"""Emails and telephone numbers to which a team can reply: any number that a person can call, a landline too."""

import phonenumbers

from flows.understanding.identifiers import FoundIdentifiers, Identifier, find_identifiers

MAX_CHARACTERS = 200
"""Characters in which a number for a call back is looked for."""
MAX_TRIES = 20


def find_reply_addresses(text: str, region: str) -> FoundIdentifiers:
    """Return the emails and mobiles of a text, else its other telephone numbers as kind `phone`.

    `region` (ISO 3166) is the country of numbers without a country code. Numbers of any country are taken.
    """
    found = find_identifiers(text, region, (region,))
    if found.identifiers or found.problem == "misspelt_email":
        return found
    matches = phonenumbers.PhoneNumberMatcher(text[:MAX_CHARACTERS], region, max_tries=MAX_TRIES)
    numbers = (phonenumbers.format_number(match.number, phonenumbers.PhoneNumberFormat.E164) for match in matches)
    phones = tuple(Identifier("phone", number) for number in dict.fromkeys(numbers))
    return FoundIdentifiers(phones) if phones else found
