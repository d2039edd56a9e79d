"""Optional content of a PDF: which layers a viewer leaves out, and a copy in which they are marked.

No reader of page text tells on which layer a text is.  Marked content carries the dictionary of its layer,
though, so one more key in the dictionaries of those that are switched off tells it (ISO 32000-2, 8.11).
"""

from __future__ import annotations

import io
import zlib

import pikepdf

OFF_KEY = b"SwitchedOff"
"""Key that the dictionary of a layer switched off is given in the marked copy."""

_NAME = pikepdf.Name("/" + OFF_KEY.decode())
# Content of a form that is unpacked.
_FORM_BYTES = 20_000_000

_Layer = tuple[int, int]


def with_layers_marked(opened: pikepdf.Pdf, data: bytes, password: str) -> bytes | None:
    """A copy of a document, without its encryption, in which layers that are switched off bear ``OFF_KEY``.

    ``None`` where there is no such layer, or the structure is damaged.
    """
    try:
        if not _switched_off(opened):
            return None
        with pikepdf.open(io.BytesIO(data), password=password) as pdf:
            if not _mark(pdf, _switched_off(pdf)):
                return None
            out = io.BytesIO()
            pdf.save(out, compress_streams=False, object_stream_mode=pikepdf.ObjectStreamMode.disable)
            return out.getvalue()
    except Exception:  # whatever qpdf meets: the text is read all the same, as that of the page
        return None


def _switched_off(pdf: pikepdf.Pdf) -> set[_Layer]:
    """The layers that a viewer does not show when it opens the document."""
    properties = pdf.Root.get("/OCProperties")
    if not isinstance(properties, pikepdf.Dictionary):
        return set()
    layers = _listed(properties.get("/OCGs"))
    settings = properties.get("/D")
    if not isinstance(settings, pikepdf.Dictionary):
        return set()
    off = {layer.objgen for layer in layers} if settings.get("/BaseState") == "/OFF" else set()
    off -= {layer.objgen for layer in _listed(settings.get("/ON"))}
    off |= {layer.objgen for layer in _listed(settings.get("/OFF"))}
    for rule in _listed(settings.get("/AS")):
        if rule.get("/Event") == "/View" and "/View" in map(str, _listed(rule.get("/Category"))):
            for layer in _listed(rule.get("/OCGs")):
                state = _usage(layer)
                off = off | {layer.objgen} if state == "/OFF" else off - {layer.objgen} if state else off
    return off


def _usage(layer: pikepdf.Object) -> str:
    """What a layer says of itself for viewing: "/ON", "/OFF" or nothing."""
    usage = layer.get("/Usage")
    view = usage.get("/View") if isinstance(usage, pikepdf.Dictionary) else None
    return str(view.get("/ViewState", "")) if isinstance(view, pikepdf.Dictionary) else ""


def _listed(value: object) -> list[pikepdf.Object]:
    return list(value) if isinstance(value, pikepdf.Array) else []


def _mark(pdf: pikepdf.Pdf, off: set[_Layer]) -> int:
    """Mark the dictionaries of layers, and wrap forms that are on one; returns how many."""
    marked = 0
    forms = []
    for item in pdf.objects:
        if isinstance(item, pikepdf.Dictionary) and item.get("/Type") in ("/OCG", "/OCMD"):
            if _is_hidden(item, off):
                item[_NAME] = True
                marked += 1
        elif isinstance(item, pikepdf.Stream) and item.get("/Subtype") == "/Form" and "/OC" in item:
            forms.append(item)
    for form in forms:
        if _is_hidden(form["/OC"], off) and (content := _content(form)) is not None:
            form.write(b"/OC <</%s true>> BDC\n%s\nEMC" % (OFF_KEY, content))
            marked += 1
    return marked


def _content(form: pikepdf.Object) -> bytes | None:
    """What a form draws; ``None`` where that is packed unusually or too large."""
    packed = form.read_raw_bytes()
    filters = form.get("/Filter")
    if isinstance(filters, pikepdf.Array) and len(filters) < 2:
        filters = filters[0] if len(filters) else None
    if filters is None:
        return packed
    if filters != "/FlateDecode" or "/DecodeParms" in form:
        return None
    plain = zlib.decompressobj().decompress(packed, _FORM_BYTES + 1)
    return plain if len(plain) <= _FORM_BYTES else None


def _is_hidden(layer: object, off: set[_Layer]) -> bool:
    """Whether a layer, or a membership of several, is not shown."""
    if not isinstance(layer, pikepdf.Dictionary):
        return False
    if layer.get("/Type") != "/OCMD":
        return layer.objgen in off
    expression = layer.get("/VE")
    if isinstance(expression, pikepdf.Array):
        return not _holds(expression, off, {})
    members = layer.get("/OCGs")
    layers = _listed(members) if isinstance(members, pikepdf.Array) else [members]
    shown = [one.objgen not in off for one in layers if isinstance(one, pikepdf.Dictionary)]
    if not shown:
        return False
    policy = str(layer.get("/P", "/AnyOn"))
    if policy == "/AllOn":
        return not all(shown)
    if policy == "/AnyOff":
        return all(shown)
    return any(shown) if policy == "/AllOff" else not any(shown)


def _holds(expression: object, off: set[_Layer], known: dict[_Layer, bool]) -> bool:
    """Whether a visibility expression holds; one that is damaged does.  Each of its objects is asked once."""
    if isinstance(expression, pikepdf.Dictionary):
        return expression.objgen not in off
    if not isinstance(expression, pikepdf.Array) or not len(expression):
        return True
    identifier = expression.objgen
    if identifier not in known or not expression.is_indirect:
        known[identifier] = True  # for one that contains itself
        operator, *operands = expression
        values = [_holds(one, off, known) for one in operands]
        if operator == "/Not":
            known[identifier] = not all(values[:1])
        else:
            known[identifier] = any(values) if operator == "/Or" else all(values)
    return known[identifier]
