package admission

// moneyDigits is how many digits behind the point are kept: money is counted in 1/10,000 of the currency unit.
const moneyDigits = 4

// maxMoney is the greatest amount, in units: 18 digits, as ClickHouse's Decimal(18, 4) holds.
const maxMoney = 999_999_999_999_999_999

type moneyFault uint8

const (
	moneyOK moneyFault = iota
	moneySyntax
	moneyRange
)

func (f moneyFault) detail() string {
	if f == moneyRange {
		return "out of range: amounts have at most 14 digits before the point"
	}
	return "not an amount: send a number such as 12.50, without currency sign or thousands separators"
}

// parseMoney reads a decimal number ("12.5", "-3", "1e3", "+.5") exactly, in units of 1/10,000, rounding the digits
// behind the fourth half away from zero. No binary fraction is involved.
func parseMoney(text string) (units int64, fault moneyFault) {
	negative, text := sign(text)
	mantissa, exponent, ok := splitExponent(text)
	if !ok {
		return 0, moneySyntax
	}
	// keep counts down the digits that are whole units; it is known where the point stands.
	keep, digits, point := moneyDigits+exponent, 0, -1
	for i := range len(mantissa) {
		switch c := mantissa[i]; {
		case c == '.' && point < 0:
			point = i
		case c-'0' <= 9:
			if digits++; point < 0 {
				keep++
			}
		default:
			return 0, moneySyntax
		}
	}
	if digits == 0 {
		return 0, moneySyntax
	}
	if units, ok = whole(mantissa, keep); !ok {
		return 0, moneyRange
	}
	if negative {
		units = -units
	}
	return units, moneyOK
}

func sign(text string) (negative bool, rest string) {
	if text != "" && (text[0] == '-' || text[0] == '+') {
		return text[0] == '-', text[1:]
	}
	return false, text
}

// splitExponent parts "1.5e-3" into "1.5" and −3. Exponents beyond ±99,999 are cut there: no event has room for the zeros
// that would bring such a number back into range.
func splitExponent(text string) (mantissa string, exponent int, ok bool) {
	for i := range len(text) {
		if text[i]|0x20 != 'e' {
			continue
		}
		negative, digits := sign(text[i+1:])
		if digits == "" {
			return "", 0, false
		}
		for _, c := range []byte(digits) {
			if c-'0' > 9 {
				return "", 0, false
			}
			exponent = min(exponent*10+int(c-'0'), 99_999)
		}
		if negative {
			exponent = -exponent
		}
		return text[:i], exponent, true
	}
	return text, 0, true
}

// whole gives the first keep digits of the mantissa as a number (zeros follow where it has fewer), rounded by the next.
func whole(mantissa string, keep int) (units int64, ok bool) {
	if keep < 0 {
		return 0, true
	}
	for i := range len(mantissa) {
		if mantissa[i] == '.' {
			continue
		}
		digit := int64(mantissa[i] - '0')
		if keep == 0 {
			if digit >= 5 {
				units++
			}
			return units, units <= maxMoney
		}
		keep--
		if units > maxMoney/10 {
			return 0, false
		}
		units = units*10 + digit
	}
	for ; keep > 0 && units > 0; keep-- {
		if units > maxMoney/10 {
			return 0, false
		}
		units *= 10
	}
	return units, true
}
