"""What is to be written, from a request to a plan, and the public functions that write.

Planning is pure: nothing is read but shapes and dtypes, nothing is written. All geometry of the levels is derived from
the scaling method.
"""

from omezarr.writing.fitting import plain_name
from omezarr.writing.options import DEFAULT_FORMAT, RunOptions, WriteOptions
from omezarr.writing.planner import Planner, plan_content
from omezarr.writing.summary import plan_summary

__all__ = ["DEFAULT_FORMAT", "Planner", "RunOptions", "WriteOptions", "plain_name", "plan_content", "plan_summary"]
