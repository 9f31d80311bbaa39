"""Which call meets which fault: the only thing that the stand-in remembers."""

from dataclasses import dataclass, field

from bot.scripted_model.scenario import Fault


@dataclass(slots=True)
class Faults:
    waiting: list[Fault] = field(default_factory=list)
    _seen: dict[int, int] = field(default_factory=dict)
    """Calls so far, by the place of the fault."""

    def next(self, *, tools: bool) -> Fault | None:
        """Count a call, and give the fault that it meets."""
        met = None
        for place, fault in enumerate(self.waiting):
            if fault.tools_only and not tools:
                continue
            seen = self._seen.get(place, 0)
            self._seen[place] = seen + 1
            due = seen >= fault.after and (fault.times is None or seen < fault.after + fault.times)
            if due and met is None:
                met = fault
        return met
