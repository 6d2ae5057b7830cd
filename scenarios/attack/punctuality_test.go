package attack

import (
	"context"
	"slices"
	"testing"
	"time"
)

func TestPunctuality(t *testing.T) {
	began := time.Now()
	late, err := Punctuality(t.Context(), 20, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if len(late) != 20 || !slices.IsSorted(late) || late[0] < 0 {
		t.Errorf("lateness %v, want 20 values from 0 up, ascending", late)
	}
	if took := time.Since(began); took < 20*time.Millisecond {
		t.Errorf("20 waits of 1ms took %v", took)
	}
}

func TestPunctualityEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	late, err := Punctuality(ctx, 10, time.Hour)
	if err != nil || len(late) > 0 {
		t.Errorf("lateness %v, %v, want no wait to end", late, err)
	}
}
