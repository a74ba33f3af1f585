"""Locations: what users name, what is refused, and how one moves about in them."""

import copy
import pickle
from pathlib import Path

import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.storage import MemoryStore

from omezarr.errors import ArgumentError, MetadataError
from omezarr.location import Location, StorageOptions, _file_url_path, checked_path

LAWS = settings(deadline=None, derandomize=True, max_examples=80)

parse = Location.parse


class TestWhatIsRefused:
    @pytest.mark.parametrize("text", ["", "   ", "a\0b"])
    def test_text_that_names_nothing(self, text):
        with pytest.raises(ArgumentError, match="no path or URL"):
            parse(text)

    @pytest.mark.parametrize("text", ["s3:/bucket/image.zarr", "https:/host/image.zarr"])
    def test_a_url_that_pathlib_took_a_slash_from(self, text):
        with pytest.raises(ArgumentError, match="has lost a slash"):
            parse(text)

    @pytest.mark.parametrize("text", ["://host/image.zarr", "1s3://bucket", "sp ace://x"])
    def test_a_url_without_a_scheme(self, text):
        with pytest.raises(ArgumentError, match="begin with"):
            parse(text)

    def test_a_home_that_nobody_has(self):
        with pytest.raises(ArgumentError, match="without a home"):
            parse("~no-such-user-here/image.zarr")

    def test_a_file_url_of_another_machine(self):
        with pytest.raises(ArgumentError, match="names the host 'server'"):
            parse("file://server/share/image.zarr")

    def test_what_is_neither_text_nor_store(self):
        with pytest.raises(ArgumentError, match="neither a path or URL nor a zarr store"):
            parse(42)  # type: ignore[arg-type]

    def test_options_for_a_store_that_is_open(self):
        with pytest.raises(ArgumentError, match="already open"):
            parse(MemoryStore(), {"anonymous": True})


