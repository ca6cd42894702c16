"""Documents named as files and as git revisions."""

from __future__ import annotations

import subprocess
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from asynction_asgi.diff import compare_specs
from asynction_asgi.diff.revisions import RevisionError, check_revision
from asynction_asgi.spec.model.arguments import compile_arguments
from asynction_asgi.spec.model.offered import served_spec
from asynction_asgi.spec.schemas import Mismatch

from .repository import Repository

if TYPE_CHECKING:
    from asynction_asgi.spec import Spec

ROOT = Path(__file__).parents[2]
CHAT = """\
asyncapi: 2.6.0
info: {{title: Chat, version: 1.0.0}}
channels:
  /:
    publish: {{message: {{name: say, payload: {payload}}}}}
"""
SHARED = CHAT.format(payload="{$ref: 'shared.yaml#/text'}")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with two revisions of a document and its referenced file, the second checked out."""
    project = Repository(tmp_path / "chat")
    project.commit({"chat.yaml": SHARED, "shared.yaml": "text: {type: string}\n"}, tag="first")
    project.commit({"chat.yaml": SHARED, "shared.yaml": "text: {type: integer}\n"}, tag="second")
    monkeypatch.chdir(project.folder)
    return project


def payload_of(name: str) -> Any:
    spec = check_revision(name).spec
    assert spec is not None
    schema = spec.namespaces["/"].receives["say"].arguments.schema
    assert schema is not None
    return schema.value


@pytest.mark.usefixtures("repository")
def test_references_are_read_from_the_same_revision() -> None:
    """The first revision is read with its own files, not with those on disk."""
    assert payload_of("chat.yaml") == {"type": "integer"}
    assert payload_of("first:chat.yaml") == {"type": "string"}
    assert payload_of("second:chat.yaml") == {"type": "integer"}
    assert payload_of("HEAD~1:chat.yaml") == {"type": "string"}


def test_a_revision_is_read_without_its_files(repository: Repository) -> None:
    """The files of a revision need not be checked out."""
    for name in ("chat.yaml", "shared.yaml"):
        (repository.folder / name).unlink()
    assert payload_of("first:chat.yaml") == {"type": "string"}


def test_an_existing_file_precedes_a_revision(repository: Repository) -> None:
    """A colon is allowed in the name of a file, so an existing file is read first."""
    (repository.folder / "first:chat.yaml").write_text(CHAT.format(payload="true"))
    assert payload_of("first:chat.yaml") is True


def test_paths_start_at_the_repository_or_with_dots(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paths are resolved like git's, in whatever folder the command runs."""
    repository.commit({"docs/chat.yaml": SHARED, "docs/shared.yaml": "text: {type: 'null'}\n"})
    monkeypatch.chdir(repository.folder / "docs")
    assert payload_of("HEAD:docs/chat.yaml") == {"type": "null"}
    assert payload_of("HEAD:./chat.yaml") == {"type": "null"}
    assert payload_of("HEAD:../chat.yaml") == {"type": "integer"}
    with pytest.raises(RevisionError, match="outside of the repository"):
        check_revision("HEAD:../../chat.yaml")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.yaml", "'nothing.yaml' is not a file"),
        (r"C:\chat.yaml", "is not a file"),
        ("C:/chat.yaml", "is not a file"),
        ("first:", "has no path"),
        (":chat.yaml", "has no revision"),
        ("third:chat.yaml", "git has no revision 'third'"),
        ("--output=x:chat.yaml", "git has no revision '--output=x'"),
        ("-x:chat.yaml", "git has no revision '-x'"),
    ],
)
@pytest.mark.usefixtures("repository")
def test_an_unknown_name_is_refused(name: str, message: str) -> None:
    """The message says what is wrong, and nothing that looks like an option is used as one."""
    with pytest.raises(RevisionError) as error:
        check_revision(name)
    assert message in str(error.value)
    assert not Path("x").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("first:missing.yaml", "'first' has no file 'missing.yaml'"),
        ("first:folder", "it names a directory"),
    ],
)
def test_a_revision_without_the_file_is_reported(repository: Repository, name: str, message: str) -> None:
    """The finding names the revision."""
    repository.commit({"folder/a.yaml": "a: 1"})
    repository.git("tag", "--force", "first")
    outcome = check_revision(name)
    assert outcome.spec is None
    (finding,) = outcome.diagnostics
    assert message in finding.message


