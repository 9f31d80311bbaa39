"""Find the rules of a repository: the operator's own file, else the default branch's."""

from dataclasses import dataclass
from pathlib import Path

from bot.github import reads
from bot.github.app import App
from bot.pipeline.configuration import PATH, RepositoryConfig, load
from bot.runs import RepositoryRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    app: App
    override: Path | None = None
    """COPPICE_CONFIG_FILE: takes the place of every repository's own file."""

    async def read(self, repository: RepositoryRef) -> RepositoryConfig:
        """Read the configuration in force; none at all is the defaults.

        Raises UserError that names what is wrong in it.
        """
        if self.override is not None:
            return load(self.override.read_text())
        client = await self.app.client(repository.installation_id, repository.id)
        text = await reads.file_text(client, repository, PATH)
        return RepositoryConfig() if text is None else load(text)
