package admission

import (
	"math/big"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

func TestParseMoney(t *testing.T) {
	for in, want := range map[string]int64{
		"0": 0, "-0": 0, "1": 1_0000, "12.50": 12_5000, "-3.25": -3_2500, "+7": 7_0000, ".5": 5000, "5.": 5_0000, "007.1": 7_1000,
		"0.1": 1000, "0.0001": 1, "0.00005": 1, "0.00004": 0, "-0.00005": -1, "0.00015": 2, "1.00005": 1_0001,
		"19.99": 19_9900, "12.340000000000002": 12_3400, "4.35": 4_3500, "1.005": 1_0050, "0.1e1": 1_0000, "1e3": 1000_0000,
		"1E-4": 1, "1e-5": 0, "9e-5": 1, "5e-5": 1, "1e-99999999999999999999": 0, "0e99999999999999999999": 0, "0.000e5": 0,
		"99999999999999.9999": 999_999_999_999_999_999, "-99999999999999.9999": -999_999_999_999_999_999, "1e13": 1e17, "123456e-2": 1234_5600,
		"0.000000000000000000000000000001e30": 1_0000, "100000000000000000000e-20": 1_0000,
	} {
		if got, fault := parseMoney(in); fault != moneyOK || got != want {
			t.Errorf("%q gives %d, fault %d, want %d", in, got, fault, want)
		}
	}
	for _, in := range []string{"", "-", ".", "e1", "1e", "1e+", "1e1.5", "1.2.3", "1,5", "1 000", "€5", "5 ", " 5", "--1", "1-", "NaN", "Inf", "0x10", "1_000", "1e1e1", "١"} {
		if _, fault := parseMoney(in); fault != moneySyntax {
			t.Errorf("%q gives fault %d", in, fault)
		}
	}
	for _, in := range []string{"100000000000000", "-1e14", "99999999999999.99995", "1e999999999999", strings.Repeat("9", 5000)} {
		if _, fault := parseMoney(in); fault != moneyRange {
			t.Errorf("%q gives fault %d", in, fault)
		}
	}
}

// TestMoneyIsExact compares with rational arithmetic.
func TestMoneyIsExact(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for range 20_000 {
		text := strconv.FormatInt(random.Int64N(1e15)>>random.IntN(50), 10)
		if at := random.IntN(len(text) + 1); random.IntN(4) > 0 {
			text = text[:at] + "." + text[at:]
		}
		if random.IntN(3) == 0 {
			text += "e" + strconv.Itoa(random.IntN(30)-20)
		}
		if random.IntN(2) == 0 {
			text = "-" + text
		}
		want, inRange := exact(text)
		got, fault := parseMoney(text)
		if (fault == moneyOK) != inRange || (inRange && got != want) || fault == moneySyntax {
			t.Fatalf("%q gives %d, fault %d, want %d, in range %v", text, got, fault, want, inRange)
		}
	}
}

// exact rounds half away from zero, slowly.
func exact(text string) (units int64, ok bool) {
	value, _ := new(big.Rat).SetString(text)
	value.Mul(value, big.NewRat(10_000, 1))
	half := big.NewRat(1, 2)
	if value.Sign() < 0 {
		half.Neg(half)
	}
	value.Add(value, half)
	whole := new(big.Int).Quo(value.Num(), value.Denom()) // towards zero
	return whole.Int64(), whole.CmpAbs(big.NewInt(maxMoney)) <= 0
}

func TestRevenue(t *testing.T) {
	for properties, want := range map[string]struct {
		units    int64
		currency string
	}{
		`{}`:                                     {0, ""},
		`{"revenue":12.5}`:                       {12_5000, "USD"},
		`{"revenue":"12.50","currency":"EUR"}`:   {12_5000, "EUR"},
		`{"revenue":null,"total":3}`:             {3_0000, "USD"},
		`{"revenue":"","total":"3"}`:             {3_0000, "USD"},
		`{"revenue":0,"total":3}`:                {0, "USD"},
		`{"total":3,"revenue":2,"currency":""}`:  {2_0000, "USD"},
		`{"total":"three items"}`:                {0, ""},
		`{"total":{"a":1}}`:                      {0, ""},
		`{"currency":"eur"}`:                     {0, "EUR"},
		`{"revenue":-12.5,"currency":"JPY"}`:     {-12_5000, "JPY"},
		`{"revenue":1,"total":true}`:             {1_0000, "USD"},
		`{"products":[{"revenue":5}],"total":2}`: {2_0000, "USD"},
	} {
		req := request()
		site := *req.Site
		site.Currency, req.Site = "USD", &site
		got := accepted(t, req, `{"event":"E","user_id":"u","properties":`+properties+`}`)
		if got.Revenue != want.units || got.Currency != want.currency {
			t.Errorf("%s gives %d %q, want %+v", properties, got.Revenue, got.Currency, want)
		}
	}
}
