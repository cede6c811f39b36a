"""Each part of an address in a setting is checked, and the reason never tells the value."""

from __future__ import annotations

import pytest

from gazesite.service_address import checked, is_host, normalised

WEB = ("https", "http")


@pytest.mark.parametrize(
    "value",
    [
        "http://localhost:3000",
        "https://gaze.example",
        "https://gaze.example/",
        "http://192.168.1.7:65535",
        "http://[2001:db8::1]:80",
        "https://xn--bcher-kva.example",
    ],
)
def test_usable_addresses_pass(value: str) -> None:
    assert checked(value, WEB).scheme in WEB


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("gaze.s3cret", "must begin with https:// or http://"),
        ("gaze.s3cret:443", "must begin with"),
        ("//gaze.s3cret", "must begin with"),
        ("ftp://gaze.s3cret", "must begin with"),
        ("https:/gaze.s3cret", "names no host"),
        ("https://", "names no host"),
        ("https://:443", "names no host"),
        ("https://gaze s3cret", "spaces"),
        ("https://gaze.s3cret\t/", "spaces or control"),
        ("https://gäze.s3cret", "outside ASCII"),
        ("https://gaze_s3cret", "neither a name nor an IP"),
        ("https://-gaze.s3cret", "neither a name nor an IP"),
        ("https://gaze..s3cret", "neither a name nor an IP"),
        ("https://gaze.s3cret.", "neither a name nor an IP"),
        ("https://gaze\\s3cret", "neither a name nor an IP"),
        ("https://" + "s3cret." * 40 + "example", "neither a name nor an IP"),
        ("https://999.1.1.1", "neither a name nor an IP"),
        ("https://[::1", "neither a name nor an IP"),
        ("https://[s3cret]", "neither a name nor an IP"),
        ("https://[fe80::1%25eth0]", "neither a name nor an IP"),
        ("http://0.0.0.0:3000", "every address"),
        ("http://[::]:3000", "every address"),
        ("http://[::ffff:0.0.0.0]", "every address"),
        ("http://0x0", "neither a name nor an IP"),
        ("http://gaze.0X7f", "neither a name nor an IP"),
        ("https://[v1.s3cret]", "neither a name nor an IP"),
        ("https://255.255.255.255", "many machines"),
        ("https://224.0.0.1", "many machines"),
        ("https://[ff02::1]", "many machines"),
        ("https://gaze.s3cret:0", "port"),
        ("https://gaze.s3cret:65536", "port"),
        ("https://gaze.s3cret:http", "port"),
        ("https://gaze.s3cret:-1", "port"),
        ("https://gaze.s3cret:", "port"),
        ("https://gaze.example:80:s3cret", "neither a name nor an IP|port"),
        ("https://user:s3cret@gaze.example", "neither user nor password"),
        ("https://user:s3/cret@gaze.example", "percent-encoded"),
        ("https://user:s3#cret@gaze.example", "percent-encoded"),
        ("https://gaze.example/s3cret", "end after its host and port"),
        ("https://gaze.example//", "end after its host and port"),
        ("https://gaze.example?s3cret", "end after its host and port"),
        ("https://gaze.example/#s3cret", "end after its host and port"),
    ],
)
def test_each_mistake_has_its_reason_without_the_value(value: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refused:
        checked(value, WEB)
    assert "s3cret" not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_path_query_and_credentials_pass_where_they_may_be() -> None:
    value = "postgres://user:p%40ss@db_of_gaze:5432/name?sslmode=require"
    assert checked(value, ("postgres",), path=True, query=True, credentials=True).password == "p%40ss"
    with pytest.raises(ValueError, match="end after its path"):
        checked(value, ("postgres",), path=True, credentials=True)


def test_names_inside_a_container_network_may_have_underscores_but_no_sites_host_may() -> None:
    assert is_host("db_of_gaze", underscores=True)
    assert not is_host("db_of_gaze")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("HTTPS://Gaze.Example:443/", "https://gaze.example"),
        ("http://gaze.example:8080", "http://gaze.example:8080"),
        ("http://[2001:DB8::A]", "http://[2001:db8::a]"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(value: str, written: str) -> None:
    assert normalised(checked(value, WEB)) == written
