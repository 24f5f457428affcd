"""Azure Batch: a pool whose tasks are Ray nodes, through the service's official SDK.

One job of Batch for one sweep, one task for one node. Spoken with are recorded answers of the
protocol (REST API 2025-06-01) and never the service itself:
https://learn.microsoft.com/rest/api/batchservice/
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, TypeVar

from sweep.errors import ConfigError, TargetError, UserError

NAME = re.compile(r"[\w-]{1,64}")
ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
RETRIES = 3
CONNECTING = 10.0
"""Seconds in which the service must take a connection."""
ENDING = 60.0
"""Seconds in which a deleted job must be gone."""
LONGEST = timedelta(days=7)
"""After which Batch ends a job by itself, should nobody do it."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class AzureBatchProperties:
    """Which pool of which account; nothing of it is secret.

    Attributes:
        account: name of the Batch account.
        resource_group: where the account is; kept, and shown.
        location: region of the account, such as `westeurope`.
        pool: name of a pool that is there, with nodes that can reach each other and the head.
        endpoint: address of the account; empty: made of account and location.
        key: name of an environment variable with the account's key.
    """

    account: str
    resource_group: str
    location: str
    pool: str
    endpoint: str = ""
    key: str = "AZURE_BATCH_KEY"

    def __post_init__(self) -> None:
        """Refuse names that the service would refuse.

        Raises:
            ConfigError: says what, and what was expected.
        """
        if not ACCOUNT.fullmatch(self.account):
            raise ConfigError(f"account: expected 3 to 24 of a-z, 0-9, got {self.account!r}")
        if not NAME.fullmatch(self.pool):
            raise ConfigError(
                f"pool: expected at most 64 of a-z, 0-9, '-', '_', got {self.pool!r}"
            )
        if not self.endpoint and not re.fullmatch(r"[a-z0-9]+", self.location):
            raise ConfigError(
                f"location: expected the account's region, such as westeurope, or else its whole"
                f" address; got {self.location!r}"
            )
        if self.endpoint and not re.match(r"https://|http://127\.0\.0\.1:", self.endpoint):
            raise ConfigError(f"endpoint: expected https://..., got {self.endpoint!r}")

    @property
    def url(self) -> str:
        """The address of the account."""
        return self.endpoint or f"https://{self.account}.{self.location}.batch.azure.com"


@dataclass(frozen=True, slots=True)
class BatchNode:
    """One task of ours.

    Attributes:
        name: of the task.
        state: `active` (waits for a node), `preparing`, `running`, `completed`.
        node: where it is; empty where it has none yet.
        exit_code: of its command; None before its end.
        failure: what Batch says of a failure; empty where there is none.
    """

    name: str
    state: str
    node: str = ""
    exit_code: int | None = None
    failure: str = ""


