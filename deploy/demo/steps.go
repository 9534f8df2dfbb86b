package demo

import (
	"net/url"
	"strings"
	"time"
)

// add notes a step of the visitor, a thinking time after the one before.
func (v *visitor) add(e event, pause time.Duration) {
	e.AnonymousID = v.anonymousID
	if v.loggedIn {
		e.UserID = v.userID
	}
	v.touches = append(v.touches, touch{pause, e})
}

// think is how long a visitor looks at something.
func (v *visitor) think() time.Duration {
	return time.Duration(v.between(4_000, 90_000)) * time.Millisecond
}

// wait is the time until something hours or days later.
func (v *visitor) wait(low, high time.Duration) time.Duration {
	return low + time.Duration(v.random.Int64N(int64(high-low)))
}

// around is the context of an event on a page of the shop; address may hold a query.
func (v *visitor) around(address, title, referrer string) *surroundings {
	path, _, _ := strings.Cut(address, "?")
	return &surroundings{
		Page:      &page{URL: shopURL + address, Path: path, Title: title + " | " + brand, Referrer: referrer},
		UserAgent: v.agent.text, IP: v.ip, Locale: v.market.locale,
		Location: &location{v.market.country}, Device: &device{v.agent.device},
	}
}

// look is a page view.
func (v *visitor) look(address, title, referrer string, pause time.Duration) {
	v.add(event{Type: "page", Context: v.around(address, title, referrer)}, pause)
}

// act is a named step on a page of the shop, from within the shop.
func (v *visitor) act(name, path string, properties map[string]any) {
	v.add(event{Event: name, Properties: properties, Context: v.around(path, name, shopURL+"/")}, v.think())
}

// behind is a step that another system reports: a mail sent, a ticket answered. It opens no session.
func (v *visitor) behind(name, channel string, properties map[string]any, pause time.Duration) {
	v.add(event{Event: name, Channel: channel, Passive: true, Properties: properties}, pause)
	v.byUser()
}

// byUser makes the last step one of the person alone: other systems know no browser.
func (v *visitor) byUser() {
	last := &v.touches[len(v.touches)-1].event
	if v.userID != "" && v.loggedIn {
		last.UserID, last.AnonymousID = v.userID, ""
	}
}

// browse looks at a list and some products and gives the last.
func (v *visitor) browse(products int) product {
	seen := catalogue[v.random.IntN(len(catalogue))]
	if v.chance(30) {
		v.act("Products Searched", "/search?q="+url.QueryEscape(seen.category), map[string]any{"query": seen.category})
	} else {
		v.act("Product List Viewed", "/products/"+seen.category, map[string]any{"category": seen.category, "list_id": seen.category})
	}
	for range products {
		v.act("Product Viewed", seen.path(), seen.properties(v.market.currency))
		if next := catalogue[v.random.IntN(len(catalogue))]; next.category == seen.category || v.chance(40) {
			seen = next
		}
	}
	return seen
}

// fill puts products into the cart and looks at it.
func (v *visitor) fill(first product) cart {
	var c cart
	for next := first; ; next = catalogue[v.random.IntN(len(catalogue))] {
		l := line{next, 1}
		if next.cents < 7000 && v.chance(25) {
			l.quantity = 2
		}
		c = append(c, l)
		properties := next.properties(v.market.currency)
		properties["quantity"] = l.quantity
		v.act("Product Added", next.path(), properties)
		if len(c) == 4 || v.chance(60) {
			break
		}
	}
	v.act("Cart Viewed", "/cart", c.properties(v.market.currency))
	return c
}

// login makes the person known if there is an account: the event carries both ids.
func (v *visitor) login() {
	if v.loggedIn || !v.logsIn {
		return
	}
	v.loggedIn, v.logsIn = true, false
	v.add(event{Type: "identify", Properties: map[string]any{"market": v.market.country}, Context: v.around("/login", "Log in", shopURL+"/")}, v.think())
}

// check goes through the checkout, up to the payment.
func (v *visitor) check(c cart) {
	v.act("Checkout Started", "/checkout", c.properties(v.market.currency))
	v.login()
	v.act("Checkout Step Completed", "/checkout/shipping", map[string]any{"step": 1, "shipping_method": "standard"})
	v.act("Payment Info Entered", "/checkout/payment", map[string]any{"step": 2, "payment_method": []string{"card", "paypal", "invoice"}[v.random.IntN(3)]})
}

// buy pays.
func (v *visitor) buy(c cart) {
	v.bought = true
	v.act("Order Completed", "/checkout/thank-you", c.order(v.random, orderID(v.random), v.market.currency))
	v.behind("Email Sent", "email", map[string]any{"email_id": "order-confirmation"}, 20*time.Second)
}
