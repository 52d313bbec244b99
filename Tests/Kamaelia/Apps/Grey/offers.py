"""What the real servers offer, with a signal for tests."""

import threading
from typing import Any

from Kamaelia.Support.Protocol.SMTP.Offer import ServerOffers


class Offers(ServerOffers):
    """Tells when an answer has been recorded."""

    def __init__(self) -> None:
        super().__init__()
        self.recorded = threading.Semaphore(0)

    def record(self, *answer: Any) -> bool:
        isNew = super().record(*answer)
        self.recorded.release()
        return isNew
