"""The webui gives its model's memory and its queue to a worker, and has both again afterwards."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property

import pytest

from dreambooth.config.folders import RunFolder
from dreambooth.environment.place import ROOT
from dreambooth.host.lender import lend_device
from dreambooth.host.settings_section import HOLD_GENERATION, KEEP_HOST_MODEL, add_settings
from dreambooth.lending.hosts import living_hosts
from dreambooth.lending.loan import Lenders, borrowed
from dreambooth.lending.saved import tell_saved
from dreambooth.locks import file_lock
from tests.host_contract.stand_in import eventually, in_background, lending, stand_in
from tests.lending.test_loan import BORROW

FLAVOURS = ("A1111", "Forge", "SD.Next")


@pytest.fixture(params=FLAVOURS)
def webui(request, tmp_path):
    """Each of the webuis in turn, with a model loaded."""
    with stand_in(request.param, tmp_path / "webui") as webui:
        webui.generate()
        assert webui.model() is not None
        yield webui


@pytest.fixture
def models_dir(tmp_path):
    """A models folder."""
    return tmp_path / "models"


@pytest.fixture
def lender(webui, models_dir):
    """The webui lends its device."""
    with lending(models_dir, webui.flavour) as lender:
        yield lender


@pytest.fixture
def borrow(models_dir):
    """A worker that has the device as long as the context lasts; gives what it was warned of."""

    @contextmanager
    def borrow_device() -> Iterator[list[str]]:
        run, warnings = RunFolder(models_dir / "toy" / "runs" / "20261121-120000-000-train"), []
        lenders = Lenders(waiting=lambda _: None, still_waiting=lambda: None, warn=warnings.append)
        with file_lock(run.lock_file, print), borrowed(models_dir, run, lenders):
            yield warnings

    return borrow_device


@pytest.mark.usefixtures("lender")
def test_model_is_gone_and_the_queue_held_until_the_worker_is_done(webui, borrow):
    model = webui.model()
    with borrow() as warnings:
        assert (webui.model(), warnings) == (None, [])
        assert model.device == ("cpu" if webui.flavour == "Forge" else "meta")  # of Forge: forgotten
        assert not webui.is_queue_free()
    eventually(webui.is_queue_free)
    assert webui.state.job == ""


@pytest.mark.usefixtures("lender")
def test_generation_that_was_asked_for_waits_and_loads_the_model_by_itself(webui, borrow):
    pictures = []
    with ExitStack() as generating, borrow():
        num_loads = len(webui.sd_models.loads)
        generating.enter_context(in_background(lambda: pictures.extend(webui.generate().images)))
        eventually(lambda: webui.state.job == "dreambooth")
        assert (pictures, len(webui.sd_models.loads)) == ([], num_loads)
    assert (len(pictures), len(webui.sd_models.loads)) == (1, num_loads + 1)


@pytest.mark.parametrize("flavour", ["A1111", "SD.Next"])
def test_webui_that_never_had_a_model_loads_one_when_it_is_asked_for_afterwards(
    tmp_path, models_dir, borrow, flavour
):
    with stand_in(flavour, tmp_path / "webui") as webui, lending(models_dir, flavour):
        with borrow():
            assert webui.shared.sd_model is None
        eventually(webui.is_queue_free)
        assert webui.shared.sd_model is not None


@pytest.mark.usefixtures("lender")
def test_picture_that_is_being_drawn_is_finished_first(webui, borrow):
    has_device = []

    def work():
        with borrow():
            has_device.append(webui.model())

    webui.call_queue.queue_lock.acquire()
    with in_background(work):
        eventually(lambda: webui.call_queue.queue_lock.acquire(blocking=False) is False)
        assert (has_device, webui.model() is None) == ([], False)
        webui.call_queue.queue_lock.release()
    assert has_device == [None]


@pytest.mark.usefixtures("lender")
def test_looking_at_the_page_loads_no_model_meanwhile(webui, borrow):
    with borrow():
        num_loads = len(webui.sd_models.loads)
        assert getattr(webui.shared.sd_model, "sd_checkpoint_info", None) is None
        assert len(webui.sd_models.loads) == num_loads


@pytest.mark.usefixtures("lender")
def test_model_that_comes_back_is_unloaded_again(webui, borrow):
    with borrow():
        webui.sd_models.model_data.set_sd_model(webui.sd_models.Model(webui.sd_models.select_checkpoint()))
        eventually(lambda: webui.model() is None)


@pytest.mark.usefixtures("lender")
def test_worker_that_is_killed_gives_everything_back(webui, models_dir):
    run = models_dir / "toy" / "runs" / "20261121-120000-000-train"
    command = [sys.executable, "-c", BORROW, str(models_dir), str(run)]
    worker = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert "waits" in worker.stdout.readline()
    assert worker.stdout.readline() == "mine\n"
    assert not webui.is_queue_free()
    worker.kill()
    worker.communicate()
    eventually(webui.is_queue_free)
    assert webui.state.job == ""
    assert webui.generate().images


@pytest.fixture
def choose(webui):
    """Changes one of our settings in the webui."""
    add_settings()
    return lambda name, value: webui.shared.opts.set(name, value)


@pytest.mark.usefixtures("lender")
def test_webui_that_keeps_its_model_lends_its_queue_alone(webui, borrow, choose):
    choose(KEEP_HOST_MODEL, value=True)
    model = webui.model()
    with borrow():
        assert (webui.model(), model.device) == (model, "cuda")
        assert not webui.is_queue_free()
    eventually(webui.is_queue_free)


@pytest.mark.usefixtures("lender")
def test_webui_that_holds_nobody_up_frees_its_memory_once(webui, borrow, choose):
    choose(HOLD_GENERATION, value=False)
    with borrow():
        assert webui.model() is None
        assert webui.generate().images
        assert webui.model() is not None


@pytest.mark.usefixtures("lender")
def test_model_that_cannot_be_unloaded_is_told_and_the_queue_held_all_the_same(webui, borrow, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("no way")

    monkeypatch.setattr(webui.sd_models.Model, "to", fail)
    with borrow() as warnings:
        assert warnings == ["the webui keeps its model, which could not be unloaded: RuntimeError: no way"]
        assert not webui.is_queue_free()
    eventually(webui.is_queue_free)


class FaceRestorer:
    """As A1111's: looking at its helper downloads it, unless it was used before."""

    def __init__(self):
        self.device = "cuda"

    @cached_property
    def face_helper(self):
        raise OSError("no network")

    def send_model_to(self, device):
        assert self.face_helper
        self.device = device


