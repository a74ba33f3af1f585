"""Plugins of installed distributions: whatever is wrong with one of them, the program goes on and says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from omezarr.errors import PluginError
from omezarr.hookspecs import EXTENSION_AXES, hookimpl
from omezarr.plugins.manager import PluginManager
from omezarr.settings import Settings
from omezarr.testing import isolated_registry

METHOD = """
    from omezarr.abc import ScalingMethod
    from omezarr.hookspecs import hookimpl

    class Method(ScalingMethod):
        name = "{name}"
        def origin(self, factor):
            return 0.0
        def reduce(self, window, factors, inner):
            return window[inner]

    @hookimpl
    def omezarr_scaling_methods():
        return [Method()]
"""
COMMAND = """
    import click
    from omezarr.hookspecs import hookimpl

    @click.command()
    def {name}():
        "Greet."
        click.echo("hello")

    @hookimpl
    def omezarr_commands():
        return [{name}]
"""


def rows(installed: Any, *options: str) -> list[dict[str, Any]]:
    """Return what ``omezarr plugins --json`` says of everything but the built-in plugins."""
    ran = installed.run(*options, "plugins", "--json")
    assert ran.returncode == 0, ran.stderr
    return rows_of(ran.stdout, all_of_them=not options)


def rows_of(text: str, *, all_of_them: bool = True) -> list[dict[str, Any]]:
    """Return the rows that are not of built-in plugins."""
    found: list[dict[str, Any]] = json.loads(text)
    loaded = any(row["plugin"] == "omezarr:commands.info" and row["status"] == "loaded" for row in found)
    assert loaded or not all_of_them
    return [row for row in found if row["distribution"] != "omezarr"]


ASK_THRICE = """
    import omezarr.cli

    for words in (["plugins", "--json"], ["plugins"], ["--help"]):
        assert omezarr.cli.run(words) == 0
        print(end="\\0")
