"""Each policy hook with each kind of result, over real sockets: only an answer is an answer."""

import asyncio
import functools
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from Kamaelia.Apps.Grey.GreyListingPolicy import GreyListingPolicy, after
from Kamaelia.Apps.Grey.Policy.Greylist import Greylist
from Kamaelia.Apps.Grey.Policy.PolicyHooks import POLICY_HOOKS
from Kamaelia.Apps.Grey.Stores.Later import Later
from Kamaelia.Support.Greylist.Answers import NotAnAnswer
from Tests.Kamaelia.Apps.Grey.wire import Caller, FarEnd

ELSEWHERE, HERE = "RCPT TO:<c@evil.example>", "RCPT TO:<c@example.org>"

# What a client hears to ELSEWHERE, HERE and DATA where a hook answers yes, and where it says no.
RCPT_HOOKS = {
    "sentFromAllowedIPAddress": (["250", "250", "354"], ["550", "250", "451"]),
    "sentFromAllowedNetwork": (["250", "250", "354"], ["550", "250", "451"]),
    "sentToADomainWeForwardFor": (["250", "250", "451"], ["550", "550", "503"]),
    "shouldWeAcceptRecipient": (["250", "250", "451"], ["550", "550", "503"]),
}
DATA_HOOKS = {
    "whiteListed": (["550", "250", "354"], ["550", "250", "451"]),
    "isGreylisted": (["550", "250", "354"], ["550", "250", "451"]),
    "shouldWeAcceptMail": (["550", "250", "354"], ["550", "250", "451"]),
}
HOOKS = RCPT_HOOKS | DATA_HOOKS


@pytest.fixture
def make() -> Iterator[Callable[..., Any]]:
    """make(*bases, **attributes) -> a class of handlers, with a store of its own in memory."""
    made: list[Greylist] = []

    def make(*bases: type, **attributes: Any) -> Any:
        made.append(Greylist(store="memory:"))
        ours = {"allowed_domains": ["example.org"], "greylist": made[-1], "policy_timeout": 5}
        return type("Grey", (*bases, GreyListingPolicy), {**ours, **attributes})

    yield make
    for each in made:
        each.close()


def say(*lines: str) -> Callable[[Any], list[str]]:
    def client(server: Any) -> list[str]:
        caller = Caller(server.ports[0])
        said = caller.sayAll("EHLO me", "MAIL FROM:<a@b.example>", *lines)[2:]
        caller.close()  # else the server waits for it
        return said

    return client


# Each kind of result


def plain(answer: Any) -> Any:
    return lambda self, *about: answer


def awaited(answer: Any) -> Any:
    async def hook(self: Any, *about: Any) -> Any:
        return answer

    return hook


def slow(answer: Any) -> Any:
    async def hook(self: Any, *about: Any) -> Any:
        for _ in range(5):
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return answer

    return hook


def ofFuture(answer: Any) -> Any:
    """A plain hook that returns an awaitable; another one each time."""

    def hook(self: Any, *about: Any) -> Any:
        future = asyncio.get_running_loop().create_future()
        future.get_loop().call_later(0.001, future.set_result, answer)
        return future

    return hook


def byLater(answer: Any) -> Any:
    """A plain hook that raises Later itself."""

    def hook(self: Any, *about: Any) -> Any:
        future = self.__dict__.get("itsFuture")
        if future is None:
            future = self.itsFuture = asyncio.get_running_loop().create_future()
            future.get_loop().call_soon(future.set_result, None)
        if not future.done():
            raise Later(future)
        return answer

    return hook


def overSuper(answer: Any) -> Any:
    """Awaits the same hook of a base, which is asynchronous, too."""

    async def hook(self: Any, *about: Any) -> Any:
        name = next(name for name in POLICY_HOOKS if name in vars(type(self)))
        return await getattr(super(type(self), self), name)(*about)

    return hook


