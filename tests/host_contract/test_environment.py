"""The training environment of a webui that was told where to keep it."""

from tests.host_contract.hosts import run_host


def test_page_finds_it_missing_where_the_command_line_says(new_host, tmp_path):
    host = new_host()
    host.add_us("dreams")
    with run_host(host, "--dreambooth-env", str(tmp_path / "another disk")) as running:
        told = running.ask("environment.state")["result"]
    assert (told["ready"], told["folder"]) == (False, str(tmp_path / "another disk"))
    assert not (tmp_path / "another disk").exists()
