"""Rows of whole installations, each with something in every table that knows of tenants."""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from bot.runs import (
    Applied,
    DecisionKind,
    RepositoryRef,
    Run,
    RunEvent,
    RunStatus,
    StageRecord,
    StageStatus,
    Work,
)
from bot.store import audit, baselines, calls, ledger, marks, pauses, runs, secrets, tables
from bot.store.calls import Call, CallStatus
from bot.store.cluster import run_files
from tests.store.rows import a_run


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One installation with one repository and one run; every name and number is its own."""

    number: int

    @property
    def repository(self) -> RepositoryRef:
        return RepositoryRef(
            id=100 + self.number,
            full_name=f"tenant{self.number}/shop",
            installation_id=500 + self.number,
        )

    @property
    def run_id(self) -> str:
        return f"{self.number:x}" * 12

    @property
    def guid(self) -> str:
        return f"guid-of-tenant{self.number}"

    @property
    def person(self) -> str:
        return f"person{self.number}"

    @property
    def branch(self) -> str:
        return "coppice/7-same"

    def run(self, **values: Any) -> Run:
        usual = {
            "repository": self.repository,
            "issue": 7,
            "pull_request": 8,
            "status": RunStatus.WAITING,
            "work": Work(base_ref="main", base_sha="b" * 40, branch=self.branch),
        }
        trigger = a_run().trigger.model_copy(update={"delivery": self.guid})
        return a_run(self.run_id, trigger=trigger, **usual | values)

    def call(self, **values: Any) -> Call:
        usual: dict[str, Any] = {
            "run_id": self.run_id,
            "stage": "implement",
            "role": "implement",
            "attempt": 1,
            "installation_id": self.repository.installation_id,
            "repository_id": self.repository.id,
            "repository": self.repository.full_name,
            "person": "ana",
            "endpoint": "main",
            "model": f"model{self.number}",
            "api": "chat",
            "status": CallStatus.DONE,
            "input_tokens": 10,
            "output_tokens": 5,
            "usd": 0.25,
            "started_at": 1000.0,
        }
        return Call(**usual | values)

    @property
    def body(self) -> bytes:
        where = self.repository
        return json.dumps(
            {
                "action": "labeled",
                "repository": {"id": where.id, "full_name": where.full_name},
                "issue": {"number": 7},
                "installation": {"id": where.installation_id},
            }
        ).encode()

    def fill(self, c: Connection, **run: Any) -> None:
        """Write one row at least to each table."""
        self._delivery(c)
        runs.insert(c, self.run(**run))
        runs.save_stage(c, self._stage())
        event = RunEvent(stage="plan", attempt=1, type="said", data={"by": self.person})
        runs.append_events(c, self.run_id, [event], 1001.5)
        key = f"comment/{self.repository.id}/{self.run_id}/status"
        whose = self.repository.installation_id
        ledger.begin(c, key, run_id=self.run_id, installation_id=whose, kind="comment", at=1002.0)
        made = Applied(id=900 + self.number, wrote=True)
        ledger.applied(c, key, made, digest="d" * 64, wrote=True, at=1003.0)
        calls.insert(c, self.call())
        baselines.put(c, self.repository.id, "b" * 40, "d" * 64, [])
        pauses.pause(c, self.repository.id, self.person, 1004.0)
        run_files.put(c, self.run_id, "config.json", "d" * 64, b"{}")
        turn = {
            "child": f"{self.run_id}/work-1",
            "run_id": self.run_id,
            "kind": "work",
            "part": {},
            "repository_id": self.repository.id,
            "installation_id": self.repository.installation_id,
            "person": self.person,
            "priority": 0,
            "asked_at": 1.0,
            "begun": False,
        }
        c.execute(tables.turns.insert().values(turn))
        secrets.get_or_create(c, "marker", lambda: b"k" * 32)
        marks.put(c, "sweep", 1000.0)
        entry = audit.Entry(who=self.person, act=audit.Act.RUN_STARTED, run_id=self.run_id)
        audit.record(c, entry, at=1005.25)

    def _delivery(self, c: Connection) -> None:
        where = self.repository
        values = {
            "seq": self.number,
            "guid": self.guid,
            "event": "issues",
            "action": "labeled",
            "repository": where.full_name,
            "repository_id": where.id,
            "number": 7,
            "installation_id": where.installation_id,
            "received_at": 1000.0,
            "source": "webhook",
            "attempts": 1,
            "decision": DecisionKind.START.value,
            "runs": [self.run_id],
            "digest": hashlib.sha256(self.body).digest(),
        }
        c.execute(tables.deliveries.insert().values(values))
        c.execute(tables.payloads.insert().values(seq=self.number, payload=self.body))

    def _stage(self) -> StageRecord:
        return StageRecord(
            run_id=self.run_id,
            key="plan-1/plan-1",
            name="plan",
            attempt=1,
            status=StageStatus.PASSED,
            started_at=1000.5,
            ended_at=1001.0,
            result={"said": f"of {self.person} \u00e9\u4e16\U0001f332"},
        )


ONE, TWO = Tenant(number=1), Tenant(number=2)


def fill_both(c: Connection) -> None:
    ONE.fill(c)
    TWO.fill(c)
