// Package identity takes what links and unlinks said about one anonymous id and gives the user that each of its touches
// belongs to; and it takes the contributions of anonymous ids to one user and gives the touches that the user has from
// them. It is pure: no clock, no I/O, no randomness, and the order in which records arrived never shows.
//
// The rule. An edge says that a user was seen on the anonymous id at a time. An anonymous touch belongs to the user of
// the first edge at or after it: the login that followed it. If none follows, it belongs to the user of the last edge before
// it, unless several users were seen on the anonymous id: then it stays anonymous. Of edges at one time the one with
// the lesser user id comes first.
package identity
