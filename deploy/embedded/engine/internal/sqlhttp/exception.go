package sqlhttp

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/throughline/throughline/deploy/embedded/engine/internal/chdb"
)

var (
	codeText = regexp.MustCompile(`^Code: (\d+)\.`)
	wrapped  = regexp.MustCompile(`(?s)^Code: \d+\. DB::Exception: (Code: \d+\. .*) \([A-Z_0-9]+\)$`)
)

// exception makes an error of ours look as the engine's own do.
func exception(code int, name, format string, args ...any) error {
	return &chdb.Error{Text: fmt.Sprintf("Code: %d. DB::Exception: %s. (%s)", code, fmt.Sprintf(format, args...), name)}
}

// explain gives the code and the text for any error.
func explain(err error) (code int, text string) {
	var thrown *chdb.Error
	if !errors.As(err, &thrown) {
		if errors.Is(err, context.Canceled) {
			return 394, "Code: 394. DB::Exception: Query was cancelled. (QUERY_WAS_CANCELLED)"
		}
		return 1002, fmt.Sprintf("Code: 1002. DB::Exception: %v. (UNKNOWN_EXCEPTION)", err)
	}
	text = unwrap(thrown.Text)
	if m := codeText.FindStringSubmatch(text); m != nil {
		code, _ = strconv.Atoi(m[1]) // digits by the expression
	}
	return code, text
}

// unwrap takes off what the engine puts round an exception that passed through it as a client: the
// same beginning, and the name once more at the end.
func unwrap(text string) string {
	for {
		m := wrapped.FindStringSubmatch(text)
		if m == nil {
			return text
		}
		text = strings.TrimSuffix(m[1], ".")
	}
}

// statuses are the HTTP statuses of exception codes, as a ClickHouse server sends them; the others
// are 500. The codes of refusals to readers are 403 so that a dashboard shows them as such.
var statuses = func() map[int]int {
	m := map[int]int{
		194: http.StatusUnauthorized, 164: http.StatusForbidden, 497: http.StatusForbidden,
		48: http.StatusNotImplemented, 381: http.StatusLengthRequired, 209: http.StatusServiceUnavailable,
		439: http.StatusServiceUnavailable, 202: http.StatusServiceUnavailable, 745: http.StatusServiceUnavailable,
		159: http.StatusRequestTimeout, 160: http.StatusRequestTimeout,
	}
	for status, codes := range map[int][]int{
		http.StatusForbidden: {192, 193, 516, 512},
		http.StatusBadRequest: {6, 25, 26, 27, 36, 38, 41, 43, 53, 62, 69, 70, 72, 117, 158, 163, 167, 168, 170, 179, 190, 261, 307, 321, 349,
			356, 373, 376, 377, 378, 379, 386, 396, 398, 440, 441, 456, 457, 675, 676},
		http.StatusNotFound: {16, 46, 47, 50, 56, 60, 63, 73, 81, 83, 115, 218, 336},
	} {
		for _, code := range codes {
			m[code] = status
		}
	}
	return m
}()

// status gives the HTTP status for an exception's code.
func status(code int) int {
	if s, ok := statuses[code]; ok {
		return s
	}
	return http.StatusInternalServerError
}
