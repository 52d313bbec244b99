"""The page of the demonstration in a real browser, while mails pass through the proxy."""

import re
import smtplib
from typing import Any

import pytest

from Kamaelia.Apps.Grey.Backend.ServerConnection import ServerConnection
from Kamaelia.Internet.TCPClient import TCPClient
from Tests.Kamaelia.Apps.Grey.programs import PATIENCE, python
from Tests.Kamaelia.Apps.Grey.Service.test_Demo import DEMO, portIn, sendTo
from Tests.Kamaelia.Visualisation.Live.browser import opened

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.timeout(180)]

CLASSES = "kamaelia.scene().nodes.map(node => node.members[0].class)"
LINES = """kamaelia.scene().edges.map(edge =>
    [edge.source, edge.sink].map(node => node.members[0].class).join(" > "))"""
OF_ONE_MAIL = {
    "ConnectedSocketAdapter > GreylistingHandler",
    "GreylistingHandler > ConnectedSocketAdapter",
    "GreylistingHandler > ServerConnection",
    "ServerConnection > GreylistingHandler",
    "ConnectedSocketAdapter > MailSink",
    "MailSink > ConnectedSocketAdapter",
}


def test_a_handler_appears_with_its_connections_and_vanishes(run: Any) -> None:
    assert issubclass(ServerConnection, TCPClient)
    demo = run(*python(*DEMO, "--delay", "0"))
    said = demo.readUntil("Ctrl-C")
    port = portIn(said)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        sendTo(port)  # its retry passes
    (address,) = re.findall(r"^http://127\.0\.0\.1:\d+/\?token=\S+$", said, re.MULTILINE)
    with opened(address, viewport={"width": 1280, "height": 800}) as shown:
        classes, lines = shown.evaluate(CLASSES), set(shown.evaluate(LINES))
        assert "GreylistingHandler" not in classes
        with smtplib.SMTP("127.0.0.1", port, timeout=PATIENCE) as smtp:
            smtp.ehlo()
            smtp.mail("me@example.com")
            assert smtp.rcpt("you@example.org")[0] == 250
            shown.waitFor(f"{LINES}.includes('MailSink > ConnectedSocketAdapter')")
            assert set(shown.evaluate(LINES)) - lines == OF_ONE_MAIL
            assert smtp.data("Subject: Hello\r\n\r\nHello!\r\n")[0] == 250
        shown.waitFor(f"!{CLASSES}.includes('GreylistingHandler')")
        shown.waitFor(f"!{CLASSES}.includes('ConnectedSocketAdapter')")
        assert sorted(shown.evaluate(CLASSES)) == sorted(classes)
        assert shown.faults == []
