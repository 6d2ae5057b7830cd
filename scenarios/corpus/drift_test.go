package corpus

import (
	"reflect"
	"testing"
)

// TestDrift puts the requests of two seeds together.
func TestDrift(t *testing.T) {
	before, after := mixed(t), mixed(t)
	c, err := Drift(before, after)
	if err != nil {
		t.Fatal(err)
	}
	if c.Len() != 2*before.Len() || !reflect.DeepEqual(c.Order(7), before.Order(7)) || !reflect.DeepEqual(c.Classes(), before.Classes()) {
		t.Fatalf("%d requests of the classes %v, in another order than before the drift", c.Len(), c.Classes())
	}
	for i := range before.Len() {
		if j := c.Drifted(i); c.Request(i).id != before.Request(i).id || c.Request(j).id != after.Request(i).id || c.ClassOf(i) != c.ClassOf(j) {
			t.Errorf("request %d is %s, and %s after the drift", i, c.Request(i).id, c.Request(j).id)
		}
		answer := respond(t, truth(t, c.Request(i).Wire()))
		if got := c.Request(c.Drifted(i)).Check(answer); got.Class != "" {
			t.Errorf("request %d after the drift: %+v", i, got)
		}
	}
	if before.Len() != 87 || before.Request(86) == nil {
		t.Error("the requests before the drift have changed")
	}
	if _, err := Drift(build(t, Config{Size: 2, Batch: 1}), build(t, Config{Size: 3, Batch: 1})); err == nil {
		t.Error("corpora of two sizes were put together")
	}
}
