package importer

import (
	"bufio"
	"strings"
	"testing"
)

func BenchmarkConvertCSV(b *testing.B) {
	m, err := LoadMapping("../../tests/mappings/google-merch-events.yaml")
	if err != nil {
		b.Fatal(err)
	}
	const line = "2133,16909,US,mobile,add_to_cart,94,2020-11-01 00:27:14\n"
	input := "user_id,ga_session_id,country,device,type,item_id,date\n" + strings.Repeat(line, b.N)
	rows, err := newCSVReader(bufio.NewReaderSize(strings.NewReader(input), 1<<20), ',')
	if err != nil {
		b.Fatal(err)
	}
	to, err := newConverter(m, rows.columns())
	if err != nil {
		b.Fatal(err)
	}
	var r row
	var event []byte
	b.ReportAllocs()
	b.ResetTimer()
	for rows.read(&r) == nil {
		var problem *Problem
		if event, problem = to.convert(event[:0], &r); problem != nil {
			b.Fatal(problem)
		}
	}
}

func BenchmarkConvertNDJSON(b *testing.B) {
	m, err := ParseMapping("m", []byte("format: ndjson\ntouchpoint:\n  user_id: \"{user.id}\"\n  event: \"{type}\"\n  timestamp: \"{date}\"\n  context.page.url: \"{page.url}\"\n"))
	if err != nil {
		b.Fatal(err)
	}
	const line = `{"user":{"id":"2133","name":"x"},"type":"add_to_cart","items":[1,2,3],"date":"2020-11-01T00:27:14Z","page":{"url":"https://shop/cart"}}` + "\n"
	rows := newLineReader(bufio.NewReaderSize(strings.NewReader(strings.Repeat(line, b.N)), 1<<20), m.columns())
	to, err := newConverter(m, rows.columns())
	if err != nil {
		b.Fatal(err)
	}
	var r row
	var event []byte
	b.ReportAllocs()
	b.ResetTimer()
	for rows.read(&r) == nil {
		var problem *Problem
		if event, problem = to.convert(event[:0], &r); problem != nil {
			b.Fatal(problem)
		}
	}
}