@pytest.mark.usefixtures("lender")
def test_face_restorer_that_was_used_leaves_the_device_and_one_that_was_not_stays_untouched(
    webui, borrow, monkeypatch
):
    used, unused = FaceRestorer(), FaceRestorer()
    used.face_helper = object()
    monkeypatch.setattr(webui.shared, "face_restorers", [unused, used], raising=False)
    with borrow() as warnings:
        assert (unused.device, used.device, warnings) == ("cuda", "cpu", [])


@pytest.mark.usefixtures("lender")
def test_webui_that_cannot_lend_lets_the_worker_go_on_and_says_why(webui, borrow, monkeypatch):
    def fail(*_):
        raise RuntimeError("no way")

    monkeypatch.setattr(type(webui.state), "begin", fail)
    with borrow() as warnings:
        assert warnings == ["the webui could not lend its device: RuntimeError: no way"]
    eventually(webui.is_queue_free)


@pytest.mark.usefixtures("lender")
def test_queue_that_is_made_anew_by_a_reload_is_held_too(webui, borrow, monkeypatch):
    before = webui.call_queue.queue_lock
    with borrow():
        is_plain = webui.flavour == "SD.Next"
        newer = threading.Lock() if is_plain else type(before)()
        monkeypatch.setattr(webui.call_queue, "queue_lock", newer)
        eventually(lambda: not webui.is_queue_free())
        eventually(lambda: before.acquire(blocking=False))
    eventually(webui.is_queue_free)


def test_webui_that_starts_in_the_middle_of_a_training_lends_at_once(webui, models_dir, borrow):
    with borrow():
        assert webui.model() is not None
        with lending(models_dir, webui.flavour):
            eventually(lambda: webui.model() is None and not webui.is_queue_free())
        assert webui.is_queue_free()


def test_reload_of_the_page_keeps_the_lender_of_the_same_folder(webui, tmp_path, monkeypatch):
    first = lend_device()
    models_dir = webui.path / "models" / "dreambooth"
    assert (lend_device(), first.models_dir) == (first, models_dir)
    monkeypatch.setattr(
        webui.shared.cmd_opts, "dreambooth_models_path", str(tmp_path / "other"), raising=False
    )
    second = lend_device()
    eventually(lambda: living_hosts(tmp_path / "other"))
    assert living_hosts(models_dir) == []
    second.stop()


@pytest.mark.usefixtures("lender")
def test_lists_are_refreshed_when_something_was_saved_in_their_folder(webui, models_dir):
    checkpoints = webui.path / "models" / "Stable-diffusion"
    (checkpoints / "new.safetensors").write_bytes(b"new")
    tell_saved(models_dir, checkpoints / "new.safetensors")
    eventually(lambda: any("new" in title for title in webui.sd_models.checkpoints_list))


@pytest.mark.usefixtures("lender")
def test_file_elsewhere_refreshes_nothing(webui, models_dir, monkeypatch):
    refreshed = []
    monkeypatch.setattr(webui.sd_models, "list_models", lambda: refreshed.append("checkpoints"))
    monkeypatch.setattr(webui.sd_vae, "refresh_vae_list", lambda: refreshed.append("VAEs"))
    tell_saved(models_dir, models_dir / "toy" / "checkpoints" / "toy_10.safetensors")
    tell_saved(models_dir, webui.path / "models" / "VAE" / "a.safetensors")
    eventually(lambda: refreshed)
    assert refreshed == ["VAEs"]
