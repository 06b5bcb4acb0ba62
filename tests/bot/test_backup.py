"""A backup made while the program runs, put back elsewhere, and everything that can be wrong with one."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest

import bot.backup
from bot.app import own_folder
from bot.backup import DATABASE, Places, back_up, restore
from bot.errors import DatabaseDamaged, DatabaseTooNew, InvalidSetting, StorageUnavailable
from bot.jobs.drafts import Draft, NamedPicture
from bot.jobs.model import Action, JobStatus, JobType, Submission
from bot.restoring import MARK
from tests.bot.images.pictures import plain
from tests.bot.jobs.sending import look
from tests.bot.jobs.studio import Person, Studio, World
from tests.fakes.image_service import SettableClock


def places(folder: Path) -> Places:
    return Places(database=folder / DATABASE, pictures=folder / "pictures", engine=folder / "engine")


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """The folder that is backed up."""
    return tmp_path / "old"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """The folder that the backup is put into."""
    return tmp_path / "new"


@pytest.fixture
async def file(old: Path, tmp_path: Path, clock: SettableClock) -> Path:
    """A backup of one job that has ended and one that waits, made while the studio was running."""
    anna, backup = Person("Anna"), tmp_path / "backup.tar"
    async with World(old, clock).studio() as studio:
        (job,) = await studio.service.imagine(anna.does(), "a bird")
        await studio.done(job)
        await studio.service.imagine(anna.does(), "a cat")
        contents = back_up(places(old), backup)
        assert (contents.jobs, contents.pictures) == (2, len({p.name for p in (old / "pictures").rglob("*/*/*")}))
        await studio.service.imagine(anna.does(), "too late for the backup")
    return backup


async def test_what_was_there_at_the_backup_is_there_after_the_restore_and_its_buttons_work(
    file: Path, new: Path, clock: SettableClock
) -> None:
    restore(places(new), file)
    world = World(new, clock)
    async with world.studio() as studio:
        assert await studio.rows("SELECT prompt FROM jobs ORDER BY id") == [("a bird",), ("a cat",)]
        ((job_id,),) = await studio.rows("SELECT id FROM jobs WHERE status = 'completed'")
        view = await studio.service.view(job_id)
        assert view.status is JobStatus.COMPLETED
        for picture in view.images:
            assert await studio.service.picture(picture.digest)
        button = next(each for each in view.buttons if each.action is Action.UPSCALE)
        assert (await studio.service.press(Person("Ben").does(), button.id)).existing is False


async def test_what_was_sent_after_the_backup_is_not_sent_again_after_the_restore(
    file: Path, old: Path, new: Path, clock: SettableClock
) -> None:
    before = World(old, clock)
    async with before.studio() as studio:
        await studio.send()
    sent = [job.prompt for job in before.api.jobs.values()]
    assert sent == ["a cat", "too late for the backup"]
    restore(places(new), file)
    world = World(new, clock)
    world.api = before.api
    async with world.studio() as studio:
        (never_sent,) = await studio.service.imagine(Person("Ben").does(), "a dog")
        clock.advance(60)
        await studio.submitter.settle()
        await studio.send()
        assert [job.prompt for job in world.api.jobs.values()] == [*sent, "a dog"]
        ((cat,),) = await studio.rows("SELECT id FROM jobs WHERE prompt = 'a cat'")
        assert (await studio.service.get(cat)).submission is Submission.SENT
        assert (await studio.service.get(never_sent.id)).submission is Submission.SENT


async def test_what_waited_at_the_backup_and_was_never_sent_is_sent_after_the_restore(
    file: Path, new: Path, clock: SettableClock
) -> None:
    restore(places(new), file)
    world = World(new, clock)
    async with world.studio() as studio:
        await look(studio)
        await studio.send()
        assert [job.prompt for job in world.api.jobs.values()] == ["a cat"]


async def test_a_job_whose_pictures_are_still_fetched_at_the_backup_waits_for_them_after_the_restore(
    old: Path, new: Path, clock: SettableClock, tmp_path: Path
) -> None:
    draft = Draft(type=JobType.DESCRIBE, action=Action.DESCRIBE, inputs=(NamedPicture(url="https://a.test/1"),))
    async with World(old, clock).studio() as studio:
        await studio.service.make(Person("Anna").does(), draft)
        back_up(places(old), tmp_path / "backup.tar")
    restore(places(new), tmp_path / "backup.tar")
    world = World(new, clock)
    async with world.studio() as studio:
        clock.advance(60)
        await studio.submitter.settle()
        await studio.send()
        assert world.api.calls == []
        await studio.collect()
        await studio.send()
        assert len(world.api.called("describe")) == 1


BACKUPS = 4


async def test_backups_under_load_are_each_the_state_of_one_moment(
    old: Path, tmp_path: Path, clock: SettableClock
) -> None:
    made: list[Path] = []
    async with World(old, clock).studio(concurrency=20) as studio:
        await _whole_job(studio, 0)
        load = asyncio.create_task(_jobs_without_end(studio))
        for number in range(BACKUPS):
            made.append(tmp_path / f"{number}.tar")
            before = await studio.rows("SELECT COUNT(*) FROM jobs WHERE status = 'completed'")
            await asyncio.to_thread(back_up, places(old), made[-1])
            # The load goes on before and after each.
            while await studio.rows("SELECT COUNT(*) FROM jobs WHERE status = 'completed'") == before:  # noqa: ASYNC110 - rows send no events
                await asyncio.sleep(0)
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
    counts = [_count_sound(tmp_path / f"restored-{number}", file) for number, file in enumerate(made)]
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]


async def _jobs_without_end(studio: Studio) -> None:
    number = 0
    while True:
        number += 1
        await _whole_job(studio, number)


async def _whole_job(studio: Studio, number: int) -> None:
    """Make a job whose pictures nobody else has, and one that stays under way."""
    anna = Person(f"Anna {number}")
    studio.gallery.picture = plain((number % 256, number // 256, 7), (24, 16))
    (job,) = await studio.service.imagine(anna.does(), f"bird {number}")
    await studio.service.imagine(anna.does(), f"cat {number} --relax")
    await studio.done(job)
    await studio.publish()


def _count_sound(folder: Path, file: Path) -> int:
    """Restore a backup, see that nothing in it is half, and give its number of jobs."""
    restore(places(folder), file)
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        ((jobs, posts, keys),) = connection.execute(
            "SELECT (SELECT COUNT(*) FROM jobs), (SELECT COUNT(*) FROM posts), (SELECT COUNT(*) FROM idempotency_keys)"
        )
        digests = [row[0] for row in connection.execute("SELECT digest FROM pictures WHERE digest IS NOT NULL")]
    assert (posts, keys) == (jobs, jobs)
    assert digests
    for digest in digests:
        path = folder / "pictures" / digest[:2] / digest[2:4] / digest
        assert hashlib.sha256(path.read_bytes()).hexdigest() == digest
    return int(jobs)


def test_the_file_is_for_its_owner_alone_and_appears_whole(file: Path) -> None:
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir() if path.name.startswith(".")] == []


def test_a_backup_never_overwrites_one(file: Path, old: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(InvalidSetting, match="there already"):
        back_up(places(old), file)
    assert file.read_bytes() == before


def test_nothing_to_back_up_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="--data"):
        back_up(places(tmp_path / "nowhere"), tmp_path / "backup.tar")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_a_sentence(old: Path, file: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match=r"such to write to\. Check the path"):
        back_up(places(old), tmp_path / "no" / "such" / "backup.tar")


def test_a_damaged_database_is_not_backed_up(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"a letter to my aunt" * 100)
    with pytest.raises(DatabaseDamaged):
        back_up(places(tmp_path), tmp_path / "backup.tar")
    assert not (tmp_path / "backup.tar").exists()


NOBODY = 65534


def become(user: int) -> None:
    """Act as a user whom permissions bind; root, whom they do not, can come back."""
    if os.getresuid()[2] == 0:
        os.setresuid(user, user, 0)


@pytest.fixture
def guest() -> Iterator[Path]:
    """A folder of a user who may read everything, and write nowhere else."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        become(NOBODY)
        try:
            yield folder
        finally:
            become(0)
            for path in folder.rglob("*"):
                path.chmod(0o755)


