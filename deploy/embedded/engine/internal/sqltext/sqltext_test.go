package sqltext

import "testing"

func TestParseInsert(t *testing.T) {
	for _, c := range []struct{ in, before, after, data string }{
		{"INSERT INTO t FORMAT Native\n\x01\x02", "INSERT INTO t ", "FORMAT Native", "\x01\x02"},
		{"insert into t (a, `format`) settings x=1 format CSV \r\n1,2", "insert into t (a, `format`) ", "settings x=1 format CSV", "1,2"},
		{"INSERT INTO db.values VALUES (1),(2)", "INSERT INTO db.values ", " FORMAT Values", " (1),(2)"},
		{"/* SELECT */ INSERT INTO format -- SELECT\n FORMAT TSV 1\t2", "/* SELECT */ INSERT INTO format -- SELECT\n ", "FORMAT TSV", "1\t2"},
		{"INSERT INTO t FORMAT JSONEachRow\n{\"a\":\"INFILE\"}", "INSERT INTO t ", "FORMAT JSONEachRow", "{\"a\":\"INFILE\"}"},
		{"INSERT INTO t FORMAT CSV\n\n1", "INSERT INTO t ", "FORMAT CSV", "\n1"},
	} {
		got, ok := ParseInsert([]byte(c.in))
		if !ok || got.Before != c.before || got.After != c.after || c.in[got.Data:] != c.data {
			t.Errorf("ParseInsert(%q) = %+v %v, data %q", c.in, got, ok, c.in[got.Data:])
		}
	}
	for _, in := range []string{"SELECT 1", "INSERT INTO t SELECT 1 FORMAT CSV", "INSERT INTO t WITH 1 AS x SELECT x", "INSERT INTO t", ""} {
		if got, ok := ParseInsert([]byte(in)); ok {
			t.Errorf("ParseInsert(%q) = %+v, want none", in, got)
		}
	}
	if got, ok := ParseInsert([]byte("INSERT INTO t FROM INFILE '/etc/passwd' FORMAT CSV")); !ok || !got.Infile {
		t.Errorf("FROM INFILE was not seen: %+v %v", got, ok)
	}
}

func TestParseQuery(t *testing.T) {
	for _, c := range []struct{ in, format, out string }{
		{"SELECT 1", "", "SELECT 1\nINTO OUTFILE 'p' APPEND FORMAT TSV"},
		{"SELECT 1; -- done", "", "SELECT 1\nINTO OUTFILE 'p' APPEND FORMAT TSV"},
		{"SELECT 1 FORMAT JSON;", "JSON", "SELECT 1 \nINTO OUTFILE 'p' APPEND FORMAT JSON"},
		{"SELECT 1 FORMAT JSON SETTINGS a=1, b='x'", "JSON", "SELECT 1 \nINTO OUTFILE 'p' APPEND FORMAT JSON SETTINGS a=1, b='x'"},
		{"SELECT format AS x FROM t", "", "SELECT format AS x FROM t\nINTO OUTFILE 'p' APPEND FORMAT TSV"},
		{"SELECT format x FROM t", "", "SELECT format x FROM t\nINTO OUTFILE 'p' APPEND FORMAT TSV"},
		{"SELECT 'FORMAT CSV', $$ FORMAT XML $$ FROM (SELECT 1)", "", "SELECT 'FORMAT CSV', $$ FORMAT XML $$ FROM (SELECT 1)\nINTO OUTFILE 'p' APPEND FORMAT TSV"},
	} {
		q := ParseQuery(c.in)
		if q.Format != c.format || q.IntoOutfile("p", "TSV") != c.out || !q.Select || q.Outfile {
			t.Errorf("ParseQuery(%q) = %+v, %q", c.in, q, q.IntoOutfile("p", "TSV"))
		}
	}
	if q := ParseQuery("SELECT 1 INTO OUTFILE '/tmp/x' FORMAT CSV"); !q.Outfile {
		t.Error("INTO OUTFILE was not seen")
	}
	if q := ParseQuery("SHOW TABLES FORMAT JSON"); q.Select || q.Format != "JSON" {
		t.Errorf("SHOW TABLES: %+v", q)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("SELECT 1 FORMAT JSON SETTINGS a='b'")
	f.Add("INSERT INTO t (a) SETTINGS x=1 FORMAT CSV\n1")
	f.Fuzz(func(t *testing.T, sql string) {
		if q := ParseQuery(sql); len(q.before)+len(q.after) > len(sql) {
			t.Errorf("ParseQuery(%q) grew", sql)
		}
		if in, ok := ParseInsert([]byte(sql)); ok && (in.Data < 0 || in.Data > len(sql)) {
			t.Errorf("ParseInsert(%q): data at %d", sql, in.Data)
		}
	})
}
