"""Shots on a render farm: an Open Job Description job, run here or handed to a queue.

`template.py` writes the job, `task.py` is what each of its tasks does on a worker, `local.py` runs a job on this
machine, `bundle.py` packs it for AWS Deadline Cloud. Queues of other makes call the same tasks (docs/farm.md).
"""
