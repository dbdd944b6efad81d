"""typer's commands, with errors of one line and help without noise."""

import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from compgen.cli.command import exit_status
from compgen.errors import UsageError
from compgen.suggest import did_you_mean


class Subcommand(TyperCommand):
    """One command."""

    def get_help_option(self, ctx: Any) -> Any:
        return _without_type(super().get_help_option(ctx))


class Program(TyperGroup):
    """All commands. However one ends, `exit_status` says what that means."""

    def get_help_option(self, ctx: Any) -> Any:
        return _without_type(super().get_help_option(ctx))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        word = args[0]
        if word not in self.commands and not word.startswith("-"):
            raise UsageError(
                f"there is no command '{word}'{did_you_mean(word, self.commands)}"
                f" (commands: {', '.join(self.commands)})"
            )
        return super().resolve_command(ctx, args)

    def main(self, *_: Any, **settings: Any) -> Any:
        given = settings.get("args")
        words = list(sys.argv[1:] if given is None else given)
        name = settings.get("prog_name") or "compgen"
        sys.exit(exit_status(lambda: self._invoke(name, words)))

    def _invoke(self, name: str, words: list[str]) -> Any:
        """Parse and run, as click's own `main` does, which has its own ideas about endings."""
        try:
            with self.make_context(name, words) as context:
                return self.invoke(context)
        except typer.Exit as ending:
            return ending.exit_code
        except Exception as error:
            # the class of what was typed wrongly moves between versions of typer and click
            if not hasattr(error, "format_message"):
                raise
            if not error.format_message():  # no words at all: the help has been shown
                return UsageError.exit_status
            raise UsageError(_in_one_line(error)) from error


def _without_type(option: Any) -> Any:
    """The option --help as the flag that it is."""
    if option is not None:
        option.metavar = ""
    return option


def _in_one_line(error: Any) -> str:
    context = getattr(error, "ctx", None)
    options = context.command.params if context else []
    if hasattr(error, "option_name") and hasattr(error, "possibilities"):
        known = [name for option in options for name in option.opts if name.startswith("--")]
        message = f"there is no option {error.option_name}{did_you_mean(error.option_name, known)}"
    else:
        message = error.format_message().rstrip(".")
        message = message[0].lower() + message[1:]
    if "extra argument" in message and any(option.name == "prompt" for option in options):
        message += "; put a prompt of several words in quotes"
    return f"{message} (see {context.command_path} --help)" if context else message
