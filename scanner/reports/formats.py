"""The report formats by the name under which they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scanner.reports import json_lines, spreadsheet, table, web_page
from scanner.reports.writer import ReportWriter

WRITERS: Mapping[str, ReportWriter] = MappingProxyType(
    {
        "table": table.write,
        "jsonl": json_lines.write,
        "csv": spreadsheet.write_files,
        "findings-csv": spreadsheet.write_findings,
        "html": web_page.write,
    }
)
