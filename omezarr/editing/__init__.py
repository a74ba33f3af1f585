"""Editing: the metadata of an OME-Zarr becomes another, in place, without a pixel being touched.

What is to be is validated before anything is written; each document is then replaced as a whole, so that the hierarchy
opens at every moment and running the same again completes what was interrupted.
"""

from omezarr.editing.appended_channel import append_channel, plan_appended_channel
from omezarr.editing.interrupted import complete_interrupted
from omezarr.editing.label_tables import LabelTable, csv_to_labels, plan_label_table
from omezarr.editing.measures import labels_to_csv, measured_labels
from omezarr.editing.metadata import edit, plan_metadata_edit
from omezarr.editing.request import MetadataEdit

__all__ = [
    "LabelTable",
    "MetadataEdit",
    "append_channel",
    "complete_interrupted",
    "csv_to_labels",
    "edit",
    "labels_to_csv",
    "measured_labels",
    "plan_appended_channel",
    "plan_label_table",
    "plan_metadata_edit",
]
