"""Uses the official Python client as an analyst would; prints "fine" when all is right."""
import datetime
import os

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

host, port = os.environ["CLICKHOUSE"].split(":")
for compress in (False, "lz4", "zstd", "gzip"):
    client = clickhouse_connect.get_client(host=host, port=int(port), compress=compress)
    assert client.ping()
    client.command("CREATE OR REPLACE TABLE python (id UInt64, name String, lc LowCardinality(String), at DateTime64(3, 'UTC'), "
                   "tags Array(String), maybe Nullable(Float64)) ENGINE = MergeTree ORDER BY id")
    at = datetime.datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=datetime.timezone.utc)
    rows = [[i, f"line\n{i}", f"lc{i % 3}", at, ["a", str(i)], None if i % 2 else i / 4] for i in range(5000)]
    summary = client.insert("python", rows, column_names=["id", "name", "lc", "at", "tags", "maybe"])
    assert summary.written_rows == 5000, summary.summary
    found = client.query("SELECT * FROM python WHERE id < {top:UInt32} ORDER BY id", parameters={"top": 4000}, settings={"max_threads": 1})
    assert len(found.result_rows) == 4000
    assert list(found.result_rows[3]) == [3, "line\n3", "lc0", at.replace(tzinfo=None), ["a", "3"], None] or found.result_rows[3][3] == at, found.result_rows[3]
    assert client.query("SELECT id FROM python WHERE 0").result_rows == []
    assert client.command("SELECT sum(id) FROM python") == 12497500
    with client.query_row_block_stream("SELECT number FROM numbers(200000)") as stream:
        assert sum(len(block) for block in stream) == 200000
    assert client.raw_query("SELECT 1 FORMAT CSV") == b"1\n"
    client.command("SET max_threads = 2")
    assert str(client.command("SELECT getSetting('max_threads')")) == "2"
    try:
        client.query("SELECT * FROM nowhere")
        raise AssertionError("no exception")
    except DatabaseError as error:
        assert "60" in str(error), error
    client.close()
print("fine")
