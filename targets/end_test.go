package targets

import (
	"errors"
	"testing"
)

// TestEnd says why a server ended, unless that was wanted before it did.
func TestEnd(t *testing.T) {
	cause := errors.New("exited with status 1")
	for name, tt := range map[string]struct {
		do   func(*End)
		want error
	}{
		"by itself":                      {func(e *End) { e.Ended(cause) }, cause},
		"wanted":                         {func(e *End) { e.Want(); e.Ended(cause) }, nil},
		"wanted when it was over":        {func(e *End) { e.Ended(cause); e.Want() }, cause},
		"removed, and no cause is known": {func(e *End) { e.Ended(nil) }, nil},
	} {
		e := NewEnd()
		if err := e.Err(); err != nil {
			t.Errorf("%s: %v while it runs", name, err)
		}
		go tt.do(e)
		known := e.Cause()
		<-e.Done()
		if err := e.Err(); err != tt.want || known != cause && tt.want != nil {
			t.Errorf("%s: %v and the cause %v, want %v", name, err, known, tt.want)
		}
	}
}