class AzureBatch:
    """A job in a pool, and its tasks.

    Args:
        properties: which pool of which account.
        job: the job's name: one for each sweep.
        environment: where the account's key is looked for.
        retries: of a request that gets no answer.

    Raises:
        UserError: the SDK or the key is missing.
    """

    def __init__(
        self,
        properties: AzureBatchProperties,
        job: str,
        environment: Mapping[str, str] = os.environ,
        retries: int = RETRIES,
    ) -> None:
        self.properties = properties
        self.job = job
        try:
            from azure.batch import BatchClient, models  # noqa: PLC0415 - an extra
            from azure.core.credentials import AzureNamedKeyCredential  # noqa: PLC0415
        except ImportError:
            raise UserError(
                "a target on Azure Batch needs its SDK: pip install 'hypersweep[azure-batch]'"
            ) from None
        if not (key := environment.get(properties.key)):
            raise UserError(f"the key of the Batch account: set the variable {properties.key}")
        self._models = models
        self._client = BatchClient(
            properties.url,
            AzureNamedKeyCredential(properties.account, key),
            retry_total=retries,
            connection_timeout=CONNECTING,
        )

    def to_keep(self) -> dict[str, Any]:
        """Return what is kept of it."""
        return {"kind": "azure-batch", **asdict(self.properties)}

    def check(self) -> dict[str, Any]:
        """See that the pool is there and lets us in; return facts about it.

        Returns:
            `vm_size`, `nodes` and `target` (how many there are and shall be, dedicated and low
            priority), `allocation` and `errors` of the last resize.

        Raises:
            UserError: no such account or pool, the key is wrong, or it is being deleted.
            TargetError: the service does not answer.
        """
        pool = self._ask("look at the pool", lambda: self._client.get_pool(self.properties.pool))
        if (state := _word(pool.state)) != "active":
            raise UserError(f"the pool {self.properties.pool} is {state}")
        return {
            "vm_size": pool.vm_size,
            "nodes": [pool.current_dedicated_nodes, pool.current_low_priority_nodes],
            "target": [pool.target_dedicated_nodes, pool.target_low_priority_nodes],
            "allocation": _word(pool.allocation_state),
            "errors": [f"{e.code}: {e.message}" for e in pool.resize_errors or []],
        }

    def open(self) -> None:
        """Create the job; Batch itself ends it after a week.

        Raises:
            UserError: it is there already, or not allowed.
            TargetError: the service does not answer.
        """
        options = self._models.BatchJobCreateOptions(
            id=self.job,
            pool_info=self._models.BatchPoolInfo(pool_id=self.properties.pool),
            constraints=self._models.BatchJobConstraints(
                max_wall_clock_time=LONGEST, max_task_retry_count=0
            ),
        )
        self._ask("create the job", lambda: self._client.create_job(options))

    def start(self, name: str, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Add a task; it is `active` until a node of the pool is free.

        Args:
            name: of the task.
            argv: program and arguments; Batch runs them without a shell.
            environment: variables; who may read the account's tasks can read them.

        Raises:
            UserError: there is one of that name, or the quota is used up.
            TargetError: the service does not answer.
        """
        setting = self._models.EnvironmentSetting
        options = self._models.BatchTaskCreateOptions(
            id=name,
            command_line=shlex.join(argv),
            environment_settings=[setting(name=k, value=v) for k, v in environment.items()],
            constraints=self._models.BatchTaskConstraints(max_task_retry_count=0),
        )
        self._ask("start a node", lambda: self._client.create_task(self.job, options))

    def nodes(self) -> list[BatchNode]:
        """Return the tasks of the job.

        Raises:
            TargetError: the service does not answer.
        """
        tasks = self._ask("list the nodes", lambda: [*self._client.list_tasks(self.job)])
        return [_node(task) for task in tasks]

    def stop(self, name: str) -> None:
        """End a task; one that has ended, or is not there, is left alone.

        Raises:
            TargetError: the service does not answer.
        """
        self._unless_gone("stop a node", lambda: self._client.terminate_task(self.job, name))

    def close(self) -> None:
        """Delete the job, which ends its tasks; return when it is gone.

        Raises:
            TargetError: the service does not answer, or the job is not gone in time.
        """
        self._unless_gone("delete the job", self._delete)

    def _delete(self) -> None:
        poller = self._client.begin_delete_job(self.job, polling_interval=1)
        poller.wait(ENDING)
        if not poller.done():
            raise TargetError(f"Azure Batch: the job {self.job} is not gone after {ENDING:g} s")

    def _unless_gone(self, what: str, request: Callable[[], None]) -> None:
        """Ask, and take "there is none" and "it has ended" for success."""
        from azure.core import exceptions  # noqa: PLC0415

        def wanted() -> None:
            try:
                request()
            except (exceptions.ResourceNotFoundError, exceptions.ResourceExistsError) as error:
                if _code(error) not in ("JobNotFound", "TaskNotFound", "TaskCompleted"):
                    raise

        self._ask(what, wanted)

    def _ask(self, what: str, request: Callable[[], T]) -> T:
        """Return the answer to a request, or say in our words what came instead."""
        from azure.core import exceptions  # noqa: PLC0415

        where = f"Azure Batch ({self.properties.account})"
        try:
            return request()
        except exceptions.HttpResponseError as error:
            status = error.status_code or 0
            text = f"{where}: cannot {what}: {_code(error) or status}: {_message(error)}"
            if status in (401, 403):
                text += f"; is the key in {self.properties.key} this account's?"
            raise (UserError if 400 <= status < 500 else TargetError)(text) from None
        except exceptions.AzureError as error:
            raise TargetError(
                f"{where} does not answer at {self.properties.url}: {error}"
            ) from None


def _node(task: Any) -> BatchNode:
    ended, there = task.execution_info, task.node_info
    failure = ended.failure_info if ended else None
    return BatchNode(
        name=task.id,
        state=_word(task.state),
        node=(there.node_id or "") if there else "",
        exit_code=ended.exit_code if ended else None,
        failure=f"{failure.code}: {failure.message}" if failure else "",
    )


def _word(state: Any) -> str:
    """Return a state's word; the SDK gives plain text for those that it does not know."""
    return str(getattr(state, "value", state))


def _code(error: Any) -> str:
    return str(getattr(error.model, "code", "") or "")


def _message(error: Any) -> str:
    """Return the first line of what the service says."""
    message = getattr(error.model, "message", None)
    text = str(getattr(message, "value", "") or error.message or "").strip()
    return text.splitlines()[0] if text else "no reason given"
