"""Every error that imaginebot raises on purpose.

::

    ImaginebotError
    ├── UserError                 the person who asked can mend it
    │   ├── InvalidPrompt
    │   ├── InvalidPicture
    │   ├── InvalidCommand
    │   ├── NotAllowed
    │   ├── NotAuthenticated      the caller of our HTTP interface gave no key, or not ours
    │   ├── QuotaExceeded         retry_after
    │   ├── JobNotFound
    │   ├── ButtonNotFound
    │   ├── NotReady
    │   └── AlreadyEnded
    ├── UpstreamError             the image service said no, or nothing
    │   ├── UpstreamRejected      final, with the service's own code
    │   ├── UpstreamUnauthorized  final, the admin's business
    │   │   └── UpstreamBarred    something in front of another imaginebot lets nothing through: not carried out
    │   └── UpstreamUnavailable   passing, retry_after, may_have_arrived
    │       ├── UpstreamBusy      too much at once (429): not carried out
    │       ├── UpstreamMistaken  something else answers where another imaginebot should: not carried out
    │       └── UpstreamTroubled  another imaginebot says in its own words that it could not
    ├── PlatformError             a chat platform said no, or nothing
    │   ├── PostGone              final for the post
    │   └── PlatformUnavailable   passing, retry_after
    │       └── PlatformBusy      not asked at all, by our own pace
    └── OperatorError             the admin can mend it; the program cannot go on
        ├── InvalidSetting
        ├── DataFolderBusy
        ├── DatabaseTooNew
        ├── DatabaseDamaged
        └── StorageUnavailable    a full or read-only disk

The text of an error is one sentence for the person concerned, which says what to do. It never holds a stack
trace, a token or an internal address. Anything more goes to the log.
"""

from __future__ import annotations


class ImaginebotError(Exception):
    """Base of every error that imaginebot raises on purpose.

    ``code`` is machine-readable and appears in the error bodies of the HTTP contract.
    """

    code = "internal_error"


class UserError(ImaginebotError):
    """What the person who asked can mend; the text tells how."""

    code = "invalid_request"


class InvalidPrompt(UserError):
    """The prompt cannot be sent as it stands."""

    code = "invalid_prompt"


class InvalidPicture(UserError):
    """A picture cannot be read, is too large, or cannot be fetched."""

    code = "invalid_picture"


class InvalidCommand(UserError):
    """A command is unknown or misses something that it needs."""

    code = "invalid_command"


class NotAllowed(UserError):
    """The person may not do this."""

    code = "not_allowed"


class NotAuthenticated(UserError):
    """A call over HTTP carried no key, or one that is not accepted."""

    code = "unauthorized"


class QuotaExceeded(UserError):
    """Too much is under way; ``retry_after`` is in seconds."""

    code = "rate_limited"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep the sentence and, where it is known, the seconds to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class JobNotFound(UserError):
    """No such job, or not one that this person can see, or one that has expired."""

    code = "job_not_found"


class ButtonNotFound(UserError):
    """No such button: it was never ours, or its job has been deleted."""

    code = "button_not_found"


class NotReady(UserError):
    """The job has not come far enough for this action."""

    code = "job_not_ready"


class AlreadyEnded(UserError):
    """The job has ended, so it cannot be cancelled."""

    code = "already_ended"


class UpstreamError(ImaginebotError):
    """What the image service did."""

    code = "upstream_error"


class UpstreamRejected(UpstreamError):
    """The image service refused the request for good.

    ``code`` and the text are the service's own; the text is meant for people.
    """

    def __init__(self, code: str, message: str) -> None:
        """Keep the service's machine-readable code and its sentence."""
        super().__init__(message)
        self.code = code


class UpstreamUnauthorized(UpstreamError):
    """The image service did not accept our key."""

    code = "unauthorized"


class UpstreamBarred(UpstreamUnauthorized):
    """Something in front of another imaginebot, or in its place, did not let the request through."""


class UpstreamUnavailable(UpstreamError):
    """The image service is busy, down or out of reach.

    ``retry_after`` is in seconds where the service named it. ``may_have_arrived`` is false only where it is
    certain that the request was not carried out (a refused connection, a 429).
    """

    code = "upstream_unavailable"

    def __init__(
        self,
        message: str = "The image service is not answering.",
        *,
        retry_after: float | None = None,
        may_have_arrived: bool = True,
    ) -> None:
        """Keep the sentence, the seconds to wait, and whether the request may have been carried out."""
        super().__init__(message)
        self.retry_after = retry_after
        self.may_have_arrived = may_have_arrived


class PictureUnavailable(UpstreamUnavailable):
    """The place that a picture lies at does not give it out at the moment."""


class UpstreamBusy(UpstreamUnavailable):
    """The image service takes no more at the moment (429); the request was not carried out."""

    code = "rate_limited"

    def __init__(
        self,
        message: str = "The image service is busy. Please try again in a moment.",
        *,
        retry_after: float | None = None,
    ) -> None:
        """Keep the sentence and, where the service named it, the seconds to wait."""
        super().__init__(message, retry_after=retry_after, may_have_arrived=False)


class UpstreamMistaken(UpstreamUnavailable):
    """Something answers where another imaginebot should, and is none; the request was not carried out."""

    def __init__(self, message: str = "What answers there is no imaginebot.") -> None:
        """Keep the sentence."""
        super().__init__(message, may_have_arrived=False)


class UpstreamTroubled(UpstreamUnavailable):
    """Another imaginebot has answered that it could not do it; the text is its own."""


class PlatformError(ImaginebotError):
    """What a chat platform did."""

    code = "platform_error"


class PostGone(PlatformError):
    """The message or its channel no longer exists, or we may no longer write there."""

    code = "post_gone"


class PlatformUnavailable(PlatformError):
    """The platform is busy, down or out of reach; ``retry_after`` is in seconds where it was named."""

    code = "platform_unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        """Keep the sentence and, where the platform named it, the seconds to wait."""
        super().__init__(message)
        self.retry_after = retry_after


class PlatformBusy(PlatformUnavailable):
    """It is not time yet, by our own pace: the platform was not asked, so this counts as no failed try."""

    code = "platform_busy"


class OperatorError(ImaginebotError):
    """What only the admin can mend."""

    code = "operator_error"


class InvalidSetting(OperatorError):
    """A setting is unknown or malformed."""

    code = "invalid_setting"


class DataFolderBusy(OperatorError):
    """Another process holds the data folder."""

    code = "data_folder_busy"


class DatabaseTooNew(OperatorError):
    """The database was written by a newer version of the program."""

    code = "database_too_new"


class DatabaseDamaged(OperatorError):
    """The database file is not one, or fails its own check."""

    code = "database_damaged"


class StorageUnavailable(OperatorError):
    """The disk is full, or cannot be written or read."""

    code = "storage_unavailable"
