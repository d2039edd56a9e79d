"""What each kind of concealment means for publishing: code, weight, and the sentence that says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from scanner.documents.hidden_reasons import Concealment
from scanner.release.model import Weight


@dataclass(frozen=True, slots=True)
class Advice:
    """How a kind of hidden text is reported.

    ``what`` names it for one and for several; ``action`` says what to do.  Without a ``weight`` it is a
    remark: part of how an ordinary document works, and only what stands in it can be an objection.  ``apart``
    tells that each container (sheet, cache, slide) is reported by itself.
    """

    code: str
    weight: Weight | None
    what: tuple[str, str]
    action: str
    apart: bool = False


ADVICE: Mapping[Concealment, Advice] = MappingProxyType(
    {
        Concealment.HIDDEN_SHEET: Advice(
            "hidden-sheet",
            Weight.HIGH,
            ("row", "rows"),
            "Anybody can unhide the sheet: delete it, or publish the visible values only.",
            apart=True,
        ),
        Concealment.HIDDEN_CELLS: Advice(
            "hidden-cells",
            Weight.HIGH,
            ("row or cell", "rows or cells"),
            "Hidden and filtered rows and columns stay in the file: delete them, or publish the visible "
            "values only.",
            apart=True,
        ),
        Concealment.PIVOT_CACHE: Advice(
            "pivot-cache",
            Weight.HIGH,
            ("record", "records"),
            "A pivot table keeps the rows it was made from, even when their sheet is deleted, and a double "
            "click shows them: paste the table as values into a new workbook.",
            apart=True,
        ),
        Concealment.LINK_CACHE: Advice(
            "link-cache",
            Weight.HIGH,
            ("value", "values"),
            "A link keeps the cells of the other workbook: break the links, or publish visible values only.",
            apart=True,
        ),
        Concealment.DATA_SOURCE: Advice(
            "data-connection",
            Weight.MEDIUM,
            ("entry", "entries"),
            "It names where the data came from (servers, paths, queries, at times passwords): remove the "
            "connection.",
        ),
        Concealment.COMMENT: Advice(
            "comments",
            Weight.MEDIUM,
            ("text", "texts"),
            "Comments and notes, with the names of those who wrote them, are not meant for the public: "
            "delete all of them.",
        ),
        Concealment.TRACKED_CHANGE: Advice(
            "tracked-changes",
            Weight.HIGH,
            ("text", "texts"),
            "The file shows what was changed, deleted and by whom: accept all changes and stop recording.",
        ),
        Concealment.DELETED: Advice(
            "deleted-text",
            Weight.HIGH,
            ("text", "texts"),
            "Deleted on the screen, but still in the file: copy the visible content into a new file.",
        ),
        Concealment.HIDDEN_TEXT: Advice(
            "hidden-text",
            Weight.HIGH,
            ("text", "texts"),
            "Text that is made invisible (hidden, white, tiny, off the page, or a text layer under a scan) "
            "is found by searching and copying: delete it.",
        ),
        Concealment.REDACTION: Advice(
            "failed-redaction",
            Weight.HIGH,
            ("text", "texts"),
            "The words under the box or picture are still there and can be copied: redact with a tool that "
            "removes text, or publish pictures of the pages.",
        ),
        Concealment.SPEAKER_NOTES: Advice(
            "speaker-notes",
            Weight.MEDIUM,
            ("text", "texts"),
            "Speaker notes go with the slides: delete them.",
        ),
        Concealment.HIDDEN_SLIDE: Advice(
            "hidden-slide",
            Weight.HIGH,
            ("text", "texts"),
            "A hidden slide is left out of the show, not of the file: delete it.",
            apart=True,
        ),
        Concealment.CUSTOM_DATA: Advice(
            "custom-data",
            Weight.MEDIUM,
            ("text", "texts"),
            "Other programs stored data of their own in the file: remove custom data.",
        ),
        Concealment.EARLIER_REVISION: Advice(
            "earlier-revision",
            Weight.HIGH,
            ("text", "texts"),
            "The file still holds the document as it was before the last change: print it to a new PDF.",
            apart=True,
        ),
        Concealment.MAIL_HEADER: Advice(
            "mail-headers",
            Weight.MEDIUM,
            ("entry", "entries"),
            "Headers of e-mail say who sent it through which machines, and to whom else: publish the text, "
            "not the message file.",
        ),
        Concealment.MACRO: Advice(
            "macros",
            Weight.MEDIUM,
            ("text", "texts"),
            "Program code has paths and names in it, and readers' virus scanners refuse it: save without "
            "macros.",
        ),
        Concealment.OTHER: Advice(
            "hidden-other",
            Weight.HIGH,
            ("text", "texts"),
            "A reader of the document does not see this: publish a copy of the visible content.",
        ),
        Concealment.CHART_DATA: Advice(
            "chart-data", None, ("series", "series"), "A chart keeps the numbers that it was drawn from."
        ),
        Concealment.WORKINGS: Advice(
            "workings",
            None,
            ("entry", "entries"),
            "Formulas, names, form fields and rules of validation go with the file.",
        ),
        Concealment.DESCRIPTION: Advice(
            "descriptions",
            None,
            ("entry", "entries"),
            "Descriptions of pictures, link targets and bookmarks go with the file.",
        ),
        Concealment.TEMPLATE: Advice(
            "template", None, ("text", "texts"), "Texts of the template's own slides go with the file."
        ),
        # By their labels: see ``properties``.
        Concealment.PROPERTIES: Advice(
            "metadata",
            Weight.MEDIUM,
            ("entry", "entries"),
            "The properties say who wrote it, where and for whom: remove document properties and personal "
            "information.",
        ),
        Concealment.PICTURE_DATA: Advice(
            "picture-data",
            Weight.MEDIUM,
            ("entry", "entries"),
            "Cameras and programs write into pictures who took them, when and where: save the picture "
            "without its properties.",
        ),
    }
)
