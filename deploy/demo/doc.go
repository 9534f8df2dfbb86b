// Package demo takes the address and keys of a collector and gives it the visitors of a shop that does not exist: some weeks of
// history through the import endpoint, then live touchpoints through the public one, exactly as browsers, mail systems
// and help desks would send them.
//
// Visitors arrive by ads, search, social networks, e-mail, links, assistants or directly; they look at products, fill carts,
// pay, write to support, answer surveys and come back. There are crawlers and a few broken events among them. Live
// visitors think for seconds instead of minutes and return after seconds instead of days, so that journeys unfold while one
// watches. Everything but the ids of live touchpoints follows from a seed; the history of a calendar day is always
// the same, so sending it again changes nothing.
package demo