class TestLocalPaths:
    def test_relative_paths_become_absolute(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        assert parse("a/./b.zarr/").url == str(tmp_path / "a" / "b.zarr")
        assert parse(Path("b.zarr")).url == str(tmp_path / "b.zarr")
        assert parse(".").url == str(tmp_path)

    def test_leading_parents_are_resolved_and_others_kept_as_they_might_follow_a_link(self, tmp_path, monkeypatch):
        (tmp_path / "sub").mkdir()
        monkeypatch.chdir(tmp_path / "sub")
        assert parse("../image.zarr").url == str(tmp_path / "image.zarr")
        assert parse("link/../image.zarr").url == str(tmp_path / "sub" / "link" / ".." / "image.zarr")

    @pytest.mark.parametrize(
        ("url", "path"),
        [
            ("file:///data/a%20b.zarr", "/data/a b.zarr"),
            ("file:/data/image.zarr/", "/data/image.zarr"),
            ("FILE://localhost/data/what?.zarr", "/data/what?.zarr"),
        ],
    )
    def test_file_urls(self, url, path):
        assert parse(url) == Location(str(Path(path)), "local")

    @pytest.mark.parametrize(
        ("url", "path"),
        [("file:///C:/a%20b/c.zarr", r"C:\a b\c.zarr"), ("file://server/share/c.zarr", r"\\server\share/c.zarr")],
    )
    def test_file_urls_on_windows(self, url, path):
        assert _file_url_path(url, windows=True).replace("/", "\\") == path.replace("/", "\\")

    def test_a_drive_letter_is_no_scheme(self):
        assert parse(r"C:\data\image.zarr").protocol == "local"
        assert parse("C:/data/image.zarr").protocol == "local"

    def test_the_home_is_expanded(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        assert parse("~/image.zarr").url == str(tmp_path / "image.zarr")

    def test_the_root_has_no_parent(self):
        assert parse(Path(Path.cwd().anchor)).parent is None


class TestURLs:
    @pytest.mark.parametrize(
        ("text", "url", "protocol", "name"),
        [
            ("https://host/a/image.zarr/", "https://host/a/image.zarr", "https", "image.zarr"),
            ("HTTPS://Host/image.zarr#fragment", "https://Host/image.zarr", "https", "image.zarr"),
            ("https://host/my%20image.zarr", "https://host/my%20image.zarr", "https", "my image.zarr"),
            ("https://host/x.zarr/?a=b/c", "https://host/x.zarr?a=b/c", "https", "x.zarr"),
            ("s3://bucket/odd?name#1.zarr", "s3://bucket/odd?name#1.zarr", "s3", "odd?name#1.zarr"),
            ("s3://bucket", "s3://bucket", "s3", "bucket"),
            ("memory://name/", "memory://name", "memory", "name"),
            ("simplecache::https://host/x.zarr/", "simplecache::https://host/x.zarr", "simplecache", "x.zarr"),
            ("zip://A/1::s3://bucket/x.zip", "zip://A/1::s3://bucket/x.zip", "zip", "1"),
        ],
    )
    def test_are_kept_as_given(self, text, url, protocol, name):
        location = parse(text)
        assert (location.url, location.protocol, location.name) == (url, protocol, name)

    @pytest.mark.parametrize(
        ("text", "above"),
        [
            ("https://host/a/b?q=1/2", ["https://host/a?q=1/2", "https://host?q=1/2"]),
            ("s3://bucket/a/b", ["s3://bucket/a", "s3://bucket"]),
            ("simplecache::s3://bucket/a", ["simplecache::s3://bucket"]),
            ("zip://A/1::s3://bucket/x.zip", ["zip://A::s3://bucket/x.zip", "zip://::s3://bucket/x.zip"]),
            ("simplecache::zip://A::s3://b/x.zip", ["simplecache::zip://::s3://b/x.zip"]),
        ],
    )
    def test_lead_up_to_host_or_bucket(self, text, above):
        location, found = parse(text), []
        while (location := location.parent) is not None:
            found.append(location.url)
        assert found == above

    @pytest.mark.parametrize(
        ("text", "below"),
        [
            ("https://host/a?q=1", "https://host/a/x%20y/100%25%3F?q=1"),
            ("https://host", "https://host/x%20y/100%25%3F"),
            ("s3://bucket", "s3://bucket/x y/100%?"),
            ("zip::s3://bucket/x.zip", "zip://x y/100%?::s3://bucket/x.zip"),
            ("simplecache::https://host/a", "simplecache::https://host/a/x%20y/100%25%3F"),
        ],
    )
    def test_lead_down_encoded_only_where_the_protocol_wants_it(self, text, below):
        assert parse(text).below("x y/100%?/").url == below

    @pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "https://other/x", "a\\b", "a\0", "\ud800"])
    def test_never_lead_outside(self, path):
        for text in ("https://host/a", "s3://bucket/a", "/data/a"):
            with pytest.raises(MetadataError, match="refused"):
                parse(text).below(path)


class TestOpenedStores:
    def test_groups_and_arrays_keep_their_path(self):
        group = zarr.create_group(MemoryStore(), path="plate/A")
        location = parse(group)
        assert (location.protocol, location.path, location.name) == ("store", "plate/A", "A")
        assert location.parent.path == "plate"
        assert location.parent.parent.parent is None
        assert location.below("1/0").path == "plate/A/1/0"

    def test_are_equal_if_they_are_the_same(self):
        store = MemoryStore()
        assert parse(store) == parse(store)
        assert parse(store) != parse(MemoryStore())


class TestSecrets:
    def test_are_not_shown(self):
        options = {"key": "S1", "secret": "S2", "token": "S3", "headers.Authorization": "S4", "backend.x": "S5"}
        location = parse("https://user:S6@host/image.zarr?signature=S7", options)
        assert not {f"S{number}" for number in range(1, 8) if f"S{number}" in f"{location} {location!r}"}
        assert str(location) == "https://user:***@host/image.zarr?***"

    def test_stay_in_the_url(self):
        assert parse("https://user:pw@host/image.zarr?s=1").below("0").url == "https://user:pw@host/image.zarr/0?s=1"


