package trial

import (
	"testing"

	"servebench/reports/record"

	"github.com/google/go-cmp/cmp"
)

// What is lost or mended after the first deployment is recorded once; what differs
// each time and makes nothing unequal is not.
func TestLaterFactsAreRecorded(t *testing.T) {
	limit := func(value string, unequal bool) record.Fact {
		return record.Fact{Name: "memory limit", Value: value, Unequal: unequal}
	}
	prepared := func(value string) record.Fact { return record.Fact{Name: "image preparation", Value: value} }
	warned := func(value string) record.Fact {
		return record.Fact{Name: "engine warning", Value: value, Unequal: true}
	}
	var entry record.Target
	for i, found := range [][]record.Fact{
		{prepared("1 ms"), limit("512 MiB", false), warned("a"), warned("b")},
		{prepared("2 ms"), limit("512 MiB", false), warned("a"), warned("b")},
		{prepared("3 ms"), limit("512 MiB, not enforced: busy", true), warned("a"), warned("c")},
		{prepared("4 ms"), limit("512 MiB, not enforced: busy", true), warned("a")},
		{prepared("5 ms"), limit("256 MiB", false)},
		{prepared("6 ms"), limit("256 MiB", false), {Name: "acceleration", Value: "TCG", Unequal: true}},
	} {
		addFacts(&entry, found, i+1)
	}
	want := record.Facts{
		{Name: "image preparation", Value: "1 ms"},
		{Name: "memory limit", Value: "512 MiB"},
		{Name: "engine warning", Value: "a", Unequal: true},
		{Name: "engine warning", Value: "b", Unequal: true},
		{Name: "memory limit", Value: "512 MiB, not enforced: busy", Unequal: true, Since: 3},
		{Name: "engine warning", Value: "c", Unequal: true, Since: 3},
		{Name: "memory limit", Value: "256 MiB", Unequal: true, Since: 5},
		{Name: "acceleration", Value: "TCG", Unequal: true, Since: 6},
	}
	if diff := cmp.Diff(want, entry.Facts); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