@pytest.mark.parametrize("kind", [plain, awaited, slow, ofFuture, byLater, staticmethod])
@pytest.mark.parametrize(("answer", "isYes"), [(True, 1), (1, 1), (False, 0), (0, 0), (None, 0)])
@pytest.mark.parametrize("hook", HOOKS)
def test_an_answer_counts_however_it_comes(
    make: Any, serving: Any, hook: str, kind: Any, answer: Any, isYes: int
) -> None:
    function = kind(lambda *about: answer) if kind is staticmethod else kind(answer)
    said = serving(say(ELSEWHERE, HERE, "DATA"), protocol=make(**{hook: function}))
    yes, no = HOOKS[hook]
    assert [line[:3] for line in said] == (yes if isYes else no)


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("answer", [True, False])
def test_an_asynchronous_hook_may_await_the_one_of_its_base(
    make: Any, serving: Any, hook: str, answer: bool
) -> None:
    base = type("Mixin", (), {hook: slow(answer)})
    said = serving(say(ELSEWHERE, HERE, "DATA"), protocol=make(base, **{hook: overSuper(answer)}))
    assert [line[:3] for line in said] == HOOKS[hook][not answer]


def yields(self: Any, *about: Any) -> Iterator[bool]:
    yield True


async def yieldsLater(self: Any, *about: Any) -> AsyncIterator[bool]:
    yield True


def raises(self: Any, *about: Any) -> bool:
    raise OSError("no directory")


async def raisesLater(self: Any, *about: Any) -> bool:
    await asyncio.sleep(0)
    raise OSError("no directory")


async def never(self: Any, *about: Any) -> bool:
    await asyncio.get_running_loop().create_future()
    return True


async def ends(self: Any, *about: Any) -> bool:
    raise asyncio.CancelledError


WRONG = {
    "yields": yields,
    "yieldsLater": yieldsLater,
    "text": plain("no"),
    "an object": plain(object()),
    "a number": plain(2),
    "1.0": plain(1.0),
    "a list": plain([]),
    "awaits text": awaited("no"),
    "awaits a coroutine": awaited(never),
    "raises": raises,
    "raises later": raisesLater,
    "is cancelled": ends,
    "never": never,
}


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_answer_is_a_451_and_a_line_in_the_log_with_the_name_of_the_hook(
    make: Any, serving: Any, caplog: Any, hook: str, wrong: str
) -> None:
    protocol = make(**{hook: WRONG[wrong]}, policy_timeout=0.02 if wrong == "never" else 5)
    if hook in RCPT_HOOKS:
        (last,) = serving(say(ELSEWHERE), protocol=protocol)
    else:
        accepted, last = serving(say(HERE, "DATA"), protocol=protocol)
        assert accepted.startswith("250")
    assert last.startswith("451 4.3.0")
    assert hook in "".join(each.getMessage() for each in caplog.records)


# Ways in which an asynchronous hook could be read as a yes


def askedPlainly(self: Any, *about: Any) -> bool:
    if self.sentFromAllowedNetwork():  # noqa: SIM103 - the mistake that is tested
        return True
    return False


def askedForIdentity(self: Any, *about: Any) -> bool:
    return self.sentFromAllowedNetwork() is not False


async def askedWithoutAwait(self: Any, *about: Any) -> bool:
    return bool(self.sentFromAllowedNetwork())


async def askedByComparison(self: Any, *about: Any) -> bool:
    return not (self.sentFromAllowedNetwork() == False)  # noqa: E712, SIM201 - the mistake


async def askedInAFunction(self: Any, *about: Any) -> bool:
    await asyncio.sleep(0)
    return askedForIdentity(self)


async def askedTogether(self: Any, *about: Any) -> bool:
    return any(await asyncio.gather(self.sentFromAllowedNetwork(), self.sentFromAllowedNetwork()))


@pytest.mark.parametrize("answer", [True, False])
@pytest.mark.parametrize(
    "asked",
    [
        askedPlainly,
        askedForIdentity,
        askedWithoutAwait,
        askedByComparison,
        askedInAFunction,
        askedTogether,
    ],
)
def test_a_hook_that_asks_an_asynchronous_one_gets_its_answer(
    make: Any, serving: Any, asked: Any, answer: bool
) -> None:
    protocol = make(sentFromAllowedNetwork=slow(answer), sentFromAllowedIPAddress=asked)
    (said,) = serving(say(ELSEWHERE), protocol=protocol)
    assert said[:3] == ("250" if answer else "550")


def test_a_hook_of_a_class_that_is_no_handler_is_judged(make: Any, serving: Any) -> None:
    class Mixin:
        async def sentFromAllowedNetwork(self) -> bool:
            return False

    class Plain(make(Mixin)):  # type: ignore[misc]
        def sentFromAllowedIPAddress(self) -> bool:
            return bool(super().sentFromAllowedNetwork())

    (said,) = serving(say(ELSEWHERE), protocol=Plain)
    assert said.startswith("550")


