// Package remote has a load made by another process, nearer to the server perhaps: the same
// attack, prepared from the same scenario, whose cell and interval log come back. It stands
// between package trial, which plays a scenario, and package attack, on both sides of a
// connection: a Client is told what to play and records it, and Serve plays it.
//
// The connection is HTTP without TLS and without a password. Who provides it keeps others
// out: it is a tunnel to a port of the other process's own loopback.
//
// What comes back of a phase is a stream of messages, which the other process keeps until the
// next one, so that a connection that broke is made again and read on where it was. A process
// that hears nothing of its client ends the load, and then itself.
package remote

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"servebench/reports/record"
	"servebench/scenarios/attack"
)

// Phase says what is played.
type Phase struct {
	// Number counts the phases that a process plays, from 1: one that is asked for twice is
	// played once.
	Number int `json:"number"`
	Round  int `json:"round"` // from 1
	Index  int `json:"index"` // of the phase in the scenario
	// URL is where the server answers, and Addresses are those of its replicas, for a load
	// that is spread over them; nil: it is not.
	URL       string   `json:"url"`
	Addresses []string `json:"addresses"`
	Raw       bool     `json:"raw,omitempty"` // vegeta's stream comes back as well
	// Faults are when faults are injected meanwhile, as of an attack.Config.
	Faults []time.Duration `json:"faults,omitempty"`
}

// Prepared is what a process says of itself when it is ready to play.
type Prepared struct {
	Payloads string        `json:"payloads"` // the hash of all requests, as in record.Scenario
	Facts    []record.Fact `json:"facts"`    // of where it runs
}

// Hooks are what a phase is given while it is played, as in attack.Config.
type Hooks struct {
	Stop, ServerEnded <-chan struct{}
	Addresses         func() []string
	Started           func(zero time.Time)
	Progress          func(attack.Progress)
	Log               attack.IntervalLog
	Raw               io.Writer // nil: without
}

// message is one of what comes back: one of its fields.
type message struct {
	Started  *time.Time       `json:"started,omitempty"` // due time's zero, by the clock there
	Progress *attack.Progress `json:"progress,omitempty"`
	Line     string           `json:"line,omitempty"` // of the interval log
	Raw      []byte           `json:"raw,omitempty"`
	End      *end             `json:"end,omitempty"`
}

// end is the last message.
type end struct {
	Cell   record.Cell `json:"cell"`
	Failed string      `json:"failed,omitempty"` // why the cell's record is incomplete
	// Before is how many messages came before, Progress aside.
	Before int `json:"before"`
}

// What a client says besides.
const (
	stop        = "stop"         // end the sending
	giveUp      = "give-up"      // and what is in flight
	serverEnded = "server-ended" // see attack.Config.ServerEnded
	alive       = "alive"        // nothing else
)

// control is such a word, about the phase of that number; Addresses go with alive, nil where
// they are as before.
type control struct {
	Word      string   `json:"word"`
	Number    int      `json:"number,omitempty"`
	Addresses []string `json:"addresses"`
}

// Times after which somebody who says nothing is taken for gone.
const (
	aliveEvery = 2 * time.Second
	silence    = 15 * time.Second // then the load is ended
	abandoned  = time.Minute      // and then the process
)

// largest bounds a message.
const largest = 64 << 20

func encode(m message) ([]byte, error) {
	text, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode what is sent back: %w", err)
	}
	if len(text) > largest {
		return nil, fmt.Errorf("what is sent back is %d bytes long, more than %d", len(text), largest)
	}
	return append(text, '\n'), nil
}
