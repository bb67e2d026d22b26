"""Values that would break the service: each is refused with the key that holds it, before anything starts."""

from pathlib import Path

import pytest

from chatbot.config.load import ConfigError, load
from chatbot.config.serving_checks import serving_problems
from chatbot.config.settings import Settings, SmsSettings
from chatbot.payments.gateways import GATEWAYS
from tests.config_file import config_file


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("region: {country: UK}", "region.country: not a country's code of two capital letters (ISO 3166); the United"),
        ("region: {country: gb}", "region.country: not a country's code"),
        ("region: {country: NO}", "region.country: is yes or no"),
        ("sms: {countries: [GB, UK]}", "sms.countries.1: not a country's code"),
        ("sms: {countries: [NO]}", "sms.countries.0: must be text; put it in quotes"),
        ("sms: {daily_messages: no}", "sms.daily_messages: is yes or no"),
        ("sms: {sender: 447700900000}", "sms.sender: must be text; put it in quotes"),
        ("server: {public_url: 'https://chat.acme.test/chat'}", "server.public_url: must be one site and nothing"),
        ("server: {public_url: 'https://chat.acme.test?x'}", "server.public_url: must hold no user, no question mark"),
        ("server: {public_url: 'https://me:pw@chat.acme.test'}", "server.public_url: must hold no user"),
        ("server: {public_url: 'https://chat.acme.test:99999'}", "server.public_url: its host or its port"),
        ("server: {public_url: 'https://chat acme.test'}", "server.public_url: holds a space"),
        ("server: {public_url: 'https://'}", "server.public_url: its host cannot be read"),
        ("server: {public_url: 'http://chat.acme.test'}", "server.public_url: must begin with https://"),
        ("server: {public_url: 'http://localhost.acme.test'}", "server.public_url: must begin with https://"),
        ("server: {allowed_sites: ['http://www.acme.test']}", "server.allowed_sites.0: must begin with https://"),
        ("sms: {api_base_url: 'http://api.twilio.com'}", "sms.api_base_url: must begin with https://"),
        ("server: {host: 999.1.1.1}", "server.host: not an IP address or a host's name"),
        ("server: {host: ''}", "server.host: not an IP address or a host's name"),
        ("server: {host: '[::1]'}", "server.host: not an IP address or a host's name"),
        ("server: {host: '127.0.0.1:80'}", "server.host: not an IP address or a host's name"),
        ("email: {host: 'smtp://mail.acme.test'}", "email.host: not an IP address or a host's name"),
        ("email: {host: 'mail.acme.test:587'}", "email.host: not an IP address or a host's name"),
        ("server: {trusted_proxies: [0.0.0.0/0]}", "server.trusted_proxies.0: is every address there is"),
        ("server: {trusted_proxies: ['::/0']}", "server.trusted_proxies.0: is every address there is"),
        ("database: {url: 'postgresql://u@h:99999/n'}", "database.url: its port"),
        ("team: {email: 'a b@acme.test'}", "team.email: not one email address"),
        ("email: {sender: 'Billing <@acme.test>'}", "email.sender: not an email address"),
        ('email: {sender: "Bil\\nling <b@acme.test>"}', "email.sender: must be one line"),
        ("brand: {name: ' '}", "brand.name: must be one line"),
        ('brand: {name: "A\\nB"}', "brand.name: must be one line"),
        ("limits: {resend_waits_s: [30, -5]}", "limits.resend_waits_s.1: input should be greater"),
        ("limits: {codes_per_day: 99999999999999999999}", "limits.codes_per_day: input should be less"),
        ("retention: {conversation_days: 10000000}", "retention.conversation_days: input should be less"),
    ],
)
def test_a_value_that_would_break_the_service_is_refused_by_its_key(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load(config_file(tmp_path, text), GATEWAYS)
    assert [found for found in raised.value.problems if found.startswith(problem)], raised.value.problems


@pytest.mark.parametrize(
    "text",
    [
        "server: {host: 0.0.0.0}",
        "server: {host: '::'}",
        "server: {host: localhost, public_url: 'http://127.0.0.1:8080'}",
        "server: {public_url: 'http://[::1]:8080', trusted_proxies: [10.0.0.0/8]}",
        "email: {host: mail-1.acme.test, sender: 'Acme Ltd. <no-reply@acme.local>'}",
        "database: {url: 'postgresql://one:5432,two:5432/billchat'}",
        "region: {country: 'NO'}",
    ],
)
def test_unusual_values_that_work_are_taken(tmp_path: Path, text: str) -> None:
    load(config_file(tmp_path, text), GATEWAYS)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server: {port: 1}\nbrand: {name: A}\nserver: {host: 127.0.0.1}\n", "line 3: server stands in line 1 already"),
        ("server:\n  port: 1\n  host: localhost\n  port: 2\n", "line 4: server.port stands in line 2 already"),
    ],
)
def test_a_key_that_stands_twice_is_refused_since_the_second_would_replace_the_first(
    tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        load(config_file(tmp_path, text), GATEWAYS)
    [found] = raised.value.problems
    assert problem in found


def test_an_anchor_may_be_used_twice(tmp_path: Path) -> None:
    load(config_file(tmp_path, "email: {sender: &us us@acme.test}\nteam: {email: *us}\n"), GATEWAYS)


@pytest.mark.parametrize(
    ("sms", "key"),
    [
        ({"sender": "+447700900000"}, "sms.account_sid"),
        ({"auth_token": "x"}, "sms.account_sid"),
        ({"account_sid": "SK" + "0" * 32, "auth_token": "x", "sender": "Acme"}, "sms.account_sid"),
        ({"account_sid": "AC" + "0" * 32, "auth_token": "x", "sender": "07700 900000"}, "sms.sender"),
        ({"account_sid": "AC" + "0" * 32, "auth_token": "x", "sender": "Acme", "countries": []}, "sms.countries"),
        ({"account_sid": "AC" + "0" * 32, "auth_token": "x", "sender": "Acme", "daily_messages": 0}, "sms.daily"),
    ],
)
def test_texts_that_would_never_leave_are_reported(sms: dict[str, object], key: str) -> None:
    problems = serving_problems(Settings(sms=SmsSettings.model_validate(sms)))
    assert [problem for problem in problems if problem.startswith("sms.")] == [
        problem for problem in problems if problem.startswith(key)
    ]
    assert any(problem.startswith(key) for problem in problems)


@pytest.mark.parametrize("sender", ["+447700900000", "60777", "Acme", "MG" + "0" * 32])
def test_every_kind_of_sender_of_texts_is_taken(sender: str) -> None:
    sms = SmsSettings.model_validate({"account_sid": "AC" + "0" * 32, "auth_token": "x", "sender": sender})
    assert not [problem for problem in serving_problems(Settings(sms=sms)) if problem.startswith("sms.")]