"""


def failure(installed: Any) -> str:
    """Return the reason of the only failure, after seeing that omezarr works all the same."""
    ran = installed.python(ASK_THRICE)
    assert ran.returncode == 0, ran.stderr
    as_json, shown, _, _ = ran.stdout.split("\0")
    (row,) = rows_of(as_json)
    assert row["status"] == "failed"
    assert row["plugin"] in shown
    assert row["reason"] in shown
    reason: str = row["reason"]
    assert "\n" not in reason
    return reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("1 / 0", "cannot be imported: ZeroDivisionError: division by zero"),
        ("import nobody_has_this", "cannot be imported: ModuleNotFoundError: No module named 'nobody_has_this'"),
        ("def f(:", "cannot be imported: SyntaxError"),
        ("raise SystemExit('I quit')", "cannot be imported: SystemExit: I quit"),
        ("raise ValueError('two\\nlines')", "cannot be imported: ValueError: two lines"),
    ],
)
def test_a_plugin_that_cannot_be_imported_is_a_failure_with_a_reason(installed, text, reason):
    installed.add("broken", {"scaling.broken": "broken_plugin"}, {"broken_plugin": text})
    assert failure(installed).startswith(reason)


def test_an_entry_point_that_names_no_module_is_a_failure(installed):
    installed.add("broken", {"scaling.broken": "not_there.at_all"})
    assert "No module named 'not_there'" in failure(installed)


def test_an_unknown_hook_is_a_failure_that_names_the_known_ones(installed):
    text = METHOD.format(name="fine") + "\n    @hookimpl\n    def omezarr_scalings():\n        return []\n"
    installed.add("odd", {"scaling.odd": "odd_plugin"}, {"odd_plugin": text})
    reason = failure(installed)
    assert "unknown hook omezarr_scalings" in reason
    assert "omezarr_scaling_methods" in reason


def test_a_hook_of_a_later_omezarr_may_be_marked_as_optional(installed):
    text = (
        METHOD.format(name="fine") + "\n    @hookimpl(optionalhook=True)\n    def omezarr_later():\n        return []\n"
    )
    installed.add("early", {"scaling.early": "early_plugin"}, {"early_plugin": text})
    assert [(row["name"], row["status"]) for row in rows(installed)] == [("fine", "loaded")]


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("[Method]", "omezarr_scaling_methods returned the class Method; it must return instances of ScalingMethod"),
        ("[42]", "omezarr_scaling_methods returned an instance of int; it must return instances of ScalingMethod"),
        ("'nearest'[:1]", "returned an instance of str; it must return instances of ScalingMethod"),
        ("None", "omezarr_scaling_methods failed: PluginError: it returned None; hooks return lists of instances"),
        ("Method()", "it returned an instance of Method; hooks return lists of instances"),
        ("1 / 0", "omezarr_scaling_methods failed: ZeroDivisionError: division by zero"),
        ("(1 / 0 for _ in 'a')", "omezarr_scaling_methods failed: ZeroDivisionError: division by zero"),
        ("exit(3)", "omezarr_scaling_methods failed: SystemExit: 3"),
    ],
)
def test_a_hook_that_returns_something_else_is_a_failure(installed, result, reason):
    text = METHOD.format(name="odd").replace("return [Method()]", f"return {result}")
    installed.add("odd", {"scaling.odd": "odd_plugin"}, {"odd_plugin": text})
    assert reason in failure(installed)


@pytest.mark.parametrize(("name", "shown"), [('""', "''"), ("None", "None"), ("7", "7")])
def test_a_contribution_without_a_name_is_a_failure(installed, name, shown):
    text = METHOD.format(name="x").replace('name = "x"', f"name = {name}")
    installed.add("odd", {"scaling.odd": "odd_plugin"}, {"odd_plugin": text})
    assert f"an instance of Method whose name is {shown}; it must be text" in failure(installed)


def test_a_contribution_that_forgot_its_name_is_a_failure(installed):
    text = METHOD.format(name="x").replace('name = "x"', "pass")
    installed.add("odd", {"scaling.odd": "odd_plugin"}, {"odd_plugin": text})
    assert "which cannot tell its name: AttributeError" in failure(installed)


def test_one_wrong_contribution_does_not_take_the_others_along(installed):
    text = METHOD.format(name="fine").replace("return [Method()]", "return [Method(), Method]")
    installed.add("half", {"scaling.half": "half_plugin"}, {"half_plugin": text})
    assert sorted((row["status"], row["name"]) for row in rows(installed)) == [("failed", None), ("loaded", "fine")]


def test_a_hook_with_parameters_is_a_failure(installed):
    text = METHOD.format(name="odd").replace("omezarr_scaling_methods()", "omezarr_scaling_methods(registry)")
    installed.add("odd", {"scaling.odd": "odd_plugin"}, {"odd_plugin": text})
    assert failure(installed).startswith("has a hook implementation that does not fit")


def test_a_hook_wrapper_is_a_failure(installed):
    text = """
        from omezarr.hookspecs import hookimpl
        @hookimpl(wrapper=True)
        def omezarr_scaling_methods():
            return (yield)
    """
    installed.add("odd", {"scaling.odd": "odd_plugin"}, {"odd_plugin": text})
    assert "wraps the hook omezarr_scaling_methods" in failure(installed)


def test_an_entry_point_without_the_hook_of_its_axis_is_a_failure(installed):
    installed.add("odd", {"formats.odd": "odd_plugin"}, {"odd_plugin": METHOD.format(name="odd")})
    reasons = " ".join(row["reason"] for row in rows(installed))
    assert "does not implement omezarr_formats, as its entry point formats.* promises" in reasons


def test_a_hook_beside_the_axis_of_the_entry_point_is_not_called_but_reported(installed):
    text = METHOD.format(name="extra") + COMMAND.format(name="greet")
    installed.add("both", {"scaling.extra": "both_plugin"}, {"both_plugin": text})
    found = {row["status"]: row for row in rows(installed)}
    assert found["loaded"]["name"] == "extra"
    assert (
        "implements omezarr_commands too; for that, give it an entry point commands.NAME" in found["failed"]["reason"]
    )
    assert installed.run("greet").returncode == 2


def test_a_module_with_hooks_of_two_axes_has_two_entry_points(installed):
    text = METHOD.format(name="extra") + COMMAND.format(name="greet")
    lines = {"scaling.extra": "both_plugin", "commands.greet": "both_plugin"}
    installed.add("both", lines, {"both_plugin": text})
    assert {(row["name"], row["status"]) for row in rows(installed)} == {("extra", "loaded"), ("greet", "loaded")}
    assert installed.run("greet").stdout == "hello\n"


def test_an_entry_point_without_an_axis_serves_all_of_them(installed):
    text = METHOD.format(name="extra") + COMMAND.format(name="greet")
    installed.add("both", {"everything": "both_plugin"}, {"both_plugin": text})
    found = {(row["extension_axis"], row["name"], row["plugin"], row["status"]) for row in rows(installed)}
    assert found == {
        ("scaling_methods", "extra", "both:everything", "loaded"),
        ("commands", "greet", "both:everything", "loaded"),
    }
    assert installed.run("greet").stdout == "hello\n"


def test_a_plugin_is_imported_for_its_own_axis_alone(installed):
    installed.add(
        "lazy",
        {"scaling.lazy": "lazy_method", "commands.lazy": "lazy_command", "lazy": "lazy_everything"},
        {
            "lazy_method": "\n    import numpy" + METHOD.format(name="lazy"),
            "lazy_command": COMMAND.format(name="lazy"),
            "lazy_everything": "",
        },
    )
    code = """
        import sys, omezarr
        names = ["lazy_method", "lazy_command", "lazy_everything", "numpy"]
        seen = lambda: [name for name in names if name in sys.modules]
        registry = omezarr.default_registry()
        print(seen())
        list(registry.commands)
        print(seen())
        list(registry.scaling_methods)
        print(seen())
    """
    assert installed.python(code).stdout.splitlines() == [
        "[]",
        "['lazy_command', 'lazy_everything']",
        "['lazy_method', 'lazy_command', 'lazy_everything', 'numpy']",
    ]


def test_two_entry_points_of_one_name_are_both_left_out(installed):
    text = {"one": METHOD.format(name="one"), "two": METHOD.format(name="two")}
    installed.add("twice", "scaling.it = one\nscaling.it = two", text)
    (row,) = rows(installed)
    assert (row["plugin"], row["status"]) == ("twice:scaling.it", "failed")
    assert row["reason"] == "is declared twice, as one and as two"


def test_the_same_entry_point_said_twice_is_one(installed):
    installed.add("twice", "scaling.it = one\nscaling.it = one", {"one": METHOD.format(name="one")})
    assert [(row["name"], row["status"]) for row in rows(installed)] == [("one", "loaded")]


def test_the_same_name_in_two_distributions_is_two_plugins(installed):
    for name in ("first", "second"):
        installed.add(name, {"scaling.it": f"{name}_plugin"}, {f"{name}_plugin": METHOD.format(name=name)})
    assert {row["plugin"] for row in rows(installed)} == {"first:scaling.it", "second:scaling.it"}


def test_a_distribution_without_metadata_has_plugins_all_the_same(installed):
    installed.add("nameless", {"scaling.it": "nameless_plugin"}, {"nameless_plugin": METHOD.format(name="it")})
    next(installed.folder.glob("*.dist-info/METADATA")).unlink()
    assert [(row["plugin"], row["version"], row["status"]) for row in rows(installed)] == [
        (":scaling.it", None, "loaded")
    ]


@pytest.mark.parametrize("what", ["broken:scaling.broken", "broken"])
def test_a_disabled_plugin_is_not_imported(installed, what):
    installed.add("broken", {"scaling.broken": "broken_plugin"}, {"broken_plugin": "1 / 0"})
    for options, variable in (((), what), (("-p", f"no:{what}"), ""), (("-p", f"no:{what}"), what)):
        installed.environment = {"OMEZARR_DISABLE_PLUGINS": variable} if variable else {}
        assert [(row["plugin"], row["status"]) for row in rows(installed, *options)] == [
            ("broken:scaling.broken", "disabled")
        ]


def test_disabling_what_is_not_installed_is_a_mistake_on_the_command_line(installed):
    ran = installed.run("-p", "no:nobody:has.this", "plugins")
    assert ran.returncode == 2
    assert "no plugin 'nobody:has.this' is installed" in ran.stderr


def test_disabling_what_is_not_installed_is_noted_for_the_environment(installed):
    installed.environment = {"OMEZARR_DISABLE_PLUGINS": "nobody:has.this"}
    ran = installed.run("plugins", "--json")
    assert ran.returncode == 0
    assert ran.stderr == (
        "Note: OMEZARR_DISABLE_PLUGINS names 'nobody:has.this', which is not installed; see: omezarr plugins\n"
    )
    assert installed.run("-q", "plugins").stderr == ""


def test_help_tells_which_plugins_are_missing(installed):
    installed.add("broken", {"commands.broken": "broken_plugin"}, {"broken_plugin": "1 / 0"})
    ran = installed.run("--help")
    assert ran.returncode == 0
    assert "Not available: broken:commands.broken. To see why: omezarr plugins" in ran.stdout


def test_an_unknown_command_is_explained_by_the_plugin_that_failed(installed):
    installed.add("broken", {"commands.greet": "broken_plugin"}, {"broken_plugin": "1 / 0"})
    ran = installed.run("greet")
    assert ran.returncode == 2
    assert "broken:commands.greet: cannot be imported: ZeroDivisionError" in ran.stderr


def test_a_hook_that_asks_for_its_own_axis_fails_alone():
    class Curious:
        @hookimpl
        def omezarr_samples(self):
            return registry.samples.values()

    registry = isolated_registry(Curious(), distributions=())
    assert list(registry.samples) == []
    assert "samples cannot be asked for while plugins are telling which there are" in registry.failures[0].reason


def test_a_plugin_that_is_registered_late_is_added_to_what_is_known_already():
    registry = isolated_registry()
    before = registry.scaling_methods["nearest"]

    class Late:
        @hookimpl
        def omezarr_scaling_methods(self):
            return [type("Another", (type(before),), {"name": "another"})(), 42]

    registry.register(Late(), "late")
    assert registry.scaling_methods["another"].name == "another"
    assert registry.scaling_methods["nearest"] is before
    assert [str(item.provider) for item in registry.failures] == ["late"]


def test_a_registered_plugin_must_be_right_at_once():
    class Unknown:
        @hookimpl
        def omezarr_nonsense(self):
            return []

    class Greedy:
        @hookimpl
        def omezarr_formats(self, registry):
            return []

    class Right:
        @hookimpl
        def omezarr_formats(self):
            return []

    manager = PluginManager(Settings(), found=())
    with pytest.raises(PluginError, match="unknown hook omezarr_nonsense"):
        manager.register(Unknown(), "given")
    with pytest.raises(PluginError, match="does not fit"):
        manager.register(Greedy(), "given")
    manager.register(Right(), "given")
    with pytest.raises(PluginError, match="'given' is registered already"):
        manager.register(Right(), "given")
    assert manager.contributions(EXTENSION_AXES["formats"]) == ()
    assert manager.failures == ()
