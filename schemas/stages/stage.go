package stages

import "fmt"

// Stage is a step of the customer journey, in order; None is a touchpoint that moves nothing.
type Stage uint8

// The stages, numbered as they are stored.
const (
	None Stage = iota
	Awareness
	Consideration
	Intent
	Purchase
	Loyalty
)

// Last is the highest stage.
const Last = Loyalty

var names = [...]string{"", "awareness", "consideration", "intent", "purchase", "loyalty"}

// String gives the stage's word, empty for None.
func (s Stage) String() string {
	if int(s) < len(names) {
		return names[s]
	}
	return fmt.Sprintf("stage(%d)", uint8(s))
}

// ParseStage reads a stage's word. The error lists the words there are.
func ParseStage(word string) (Stage, error) {
	for i := Awareness; i <= Last; i++ {
		if names[i] == word {
			return i, nil
		}
	}
	return None, fmt.Errorf("unknown stage %q: use awareness, consideration, intent, purchase or loyalty", word)
}
