"""Unusual clients and addresses in public reports: the commands, and the source of each."""

from typing import NamedTuple

GITHUB = "https://github.com/"
EHLO, MAIL, RCPT = "EHLO client.example", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"
UP_TO_TEXT = (EHLO, MAIL, RCPT, "DATA")


class Client(NamedTuple):
    """One row: a description, the commands (the reply to the last one counts), and the source."""

    what: str
    said: tuple[str, ...]
    source: str
    why: str = ""  # the reason why the reply differs from that of Postfix

    @property
    def url(self) -> str:
        """The address of the report."""
        if "#" not in self.source:
            return self.source
        repository, number = self.source.split("#")
        return f"{GITHUB}{repository}/issues/{number}"  # GitHub redirects to a pull request


def sender(what: str, path: str, source: str, why: str = "") -> Client:
    return Client(what, (EHLO, f"MAIL FROM:{path}"), source, why)


def recipient(what: str, path: str, source: str, why: str = "") -> Client:
    return Client(what, (EHLO, MAIL, f"RCPT TO:{path}"), source, why)


NO_AUTH = "AUTH is not offered, and a parameter that is not offered is refused"
ROUTE = "refused from untrusted clients, because servers may relay it to another domain"
SMUGGLING = "refused from untrusted clients, because mail could be smuggled"
OTHER_DOMAIN = "a domain that is not forwarded; here, Postfix trusts this client"

