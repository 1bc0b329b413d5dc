"""`kjsim completion`: a script that teaches a shell the commands, kinds and flags."""

from __future__ import annotations

from simulator.cli.flags import Flags, Options
from simulator.errors import UsageError

EXAMPLES = """
source <(kjsim completion bash)     # for this shell; in ~/.bashrc for every shell
source <(kjsim completion zsh)
kjsim completion fish | source
"""

_BASH = """\
_kjsim() {
  local word="${COMP_WORDS[COMP_CWORD]}" command="" i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "${COMP_WORDS[i]}" in -*) ;; *) command="${COMP_WORDS[i]}"; break ;; esac
  done
  case "$command:$word" in
    *:-*)
      local flags="$(kjsim "${command:-help}" --help 2>/dev/null | grep -o -e "--[a-z-]*" | sort -u)"
      COMPREPLY=($(compgen -W "$flags" -- "$word")) ;;
    :*) COMPREPLY=($(compgen -W "@COMMANDS@" -- "$word")) ;;
    get:*|describe:*|delete:*|wait:*|why:*|patch:*|label:*|annotate:*)
      COMPREPLY=($(compgen -W "@KINDS@ $(kjsim get jobs,cronjobs,pods -o name 2>/dev/null)" -- "$word")) ;;
    logs:*) COMPREPLY=($(compgen -W "$(kjsim get pods,jobs -o name 2>/dev/null | sed 's,^pod/,,')" -- "$word")) ;;
    *) COMPREPLY=($(compgen -f -- "$word")) ;;
  esac
}
complete -o filenames -F _kjsim kjsim
"""
_ZSH = "autoload -Uz bashcompinit && bashcompinit\n" + _BASH
_FISH = """\
complete -c kjsim -f
complete -c kjsim -n __fish_use_subcommand -a "@COMMANDS@"
complete -c kjsim -n "__fish_seen_subcommand_from get describe delete wait why patch label annotate" -a "@KINDS@ (kjsim get jobs,cronjobs,pods -o name 2>/dev/null)"
complete -c kjsim -n "__fish_seen_subcommand_from logs" -a "(kjsim get pods,jobs -o name 2>/dev/null)"
complete -c kjsim -n "__fish_seen_subcommand_from run apply create validate" -F
"""  # noqa: E501
_SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def add_arguments(flags: Flags) -> None:
    """Declare what `completion` takes."""
    flags.usage = "kjsim completion (bash | zsh | fish)"
    flags.examples = EXAMPLES


def run(options: Options) -> int:
    """Print the script."""
    if len(options.words) != 1 or options.words[0] not in _SCRIPTS:
        raise UsageError(f"for which shell? One of: {', '.join(_SCRIPTS)}\nSee 'kjsim completion -h' for help and examples")
    from simulator.cli.commands import COMMANDS
    from simulator.model.kinds import KINDS

    script = _SCRIPTS[options.words[0]]
    kinds = " ".join(kind.plural for kind in KINDS.values())
    print(script.replace("@COMMANDS@", " ".join(COMMANDS)).replace("@KINDS@", kinds), end="")
    return 0