def test_a_hook_that_is_assigned_to_the_class_later_is_judged(make: Any, serving: Any) -> None:
    protocol = make()
    protocol.sentFromAllowedNetwork = awaited(False)
    (said,) = serving(say(ELSEWHERE), protocol=protocol)
    assert said.startswith("550")


@pytest.mark.parametrize("isKeyword", [True, False])
def test_a_hook_of_one_handler_is_judged(make: Any, serving: Any, isKeyword: bool) -> None:
    async def no() -> bool:
        return False

    class Own(make()):  # type: ignore[misc]
        def __init__(self, **argd: Any) -> None:
            super().__init__(**argd, **({"sentFromAllowedNetwork": no} if isKeyword else {}))
            if not isKeyword:
                self.sentFromAllowedNetwork = no

    (said,) = serving(say(ELSEWHERE), protocol=Own)
    assert said.startswith("550")


def test_what_a_program_wraps_around_a_hook_of_the_library_is_judged(
    make: Any, serving: Any
) -> None:
    known = vars(GreyListingPolicy)["sentFromAllowedNetwork"].hook

    @functools.wraps(known)
    async def wrapped(self: Any) -> Any:
        return known(self)

    (said,) = serving(say(ELSEWHERE), protocol=make(sentFromAllowedNetwork=wrapped))
    assert said.startswith("550")


@pytest.mark.parametrize("isOverridden", [True, False])
def test_an_error_in_a_hook_of_the_library_is_logged_with_the_name_of_the_innermost_hook(
    make: Any, serving: Any, caplog: Any, isOverridden: bool
) -> None:
    def overridden(self: Any, recipient: str) -> bool:
        return bool(GreyListingPolicy.shouldWeAcceptRecipient(self, recipient))

    more = {"shouldWeAcceptRecipient": overridden} if isOverridden else {}
    (said,) = serving(say(HERE), protocol=make(allowed_domains=["no domain"], **more))
    assert said.startswith("451 4.3.0")
    (record,) = [each for each in caplog.records if each.levelname == "ERROR"]
    where = "policy failed in sentToADomainWeForwardFor() about the recipient <c@example.org>"
    assert record.getMessage().startswith(where)
    assert record.exc_info[1].__notes__ == [
        "This was raised by the policy hook sentToADomainWeForwardFor()."
    ]


def test_a_base_may_be_asked_by_its_name(make: Any, serving: Any) -> None:
    class Base(make()):  # type: ignore[misc]
        async def sentFromAllowedNetwork(self) -> bool:
            return False

    class Named(Base):
        def sentFromAllowedNetwork(self) -> bool:
            return bool(Base.sentFromAllowedNetwork(self))

    (said,) = serving(say(ELSEWHERE), protocol=Named)
    assert said.startswith("550")


def test_a_hook_that_waits_sees_the_recipient_that_it_was_asked_about(
    make: Any, serving: Any
) -> None:
    """The recipients accepted so far are none at the first RCPT: all of none are ours."""
    seen: list[list[str]] = []

    class Domains(make()):  # type: ignore[misc]
        async def sentToADomainWeForwardFor(self) -> bool:
            seen.append(list(self.recipients))
            await asyncio.sleep(0.001)
            seen.append(list(self.recipients))
            return all(each.endswith("@example.org>") for each in self.recipients)

    assert [line[:3] for line in serving(say(ELSEWHERE, HERE), protocol=Domains)] == ["550", "250"]
    assert seen == [["<c@evil.example>"]] * 2 + [["<c@example.org>"]] * 2


def test_a_hook_is_called_once_for_a_question(make: Any, serving: Any) -> None:
    asked: list[str] = []

    class Counts(make()):  # type: ignore[misc]
        async def sentFromAllowedNetwork(self) -> bool:
            asked.append("network")
            await asyncio.sleep(0)
            return False

        async def shouldWeAcceptRecipient(self, recipient: str) -> bool:
            asked.append(recipient)
            return await self.sentFromAllowedNetwork() or recipient == "<c@example.org>"

    serving(say(ELSEWHERE, HERE), protocol=Counts)
    assert asked == ["<c@evil.example>", "network", "<c@example.org>", "network"]


