"""One description per setting, the rules between settings, and how they are saved."""
