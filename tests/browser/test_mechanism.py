"""What the page takes for granted of each Gradio, shown with a small page in the place of ours."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

CALL = """async (asked) => {
  const {root, api_prefix} = window.gradio_config;
  const answer = await fetch(`${root}${api_prefix || ""}/run/stand_in_call`, {
    method: "POST",
    headers: {"content-type": "application/json"},
    body: JSON.stringify({data: [JSON.stringify(asked)]}),
  });
  return answer.ok ? JSON.parse((await answer.json()).data[0]) : {status: answer.status};
}"""
UPLOAD = """async (name) => {
  const {root, api_prefix} = window.gradio_config;
  const form = new FormData();
  form.append("files", new File(["a picture"], name));
  const answer = await fetch(`${root}${api_prefix || ""}/upload`, {method: "POST", body: form});
  return await answer.json();
}"""
KEPT = """() => {
  const find = (id) => document.getElementById(id);
  return {
    values: JSON.parse(find("stand_in").dataset.values),
    text: find("text").textContent,
    rank: find("rank").max + find("rank").value + find("rank").dataset.setting,
    label: find("rank").labels[0].textContent,
    dialog: typeof find("dialog").showModal,
    drawing: find("drawing").namespaceURI,
    style: getComputedStyle(find("stand_in")).getPropertyValue("--ours"),
    template: find("template").innerHTML,
    padding: find("padding").textContent.length,
  };
}"""


def select_tab(page, name: str) -> None:
    page.get_by_role("tab", name=name).or_(page.get_by_role("button", name=name, exact=True)).first.click()


@pytest.fixture
def tab(page, stand_in):
    """The page of the stand-in with our tab selected."""
    page.goto(stand_in.url)
    select_tab(page, "Training")
    page.wait_for_selector("#stand_in")
    return page


def test_scripts_call_a_function_by_its_name(tab):
    asked = {"action": "models.rename", "values": {"name": "Käse 😀", "many": [None, 0.1, "y" * 200_000]}}
    assert tab.evaluate(CALL, asked)["asked"] == asked


def test_markup_is_kept_as_it_was_given(tab):
    assert tab.evaluate(KEPT) == {
        "values": {"a": 1},
        "text": "${value} {{value}} <script> 😀",
        "rank": "93lora.rank",
        "label": "Rank",
        "dialog": "function",
        "drawing": "http://www.w3.org/2000/svg",
        "style": "7px",
        "template": "<i>inside</i>",
        "padding": 600_000,
    }


def test_what_scripts_changed_survives_events_and_other_tabs(tab):
    tab.locator("#rank").fill("7")
    tab.evaluate(
        "document.getElementById('stand_in').insertAdjacentHTML('beforeend', '<p id=added>added</p>')"
    )
    tab.get_by_role("button", name="An event of the host").click()
    expect(tab.get_by_label("Shown")).to_have_value("seen")
    select_tab(tab, "Text to image")
    expect(tab.locator("#added")).to_be_hidden()
    select_tab(tab, "Training")
    expect(tab.locator("#added")).to_be_visible()
    assert tab.locator("#rank").input_value() == "7"


def test_scripts_in_the_head_run_before_the_page_is_drawn(tab):
    assert tab.evaluate("window.readyWhenOursRan") == "loading"


def test_uploaded_files_lie_in_the_folder_that_python_knows(tab, stand_in):
    (path,) = tab.evaluate(UPLOAD, "my robot.png")
    assert Path(path).is_relative_to(stand_in.upload_dir)
    assert Path(path).name == "my robot.png"
    assert Path(path).read_text() == "a picture"
    assert tab.evaluate(CALL, {})["uploads"] == str(stand_in.upload_dir)


def test_without_login_nothing_answers(page, guarded_stand_in):
    page.goto(guarded_stand_in.url)
    expect(page.get_by_role("button", name="Login")).to_be_visible()
    assert page.evaluate(CALL, {})["status"] in (401, 404)  # 6 tells a stranger not even the address
    assert "detail" in page.evaluate(UPLOAD, "robot.png")


def test_after_login_functions_answer(page, guarded_stand_in):
    page.goto(guarded_stand_in.url)
    page.get_by_label("username").fill("me")
    page.get_by_label("password").fill("secret")
    page.get_by_role("button", name="Login").click()
    select_tab(page, "Training")
    page.wait_for_selector("#stand_in")
    assert page.evaluate(CALL, {"a": 1})["asked"] == {"a": 1}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_theme_is_told_by_a_class_of_the_body(page, stand_in, theme):
    page.goto(f"{stand_in.url}?__theme={theme}")
    page.get_by_text("The tab of the host.").wait_for()
    assert page.evaluate("document.body.classList.contains('dark')") == (theme == "dark")


def test_axe_finds_the_button_without_a_name(tab, hindrances):
    findings = hindrances(tab, "#stand_in")
    assert [finding.split(":")[0] for finding in findings] == ["critical button-name"]
    assert 'id="unnamed"' in findings[0]