def test_an_asynchronous_hook_may_answer_the_client_itself(make: Any, serving: Any) -> None:
    class Speaks(make()):  # type: ignore[misc]
        async def shouldWeAcceptRecipient(self, recipient: str) -> bool:
            await asyncio.sleep(0)
            self.error("550 5.7.1 Never you")
            return True

    assert serving(say(ELSEWHERE), protocol=Speaks) == ["550 5.7.1 Never you"]


def test_an_asynchronous_hook_may_ask_the_base_whose_answer_comes_later(
    make: Any, serving: Any
) -> None:
    class Waits(make()):  # type: ignore[misc]
        async def isGreylisted(self, recipient: str) -> bool:
            return super().isGreylisted(recipient)

        def waitInTarpit(self) -> None:
            self.answerTo("tarpit", after, 0.001)

        async def shouldWeAcceptMail(self) -> bool:
            return super().shouldWeAcceptMail()

    said = serving(say(HERE, "DATA"), protocol=Waits)
    assert said[1].startswith("451 4.7.1")


def test_an_open_relay_is_not_made_by_an_asynchronous_hook(make: Any, serving: Any) -> None:
    with FarEnd() as far:
        server = {"relay": "live", "smtp_port": far.port, "smtp_offer_interval": 0}
        protocol = make(sentFromAllowedNetwork=awaited(False), **server)
        said = serving(say(ELSEWHERE, "DATA"), protocol=protocol)
    assert [line[:3] for line in said] == ["550", "503"]
    assert not [line for line in far.heard if line.startswith(("MAIL", "RCPT"))]


def test_what_waits_is_cancelled_when_the_client_leaves(make: Any, serving: Any) -> None:
    ended: list[str] = []

    class Waits(make()):  # type: ignore[misc]
        async def shouldWeAcceptRecipient(self, recipient: str) -> bool:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                ended.append(recipient)
                raise
            return True

    def client(server: Any) -> None:
        caller = Caller(server.ports[0])
        caller.sayAll("EHLO me", "MAIL FROM:<a@b.example>")
        caller.socket.sendall(f"{HERE}\r\n".encode())
        caller.close()

    serving(client, protocol=Waits)
    assert ended == ["<c@example.org>"]


def test_a_question_ends_at_its_time_however_often_it_is_asked_again(
    make: Any, serving: Any
) -> None:
    class Again(make(policy_timeout=0.05)):  # type: ignore[misc]
        def shouldWeAcceptRecipient(self, recipient: str) -> bool:
            raise Later(asyncio.ensure_future(asyncio.sleep(0.001)))

    (said,) = serving(say(HERE), protocol=Again)
    assert said.startswith("451 4.3.0")


def test_without_an_event_loop_an_asynchronous_hook_is_an_error(make: Any) -> None:
    with pytest.raises(RuntimeError, match=r"whiteListed\(\) needs an event loop"):
        make(whiteListed=awaited(True))().whiteListed("<c@example.org>")


@pytest.mark.parametrize("wrong", [awaited(False), yields, plain("no")])
def test_a_client_is_not_trusted_by_what_is_no_answer(make: Any, wrong: Any) -> None:
    with pytest.raises(NotAnAnswer, match=r"isTrustedClient\(\) returned"):
        make(isTrustedClient=wrong)()


async def nothing(self: Any, *about: Any) -> None:
    """An action that is never taken, as nothing awaits it."""


@pytest.mark.parametrize(
    ("action", "lines", "settings"),
    [
        ("acceptMail", [HERE, "DATA"], {"shouldWeAcceptMail": plain(True)}),
        ("deferMail", [HERE, "DATA"], {"shouldWeAcceptMail": plain(False)}),
        ("RelayError", [ELSEWHERE], {}),
        ("handleRcpt", [HERE], {}),
        ("handleData", [HERE, "DATA"], {}),
        ("handleNoop", ["NOOP"], {}),
        ("handleQuit", ["QUIT"], {}),
    ],
)
def test_an_asynchronous_action_closes_the_connection_and_is_logged(
    make: Any, serving: Any, caplog: Any, action: str, lines: list[str], settings: Any
) -> None:
    protocol = make(**{action: nothing}, **settings)
    assert serving(say(*lines), protocol=protocol)[-1] == ""
    assert f"{action}() returned a coroutine" in caplog.text
