package demo

import "time"

// How far a journey goes.
const (
	bounces = iota
	browses
	fillsCart
	checksOut
	buys
)

// depths are the chances of each, in percent.
var depths = []int{34, 30, 13, 9, 14}

const (
	hour = time.Hour
	day  = 24 * time.Hour
)

// journey is what a new visitor does from the first touch to the last.
func (v *visitor) journey() {
	depth := pick(v.random, len(depths), func(i int) int { return depths[i] })
	v.introduce()
	v.arrive(0)
	if depth == bounces {
		if v.chance(30) {
			v.look("/about", "About us", shopURL+"/", v.think())
		}
		return
	}
	seen := v.browse(v.between(1, 4))
	for depth > browses && v.chance(35) {
		v.comeBack("new-arrivals", v.wait(3*hour, 4*day))
		seen = v.browse(v.between(1, 3))
	}
	if depth == browses {
		if v.chance(20) {
			v.ask()
		}
		return
	}
	v.order(seen, depth)
	if depth == buys {
		v.after(2)
	}
}

// order fills a cart and goes as far as depth says; who leaves the cart is reminded once.
func (v *visitor) order(seen product, depth int) {
	c := v.fill(seen)
	if depth == fillsCart {
		if v.chance(40) && v.mail("cart-reminder", v.wait(4*hour, 30*hour)) {
			v.act("Cart Viewed", "/cart", c.properties(v.market.currency))
		}
		return
	}
	if v.chance(25) {
		v.comeBack("cart-reminder", v.wait(2*hour, 2*day))
		v.act("Cart Viewed", "/cart", c.properties(v.market.currency))
	}
	v.check(c)
	if depth == buys {
		v.buy(c)
	}
}

// returns is what a customer does who comes back: look, often buy again. A few use another browser and log in there.
func (v *visitor) returns() {
	if v.loggedIn && v.chance(logsInPercent) {
		v.openBrowser()
		v.logsIn = true
	}
	v.comeBack("for-you", 0)
	v.login()
	seen := v.browse(v.between(1, 3))
	switch {
	case v.chance(55):
		v.order(seen, buys)
		v.after(1)
	case v.chance(30):
		v.support()
	}
}

// after is what follows a purchase; a further order may come at most again times.
func (v *visitor) after(again int) {
	v.behind("Order Shipped", "", map[string]any{"carrier": "parcel"}, v.wait(10*hour, 40*hour))
	if v.chance(20) {
		v.support()
	}
	if v.chance(35) {
		v.survey("nps", v.score(10, 8), v.wait(3*day, 6*day))
	}
	if v.chance(12) {
		v.act("Product Reviewed", "/account/reviews", map[string]any{"rating": v.score(5, 4)})
		v.touches[len(v.touches)-1].pause = v.wait(2*day, 7*day)
	}
	if again > 0 && v.chance(28) {
		v.comeBack("for-you", v.wait(4*day, 16*day))
		v.order(v.browse(v.between(1, 3)), buys)
		v.after(again - 1)
	}
}

// support is a ticket from its opening to its rating.
func (v *visitor) support() {
	topic := map[string]any{"topic": []string{"return", "delivery", "size", "warranty"}[v.random.IntN(4)], "ticket_id": orderID(v.random)}
	v.add(event{Event: "Ticket Opened", Channel: "support", Properties: topic, Context: v.around("/help/contact", "Help", shopURL+"/")}, v.wait(hour, 3*day))
	v.behind("Ticket Answered", "support", topic, v.wait(hour, 20*hour))
	if v.chance(80) {
		v.behind("Ticket Solved", "support", topic, v.wait(hour, 30*hour))
	}
	if v.chance(40) {
		v.survey("csat", v.score(5, 4), v.wait(hour, 20*hour))
	}
}

// survey is a question by mail and its answer.
func (v *visitor) survey(kind string, score int, after time.Duration) {
	v.behind("Survey Sent", "email", map[string]any{"survey": kind}, after)
	v.add(event{Event: "Survey Answered", Channel: "email", Properties: map[string]any{"survey": kind, "score": score},
		Context: v.around("/survey/"+kind, "Survey", "")}, v.wait(10*time.Minute, 20*hour))
}

// score is mostly near the usual one.
func (v *visitor) score(most, usual int) int {
	return min(most, max(0, usual+int(v.random.NormFloat64()*1.6)))
}

// ask is a chat before any purchase.
func (v *visitor) ask() {
	v.add(event{Event: "Chat Started", Channel: "chat", Context: v.around("/help/chat", "Chat", shopURL+"/")}, v.think())
}