class TestOptions:
    @pytest.mark.parametrize(
        ("name", "value", "cure"),
        [
            ("endpont", "x", "did you mean 'endpoint'"),
            ("headers.", "x", "unknown storage option"),
            ("anonymous", "perhaps", "true or false"),
            ("retries", "many", "is a number"),
            ("retries", -1, "positive"),
            ("timeout", "0", "positive"),
            ("timeout", "nan", "positive"),
            ("timeout", "inf", "positive"),
            ("key", 12, "is text"),
            ("headers", "x", "takes a mapping"),
        ],
    )
    def test_that_make_no_sense_are_refused(self, name, value, cure):
        with pytest.raises(ArgumentError, match=cure):
            StorageOptions.from_mapping({name: value})

    def test_a_backend_option_cannot_have_both_a_value_and_parts(self):
        with pytest.raises(ArgumentError, match=r"backend\.s3"):
            StorageOptions.from_mapping({"backend.s3": "1", "backend.s3.anon": "true"})

    def test_text_is_parsed_as_on_the_command_line(self):
        options = StorageOptions.from_mapping(
            {
                "anonymous": "True",
                "retries": "0",
                "timeout": "2.5",
                "headers.X-Number": 5,
                "headers": {"X-Other": "y"},
                "backend.anon": "true",
                "backend.name": "text",
                "backend.s3.port": "12",
            }
        )
        assert (options.anonymous, options.retries, options.timeout) == (True, 0, 2.5)
        assert options.headers == {"X-Number": "5", "X-Other": "y"}
        assert options.backend == {"anon": True, "name": "text", "s3": {"port": 12}}
        assert options.given == ("anonymous", "headers", "retries", "timeout", "backend")

    def test_values_of_a_backend_mapping_are_left_alone(self):
        assert StorageOptions.from_mapping({"backend": {"token": "123"}}).backend == {"token": "123"}

    def test_none_means_not_given(self):
        assert StorageOptions.from_mapping({"key": None, "retries": None}).given == ()


class TestLaws:
    names = st.text(st.characters(exclude_characters="/\\:\0", exclude_categories=("Cs",)), min_size=1).filter(
        lambda name: name not in (".", "..")
    )

    @LAWS
    @given(
        st.lists(names, min_size=1, max_size=4), st.sampled_from(["https://h/a?q", "s3://b", "/data", "memory://n/x"])
    )
    def test_what_lies_below_has_that_name_and_parent(self, names, text):
        location = parse(text)
        below = location.below("/".join(names))
        assert below.name == names[-1]
        for _ in names:
            below = below.parent
        assert below == location

    @LAWS
    @given(st.text(max_size=20))
    def test_any_text_is_a_location_or_a_clear_error(self, text):
        try:
            location = parse(text)
        except ArgumentError:
            return
        assert location.url
        assert parse(location.url).url == location.url

    @LAWS
    @given(st.text(max_size=20))
    def test_a_checked_path_stays_inside_and_is_checked_once_and_for_all(self, path):
        try:
            checked = checked_path(path)
        except MetadataError:
            return
        assert ".." not in checked.split("/")
        assert not checked.startswith("/")
        assert checked_path(checked) == checked

    @pytest.mark.parametrize("text", ["https://h/a?q", "/data/x", "s3://b/x"])
    def test_locations_are_hashable_and_picklable_values(self, text):
        location = parse(text, {"headers.X": "1", "backend.y": "2"})
        assert pickle.loads(pickle.dumps(location)) == location == copy.copy(location)
        assert len({location, parse(text, {"headers.X": "1", "backend.y": "2"})}) == 1
