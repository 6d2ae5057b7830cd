package pid1

import (
	"strings"
	"testing"

	"servebench/targets/vm/guest"
)

// Each event is a line of its own, whatever the server wrote before.
func TestEventsHaveLinesOfTheirOwn(t *testing.T) {
	var out strings.Builder
	c := &console{out: &out, token: "t"}
	c.say(guest.Event{Name: guest.Booted})
	for _, text := range []string{"whole line\n", "half a li"} {
		if _, err := c.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	c.say(guest.Event{Name: guest.Listening})
	c.say(guest.Event{Name: guest.Ended})
	var events []string
	for line := range strings.Lines(out.String()) {
		if e, _, ok := guest.ParseEvent(line, "t"); ok {
			events = append(events, e.Name)
			if !strings.HasPrefix(line, "servebench-guest:") {
				t.Errorf("line %q does not begin with the event", line)
			}
		}
	}
	if got, want := strings.Join(events, " "), "booted listening ended"; got != want {
		t.Errorf("events %s, want %s, in %q", got, want, out.String())
	}
	if !strings.Contains(out.String(), "whole line\nhalf a li\n") {
		t.Errorf("the server's output is not whole in %q", out.String())
	}
}
