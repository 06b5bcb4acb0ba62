"""Wire models of the Midjourney Image Generation API, v1.

Every shape, limit and default is the contract's. Requests refuse unknown fields and wrong types; answers ignore
fields that a newer service may add. A field with no value is left out when it is written (``exclude_none``).
"""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from enum import Enum, StrEnum
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    EncodedBytes,
    EncoderProtocol,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

PROMPT_LIMIT = 4000
"""Characters of a prompt, from the contract."""

STYLIZE_LIMIT = 1000
CHAOS_LIMIT = 100
SEED_LIMIT = 4294967295
BLEND_MIN = 2
BLEND_MAX = 5
LIST_LIMIT = 100
"""Jobs in one page of listJobs at the most, from the contract."""


class JobType(StrEnum):
    """What a job makes."""

    IMAGINE = "imagine"
    UPSCALE = "upscale"
    VARIATION = "variation"
    DESCRIBE = "describe"
    BLEND = "blend"


class JobStatus(StrEnum):
    """Where a job stands; the last three are terminal."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen to the job."""
        return self in {JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.CANCELLED}


class ModelVersion(StrEnum):
    """The model versions that the API takes."""

    V5_2 = "5.2"
    V6_0 = "6.0"
    V6_1 = "6.1"
    V7_0 = "7.0"


class ProcessMode(StrEnum):
    """How soon a job is to be worked on."""

    FAST = "fast"
    TURBO = "turbo"
    RELAX = "relax"


class Quality(float, Enum):
    """How much work goes into a picture."""

    QUARTER = 0.25
    HALF = 0.5
    FULL = 1.0
    DOUBLE = 2.0


class WebhookType(StrEnum):
    """Which changes of a job are reported."""

    RESULT = "result"
    PROGRESS = "progress"


class SortOrder(StrEnum):
    """The order of listJobs."""

    NEWEST_FIRST = "created_at_desc"
    OLDEST_FIRST = "created_at_asc"


AspectRatio = Annotated[str, StringConstraints(pattern=r"^[0-9]+:[0-9]+$", max_length=32)]
"""Width and height. That neither may be 0 nor many times the other is the service's rule, not the contract's."""

Prompt = Annotated[str, StringConstraints(min_length=1, max_length=PROMPT_LIMIT)]


class _StrictBase64(EncoderProtocol):
    """Base64 with nothing else in between; pydantic's own skips what is no letter of it."""

    @classmethod
    def decode(cls, data: bytes) -> bytes:
        try:
            decoded = base64.b64decode(data, validate=True)
        except binascii.Error as error:
            raise ValueError("not base64") from error
        if not decoded:
            raise ValueError("no bytes")
        return decoded

    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return base64.b64encode(value)

    @classmethod
    def get_json_format(cls) -> Literal["base64"]:
        return "base64"


PictureBytes = Annotated[bytes, EncodedBytes(encoder=_StrictBase64), Field(json_schema_extra={"minLength": 4})]
"""A picture, in base64 on the wire and never empty."""

HttpUrl = Annotated[AnyHttpUrl, WithJsonSchema({"type": "string", "format": "iri", "pattern": "^https?://.+"})]
"""An address; letters beyond ASCII are taken as people paste them, and passed on encoded."""


def _only_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PydanticCustomError("number_type", "not a number")
    return value


def _whole_number(value: Any) -> Any:
    """Take 5 and, as JSON makes no difference, 5.0; refuse true and "5"."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise PydanticCustomError("int_type", "not a whole number")
    return value


def _only_digits(value: Any) -> Any:
    """Refuse what Python takes for a number in a query and nobody else does: ``1_0``, `` 1``, ``1.0``."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("not a whole number")
    return value


def _or_none(value: Any) -> Any:
    """Take null, which is how some services write a list with nothing in it."""
    return () if value is None else value


def _with_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_with_zone)]
"""A moment; one that names no zone is read as UTC, so that it can be compared with any other."""


def _exactly_one(*names: str) -> dict[str, Any]:
    """Say in JSON Schema that one of the fields has a value and the others have none."""
    return {"oneOf": [{"required": [name], "properties": {name: {"type": "string"}}} for name in names]}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    webhook_url: HttpUrl | None = None
    webhook_type: WebhookType = WebhookType.RESULT


