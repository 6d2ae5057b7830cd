package protocol

import (
	"math"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
)

func version(n int) *Served {
	return &Served{Model: Model{Name: "m", Version: strconv.Itoa(n)}}
}

// TestTrafficFollowsWeights draws weights at random, and holds each version's share of 20,000
// requests to its weight: within 4 standard deviations of independent draws.
func TestTrafficFollowsWeights(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	const n = 20_000
	for range 30 {
		var traffic []Traffic
		total := 0.0
		for i := range 2 + rng.IntN(3) {
			weight := float64(rng.IntN(100))
			if i == 0 {
				weight++ // so that they are not all 0
			}
			total += weight
			traffic = append(traffic, Traffic{version(i), weight})
		}
		got, again := count(t, traffic, n), count(t, traffic, n)
		for _, v := range traffic {
			p := v.Weight / total
			if off := math.Abs(float64(got[v.Version]) - n*p); off > 4*math.Sqrt(n*p*(1-p)) {
				t.Errorf("weights %v: version %s got %d of %d requests, want %.0f", traffic, v.Version, got[v.Version], n, n*p)
			}
			if got[v.Version] != again[v.Version] {
				t.Errorf("version %s got %d requests, and %d when asked again", v.Version, got[v.Version], again[v.Version])
			}
		}
	}
}

// count is how many of n requests each version gets.
func count(t *testing.T, traffic []Traffic, n int) map[string]int {
	t.Helper()
	r := NewRegistry()
	r.Set("m", traffic)
	got := map[string]int{}
	for range n {
		m, err := r.Choose("m", "")
		if err != nil {
			t.Fatal(err)
		}
		got[m.Version]++
	}
	return got
}

func TestVersionsByNumber(t *testing.T) {
	r := NewRegistry()
	r.Set("m", []Traffic{{version(1), 1}, {version(2), 9}, {version(3), 0}})
	for asked, want := range map[string]string{"": "2", "1": "1", "3": "3"} {
		if m, err := r.Named("m", asked); err != nil || m.Version != want {
			t.Errorf("version %q is %v, %v; want %s", asked, m, err, want)
		}
	}
	if m, err := r.Choose("m", "3"); err != nil || m.Version != "3" {
		t.Errorf("version 3 is %v, %v", m, err)
	}
	_, err := r.Choose("m", "4")
	if want := `unknown version "4" of model "m", want "1" or "2" or "3"`; err == nil || err.Error() != want || StatusOf(err) != 404 {
		t.Errorf("got %v, want %s", err, want)
	}
	r.Remove("m")
	if _, err := r.Choose("m", ""); StatusOf(err) != 404 {
		t.Errorf("a model that was removed: %v", err)
	}
}

// TestRegistryChangesUnderLoad looks models up while they change: each look-up finds one
// of the versions there ever were.
func TestRegistryChangesUnderLoad(t *testing.T) {
	r := NewRegistry(version(0))
	var ask sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		ask.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if m, err := r.Choose("m", ""); err != nil || m.Name != "m" {
					t.Errorf("got %v, %v", m, err)
					return
				}
			}
		})
	}
	for i := range 2000 {
		r.Set("m", []Traffic{{version(i), 1}, {version(i + 1), 1}})
		r.Set("other", []Traffic{{&Served{Model: Model{Name: "other"}}, 1}})
		r.Remove("other")
	}
	close(stop)
	ask.Wait()
	if list := r.List(); len(list) != 1 || list[0].Version != "1999" {
		t.Errorf("the list is %v", list)
	}
}
