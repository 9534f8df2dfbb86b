package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// touchFlags describe touchpoints on the command line; --event given several times makes several.
type touchFlags struct {
	events                             []string
	kind, user, anonymous, stage, page string
	properties                         []string
	// generated says that the anonymous id is a new one.
	generated bool
}

var touchFlagNames = []string{"event", "type", "user-id", "anonymous-id", "stage", "page", "property"}

func (t *touchFlags) define(f *pflag.FlagSet) {
	f.StringArrayVar(&t.events, "event", nil, "name of the event; repeat it for several touchpoints of one customer")
	f.StringVar(&t.kind, "type", "", "track, page, screen, identify, alias or group (default track)")
	f.StringVar(&t.user, "user-id", "", "id of a known user")
	f.StringVar(&t.anonymous, "anonymous-id", "", "id of a visitor (default: a new one, printed, when there is no --user-id)")
	f.StringVar(&t.stage, "stage", "", "awareness, consideration, intent, purchase or loyalty (default: by the site's rules)")
	f.StringVar(&t.page, "page", "", "URL of the page")
	f.StringArrayVar(&t.properties, "property", nil, "NAME=VALUE, repeatable; a VALUE that is JSON is taken as such")
}

// touch is a touchpoint as the collector's API reads it.
type touch struct {
	MessageID   string         `json:"message_id"`
	Type        string         `json:"type,omitempty"`
	Event       string         `json:"event,omitempty"`
	UserID      string         `json:"user_id,omitempty"`
	AnonymousID string         `json:"anonymous_id,omitempty"`
	Stage       string         `json:"stage,omitempty"`
	Context     map[string]any `json:"context,omitempty"`
	Properties  map[string]any `json:"properties,omitempty"`
}

// events gives what is to be posted, one JSON value each.
func (o *sendFlags) events(c *cobra.Command) ([][]byte, error) {
	if o.file != "" {
		return eventsOfFile(o.file, c.InOrStdin())
	}
	t := &o.touch
	if len(t.events) == 0 && (t.kind == "" || t.kind == "track") {
		return nil, usageError(errors.New("name an --event, a --type that needs none (page, screen, identify), or a --file"))
	}
	if t.user == "" && t.anonymous == "" {
		t.anonymous, t.generated = uuid.NewString(), true
	}
	return t.build()
}

func (t *touchFlags) build() ([][]byte, error) {
	properties, err := parseProperties(t.properties)
	if err != nil {
		return nil, err
	}
	one := touch{Type: t.kind, UserID: t.user, AnonymousID: t.anonymous, Stage: t.stage, Properties: properties}
	if t.page != "" {
		one.Context = map[string]any{"page": map[string]string{"url": t.page}}
	}
	names := t.events
	if len(names) == 0 {
		names = []string{""}
	}
	events := make([][]byte, len(names))
	for i, name := range names {
		// An id of our own: when a request has to be sent again, it is the same touchpoint.
		id, err := uuid.NewV7()
		if err != nil {
			return nil, fmt.Errorf("make a message id: %w", err)
		}
		one.Event, one.MessageID = name, id.String()
		if events[i], err = json.Marshal(one); err != nil {
			return nil, fmt.Errorf("touchpoint %q: %w", name, err)
		}
	}
	return events, nil
}

// parseProperties reads NAME=VALUE pairs: revenue=49.90 is a number, name=Ada a text, name="7" a text too.
func parseProperties(pairs []string) (map[string]any, error) {
	properties := make(map[string]any, len(pairs))
	for _, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if !ok || name == "" {
			return nil, usageError(fmt.Errorf("--property %q: want NAME=VALUE", pair))
		}
		if _, twice := properties[name]; twice {
			return nil, usageError(fmt.Errorf("--property %s is given twice", name))
		}
		properties[name] = value
		if json.Valid([]byte(value)) {
			properties[name] = json.RawMessage(value) // digits stay as they are
		}
	}
	return properties, nil
}

// maxFile bounds what 'send' holds in memory.
const maxFile = 32 << 20

func eventsOfFile(name string, stdin io.Reader) ([][]byte, error) {
	source := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, usageError(fmt.Errorf("--file: %w", err))
		}
		defer file.Close()
		source = file
	}
	text, err := io.ReadAll(io.LimitReader(source, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(text) > maxFile {
		return nil, usageError(fmt.Errorf("%s is larger than 32 MB: use 'throughline import'", name))
	}
	events, err := splitEvents(text)
	if err == nil && len(events) == 0 {
		err = errors.New("no touchpoint in it")
	}
	if err != nil {
		return nil, usageError(fmt.Errorf("%s: %w", name, err))
	}
	return events, nil
}