def put_out_of_reach(folder: Path, place: Path, *, files: int = 0o444) -> Path:
    """Copy a data folder to ``place``, where it can be read and not written, nor an index of the log be made."""
    become(0)
    shutil.copytree(folder, place, ignore=shutil.ignore_patterns("*-shm"))
    for path in (place, *place.rglob("*")):
        path.chmod(0o555 if path.is_dir() else files)
    become(NOBODY)
    return place


def test_a_database_that_may_be_read_and_not_written_is_backed_up(
    file: Path, old: Path, new: Path, guest: Path
) -> None:
    studio = put_out_of_reach(old, guest / "studio")
    contents = back_up(places(studio), guest / "backup.tar")
    become(0)
    assert contents.jobs == 3
    assert contents.pictures > 0
    assert _count_sound(new, guest / "backup.tar") == 3


def test_a_database_that_a_program_begins_to_write_to_meanwhile_is_not_copied_half(
    file: Path, old: Path, guest: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studio, look = put_out_of_reach(old, guest / "studio"), bot.backup._for_reading

    def begin(database: Path, *, frozen: bool) -> str:
        become(0)
        studio.chmod(0o755)
        (studio / f"{DATABASE}-wal").touch()
        studio.chmod(0o555)
        become(NOBODY)
        return look(database, frozen=frozen)

    monkeypatch.setattr(bot.backup, "_for_reading", begin)
    with pytest.raises(StorageUnavailable, match="Run the backup again"):
        back_up(places(studio), guest / "backup.tar")
    assert not (guest / "backup.tar").exists()


def test_a_log_that_cannot_be_read_through_is_not_taken_for_damage(died: Path, guest: Path) -> None:
    studio = put_out_of_reach(died, guest / "studio")
    with pytest.raises(StorageUnavailable, match="as the user that imaginebot runs as"):
        back_up(places(studio), guest / "backup.tar")


def test_a_file_that_may_not_be_read_is_not_taken_for_damage(file: Path, old: Path, guest: Path) -> None:
    studio = put_out_of_reach(old, guest / "studio", files=0o000)
    with pytest.raises(StorageUnavailable, match="as the user that imaginebot runs as"):
        back_up(places(studio), guest / "backup.tar")


def test_a_folder_that_may_not_be_looked_into_is_a_sentence(file: Path, old: Path, guest: Path) -> None:
    studio = put_out_of_reach(old, guest / "studio")
    become(0)
    studio.chmod(0o000)
    become(NOBODY)
    with pytest.raises(StorageUnavailable, match=f"{studio / DATABASE} cannot be dealt with .*permissions"):
        back_up(places(studio), guest / "backup.tar")


def test_a_database_that_another_program_holds_is_not_waited_for_without_end(
    file: Path, old: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.backup, "LOCK_PATIENCE_S", 0.0)
    with closing(sqlite3.connect(old / DATABASE)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageUnavailable, match="Close what else has it open"):
            back_up(places(old), tmp_path / "second.tar")


def test_a_database_of_another_program_is_not_backed_up(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / DATABASE)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    with pytest.raises(DatabaseDamaged):
        back_up(places(tmp_path), tmp_path / "backup.tar")


def test_a_database_that_is_there_is_replaced_only_when_asked_and_kept_beside(file: Path, old: Path) -> None:
    with pytest.raises(InvalidSetting, match="--replace"):
        restore(places(old), file)
    restore(places(old), file, replace=True)
    with closing(sqlite3.connect(old / DATABASE)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM jobs").fetchone() == (2,)
    with closing(sqlite3.connect(old / f"{DATABASE}.before-restore")) as connection:
        assert connection.execute("SELECT COUNT(*) FROM jobs").fetchone() == (3,)


@pytest.fixture
def died(old: Path, file: Path, tmp_path: Path) -> Path:
    """The folder of a program that was killed: what it wrote last is in the log alone."""
    folder = tmp_path / "died"
    restore(places(folder), file)
    with closing(sqlite3.connect(folder / DATABASE)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        connection.execute("INSERT INTO job_counts VALUES ('the last', 'pending', 7)")
        connection.commit()
        killed = tmp_path / "killed"
        shutil.copytree(folder, killed)  # as it lies on the disk at this moment
    assert (killed / f"{DATABASE}-wal").stat().st_size > 0
    return killed


def last_written(database: Path) -> list[tuple[int]]:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT jobs FROM job_counts WHERE workspace = 'the last'").fetchall()


def test_what_a_killed_program_wrote_last_is_kept_beside_too(file: Path, died: Path) -> None:
    restore(places(died), file, replace=True)
    assert last_written(died / DATABASE) == []
    assert last_written(died / f"{DATABASE}.before-restore") == [(7,)]
    restore(places(died), file, replace=True)
    assert last_written(died / f"{DATABASE}.before-restore") == [(7,)]


STEPS = ("rename", "hardlink_to", "unlink", "replace")


@pytest.mark.parametrize("cut_off_at", range(9))
@pytest.mark.parametrize("links", [True, False], ids=["links", "no-links"])
def test_a_restore_that_is_cut_off_anywhere_loses_nothing_passes_for_no_studio_and_can_be_run_again(
    file: Path, died: Path, monkeypatch: pytest.MonkeyPatch, cut_off_at: int, *, links: bool
) -> None:
    (died / "engine").mkdir(exist_ok=True)
    (died / "engine" / "old").touch()
    with tarfile.open(file, "a") as archive:
        archive.addfile(tarfile.TarInfo("engine/new"))
    left = cut_off_at

    def cut(name: str) -> Callable[..., object]:
        step = getattr(Path, name)

        def perhaps(self: Path, *arguments: object, **others: object) -> object:
            nonlocal left
            if self.parent == died or (arguments and Path(str(arguments[0])).parent == died):
                left -= 1
                if left < 0:
                    raise KeyboardInterrupt
                if name == "hardlink_to" and not links:
                    raise OSError("no links here")
            return step(self, *arguments, **others)

        return perhaps

    with monkeypatch.context() as patch:
        for name in STEPS:
            patch.setattr(Path, name, cut(name))
        try:
            restore(places(died), file, replace=True)
        except KeyboardInterrupt:
            pass
        else:
            assert left >= 0
    if (died / MARK).exists():
        with pytest.raises(DatabaseDamaged, match="cut off half way"), own_folder(died):
            pytest.fail("it is taken for a studio")
        with own_folder(died, to_restore=True):
            restore(places(died), file, replace=True)
    with own_folder(died):
        assert last_written(died / DATABASE) == []
    kept = [path for path in died.glob(f"{DATABASE}*") if not path.name.endswith(("-wal", "-shm"))]
    assert [(7,)] in [last_written(path) for path in kept]
    assert (died / "engine" / "new").exists()
    assert (died / "engine.before-restore" / "old").exists()


def tar_of(path: Path, **files: bytes) -> Path:
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            archive.addfile(member, BytesIO(content))
    return path


@pytest.mark.parametrize("kind", ["no tar", "cut short", "no database", "outside", "not a database"])
def test_what_is_no_whole_backup_is_refused_and_changes_nothing(
    tmp_path: Path, file: Path, new: Path, kind: str
) -> None:
    bad = tmp_path / "bad.tar"
    match kind:
        case "no tar":
            bad.write_bytes(b"a letter to my aunt" * 100)
        case "cut short":
            bad.write_bytes(file.read_bytes()[:20_000])
        case "no database":
            tar_of(bad, pictures__x=b"x")
        case "outside":
            tar_of(bad, **{"..__x": b"x", DATABASE: b"x"})
        case _:
            tar_of(bad, **{DATABASE: b"a letter to my aunt" * 100})
    with pytest.raises(DatabaseDamaged):
        restore(places(new), bad)
    assert list(new.iterdir()) == []
    assert not (tmp_path / "x").exists()


def test_a_backup_of_a_newer_version_is_refused(file: Path, new: Path, tmp_path: Path) -> None:
    restore(places(new), file)
    with closing(sqlite3.connect(new / DATABASE)) as connection, connection:
        connection.execute("UPDATE schema_migrations SET version = version + 99 WHERE owner = 'bot'")
    back_up(places(new), tmp_path / "newer.tar")
    with pytest.raises(DatabaseTooNew, match="newer imaginebot"):
        restore(places(tmp_path / "third"), tmp_path / "newer.tar")


def test_a_backup_that_is_not_there_is_a_sentence(tmp_path: Path, new: Path, file: Path) -> None:
    restore(places(tmp_path / "there"), file)
    for folder in (new, tmp_path / "there"):  # a database that is there already is not what is to be mended
        with pytest.raises(InvalidSetting, match=r"There is no .*nothing\.tar\. Check the path"):
            restore(places(folder), tmp_path / "nothing.tar")


def test_a_folder_that_cannot_be_written_is_a_sentence(file: Path, tmp_path: Path) -> None:
    (tmp_path / "in-the-way").write_text("a file")
    with pytest.raises(StorageUnavailable, match="permissions"):
        restore(places(tmp_path / "in-the-way" / "studio"), file)


def test_a_database_that_a_link_leads_to_is_backed_up_with_its_log(died: Path, new: Path, guest: Path) -> None:
    become(0)
    there, studio = guest / "there", guest / "studio"
    shutil.copytree(died, there, ignore=shutil.ignore_patterns("*-shm"))
    for path in (there, *there.rglob("*")):
        path.chmod(0o777 if path.is_dir() else 0o666)
    studio.mkdir()
    (studio / DATABASE).symlink_to(there / DATABASE)
    studio.chmod(0o555)
    become(NOBODY)
    back_up(places(studio), guest / "backup.tar")
    become(0)
    restore(places(new), guest / "backup.tar")
    assert last_written(new / DATABASE) == [(7,)]
