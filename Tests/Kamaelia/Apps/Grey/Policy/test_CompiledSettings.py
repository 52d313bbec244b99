"""Settings that programs may change are compiled anew when they have changed."""

from Kamaelia.Apps.Grey.Policy.CompiledSettings import asClients, asDomains, compiled


def test_a_list_that_has_changed_counts_at_once() -> None:
    domains = ["example.org"]
    before = compiled(domains, asDomains)
    assert compiled(domains, asDomains) is before
    domains.append("example.net")
    assert compiled(domains, asDomains).find("example.net") == "example.net"
    domains[0] = "example.com"
    assert compiled(domains, asDomains).find("example.org") is None


def test_one_list_may_stand_for_several_settings() -> None:
    ours = ["mail.example.org"]
    assert compiled(ours, asClients).client("192.0.2.1", ours) is not None
    assert compiled(ours, asDomains).find("mail.example.org") == "mail.example.org"
