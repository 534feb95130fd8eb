"""The page as somebody uses it: tabs by their titles, fields by their settings, buttons by what they do."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.servers import Server

ROOT = "#dreambooth_tab"
OPEN_GROUP = "(field) => { const group = field.closest('details'); if (group) group.open = true; }"


class TrainerPage:
    """One open page of the trainer."""

    def __init__(self, page: Page, server: Server) -> None:
        self.page = page
        self.server = server
        self.root = page.locator(ROOT)

    def open(self, *, theme: str = "light") -> "TrainerPage":
        """Load the page, or load it again, and wait until the scripts have made it alive."""
        self.page.goto(f"{self.server.url}/?__theme={theme}")
        expect(self.page.locator(f"{ROOT}[data-alive]")).to_be_visible()
        return self

    def tab(self, title: str) -> Locator:
        """The tab with this title, in the row of tabs."""
        return self.root.get_by_role("tab", name=title, exact=True)

    def open_tab(self, title: str) -> Locator:
        """Click a tab; returns what it shows."""
        self.tab(title).click()
        panel = self.root.get_by_role("tabpanel", name=title, exact=True)
        expect(panel).to_be_visible()
        return panel

    def field(self, setting: str, form: str = "") -> Locator:
        """A setting with label, help and what is wrong with it; ``form`` for those of another form."""
        of_form = f'[data-form="{form}"]' if form else ":not([data-form])"
        return self.root.locator(f'.db-field[data-setting="{setting}"]{of_form}')

    def show_advanced(self) -> None:
        """Show the fields that few people need, too."""
        self.open_tab("Settings")
        self.root.locator("#dreambooth_show_advanced").check()

    def control(self, setting: str, form: str = "") -> Locator:
        """What is typed into, ticked or chosen from."""
        return self.field(setting, form).locator("input, select, textarea")

    def change(self, setting: str, value: str | float, form: str = "") -> None:
        """Give a setting of the open tab a value as its control takes one, and leave the field."""
        field, control = self.field(setting, form), self.control(setting, form)
        kind = field.get_attribute("data-kind")
        field.evaluate(OPEN_GROUP)
        if "db-cards" in (field.get_attribute("class") or ""):
            field.locator(f'input[value="{value}"]').check()
        elif kind == "bool":
            control.set_checked(bool(value))
        elif kind == "choice":
            control.select_option(str(value))
        else:
            control.fill(str(value))
            control.blur()

    def fault(self, setting: str, form: str = "") -> Locator:
        """What is wrong with a setting, beside it."""
        return self.field(setting, form).locator(".db-fault")

    def button(self, press: str) -> Locator:
        """The button that does this; the one that is seen, where several do."""
        return self.root.locator(f'[data-press="{press}"]:visible').first

    def press(self, press: str) -> None:
        """Press it as soon as it may be pressed."""
        self.button(press).click()

    def wait_until_saved(self) -> None:
        """Wait until what was changed is on disk, as the page says."""
        expect(self.root.locator(".db-saving")).to_have_text("settings saved")

    def status(self) -> Locator:
        """What Output says of the run that is shown."""
        return self.root.locator(".db-output .db-status")

    def step(self) -> int:
        """The step of the training that Output shows."""
        told = self.root.locator(".db-figures dd").first.inner_text()
        return int(told.split()[0].replace(",", ""))

    def wait_for_step(self, step: int, seconds: float = 120) -> None:
        """Wait until Output shows this step of the training, or a later one."""
        shown = f"{ROOT} .db-figures dd"
        reached = "([shown, step]) => parseInt(document.querySelector(shown)?.textContent ?? '-1') >= step"
        self.page.wait_for_function(reached, arg=[shown, step], timeout=1000 * seconds)

    def wait_for_words(self, words: str, within: str = ".db-right", seconds: float = 60) -> None:
        """Wait until this stands somewhere in that part of the page; in Output, if nothing else is said."""
        expect(self.root.locator(within)).to_contain_text(words, timeout=1000 * seconds)
