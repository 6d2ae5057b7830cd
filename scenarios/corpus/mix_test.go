package corpus

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"servebench/reports/record"
)

// mixed has nine small requests for each big one, and a third class that comes
// rarely.
func mixed(t testing.TB) *Corpus {
	t.Helper()
	c, err := Mix([]Class{
		{"small", 18, build(t, Config{Size: 50, Batch: 1, Seed: 1, Model: identity(), Class: "small"})},
		{"big", 2, build(t, Config{Size: 30, Batch: 4, Seed: 1, Class: "big"})},
		{"rare", 1, build(t, Config{Size: 7, Batch: 1, Seed: 1, Unlabelled: true, Class: "rare"})},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMixKeepsItsClasses(t *testing.T) {
	c := mixed(t)
	if got := c.Classes(); !slices.Equal(got, []string{"small", "big", "rare"}) || c.Len() != 87 {
		t.Errorf("classes %v of %d requests, want small, big and rare of 87", got, c.Len())
	}
	for i := range c.Len() {
		name := c.Classes()[c.ClassOf(i)]
		if body := string(c.Request(i).Wire().Body); !strings.Contains(body, fmt.Sprintf(`"servebench-%s-`, name)) {
			t.Errorf("request %d of class %s is %s", i, name, body)
		}
	}
	if plain := build(t, Config{Size: 1, Batch: 1, Seed: 1}); plain.Classes() != nil {
		t.Errorf("a corpus of no mix has classes %v", plain.Classes())
	}
}

// TestMixJudgesByClass checks each answer as the corpus of its class would.
func TestMixJudgesByClass(t *testing.T) {
	c := mixed(t)
	for _, m := range []struct {
		request int
		want    record.Answers
	}{
		{0, record.Answers{Checked: 1, Agreed: 1, Labelled: 1, Correct: 1}},
		{50, record.Answers{Labelled: 4, Correct: 4}},
		{80, record.Answers{}},
	} {
		got := c.Request(m.request).Check(respond(t, truth(t, c.Request(m.request).Wire())))
		if got != (Judgement{Answers: m.want}) {
			t.Errorf("request %d: %+v, want %+v", m.request, got, m.want)
		}
	}
}

// TestMixOrder holds every block to the weights, exactly, and the whole to every
// request of every class.
func TestMixOrder(t *testing.T) {
	c := mixed(t)
	order := c.Order(3)
	const block = 105 // the least multiple of 21 from 100 on
	if len(order)%block != 0 {
		t.Fatalf("%d requests, want blocks of %d", len(order), block)
	}
	sent := map[int32]int{}
	var blocks []string
	for part := range slices.Chunk(order, block) {
		counts := make([]int, 3)
		var classes strings.Builder
		for _, i := range part {
			sent[i]++
			counts[c.ClassOf(int(i))]++
			fmt.Fprint(&classes, c.ClassOf(int(i)))
		}
		if !slices.Equal(counts, []int{90, 10, 5}) {
			t.Errorf("a block of %v, want 90, 10 and 5", counts)
		}
		blocks = append(blocks, classes.String())
	}
	if len(sent) != c.Len() {
		t.Errorf("%d requests are sent of %d", len(sent), c.Len())
	}
	if len(blocks) < 2 || blocks[0] == blocks[1] {
		t.Error("two blocks have their classes in the same order")
	}
	if !slices.Equal(order, c.Order(3)) || slices.Equal(order, c.Order(4)) {
		t.Error("want the same order for the same seed, and another for another")
	}
}

// TestMixOrderIsBounded leaves requests out rather than grow without end.
func TestMixOrderIsBounded(t *testing.T) {
	small := build(t, Config{Size: 1, Batch: 1, Seed: 1})
	c, err := Mix([]Class{{"often", 1000, small}, {"seldom", 1, build(t, Config{Size: 2000, Batch: 1, Seed: 1})}})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Order(1)); n > longestOrder || n < longestOrder/2 {
		t.Errorf("an order of %d, want at most %d and not much less", n, longestOrder)
	}
}

// TestOrderCoversTheCorpus sends each request once in every pass.
func TestOrderCoversTheCorpus(t *testing.T) {
	order := build(t, Config{Size: 100, Batch: 1, Seed: 1}).Order(3)
	slices.Sort(order)
	for i, got := range order {
		if int(got) != i {
			t.Fatalf("request %d of the sorted order is %d", i, got)
		}
	}
	if len(order) != 100 {
		t.Errorf("%d requests, want 100", len(order))
	}
}

func TestMixMistakes(t *testing.T) {
	one := build(t, Config{Size: 1, Batch: 1, Seed: 1})
	for want, classes := range map[string][]Class{
		"mix requests: no classes, want at least one":          nil,
		"mix requests: weight: 0 for class a, want at least 1": {{"a", 0, one}},
	} {
		if _, err := Mix(classes); err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	}
}
