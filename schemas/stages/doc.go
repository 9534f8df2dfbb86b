// Package stages takes touchpoint names, paths and properties and gives the stage of the customer journey
// they belong to, by versioned rules.
package stages
