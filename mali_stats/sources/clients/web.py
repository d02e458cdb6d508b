"""One way to ask every publisher: with patience, within time, and with the key sent to its owner alone."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from time import sleep
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import exceptions
from urllib3.exceptions import HTTPError, ReadTimeoutError

from mali_stats.sources import limits
from mali_stats.sources.clients import address
from mali_stats.sources.clients.answer import asked_to_wait, excerpt, parsed
from mali_stats.sources.clients.secret import Form, Key, Secret, masked

LOG = logging.getLogger(__name__)
#: seconds for a connection, and between two pieces of an answer (DTM takes more than thirty to begin)
TIMEOUT = (10, 90)
#: how often a request is made before it is given up: when the publisher says no, when nobody is there
TRIES, TRIES_UNHEARD = 5, 3
#: the longest wait, in seconds, that a publisher may ask for
PATIENCE = 120
#: DTM's gate turns away the name that requests gives itself
AGENT = "Mozilla/5.0 (compatible; mali_stats)"
#: answers that may be others a moment later
PASSING = frozenset({429, 500, 502, 503, 504})
_REDIRECTS = 5
_PIECE = 1 << 16
_REFUSALS = {401: PermissionError, 403: PermissionError, 404: FileNotFoundError}
#: what went wrong, told by the kind alone: the words of an error may hold an address with a key
_REASONS = (
    (exceptions.SSLError, "its certificate is not accepted"),
    (exceptions.ProxyError, "the proxy does not let it through"),
    (exceptions.Timeout, "no answer in time"),
    (exceptions.ConnectionError, "no connection"),
    (ReadTimeoutError, "no answer in time"),
    ((exceptions.RequestException, HTTPError), "the answer broke off"),
    (ValueError, "a header that cannot be read or sent"),
    (OSError, "a file that the connection needs cannot be read: see REQUESTS_CA_BUNDLE"),
)


@dataclass(frozen=True)
class Manners:
    """How one publisher wants to be asked, what its refusals mean, and what may be done with the answer.

    ``reader`` is the public name that reads it. ``passing`` are the codes to be asked again after ``wait`` seconds,
    doubled each time; ``pause`` is kept between pages; ``means`` has a sentence for codes; ``elsewhere`` allows that an
    answer to a request with a key lies on another host, which is then asked without it.
    """

    title: str
    reader: str
    licence: str
    passing: frozenset[int] = PASSING
    wait: float = 1.0
    pause: float = 0.0
    means: Mapping[int, str] = field(default_factory=dict)
    elsewhere: bool = False


class Web:
    """One publisher, asked for one file.

    ``by_hand`` ends every error that a user can go round. ``renew`` is called once when a key has expired and says
    whether there is a new one.
    """

    def __init__(self, manners: Manners, base: str, by_hand: str, key: Key | None = None):
        self.manners, self.base, self.by_hand = manners, base, by_hand
        self.key: Key | None = None
        self.secrets: list[Secret] = []
        self.renew: Callable[[], bool] | None = None
        self._session = requests.Session()
        self._session.headers["User-Agent"] = AGENT
        if key is not None:
            self.use(key)

    def __repr__(self) -> str:
        return f"Web({self.manners.title})"

    def use(self, key: Key) -> None:
        """Send this key from now on."""
        self.know(key.secret)
        self.key = key

    def know(self, secret: Secret) -> None:
        """Keep this secret out of every message and file, and off every line that others can read.

        Raises
        ------
        ValueError
            where the publisher is asked in the clear.
        """
        if address.in_the_clear(self.base):
            raise ValueError(f"fetch: {secret.name} is not sent to {self.base} in the clear; give an https address.")
        self.secrets.append(secret)

    def clean(self, text: str) -> str:
        """The text without any secret."""
        return masked(text, self.secrets)

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    # ---- asking --------------------------------------------------------------------------------------------

    def json(self, url: str, params: Mapping | None = None, form: Form | None = None) -> tuple[Any, str]:
        """What the JSON of an answer holds, and its text, without any secret (but those that a form was sent for).

        Raises
        ------
        ConnectionError, PermissionError, FileNotFoundError, RuntimeError
            see :meth:`ask`; also RuntimeError for an answer that is no JSON.
        TooLarge
            a ValueError, for an answer beyond ``limits.MAX_ANSWER`` once unpacked.
        """
        content, text = self._read(url, params, form)
        if content is None:
            raise RuntimeError(
                f"{self.manners.title} did not answer with JSON but with {excerpt(text) or 'nothing'}. "
                f"Something between here and there may have answered in its place. {self.by_hand}"
            )
        return content, text

    def _read(self, url: str, params: Mapping | None, form: Form | None) -> tuple[object, str]:
        body = self.ask(url, params, form=form).content
        if form:  # it holds secrets that are not known yet
            return parsed(body)[0], "something else"
        return parsed(self.clean(body.decode("utf-8-sig", "replace")))

    def ask(self, url, params=None, *, form=None, headers=None, stream=False, fine=()) -> requests.Response:
        """An answer below 400 (or one of ``fine``), asked for as often as it takes and is decent.

        Raises
        ------
        ConnectionError
            when nobody answers or the publisher stays busy; says what to do by hand.
        PermissionError, FileNotFoundError, RuntimeError
            when it refuses: 401 and 403, 404, other codes.
        """
        failed = 0
        while True:
            answer, reason = self._follow(url, params, form, headers, stream)
            if answer is not None and (answer.status_code < 400 or answer.status_code in fine):
                return answer
            if self._renewed(answer, form):
                continue
            if answer is not None and answer.status_code not in self.manners.passing:
                raise self._refused(answer)
            failed += 1
            self._wait_or_give_up(failed, answer, reason)

    def _renewed(self, answer: requests.Response | None, form: Form | None) -> bool:
        renew = self.renew
        if answer is None or answer.status_code != 401 or renew is None or form is not None:
            return False
        self.renew = None  # once
        return renew()

    def _wait_or_give_up(self, failed: int, answer: requests.Response | None, reason: str) -> None:
        if answer is None:
            if failed >= TRIES_UNHEARD:
                raise self.unreached(f"{reason}, {failed} times")
            return self.rest(failed, reason)
        answer.close()
        reason = f"HTTP {answer.status_code}"
        if failed >= TRIES:
            raise self.unreached(f"{reason}, {failed} times", self.manners.means.get(answer.status_code, ""))
        return self.rest(failed, reason, asked_to_wait(answer.headers))

    def rest(self, failed: int, reason: str, asked: float | None = None) -> None:
        """Wait before the next try: as long as the publisher asks for, else longer each time."""
        if asked is not None and asked > PATIENCE:
            raise self.unreached(f"{reason}, and it asks to wait {asked:,.0f} seconds")
        seconds = self.manners.wait * 2 ** (failed - 1) if asked is None else asked
        LOG.info("%s: %s; again in %.0f s", self.manners.title, reason, seconds)
        sleep(seconds)

    def pause(self) -> None:
        """The moment that the publisher wants between two pages."""
        if self.manners.pause:
            sleep(self.manners.pause)

    def unreached(self, reason: str, means: str = "") -> ConnectionError:
        """The error for a publisher that gives no answer."""
        return ConnectionError(
            " ".join(filter(None, [f"{self.manners.title} could not be reached ({reason}).", means, self.by_hand]))
        )

    def _refused(self, answer: requests.Response) -> Exception:
        means, said = self.manners.means.get(answer.status_code), excerpt(self.clean(answer.text))
        parts = [f"{self.manners.title} refuses (HTTP {answer.status_code}).", means, said and f"It says: {said}."]
        return _REFUSALS.get(answer.status_code, RuntimeError)(" ".join(filter(None, [*parts, self.by_hand])))

    # ---- where to ------------------------------------------------------------------------------------------

    def here(self, url: object) -> str:
        """An address that the publisher gave, on its own host and as safe as the one it was asked under.

        Raises
        ------
        RuntimeError
            for another host: the key does not go there.
        """
        url = str(url)
        if address.place(url) != address.place(self.base):
            raise RuntimeError(
                f"{self.manners.title} sends on to another host ({address.place(url)[0]}) than its own "
                f"({urlsplit(self.base).hostname}); no key is sent there, and nothing was kept. {self.by_hand}"
            )
        return address.moved_to(url, self.base)

    def _follow(self, url, params, form, headers, stream) -> tuple[requests.Response | None, str]:
        """The answer behind whatever redirects; None and the reason where there is none."""
        key = form or self.key
        for _ in range(_REDIRECTS):
            answer, reason = self._once(url, params, key, form, headers, stream)
            if answer is None or not answer.is_redirect or form:
                return answer, reason
            answer.close()
            url, params = address.joined(url, self.clean(answer.headers["Location"])), None
            leaves = address.place(url) != address.place(self.base)
            if leaves and (key is None or self.manners.elsewhere) and address.as_safe(url, self.base):
                key = None
            else:
                url = address.without(self.here(url), self.key.query) if self.key else self.here(url)
        return None, f"more than {_REDIRECTS} redirects"

    def _once(self, url, params, key, form, headers, stream) -> tuple[requests.Response | None, str]:
        # What requests raises may hold an address or header with a key, and so may the variables of its frames: only
        # the kind is told, and what is raised is raised here, with nothing chained.
        ended: limits.TooLarge | KeyboardInterrupt | None = None
        try:
            answer = self._session.request(
                "POST" if form else "GET", url, params=params, headers=headers, stream=True, timeout=TIMEOUT,
                auth=key or _nobody, allow_redirects=False,
            )  # fmt: skip
            if not stream or answer.status_code >= 400:
                answer.raw = self._unpacked(answer)
        except limits.TooLarge as error:
            ended = limits.TooLarge(f"{error} {self.by_hand}")
        except KeyboardInterrupt:
            ended = KeyboardInterrupt()
        except (HTTPError, ValueError, OSError) as error:  # exceptions of requests are OSErrors
            return None, next(reason for kind, reason in _REASONS if isinstance(error, kind))
        if ended is not None:
            raise ended
        return answer, ""

    def _unpacked(self, answer: requests.Response) -> io.BytesIO:
        """The whole of an answer, as far as memory may be filled with it."""
        name = f"The answer of {self.manners.title}"
        with closing(answer.raw):
            pieces = answer.raw.stream(_PIECE, decode_content=True)
            return io.BytesIO(limits.gathered(name, pieces, limits.MAX_ANSWER))


def _nobody(request):
    """No key: also none that requests might find in a .netrc."""
    return request
