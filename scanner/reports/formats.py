"""The report formats by the name under which they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scanner.reports import event_lines, json_lines, print_document, spreadsheet, table, web_page
from scanner.reports.writer import DocumentWriter, ReportWriter

WRITERS: Mapping[str, ReportWriter] = MappingProxyType(
    {
        "table": table.write,
        "jsonl": json_lines.write,
        "csv": spreadsheet.write_files,
        "findings-csv": spreadsheet.write_findings,
        "changes-csv": spreadsheet.write_changes,
        "html": web_page.write,
        "cef": event_lines.write_cef,
        "ocsf": event_lines.write_ocsf,
    }
)
DOCUMENT_WRITERS: Mapping[str, DocumentWriter] = MappingProxyType(
    {"pdf": print_document.write, "siro-pdf": print_document.write_page}
)
