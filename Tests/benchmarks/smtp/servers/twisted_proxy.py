"""Twisted: a mail is kept, relayed, and then answered. python twisted_proxy.py SINK-PORT PORT"""

import sys
from io import BytesIO

from twisted.internet import defer, protocol, reactor
from twisted.mail import smtp
from zope.interface import implementer

sink, port = map(int, sys.argv[1:])


@implementer(smtp.IMessage)
class Message:
    def __init__(self, sender, recipient):
        self.sender = sender
        self.recipient = recipient
        self.lines = []

    def lineReceived(self, line):
        self.lines.append(line)

    def eomReceived(self):
        done = defer.Deferred()
        text = BytesIO(b"\n".join(self.lines) + b"\n")
        factory = smtp.SMTPSenderFactory(self.sender, self.recipient, text, done, retries=0)
        reactor.connectTCP("127.0.0.1", sink, factory)
        return done

    def connectionLost(self):
        self.lines.clear()


@implementer(smtp.IMessageDelivery)
class Delivery:
    def receivedHeader(self, helo, origin, recipients):
        return b""

    def validateFrom(self, helo, origin):
        self.sender = str(origin)
        return origin

    def validateTo(self, user):
        return lambda: Message(self.sender, str(user.dest))


class Factory(protocol.ServerFactory):
    noisy = False

    def buildProtocol(self, address):
        server = smtp.ESMTP()
        server.factory = self
        server.delivery = Delivery()
        return server


smtp.SMTPSenderFactory.noisy = False
reactor.listenTCP(port, Factory(), backlog=1024, interface="127.0.0.1")
reactor.run()
