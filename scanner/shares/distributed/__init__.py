"""A scan on more than one machine: one coordinator walks, many workers read, PostgreSQL lies between.

The file table stays the truth.  A batch is a job of procrastinate on the same database that names a few
hundred files of one server; what is read of it is entered in the file table, and whatever happens to the job,
a file is owed until it has been entered.  A batch may be read twice: whoever enters a file first is believed.
"""
