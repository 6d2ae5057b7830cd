package host

import "testing"

func TestPorts(t *testing.T) {
	const heading = "  sl  local_address rem_address   st\n"
	machine := files(map[string]string{
		"proc/sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
		"proc/net/tcp":                          heading + "   0: 0100007F:8000 00000000:0000 0A\n   1: 0100007F:07E8 00000000:0000 0A\n   2: 0100007F:8001 0100007F:0050 06\n",
		"proc/net/tcp6":                         heading + "   0: 00000000000000000000000001000000:8001 00:0000 0A\n",
	})
	want := Ports{First: 32768, Last: 60999, Taken: 2}
	got, err := machine.ports()
	if err != nil || got != want || got.Free() != 28230 {
		t.Errorf("ports %+v (%d free), %v, want %+v (28230 free)", got, got.Free(), err, want)
	}
	for _, text := range []string{"", "1", "2 1", "a b", "1 65536"} {
		if _, err := files(map[string]string{"proc/sys/net/ipv4/ip_local_port_range": text}).ports(); err == nil {
			t.Errorf("the range %q is taken for one", text)
		}
	}
}

func TestPortsOfThisMachine(t *testing.T) {
	if !root().exists("proc/net/tcp") {
		t.Skip("no /proc/net/tcp here; run on Linux")
	}
	p, err := EphemeralPorts()
	if err != nil || p.First < 1 || p.Last <= p.First || p.Taken > p.Last-p.First+1 {
		t.Errorf("ports %+v, %v", p, err)
	}
}

func FuzzLocalPorts(f *testing.F) {
	f.Add("  sl  local_address\n   0: 0100007F:8000 00000000:0000 0A\n")
	f.Add("0: :FFFFF\n1: 1:-1\n")
	f.Fuzz(func(t *testing.T, text string) {
		for _, port := range localPorts(text) {
			if port < 0 || port > 65535 {
				t.Fatalf("port %d in %q", port, text)
			}
		}
	})
}
