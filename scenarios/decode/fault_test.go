package decode

import "testing"

// TestFaultOnOneLine holds a fault to one line, whatever key of a mapping it is about.
func TestFaultOnOneLine(t *testing.T) {
	f := Fault{Field: "http.headers.X\r\nB", Problem: "bad"}
	if got, want := f.Error(), `"http.headers.X\r\nB": bad`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
