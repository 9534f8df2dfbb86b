package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// The shop's addresses.
const (
	shopURL = "https://www.hillside-outfitters.example"
	brand   = "Hillside Outfitters"
)

// product of the catalogue; prices are the same number in each currency.
type product struct {
	sku, name, category string
	cents               int
}

var catalogue = []product{
	{"HO-1001", "Ridge 28 Backpack", "backpacks", 11900},
	{"HO-1002", "Ridge 45 Trekking Pack", "backpacks", 18900},
	{"HO-1003", "Commuter Roll-Top", "backpacks", 8900},
	{"HO-2001", "Alder Rain Jacket", "jackets", 15900},
	{"HO-2002", "Birch Down Vest", "jackets", 12900},
	{"HO-2003", "Cedar Softshell", "jackets", 13900},
	{"HO-3001", "Pebble Trail Shoe", "shoes", 12995},
	{"HO-3002", "Boulder Approach Shoe", "shoes", 14495},
	{"HO-3003", "Creek Sandal", "shoes", 6995},
	{"HO-4001", "Lantern 2 Tent", "camping", 34900},
	{"HO-4002", "Ember Stove", "camping", 7450},
	{"HO-4003", "Drift Sleeping Mat", "camping", 9900},
	{"HO-4004", "Hollow Sleeping Bag", "camping", 21900},
	{"HO-5001", "Merino Tee", "clothing", 6490},
	{"HO-5002", "Merino Socks, 3 Pairs", "clothing", 3990},
	{"HO-5003", "Summit Trousers", "clothing", 9990},
	{"HO-6001", "Steel Bottle 0.75 l", "accessories", 2490},
	{"HO-6002", "Headlamp 400", "accessories", 4990},
	{"HO-6003", "Trekking Poles", "accessories", 7990},
	{"HO-6004", "Dry Bag Set", "accessories", 2990},
}

var articles = []string{"how-to-pack-a-backpack", "ten-huts-for-a-first-tour", "layers-explained", "care-for-your-rain-jacket"}

// address of a product's page.
func (p product) path() string {
	return "/products/" + p.category + "/" + strings.ToLower(strings.NewReplacer(" ", "-", ",", "", ".", "-").Replace(p.name))
}

func (p product) properties(currency string) map[string]any {
	return map[string]any{"product_id": p.sku, "name": p.name, "category": p.category, "price": money(p.cents), "currency": currency}
}

// money gives cents as a number with two decimals at most.
func money(cents int) float64 { return float64(cents) / 100 }

// line is a product in a cart.
type line struct {
	product
	quantity int
}

type cart []line

func (c cart) cents() int {
	sum := 0
	for _, l := range c {
		sum += l.cents * l.quantity
	}
	return sum
}

func (c cart) properties(currency string) map[string]any {
	var products []map[string]any
	for _, l := range c {
		one := l.properties(currency)
		one["quantity"] = l.quantity
		products = append(products, one)
	}
	return map[string]any{"products": products, "value": money(c.cents()), "currency": currency}
}

// order gives the properties of a paid cart: revenue is what was paid for goods, after the discount, without shipping.
func (c cart) order(random *rand.Rand, id, currency string) map[string]any {
	goods, shipping := c.cents(), 490
	if goods >= 10000 {
		shipping = 0
	}
	properties := c.properties(currency)
	if random.IntN(5) == 0 {
		discount := goods / 10
		goods -= discount
		properties["coupon"], properties["discount"] = "WELCOME10", money(discount)
	}
	delete(properties, "value")
	properties["order_id"] = id
	properties["revenue"], properties["shipping"], properties["total"] = money(goods), money(shipping), money(goods+shipping)
	return properties
}

func orderID(random *rand.Rand) string { return fmt.Sprintf("HO%08d", random.IntN(100_000_000)) }
