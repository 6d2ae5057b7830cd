package pid1

import (
	"fmt"
	"net"
	"strings"
	"testing"
)

const tableHead = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"

func TestParseListening(t *testing.T) {
	for name, c := range map[string]struct {
		lines []string
		want  reach
	}{
		"nothing":            {nil, nowhere},
		"everywhere":         {[]string{"0: 00000000:1F90 00000000:0000 0A"}, everywhere},
		"the guest's":        {[]string{"0: 0F02000A:1F90 00000000:0000 0A"}, everywhere},
		"loopback":           {[]string{"0: 0100007F:1F90 00000000:0000 0A"}, inside},
		"loopback and more":  {[]string{"0: 0100007F:1F90 00000000:0000 0A", "1: 00000000:1F90 00000000:0000 0A"}, everywhere},
		"another port":       {[]string{"0: 00000000:1F91 00000000:0000 0A"}, nowhere},
		"a connection":       {[]string{"0: 0F02000A:1F90 0202000A:C350 01"}, nowhere},
		"version 6":          {[]string{"0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A"}, everywhere},
		"version 6 loopback": {[]string{"0: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A"}, inside},
		"mapped loopback":    {[]string{"0: 0000000000000000FFFF00000100007F:1F90 00000000000000000000000000000000:0000 0A"}, inside},
		"cut short":          {[]string{"0: 00000000:1F90 00000000:0000"}, nowhere},
	} {
		table := tableHead + strings.Join(c.lines, "\n")
		if got := parseListening(table, 8080); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestListening(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	if got := listening(port); got != inside {
		t.Errorf("listening = %d, want %d", got, inside)
	}
	l.Close()
	if got := listening(port); got != nowhere {
		t.Errorf("listening = %d after the end, want %d", got, nowhere)
	}
}

func FuzzParseListening(f *testing.F) {
	f.Add(tableHead+"0: 00000000:1F90 00000000:0000 0A", 8080)
	f.Add("0: 0100007F:0000 x 0A\n\n", 0)
	f.Fuzz(func(t *testing.T, table string, port int) {
		if parseListening(table, port) != nowhere && !strings.Contains(table, fmt.Sprintf(":%04X", port)) {
			t.Fatalf("%q is taken to listen on %d", table, port)
		}
	})
}
