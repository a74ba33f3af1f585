"""From content to a plan: which groups, arrays and documents an image, a plate or a collection becomes.

Pure: nothing is read but shapes and dtypes, nothing is written. All geometry of the levels is derived from the
scaling method.
"""

from omezarr.planning.fitting import plain_name
from omezarr.planning.options import DEFAULT_FORMAT, WriteOptions
from omezarr.planning.planner import Planner, plan_content
from omezarr.planning.summary import plan_summary

__all__ = ["DEFAULT_FORMAT", "Planner", "WriteOptions", "plain_name", "plan_content", "plan_summary"]
