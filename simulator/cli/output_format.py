"""`-o` of the reading commands: which form is asked for, and how objects look in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.cli.flags import Options
from simulator.errors import KjsimError
from simulator.model.kinds import CRON_JOB, Kind

if TYPE_CHECKING:
    from simulator.cli.printing import TablePrinter
    from simulator.cli.session import Session

Json = dict[str, Any]

_FORMATS = (
    "custom-columns,custom-columns-file,go-template,go-template-file,json,jsonpath,jsonpath-as-json,jsonpath-file,kyaml,name,"
    "template,templatefile,wide,yaml"
)
_PLAIN = ("", "wide", "json", "yaml", "name")
_WITH_TEMPLATE = ("jsonpath", "jsonpath-as-json", "jsonpath-file")
_WITH_COLUMNS = ("custom-columns", "custom-columns-file")
_UNSUPPORTED = ("go-template", "go-template-file", "kyaml", "template", "templatefile")


class OutputFormat(NamedTuple):
    """One form: its name and what stands after `=`."""

    name: str
    argument: str = ""
    allows_missing: bool = True
    has_headers: bool = True

    @property
    def is_table(self) -> bool:
        """Whether the server's tables are wanted, rather than objects."""
        return self.name in ("", "wide")

    def print(self, obj: Json) -> str:
        """An object or a List as text; raises `KjsimError` if the template can't be read or applied."""
        if self.name in _WITH_TEMPLATE:
            from simulator.cli.jsonpath import template_output

            return template_output(
                self.argument, obj, allows_missing=self.allows_missing, as_json=self.name == "jsonpath-as-json"
            )
        if self.name in _WITH_COLUMNS:
            return self._columns(items_of(obj))
        from simulator.cli.printing import object_text

        if self.name == "name":
            return "".join(f"{_name(item)}\n" for item in items_of(obj))
        return object_text(obj, self.name)

    def _columns(self, objects: list[Json]) -> str:
        from simulator.cli.columns import aligned
        from simulator.cli.custom_columns import from_argument, from_file

        columns = from_file(self.argument) if self.name == "custom-columns-file" else from_argument(self.argument)
        rows = [list(columns.headers)] if self.has_headers else []
        rows += [columns.row(obj) for obj in objects]
        return aligned("".join("\t".join(row) + "\n" for row in rows), padding=3, min_width=6)


def read_format(options: Options) -> OutputFormat:
    """The form that the command line asks for (`output`, `template`, `no_headers`); raises `KjsimError`."""
    text = options.output or ""
    name, equals, argument = text.partition("=")
    headers = not options.no_headers
    if options.template and not text:
        name = "go-template"
    elif name in _PLAIN and not equals:
        return OutputFormat(name, has_headers=headers)
    if name in _WITH_TEMPLATE:
        argument = argument if equals else options.template or ""
        if not argument:
            raise KjsimError("template format specified but no template given")
        if name == "jsonpath-file":
            argument = _content(argument)
        return OutputFormat(name, argument, allows_missing=options.allow_missing_template_keys)
    if name in _WITH_COLUMNS:
        if not argument:
            raise KjsimError("custom-columns format specified but no custom columns given")
        return OutputFormat(name, argument, has_headers=headers)
    if name in _UNSUPPORTED:
        raise KjsimError(f'the output format "{name}" is not supported by kjsim; use jsonpath, json, yaml or custom-columns')
    raise KjsimError(f'unable to match a printer suitable for the output format "{text}", allowed formats are: {_FORMATS}')


def items_of(obj: Json) -> list[Json]:
    """The objects of a List; an object that is none, itself."""
    return list(obj["items"]) if obj.get("kind") == "List" else [obj]


def table_printer(kind: Kind, form: OutputFormat, options: Options, *, with_kind: bool) -> TablePrinter:
    """The printer of one kind's tables, as the flags of `get` want them."""
    from simulator.cli.printing import TablePrinter

    return TablePrinter(
        wide=form.name == "wide",
        headers=not options.no_headers,
        namespace=options.all_namespaces and kind.namespaced,
        kind=f"{kind.singular}.{kind.group}" if kind.group and with_kind else kind.singular if with_kind else "",
        show_labels=options.show_labels,
        label_columns=[label for labels in options.label_columns for label in labels.split(",")],
    )


def included(kind: Kind, form: OutputFormat) -> str:
    """What has to come with the rows of a kind's tables (`includeObject`)."""
    return "Object" if _has_next_column(kind, form) else "Metadata"


def completed(kind: Kind, table: Json, form: OutputFormat, session: Session) -> Json:
    """A server's table with the columns that are kjsim's own: NEXT in wide tables of CronJobs."""
    if not _has_next_column(kind, form):
        return table
    from simulator.cli.next_runs import with_next_column

    return with_next_column(table, session.clock.now())


def _has_next_column(kind: Kind, form: OutputFormat) -> bool:
    return kind is CRON_JOB and form.name == "wide"


def _name(obj: Json) -> str:
    from simulator.cli.output import qualified
    from simulator.model.kinds import KINDS

    return qualified(KINDS[obj["kind"]], obj["metadata"]["name"])


def _content(file: str) -> str:
    try:
        with open(file, encoding="utf-8") as opened:
            return opened.read()
    except OSError as error:
        raise KjsimError(f"error reading --template {file}, open {file}: {(error.strerror or str(error)).lower()}") from None