CLIENTS = [
    sender(
        "Gmail, forwarded: 80 octets before the @",
        "<user+caf_=website_8b506e99-b5c5-4e14-8294-f5ebd6083faa=mail.jam.in@b.example>",
        "nodemailer/smtp-server#237",
    ),
    sender(
        "postsrsd: a long SRS0",
        "<SRS0=fGv9=BC=a.ccdefghijklmn.com=bounce-4IDNASXYtY_FG21s4IoV1XzCfCtHkb2RZY_qdGZ8@b.example>",
        "roehling/postsrsd#108",
    ),
    recipient(
        "Mailman, confirmation of a list",
        f"<a-list-with-a-name-confirm+{'0123456789' * 4}@d.example>",
        "aio-libs/aiosmtpd#257",
    ),
    sender("Google Docs: 86 octets before the @", f"<{'d' * 86}@b.example>", "jcbf/smf-spf#52"),
    sender(
        "a return path of 102 octets before the @",
        f"<x2108-{'a' * 96}@b.example>",
        "zetacomponents/Mail#91",
    ),
    recipient(
        "ezmlm: a confirmation with the address in it",
        f"<list-sc.1344444444.{'abcdefghij' * 2}-somebody.with.a.name=mail.example@d.example>",
        "bruceg/ezmlm-idx#2",
    ),
    recipient("docomo: two dots", "<aaa..bbbb.cc@d.example>", "exceedone/exment#800"),
    recipient("docomo: a dot before the @", "<xxx.yyy.@d.example>", "EC-CUBE/ec-cube#1325"),
    recipient("mail.ru: three dots", "<den...4ik@d.example>", "swiftmailer/swiftmailer#239"),
    sender("a sender with two dots", "<try..this..0511@b.example>", "PHPMailer/PHPMailer#418"),
    recipient("two dots, quoted", '<"user..name"@d.example>', "KumoCorp/kumomta#77"),
    recipient("a quoted space", '<"odd user"@d.example>', "axllent/mailpit#731"),
    recipient("a quoted @", '<"a@b"@d.example>', "shevek/libsrs2#5", ROUTE),
    recipient(
        "atoms and a quoted string",
        '<abc."defghi".xyz@d.example>',
        "jstedfast/EmailValidation#23",
    ),
    recipient("an IPv4 literal", "<gilles@[127.0.0.1]>", "OpenSMTPD/OpenSMTPD#18", OTHER_DOMAIN),
    recipient(
        "an IPv6 literal", "<root@[IPv6:2001:db8::25]>", "notqmail/notqmail#136", OTHER_DOMAIN
    ),
    sender("a literal within a domain", "<test@[127.0.0.1].b.example>", "skeggse/isemail#186"),
    sender("a RAID controller: no brackets", "a@b.example", "cosullivan/SmtpServer#219"),
    recipient("an old client: no brackets", "c@d.example", "ChangemakerStudios/Papercut-SMTP#183"),
    sender("an airline: a space after FROM:", " <a@b.example>", "mjl-/mox#101"),
    recipient("a space after TO:", " <c@d.example>", "KumoCorp/kumomta#76"),
    sender("a tab after FROM:", "\t<a@b.example>", "KumoCorp/kumomta#559"),
    Client("Nim: a space after DATA", (EHLO, MAIL, RCPT, "DATA "), "nim-lang/smtp#3"),
    Client("a UPS: HELO without a name", ("HELO ",), "OpenSMTPD/OpenSMTPD#1054"),
    Client("EHLO localhost", ("EHLO localhost", MAIL), "chatmail/core#1847"),
    Client(
        "EHLO localhost.localdomain",
        ("EHLO localhost.localdomain", MAIL),
        "bcit-ci/CodeIgniter#3573",
    ),
    Client("a name with an underscore", ("EHLO MY_PC", MAIL), "Foundry376/Mailspring-Sync#135"),
    Client(
        "iOS: an IPv6 literal in EHLO", ("EHLO [IPv6:2001:db8::1]", MAIL), "OpenSMTPD/OpenSMTPD#178"
    ),
    Client("an IPv4 literal in EHLO", ("EHLO [192.168.1.1]", MAIL), "gogs/gogs#973"),
    Client(
        "Python: commands in lower case",
        ("ehlo client.example", "mail from:<a@b.example>"),
        "marlam/msmtp#45",
    ),
    Client(
        "EHLO, then HELO", (EHLO, "HELO client.example", MAIL), "patsanch/email_veracity_checker#2"
    ),
    Client("NOOP after EHLO", (EHLO, "NOOP"), "marlam/msmtp#216"),
    Client("Java: RSET to test the connection", (EHLO, "RSET"), "mailslurper/mailslurper#134"),
    Client("an empty line", (EHLO, ""), "nodemailer/smtp-server#138"),
    Client("curl: VRFY", (EHLO, "VRFY c@d.example"), "projectdiscovery/interactsh#991"),
    Client("EXPN", (EHLO, "EXPN list"), "4commerce-technologies-AG/midi-smtp-server#22"),
    sender(
        "Outlook: SIZE and AUTH=<>",
        "<a@b.example> SIZE=13343 AUTH=<>",
        "rnwood/smtp4dev#565",
        NO_AUTH,
    ),
    sender(
        "KMail: BODY=7BIT and AUTH",
        "<a@b.example> BODY=7BIT AUTH=<x>",
        "ProtonMail/proton-bridge#46",
        NO_AUTH,
    ),
    sender("BODY=8BITMIME", "<a@b.example> BODY=8BITMIME", "andris9/simplesmtp#17"),
    sender("BODY=8bitMIME", "<a@b.example> BODY=8bitMIME", "emersion/go-smtp#255"),
    sender(
        "Cloudflare: SRS0 and BODY",
        "<SRS0=I7TD=ft=sender.ozon.com=mailer@b.example> BODY=8BITMIME",
        "axllent/mailpit#407",
    ),
    recipient(
        "ESP32: NOTIFY without a value", "<c@d.example> NOTIFY=", "mobizt/ESP-Mail-Client#74"
    ),
    Client(
        "a fax machine: LF instead of CRLF",
        (*UP_TO_TEXT, "Subject: x\n\nHello\n\r\n."),
        "https://surgemail.com/knowledge-base/smtp-smuggling",
        SMUGGLING,
    ),
]
