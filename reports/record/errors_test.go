package record

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSortErrors(t *testing.T) {
	all := []ErrorCount{{Class: ErrorRefused, Count: 2}, {Class: ErrorTimeout, Count: 9}, {Class: ErrorClosed, Count: 2}}
	SortErrors(all)
	want := []ErrorCount{{Class: ErrorTimeout, Count: 9}, {Class: ErrorClosed, Count: 2}, {Class: ErrorRefused, Count: 2}}
	if diff := cmp.Diff(want, all); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
