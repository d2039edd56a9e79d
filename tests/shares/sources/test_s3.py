"""A bucket of a server that speaks S3, scanned night after night."""

from __future__ import annotations

from pathlib import Path

import pytest

from scanner.shares import mounts
from scanner.shares.scan import Run, scan
from scanner.shares.settings import ScanSettings, WorkerSettings
from scanner.shares.sources import usable
from scanner.store import runs
from scanner.store.entry import Audience, RunState
from scanner.store.inventory.tables import open_inventory
from scanner.store.ledger import Ledger
from scanner.store.runs import NewRun

from ..plain_inspector import TEST_KEY
from ..test_nights import SPECIMEN, Log, Noting

pytest.importorskip("s3fs", reason="s3fs is not installed (council-dlp[s3])")
pytest.importorskip("moto.server", reason="moto[server] is not installed: the S3 server of this test")


def test_scanned_and_the_next_night_only_what_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "eu-west-2",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(mounts, "_SETTLED_NETWORK_NS", 0)
    try:
        bucket = boto3.client("s3")
        bucket.create_bucket(Bucket="council", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
        for key, text in (("hr/one.txt", f"a number {SPECIMEN}"), ("hr/deep/two.txt", "plain")):
            bucket.put_object(Bucket="council", Key=key, Body=text.encode())
        engine = open_inventory(f"sqlite:///{tmp_path / 'dlp.db'}")
        root = usable("s3://council/hr/")
        log = Log()

        def night() -> tuple[RunState, list[str]]:
            log.clear()
            stored = runs.start(engine, NewRun((root,), "test"))
            settings = ScanSettings(workers=WorkerSettings(count=2))
            record = scan(Run(settings, Noting(log=log), TEST_KEY), engine, stored)
            return record.state, log.names()

        assert night() == (RunState.FINISHED, ["one.txt", "two.txt"])
        entries = {e.path: e for e in Ledger(engine, runs.find(engine).number).entries()}
        assert entries["s3://council/hr/one.txt"].counts == {"UK_NINO": 1}
        assert entries["s3://council/hr/one.txt"].exposure.audience is Audience.UNKNOWN

        bucket.put_object(Bucket="council", Key="hr/one.txt", Body=b"other words")
        assert night() == (RunState.FINISHED, ["one.txt"])
    finally:
        server.stop()
