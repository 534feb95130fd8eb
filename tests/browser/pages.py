"""The page as somebody uses it: tabs by their titles, fields by their settings, buttons by what they do."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.servers import Server

ROOT = "#dreambooth_tab"


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

    def control(self, setting: str, form: str = "") -> Locator:
        """What is typed into, ticked or chosen from."""
        return self.field(setting, form).locator("input, select, textarea")

    def change(self, setting: str, value: str | float, form: str = "") -> None:
        """Give a setting a value as its control takes one, and leave the field."""
        kind = self.field(setting, form).get_attribute("data-kind")
        control = self.control(setting, form)
        if "db-cards" in (self.field(setting, form).get_attribute("class") or ""):
            self.field(setting, form).locator(f'input[value="{value}"]').check()
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

    def wait_for_words(self, words: str, within: str = ".db-right", seconds: float = 60) -> None:
        """Wait until this stands somewhere in that part of the page; in Output, if nothing else is said."""
        expect(self.root.locator(within)).to_contain_text(words, timeout=1000 * seconds)
