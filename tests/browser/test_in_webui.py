"""The tab inside a webui, in a real browser: alive, alone with its scripts, and sending to txt2img."""

from collections.abc import Iterator

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Page, expect

from dreambooth.config.store import ModelRecord, save_record
from dreambooth.jobs.library import Library
from tests.browser.gradios import python_with
from tests.browser.need import need
from tests.browser.pages import TrainerPage
from tests.host_contract.hosts import GRADIO_OF, NAMES, RunningHost, make_host, run_host
from tests.jobs.told_runs import ToldRun

PROMPT = 'a "sks" robot,\nin snow'
NUMBERS = "Steps: 7, Sampler: DDIM, CFG scale: 5.5, Seed: 77, Size: 128x64, Model: dog"
# Who listens to what belongs to the whole page.
WATCH = """
  window.listening = [];
  for (const [name, target] of Object.entries({ window, document })) {
    const add = target.addEventListener.bind(target);
    target.addEventListener = (kind, ...rest) => {
      const isOurs = new Error().stack.includes("/javascript/dreambooth");
      window.listening.push(`${name} ${kind} ${isOurs ? "ours" : "theirs"}`);
      add(kind, ...rest);
    };
  }
"""


@pytest.fixture(scope="module", params=GRADIO_OF)
def host(request, tmp_path_factory) -> Iterator[RunningHost]:
    """Each webui with us, and one model that has one sample."""
    need(lambda: python_with(GRADIO_OF[request.param]))
    folder = make_host(request.param, tmp_path_factory.mktemp("host") / "webui")
    folder.add_us("dreams")
    library = Library(folder.path / "models" / "dreambooth")
    samples = library.folder("dog").path / "samples"
    samples.mkdir(parents=True)
    save_record(
        library.folder("dog").config_file, ModelRecord(source="a", family="sd1", native_resolution=64)
    )
    info = PngInfo()
    info.add_text("parameters", f"{PROMPT}\nNegative prompt: bad\n{NUMBERS}")
    Image.new("RGB", (128, 64), "red").save(samples / "one.png", pnginfo=info)
    told = ToldRun(library, "dog").begin().steps(1, 3)
    told.writer.write("sample", step=3, path="samples/one.png", prompt=PROMPT, seed=77)
    told.end(result={"step": 3, "num_steps": 100})
    checkpoint = folder.path / "models" / "Stable-diffusion" / "one.safetensors"
    checkpoint.parent.mkdir()
    checkpoint.touch()
    with run_host(folder) as running:
        yield running


def show_tab(page: Page, title: str) -> None:
    page.locator("#tabs > .tab-nav > button").get_by_text(title, exact=True).click()


@pytest.fixture
def trainer(page, host) -> TrainerPage:
    """Our tab, opened as its users do."""
    page.add_init_script(WATCH)
    page.goto(host.url)
    show_tab(page, "Dreambooth")
    expect(page.locator("#dreambooth_tab[data-alive]")).to_be_visible()
    return TrainerPage(page, host.server)


def txt2img_values(page: Page) -> dict[str, str]:
    """What stands in the fields of the webui's own tab."""
    expect(page.locator("#txt2img_prompt textarea")).to_be_visible()
    kinds = {"prompt": "textarea", "neg_prompt": "textarea", "seed": "input"}
    names = (*kinds, "steps", "cfg_scale", "width", "height")
    selectors = {name: f"#txt2img_{name} {kinds.get(name, 'input[type=number]')}" for name in names}
    return {name: page.locator(selector).first.input_value() for name, selector in selectors.items()}


def test_form_is_sent_and_generated_as_it_stands(trainer, page):
    trainer.open_tab("Generate")
    for name, value in {"prompt": "a sks robot", "negative_prompt": "bad", "steps": 9, "seed": 42}.items():
        trainer.change(name, value, "sample")
    trainer.change("guidance_scale", 4.5, "sample")
    trainer.press("page.send")
    assert txt2img_values(page) == {
        "prompt": "a sks robot",
        "neg_prompt": "bad",
        "steps": "9",
        "cfg_scale": "4.5",
        "seed": "42",
        "width": "512",
        "height": "512",
    }


def test_sample_is_sent_with_what_its_file_says(trainer, page):
    trainer.root.locator(".db-samples .db-thumb").first.click()
    trainer.root.get_by_role("dialog", name="Picture").get_by_role("button", name="Send to txt2img").click()
    values = txt2img_values(page)
    assert (values["prompt"], values["neg_prompt"]) == (PROMPT, "bad")
    assert (values["steps"], values["cfg_scale"], values["seed"]) == ("7", "5.5", "77")
    assert (values["width"], values["height"]) == ("128", "64")


def test_what_was_sent_reaches_the_webui_itself(trainer, page):
    trainer.open_tab("Generate")
    trainer.change("prompt", "a sks robot", "sample")
    trainer.change("seed", 42, "sample")
    trainer.press("page.send")
    page.locator("#txt2img_generate").click()
    told = page.locator("#html_info_txt2img .prose, #html_info_txt2img.prose")
    expect(told).to_contain_text("a sks robot")
    expect(told).to_contain_text("Seed: 42")


def test_ids_of_the_tab_are_on_the_page_once(trainer, page):
    expect(trainer.root).to_have_count(1)
    ids = page.evaluate("[...document.querySelectorAll('[id^=dreambooth_]')].map((element) => element.id)")
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.usefixtures("trainer")
def test_scripts_leave_one_name_and_few_listeners(page):
    ours = page.evaluate("Object.keys(window).filter((name) => /dreambooth|trainer/i.test(name))")
    assert ours == ["dreamboothTrainer"]
    listening = {each for each in page.evaluate("window.listening") if each.endswith("ours")}
    kinds = {"DOMContentLoaded", "load", "pagehide", "visibilitychange", "click"}
    assert {each.split()[1] for each in listening} == kinds


def test_running_webui_says_its_name(trainer, host):
    expect(trainer.root.locator(".db-host")).to_have_text(f"in {NAMES[host.folder.flavour]}")
