package touchpoint

import (
	"encoding/hex"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

var update = flag.Bool("update", false, "write the golden bytes anew: only ever for new fields")

// full sets every field of a message to a value of its own, so that no two can be mixed up unnoticed.
func full(m proto.Message) {
	r := m.ProtoReflect()
	fields := r.Descriptor().Fields()
	for i := range fields.Len() {
		f := fields.Get(i)
		n := int64(f.Number())
		if f.IsList() {
			full(r.Mutable(f).List().AppendMutable().Message().Interface())
			continue
		}
		switch f.Kind() {
		case protoreflect.StringKind:
			r.Set(f, protoreflect.ValueOfString(string(f.Name())))
		case protoreflect.BytesKind:
			r.Set(f, protoreflect.ValueOfBytes([]byte(`{"`+string(f.Name())+`":1}`)))
		case protoreflect.BoolKind:
			r.Set(f, protoreflect.ValueOfBool(true))
		case protoreflect.Int64Kind, protoreflect.Sint64Kind:
			r.Set(f, protoreflect.ValueOfInt64(1_790_000_000_000+n))
		case protoreflect.Int32Kind:
			r.Set(f, protoreflect.ValueOfInt32(int32(n)))
		case protoreflect.Uint32Kind:
			r.Set(f, protoreflect.ValueOfUint32(uint32(n)))
		case protoreflect.DoubleKind:
			r.Set(f, protoreflect.ValueOfFloat64(float64(n)+0.5))
		default:
			panic("no example for " + f.Kind().String())
		}
	}
}

func examples() map[string]*Record {
	tp, rejection, link, contribution, unlink, erase := &Touchpoint{}, &Rejection{}, &Link{}, &Contribution{}, &Unlink{}, &Erase{}
	for _, m := range []proto.Message{tp, rejection, link, contribution, unlink, erase} {
		full(m)
	}
	return map[string]*Record{
		"touchpoint": {Kind: &Record_Touchpoint{Touchpoint: tp}},
		"rejection":  {Kind: &Record_Rejection{Rejection: rejection}},
		"link":       {Kind: &Record_Link{Link: link}}, "contribution": {Kind: &Record_Contribution{Contribution: contribution}},
		"unlink": {Kind: &Record_Unlink{Unlink: unlink}}, "erase": {Kind: &Record_Erase{Erase: erase}},
	}
}

// TestGoldenBytes freezes what lies in topics: records written by any earlier version must read the same.
func TestGoldenBytes(t *testing.T) {
	for name, record := range examples() {
		file := "testdata/" + name + ".hex"
		written, err := record.MarshalVT()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(file, []byte(hex.EncodeToString(written)+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		golden, err := hex.DecodeString(strings.TrimSpace(string(text)))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(written, golden) {
			t.Errorf("%s is written as\n%x\nwant\n%x", name, written, golden)
		}
		var read Record
		if err := read.UnmarshalVTUnsafe(golden); err != nil {
			t.Fatal(err)
		}
		if !proto.Equal(&read, record) {
			t.Errorf("%s reads as\n%v\nwant\n%v", name, &read, record)
		}
		// The standard library of protobuf agrees with the generated fast path.
		var standard Record
		if err := proto.Unmarshal(golden, &standard); err != nil || !proto.Equal(&standard, record) {
			t.Errorf("%s read by the standard decoder: %v, %v", name, err, &standard)
		}
	}
}

// The buckets of customers never change: state and rows lie where they say.
func TestBucketsAreFixed(t *testing.T) {
	for _, c := range []struct {
		customer Customer
		bucket   uint16
	}{
		{Customer{Site: "main", Kind: KindUser, ID: "u1"}, 6},
		{Customer{Site: "main", Kind: KindAnonymous, ID: "u1"}, 373},
		{Customer{Site: "shop", Kind: KindUser, ID: "u1"}, 669},
		{Customer{Site: "main", Kind: KindUser, ID: "ü 🌞"}, 788},
		{Customer{}, 257},
	} {
		if got := c.customer.Bucket(); got != c.bucket {
			t.Errorf("%+v lies in bucket %d, want %d", c.customer, got, c.bucket)
		}
	}
}

func TestCustomerIsTheUserWhereKnown(t *testing.T) {
	tp := Touchpoint{Site: "s", UserId: "u", AnonymousId: "a"}
	if got := tp.Customer(); got != (Customer{"s", KindUser, "u"}) {
		t.Errorf("got %+v", got)
	}
	tp.UserId = ""
	if got := tp.Customer(); got != (Customer{"s", KindAnonymous, "a"}) {
		t.Errorf("got %+v", got)
	}
}
