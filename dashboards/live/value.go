package live

import (
	"fmt"
	"math"
	"reflect"
	"time"

	"github.com/shopspring/decimal"
)

// plain gives a value of ClickHouse as one that JSON has: times as RFC 3339 in UTC, decimals as numbers, what is not a number as null.
func plain(v any) any {
	switch v := v.(type) {
	case nil, string, bool:
		return v
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	case decimal.Decimal:
		return v.InexactFloat64()
	case float64:
		return finite(v)
	case float32:
		return finite(float64(v))
	case fmt.Stringer: // UUIDs
		if reflect.ValueOf(v).Kind() != reflect.Pointer {
			return v.String()
		}
	}
	return deep(reflect.ValueOf(v))
}

// deep looks through pointers and lists.
func deep(v reflect.Value) any {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return plain(v.Elem().Interface())
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = plain(v.Index(i).Interface())
		}
		return list
	}
	return v.Interface()
}

func finite(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}