class _Answer(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ImagineRequest(_Request):
    """POST /v1/imagine."""

    prompt: Prompt
    aspect_ratio: AspectRatio = "1:1"
    model_version: ModelVersion | None = None
    process_mode: ProcessMode = ProcessMode.FAST
    quality: Annotated[Quality, BeforeValidator(_only_number)] = Quality.FULL
    stylize: Annotated[int, Field(ge=0, le=STYLIZE_LIMIT), BeforeValidator(_whole_number)] = 100
    chaos: Annotated[int, Field(ge=0, le=CHAOS_LIMIT), BeforeValidator(_whole_number)] = 0
    seed: Annotated[int, Field(ge=0, le=SEED_LIMIT), BeforeValidator(_whole_number)] | None = None
    no: Annotated[str, StringConstraints(max_length=PROMPT_LIMIT)] | None = None
    image_url: HttpUrl | None = None


class UpscaleRequest(_Request):
    """POST /v1/upscale."""

    job_id: UUID
    index: Annotated[int, Field(ge=1, le=4), BeforeValidator(_whole_number)]


class VariationRequest(_Request):
    """POST /v1/variations."""

    job_id: UUID
    index: Annotated[int, Field(ge=1, le=4), BeforeValidator(_whole_number)]


class DescribeRequest(_Request):
    """POST /v1/describe: exactly one of ``image_url`` and ``image_base64``."""

    model_config = ConfigDict(json_schema_extra=_exactly_one("image_url", "image_base64"))

    image_url: HttpUrl | None = None
    image_base64: PictureBytes | None = None

    @model_validator(mode="after")
    def _one_picture(self) -> Self:
        if (self.image_url is None) == (self.image_base64 is None):
            raise ValueError("give exactly one of image_url and image_base64")
        return self


class BlendImage(BaseModel):
    """One picture of a blend: exactly one of ``url`` and ``base64``."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra=_exactly_one("url", "base64"))

    url: HttpUrl | None = None
    base64: PictureBytes | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.url is None) == (self.base64 is None):
            raise ValueError("give exactly one of url and base64 for each image")
        return self


class BlendRequest(_Request):
    """POST /v1/blend."""

    images: Annotated[tuple[BlendImage, ...], Field(min_length=BLEND_MIN, max_length=BLEND_MAX)]
    aspect_ratio: AspectRatio | None = None
    prompt: Annotated[str, StringConstraints(max_length=PROMPT_LIMIT)] | None = None


class ListQuery(BaseModel):
    """The query of GET /v1/jobs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: JobStatus | None = None
    limit: Annotated[int, Field(ge=1, le=LIST_LIMIT), BeforeValidator(_only_digits)] = 25
    offset: Annotated[int, Field(ge=0, le=2**63 - 1), BeforeValidator(_only_digits)] = 0
    sort: SortOrder = SortOrder.NEWEST_FIRST


class Parameters(_Answer):
    """The parameters that a job was made with."""

    aspect_ratio: str | None = None
    model_version: str | None = None
    process_mode: str | None = None
    quality: float | None = None
    stylize: int | None = None
    chaos: int | None = None
    seed: int | None = None
    no: str | None = None


class Image(_Answer):
    """A picture of a result; ``index`` is absent for a grid and for an upscale."""

    url: str
    index: int | None = None
    width: int | None = None
    height: int | None = None
    content_type: str | None = None


class Result(_Answer):
    """What a job made: pictures, or (describe) prompts. The one that is empty is left out."""

    images: Annotated[tuple[Image, ...], BeforeValidator(_or_none), Field(exclude_if=lambda images: not images)] = ()
    prompts: Annotated[tuple[str, ...], BeforeValidator(_or_none), Field(exclude_if=lambda prompts: not prompts)] = ()


class JobError(_Answer):
    """Why a job failed."""

    code: str
    message: str


class Job(_Answer):
    """A job as the service reports it."""

    id: UUID
    type: JobType
    status: JobStatus
    created_at: Moment
    progress: Annotated[int, Field(ge=0, le=100)] | None = None
    prompt: str | None = None
    parameters: Parameters | None = None
    parent_job_id: UUID | None = None
    image_index: int | None = None
    result: Result | None = None
    error: JobError | None = None
    webhook_url: str | None = None
    webhook_type: WebhookType | None = None
    updated_at: Moment | None = None
    completed_at: Moment | None = None


class JobPage(_Answer):
    """A page of GET /v1/jobs."""

    data: tuple[Job, ...]
    total: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1, le=LIST_LIMIT)]
    offset: Annotated[int, Field(ge=0)]


class CreatedData(_Answer):
    """The identifier of a job just made."""

    job_id: UUID


class Created(_Answer):
    """The answer to every POST that makes a job."""

    status: Literal["SUCCESS"] = "SUCCESS"
    message: str
    data: CreatedData


class ErrorBody(_Answer):
    """The body of every error."""

    status: Literal["ERROR"] = "ERROR"
    code: str
    message: str


class WebhookEventType(StrEnum):
    """What a webhook reports."""

    PROGRESS = "job.progress"
    COMPLETED = "job.completed"
    FAILED = "job.failed"
    CANCELLED = "job.cancelled"


class WebhookEvent(_Answer):
    """A webhook's body."""

    event: WebhookEventType
    job_id: UUID
    status: JobStatus
    timestamp: Moment
    progress: Annotated[int, Field(ge=0, le=100)] | None = None
    type: JobType | None = None
    prompt: str | None = None
    result: Result | None = None
    error: JobError | None = None


def wire(model: BaseModel) -> dict[str, Any]:
    """Give the JSON form of ``model`` with every empty field left out."""
    return model.model_dump(mode="json", exclude_none=True)
