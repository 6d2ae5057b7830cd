package guest

import (
	"strings"
	"testing"
)

func TestEvents(t *testing.T) {
	for _, e := range []Event{
		{Name: Booted},
		{Name: Started, Memory: 64 << 20, Fault: "no \"memory\" controller\nat all"},
		{Name: Listening, Clock: "tsc"},
		{Name: Ended, Status: 9, OutOfMemory: true},
		{Name: Failed, Fault: "no network device"},
	} {
		line, err := e.Line("token")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(line, "\n") != 1 {
			t.Errorf("%q is not one line", line)
		}
		for _, before := range []string{"", "[    1.0] the kernel speaks", "the server's unfinished line"} {
			if got, rest, ok := ParseEvent(before+line, "token"); !ok || got != e || rest != before {
				t.Errorf("ParseEvent(%q) = %+v, %q, %t, want %+v, %q", before+line, got, rest, ok, e, before)
			}
		}
		if got, _, ok := ParseEvent(line, "other"); ok {
			t.Errorf("%q is read as %+v with another token", line, got)
		}
	}
}

func TestWhatIsNoEvent(t *testing.T) {
	for _, line := range []string{
		"", "servebench-guest:", "servebench-guest:t:", "servebench-guest:t:{}", "servebench-guest:t:{\"Name\":\"ready\"}",
		"servebench-guest:t:{\"Name\":\"listening\"", "{\"Name\":\"listening\"}",
	} {
		if e, _, ok := ParseEvent(line, "t"); ok {
			t.Errorf("%q is read as %+v", line, e)
		}
	}
}

func FuzzParseEvent(f *testing.F) {
	f.Add("servebench-guest:t:{\"Name\":\"ended\",\"Status\":768,\"OutOfMemory\":true}", "t")
	f.Add("[ 0.0] servebench-guest::{\"Name\":\"booted\",\"Clock\":\"tsc\"}\r\n", "")
	f.Add("Kernel panic - not syncing", "t")
	f.Fuzz(func(t *testing.T, line, token string) {
		e, before, ok := ParseEvent(line, token)
		if !ok {
			return
		}
		if !strings.HasPrefix(line, before) {
			t.Fatalf("%q does not begin with %q", line, before)
		}
		again, err := e.Line(token)
		if err != nil {
			t.Fatal(err)
		}
		if back, _, ok := ParseEvent(again, token); !ok || back != e {
			t.Fatalf("%+v is read back as %+v, %t", e, back, ok)
		}
	})
}
