package guest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// The names of events, in the order in which they happen; Failed may come
// instead of any.
const (
	Booted    = "booted"    // the first process runs
	Started   = "started"   // the server's process exists
	Listening = "listening" // something listens on the server's port
	Ended     = "ended"     // the server ended, and so does the guest
	Failed    = "failed"    // the guest cannot do what it is to do, and ends
)

// eventMark begins an event; the token follows.
const eventMark = "servebench-guest:"

// Event is something that happened in the guest. The fields that an event does
// not speak of are zero.
type Event struct {
	Name string
	// Clock is the kernel's clock source by then. (Listening)
	Clock string `json:",omitempty"`
	// Memory is the memory limit in force, in bytes; 0: none. (Started)
	Memory int64 `json:",omitempty"`
	// Fault says why the memory limit could not be set (Started), or what
	// failed (Failed).
	Fault string `json:",omitempty"`
	// Status is how the server ended, as wait(2) gives it. (Ended)
	Status uint32 `json:",omitempty"`
	// OutOfMemory says that the kernel killed one of the server's processes
	// for want of memory. (Ended)
	OutOfMemory bool `json:",omitempty"`
}

// Line writes the event as a line of the console.
func (e Event) Line(token string) (string, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return "", fmt.Errorf("write event %s: %w", e.Name, err)
	}
	return eventMark + token + ":" + string(text) + "\n", nil
}

// ParseEvent reads a line of the console. It returns false for what is no event
// of this guest: the kernel's messages, the server's output, and whatever bears
// another token. before is what is on the line before the event: the end of what
// somebody else wrote, such as a line that was not finished.
func ParseEvent(line, token string) (e Event, before string, ok bool) {
	before, text, found := strings.Cut(line, eventMark+token+":")
	if !found {
		return Event{}, "", false
	}
	if err := json.Unmarshal([]byte(text), &e); err != nil || !slices.Contains([]string{Booted, Started, Listening, Ended, Failed}, e.Name) {
		return Event{}, "", false
	}
	return e, before, true
}