def test_a_reference_outside_the_revision_is_an_error(repository: Repository) -> None:
    """Files outside the repository, or missing in the revision, are not read from the disk."""
    (repository.folder.parent / "secret.yaml").write_text("text: true")
    outside, missing = SHARED.replace("shared", "../secret"), SHARED.replace("shared", "new")
    repository.commit({"outside.yaml": outside, "missing.yaml": missing})
    (repository.folder / "new.yaml").write_text("text: true")
    for name in ("outside.yaml", "missing.yaml"):
        outcome = check_revision(f"HEAD:{name}")
        assert outcome.spec is None
        assert "REF_FILE" in {finding.code for finding in outcome.diagnostics}


def test_a_referenced_file_is_named_with_its_revision(repository: Repository) -> None:
    """The name distinguishes a place in the revision from one in the file on disk."""
    repository.commit({"shared.yaml": "text: {type: strin}\n"})
    outcome = check_revision("HEAD:chat.yaml")
    assert {finding.file for finding in outcome.diagnostics} == {"HEAD:shared.yaml"}


def test_a_shallow_clone_says_how_to_fetch(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says how to fetch the revision, as CI checks out a single commit by default."""
    clone = Repository(tmp_path / "clone", clone_of=repository)
    monkeypatch.chdir(clone.folder)
    assert payload_of("HEAD:chat.yaml") == {"type": "integer"}
    with pytest.raises(
        RevisionError, match=r"shallow clone.*git fetch --depth 1 origin first.*fetch-depth: 0"
    ):
        check_revision("first:chat.yaml")


def test_outside_a_repository_git_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message contains git's own explanation."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RevisionError, match="git rev-parse failed: not a git repository"):
        check_revision("main:chat.yaml")


@pytest.mark.usefixtures("repository")
def test_files_are_compared_without_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a revision needs git, and the message says so."""
    monkeypatch.setenv("PATH", "")
    assert payload_of("chat.yaml") == {"type": "integer"}
    with pytest.raises(RevisionError, match="git is not installed"):
        check_revision("first:chat.yaml")


def committed_versions() -> list[str]:
    """Return all versions of this project's documents, as far as its history is available.

    The current documents are always included; a shallow clone or a source distribution has no older
    ones.
    """
    paths = sorted(
        path.relative_to(ROOT).as_posix()
        for folder in ("asynction_asgi/demo", "tests")
        for path in (ROOT / folder).rglob("*.yaml")
    )
    versions: dict[str, None] = {}
    for path in paths:
        log = subprocess.run(
            ["git", "log", "--format=%H", "--", path], cwd=ROOT, capture_output=True, text=True, check=False
        )
        for commit in reversed(log.stdout.split()):
            shown = subprocess.run(
                ["git", "show", f"{commit}:{path}"], cwd=ROOT, capture_output=True, text=True, check=False
            )
            if shown.returncode == 0:
                versions[shown.stdout] = None
        versions[(ROOT / path).read_text("utf-8")] = None
    return list(versions)


def accepts(spec: Spec, namespace: str, direction: str, event: str, arguments: list[Any]) -> bool:
    events = getattr(served_spec(spec).namespaces[namespace], direction)
    try:
        compile_arguments((events.get(event) or events["*"]).arguments, spec.bundle)(arguments)
    except Mismatch:
        return False
    return True


def test_the_documents_of_this_project_compare_as_revisions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No version differs from itself, and the witness of a breaking change is really refused."""
    project = Repository(tmp_path / "versions")
    monkeypatch.chdir(project.folder)
    tags = []
    for number, text in enumerate(committed_versions()):
        project.commit({"document.yaml": text}, tag=f"v{number}")
        if check_revision("document.yaml").spec is not None:
            tags.append(f"v{number}")
    assert len(tags) >= 5
    specs = [check_revision(f"{tag}:document.yaml").spec for tag in tags]
    shown = 0
    for old, new in pairwise(specs):
        assert old is not None
        assert new is not None
        assert compare_specs(old, old).changes == ()
        for before, after in ((old, new), (new, old)):
            for change in compare_specs(before, after).changes:
                if change.code != "ARGUMENTS_NARROWED" or change.level != "breaking":
                    continue
                assert change.witness is not None
                assert change.namespace is not None
                assert change.event is not None
                assert accepts(before, change.namespace, "receives", change.event, change.witness.value)
                assert not accepts(after, change.namespace, "receives", change.event, change.witness.value)
                shown += 1
    assert shown
