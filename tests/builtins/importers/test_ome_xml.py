"""OME-XML is understood as its schema says, and loses its references to pixels but nothing else."""

from __future__ import annotations

import re

import pytest

from omezarr.errors import SourceError
from omezarr.units import Measure, duration, length
from omezarr_builtins.importers._ome_xml import MalformedError, parse_ome_xml

PIXELS = (
    '<Image ID="Image:0" Name="n"><Pixels SizeX="3" SizeY="4" SizeZ="5" SizeC="2" SizeT="1" {0}>{1}</Pixels></Image>'
)


def document(attributes: str = "", inside: str = "", head: str = "<OME>") -> bytes:
    return f"{head}{PIXELS.format(attributes, inside)}</{re.split('[ >]', head)[0][1:]}>".encode()


def test_sizes_and_steps_are_read() -> None:
    image = parse_ome_xml(document('PhysicalSizeZ="2" PhysicalSizeZUnit="nm" TimeIncrement="3"'), "a").images[0]
    assert image.sizes == {"x": 3, "y": 4, "z": 5, "c": 2, "t": 1}
    assert image.steps == {"z": Measure(2.0, "nanometer"), "t": Measure(3.0, "second")}


@pytest.mark.parametrize("value", ["0", "-1", "NaN", "INF", "many", ""])
def test_a_size_that_is_none_is_not_known(value: str) -> None:
    assert parse_ome_xml(document(f'PhysicalSizeX="{value}"'), "a").images[0].steps == {}


@pytest.mark.parametrize(
    ("color", "digits"), [("-1", "FFFFFF"), ("-16776961", "FF0000"), ("16711935", "00FF00"), ("0", None), ("red", None)]
)
def test_colours_are_signed_integers_of_red_green_blue_alpha(color: str, digits: str | None) -> None:
    channel = parse_ome_xml(document(inside=f'<Channel Color="{color}"/>'), "a").images[0].channels[0]
    assert channel.color == digits


def test_a_channel_without_a_name_is_called_after_its_dye() -> None:
    channels = (
        parse_ome_xml(document(inside='<Channel Fluor="Cy5"/><Channel Name="n" Fluor="f"/>'), "a").images[0].channels
    )
    assert [channel.name for channel in channels] == ["Cy5", "n"]


@pytest.mark.parametrize(
    "references",
    [
        "<TiffData/>",
        '<TiffData IFD="0" note=">"/>\n  <TiffData IFD="1"><UUID FileName="b">u</UUID></TiffData>',
        "<TiffData></TiffData><!-- between --><TiffData/>",
        '<BinData BigEndian="true" Length="2">AAE=</BinData>',
    ],
)
def test_references_to_pixels_become_one_metadata_only(references: str) -> None:
    kept = parse_ome_xml(document(inside=f"<Channel/>{references}<Plane/>"), "a").metadata_only
    comment = b"<!-- between -->" if b"between" in kept else b""
    assert kept == document(inside="<Channel/><MetadataOnly/>@<Plane/>").replace(b"@", comment)


def test_a_prefix_of_the_namespace_is_kept() -> None:
    content = b'<o:OME xmlns:o="u"><o:Image><o:Pixels SizeX="1" SizeY="1"><o:TiffData/></o:Pixels></o:Image></o:OME>'
    assert parse_ome_xml(content, "a").metadata_only == content.replace(b"TiffData", b"MetadataOnly")


def test_each_image_gets_its_own_metadata_only() -> None:
    content = b"<OME>" + PIXELS.format("", "<TiffData/>").encode() * 2 + b"</OME>"
    parsed = parse_ome_xml(content, "a")
    assert len(parsed.images) == 2
    assert parsed.metadata_only.count(b"<MetadataOnly/>") == 2


def test_text_that_is_not_utf_8_is_read_as_windows_wrote_it() -> None:
    content = document('PhysicalSizeX="1" PhysicalSizeXUnit="\N{MICRO SIGN}m"').decode().encode("cp1252")
    parsed = parse_ome_xml(content, "a")
    assert parsed.images[0].steps["x"].unit == "micrometer"
    assert parsed.metadata_only.decode("utf-8")


def test_other_files_are_those_that_are_not_this_one() -> None:
    inside = (
        '<TiffData><UUID FileName="a">u1</UUID></TiffData><TiffData><UUID FileName="old">u0</UUID></TiffData>'
        '<TiffData><UUID FileName="b">u2</UUID></TiffData><TiffData><UUID FileName="b">u2</UUID></TiffData>'
    )
    assert parse_ome_xml(document(inside=inside, head='<OME UUID="u0">'), "a").files == ("b",)


@pytest.mark.parametrize("content", [b"", b"<OME>", b"no xml", b"<?xml version='1.0' encoding='nonsense'?><OME/>"])
def test_what_is_not_well_formed_is_told_from_what_is_dangerous(content: bytes) -> None:
    with pytest.raises(MalformedError, match="malformed"):
        parse_ome_xml(content, "a")


def test_a_doctype_is_refused_wherever_it_stands() -> None:
    with pytest.raises(SourceError, match="DTD"):
        parse_ome_xml(b"<?xml version='1.0'?><!-- x --><!DOCTYPE OME><OME/>", "a")


@pytest.mark.parametrize(
    ("symbol", "measure"),
    [
        ("\N{MICRO SIGN}m", Measure(1.0, "micrometer")),
        ("\N{GREEK SMALL LETTER MU}m", Measure(1.0, "micrometer")),
        ("Mm", Measure(1.0, "megameter")),
        ("mm", Measure(1.0, "millimeter")),
        ("\N{ANGSTROM SIGN}", Measure(1.0, "angstrom")),
        ("thou", Measure(0.001, "inch")),
        ("dam", Measure(10.0, "meter")),
        ("Micrometres", Measure(1.0, "micrometer")),
        ("parsec", Measure(1.0, "parsec")),
        ("furlong", Measure(1.0, None)),
        (None, Measure(1.0, None)),
    ],
)
def test_symbols_and_words_of_lengths_become_ngff_units(symbol: str | None, measure: Measure) -> None:
    assert length(1.0, symbol) == measure


@pytest.mark.parametrize(
    ("symbol", "unit"), [("s", "second"), ("ms", "millisecond"), ("min", "minute"), ("h", "hour"), ("sec", "second")]
)
def test_symbols_of_durations_become_ngff_units(symbol: str, unit: str) -> None:
    assert duration(1.0, symbol) == Measure(1.0, unit)
