"""What fields for files offer."""

from dreambooth.actions.known_files import list_files
from dreambooth.actions.workplace import Workplace
from dreambooth.host.standalone import Standalone
from dreambooth.jobs.library import Library
from dreambooth.toybox import WEIGHTS_FILE


def test_checkpoints_loras_and_saved_steps_are_offered(library, folder, tmp_path):
    host = Standalone(tmp_path)
    checkpoint = host.checkpoint_folder() / "a.ckpt"
    lora = host.lora_folder() / "mine" / "b.safetensors"
    saved = folder.checkpoints / "toy_4.safetensors"
    for path in (checkpoint, lora, saved, host.lora_folder() / "notes.txt"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    told = list_files(Workplace(library, host), {})["files"]
    assert told == [str(path) for path in (WEIGHTS_FILE, checkpoint, lora, saved)]


def test_a_host_without_folders_offers_the_toybox(tmp_path):
    told = list_files(Workplace(Library(tmp_path / "none"), Standalone(tmp_path)), {})["files"]
    assert told == [str(WEIGHTS_FILE)]
