package store

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2"
	chcolumn "github.com/ClickHouse/clickhouse-go/v2/lib/column"
)

// Class is what to do about an error of ClickHouse.
type Class string

const (
	// Retry is for the network, a timeout, overload; the same rows may pass later. Unknown errors are of this class, since
	// waiting loses nothing.
	Retry Class = "retry"
	// Reject is for some row of the batch is at fault and never passes.
	Reject Class = "reject"
	// Fatal is where an operator has to do something first.
	Fatal Class = "fatal"
)

// Codes as in ClickHouse's ErrorCodes.cpp.
var (
	rejectCodes = []int32{
		6,   // CANNOT_PARSE_TEXT
		69,  // ARGUMENT_OUT_OF_BOUND
		70,  // CANNOT_CONVERT_TYPE
		117, // INCORRECT_DATA
		128, // TOO_LARGE_ARRAY_SIZE
		131, // TOO_LARGE_STRING_SIZE
		321, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE
		407, // DECIMAL_OVERFLOW
		469, // VIOLATED_CONSTRAINT
	}
	missingCodes = []int32{
		10, // NOT_FOUND_COLUMN_IN_BLOCK
		16, // NO_SUCH_COLUMN_IN_TABLE
		47, // UNKNOWN_IDENTIFIER
		60, // UNKNOWN_TABLE
		81, // UNKNOWN_DATABASE
	}
	accessCodes = []int32{
		192, // UNKNOWN_USER
		193, // WRONG_PASSWORD
		194, // REQUIRED_PASSWORD
		497, // ACCESS_DENIED
		516, // AUTHENTICATION_FAILED
	}
	settingCodes = []int32{
		115, // UNKNOWN_SETTING
		452, // SETTING_CONSTRAINT_VIOLATION
	}
)

// Classify tells what to do about an error that the store returned.
func Classify(err error) Class {
	var fatal *fatalError
	var fenced *fenceError
	var rejected *RejectedError
	var exception *clickhouse.Exception
	var conversion *chcolumn.ColumnConverterError
	switch {
	case errors.As(err, &fatal), errors.As(err, &fenced):
		return Fatal
	case errors.As(err, &rejected), errors.As(err, &conversion):
		return Reject
	case !errors.As(err, &exception):
		return Retry
	case slices.Contains(rejectCodes, exception.Code):
		return Reject
	case adviceFor(exception.Code) != "":
		return Fatal
	}
	return Retry
}

func adviceFor(code int32) string {
	switch {
	case slices.Contains(missingCodes, code):
		return "the tables are missing or older than this program: run `throughline migrate`"
	case slices.Contains(accessCodes, code):
		return "ClickHouse refuses the user: check the user, the password and the grants of the DSN"
	case slices.Contains(settingCodes, code):
		return "ClickHouse refuses a setting: use release 26.2 or later and let the user change settings"
	}
	return ""
}

// fatalError adds what an operator has to do.
type fatalError struct {
	advice string
	err    error
}

func (e *fatalError) Error() string { return e.advice + ": " + e.err.Error() }
func (e *fatalError) Unwrap() error { return e.err }

// explain adds advice to an error that needs an operator.
func explain(err error) error {
	var exception *clickhouse.Exception
	if errors.As(err, &exception) {
		if advice := adviceFor(exception.Code); advice != "" {
			return &fatalError{advice: advice, err: err}
		}
	}
	return err
}

// Poison is one row that ClickHouse refuses.
type Poison struct {
	// Table is one of the Table… names, Index the row's place in the batches' lists for that table, one after another.
	Table string
	Index int
	Err   error
}

// RejectedError is returned when all rows were written but for those that it lists.
type RejectedError struct{ Rows []Poison }

func (e *RejectedError) Error() string {
	first := e.Rows[0]
	return fmt.Sprintf("%d rows refused by ClickHouse, the first in %s at %d: %v", len(e.Rows), first.Table, first.Index, first.Err)
}
