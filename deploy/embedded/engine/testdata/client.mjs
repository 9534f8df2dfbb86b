// Uses the official Node client as an application would; prints "fine" when all is right.
import assert from 'node:assert'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'

const url = 'http://' + process.env.CLICKHOUSE
for (const compression of [{ request: false, response: false }, { request: true, response: true }]) {
  const client = createClient({ url, compression, log: { level: ClickHouseLogLevel.OFF } })
  assert((await client.ping()).success)
  await client.command({ query: 'CREATE OR REPLACE TABLE node (id UInt64, name String, at DateTime64(3), tags Array(String)) ENGINE = MergeTree ORDER BY id' })
  const values = Array.from({ length: 5000 }, (_, i) => ({ id: i, name: `line\n${i}`, at: '2026-01-02 03:04:05.678', tags: ['a', `${i}`] }))
  const inserted = await client.insert({ table: 'node', values, format: 'JSONEachRow' })
  assert.strictEqual(inserted.summary.written_rows, '5000')

  const json = await (await client.query({ query: 'SELECT * FROM node WHERE id < {max:UInt64} ORDER BY id', query_params: { max: 2 }, clickhouse_settings: { output_format_json_quote_64bit_integers: 1 } })).json()
  assert.strictEqual(json.rows, 2)
  assert.deepStrictEqual(json.data[1], { id: '1', name: 'line\n1', at: '2026-01-02 03:04:05.678', tags: ['a', '1'] })

  let rows = 0
  const streamed = await client.query({ query: 'SELECT id FROM node', format: 'JSONCompactEachRow' })
  for await (const part of streamed.stream()) rows += part.length
  assert.strictEqual(rows, 5000)
  assert.strictEqual(streamed.response_headers['x-clickhouse-format'], 'JSONCompactEachRow')

  await assert.rejects(client.query({ query: 'SELECT * FROM nowhere' }), (e) => e.code === '60' && e.type === 'UNKNOWN_TABLE')
  const aborter = new AbortController()
  setTimeout(() => aborter.abort(), 100)
  await assert.rejects(client.query({ query: 'SELECT count() FROM system.numbers', abort_signal: aborter.signal }))
  const exec = await client.exec({ query: 'SELECT 1', query_id: 'from-node' })
  for await (const _ of exec.stream) { // to the end
  }
  assert.strictEqual(exec.query_id, 'from-node')
  await client.close()
}
console.log('fine')
