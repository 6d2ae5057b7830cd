package attack

import (
	"context"
	"fmt"
	"slices"
	"time"

	"servebench/targets/timer"
)

// Punctuality waits for points in time as the engine waits for requests to be
// due, one after another and gap apart, and returns how late it was each time,
// ascending. What it finds is the least lag that a load can have here. It ends
// with ctx, with the waits made until then.
func Punctuality(ctx context.Context, waits int, gap time.Duration) ([]time.Duration, error) {
	w, err := timer.New()
	if err != nil {
		return nil, fmt.Errorf("measure punctuality: %w", err)
	}
	defer w.Close()
	defer context.AfterFunc(ctx, w.Interrupt)()
	late := make([]time.Duration, 0, waits)
	for range waits {
		until := time.Now().Add(gap)
		w.Wait(until)
		if ctx.Err() != nil {
			break
		}
		late = append(late, time.Since(until))
	}
	slices.Sort(late)
	return late, nil
}
