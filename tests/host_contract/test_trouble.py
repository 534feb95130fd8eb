"""When the trainer cannot be shown, its tab says so in words, and the webui goes on."""

import pytest

from dreambooth.environment.place import ROOT
from tests.host_contract.hosts import run_host, write_script

# An extension of somebody else with a package of our name.
OTHER = "import dreambooth\nfrom modules import script_callbacks\n"


def trouble_of(running) -> str:
    """What the tab says."""
    assert running.tabs().count("Dreambooth") == 1
    values = [str(each.get("value")) for each in running.components()]
    (said,) = [value for value in values if 'id="dreambooth_trouble"' in value]
    assert 'role="alert"' in said
    return said


@pytest.mark.parametrize("flavour", ["A1111", "Forge"], indirect=True)
def test_namesake_is_named_with_what_to_do(new_host):
    host = new_host()
    other = write_script(host, "a namesake", OTHER)
    (other / "dreambooth").mkdir()
    (other / "dreambooth" / "__init__.py").touch()
    host.add_us("dreams")
    with run_host(host) as running:
        said = trouble_of(running)
        assert str(other / "dreambooth") in said
        assert "Disable the other one under Extensions" in said


@pytest.mark.parametrize(
    ("file", "broken"),
    [
        ("dreambooth/ui/top_row.py", "raise RuntimeError('<the file is damaged>')"),
        ("dreambooth/ui/page.py", "def draw_page(*_): raise RuntimeError('<the file is damaged>')"),
    ],
    ids=["import fails", "drawing fails"],
)
@pytest.mark.parametrize("flavour", ["A1111"], indirect=True)
def test_what_went_wrong_is_said(new_host, file, broken):
    host = new_host()
    place = host.add_copy_of_us("dreams")
    before = (place / file).read_text(encoding="utf-8")
    (place / file).write_text(f"{before}\n\n{broken}\n", encoding="utf-8")
    with run_host(host) as running:
        said = trouble_of(running)
        assert "RuntimeError: &lt;the file is damaged&gt;" in said
        assert "update this extension" in said
        assert "Traceback" in running.log()
        assert running.get("/internal/ping") == {}


@pytest.mark.parametrize("flavour", ["A1111"], indirect=True)
def test_shim_alone_says_what_is_missing(new_host):
    host = new_host()
    place = host.extensions / "half copied"
    (place / "scripts").mkdir(parents=True)
    script = ROOT / "scripts" / "dreambooth_tab.py"
    (place / "scripts" / script.name).write_bytes(script.read_bytes())
    with run_host(host) as running:
        assert "No module named &#x27;dreambooth&#x27;" in trouble_of(running)
