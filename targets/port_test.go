package targets

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
)

func TestFreePort(t *testing.T) {
	ephemeral := firstEphemeralPort()
	for range 100 {
		port, err := FreePort(Loopback)
		if err != nil {
			t.Fatal(err)
		}
		if ephemeral > firstPort && port >= ephemeral {
			t.Fatalf("port %d is in the ephemeral range, which begins at %d", port, ephemeral)
		}
		l, err := net.Listen("tcp", Address(Loopback, port))
		if err != nil {
			t.Fatalf("port %d is not free: %v", port, err)
		}
		if !PortTaken(Loopback, port) {
			t.Errorf("port %d is not taken though something listens there", port)
		}
		l.Close()
		if PortTaken(Loopback, port) {
			t.Errorf("port %d is taken though nothing listens there", port)
		}
	}
}

func TestOnFreePort(t *testing.T) {
	fault := errors.New("fault")
	for name, c := range map[string]struct {
		outcomes []error
		starts   int
		want     error
	}{
		"at once":      {[]error{nil}, 1, nil},
		"taken once":   {[]error{ErrPortTaken, nil}, 2, nil},
		"always taken": {[]error{ErrPortTaken, ErrPortTaken, ErrPortTaken, nil}, 3, ErrPortTaken},
		"other fault":  {[]error{fault, nil}, 1, fault},
	} {
		var ports []int
		d, err := OnFreePort(t.Context(), Loopback, func(port int) (*Deployment, error) {
			ports = append(ports, port)
			if err := c.outcomes[len(ports)-1]; err != nil {
				return nil, fmt.Errorf("start: %w", err)
			}
			return &Deployment{}, nil
		})
		if !errors.Is(err, c.want) || len(ports) != c.starts {
			t.Errorf("%s: %v after %d starts, want %v after %d", name, err, len(ports), c.want, c.starts)
		}
		if err == nil && (len(d.Facts) > 0) != (c.starts > 1) {
			t.Errorf("%s: facts %v", name, d.Facts)
		}
	}
}

func TestOnFreePortStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	starts := 0
	_, err := OnFreePort(ctx, Loopback, func(int) (*Deployment, error) {
		starts++
		cancel()
		return nil, ErrPortTaken
	})
	if starts != 1 || !errors.Is(err, ErrPortTaken) {
		t.Errorf("%d starts, %v, want one", starts, err)
	}
}

func TestCPULists(t *testing.T) {
	for want, cpus := range map[string][]int{"0": {0}, "0-2,5": {5, 2, 0, 1, 1}, "1,3": {3, 1}} {
		got := FormatCPUs(cpus)
		back, err := ParseCPUs(got)
		if got != want || err != nil || FormatCPUs(back) != want {
			t.Errorf("FormatCPUs(%v) = %q, read back as %v, %v, want %q", cpus, got, back, err, want)
		}
	}
	if got := FormatCPUs(nil); got != "" {
		t.Errorf("FormatCPUs(nil) = %q", got)
	}
}

func FuzzParseCPUs(f *testing.F) {
	for _, seed := range []string{"", "0", "0-2,5", "2-1", "0-99999", "a", "-1", "1,,2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		cpus, err := ParseCPUs(list)
		if err != nil {
			if !strings.Contains(err.Error(), "CPU list") {
				t.Fatalf("error %v", err)
			}
			return
		}
		back, err := ParseCPUs(FormatCPUs(cpus))
		if err != nil || fmt.Sprint(back) != fmt.Sprint(cpus) {
			t.Fatalf("%q = %v, read back as %v, %v", list, cpus, back, err)
		}
	})
}
